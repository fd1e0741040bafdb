// SPDX-License-Identifier: Apache-2.0
//
// The forms that bind names: if, for, some, every, contexts, functions; and type expressions
// (grammar rules 41 to 60).
#include "feel/parser.h"

#include "feel/type.h"

// Reads a name being defined after the current token and makes the token after it current.
static bool take_definition(struct parser *p, const char *stops, str *ret_name)
{
    struct token name = lexer_read_definition(&p->lexer, p->token.end, stops);
    if (name.text.len == 0) {
        parser_advance(p);
        parser_fail(p, "a name");
        return false;
    }
    p->token = name;
    parser_advance(p);
    *ret_name = name.text;
    return true;
}

static struct node *parse_if(struct parser *p)
{
    struct node *node = parser_node(p, NODE_IF, p->token.start);
    parser_advance(p);
    node->left = parse_expression(p);
    if (!node->left || !parser_expect(p, TOKEN_THEN))
        return NULL;
    node->right = parse_expression(p);
    if (!node->right || !parser_expect(p, TOKEN_ELSE))
        return NULL;
    node->third = parse_expression(p);
    if (!node->third)
        return NULL;
    parser_raise(node, node->left);
    parser_raise(node, node->right);
    parser_raise(node, node->third);
    return parser_finish(p, node);
}

// `name in list` or `name in from..to`. The name is in scope after it.
static bool parse_iteration(struct parser *p, struct node *loop, struct node_iteration *iteration)
{
    str name;
    if (!take_definition(p, "", &name) || !parser_expect(p, TOKEN_IN))
        return false;
    iteration->from = parse_expression(p);
    if (!iteration->from)
        return false;
    if (parser_take(p, TOKEN_DOTS) && !(iteration->to = parse_expression(p)))
        return false;
    parser_raise(loop, iteration->from);
    parser_raise(loop, iteration->to);
    iteration->slot = scope_bind(p, name, BINDING_SLOT);
    return true;
}

static bool parse_iterations(struct parser *p, struct node *loop)
{
    ARRAY(struct node_iteration) iterations = {0};
    do {
        if (!parse_iteration(p, loop, ARRAY_PUSH(p->arena, &iterations)))
            return false;
    } while (parser_at(p, TOKEN_COMMA));
    loop->iterations = iterations.items;
    loop->iteration_count = iterations.count;
    return true;
}

static struct node *parse_loop(struct parser *p, enum node_kind kind, enum token_kind before_body)
{
    struct node *loop = parser_node(p, kind, p->token.start);
    size_t mark = scope_mark(p);
    if (!parse_iterations(p, loop))
        return NULL;
    if (kind == NODE_FOR)
        loop->slot = scope_bind(p, STR("partial"), BINDING_SLOT);
    if (!parser_expect(p, before_body))
        return NULL;
    loop->body = parse_expression(p);
    scope_leave(p, mark);
    if (!loop->body)
        return NULL;
    parser_raise(loop, loop->body);
    return parser_finish(p, loop);
}

struct node *parse_control(struct parser *p)
{
    if (!parser_enter(p))
        return NULL;
    struct node *node = parser_at(p, TOKEN_IF)     ? parse_if(p)
                        : parser_at(p, TOKEN_FOR)  ? parse_loop(p, NODE_FOR, TOKEN_RETURN)
                        : parser_at(p, TOKEN_SOME) ? parse_loop(p, NODE_SOME, TOKEN_SATISFIES)
                                                   : parse_loop(p, NODE_EVERY, TOKEN_SATISFIES);
    parser_leave(p);
    return node;
}

// ---- contexts ----

static bool take_key(struct parser *p, str *ret_key)
{
    struct token string = lexer_read(&p->lexer, p->token.end);
    if (string.kind != TOKEN_STRING)
        return take_definition(p, ":", ret_key);
    p->token = string;
    parser_advance(p);
    *ret_key = string.text;
    return true;
}

// Names of a context mostly begin alike and end differently.
static bool is_duplicate(const struct node_entry *entries, size_t count, str name)
{
    char last = name.len > 0 ? name.data[name.len - 1] : 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].name.len == name.len &&
            (name.len == 0 || entries[i].name.data[name.len - 1] == last) &&
            str_equal(entries[i].name, name))
            return true;
    return false;
}

