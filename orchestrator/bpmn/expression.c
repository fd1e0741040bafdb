// SPDX-License-Identifier: Apache-2.0
// Expressions of a model, compiled while it is read.
#include "bpmn/reader.h"

str reader_keep(struct reader *r, str text)
{
    return str_is_empty(text) ? STR_EMPTY : str_copy(r->arena, text);
}

struct compiled {
    const struct feel_program *program;
    size_t finding_count;
    const struct feel_finding *findings; // what can be said of it before it is evaluated
};

// Variables are JSON, so none of them is a function.
static bool is_never(void *context, str name)
{
    (void)context, (void)name;
    return false;
}

static void look_through(struct reader *r, struct compiled *compiled)
{
    struct feel_inference *inference = ARENA_NEW(r->scratch, struct feel_inference);
    inference->arena = r->scratch;
    inference->may_be_called = is_never;
    (void)feel_infer(compiled->program, inference);
    compiled->findings = inference->findings;
    compiled->finding_count = inference->count;
    if (compiled->finding_count > FEEL_FINDINGS_MAX)
        compiled->finding_count = FEEL_FINDINGS_MAX;
}

// Models say the same in many places: what is compiled from one text is shared.
static const struct compiled *compiled(struct reader *r, str source, struct error *err)
{
    struct compiled *known = map_get(&r->programs, source);
    const struct feel_program *program;
    if (known != NULL)
        return known;
    if (!feel_compile(r->arena, source, NULL, &program, err))
        return NULL;
    known = ARENA_NEW(r->scratch, struct compiled);
    known->program = program;
    if (feel_program_constant(program) == NULL)
        look_through(r, known);
    map_put(&r->programs, str_copy(r->scratch, source), known);
    return known;
}

static const struct feel_program *compile(struct reader *r, const struct bpmn_element *element,
                                          str source)
{
    struct error err;
    const struct compiled *c = compiled(r, source, &err);
    if (c == NULL) {
        reader_complain(r, BPMN_CODE_EXPRESSION_INVALID, element, str_of(err.text));
        return NULL;
    }
    for (size_t i = 0; i < c->finding_count; i++)
        reader_complain(r, BPMN_CODE_EXPRESSION_DOUBTFUL, element,
                        str_format(r->scratch, "%.*s in '%.*s'", STR_ARG(c->findings[i].text),
                                   STR_ARG(str_trim(source))));
    return c->program;
}

// Without xsi:type="tFormalExpression" an expression is a text for people by the standard.
void reader_note_expression(struct reader *r, str id, const struct bpmn_xml_node *node)
{
    static const char *const names[] = {
        "conditionExpression", "condition",     "timeDate",
        "timeDuration",        "timeCycle",     "loopCardinality",
        "completionCondition", "loopCondition", "activationCondition",
        "formalExpression",
    };
    bool is_expression = false;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        is_expression |= str_equal(node->name, str_of(names[i]));
    if (!is_expression)
        return;
    bool is_typed = str_equal(node->name, STR("formalExpression")) ||
                    bpmn_xml_attribute_in(node, XML_SCHEMA_INSTANCE, STR("type")).data != NULL;
    if (str_is_empty(str_trim(node->text)) && node->first == NULL)
        reader_problem(r, BPMN_CODE_EXPRESSION_EMPTY, id, node->line, node->name);
    else if (!is_typed)
        reader_problem(r, BPMN_CODE_EXPRESSION_UNTYPED, id, node->line, node->name);
}

const struct feel_program *reader_constant(struct reader *r, str text)
{
    struct error err;
    struct strbuf source = strbuf_new(r->scratch);
    json_quote(&source, text);
    const struct compiled *c = compiled(r, strbuf_str(&source), &err);
    return c ? c->program : NULL;
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

void reader_check_count(struct reader *r, const struct bpmn_element *element,
                        const struct feel_program *program, struct count count)
{
    const feel_value *value = program ? feel_program_constant(program) : NULL;
    feel_value number = value ? *value : feel_null();
    int64_t whole;
    if (value == NULL || feel_is_null(*value))
        return;
    bool is_number =
        feel_is(number, FEEL_NUMBER) ||
        (feel_is(number, FEEL_STRING) && feel_number_parse(str_trim(number.string), &number));
    if (!is_number || !feel_to_i64(number, &whole) || whole < count.low || whole > count.high)
        reader_complain(
            r, BPMN_CODE_COUNT_INVALID, element,
            str_format(r->scratch, "%s: %.*s", count.what, STR_ARG(feel_program_source(program))));
}

const struct feel_program *reader_foreign(struct reader *r, const struct bpmn_element *element,
                                          str text)
{
    str method = juel_is_mixed(text) ? juel_method(r->scratch, text) : STR_EMPTY;
    if (!juel_is_mixed(text))
        return reader_property(r, element, text);
    if (str_is_empty(method))
        return compile(r, element, juel_join(r->scratch, text));
    reader_complain(
        r, BPMN_CODE_EXPRESSION_INVALID, element,
        str_format(r->arena, "a method is called, which only Java has: %.*s", STR_ARG(method)));
    return NULL;
}

const struct feel_program *reader_expression(struct reader *r, const struct bpmn_element *element,
                                             str text)
{
    str trimmed = str_trim(text);
    if (str_is_empty(trimmed))
        return NULL;
    str method = juel_is(trimmed) ? juel_method(r->scratch, trimmed) : STR_EMPTY;
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
