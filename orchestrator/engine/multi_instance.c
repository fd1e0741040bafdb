// SPDX-License-Identifier: Apache-2.0
//
// Loops. The activity becomes a body, whose children are the instances: all at once (parallel), or
// one after the other (sequential, and the standard's loop). The body takes the activity's place
// outside: boundary events are on it, flows leave it.
#include "engine/step.h"

static void fail(struct engine *engine, instance_ref instance, element_ref body, str why)
{
    incident_raise(engine, instance, body, "EXTRACT_VALUE_ERROR", why);
}

static void begin_next(struct engine *engine, instance_ref instance, element_ref body)
{
    activity_activate(engine, instance, body, body->element,
                      (struct event){.number = body->loop_started + 1});
}

bool loop_item_fits(instance_ref instance, element_ref body, int64_t counter)
{
    bool has_item = body->items != NULL && counter <= body->loop_total;
    return instance->bytes < LIMIT_INSTANCE_BYTES &&
           (!has_item || body->items[counter - 1].len <= LIMIT_VARIABLE_BYTES);
}

// What the instance binds is its own until it is collected.
static bool declare_results(struct engine *engine, instance_ref instance, element_ref ei,
                            str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    str result = element->call != NULL ? element->call->result_variable : STR_EMPTY;
    if (!str_is_empty(result) && state_local(ei, result) == NULL &&
        !variable_set(engine, instance, ei,
                      (struct named_json){.name = result, .json = STR("null")}, ret_why))
        return false;
    return element->loop->output_element == NULL ||
           variable_declare(engine, instance, ei, element->loop->output_element, ret_why);
}

// Called between the instance's first event and its work: what it counts and which item is its own.
bool loop_set_counter(struct engine *engine, instance_ref instance, element_ref ei, str *ret_why)
{
    element_ref body = ei->scope;
    const struct bpmn_loop *loop = element_of(instance, ei)->loop;
    struct named_json counter = {STR("loopCounter"),
                                 str_format(engine->turn, "%lld", (long long)ei->loop_counter)};
    bool has_item = !str_is_empty(loop->element_variable) && body->items != NULL &&
                    ei->loop_counter <= body->loop_total;
    struct named_json item = {loop->element_variable,
                              has_item ? body->items[ei->loop_counter - 1] : STR_EMPTY};
    return variable_set(engine, instance, ei, counter, ret_why) &&
           (!has_item || variable_set(engine, instance, ei, item, ret_why)) &&
           (body->outputs == NULL || declare_results(engine, instance, ei, ret_why));
}

// -- The standard's loop ----------------------------------------------------------------

// False: an incident. The condition sees the activity's own scope, and how often it ran.
static bool goes_on(struct engine *engine, instance_ref instance, element_ref body, bool *ret_on)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    int64_t most;
    bool truth = true;
    str why;
    if (!expression_i64(engine, body, loop->cardinality, LIMIT_LOOP_INSTANCES, &most, &why) ||
        (loop->condition != NULL &&
         !expression_truth(engine, body, loop->condition, &truth, &why))) {
        fail(engine, instance, body, why);
        return false;
    }
    *ret_on = truth && body->loop_started < most &&
              (loop->condition != NULL || loop->cardinality != NULL);
    return true;
}

// Before the first time, and after each.
static void next_standard(struct engine *engine, instance_ref instance, element_ref body)
{
    bool tests = element_of(instance, body)->loop->test_before || body->loop_started > 0;
    bool on = true;
    if (tests && !goes_on(engine, instance, body, &on))
        return;
    if (on)
        begin_next(engine, instance, body);
    else
        activity_complete(engine, instance, body);
}

// -- Multi-instance ---------------------------------------------------------------------

// An item stays one of its own, so that each can be a variable.
static bool write_items(struct engine *engine, const struct computed *list, str *ret_json,
                        str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct computed item = *list;
    str json;
    if (list->reading.subjects.count == 0)
        return expression_json(engine, list, ret_json, ret_why);
    json_begin_array(&w);
    for (size_t i = 0; i < list->value.list.count; i++) {
        item.value = list->value.list.items[i];
        if (!expression_json(engine, &item, &json, ret_why))
            return false;
        json_raw(&w, json);
    }
    json_end_array(&w);
    *ret_json = strbuf_str(&out);
    return border_value(engine, "the input collection", *ret_json, LIMIT_VALUE_BYTES, ret_why);
}