// An entry sees those before it; a function also sees itself, so that it can recur.
static bool parse_entry(struct parser *p, struct node *context, struct node_entry *entry)
{
    if (!take_key(p, &entry->name))
        return false;
    scope_add_member(p, entry->name);
    bool is_function = lexer_read(&p->lexer, p->token.end).kind == TOKEN_FUNCTION;
    if (is_function)
        entry->slot = scope_bind(p, entry->name, BINDING_SLOT);
    uint16_t outer = p->self_slot;
    p->self_slot = is_function ? entry->slot : UINT16_MAX;
    if (!parser_expect(p, TOKEN_COLON))
        return false;
    entry->value = parse_expression(p);
    p->self_slot = outer;
    if (entry->value && !is_function)
        entry->slot = scope_bind(p, entry->name, BINDING_SLOT);
    parser_raise(context, entry->value);
    return entry->value != NULL;
}

struct node *parse_context(struct parser *p)
{
    ARRAY(struct node_entry) entries = {0};
    struct node *context = parser_node(p, NODE_CONTEXT, p->token.start);
    size_t mark = scope_mark(p);
    bool more = lexer_read(&p->lexer, p->token.end).kind != TOKEN_CLOSE_BRACE;
    if (!more)
        parser_advance(p);
    while (more) {
        size_t position = p->token.end;
        if (!parse_entry(p, context, ARRAY_PUSH(p->arena, &entries)))
            return NULL;
        if (is_duplicate(entries.items, entries.count - 1, entries.items[entries.count - 1].name))
            return parser_fail_at(p, position, "the context has this entry already");
        more = parser_at(p, TOKEN_COMMA);
    }
    scope_leave(p, mark);
    context->entries = entries.items;
    context->entry_count = entries.count;
    return parser_expect(p, TOKEN_CLOSE_BRACE) ? parser_finish(p, context) : NULL;
}

// ---- functions ----

static bool parse_parameter(struct parser *p, struct node_parameter *parameter)
{
    if (!take_definition(p, ",:)", &parameter->name))
        return false;
    if (parser_at(p, TOKEN_COLON) && !(parameter->type = parse_type(p)))
        return false;
    scope_bind(p, parameter->name, BINDING_SLOT);
    return true;
}

static bool parse_parameters(struct parser *p, struct node *function)
{
    ARRAY(struct node_parameter) parameters = {0};
    parser_advance(p);
    if (!parser_at(p, TOKEN_OPEN))
        return parser_expect(p, TOKEN_OPEN);
    bool more = lexer_read(&p->lexer, p->token.end).kind != TOKEN_CLOSE;
    if (!more)
        parser_advance(p);
    while (more) {
        if (!parse_parameter(p, ARRAY_PUSH(p->arena, &parameters)))
            return false;
        more = parser_at(p, TOKEN_COMMA);
    }
    function->parameters = parameters.items;
    function->parameter_count = parameters.count;
    return parser_expect(p, TOKEN_CLOSE);
}

// Java and PMML are not reached from here: such a function is read, and its calls are null.
static struct node *parse_body(struct parser *p)
{
    bool is_external = parser_at(p, TOKEN_NAME) && str_equal(p->token.text, STR("external"));
    if (!is_external)
        return parse_expression(p);
    size_t position = p->token.start;
    parser_advance(p);
    return parse_expression(p) ? parser_constant(p, feel_null(), position) : NULL;
}

struct node *parse_function(struct parser *p)
{
    struct node *function = parser_node(p, NODE_FUNCTION, p->token.start);
    size_t mark = scope_mark(p);
    function->self_slot = p->self_slot;
    p->self_slot = UINT16_MAX;
    if (!parser_enter(p))
        return NULL;
    scope_enter_function(p);
    if (!parse_parameters(p, function))
        return NULL;
    function->function_body = parse_body(p);
    scope_leave(p, mark);
    function->slot_count = scope_leave_function(p);
    parser_leave(p);
    if (!function->function_body)
        return NULL;
    return function;
}

// ---- types ----

static const struct feel_type *type_at(struct parser *p, size_t *at);

static bool skip_symbol(struct parser *p, size_t *at, str symbol)
{
    size_t start = lexer_skip_space(&p->lexer, *at);
    if (!str_starts_with(str_from_index(p->lexer.source, start), symbol))
        return false;
    *at = start + symbol.len;
    return true;
}

static const struct feel_type *fail_type(struct parser *p, size_t at, const char *wanted)
{
    p->token.end = at;
    parser_advance(p);
    parser_fail(p, wanted);
    return NULL;
}

