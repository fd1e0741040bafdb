// SPDX-License-Identifier: Apache-2.0
// Expressions of a model, compiled while it is read.
#include "bpmn/reader.h"

str reader_keep(struct reader *r, str text)
{
    return str_is_empty(text) ? STR_EMPTY : str_copy(r->arena, text);
}

static const struct feel_program *compile(struct reader *r, const struct bpmn_element *element,
                                          str source)
{
    const struct feel_program *program;
    struct error err;
    if (feel_compile(r->arena, source, NULL, &program, &err))
        return program;
    reader_complain(r, BPMN_CODE_EXPRESSION_INVALID, element, str_of(err.text));
    return NULL;
}

const struct feel_program *reader_constant(struct reader *r, str text)
{
    const struct feel_program *program;
    struct error err;
    struct strbuf source = strbuf_new(r->scratch);
    json_quote(&source, text);
    bool ok = feel_compile(r->arena, strbuf_str(&source), NULL, &program, &err);
    return ok ? program : NULL;
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
