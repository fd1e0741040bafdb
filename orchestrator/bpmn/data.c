// SPDX-License-Identifier: Apache-2.0
//
// Data associations (BPMN 2.0, 10.4.2). The variable of a data object, property, data input or
// output is its name, or its id. An association copies; one between things of the same name moves
// nothing, because the variable is the same on both ends.
#include "bpmn/reader.h"

static str variable_named(struct reader *r, str reference)
{
    const struct bpmn_xml_node *node = reader_node(r, reference);
    return node == NULL ? str_trim(reference) : reader_variable_of(r, node);
}

str reader_variable_of(struct reader *r, const struct bpmn_xml_node *node)
{
    str object = bpmn_xml_attribute(node, STR("dataObjectRef"));
    str name = str_trim(bpmn_xml_attribute(node, STR("name")));
    if (str_is_empty(name) && !str_is_empty(object))
        return variable_named(r, object);
    return str_is_empty(name) ? bpmn_xml_attribute(node, STR("id")) : name;
}

static str text_of(const struct bpmn_xml_node *node, const char *name)
{
    const struct bpmn_xml_node *child = bpmn_xml_child(node, XML_BPMN, str_of(name));
    return child == NULL ? STR_EMPTY : str_trim(child->text);
}

// A variable as an expression, whatever its name holds.
str reader_variable(struct reader *r, str name)
{
    bool is_plain = str_is_empty(name) || str_find_char(name, '`') != SIZE_MAX;
    return is_plain ? name : str_format(r->scratch, "`%.*s`", STR_ARG(name));
}

// What fills the data input of this id, or is filled by the data output; the id's own variable when
// nothing does. Drawing tools connect to places without a meaning of their own.
str reader_data_variable(struct reader *r, const struct bpmn_xml_node *activity, str reference)
{
    for (const struct bpmn_xml_node *n = activity->first; n != NULL; n = n->next) {
        bool is_input = bpmn_xml_is(n, XML_BPMN, STR("dataInputAssociation"));
        if (!is_input && !bpmn_xml_is(n, XML_BPMN, STR("dataOutputAssociation")))
            continue;
        str near = text_of(n, is_input ? "targetRef" : "sourceRef");
        str far = text_of(n, is_input ? "sourceRef" : "targetRef");
        if (!str_is_empty(far) && str_equal(near, str_trim(reference)))
            return variable_named(r, far);
    }
    return variable_named(r, reference);
}

static bool carries_data(const struct bpmn_xml_node *node)
{
    return bpmn_xml_child(node, XML_BPMN, STR("assignment")) != NULL ||
           bpmn_xml_child(node, XML_BPMN, STR("transformation")) != NULL;
}

// Both ends are known by a name of their own.
static bool copies(struct reader *r, const struct bpmn_xml_node *node)
{
    str ends[] = {text_of(node, "sourceRef"), text_of(node, "targetRef")};
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        const struct bpmn_xml_node *end = str_is_empty(ends[i]) ? NULL : reader_node(r, ends[i]);
        if (end == NULL || str_starts_with(variable_named(r, ends[i]), STR("__")))
            return false;
    }
    return !str_equal(variable_named(r, ends[0]), variable_named(r, ends[1]));
}

static void read_association(struct reader *r, struct bpmn_element *element,
                             const struct bpmn_xml_node *node, bool is_input)
{
    const struct bpmn_xml_node *assignment = bpmn_xml_child(node, XML_BPMN, STR("assignment"));
    str source = text_of(node, "transformation");
    str target = variable_named(r, text_of(node, "targetRef"));
    bool is_copy = str_is_empty(source);
    if (is_copy)
        source = variable_named(r, text_of(node, "sourceRef"));
    if (assignment != NULL && !str_is_empty(text_of(assignment, "from"))) {
        source = text_of(assignment, "from");
        is_copy = false;
    }
    if (assignment != NULL && reader_is_target(text_of(assignment, "to")))
        target = text_of(assignment, "to");
    if (!reader_is_target(target) || str_is_empty(source) ||
        (str_equal(source, target) && is_input))
        return;
    str text = is_copy ? reader_variable(r, source) : source;
    struct bpmn_mapping mapping = {reader_expression(r, element, text), reader_keep(r, target)};
    reader_add_data(r, element, mapping, is_input);
}

void reader_read_data(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    for (const struct bpmn_xml_node *n = r->element_nodes.items[index]->first; n != NULL;
         n = n->next) {
        bool is_input = bpmn_xml_is(n, XML_BPMN, STR("dataInputAssociation"));
        if ((is_input || bpmn_xml_is(n, XML_BPMN, STR("dataOutputAssociation"))) &&
            (carries_data(n) || copies(r, n)))
            read_association(r, element, n, is_input);
    }
}