// "Loan", "first name", "library.Loan"
static const struct feel_type *named_type(struct parser *p, size_t *at)
{
    size_t end;
    const struct feel_type *type = type_match_name(&p->lexer, *at, &end);
    if (type) {
        *at = end;
        return type;
    }
    struct token name = lexer_read(&p->lexer, *at);
    if (name.kind != TOKEN_NAME)
        return fail_type(p, *at, "a type");
    str text = name.text;
    *at = name.end;
    while (skip_symbol(p, at, STR("."))) {
        name = lexer_read(&p->lexer, *at);
        text = str_format(p->arena, "%.*s.%.*s", STR_ARG(text), STR_ARG(name.text));
        *at = name.end;
    }
    if (p->options->resolve_type)
        type = p->options->resolve_type(p->options->resolve_context, text);
    return type ? type : type_unknown(p->arena, text);
}

static const struct feel_type *element_type(struct parser *p, enum feel_type_kind kind, size_t *at)
{
    struct feel_type *type = ARENA_NEW(p->arena, struct feel_type);
    type->kind = kind;
    type->element = type_at(p, at);
    if (!type->element)
        return NULL;
    return skip_symbol(p, at, STR(">")) ? type : fail_type(p, *at, "'>'");
}

typedef ARRAY(struct feel_type_member) member_array;

// `name: type` of a context, or a bare type of a function's parameter.
static bool parse_member(struct parser *p, bool named, size_t *at, struct feel_type_member *member)
{
    if (named) {
        struct token name = lexer_read_definition(&p->lexer, *at, ":>");
        *at = name.end;
        member->name = name.text;
        if (name.text.len == 0 || !skip_symbol(p, at, STR(":")))
            return fail_type(p, *at, "':' and a type") != NULL;
    }
    member->type = type_at(p, at);
    return member->type != NULL;
}

static const struct feel_type *member_type(struct parser *p, enum feel_type_kind kind, size_t *at)
{
    struct feel_type *type = ARENA_NEW(p->arena, struct feel_type);
    member_array members = {0};
    type->kind = kind;
    bool more = !skip_symbol(p, at, STR(">"));
    while (more) {
        if (!parse_member(p, kind == FEEL_TYPE_CONTEXT, at, ARRAY_PUSH(p->arena, &members)))
            return NULL;
        more = skip_symbol(p, at, STR(","));
        if (!more && !skip_symbol(p, at, STR(">")))
            return fail_type(p, *at, "',' or '>'");
    }
    type->members = members.items;
    type->member_count = members.count;
    if (kind != FEEL_TYPE_FUNCTION)
        return type;
    if (!skip_symbol(p, at, STR("->")))
        return fail_type(p, *at, "'->' and the type of the result");
    type->element = type_at(p, at);
    return type->element ? type : NULL;
}

static const struct feel_type *generic_type(struct parser *p, size_t *at, bool *ret_found)
{
    static const struct {
        str word;
        enum feel_type_kind kind;
        bool has_members;
    } generics[] = {
        {{"list", 4}, FEEL_TYPE_LIST, false},
        {{"range", 5}, FEEL_TYPE_RANGE, false},
        {{"context", 7}, FEEL_TYPE_CONTEXT, true},
        {{"function", 8}, FEEL_TYPE_FUNCTION, true},
    };
    *ret_found = false;
    for (size_t i = 0; i < COUNT_OF(generics); i++) {
        size_t end;
        if (!lexer_word_at(&p->lexer, *at, generics[i].word, &end) ||
            !skip_symbol(p, &end, STR("<")))
            continue;
        *at = end;
        *ret_found = true;
        return generics[i].has_members ? member_type(p, generics[i].kind, at)
                                       : element_type(p, generics[i].kind, at);
    }
    return NULL;
}

static const struct feel_type *type_at(struct parser *p, size_t *at)
{
    bool found;
    if (!parser_enter(p))
        return NULL;
    *at = lexer_skip_space(&p->lexer, *at);
    const struct feel_type *type = generic_type(p, at, &found);
    if (!found)
        type = named_type(p, at);
    parser_leave(p);
    return type;
}

// Reads the type after the current token and makes the token after it current.
const struct feel_type *parse_type(struct parser *p)
{
    size_t at = p->token.end;
    const struct feel_type *type = type_at(p, &at);
    if (!type)
        return NULL;
    p->token.end = at;
    parser_advance(p);
    return type;
}
