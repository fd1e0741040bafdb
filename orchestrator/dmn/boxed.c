// SPDX-License-Identifier: Apache-2.0
//
// Boxed expressions (DMN chapter 7.3.1, 8, 10.2) from XML. A name is in scope as the element that
// binds it says; FEEL is compiled with those names.
#include "dmn/table.h"

enum { BOXED_DEPTH_MAX = 64 };

bool builder_name_known(const struct builder *b, str name)
{
    for (size_t i = 0; i < b->names.count; i++)
        if (str_equal(b->names.items[i], name))
            return true;
    return false;
}

str builder_text(const struct xml_element *element)
{
    const struct xml_element *text = xml_child(element, "text");
    return str_trim(text ? text->text : element->text);
}

// ---- FEEL ----

static const struct feel_type *resolve_type(void *context, str name)
{
    struct builder *b = context;
    size_t errors = b->problems->errors, count = b->problems->list.count;
    const struct feel_type *type = builder_type(b, name, NULL);
    b->problems->errors = errors; // reported where the expression stands, if it matters there
    b->problems->list.count = count;
    return type;
}

static bool is_feel(struct builder *b, const struct xml_element *at)
{
    str language = xml_attribute(at, "expressionLanguage", STR_EMPTY);
    if (language.len == 0 || str_find(language, STR("FEEL")) != SIZE_MAX ||
        str_equal_ignoring_case(language, STR("feel")))
        return true;
    builder_problem(b, PROBLEM_UNSUPPORTED, at, "the expression language '%.*s' is not FEEL",
                    STR_ARG(language));
    return false;
}

static void check_names(struct builder *b, const struct feel_program *program,
                        const struct xml_element *at)
{
    const str *names;
    size_t count = feel_program_names(program, &names);
    if (b->model->is_called_with_variables)
        return;
    for (size_t i = 0; i < count && !b->dynamic; i++)
        if (!builder_name_known(b, names[i]) && !str_equal(names[i], STR("?")))
            builder_problem(b, PROBLEM_UNKNOWN_NAME, at, "nothing here is called '%.*s'",
                            STR_ARG(names[i]));
}

typedef bool (*compile_function)(struct arena *, str, const struct feel_compile_options *,
                                 const struct feel_program **, struct error *);

static const struct feel_program *compile(struct builder *b, str text, const struct xml_element *at,
                                          compile_function function)
{
    const struct feel_program *program;
    struct error err;
    struct feel_compile_options options = {
        .names = b->names.items,
        .name_count = b->names.count,
        .known_members = b->model->members,
        .resolve_type = resolve_type,
        .resolve_context = b,
        .zones = b->zones,
    };
    if (!is_feel(b, at))
        return NULL;
    if (!function(b->arena, text, &options, &program, &err)) {
        builder_problem(b, PROBLEM_SYNTAX, at, "%s", err.text);
        return NULL;
    }
    check_names(b, program, at);
    return program;
}

const struct feel_program *builder_expression(struct builder *b, str text,
                                              const struct xml_element *at)
{
    return compile(b, text, at, feel_compile);
}

const struct feel_program *builder_tests(struct builder *b, str text, const struct xml_element *at)
{
    return compile(b, text, at, feel_compile_unary_tests);
}

// ---- the kinds of boxed expressions ----

static struct expression *new_expression(struct builder *b, enum expression_kind kind,
                                         const struct xml_element *at)
{
    struct expression *e = ARENA_NEW(b->arena, struct expression);
    e->kind = kind;
    e->line = at->line;
    e->type = builder_type_of(b, at);
    return e;
}

static const struct expression *literal(struct builder *b, const struct xml_element *x)
{
    str text = builder_text(x);
    if (text.len == 0)
        return NULL;
    struct expression *e = new_expression(b, EXPRESSION_LITERAL, x);
    e->program = builder_expression(b, text, x);
    if (e->program == NULL)
        return NULL;
    const feel_value *constant = feel_program_constant(e->program);
    e->inferred = builder_infer(b, e->program, NULL, x);
    if (constant)
        builder_conforms(b, *constant, e->type, x);
    else
        builder_may_be(b, e->inferred, e->type, x);
    return e;
}

