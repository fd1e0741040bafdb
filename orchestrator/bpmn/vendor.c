// SPDX-License-Identifier: Apache-2.0
//
// Extensions of other tools: what of Camunda 7's becomes part of a job, and what is said about the
// rest. An attribute or element with a meaning that is not taken over is named; what only says how
// an engine with a database of its own schedules its work, or how a tool draws, is not.
#include "bpmn/reader.h"

// Read somewhere in this layer, where the element has a use for them.
static const char *const read_names[] = {
    "topic",
    "class",
    "delegateExpression",
    "expression",
    "type",
    "collection",
    "elementVariable",
    "versionTag",
    "calledElementBinding",
    "calledElementVersion",
    "calledElementVersionTag",
    "decisionRef",
    "decisionRefBinding",
    "decisionRefVersion",
    "decisionRefVersionTag",
    "resultVariable",
    "assignee",
    "candidateUsers",
    "candidateGroups",
    "dueDate",
    "followUpDate",
    "priority",
    "formKey",
    "errorCodeVariable",
    "errorMessageVariable",
    "taskPriority",
    "jobPriority",
    "inputOutput",
    "connector",
    "in",
    "out",
    "field",
    "failedJobRetryTimeCycle",
    "caseRef",
};

// How Camunda 7 runs, shows or keeps things: without meaning here, and nothing is lost.
static const char *const harmless_names[] = {
    "asyncBefore",
    "asyncAfter",
    "async",
    "exclusive",
    "historyTimeToLive",
    "isStartableInTasklist",
    "modelerTemplate",
    "modelerTemplateVersion",
    "modelerTemplateIcon",
    "potentialStarter",
    "properties",
    "diagramRelationId",
};

static bool is_among(const char *const *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(name, str_of(names[i])))
            return true;
    return false;
}

static void name_ignored(struct reader *r, const struct bpmn_element *element, str name)
{
    if (!is_among(read_names, COUNT_OF(read_names), name) &&
        !is_among(harmless_names, COUNT_OF(harmless_names), name))
        reader_complain(r, BPMN_CODE_VENDOR_EXTENSION_IGNORED, element,
                        str_format(r->arena, "camunda:%.*s", STR_ARG(name)));
}

static void look_at(struct reader *r, const struct bpmn_element *element,
                    const struct bpmn_xml_node *node)
{
    const struct bpmn_xml_node *list = bpmn_xml_child(node, XML_BPMN, STR("extensionElements"));
    for (size_t i = 0; i < node->attribute_count; i++)
        if (node->attributes[i].space == XML_CAMUNDA)
            name_ignored(r, element, node->attributes[i].name);
    for (const struct bpmn_xml_node *n = list ? list->first : NULL; n != NULL; n = n->next)
        if (n->space == XML_CAMUNDA)
            name_ignored(r, element, n->name);
}

static bool is_about_element(const struct bpmn_xml_node *child)
{
    return child->space == XML_BPMN && (str_ends_with(child->name, STR("EventDefinition")) ||
                                        str_ends_with(child->name, STR("LoopCharacteristics")));
}

void reader_note_vendor(struct reader *r, uint32_t index)
{
    const struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    look_at(r, element, node);
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next)
        if (is_about_element(child))
            look_at(r, element, child);
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
