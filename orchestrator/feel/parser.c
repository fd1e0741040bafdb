// SPDX-License-Identifier: Apache-2.0
//
// The expression grammar of DMN 1.5, 10.3.1.2: binary operators by a table of binding powers
// (Pratt), everything else by recursive descent. Compiling ends here; parse_*.c hold the forms that
// are more than an operator.
#include "feel/parser.h"

#include "base/utf8.h"
#include "feel/eval.h"

// ---- tokens ----

void parser_advance(struct parser *p)
{
    p->token = lexer_read(&p->lexer, p->token.end);
}

void parser_rescan(struct parser *p)
{
    p->token = lexer_read(&p->lexer, p->token.start);
}

bool parser_at(const struct parser *p, enum token_kind kind)
{
    return p->token.kind == kind;
}

bool parser_take(struct parser *p, enum token_kind kind)
{
    if (p->token.kind != kind)
        return false;
    parser_advance(p);
    return true;
}

bool parser_expect(struct parser *p, enum token_kind kind)
{
    if (!p->failed && parser_take(p, kind))
        return true;
    parser_fail(p, token_describe(kind));
    return false;
}

void program_locate(str source, uint32_t position, uint32_t *ret_line, uint32_t *ret_column)
{
    *ret_line = 1;
    *ret_column = 1;
    for (size_t i = 0; i < position && i < source.len; i++) {
        bool continues = ((unsigned char)source.data[i] & 0xC0) == 0x80;
        *ret_column += !continues;
        if (source.data[i] == '\n') {
            ++*ret_line;
            *ret_column = 1;
        }
    }
}

enum { SHOWN_BEFORE = 60, SHOWN_AFTER = 40 };

// The line around the position, and a caret below it.
static str show(struct parser *p, size_t position)
{
    str source = p->lexer.source;
    size_t start = position, end = position;
    while (start > 0 && source.data[start - 1] != '\n' && position - start < SHOWN_BEFORE)
        start--;
    while (start < position && ((unsigned char)source.data[start] & 0xC0) == 0x80)
        start++;
    while (end < source.len && source.data[end] != '\n' && end - position < SHOWN_AFTER)
        end++;
    struct strbuf out = strbuf_new(p->arena);
    strbuf_format(&out, "\n  %.*s\n  ", (int)(end - start), source.data + start);
    for (size_t i = start; i < position; i++)
        if (((unsigned char)source.data[i] & 0xC0) != 0x80)
            strbuf_add_char(&out, source.data[i] == '\t' ? '\t' : ' ');
    strbuf_add_char(&out, '^');
    return strbuf_str(&out);
}

struct node *parser_fail_at(struct parser *p, size_t position, const char *message)
{
    uint32_t line, column;
    if (p->failed)
        return NULL;
    p->failed = true;
    program_locate(p->lexer.source, (uint32_t)position, &line, &column);
    str shown = show(p, position);
    error_set(p->err, ERROR_INVALID, "feel", "line %u, column %u: %.200s%.*s", line, column,
              message, STR_ARG(shown));
    return NULL;
}

struct node *parser_fail(struct parser *p, const char *wanted)
{
    struct token t = p->token;
    str found =
        t.kind == TOKEN_BAD || t.kind == TOKEN_END
            ? STR_EMPTY
            : str_sub(p->lexer.source, t.start, t.end - t.start > 40 ? 40 : t.end - t.start);
    str message = t.kind == TOKEN_BAD
                      ? str_format(p->arena, "expected %s, found %.*s", wanted, STR_ARG(t.text))
                  : t.kind == TOKEN_END
                      ? str_format(p->arena, "expected %s, found the end", wanted)
                      : str_format(p->arena, "expected %s, found '%.*s'", wanted, STR_ARG(found));
    return parser_fail_at(p, t.start, str_cstr(p->arena, message));
}

bool parser_enter(struct parser *p)
{
    if (++p->depth <= FEEL_PARSE_DEPTH_MAX)
        return true;
    parser_fail_at(p, p->token.start, "nested deeper than 200 levels");
    return false;
}

void parser_leave(struct parser *p)
{
    p->depth--;
}

// ---- nodes ----

struct node *parser_node(struct parser *p, enum node_kind kind, size_t position)
{
    struct node *node = ARENA_NEW(p->arena, struct node);
    node->kind = (uint8_t)kind;
    node->position = (uint32_t)position;
    node->height = 1;
    return node;
}

