// SPDX-License-Identifier: Apache-2.0
// Errors and escalations look for a catcher outwards: on the thrower, in its scope, on the scope, …
// and through the calling activity (BPMN 2.0, 10.5.6). Of the events of one element the one that
// names the code comes before the one that catches all.
#include "engine/step.h"

struct catcher {
    instance_ref instance;
    element_ref host;
    uint32_t element;
    const struct bpmn_trigger *trigger;
};

struct thrown {
    struct engine *engine;
    enum bpmn_trigger_kind kind;
    str code;
};

static bool names_code(const struct thrown *thrown, element_ref host,
                       const struct bpmn_trigger *trigger)
{
    str code, why;
    return trigger->name != NULL &&
           expression_text(thrown->engine, host, trigger->name, &code, &why) &&
           str_equal(code, thrown->code);
}

static bool matches(const struct thrown *thrown, struct catcher *candidate, uint32_t index,
                    struct catcher *best)
{
    const struct bpmn_element *event = &candidate->instance->process->elements[index];
    for (uint32_t i = 0; i < event->trigger_count; i++) {
        const struct bpmn_trigger *trigger = &event->triggers[i];
        if (trigger->kind != thrown->kind)
            continue;
        bool exact = names_code(thrown, candidate->host, trigger);
        if (!exact && (!trigger->any_code || best->trigger != NULL))
            continue;
        *best = *candidate;
        best->element = index;
        best->trigger = trigger;
        if (exact)
            return true;
    }
    return false;
}

static bool on_border(const struct thrown *thrown, instance_ref instance, element_ref ei,
                      struct catcher *ret_catcher)
{
    const struct bpmn_list *boundary = &element_of(instance, ei)->boundary;
    struct catcher candidate = {instance, ei, 0, NULL}, best = {0};
    bool inner = state_is_repeated(ei);
    for (uint32_t i = 0; !inner && i < boundary->count; i++)
        if (matches(thrown, &candidate, boundary->items[i], &best))
            break;
    *ret_catcher = best;
    return best.trigger != NULL;
}

static bool inside(const struct thrown *thrown, instance_ref instance, element_ref scope,
                   element_ref from, struct catcher *ret_catcher)
{
    const struct bpmn_process *process = instance->process;
    const struct bpmn_list *events = &element_of(instance, scope)->event_sub_processes;
    struct catcher candidate = {instance, scope, 0, NULL}, best = {0};
    bool hears = !scope->is_body && !state_is_activation(scope) && !scope->interrupted;
    for (uint32_t i = 0; hears && i < events->count; i++) {
        const struct bpmn_list *starts = &process->elements[events->items[i]].starts;
        if (from->element != events->items[i] && starts->count > 0 &&
            matches(thrown, &candidate, starts->items[0], &best))
            break;
    }
    *ret_catcher = best;
    return best.trigger != NULL;
}

// A completed sub-process that is undone from inside: what caught for it ended with it.
static bool is_undone(instance_ref instance, element_ref ei)
{
    return ei->compensates != 0 && !element_of(instance, ei)->for_compensation;
}

static bool find_catcher(const struct thrown *thrown, instance_ref instance, element_ref from,
                         struct catcher *ret_catcher)
{
    while (instance != NULL) {
        for (element_ref ei = from; ei != NULL; ei = ei->scope) {
            if (!is_undone(instance, ei) && on_border(thrown, instance, ei, ret_catcher))
                return true;
            if (ei->scope != NULL && !is_undone(instance, ei->scope) &&
                inside(thrown, instance, ei->scope, ei, ret_catcher))
                return true;
        }
        uint64_t caller = instance->parent_element;
        instance = step_instance(thrown->engine, instance->parent_instance);
        from = instance == NULL ? NULL : state_element(instance, caller);
        if (from == NULL)
            return false;
    }
    return false;
}

