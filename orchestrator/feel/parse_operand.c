// SPDX-License-Identifier: Apache-2.0
//
// Operands: literals, names, lists, ranges and brackets, and what may follow one: paths, filters,
// calls.
#include "feel/builtin.h"
#include "feel/parser.h"
#include "feel/temporal.h"

static struct node *parse_number(struct parser *p)
{
    feel_value number;
    if (!feel_number_parse(p->token.text, &number)) {
        str with_zero = str_join2(p->arena, STR("0"), p->token.text); // ".5"
        if (p->token.text.data[0] != '.' || !feel_number_parse(with_zero, &number))
            return parser_fail(p, "a number that decimal128 can hold");
    }
    struct node *node = parser_constant(p, number, p->token.start);
    parser_advance(p);
    return node;
}

static struct node *parse_string(struct parser *p)
{
    struct node *node = parser_constant(p, feel_string(p->token.text), p->token.start);
    parser_advance(p);
    return node;
}

// A literal that is no date, time or duration is null; one in a zone is read when zones are known.
static struct node *parse_at(struct parser *p)
{
    feel_value value = temporal_parse(p->token.text, p->options->zones);
    struct node *node = parser_constant(p, value, p->token.start);
    if (feel_is_null(value)) {
        struct node **arguments = ARENA_ARRAY(p->arena, struct node *, 1);
        arguments[0] = parser_constant(p, feel_string(p->token.text), p->token.start);
        node = parser_node(p, NODE_BUILTIN, p->token.start);
        node->builtin = builtin_find(STR("@"), false);
        node->arguments = (const struct node *const *)arguments;
        node->argument_count = 1;
        node->height = 2;
    }
    parser_advance(p);
    return node;
}

static struct node *parse_literal(struct parser *p, feel_value value)
{
    struct node *node = parser_constant(p, value, p->token.start);
    parser_advance(p);
    return node;
}

// ---- ranges, lists, brackets ----

static bool take_range_close(struct parser *p, bool *ret_included)
{
    *ret_included = parser_at(p, TOKEN_CLOSE_BRACKET);
    if (*ret_included || parser_at(p, TOKEN_CLOSE) || parser_at(p, TOKEN_OPEN_BRACKET)) {
        parser_advance(p);
        return true;
    }
    parser_fail(p, "']', ')' or '[' to close the range");
    return false;
}

struct node *parse_range_rest(struct parser *p, struct node *start, bool start_included,
                              size_t position)
{
    bool outer = p->in_range_end;
    parser_advance(p);
    p->in_range_end = true;
    struct node *end = parse_expression(p);
    p->in_range_end = outer;
    struct node *range = parser_node(p, NODE_RANGE, position);
    range->start = start;
    range->end = end;
    range->start_included = start_included;
    if (!end || !take_range_close(p, &range->end_included))
        return NULL;
    parser_raise(range, start);
    parser_raise(range, end);
    return parser_finish(p, range);
}

static struct node *parse_open_range(struct parser *p)
{
    size_t position = p->token.start;
    parser_advance(p);
    struct node *start = parse_expression(p);
    if (start && !parser_at(p, TOKEN_DOTS))
        return parser_fail(p, "'..'");
    return start ? parse_range_rest(p, start, false, position) : NULL;
}

static struct node *parse_parenthesis(struct parser *p)
{
    size_t position = p->token.start;
    parser_advance(p);
    struct node *node = parse_range_test(p);
    if (!node && !p->failed)
        node = parse_expression(p);
    if (node && parser_at(p, TOKEN_DOTS))
        return parse_range_rest(p, node, false, position);
    return node && parser_expect(p, TOKEN_CLOSE) ? node : NULL;
}

