// SPDX-License-Identifier: Apache-2.0
// Multi-instance and standard loops (BPMN 2.0, 10.3.8).
#include "bpmn/reader.h"

static str child_text(const struct bpmn_xml_node *node, const char *name)
{
    const struct bpmn_xml_node *child = bpmn_xml_child(node, XML_BPMN, str_of(name));
    return child == NULL ? STR_EMPTY : str_trim(child->text);
}

static bool is_true(str text)
{
    return str_equal(text, STR("true"));
}

// A data reference names a variable: the one that fills the data input, or that the output fills.
static str variable_of(struct reader *r, const struct bpmn_element *element, str reference)
{
    const struct bpmn_xml_node *activity = r->element_nodes.items[element - r->elements.items];
    return reader_data_variable(r, activity, reference);
}

static void read_zeebe(struct reader *r, const struct bpmn_element *element,
                       const struct bpmn_xml_node *node, struct bpmn_loop *loop)
{
    const struct bpmn_xml_node *zeebe = reader_extension(node, XML_ZEEBE, "loopCharacteristics");
    if (zeebe == NULL)
        return;
    loop->collection =
        reader_expression(r, element, bpmn_xml_attribute(zeebe, STR("inputCollection")));
    loop->element_variable = reader_keep(r, bpmn_xml_attribute(zeebe, STR("inputElement")));
    loop->output_collection = reader_keep(r, bpmn_xml_attribute(zeebe, STR("outputCollection")));
    loop->output_element =
        reader_expression(r, element, bpmn_xml_attribute(zeebe, STR("outputElement")));
    if (str_is_empty(loop->output_collection) !=
        str_is_empty(str_trim(bpmn_xml_attribute(zeebe, STR("outputElement")))))
        reader_complain(r, BPMN_CODE_EXPRESSION_MISSING, element,
                        STR("outputCollection and outputElement belong together"));
}

static void read_camunda(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node, struct bpmn_loop *loop)
{
    str collection = bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("collection"));
    if (loop->collection != NULL || str_is_empty(collection))
        return;
    loop->collection = reader_expression(r, element, collection);
    loop->element_variable =
        reader_keep(r, bpmn_xml_attribute_in(node, XML_CAMUNDA, STR("elementVariable")));
    reader_complain(r, BPMN_CODE_TRANSLATED, element, STR("camunda:collection"));
}

static void read_standard(struct reader *r, const struct bpmn_element *element,
                          const struct bpmn_xml_node *node, struct bpmn_loop *loop)
{
    str input = child_text(node, "loopDataInputRef");
    str output = child_text(node, "loopDataOutputRef");
    if (loop->collection == NULL && !str_is_empty(input)) {
        loop->collection =
            reader_expression(r, element, reader_variable(r, variable_of(r, element, input)));
        const struct bpmn_xml_node *item = bpmn_xml_child(node, XML_BPMN, STR("inputDataItem"));
        loop->element_variable = reader_keep(r, bpmn_xml_attribute(item, STR("name")));
    }
    if (str_is_empty(loop->output_collection) && !str_is_empty(output)) {
        loop->output_collection = reader_keep(r, variable_of(r, element, output));
        const struct bpmn_xml_node *item = bpmn_xml_child(node, XML_BPMN, STR("outputDataItem"));
        loop->output_element = reader_expression(r, element, bpmn_xml_attribute(item, STR("name")));
    }
}

// The signal that an event definition reference names.
static const struct feel_program *signal_of(struct reader *r, const struct bpmn_element *element,
                                            str reference)
{
    const struct bpmn_xml_node *definition =
        str_is_empty(reference) ? NULL : reader_node(r, reference);
    if (definition == NULL)
        return NULL;
    struct bpmn_trigger trigger;
    reader_read_trigger(r, element, definition, &trigger);
    return trigger.kind == BPMN_SIGNAL_TRIGGER ? trigger.name : NULL;
}

static const struct feel_program *signal_of_throw(struct reader *r,
                                                  const struct bpmn_element *element,
                                                  const struct bpmn_xml_node *complex)
{
    const struct bpmn_xml_node *event = bpmn_xml_child(complex, XML_BPMN, STR("event"));
    for (const struct bpmn_xml_node *n = event ? event->first : NULL; n != NULL; n = n->next) {
        struct bpmn_trigger trigger;
        reader_read_trigger(r, element, n, &trigger);
        if (trigger.kind == BPMN_SIGNAL_TRIGGER)
            return trigger.name;
    }
    return NULL;
}