static const struct expression *table(struct builder *b, const struct xml_element *x)
{
    struct expression *e = new_expression(b, EXPRESSION_TABLE, x);
    e->table = builder_table(b, x);
    if (e->table)
        e->inferred = table_type(b, e->table);
    return e->table ? e : NULL;
}

typedef ARRAY(struct named_expression) part_array;

static struct expression *with_parts(struct expression *e, const part_array *parts)
{
    e->parts = parts->items;
    e->part_count = parts->count;
    return e;
}

static const struct feel_type *inferred(const struct expression *e)
{
    return e ? e->inferred : NULL;
}

// Declared, else inferred.
static const struct feel_type *known_type(const struct named_expression *part)
{
    return part->type ? part->type : inferred(part->value);
}

// Of a context's entries; its value is that of the entry without a name, if there is one.
static const struct feel_type *context_type(struct builder *b, const part_array *parts)
{
    struct feel_type *type = ARENA_NEW(b->arena, struct feel_type);
    struct feel_type_member *members = ARENA_ARRAY(b->arena, struct feel_type_member, parts->count);
    *type = (struct feel_type){.kind = FEEL_TYPE_CONTEXT, .name = STR("context")};
    for (size_t i = 0; i < parts->count; i++) {
        if (parts->items[i].name.len == 0)
            return known_type(&parts->items[i]);
        members[i] = (struct feel_type_member){parts->items[i].name, known_type(&parts->items[i])};
    }
    type->members = members;
    type->member_count = parts->count;
    return type;
}

// An entry sees those before it, and itself when it is a function.
static const struct expression *context(struct builder *b, const struct xml_element *x)
{
    part_array parts = {0};
    size_t names = b->names.count;
    const struct xml_element *c = xml_child(x, "contextEntry");
    for (; c; c = xml_next(c, "contextEntry")) {
        const struct xml_element *variable = xml_child(c, "variable");
        struct named_expression part = {.name = STR_EMPTY};
        if (variable)
            part.name = model_normalize(b->arena, xml_attribute(variable, "name", STR_EMPTY));
        part.type = builder_type_of(b, variable);
        bool is_function = xml_child(c, "functionDefinition") != NULL;
        if (variable && is_function)
            builder_bind(b, part.name, NULL);
        part.value = builder_logic(b, c);
        builder_may_be(b, inferred(part.value), part.type, c);
        if (variable && !is_function)
            builder_bind(b, part.name, known_type(&part));
        *ARRAY_PUSH(b->arena, &parts) = part;
    }
    builder_unbind(b, names);
    struct expression *e = with_parts(new_expression(b, EXPRESSION_CONTEXT, x), &parts);
    e->inferred = context_type(b, &parts);
    return e;
}

static const struct expression *invocation(struct builder *b, const struct xml_element *x)
{
    part_array parts = {0};
    struct expression *e = new_expression(b, EXPRESSION_INVOCATION, x);
    const struct xml_element *c = xml_child(x, "binding");
    e->callee = builder_logic(b, x);
    for (; c; c = xml_next(c, "binding")) {
        const struct xml_element *parameter = xml_child(c, "parameter");
        struct named_expression part = {.name = STR_EMPTY};
        if (parameter)
            part.name = model_normalize(b->arena, xml_attribute(parameter, "name", STR_EMPTY));
        part.value = builder_logic(b, c);
        *ARRAY_PUSH(b->arena, &parts) = part;
    }
    if (!e->callee)
        builder_problem(b, PROBLEM_MISSING, x, "an invocation names no function");
    return with_parts(e, &parts);
}

static bool is_boxed(const struct xml_element *x);

