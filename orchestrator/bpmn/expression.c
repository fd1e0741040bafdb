// SPDX-License-Identifier: Apache-2.0
// Expressions of a model, compiled while it is read.
#include "bpmn/reader.h"

str reader_keep(struct reader *r, str text)
{
    return str_is_empty(text) ? STR_EMPTY : str_copy(r->arena, text);
}

// Models say the same in many places: what is compiled from one text is shared.
static const struct feel_program *compiled(struct reader *r, str source, struct error *err)
{
    const struct feel_program *program = map_get(&r->programs, source);
    if (program != NULL || !feel_compile(r->arena, source, NULL, &program, err))
        return program;
    map_put(&r->programs, str_copy(r->scratch, source), (void *)(uintptr_t)program);
    return program;
}

static const struct feel_program *compile(struct reader *r, const struct bpmn_element *element,
                                          str source)
{
    struct error err;
    const struct feel_program *program = compiled(r, source, &err);
    if (program == NULL)
        reader_complain(r, BPMN_CODE_EXPRESSION_INVALID, element, str_of(err.text));
    return program;
}

const struct feel_program *reader_constant(struct reader *r, str text)
{
    struct error err;
    struct strbuf source = strbuf_new(r->scratch);
    json_quote(&source, text);
    return compiled(r, strbuf_str(&source), &err);
}

const struct feel_program *reader_property(struct reader *r, const struct bpmn_element *element,
                                           str text)
{
    str trimmed = str_trim(text);
    if (str_is_empty(trimmed))
        return NULL;
    if (trimmed.data[0] == '=' || juel_is(trimmed))
        return reader_expression(r, element, trimmed);
    return reader_constant(r, text);
}

const struct feel_program *reader_expression(struct reader *r, const struct bpmn_element *element,
                                             str text)
{
    str trimmed = str_trim(text);
    if (str_is_empty(trimmed))
        return NULL;
    str method = juel_is(trimmed) ? juel_method(trimmed) : STR_EMPTY;
    if (!str_is_empty(method)) {
        reader_complain(
            r, BPMN_CODE_EXPRESSION_INVALID, element,
            str_format(r->arena, "a method is called, which only Java has: %.*s", STR_ARG(method)));
        return NULL;
    }
    if (juel_is(trimmed))
        return compile(r, element, juel_to_feel(r->scratch, trimmed));
    if (trimmed.data[0] == '=')
        return compile(r, element, str_from_index(trimmed, 1));
    return compile(r, element, trimmed);
}
