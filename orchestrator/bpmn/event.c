// SPDX-License-Identifier: Apache-2.0
// Events and what they are about (BPMN 2.0, 10.5).
#include "bpmn/cycle.h"
#include "bpmn/reader.h"

static const struct {
    const char *element;
    enum bpmn_trigger_kind kind;
} definitions[] = {
#define TRIGGER(name, element, waits) {element, BPMN_##name##_TRIGGER},
#include "bpmn/triggers.def"
#undef TRIGGER
};

static enum bpmn_trigger_kind kind_of(const struct bpmn_xml_node *node)
{
    for (size_t i = 0; node->space == XML_BPMN && i < COUNT_OF(definitions); i++)
        if (str_equal(str_of(definitions[i].element), node->name))
            return definitions[i].kind;
    return BPMN_NO_TRIGGER;
}

// The node that an attribute such as messageRef names; NULL when the attribute is missing (no
// problem) or names nothing (one).
static const struct bpmn_xml_node *referred(struct reader *r, const struct bpmn_element *element,
                                            const struct bpmn_xml_node *holder, str attribute)
{
    str reference = bpmn_xml_attribute(holder, attribute);
    if (str_is_empty(str_trim(reference)))
        return NULL;
    const struct bpmn_xml_node *node = reader_node(r, reference);
    if (node == NULL)
        reader_complain(r, BPMN_CODE_REFERENCE_UNKNOWN, element, reference);
    return node;
}

static str name_or_id(const struct bpmn_xml_node *node)
{
    str name = str_trim(bpmn_xml_attribute(node, STR("name")));
    return str_is_empty(name) ? bpmn_xml_attribute(node, STR("id")) : name;
}

static void read_publication(struct reader *r, const struct bpmn_element *element,
                             const struct bpmn_xml_node *holder, struct bpmn_trigger *trigger)
{
    const struct bpmn_xml_node *publish = reader_extension(holder, XML_ZEEBE, "publishMessage");
    if (publish == NULL)
        return;
    trigger->correlation =
        reader_property(r, element, bpmn_xml_attribute(publish, STR("correlationKey")));
    trigger->message_id =
        reader_property(r, element, bpmn_xml_attribute(publish, STR("messageId")));
    trigger->time_to_live =
        reader_property(r, element, bpmn_xml_attribute(publish, STR("timeToLive")));
}

void reader_read_message(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *holder, struct bpmn_trigger *trigger)
{
    trigger->kind = BPMN_MESSAGE_TRIGGER;
    const struct bpmn_xml_node *message = referred(r, element, holder, STR("messageRef"));
    if (message == NULL)
        return;
    trigger->reference = reader_keep(r, bpmn_xml_attribute(message, STR("id")));
    trigger->name = reader_foreign(r, element, name_or_id(message));
    const struct bpmn_xml_node *subscription = reader_extension(message, XML_ZEEBE, "subscription");
    if (subscription != NULL)
        trigger->correlation =
            reader_property(r, element, bpmn_xml_attribute(subscription, STR("correlationKey")));
    read_publication(r, element, holder, trigger);
}

static void read_signal(struct reader *r, const struct bpmn_element *element,
                        const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    const struct bpmn_xml_node *signal = referred(r, element, definition, STR("signalRef"));
    if (signal == NULL)
        return;
    trigger->reference = reader_keep(r, bpmn_xml_attribute(signal, STR("id")));
    trigger->name = reader_foreign(r, element, name_or_id(signal));
}

// Errors and escalations match by code; by the referred definition where it has none.
static void read_code(struct reader *r, const struct bpmn_element *element,
                      const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    bool is_error = trigger->kind == BPMN_ERROR_TRIGGER;
    const struct bpmn_xml_node *referee =
        referred(r, element, definition, is_error ? STR("errorRef") : STR("escalationRef"));
    trigger->code_variable =
        reader_keep(r, bpmn_xml_attribute_in(definition, XML_CAMUNDA,
                                             is_error ? STR("errorCodeVariable")
                                                      : STR("escalationCodeVariable")));
    trigger->message_variable =
        reader_keep(r, bpmn_xml_attribute_in(definition, XML_CAMUNDA, STR("errorMessageVariable")));
    trigger->any_code = referee == NULL;
    if (referee == NULL)
        return;
    trigger->reference = reader_keep(r, bpmn_xml_attribute(referee, STR("id")));
    str code = bpmn_xml_attribute(referee, is_error ? STR("errorCode") : STR("escalationCode"));
    trigger->code_is_id = str_is_empty(str_trim(code));
    trigger->any_code = trigger->code_is_id; // one that is thrown is named by its id
    trigger->name = reader_property(r, element, trigger->code_is_id ? trigger->reference : code);
}

