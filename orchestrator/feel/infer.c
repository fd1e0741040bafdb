// SPDX-License-Identifier: Apache-2.0
//
// Walks a program's tree with types instead of values. It mirrors eval*.c: a form that evaluation
// turns into null whatever the values are is a finding. What is not known is Any and never found
// wrong.
#include <stdarg.h>
#include <stdio.h>

#include "feel/builtin.h"
#include "feel/infer.h"
#include "feel/node.h"

typedef const struct feel_type *type_ref;

// The types of one function's variables; mirrors struct frame.
struct types {
    type_ref *slots;
    const struct types *outer;
};

struct walk {
    struct feel_inference *inference;
    const struct feel_program *program;
    struct types *frame;
};

static type_ref infer(struct walk *w, const struct node *node);

static const char *name_of(struct walk *w, type_ref type)
{
    struct strbuf out = strbuf_new(w->inference->arena);
    feel_type_print(&out, type);
    return strbuf_cstr(&out);
}

static void find(struct walk *w, const struct node *node, const char *format, ...)
    PRINTF_LIKE(3, 4);

static void find(struct walk *w, const struct node *node, const char *format, ...)
{
    struct feel_inference *inference = w->inference;
    if (inference->count++ >= FEEL_FINDINGS_MAX)
        return;
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct feel_finding *finding = &inference->findings[inference->count - 1];
    finding->text = str_copy(inference->arena, str_of(text));
    program_locate(w->program->source, node->position, &finding->line, &finding->column);
}

// ---- names ----

static type_ref of_variable(struct walk *w, str name)
{
    const struct feel_inference *inference = w->inference;
    return inference->variable ? inference->variable(inference->context, name) : NULL;
}

static type_ref slot_type(const struct walk *w, struct candidate candidate)
{
    const struct types *frame = w->frame;
    for (uint16_t i = 0; i < candidate.hops && frame; i++)
        frame = frame->outer;
    return frame ? frame->slots[candidate.slot] : NULL;
}

// An element of unknown type may have any entry.
static type_ref of_candidates(struct walk *w, const struct node *node)
{
    for (uint32_t i = 0; i < node->candidate_count; i++) {
        struct candidate candidate = node->candidates[i];
        if (candidate.kind == CANDIDATE_GLOBAL)
            return of_variable(w, node->name);
        type_ref type = slot_type(w, candidate), member;
        if (candidate.kind == CANDIDATE_SLOT)
            return type;
        if (type_is_any(type))
            return NULL;
        if (type->kind == FEEL_TYPE_CONTEXT && type_member(type, node->name, &member))
            return member;
    }
    return NULL;
}

// ---- operators ----

static bool is_duration(type_ref type)
{
    return type->kind == FEEL_TYPE_DAYS_DURATION || type->kind == FEEL_TYPE_MONTHS_DURATION;
}

static bool is_moment(type_ref type)
{
    return type->kind == FEEL_TYPE_DATE || type->kind == FEEL_TYPE_TIME ||
           type->kind == FEEL_TYPE_DATE_TIME;
}

// A time knows no months.
static bool can_move(type_ref moment, type_ref by)
{
    return is_moment(moment) && is_duration(by) &&
           (moment->kind != FEEL_TYPE_TIME || by->kind == FEEL_TYPE_DAYS_DURATION);
}

// Result kind of an operator over two known types (10.3.2.7, Table 53 and 54); ANY: more than one;
// UNKNOWN: none.
static enum feel_type_kind sum_kind(enum node_kind operator, type_ref a, type_ref b)
{
    bool is_plus = operator== NODE_ADD;
    if (a->kind == b->kind && (a->kind == FEEL_TYPE_NUMBER || is_duration(a)))
        return a->kind;
    if (is_plus && a->kind == FEEL_TYPE_STRING && b->kind == FEEL_TYPE_STRING)
        return FEEL_TYPE_STRING;
    if (can_move(a, b))
        return a->kind;
    if (is_plus && can_move(b, a))
        return b->kind;
    bool have_dates =
        is_moment(a) && is_moment(b) && (a->kind == FEEL_TYPE_TIME) == (b->kind == FEEL_TYPE_TIME);
    return !is_plus && have_dates ? FEEL_TYPE_DAYS_DURATION : FEEL_TYPE_UNKNOWN;
}