struct node *parser_constant(struct parser *p, feel_value value, size_t position)
{
    struct node *node = parser_node(p, NODE_CONSTANT, position);
    node->constant = value;
    return node;
}

void parser_raise(struct node *node, const struct node *child)
{
    if (child && child->height >= node->height)
        node->height = (uint16_t)(child->height + 1);
}

struct node *parser_finish(struct parser *p, struct node *node)
{
    if (node->height > TREE_HEIGHT_MAX)
        return parser_fail_at(p, node->position, "more than 1000 operations inside each other");
    if (p->keeps_constants)
        return node;
    return eval_fold(p->arena, p->options ? p->options->zones : NULL, node);
}

// ---- binary operators ----

enum power {
    POWER_NONE,
    POWER_OR,
    POWER_AND,
    POWER_COMPARE,
    POWER_ADD,
    POWER_MULTIPLY,
    POWER_POWER
};

struct operator_rule {
    enum node_kind node;
    enum power power;
};

// All bind to the left; a sign binds tighter than `**` (grammar rules 2 to 5).
static const struct operator_rule operators[] = {
    [TOKEN_OR] = {NODE_OR, POWER_OR},
    [TOKEN_AND] = {NODE_AND, POWER_AND},
    [TOKEN_EQUAL] = {NODE_EQUAL, POWER_COMPARE},
    [TOKEN_NOT_EQUAL] = {NODE_NOT_EQUAL, POWER_COMPARE},
    [TOKEN_LESS] = {NODE_LESS, POWER_COMPARE},
    [TOKEN_LESS_EQUAL] = {NODE_LESS_EQUAL, POWER_COMPARE},
    [TOKEN_GREATER] = {NODE_GREATER, POWER_COMPARE},
    [TOKEN_GREATER_EQUAL] = {NODE_GREATER_EQUAL, POWER_COMPARE},
    [TOKEN_BETWEEN] = {NODE_BETWEEN, POWER_COMPARE},
    [TOKEN_IN] = {NODE_IN, POWER_COMPARE},
    [TOKEN_PLUS] = {NODE_ADD, POWER_ADD},
    [TOKEN_MINUS] = {NODE_SUBTRACT, POWER_ADD},
    [TOKEN_TIMES] = {NODE_MULTIPLY, POWER_MULTIPLY},
    [TOKEN_DIVIDE] = {NODE_DIVIDE, POWER_MULTIPLY},
    [TOKEN_POWER] = {NODE_POWER, POWER_POWER},
};

static const struct operator_rule *operator_at(const struct parser *p)
{
    size_t kind = (size_t)p->token.kind;
    bool is_operator = kind < COUNT_OF(operators) && operators[kind].power != POWER_NONE;
    return is_operator ? &operators[kind] : NULL;
}

static struct node *parse_binary(struct parser *p, enum power at_least);

static struct node *parse_between(struct parser *p, struct node *left, size_t position)
{
    struct node *node = parser_node(p, NODE_BETWEEN, position);
    node->left = left;
    node->right = parse_binary(p, POWER_ADD);
    if (!node->right || !parser_expect(p, TOKEN_AND))
        return NULL;
    node->third = parse_binary(p, POWER_ADD);
    if (!node->third)
        return NULL;
    parser_raise(node, left);
    parser_raise(node, node->right);
    parser_raise(node, node->third);
    return parser_finish(p, node);
}

static struct node *parse_binary_rest(struct parser *p, struct node *left, enum power at_least);

static struct node *single_test(struct parser *p, struct node *test, uint16_t slot)
{
    struct node *tests = parser_node(p, NODE_TESTS, test->position);
    struct node **items = ARENA_ARRAY(p->arena, struct node *, 1);
    items[0] = test;
    tests->slot = slot;
    tests->items = (const struct node *const *)items;
    tests->count = 1;
    parser_raise(tests, test);
    return tests;
}