static struct node *parse_list(struct parser *p)
{
    size_t position = p->token.start;
    node_array items = {0};
    struct node *list = parser_node(p, NODE_LIST, position);
    parser_advance(p);
    while (!parser_at(p, TOKEN_CLOSE_BRACKET)) {
        struct node *item = parse_test(p);
        if (item && items.count == 0 && parser_at(p, TOKEN_DOTS))
            return parse_range_rest(p, item, true, position);
        if (!item)
            return NULL;
        *ARRAY_PUSH(p->arena, &items) = item;
        parser_raise(list, item);
        if (!parser_take(p, TOKEN_COMMA))
            break;
    }
    if (!parser_expect(p, TOKEN_CLOSE_BRACKET))
        return NULL;
    list->items = (const struct node *const *)items.items;
    list->count = items.count;
    return parser_finish(p, list);
}

// ---- calls ----

static bool at_argument_name(struct parser *p, struct token *ret_name)
{
    struct token name = lexer_read_definition(&p->lexer, p->token.start, ":,)");
    size_t after = lexer_skip_space(&p->lexer, name.end);
    *ret_name = name;
    return name.text.len > 0 && after < p->lexer.source.len && p->lexer.source.data[after] == ':';
}

static bool parse_argument(struct parser *p, bool named, node_array *arguments, str_array *names)
{
    if (named) {
        struct token name;
        if (!at_argument_name(p, &name)) {
            parser_fail(p, "the name of an argument");
            return false;
        }
        *ARRAY_PUSH(p->arena, names) = name.text;
        p->token.end = name.end;
        parser_advance(p);
        if (!parser_expect(p, TOKEN_COLON))
            return false;
    }
    struct node *argument = parse_test(p);
    if (argument)
        *ARRAY_PUSH(p->arena, arguments) = argument;
    return argument != NULL;
}

static bool parse_arguments(struct parser *p, struct node *call)
{
    node_array arguments = {0};
    str_array names = {0};
    struct token ignored;
    parser_advance(p);
    bool named = at_argument_name(p, &ignored);
    while (!parser_at(p, TOKEN_CLOSE)) {
        if (!parse_argument(p, named, &arguments, &names))
            return false;
        if (!parser_take(p, TOKEN_COMMA))
            break;
    }
    for (size_t i = 0; i < arguments.count; i++)
        parser_raise(call, arguments.items[i]);
    call->arguments = (const struct node *const *)arguments.items;
    call->argument_names = named ? names.items : NULL;
    call->argument_count = arguments.count;
    return parser_expect(p, TOKEN_CLOSE);
}

static const feel_value *constant_argument(const struct node *call, size_t index)
{
    if (index >= call->argument_count || call->arguments[index]->kind != NODE_CONSTANT)
        return NULL;
    return &call->arguments[index]->constant;
}

// The pattern is the second argument of every function that takes one; flags come last.
static void prepare_pattern(struct parser *p, struct node *call)
{
    const feel_value *pattern = constant_argument(call, 1);
    size_t flags_at = builtin_arity(call->builtin) - 1;
    bool has_flags = flags_at > 1 && call->argument_count > flags_at;
    const feel_value *flags = constant_argument(call, flags_at);
    if (!call->argument_names && pattern && (!has_flags || flags))
        call->prepared =
            builtin_prepare(p->arena, call->builtin, pattern, has_flags ? flags : NULL);
}

static struct node *parse_builtin_call(struct parser *p, const struct builtin *builtin,
                                       size_t position)
{
    struct node *call = parser_node(p, NODE_BUILTIN, position);
    call->builtin = builtin;
    if (!parse_arguments(p, call))
        return NULL;
    prepare_pattern(p, call);
    return parser_finish(p, call);
}

static struct node *parse_call(struct parser *p, struct node *callee)
{
    struct node *call = parser_node(p, NODE_CALL, p->token.start);
    call->callee = callee;
    parser_raise(call, callee);
    return parse_arguments(p, call) ? parser_finish(p, call) : NULL;
}

static struct node *parse_name(struct parser *p)
{
    struct token name = p->token;
    parser_advance(p);
    const struct builtin *builtin = builtin_find(name.text, p->options->standard_only);
    if (parser_at(p, TOKEN_OPEN) && builtin && !scope_knows(p, name.text))
        return parse_builtin_call(p, builtin, name.start);
    return scope_resolve(p, name.text, name.start);
}