static bool names_zone(str text)
{
    return str_find_char(text, '[') != SIZE_MAX ||
           (str_find_char(text, '@') != SIZE_MAX && text.data[0] != '@');
}

static void check_timer(struct reader *r, const struct bpmn_element *element, str text,
                        const struct bpmn_trigger *trigger)
{
    const feel_value *value =
        trigger->expression ? feel_program_constant(trigger->expression) : NULL;
    if (value == NULL || !feel_is(*value, FEEL_STRING))
        return;
    struct feel_duration duration;
    struct bpmn_cycle cycle;
    int64_t instant;
    bool ok = true;
    if (r->zones == NULL && names_zone(value->string))
        return; // whether there is such a zone is seen where it is used
    if (trigger->timer == BPMN_TIMER_DATE)
        ok = feel_instant_parse(value->string, r->zones, NULL, &instant);
    else if (trigger->timer == BPMN_TIMER_DURATION)
        ok = feel_duration_parse(value->string, &duration);
    else
        ok = bpmn_cycle_parse(value->string, r->zones, &cycle);
    if (!ok)
        reader_complain(r, BPMN_CODE_TIMER_INVALID, element, str_trim(text));
}

// A date, a duration or a cycle (10.5.5): of two that say something none is the one that is meant.
static bool says_several_times(const struct bpmn_xml_node *definition)
{
    int count = 0;
    for (const struct bpmn_xml_node *n = definition->first; n != NULL; n = n->next)
        count += n->space == XML_BPMN && str_starts_with(n->name, STR("time")) &&
                 !str_is_empty(str_trim(n->text));
    return count > 1;
}

static void read_timer(struct reader *r, const struct bpmn_element *element,
                       const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    static const char *const names[] = {"timeDate", "timeDuration", "timeCycle"};
    if (says_several_times(definition))
        reader_complain(r, BPMN_CODE_TIMER_INVALID, element,
                        STR("more than one of date, duration and cycle is given"));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct bpmn_xml_node *time = bpmn_xml_child(definition, XML_BPMN, str_of(names[i]));
        if (time == NULL || str_is_empty(str_trim(time->text)))
            continue;
        trigger->timer = (enum bpmn_timer)i;
        trigger->expression = reader_property(r, element, str_trim(time->text));
        check_timer(r, element, time->text, trigger);
        return;
    }
    reader_complain(r, BPMN_CODE_TIMER_INVALID, element,
                    STR("no date, duration or cycle is given"));
}

// Which variables a condition is looked at for: zeebe:conditionalFilter, or camunda:variableName.
static void read_filter(struct reader *r, const struct bpmn_element *element,
                        const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    const struct bpmn_xml_node *filter =
        reader_extension(definition, XML_ZEEBE, "conditionalFilter");
    str names = bpmn_xml_attribute(filter, STR("variableNames"));
    str events = bpmn_xml_attribute(filter, STR("variableEvents")), name;
    ARRAY(str) found = {0};
    if (str_is_empty(names))
        names = bpmn_xml_attribute_in(definition, XML_CAMUNDA, STR("variableName"));
    while (str_split(&names, ',', &name))
        if (!str_is_empty(str_trim(name)))
            *ARRAY_PUSH(r->arena, &found) = str_copy(r->arena, str_trim(name));
    trigger->filter = found.items;
    trigger->filter_count = (uint32_t)found.count;
    bool creates = str_find(events, STR("create")) != SIZE_MAX;
    bool updates = str_find(events, STR("update")) != SIZE_MAX;
    trigger->only_created = creates && !updates;
    trigger->only_updated = updates && !creates;
    if (!str_is_empty(str_trim(events)) && !creates && !updates)
        reader_complain(
            r, BPMN_CODE_VENDOR_EXTENSION_IGNORED, element,
            STR("zeebe:conditionalFilter variableEvents (create and update are known)"));
}

static void read_condition(struct reader *r, const struct bpmn_element *element,
                           const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    const struct bpmn_xml_node *condition = bpmn_xml_child(definition, XML_BPMN, STR("condition"));
    trigger->expression = condition ? reader_expression(r, element, condition->text) : NULL;
    read_filter(r, element, definition, trigger);
    if (condition == NULL || str_is_empty(str_trim(condition->text)))
        reader_complain(r, BPMN_CODE_EXPRESSION_MISSING, element, STR("condition"));
}

static void read_compensation(struct reader *r, const struct bpmn_element *element,
                              const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    str activity = bpmn_xml_attribute(definition, STR("activityRef"));
    trigger->waits_for_completion =
        !str_equal(bpmn_xml_attribute(definition, STR("waitForCompletion")), STR("false"));
    if (str_is_empty(str_trim(activity)))
        return;
    trigger->activity = reader_element(r, activity);
    if (trigger->activity == BPMN_NONE)
        reader_complain(r, BPMN_CODE_REFERENCE_UNKNOWN, element, activity);
}

