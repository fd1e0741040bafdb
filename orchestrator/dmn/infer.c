// SPDX-License-Identifier: Apache-2.0
//
// Types in a model before any input is known: names in scope with their types, and what FEEL says
// of expressions over them.
#include "dmn/model.h"

void builder_bind(struct builder *b, str name, const struct feel_type *type)
{
    *ARRAY_PUSH(b->arena, &b->names) = name;
    *ARRAY_PUSH(b->arena, &b->name_types) = type;
}

void builder_unbind(struct builder *b, size_t count)
{
    b->names.count = b->name_types.count = count;
}

static const struct feel_type *name_type(void *context, str name)
{
    const struct builder *b = context;
    for (size_t i = b->names.count; i-- > 0;)
        if (str_equal(b->names.items[i], name))
            return b->name_types.items[i];
    return NULL;
}

// What no element here is called comes from the caller, who gives data.
static bool is_bound(void *context, str name)
{
    return builder_name_known(context, name);
}

static const struct feel_type *infer_in(struct builder *b, struct arena *arena,
                                        const struct feel_program *program,
                                        const struct feel_type *input, const struct xml_element *at)
{
    struct feel_inference *inference = &b->inference;
    inference->arena = arena;
    inference->variable = name_type;
    inference->may_be_called = is_bound;
    inference->context = b;
    inference->input = input;
    inference->count = 0;
    const struct feel_type *type = feel_infer(program, inference);
    for (size_t i = 0; i < inference->count && i < FEEL_FINDINGS_MAX; i++) {
        const struct feel_finding *finding = &inference->findings[i];
        builder_problem(b, PROBLEM_TYPE, at, "%.*s (%u:%u in '%.*s')", STR_ARG(finding->text),
                        finding->line, finding->column, STR_ARG(feel_program_source(program)));
    }
    return type;
}

const struct feel_type *builder_infer(struct builder *b, const struct feel_program *program,
                                      const struct feel_type *input, const struct xml_element *at)
{
    return infer_in(b, b->arena, program, input, at);
}

void builder_infer_test(struct builder *b, const struct feel_program *program,
                        const struct feel_type *input, const struct xml_element *at)
{
    struct arena_mark mark = arena_mark(&b->scratch);
    (void)infer_in(b, &b->scratch, program, input, at);
    arena_rewind(&b->scratch, mark);
}

void builder_infer_entry(struct builder *b, const struct feel_program *program,
                         const struct feel_type *type, const struct xml_element *at)
{
    struct arena_mark mark = arena_mark(&b->scratch);
    builder_may_be(b, infer_in(b, &b->scratch, program, NULL, at), type, at);
    arena_rewind(&b->scratch, mark);
}

void builder_may_be(struct builder *b, const struct feel_type *from, const struct feel_type *to,
                    const struct xml_element *at)
{
    if (feel_type_may_be(from, to))
        return;
    struct strbuf text = strbuf_new(b->arena);
    strbuf_add(&text, STR("this gives "));
    feel_type_print(&text, from);
    strbuf_add(&text, STR(", the declared type is "));
    feel_type_print(&text, to);
    builder_problem(b, PROBLEM_TYPE, at, "%s", strbuf_cstr(&text));
}

static const struct feel_type *function_type(struct builder *b, const struct dmn_decision *e)
{
    struct feel_type *type = ARENA_NEW(b->arena, struct feel_type);
    struct feel_type_member *members =
        ARENA_ARRAY(b->arena, struct feel_type_member, e->parameter_count);
    bool is_function = e->type && e->type->kind == FEEL_TYPE_FUNCTION;
    *type = (struct feel_type){.kind = FEEL_TYPE_FUNCTION, .name = e->name};
    for (size_t i = 0; i < e->parameter_count; i++)
        members[i] = (struct feel_type_member){e->parameters[i], e->parameter_types[i]};
    type->members = members;
    type->member_count = e->parameter_count;
    type->element = is_function ? e->type->element : e->type;
    return type;
}

const struct feel_type *builder_element_type(struct builder *b, const struct dmn_decision *element)
{
    bool is_called = element->kind == ELEMENT_KNOWLEDGE || element->kind == ELEMENT_SERVICE;
    if (is_called) // one that is compiled later has no parameters yet
        return element->parameters ? function_type(b, element) : NULL;
    bool is_inferred = !element->type && element->logic;
    return is_inferred ? element->logic->inferred : element->type;
}
