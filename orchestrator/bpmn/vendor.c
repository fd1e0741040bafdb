// SPDX-License-Identifier: Apache-2.0
//
// What of Camunda 7's, Flowable's and Activiti's extensions becomes part of a job. What is said
// about the rest: foreign.c.
#include "bpmn/reader.h"

// A case is a language of its own.
void vendor_refuse_cases(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node)
{
    if (!str_is_empty(bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("caseRef"))))
        reader_complain(r, BPMN_CODE_UNSUPPORTED_ELEMENT, element,
                        STR("camunda:caseRef: a CMMN case"));
}

// -- Jobs -------------------------------------------------------------------------------

// "R3/PT10M": three tries. Their distance is the worker's to say.
str vendor_retries(struct reader *r, const struct bpmn_element *element,
                   const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *cycle =
        reader_extension(node, XML_CAMUNDA, "failedJobRetryTimeCycle");
    str rest = cycle ? str_trim(cycle->text) : STR_EMPTY, first;
    uint64_t number;
    if (cycle == NULL)
        return STR_EMPTY;
    if (rest.len > 1 && rest.data[0] == 'R' && str_split(&rest, '/', &first) &&
        str_to_u64(str_from_index(first, 1), &number) && number > 0) {
        reader_complain(r, BPMN_CODE_TRANSLATED, element, STR("camunda:failedJobRetryTimeCycle"));
        return str_from_index(first, 1);
    }
    reader_complain(r, BPMN_CODE_VENDOR_EXTENSION_IGNORED, element,
                    STR("camunda:failedJobRetryTimeCycle without R and a number"));
    return STR_EMPTY;
}

str vendor_priority(const struct bpmn_xml_node *node)
{
    str priority = bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("taskPriority"));
    return str_is_empty(priority) ? bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("jobPriority"))
                                  : priority;
}

static str value_of_field(const struct bpmn_xml_node *field)
{
    static const char *const names[] = {"stringValue", "expression", "string"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str value = bpmn_xml_attribute(field, str_of(names[i]));
        const struct bpmn_xml_node *child = bpmn_xml_child(field, XML_CAMUNDA, str_of(names[i]));
        if (!str_is_empty(value))
            return value;
        if (child != NULL)
            return str_trim(child->text);
    }
    return STR_EMPTY;
}

// Fields of a delegate, and where its result goes, are for whoever does the work: headers.
void vendor_add_headers(struct reader *r, const struct bpmn_xml_node *node, struct json_writer *w,
                        struct map *seen)
{
    const struct bpmn_xml_node *field = reader_extension(node, XML_CAMUNDA, "field");
    str result = bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("resultVariable"));
    if (str_is_empty(result))
        result = bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("resultVariableName"));
    for (; field != NULL; field = bpmn_xml_again(field)) {
        str name = bpmn_xml_attribute(field, STR("name"));
        if (str_is_empty(name) || map_get(seen, name) != NULL)
            continue;
        map_put(seen, name, r);
        json_key(w, name);
        json_string(w, value_of_field(field));
    }
    if (str_is_empty(result) || map_get(seen, STR("resultVariable")) != NULL)
        return;
    json_key(w, STR("resultVariable"));
    json_string(w, result);
}

// -- Parameters -------------------------------------------------------------------------

static bool add_parameter(struct strbuf *out, const struct bpmn_xml_node *node);

static bool add_items(struct strbuf *out, const struct bpmn_xml_node *list)
{
    bool is_first = true;
    strbuf_add_char(out, '[');
    for (const struct bpmn_xml_node *n = list->first; n != NULL; n = n->next) {
        if (!is_first)
            strbuf_add(out, STR(", "));
        if (!add_parameter(out, n))
            return false;
        is_first = false;
    }
    strbuf_add_char(out, ']');
    return true;
}

static bool add_entries(struct strbuf *out, const struct bpmn_xml_node *map)
{
    bool is_first = true;
    strbuf_add_char(out, '{');
    for (const struct bpmn_xml_node *n = map->first; n != NULL; n = n->next) {
        if (!bpmn_xml_is(n, XML_CAMUNDA, STR("entry")))
            continue;
        if (!is_first)
            strbuf_add(out, STR(", "));
        json_quote(out, bpmn_xml_attribute(n, STR("key")));
        strbuf_add(out, STR(": "));
        if (!add_parameter(out, n))
            return false;
        is_first = false;
    }
    strbuf_add_char(out, '}');
    return true;
}

static bool add_parameter(struct strbuf *out, const struct bpmn_xml_node *node)
{
    str text = str_trim(node->text);
    if (bpmn_xml_is(node, XML_CAMUNDA, STR("script")))
        return false;
    if (bpmn_xml_is(node, XML_CAMUNDA, STR("list")))
        return add_items(out, node);
    if (bpmn_xml_is(node, XML_CAMUNDA, STR("map")))
        return add_entries(out, node);
    if (node->first != NULL)
        return add_parameter(out, node->first);
    if (str_is_empty(text))
        strbuf_add(out, STR("null"));
    else if ((juel_is(text) || juel_is_mixed(text)) && !str_is_empty(juel_method(out->arena, text)))
        return false;
    else if (juel_is(text))
        strbuf_add(out, juel_to_feel(out->arena, text));
    else if (juel_is_mixed(text))
        strbuf_add(out, juel_join(out->arena, text));
    else
        json_quote(out, node->text);
    return true;
}

str vendor_parameter(struct arena *arena, const struct bpmn_xml_node *node)
{
    str text = str_trim(node->text);
    struct strbuf out = strbuf_new(arena);
    if (node->first == NULL && juel_is(text))
        return text; // read as an expression, with what that says about methods
    return add_parameter(&out, node) ? strbuf_str(&out) : (str){NULL, 0};
}