void reader_read_trigger(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *definition, struct bpmn_trigger *trigger)
{
    *trigger = (struct bpmn_trigger){.kind = kind_of(definition), .activity = BPMN_NONE};
    switch (trigger->kind) {
    case BPMN_MESSAGE_TRIGGER:
        reader_read_message(r, element, definition, trigger);
        break;
    case BPMN_SIGNAL_TRIGGER:
        read_signal(r, element, definition, trigger);
        break;
    case BPMN_ERROR_TRIGGER:
    case BPMN_ESCALATION_TRIGGER:
        read_code(r, element, definition, trigger);
        break;
    case BPMN_TIMER_TRIGGER:
        read_timer(r, element, definition, trigger);
        break;
    case BPMN_CONDITION_TRIGGER:
        read_condition(r, element, definition, trigger);
        break;
    case BPMN_COMPENSATION_TRIGGER:
        read_compensation(r, element, definition, trigger);
        break;
    case BPMN_LINK_TRIGGER:
        trigger->reference = reader_keep(r, str_trim(bpmn_xml_attribute(definition, STR("name"))));
        break;
    case BPMN_TERMINATE_TRIGGER:
    case BPMN_CANCEL_TRIGGER:
    case BPMN_NO_TRIGGER:
        break;
    }
}

// The definition in place, or the one that an eventDefinitionRef names; NULL when `node` is
// neither.
static const struct bpmn_xml_node *definition_at(struct reader *r,
                                                 const struct bpmn_element *element,
                                                 const struct bpmn_xml_node *node)
{
    if (kind_of(node) != BPMN_NO_TRIGGER)
        return node;
    if (!bpmn_xml_is(node, XML_BPMN, STR("eventDefinitionRef")))
        return NULL;
    const struct bpmn_xml_node *definition = reader_node(r, node->text);
    if (definition == NULL || kind_of(definition) == BPMN_NO_TRIGGER) {
        reader_complain(r, BPMN_CODE_REFERENCE_UNKNOWN, element, str_trim(node->text));
        return NULL;
    }
    return definition;
}

static void read_triggers(struct reader *r, struct bpmn_element *element,
                          const struct bpmn_xml_node *node)
{
    uint32_t count = 0;
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next)
        count++;
    struct bpmn_trigger *triggers = ARENA_ARRAY(r->arena, struct bpmn_trigger, count);
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next) {
        const struct bpmn_xml_node *definition = definition_at(r, element, child);
        if (definition == NULL)
            continue;
        reader_read_trigger(r, element, definition, &triggers[element->trigger_count]);
        if (triggers[element->trigger_count].kind == BPMN_MESSAGE_TRIGGER)
            read_publication(r, element, node, &triggers[element->trigger_count]);
        element->trigger_count++;
    }
    element->triggers = triggers;
}

// Only what stays after it has fired repeats: a start of the process, events that do not interrupt.
static void check_cycles(struct reader *r, const struct bpmn_element *element)
{
    const struct bpmn_element *scope = &r->elements.items[element->scope];
    bool in_event_sub_process = scope->type == BPMN_EVENT_SUB_PROCESS;
    bool repeats = element->type == BPMN_START_EVENT
                       ? !in_event_sub_process || !element->interrupting
                       : element->type == BPMN_BOUNDARY_EVENT && !element->interrupting;
    for (uint32_t i = 0; i < element->trigger_count && !repeats; i++)
        if (element->triggers[i].kind == BPMN_TIMER_TRIGGER &&
            element->triggers[i].timer == BPMN_TIMER_CYCLE)
            reader_complain(r, BPMN_CODE_TIMER_CYCLE, element, STR_EMPTY);
}

void reader_read_event(struct reader *r, uint32_t index)
{
    struct bpmn_element *element = &r->elements.items[index];
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    read_triggers(r, element, node);
    element->parallel_multiple =
        str_equal(bpmn_xml_attribute(node, STR("parallelMultiple")), STR("true"));
    if (element->type == BPMN_BOUNDARY_EVENT) {
        element->host = reader_element(r, bpmn_xml_attribute(node, STR("attachedToRef")));
        element->interrupting =
            !str_equal(bpmn_xml_attribute(node, STR("cancelActivity")), STR("false"));
    } else if (element->type == BPMN_START_EVENT) {
        element->interrupting =
            !str_equal(bpmn_xml_attribute(node, STR("isInterrupting")), STR("false"));
        reader_read_start_form(r, element, node);
    }
    check_cycles(r, element);
}