static const struct expression *list(struct builder *b, const struct xml_element *x)
{
    part_array parts = {0};
    for (const struct xml_element *c = x->first; c; c = c->next)
        if (is_boxed(c))
            *ARRAY_PUSH(b->arena, &parts) = (struct named_expression){.value = builder_boxed(b, c)};
    return with_parts(new_expression(b, EXPRESSION_LIST, x), &parts);
}

static void relation_row(struct builder *b, const struct xml_element *row,
                         const part_array *columns, part_array *parts)
{
    size_t at = 0;
    for (const struct xml_element *c = row->first; c; c = c->next) {
        if (!is_boxed(c))
            continue;
        if (at == columns->count) {
            builder_problem(b, PROBLEM_TABLE, row,
                            "a row has more cells than the relation columns");
            return;
        }
        struct named_expression part = columns->items[at++];
        part.value = builder_boxed(b, c);
        *ARRAY_PUSH(b->arena, parts) = part;
    }
    for (; at < columns->count; at++)
        *ARRAY_PUSH(b->arena, parts) = columns->items[at];
}

static const struct expression *relation(struct builder *b, const struct xml_element *x)
{
    part_array parts = {0}, columns = {0};
    const struct xml_element *c = xml_child(x, "column");
    for (; c; c = xml_next(c, "column"))
        *ARRAY_PUSH(b->arena, &columns) = (struct named_expression){
            model_normalize(b->arena, xml_attribute(c, "name", STR_EMPTY)), builder_type_of(b, c),
            NULL};
    for (c = xml_child(x, "row"); c; c = xml_next(c, "row"))
        relation_row(b, c, &columns, &parts);
    struct expression *e = with_parts(new_expression(b, EXPRESSION_RELATION, x), &parts);
    e->column_count = columns.count;
    return e;
}

const struct expression *builder_function(struct builder *b, const struct xml_element *x)
{
    struct expression *e = new_expression(b, EXPRESSION_FUNCTION, x);
    name_array parameters = {0};
    ARRAY(const struct feel_type *) types = {0};
    size_t names = b->names.count;
    str kind = xml_attribute(x, "kind", STR("FEEL"));
    const struct xml_element *p = xml_child(x, "formalParameter");
    for (; p; p = xml_next(p, "formalParameter")) {
        str name = model_normalize(b->arena, xml_attribute(p, "name", STR_EMPTY));
        *ARRAY_PUSH(b->arena, &parameters) = name;
        *ARRAY_PUSH(b->arena, &types) = builder_type_of(b, p);
        builder_bind(b, name, types.items[types.count - 1]);
    }
    e->parameters = parameters.items;
    e->parameter_types = types.items;
    e->parameter_count = parameters.count;
    e->is_external = !str_equal(kind, STR("FEEL")) && !str_equal(kind, STR("F"));
    if (e->is_external)
        builder_problem(b, PROBLEM_UNSUPPORTED, x, "functions in %.*s are not called",
                        STR_ARG(kind));
    else
        e->body = builder_logic(b, x);
    builder_unbind(b, names);
    return e;
}

// The boxed expression inside a child element such as <if> or <in>.
static const struct expression *inside(struct builder *b, const struct xml_element *x,
                                       const char *name)
{
    const struct xml_element *child = xml_child(x, name);
    if (child)
        return builder_logic(b, child);
    builder_problem(b, PROBLEM_MISSING, x, "a %.*s has no %s", STR_ARG(x->name), name);
    return NULL;
}

static const struct expression *conditional(struct builder *b, const struct xml_element *x)
{
    struct expression *e = new_expression(b, EXPRESSION_CONDITIONAL, x);
    e->condition = inside(b, x, "if");
    builder_may_be(b, inferred(e->condition), feel_type_named(STR("boolean")), x);
    e->then = inside(b, x, "then");
    e->otherwise = inside(b, x, "else");
    return e;
}