// A parenthesis after `in` holds tests, or it opens a range, or it is only the beginning of an
// expression: `x in (1, 2)`, `x in (1..5)`, `x in (a + b) * 2`.
static struct node *parse_in_parenthesis(struct parser *p, uint16_t slot)
{
    size_t position = p->token.start;
    parser_advance(p);
    struct node *tests = parse_tests(p, slot);
    if (!tests)
        return NULL;
    struct node *first = (struct node *)tests->items[0];
    bool is_single = tests->count == 1 && !(first->kind == NODE_RANGE && first->is_comparison);
    if (is_single && parser_at(p, TOKEN_DOTS))
        first = parse_range_rest(p, first, false, position);
    else if (!parser_expect(p, TOKEN_CLOSE))
        return NULL;
    if (!is_single)
        return tests;
    bool uses_input = first && first->uses_input;
    first = first ? parse_postfix_rest(p, first) : NULL;
    first = first ? parse_binary_rest(p, first, POWER_ADD) : NULL;
    if (!first)
        return NULL;
    first->uses_input = uses_input;
    return single_test(p, first, slot);
}

static struct node *parse_in_operand(struct parser *p, uint16_t slot)
{
    if (parser_at(p, TOKEN_OPEN))
        return parse_in_parenthesis(p, slot);
    uint32_t uses = p->input_uses;
    struct node *test = parse_range_test(p);
    if (!test && !p->failed)
        test = parse_binary(p, POWER_ADD);
    if (!test)
        return NULL;
    test->uses_input = p->input_uses > uses;
    return single_test(p, test, slot);
}

static struct node *parse_in(struct parser *p, struct node *left, size_t position)
{
    size_t mark = scope_mark(p);
    uint16_t slot = scope_bind(p, STR("?"), BINDING_SLOT);
    struct node *tests = parse_in_operand(p, slot);
    scope_leave(p, mark);
    if (!tests)
        return NULL;
    struct node *node = parser_node(p, NODE_IN, position);
    node->left = left;
    node->right = tests;
    node->slot = slot;
    parser_raise(node, left);
    parser_raise(node, tests);
    return parser_finish(p, node);
}

static struct node *parse_operator(struct parser *p, const struct operator_rule *rule,
                                   struct node *left, size_t position)
{
    if (rule->node == NODE_BETWEEN)
        return parse_between(p, left, position);
    if (rule->node == NODE_IN)
        return parse_in(p, left, position);
    struct node *node = parser_node(p, rule->node, position);
    node->left = left;
    node->right = parse_binary(p, rule->power + 1);
    if (!node->right)
        return NULL;
    parser_raise(node, left);
    parser_raise(node, node->right);
    return parser_finish(p, node);
}

static struct node *parse_instance_of(struct parser *p, struct node *left)
{
    size_t position = p->token.start;
    parser_advance(p);
    if (!parser_at(p, TOKEN_NAME) || !str_starts_with(p->token.text, STR("of")))
        return parser_fail(p, "'of'");
    p->token.end = p->token.start + 2; // "of number" was read as one name
    struct node *node = parser_node(p, NODE_INSTANCE_OF, position);
    node->base = left;
    node->type = parse_type(p);
    parser_raise(node, left);
    return node->type ? parser_finish(p, node) : NULL;
}

static struct node *parse_signed(struct parser *p)
{
    if (!parser_at(p, TOKEN_MINUS)) {
        struct node *node = parse_postfix(p);
        while (node && parser_at(p, TOKEN_INSTANCE))
            node = parse_instance_of(p, node);
        return node;
    }
    struct node *node = parser_node(p, NODE_NEGATE, p->token.start);
    parser_advance(p);
    if (!parser_enter(p))
        return NULL;
    node->left = parse_signed(p);
    parser_leave(p);
    parser_raise(node, node->left);
    return node->left ? parser_finish(p, node) : NULL;
}

static struct node *parse_binary_rest(struct parser *p, struct node *left, enum power at_least)
{
    const struct operator_rule *rule;
    while (left && (rule = operator_at(p)) != NULL && rule->power >= at_least) {
        size_t position = p->token.start;
        parser_advance(p);
        left = parse_operator(p, rule, left, position);
    }
    return left;
}

static struct node *parse_binary(struct parser *p, enum power at_least)
{
    return parse_binary_rest(p, parse_signed(p), at_least);
}

struct node *parse_expression(struct parser *p)
{
    if (!parser_enter(p))
        return NULL;
    struct node *node = parse_binary(p, POWER_OR);
    parser_leave(p);
    return node;
}

// ---- unary tests ----

static enum node_kind comparison_at(const struct parser *p)
{
    const struct operator_rule *rule = operator_at(p);
    return rule && rule->power == POWER_COMPARE ? rule->node : NODE_CONSTANT;
}