// ---- what follows an operand ----

static struct node *parse_path(struct parser *p, struct node *base)
{
    p->lexer.after_dot = true;
    parser_advance(p);
    p->lexer.after_dot = false;
    if (!parser_at(p, TOKEN_NAME))
        return parser_fail(p, "a name after '.'");
    struct node *path = parser_node(p, NODE_PATH, p->token.start);
    path->base = base;
    path->member = str_copy(p->arena, p->token.text);
    parser_raise(path, base);
    parser_advance(p);
    return parser_finish(p, path);
}

static struct node *parse_filter(struct parser *p, struct node *base)
{
    struct node *filter = parser_node(p, NODE_FILTER, p->token.start);
    size_t mark = scope_mark(p);
    filter->base = base;
    filter->slot = scope_bind(p, STR("item"), BINDING_ELEMENT);
    parser_advance(p);
    bool outer = p->in_range_end;
    p->in_range_end = false;
    filter->condition = parse_expression(p);
    p->in_range_end = outer;
    scope_leave(p, mark);
    if (!filter->condition || !parser_expect(p, TOKEN_CLOSE_BRACKET))
        return NULL;
    parser_raise(filter, base);
    parser_raise(filter, filter->condition);
    return parser_finish(p, filter);
}

static bool starts_expression(enum token_kind kind)
{
    switch ((int)kind) {
    case TOKEN_NUMBER:
    case TOKEN_STRING:
    case TOKEN_AT:
    case TOKEN_NAME:
    case TOKEN_MINUS:
    case TOKEN_OPEN:
    case TOKEN_OPEN_BRACKET:
    case TOKEN_OPEN_BRACE:
    case TOKEN_IF:
    case TOKEN_FOR:
    case TOKEN_SOME:
    case TOKEN_EVERY:
    case TOKEN_FUNCTION:
    case TOKEN_TRUE:
    case TOKEN_FALSE:
    case TOKEN_NULL:
        return true;
    default:
        return false;
    }
}

// `]1..10[`: the bracket closes the range when nothing that could be a filter follows.
static bool opens_filter(struct parser *p)
{
    if (!p->in_range_end)
        return true;
    return starts_expression(lexer_read(&p->lexer, p->token.end).kind);
}

struct node *parse_postfix_rest(struct parser *p, struct node *base)
{
    while (base && !p->failed) {
        if (parser_at(p, TOKEN_DOT))
            base = parse_path(p, base);
        else if (parser_at(p, TOKEN_OPEN_BRACKET) && opens_filter(p))
            base = parse_filter(p, base);
        else if (parser_at(p, TOKEN_OPEN))
            base = parse_call(p, base);
        else
            return base;
    }
    return NULL;
}

struct node *parse_postfix(struct parser *p)
{
    return parse_postfix_rest(p, parse_operand(p));
}

struct node *parse_operand(struct parser *p)
{
    switch ((int)p->token.kind) {
    case TOKEN_NUMBER:
        return parse_number(p);
    case TOKEN_STRING:
        return parse_string(p);
    case TOKEN_AT:
        return parse_at(p);
    case TOKEN_NAME:
        return parse_name(p);
    case TOKEN_TRUE:
    case TOKEN_FALSE:
        return parse_literal(p, feel_bool(parser_at(p, TOKEN_TRUE)));
    case TOKEN_NULL:
        return parse_literal(p, feel_null());
    case TOKEN_OPEN:
        return parse_parenthesis(p);
    case TOKEN_OPEN_BRACKET:
        return parse_list(p);
    case TOKEN_CLOSE_BRACKET:
        return parse_open_range(p);
    case TOKEN_OPEN_BRACE:
        return parse_context(p);
    case TOKEN_FUNCTION:
        return parse_function(p);
    case TOKEN_IF:
    case TOKEN_FOR:
    case TOKEN_SOME:
    case TOKEN_EVERY:
        return parse_control(p);
    default:
        return parser_fail(p,
                           "a value, a name or '(', '[', '{', '-', if, for, some, every, function");
    }
}