static enum feel_type_kind product_kind(enum node_kind operator, type_ref a, type_ref b)
{
    if (a->kind == FEEL_TYPE_NUMBER && b->kind == FEEL_TYPE_NUMBER)
        return FEEL_TYPE_NUMBER;
    if (operator== NODE_POWER)
        return FEEL_TYPE_UNKNOWN;
    if (is_duration(a) && b->kind == FEEL_TYPE_NUMBER)
        return a->kind;
    if (operator== NODE_MULTIPLY)
        return is_duration(b) && a->kind == FEEL_TYPE_NUMBER ? b->kind : FEEL_TYPE_UNKNOWN;
    return is_duration(a) && a->kind == b->kind ? FEEL_TYPE_NUMBER : FEEL_TYPE_UNKNOWN;
}

static type_ref of_arithmetic(struct walk *w, const struct node *node)
{
    static const char *const verbs[] = {
        [NODE_ADD] = "added to",           [NODE_SUBTRACT] = "reduced by",
        [NODE_MULTIPLY] = "multiplied by", [NODE_DIVIDE] = "divided by",
        [NODE_POWER] = "raised to",
    };
    type_ref a = infer(w, node->left), b = infer(w, node->right);
    if (type_is_any(a) || type_is_any(b))
        return NULL;
    bool is_sum = node->kind == NODE_ADD || node->kind == NODE_SUBTRACT;
    enum feel_type_kind kind = is_sum ? sum_kind((enum node_kind)node->kind, a, b)
                                      : product_kind((enum node_kind)node->kind, a, b);
    if (kind != FEEL_TYPE_UNKNOWN)
        return type_of_kind(kind);
    if (node->kind == NODE_ADD)
        find(w, node, "%s and %s cannot be added", name_of(w, a), name_of(w, b));
    else
        find(w, node, "%s cannot be %s %s", name_of(w, a), verbs[node->kind], name_of(w, b));
    return NULL;
}

static bool has_order(type_ref type)
{
    return type->kind != FEEL_TYPE_BOOLEAN && type_is_scalar(type);
}