// `< 5` and its kin as a range without the other end (grammar rule 7); NULL without failing when
// none stands here.
struct node *parse_range_test(struct parser *p)
{
    enum node_kind kind = comparison_at(p);
    size_t position = p->token.start;
    if (kind < NODE_EQUAL || kind > NODE_GREATER_EQUAL)
        return NULL;
    parser_advance(p);
    struct node *end = parse_binary(p, POWER_ADD);
    if (!end)
        return NULL;
    struct node *range = parser_node(p, NODE_RANGE, position);
    bool upper = kind == NODE_LESS || kind == NODE_LESS_EQUAL;
    bool both = kind == NODE_EQUAL || kind == NODE_NOT_EQUAL;
    range->is_comparison = true;
    range->start = upper ? NULL : end;
    range->end = upper || both ? end : NULL;
    range->start_included = kind == NODE_GREATER_EQUAL || kind == NODE_EQUAL;
    range->end_included = kind == NODE_LESS_EQUAL || kind == NODE_EQUAL;
    parser_raise(range, end);
    return parser_finish(p, range);
}

struct node *parse_test(struct parser *p)
{
    uint32_t uses = p->input_uses;
    struct node *test = parse_range_test(p);
    if (!test && !p->failed)
        test = parse_expression(p);
    if (test)
        test->uses_input = p->input_uses > uses;
    return test;
}

enum { FEW_TESTS = 4 };

struct node *parse_tests(struct parser *p, uint16_t input_slot)
{
    struct node *few[FEW_TESTS];
    node_array items = {few, 0, FEW_TESTS}; // grows into the arena
    struct node *tests = parser_node(p, NODE_TESTS, p->token.start);
    if (!parser_enter(p))
        return NULL;
    do {
        struct node *test = parse_test(p);
        if (!test)
            return NULL;
        parser_raise(tests, test);
        *ARRAY_PUSH(p->arena, &items) = test;
    } while (parser_take(p, TOKEN_COMMA));
    parser_leave(p);
    tests->slot = input_slot;
    if (items.items == few)
        items.items = arena_copy(p->arena, few, items.count * sizeof *few);
    tests->items = (const struct node *const *)items.items;
    tests->count = items.count;
    return tests;
}

// Whole unary tests: `-`, `not(…)` or a list (grammar rules 14 to 17).
static struct node *parse_unary_tests(struct parser *p)
{
    uint16_t slot = scope_bind(p, STR("?"), BINDING_SLOT);
    size_t start = p->token.start;
    if (!parser_at(p, TOKEN_MINUS) && !parser_at(p, TOKEN_NAME))
        return parse_tests(p, slot);
    struct parser before = *p;
    if (parser_take(p, TOKEN_MINUS) && parser_at(p, TOKEN_END))
        return parser_constant(p, feel_bool(true), start);
    *p = before;
    if (parser_at(p, TOKEN_NAME) && str_equal(p->token.text, STR("not"))) {
        struct error ignored;
        p->err = &ignored;
        parser_advance(p);
        if (parser_take(p, TOKEN_OPEN)) {
            struct node *tests = parse_tests(p, slot);
            if (tests && parser_take(p, TOKEN_CLOSE) && parser_at(p, TOKEN_END)) {
                p->err = before.err;
                tests->negated = true;
                return tests;
            }
        }
        *p = before;
    }
    return parse_tests(p, slot);
}

// ---- compiling ----

static void add_names(struct parser *p, const struct feel_compile_options *options)
{
    for (size_t i = 0; i < options->name_count; i++)
        if (lexer_is_compound(options->names[i]))
            *ARRAY_PUSH(p->arena, &p->lexer.names) = options->names[i];
    for (size_t i = 0; i < options->member_count; i++)
        if (lexer_is_compound(options->members[i]))
            *ARRAY_PUSH(p->arena, &p->lexer.members) = options->members[i];
    p->lexer.known_members = options->known_members;
}

// The stacks grow out of their room into the arena when they need to.
static void take_room(struct parser *p, struct parser_room *room)
{
    p->bindings.items = room->bindings;
    p->bindings.capacity = ROOM_BINDINGS;
    p->slot_counts.items = room->slot_counts;
    p->slot_counts.capacity = ROOM_FUNCTIONS;
    p->lexer.names = (str_array){room->names, 0, ROOM_NAMES};
}