// What iterates is FEEL itself, over a list and a function that evaluates the body: `_in` and
// `_each` are looked up in a scope made for it.
static const struct feel_program *loop_program(struct builder *b, enum expression_kind kind)
{
    static const char *const sources[] = {
        [EXPRESSION_FILTER] = "_in[_each(item)]",
        [EXPRESSION_FOR] = "for _i in _in return _each(_i, partial)",
        [EXPRESSION_SOME] = "some _i in _in satisfies _each(_i)",
        [EXPRESSION_EVERY] = "every _i in _in satisfies _each(_i)",
    };
    const struct feel_program *program;
    struct error err;
    bool compiled = feel_compile(b->arena, str_of(sources[kind]), NULL, &program, &err);
    check(compiled);
    return program;
}

static const struct expression *iterator(struct builder *b, const struct xml_element *x,
                                         enum expression_kind kind, const char *body)
{
    struct expression *e = new_expression(b, kind, x);
    const struct xml_element *in = xml_child(x, "in");
    size_t names = b->names.count;
    e->variable = kind == EXPRESSION_FILTER
                      ? STR("item")
                      : model_normalize(b->arena, xml_attribute(x, "iteratorVariable", STR_EMPTY));
    e->variable_type = in ? builder_type_of(b, in) : NULL;
    e->in = inside(b, x, "in");
    const struct feel_type *items = e->variable_type ? e->variable_type : inferred(e->in);
    bool is_list = items != NULL && items->kind == FEEL_TYPE_LIST;
    builder_bind(b, e->variable, is_list ? items->element : NULL);
    if (kind == EXPRESSION_FOR)
        builder_bind(b, STR("partial"), NULL);
    b->dynamic += kind == EXPRESSION_FILTER;
    e->each = inside(b, x, body);
    b->dynamic -= kind == EXPRESSION_FILTER;
    builder_unbind(b, names);
    if (kind == EXPRESSION_SOME || kind == EXPRESSION_EVERY)
        builder_may_be(b, inferred(e->each), feel_type_named(STR("boolean")), x);
    e->loop = loop_program(b, kind);
    return e;
}

static const struct expression *filter(struct builder *b, const struct xml_element *x)
{
    return iterator(b, x, EXPRESSION_FILTER, "match");
}

static const struct expression *for_each(struct builder *b, const struct xml_element *x)
{
    return iterator(b, x, EXPRESSION_FOR, "return");
}

static const struct expression *some(struct builder *b, const struct xml_element *x)
{
    return iterator(b, x, EXPRESSION_SOME, "satisfies");
}

static const struct expression *every(struct builder *b, const struct xml_element *x)
{
    return iterator(b, x, EXPRESSION_EVERY, "satisfies");
}

static const struct {
    const char *element;
    const struct expression *(*compile)(struct builder *b, const struct xml_element *x);
} kinds[] = {
    {"literalExpression", literal},
    {"decisionTable", table},
    {"context", context},
    {"invocation", invocation},
    {"list", list},
    {"relation", relation},
    {"functionDefinition", builder_function},
    {"conditional", conditional},
    {"filter", filter},
    {"for", for_each},
    {"some", some},
    {"every", every},
};

static bool is_boxed(const struct xml_element *x)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (xml_is(x, kinds[i].element))
            return true;
    return false;
}

const struct expression *builder_boxed(struct builder *b, const struct xml_element *element)
{
    const struct expression *e = NULL;
    if (b->depth >= BOXED_DEPTH_MAX) {
        builder_problem(b, PROBLEM_SYNTAX, element, "boxed expressions are nested deeper than %d",
                        BOXED_DEPTH_MAX);
        return NULL;
    }
    b->depth++;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (xml_is(element, kinds[i].element))
            e = kinds[i].compile(b, element);
    b->depth--;
    return e;
}

const struct expression *builder_logic(struct builder *b, const struct xml_element *parent)
{
    for (const struct xml_element *x = parent->first; x; x = x->next)
        if (is_boxed(x))
            return builder_boxed(b, x);
    return NULL;
}