static bool count_instances(struct engine *engine, instance_ref instance, element_ref body,
                            struct event *event)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    struct computed list;
    str why;
    if (loop->collection == NULL) {
        if (expression_i64(engine, body, loop->cardinality, 0, &event->number, &why))
            return true;
        fail(engine, instance, body, why);
        return false;
    }
    if (!expression_value(engine, body, loop->collection, &list, &why)) {
        fail(engine, instance, body, why);
        return false;
    }
    if (!feel_is(list.value, FEEL_LIST)) {
        fail(engine, instance, body,
             str_format(engine->turn, "the input collection is %s, expected a list",
                        feel_kind_name(list.value.kind)));
        return false;
    }
    event->number = (int64_t)list.value.list.count;
    if (str_is_empty(loop->element_variable) || (variable_has_room(engine, instance, &why) &&
                                                 write_items(engine, &list, &event->value, &why)))
        return true;
    fail(engine, instance, body, why);
    return false;
}

static void complete_body(struct engine *engine, instance_ref instance, element_ref body)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    if (!str_is_empty(loop->output_collection)) {
        struct named_json all = {.name = loop->output_collection,
                                 .json = state_outputs_json(engine->turn, body)};
        str why;
        if (!variable_propagate(engine, instance, body->scope, all, &why)) {
            fail(engine, instance, body, why);
            return;
        }
    }
    activity_complete(engine, instance, body);
}

static void run_multiple(struct engine *engine, instance_ref instance, element_ref body)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    struct event event = {.type = EVENT_LOOP_STARTED, .scope = body->entity.key};
    if (!count_instances(engine, instance, body, &event))
        return;
    if (event.number < 0) {
        fail(engine, instance, body,
             str_format(engine->turn, "the cardinality is %lld, expected 0 or more",
                        (long long)event.number));
        return;
    }
    if (event.number > LIMIT_LOOP_INSTANCES) {
        incident_raise(engine, instance, body, "LIMIT_REACHED",
                       str_format(engine->turn,
                                  "a multi-instance of %lld, the limit LOOP_INSTANCES is %d",
                                  (long long)event.number, LIMIT_LOOP_INSTANCES));
        return;
    }
    int64_t first = loop->sequential ? 1 : event.number;
    if (instance->elements + first > LIMIT_ELEMENTS_PER_INSTANCE) {
        incident_raise(
            engine, instance, body, "LIMIT_REACHED",
            str_format(engine->turn,
                       "the instance has %u elements and would have %lld more, the limit "
                       "ELEMENTS_PER_INSTANCE is %d",
                       instance->elements, (long long)first, LIMIT_ELEMENTS_PER_INSTANCE));
        return;
    }
    step_emit(engine, instance, event);
    if (event.number == 0) {
        complete_body(engine, instance, body);
        return;
    }
    for (int64_t i = 0; i < first && !body->entity.is_gone; i++)
        begin_next(engine, instance, body);
}

void loop_run(struct engine *engine, instance_ref instance, element_ref body)
{
    if (body->loop_started > 0 && body->children > 0)
        return; // an incident of the body was resolved while its instances run
    if (element_of(instance, body)->loop->standard)
        next_standard(engine, instance, body);
    else if (body->loop_started > 0)
        loop_next(engine, instance, body); // stopped between two instances, or before its result
    else
        run_multiple(engine, instance, body);
}