static bool start(struct parser *p, struct parser_room *room, str source)
{
    static const struct feel_compile_options defaults = {0};
    if (source.len > FEEL_SOURCE_MAX)
        return error_set(p->err, ERROR_LIMIT, "feel", "%zu bytes of source, the limit is %d",
                         source.len, FEEL_SOURCE_MAX);
    if (!utf8_is_valid(source))
        return error_set(p->err, ERROR_INVALID, "feel", "the source is not valid UTF-8");
    p->lexer.arena = p->arena;
    p->lexer.source = str_copy(p->arena, source);
    p->options = p->options ? p->options : &defaults;
    p->self_slot = UINT16_MAX;
    take_room(p, room);
    add_names(p, p->options);
    scope_enter_function(p);
    parser_rescan(p);
    return true;
}

static bool finish(struct parser *p, struct node *root, const struct feel_program **ret_program)
{
    if (root && !p->failed && !parser_at(p, TOKEN_END))
        parser_fail(p, "an operator or the end");
    if (!root || p->failed)
        return false;
    struct feel_program *program = ARENA_NEW(p->arena, struct feel_program);
    program->source = p->lexer.source;
    program->root = root;
    program->slot_count = p->slot_counts.items[0];
    program->names = p->globals.items;
    program->name_count = p->globals.count;
    *ret_program = program;
    return true;
}

bool feel_compile(struct arena *arena, str source, const struct feel_compile_options *options,
                  const struct feel_program **ret_program, struct error *err)
{
    struct parser_room room;
    struct parser p = {.arena = arena, .options = options, .err = err};
    return start(&p, &room, source) && finish(&p, parse_expression(&p), ret_program);
}

bool parser_compile_unfolded(struct arena *arena, str source,
                             const struct feel_compile_options *options,
                             const struct feel_program **ret_program, struct error *err)
{
    struct parser_room room;
    struct parser p = {.arena = arena, .options = options, .err = err, .keeps_constants = true};
    return start(&p, &room, source) && finish(&p, parse_expression(&p), ret_program);
}

bool feel_compile_unary_tests(struct arena *arena, str source,
                              const struct feel_compile_options *options,
                              const struct feel_program **ret_program, struct error *err)
{
    struct parser_room room;
    struct parser p = {.arena = arena, .options = options, .err = err};
    return start(&p, &room, source) && finish(&p, parse_unary_tests(&p), ret_program);
}

bool feel_compile_property(struct arena *arena, str source,
                           const struct feel_compile_options *options,
                           const struct feel_program **ret_program, struct error *err)
{
    if (str_starts_with(source, STR("=")))
        return feel_compile(arena, str_from_index(source, 1), options, ret_program, err);
    struct parser p = {.arena = arena, .err = err};
    struct feel_program *program = ARENA_NEW(arena, struct feel_program);
    program->source = str_copy(arena, source);
    program->root = parser_constant(&p, feel_string(program->source), 0);
    *ret_program = program;
    return true;
}

str feel_program_source(const struct feel_program *program)
{
    return program->source;
}

size_t feel_program_names(const struct feel_program *program, const str **ret_names)
{
    *ret_names = program->names;
    return program->name_count;
}

const feel_value *feel_program_constant(const struct feel_program *program)
{
    return program->root->kind == NODE_CONSTANT ? &program->root->constant : NULL;
}

static bool is_testable(const struct node *node)
{
    return node->kind == NODE_CONSTANT && node->constant.kind != FEEL_NULL &&
           node->constant.kind != FEEL_LIST && node->constant.kind != FEEL_CONTEXT;
}

bool feel_tests_constants(const struct feel_program *program, struct arena *arena,
                          const struct feel_test **ret_tests, size_t *ret_count, bool *ret_negated)
{
    const struct node *root = program->root;
    *ret_negated = root->kind == NODE_TESTS && root->negated;
    if (root->kind == NODE_CONSTANT) { // `-`
        *ret_tests = NULL;
        *ret_count = SIZE_MAX;
        return true;
    }
    for (size_t i = 0; i < root->count; i++)
        if (!is_testable(root->items[i]))
            return false;
    struct feel_test *tests = ARENA_ARRAY(arena, struct feel_test, root->count);
    for (size_t i = 0; i < root->count; i++) {
        tests[i].value = root->items[i]->constant;
        tests[i].is_range = tests[i].value.kind == FEEL_RANGE;
    }
    *ret_tests = tests;
    *ret_count = root->count;
    return true;
}