static str with_code(struct engine *engine, const struct bpmn_trigger *trigger, str variables,
                     str code, str message)
{
    if (str_is_empty(trigger->code_variable) && str_is_empty(trigger->message_variable))
        return variables;
    struct json *object = NULL;
    struct error err;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    bool has_more = !str_is_empty(variables) &&
                    json_parse(engine->turn, variables, &object, &err) &&
                    json_is(object, JSON_OBJECT);
    json_begin_object(&w);
    for (size_t i = 0; has_more && i < object->count; i++) {
        json_key(&w, object->members[i].name);
        json_value(&w, &object->members[i].value);
    }
    if (!str_is_empty(trigger->code_variable)) {
        json_key(&w, trigger->code_variable);
        json_string(&w, code);
    }
    if (!str_is_empty(trigger->message_variable)) {
        json_key(&w, trigger->message_variable);
        json_string(&w, message);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

static void note(struct engine *engine, instance_ref instance, element_ref from,
                 enum event_type type, struct event event)
{
    event.type = type;
    event.scope = from->entity.key;
    step_emit(engine, instance, event);
}

// The catcher as the history of the thrower names it: one in another instance has no name there.
static uint32_t element_in(instance_ref instance, const struct catcher *catcher)
{
    return catcher->instance == instance ? catcher->element + 1 : EVENT_NO_INDEX;
}

// Instances between the thrower and the catcher end.
static void end_called(struct engine *engine, instance_ref instance, instance_ref until)
{
    while (instance != until) {
        instance_ref caller = step_instance(engine, instance->parent_instance);
        process_finish(engine, instance, EVENT_PROCESS_TERMINATED,
                       STR("an error was thrown to the caller"));
        instance = caller;
    }
}

bool event_throw_error(struct engine *engine, instance_ref instance, element_ref from,
                       const struct thrown_error *error)
{
    str code = error->code;
    struct thrown thrown = {engine, BPMN_ERROR_TRIGGER, code};
    struct catcher catcher;
    if (!find_catcher(&thrown, instance, from, &catcher))
        return false;
    note(engine, instance, from, EVENT_ERROR_THROWN,
         (struct event){
             .element = element_in(instance, &catcher), .code = code, .value = error->message});
    end_called(engine, instance, catcher.instance);
    event_happened(engine, catcher.instance, catcher.host, catcher.element,
                   with_code(engine, catcher.trigger, error->variables, code, error->message));
    return true;
}

void event_throw_escalation(struct engine *engine, instance_ref instance, element_ref from,
                            str code, str variables)
{
    struct thrown thrown = {engine, BPMN_ESCALATION_TRIGGER, code};
    struct catcher catcher;
    bool caught = find_catcher(&thrown, instance, from, &catcher);
    note(engine, instance, from, EVENT_ESCALATION_THROWN,
         (struct event){.element = caught ? element_in(instance, &catcher) : 0, .code = code});
    if (!caught)
        return; // nobody is interested: the process goes on (10.5.6.1)
    if (catcher.instance->process->elements[catcher.element].interrupting)
        end_called(engine, instance, catcher.instance);
    event_happened(engine, catcher.instance, catcher.host, catcher.element,
                   with_code(engine, catcher.trigger, variables, code, STR_EMPTY));
}

// -- Cancelling a transaction -----------------------------------------------------------

// First what completed is compensated, then the cancel boundary event goes on (13.5.3.2).
void event_cancel_transaction(struct engine *engine, instance_ref instance, element_ref end)
{
    activity_terminate_children(engine, instance, end->scope, end);
    if (!compensation_start(engine, instance, end, end->scope, BPMN_NONE))
        event_transaction_canceled(engine, instance, end->scope);
}

void event_transaction_canceled(struct engine *engine, instance_ref instance,
                                element_ref transaction)
{
    element_ref host =
        transaction->scope->is_body && transaction->scope->element == transaction->element
            ? transaction->scope
            : transaction;
    element_ref scope = host->scope;
    const struct bpmn_list *boundary = &element_of(instance, host)->boundary;
    for (uint32_t i = 0; i < boundary->count; i++) {
        uint32_t index = boundary->items[i];
        if (!bpmn_has_trigger(&instance->process->elements[index], BPMN_CANCEL_TRIGGER))
            continue;
        event_happened(engine, instance, host, index, STR_EMPTY);
        return;
    }
    activity_terminate(engine, instance, host);
    activity_scope_left(engine, instance, scope);
}