bool loop_collect(struct engine *engine, instance_ref instance, element_ref ei, str *ret_why)
{
    element_ref body = ei->scope;
    const struct bpmn_loop *loop = element_of(instance, ei)->loop;
    struct computed computed = {feel_null(), {.scope = ei}};
    if (body->outputs == NULL || ei->loop_counter < 1 || ei->loop_counter > body->loop_total)
        return true;
    str json;
    if ((loop->output_element != NULL &&
         !expression_value(engine, ei, loop->output_element, &computed, ret_why)) ||
        !expression_json(engine, &computed, &json, ret_why) ||
        !border_value(engine, "the output element", json, LIMIT_VARIABLE_BYTES, ret_why) ||
        !variable_has_room(engine, instance, ret_why))
        return false;
    step_emit(engine, instance,
              (struct event){.type = EVENT_LOOP_OUTPUT,
                             .scope = body->entity.key,
                             .number = ei->loop_counter,
                             .value = json});
    return true;
}

// What conditions of a multi-instance may ask about (BPMN 2.0, table 10.30; Camunda's names).
static bool is_counted_true(struct engine *engine, element_ref body,
                            const struct feel_program *condition, bool *ret_truth, str *ret_why)
{
    static const char *const names[] = {"numberOfInstances", "numberOfActiveInstances",
                                        "numberOfCompletedInstances",
                                        "numberOfTerminatedInstances"};
    int64_t values[] = {body->loop_total, body->children, body->loop_done, 0};
    struct element_instance counting = {.scope = (struct element_instance *)body};
    struct variable variables[COUNT_OF(names)] = {0};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        variables[i].name = str_of(names[i]);
        variables[i].value = str_format(engine->turn, "%lld", (long long)values[i]);
        variables[i].next = i + 1 < COUNT_OF(names) ? &variables[i + 1] : NULL;
    }
    counting.variables = variables;
    return expression_truth(engine, &counting, condition, ret_truth, ret_why);
}

// -- What the body throws (BPMN 2.0, table 10.29) ---------------------------------------

static void throw_named(struct engine *engine, instance_ref instance, element_ref body,
                        const struct feel_program *program)
{
    str name, why;
    if (program != NULL &&
        expression_name(engine, body, program, "the name of the signal", &name, &why))
        signal_broadcast(engine, instance, name, STR_EMPTY);
}

// A signal may reach what ends the body.
static void throw_behavior(struct engine *engine, instance_ref instance, element_ref body,
                           const struct bpmn_loop *loop)
{
    if (loop->behavior == BPMN_THROW_NONE ||
        (loop->behavior == BPMN_THROW_ONE && body->loop_done == 1))
        throw_named(engine, instance, body, loop->behavior_signal);
    for (uint32_t i = 0;
         loop->behavior == BPMN_THROW_COMPLEX && i < loop->behavior_count && !body->entity.is_gone;
         i++) {
        bool truth = false;
        str why;
        const struct bpmn_behavior *behavior = &loop->behaviors[i];
        if (behavior->condition != NULL &&
            is_counted_true(engine, body, behavior->condition, &truth, &why) && truth)
            throw_named(engine, instance, body, behavior->signal);
    }
}

// -- An instance has completed ----------------------------------------------------------

static bool is_satisfied(struct engine *engine, element_ref body, const struct bpmn_loop *loop,
                         bool *ret_satisfied, str *ret_why)
{
    *ret_satisfied = false;
    return loop->condition == NULL ||
           is_counted_true(engine, body, loop->condition, ret_satisfied, ret_why);
}

void loop_next(struct engine *engine, instance_ref instance, element_ref body)
{
    const struct bpmn_loop *loop = element_of(instance, body)->loop;
    bool satisfied;
    str why;
    if (loop->standard) {
        next_standard(engine, instance, body);
        return;
    }
    if (!is_satisfied(engine, body, loop, &satisfied, &why)) {
        fail(engine, instance, body, why);
        return;
    }
    throw_behavior(engine, instance, body, loop);
    if (body->entity.is_gone)
        return;
    if (satisfied) {
        activity_terminate_children(engine, instance, body, NULL);
        complete_body(engine, instance, body);
    } else if (loop->sequential && body->loop_started < body->loop_total) {
        begin_next(engine, instance, body);
    } else if (body->children == 0 && body->loop_started >= body->loop_total) {
        complete_body(engine, instance, body);
    }
}