static type_ref of_equality(struct walk *w, const struct node *node)
{
    type_ref a = infer(w, node->left), b = infer(w, node->right);
    if (type_is_scalar(a) && type_is_scalar(b) && a->kind != b->kind)
        find(w, node, "%s and %s are never equal", name_of(w, a), name_of(w, b));
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static void check_order(struct walk *w, const struct node *node, type_ref a, type_ref b)
{
    if (type_is_any(a) || type_is_any(b))
        return;
    if (a->kind != b->kind || !has_order(a))
        find(w, node, "%s and %s have no order", name_of(w, a), name_of(w, b));
}

static type_ref of_order(struct walk *w, const struct node *node)
{
    type_ref a = infer(w, node->left);
    check_order(w, node, a, infer(w, node->right));
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static type_ref of_between(struct walk *w, const struct node *node)
{
    type_ref value = infer(w, node->left);
    check_order(w, node, value, infer(w, node->right));
    check_order(w, node, value, infer(w, node->third));
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static void check_boolean(struct walk *w, const struct node *node, type_ref type, const char *what)
{
    if (!type_is_any(type) && type->kind != FEEL_TYPE_BOOLEAN)
        find(w, node, "%s is %s, not boolean", what, name_of(w, type));
}

static type_ref of_logic(struct walk *w, const struct node *node)
{
    check_boolean(w, node->left, infer(w, node->left), "an operand");
    check_boolean(w, node->right, infer(w, node->right), "an operand");
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static type_ref of_negation(struct walk *w, const struct node *node)
{
    type_ref type = infer(w, node->left);
    if (type_is_any(type) || type->kind == FEEL_TYPE_NUMBER || is_duration(type))
        return type;
    find(w, node, "%s has no negative", name_of(w, type));
    return NULL;
}

// ---- unary tests ----

static void check_test(struct walk *w, const struct node *test, type_ref type, type_ref input)
{
    if (type_is_any(type) || !type_is_scalar(input) || test->uses_input)
        return;
    if (type->kind == FEEL_TYPE_LIST)
        type = type->element; // the input is one of them, or lies in one of them
    if (type != NULL && type->kind == FEEL_TYPE_RANGE)
        type = type->element;
    if (!type_is_scalar(type) || type->kind == input->kind ||
        (type->kind == FEEL_TYPE_BOOLEAN && test->kind != NODE_CONSTANT))
        return;
    find(w, test, "%s never passes a test with %s", name_of(w, input), name_of(w, type));
}

static type_ref of_tests(struct walk *w, const struct node *node)
{
    type_ref input = w->frame->slots[node->slot];
    for (size_t i = 0; i < node->count; i++)
        check_test(w, node->items[i], infer(w, node->items[i]), input);
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static type_ref of_in(struct walk *w, const struct node *node)
{
    w->frame->slots[node->slot] = infer(w, node->left);
    return infer(w, node->right);
}

// ---- forms ----

static type_ref of_if(struct walk *w, const struct node *node)
{
    check_boolean(w, node->left, infer(w, node->left), "the condition");
    type_ref then = infer(w, node->right);
    return type_join(w->inference->arena, then, infer(w, node->third));
}

static type_ref of_iteration(struct walk *w, const struct node_iteration *iteration)
{
    type_ref from = infer(w, iteration->from);
    if (iteration->to == NULL) {
        bool is_range = from != NULL && from->kind == FEEL_TYPE_RANGE;
        return is_range ? from->element : type_item(from);
    }
    type_ref to = infer(w, iteration->to);
    check_order(w, iteration->from, from, to);
    return from;
}

static type_ref of_loop(struct walk *w, const struct node *node)
{
    for (size_t i = 0; i < node->iteration_count; i++)
        w->frame->slots[node->iterations[i].slot] = of_iteration(w, &node->iterations[i]);
    type_ref body = infer(w, node->body);
    if (node->kind == NODE_FOR)
        return type_list_of(w->inference->arena, body);
    check_boolean(w, node->body, body, "what is to be satisfied");
    return type_of_kind(FEEL_TYPE_BOOLEAN);
}

static type_ref of_filter(struct walk *w, const struct node *node)
{
    type_ref base = infer(w, node->base), item = type_item(base);
    w->frame->slots[node->slot] = item;
    type_ref condition = infer(w, node->condition);
    if (type_is_any(condition))
        return NULL; // an index or a condition
    if (condition->kind == FEEL_TYPE_NUMBER)
        return item;
    check_boolean(w, node->condition, condition, "the filter");
    return type_list_of(w->inference->arena, item);
}

static type_ref of_items(struct walk *w, const struct node *node)
{
    type_ref element = type_of_kind(FEEL_TYPE_NULL);
    for (size_t i = 0; i < node->count; i++)
        element = type_join(w->inference->arena, element, infer(w, node->items[i]));
    return type_list_of(w->inference->arena, element);
}

static type_ref of_context(struct walk *w, const struct node *node)
{
    struct arena *arena = w->inference->arena;
    struct feel_type *type = arena_copy(arena, type_of_kind(FEEL_TYPE_CONTEXT), sizeof *type);
    struct feel_type_member *members =
        ARENA_ARRAY(arena, struct feel_type_member, node->entry_count);
    for (size_t i = 0; i < node->entry_count; i++) {
        const struct node_entry *entry = &node->entries[i];
        members[i] = (struct feel_type_member){entry->name, infer(w, entry->value)};
        w->frame->slots[entry->slot] = members[i].type;
    }
    type->members = members;
    type->member_count = node->entry_count;
    return type;
}

static type_ref of_range(struct walk *w, const struct node *node)
{
    type_ref start = node->start ? infer(w, node->start) : type_of_kind(FEEL_TYPE_NULL);
    type_ref end = node->end == node->start ? start
                   : node->end              ? infer(w, node->end)
                                            : type_of_kind(FEEL_TYPE_NULL);
    bool is_equality = node->is_comparison && node->start && node->end;
    if (is_equality)
        return type_of_kind(FEEL_TYPE_RANGE);
    check_order(w, node, start, end);
    struct feel_type *type =
        arena_copy(w->inference->arena, type_of_kind(FEEL_TYPE_RANGE), sizeof *type);
    type->element = type_join(w->inference->arena, start, end);
    return type;
}

// ---- paths ----

static bool is_property(type_ref type, str name)
{
    static const struct {
        const char *name;
        unsigned kinds; // bits of enum feel_type_kind
    } properties[] = {
#define IN(kind) (1u << FEEL_TYPE_##kind)
        {"year", IN(DATE) | IN(DATE_TIME)},
        {"month", IN(DATE) | IN(DATE_TIME)},
        {"day", IN(DATE) | IN(DATE_TIME)},
        {"weekday", IN(DATE) | IN(DATE_TIME)},
        {"hour", IN(TIME) | IN(DATE_TIME)},
        {"minute", IN(TIME) | IN(DATE_TIME)},
        {"second", IN(TIME) | IN(DATE_TIME)},
        {"time offset", IN(TIME) | IN(DATE_TIME)},
        {"timezone", IN(TIME) | IN(DATE_TIME)},
        {"days", IN(DAYS_DURATION)},
        {"hours", IN(DAYS_DURATION)},
        {"minutes", IN(DAYS_DURATION)},
        {"seconds", IN(DAYS_DURATION)},
        {"years", IN(MONTHS_DURATION)},
        {"months", IN(MONTHS_DURATION)},
        {"start", IN(RANGE)},
        {"end", IN(RANGE)},
        {"start included", IN(RANGE)},
        {"end included", IN(RANGE)},
#undef IN
    };
    for (size_t i = 0; i < COUNT_OF(properties); i++)
        if (str_equal(name, str_of(properties[i].name)))
            return properties[i].kinds >> type->kind & 1;
    return false;
}

static type_ref property_type(type_ref type, str name)
{
    if (type->kind == FEEL_TYPE_RANGE)
        return str_equal(name, STR("start")) || str_equal(name, STR("end"))
                   ? type->element
                   : type_of_kind(FEEL_TYPE_BOOLEAN);
    if (str_equal(name, STR("timezone")))
        return type_of_kind(FEEL_TYPE_STRING);
    return type_of_kind(str_equal(name, STR("time offset")) ? FEEL_TYPE_DAYS_DURATION
                                                            : FEEL_TYPE_NUMBER);
}

enum { LISTS_IN_LISTS_MAX = 16 };

static type_ref member_of_one(struct walk *w, const struct node *node, type_ref base)
{
    type_ref member;
    if (type_is_any(base))
        return NULL;
    if (base->kind == FEEL_TYPE_CONTEXT && type_member(base, node->member, &member))
        return member;
    if (is_property(base, node->member))
        return property_type(base, node->member);
    find(w, node, "%s has no entry '%.*s'", name_of(w, base), STR_ARG(node->member));
    return NULL;
}

// A path into a list is the list of the paths into its items.
static type_ref member_of(struct walk *w, const struct node *node, type_ref base)
{
    size_t lists = 0;
    for (; !type_is_any(base) && base->kind == FEEL_TYPE_LIST; base = base->element)
        if (++lists > LISTS_IN_LISTS_MAX)
            return NULL;
    type_ref type = member_of_one(w, node, base);
    while (lists-- > 0)
        type = type_list_of(w->inference->arena, type);
    return type;
}

// ---- functions ----

static type_ref of_function(struct walk *w, const struct node *node)
{
    struct arena *arena = w->inference->arena;
    struct types *outer = w->frame;
    struct types inner = {ARENA_ARRAY(arena, type_ref, node->slot_count), outer};
    struct feel_type *type = arena_copy(arena, type_of_kind(FEEL_TYPE_FUNCTION), sizeof *type);
    struct feel_type_member *members =
        ARENA_ARRAY(arena, struct feel_type_member, node->parameter_count);
    for (size_t i = 0; i < node->parameter_count; i++) {
        members[i] = (struct feel_type_member){node->parameters[i].name, node->parameters[i].type};
        inner.slots[i] = node->parameters[i].type;
    }
    w->frame = &inner;
    type->element = infer(w, node->function_body);
    w->frame = outer;
    type->members = members;
    type->member_count = node->parameter_count;
    return type;
}

static const struct feel_type_member *parameter(type_ref function, const struct node *call,
                                                size_t index)
{
    if (call->argument_names == NULL)
        return index < function->member_count ? &function->members[index] : NULL;
    for (size_t i = 0; i < function->member_count; i++)
        if (str_equal(function->members[i].name, call->argument_names[index]))
            return &function->members[i];
    return NULL;
}

static void check_argument(struct walk *w, const struct node *call, type_ref function, size_t index)
{
    const struct feel_type_member *p = parameter(function, call, index);
    type_ref type = infer(w, call->arguments[index]);
    if (p == NULL && call->argument_names)
        find(w, call->arguments[index], "the function has no parameter '%.*s'",
             STR_ARG(call->argument_names[index]));
    else if (p != NULL && !feel_type_may_be(type, p->type))
        find(w, call->arguments[index], "the parameter '%.*s' takes %s, not %s", STR_ARG(p->name),
             name_of(w, p->type), name_of(w, type));
}

// A function type without parameters and result says nothing about them.
static bool is_bare(type_ref function)
{
    return function->member_count == 0 && function->element == NULL;
}

static type_ref of_call(struct walk *w, const struct node *node)
{
    type_ref callee = infer(w, node->callee);
    const struct feel_inference *inference = w->inference;
    if (node->callee->kind == NODE_GLOBAL && inference->may_be_called &&
        !inference->may_be_called(inference->context, node->callee->name))
        find(w, node->callee, "there is no function '%.*s'", STR_ARG(node->callee->name));
    bool is_known = !type_is_any(callee) && callee->kind == FEEL_TYPE_FUNCTION && !is_bare(callee);
    if (!type_is_any(callee) && callee->kind != FEEL_TYPE_FUNCTION)
        find(w, node, "%s is not a function", name_of(w, callee));
    if (is_known && node->argument_count != callee->member_count)
        find(w, node, "the function takes %zu arguments, not %zu", callee->member_count,
             node->argument_count);
    for (size_t i = 0; i < node->argument_count; i++) {
        if (is_known)
            check_argument(w, node, callee, i);
        else
            infer(w, node->arguments[i]);
    }
    return is_known ? callee->element : NULL;
}

// ---- built-in functions ----

static bool letter_takes(char letter, type_ref type)
{
    if (!type_is_any(type) && type->kind == FEEL_TYPE_LIST && !strchr("lLaA", letter))
        type = type->element; // of one item
    if (type_is_any(type))
        return true;
    switch (letter | 32) {
    case 'n':
        return type->kind == FEEL_TYPE_NUMBER;
    case 's':
        return type->kind == FEEL_TYPE_STRING;
    case 'c':
        return type->kind == FEEL_TYPE_CONTEXT;
    case 'f':
        return type->kind == FEEL_TYPE_FUNCTION;
    case 't':
        return type->kind == FEEL_TYPE_DATE || type->kind == FEEL_TYPE_DATE_TIME;
    case 'm':
        return type->kind == FEEL_TYPE_TIME;
    case 'r':
        return type->kind == FEEL_TYPE_RANGE;
    case 'u':
        return type->kind == FEEL_TYPE_DAYS_DURATION;
    default:
        return true;
    }
}

static int place_of(const struct builtin *row, const struct node *call, size_t index)
{
    str rest = row->parameters, name;
    if (call->argument_names == NULL)
        return (int)index;
    for (int i = 0; str_split(&rest, '|', &name); i++)
        if (str_equal(name, call->argument_names[index]))
            return i;
    return -1;
}

static bool row_takes(const struct builtin *row, const struct node *call, const type_ref *types)
{
    size_t arity = builtin_arity(row);
    bool repeats = row->types[arity] != '\0';
    if (call->argument_count < row->required && call->argument_names == NULL)
        return false;
    for (size_t i = 0; i < call->argument_count; i++) {
        int at = place_of(row, call, i);
        if (at >= (int)arity && repeats)
            at = (int)arity - 1;
        if (at < 0 || at >= (int)arity || !letter_takes(row->types[at], types[i]))
            return false;
    }
    return true;
}

static enum feel_type_kind letter_kind(char letter)
{
    static const struct {
        char letter;
        uint8_t kind;
    } kinds[] = {
        {'n', FEEL_TYPE_NUMBER},  {'s', FEEL_TYPE_STRING},          {'b', FEEL_TYPE_BOOLEAN},
        {'d', FEEL_TYPE_DATE},    {'w', FEEL_TYPE_DATE_TIME},       {'m', FEEL_TYPE_TIME},
        {'l', FEEL_TYPE_LIST},    {'y', FEEL_TYPE_MONTHS_DURATION}, {'r', FEEL_TYPE_RANGE},
        {'c', FEEL_TYPE_CONTEXT},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].letter == letter)
            return (enum feel_type_kind)kinds[i].kind;
    return FEEL_TYPE_ANY;
}

static type_ref row_result(struct walk *w, const struct builtin *row, const struct node *call,
                           const type_ref *types)
{
    struct arena *arena = w->inference->arena;
    type_ref item = type_of_kind(FEEL_TYPE_NULL);
    switch (row->result) {
    case 'S':
        return type_list_of(arena, type_of_kind(FEEL_TYPE_STRING));
    case 'N':
        return type_list_of(arena, type_of_kind(FEEL_TYPE_NUMBER));
    case '1':
        return type_item(types[0]);
    case '=':
        return type_list_of(arena, type_item(types[0]));
    case 'e':
        for (size_t i = 0; i < call->argument_count; i++)
            item = type_join(arena, item, type_item(types[i]));
        return type_is_any(item) ? NULL : item;
    default:
        return type_of_kind(letter_kind(row->result));
    }
}

static void find_arguments(struct walk *w, const struct node *node, const type_ref *types)
{
    struct strbuf text = strbuf_new(w->inference->arena);
    for (size_t i = 0; i < node->argument_count; i++)
        strbuf_format(&text, "%s%s", i ? ", " : "", name_of(w, types[i]));
    find(w, node, "%.*s does not take (%s)", STR_ARG(node->builtin->name), strbuf_cstr(&text));
}

static type_ref of_builtin(struct walk *w, const struct node *node)
{
    struct arena *arena = w->inference->arena;
    type_ref *types = ARENA_ARRAY(arena, type_ref, node->argument_count + 1), result = NULL;
    bool is_taken = false;
    for (size_t i = 0; i < node->argument_count; i++)
        types[i] = infer(w, node->arguments[i]);
    for (const struct builtin *row = node->builtin; row < builtins + builtin_rows; row++) {
        if (!str_equal(row->name, node->builtin->name) || !row_takes(row, node, types))
            continue;
        type_ref of_row = row_result(w, row, node, types);
        result = is_taken ? type_join(arena, result, of_row) : of_row;
        is_taken = true;
    }
    if (!is_taken)
        find_arguments(w, node, types);
    return result;
}

// ---- the walk ----

static type_ref infer(struct walk *w, const struct node *node)
{
    switch ((enum node_kind)node->kind) {
    case NODE_CONSTANT:
        return type_of_value(w->inference->arena, node->constant);
    case NODE_SLOT:
        return w->frame->slots[node->slot];
    case NODE_GLOBAL:
        return of_variable(w, node->name);
    case NODE_CANDIDATES:
        return of_candidates(w, node);
    case NODE_NEGATE:
        return of_negation(w, node);
    case NODE_ADD:
    case NODE_SUBTRACT:
    case NODE_MULTIPLY:
    case NODE_DIVIDE:
    case NODE_POWER:
        return of_arithmetic(w, node);
    case NODE_EQUAL:
    case NODE_NOT_EQUAL:
        return of_equality(w, node);
    case NODE_LESS:
    case NODE_LESS_EQUAL:
    case NODE_GREATER:
    case NODE_GREATER_EQUAL:
        return of_order(w, node);
    case NODE_AND:
    case NODE_OR:
        return of_logic(w, node);
    case NODE_BETWEEN:
        return of_between(w, node);
    case NODE_IN:
        return of_in(w, node);
    case NODE_INSTANCE_OF:
        infer(w, node->base);
        return type_of_kind(FEEL_TYPE_BOOLEAN);
    case NODE_IF:
        return of_if(w, node);
    case NODE_FOR:
    case NODE_SOME:
    case NODE_EVERY:
        return of_loop(w, node);
    case NODE_PATH:
        return member_of(w, node, infer(w, node->base));
    case NODE_FILTER:
        return of_filter(w, node);
    case NODE_LIST:
        return of_items(w, node);
    case NODE_CONTEXT:
        return of_context(w, node);
    case NODE_RANGE:
        return of_range(w, node);
    case NODE_FUNCTION:
        return of_function(w, node);
    case NODE_CALL:
        return of_call(w, node);
    case NODE_BUILTIN:
        return of_builtin(w, node);
    case NODE_TESTS:
        return of_tests(w, node);
    }
    check_unreachable();
}

enum { SLOTS_ON_STACK = 16 };

const struct feel_type *feel_infer(const struct feel_program *program,
                                   struct feel_inference *inference)
{
    type_ref few[SLOTS_ON_STACK] = {NULL}, *slots = few;
    if (program->slot_count > SLOTS_ON_STACK)
        slots = ARENA_ARRAY(inference->arena, type_ref, program->slot_count);
    struct types frame = {slots, NULL};
    struct walk w = {inference, program, &frame};
    frame.slots[0] = inference->input;
    return infer(&w, program->root);
}