static void read_complex(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node, struct bpmn_loop *loop)
{
    const struct bpmn_xml_node *first =
        bpmn_xml_child(node, XML_BPMN, STR("complexBehaviorDefinition"));
    uint32_t count = 0;
    for (const struct bpmn_xml_node *n = first; n != NULL; n = bpmn_xml_again(n))
        count++;
    struct bpmn_behavior *behaviors = ARENA_ARRAY(r->arena, struct bpmn_behavior, count);
    for (const struct bpmn_xml_node *n = first; n != NULL; n = bpmn_xml_again(n))
        behaviors[loop->behavior_count++] =
            (struct bpmn_behavior){reader_expression(r, element, child_text(n, "condition")),
                                   signal_of_throw(r, element, n)};
    loop->behaviors = behaviors;
}

static void read_behavior(struct reader *r, const struct bpmn_element *element,
                          const struct bpmn_xml_node *node, struct bpmn_loop *loop)
{
    str behavior = bpmn_xml_attribute(node, STR("behavior"));
    if (str_equal_ignoring_case(behavior, STR("None"))) {
        loop->behavior = BPMN_THROW_NONE;
        loop->behavior_signal =
            signal_of(r, element, bpmn_xml_attribute(node, STR("noneBehaviorEventRef")));
    } else if (str_equal_ignoring_case(behavior, STR("One"))) {
        loop->behavior = BPMN_THROW_ONE;
        loop->behavior_signal =
            signal_of(r, element, bpmn_xml_attribute(node, STR("oneBehaviorEventRef")));
    } else if (str_equal_ignoring_case(behavior, STR("Complex"))) {
        loop->behavior = BPMN_THROW_COMPLEX;
        read_complex(r, element, node, loop);
    }
}

static void read_multi_instance(struct reader *r, struct bpmn_element *element,
                                const struct bpmn_xml_node *node)
{
    struct bpmn_loop *loop = ARENA_NEW(r->arena, struct bpmn_loop);
    element->loop = loop;
    loop->element_variable = loop->output_collection = STR_EMPTY;
    loop->sequential = is_true(bpmn_xml_attribute(node, STR("isSequential")));
    loop->cardinality = reader_expression(r, element, child_text(node, "loopCardinality"));
    reader_check_count(r, element, loop->cardinality,
                       (struct count){"loopCardinality", 0, INT32_MAX});
    loop->condition = reader_expression(r, element, child_text(node, "completionCondition"));
    read_zeebe(r, element, node, loop);
    read_camunda(r, element, node, loop);
    read_standard(r, element, node, loop);
    read_behavior(r, element, node, loop);
    if (loop->collection == NULL && loop->cardinality == NULL)
        reader_complain(r, BPMN_CODE_LOOP_UNDEFINED, element, STR_EMPTY);
}

static void read_standard_loop(struct reader *r, struct bpmn_element *element,
                               const struct bpmn_xml_node *node)
{
    struct bpmn_loop *loop = ARENA_NEW(r->arena, struct bpmn_loop);
    element->loop = loop;
    loop->element_variable = loop->output_collection = STR_EMPTY;
    loop->standard = loop->sequential = true;
    loop->test_before = is_true(bpmn_xml_attribute(node, STR("testBefore")));
    loop->condition = reader_expression(r, element, child_text(node, "loopCondition"));
    loop->cardinality = reader_expression(r, element, bpmn_xml_attribute(node, STR("loopMaximum")));
    reader_check_count(r, element, loop->cardinality, (struct count){"loopMaximum", 0, INT32_MAX});
    if (loop->condition == NULL && loop->cardinality == NULL)
        reader_complain(r, BPMN_CODE_STANDARD_LOOP_UNBOUNDED, element, STR_EMPTY);
}

void reader_read_loop(struct reader *r, uint32_t index)
{
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *multiple =
        bpmn_xml_child(node, XML_BPMN, STR("multiInstanceLoopCharacteristics"));
    const struct bpmn_xml_node *standard =
        bpmn_xml_child(node, XML_BPMN, STR("standardLoopCharacteristics"));
    if (multiple != NULL && standard != NULL)
        reader_complain(r, BPMN_CODE_LOOP_TWICE, element, STR_EMPTY);
    if (multiple != NULL)
        read_multi_instance(r, element, multiple);
    else if (standard != NULL)
        read_standard_loop(r, element, standard);
}
