// SPDX-License-Identifier: Apache-2.0
// Events: what they subscribe to, what happens when it occurs, and what throwing ones do.
#include "engine/step.h"

struct planned {
    const struct bpmn_trigger *trigger;
    uint32_t element;
    uint32_t index;
    str name;
    str correlation_key;
    int64_t due_ms;
    int64_t repetitions;
};

struct plan {
    struct engine *engine;
    instance_ref instance;
    element_ref host;
    ARRAY(struct planned) items;
    str why;
};

// -- Subscribing: everything is evaluated before anything is opened ---------------------

static bool is_open(element_ref host, uint32_t element, uint32_t trigger)
{
    for (const struct attachment *a = host->attachments; a != NULL; a = a->next) {
        const struct timer *timer = (const struct timer *)a;
        const struct subscription *subscription = (const struct subscription *)a;
        if (a->entity.kind == ENTITY_KIND_TIMER && timer->purpose == TIMER_OF_EVENT &&
            timer->element == element && timer->trigger == trigger)
            return true;
        if (a->entity.kind == ENTITY_KIND_SUBSCRIPTION && subscription->element == element &&
            subscription->trigger == trigger)
            return true;
    }
    return false;
}

static bool plan_trigger(struct plan *plan, uint32_t element, uint32_t index)
{
    const struct bpmn_trigger *trigger =
        &plan->instance->process->elements[element].triggers[index];
    struct planned planned = {.trigger = trigger,
                              .element = element,
                              .index = index,
                              .name = STR_EMPTY,
                              .correlation_key = STR_EMPTY};
    bool ok = true;
    if (is_open(plan->host, element, index) || state_is_marked(plan->host, element, index))
        return true;
    if (trigger->kind == BPMN_TIMER_TRIGGER)
        ok = timer_plan(plan->engine, plan->host, trigger, &planned.due_ms, &planned.repetitions,
                        &plan->why);
    else if (trigger->kind == BPMN_MESSAGE_TRIGGER || trigger->kind == BPMN_SIGNAL_TRIGGER)
        ok = expression_name(plan->engine, plan->host, trigger->name, "the name", &planned.name,
                             &plan->why) &&
             (trigger->correlation == NULL ||
              expression_name(plan->engine, plan->host, trigger->correlation, "the correlation key",
                              &planned.correlation_key, &plan->why));
    else
        return true; // conditions are looked at, errors and their like are thrown
    if (ok)
        *ARRAY_PUSH(plan->engine->turn, &plan->items) = planned;
    return ok;
}

static bool plan_element(struct plan *plan, uint32_t element)
{
    for (uint32_t i = 0; i < plan->instance->process->elements[element].trigger_count; i++)
        if (!plan_trigger(plan, element, i))
            return false;
    return true;
}

static bool plan_list(struct plan *plan, const struct bpmn_list *elements)
{
    for (uint32_t i = 0; i < elements->count; i++)
        if (!plan_element(plan, elements->items[i]))
            return false;
    return true;
}

static bool plan_event_sub_processes(struct plan *plan, const struct bpmn_element *scope)
{
    const struct bpmn_process *process = plan->instance->process;
    for (uint32_t i = 0; i < scope->event_sub_processes.count; i++)
        if (!plan_list(plan, &process->elements[scope->event_sub_processes.items[i]].starts))
            return false;
    return true;
}

static bool plan_gateway(struct plan *plan, const struct bpmn_element *gateway)
{
    const struct bpmn_process *process = plan->instance->process;
    for (uint32_t i = 0; i < gateway->outgoing.count; i++)
        if (!plan_element(plan, process->flows[gateway->outgoing.items[i]].target))
            return false;
    return true;
}

static void carry_out(struct plan *plan)
{
    for (size_t i = 0; i < plan->items.count; i++) {
        const struct planned *p = &plan->items.items[i];
        struct event event = {.element = p->element + 1,
                              .flow = p->index + 1,
                              .name = p->name,
                              .value = p->correlation_key};
        if (p->trigger->kind == BPMN_TIMER_TRIGGER) {
            event.due_ms = p->due_ms;
            event.number = p->repetitions;
            timer_create(plan->engine, plan->instance, plan->host, event);
        } else {
            event.code = p->trigger->kind == BPMN_SIGNAL_TRIGGER ? STR("SIGNAL") : STR("MESSAGE");
            message_open(plan->engine, plan->instance, plan->host, event);
        }
    }
}

bool event_subscribe(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool is_body = ei->is_body;
    struct plan plan = {.engine = engine, .instance = instance, .host = ei};
    bool catches = element->type == BPMN_INTERMEDIATE_CATCH_EVENT ||
                   (element->type == BPMN_START_EVENT && element->parallel_multiple) ||
                   (element->type == BPMN_RECEIVE_TASK && !is_body);
    // Boundary events watch the whole activity: of a multi-instance one, its body.
    bool is_inner = state_is_repeated(ei);
    bool ok = is_inner || plan_list(&plan, &element->boundary);
    if (ok && catches)
        ok = plan_element(&plan, ei->element);
    if (ok && element->type == BPMN_EVENT_BASED_GATEWAY)
        ok = plan_gateway(&plan, element);
    if (ok && bpmn_is_scope(element->type) && !is_body)
        ok = plan_event_sub_processes(&plan, element);
    if (!ok)
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", plan.why);
    else
        carry_out(&plan);
    if (ok && instance->process->conditions.count > 0)
        *ARRAY_PUSH(engine->turn, &engine->arrived) = ei->entity.key;
    return ok;
}

// -- Happening --------------------------------------------------------------------------

static void start_event_sub_process(struct engine *engine, instance_ref instance, element_ref scope,
                                    uint32_t start, str variables)
{
    const struct bpmn_element *event = &instance->process->elements[start];
    uint64_t scope_key = scope->entity.key;
    if (event->interrupting) {
        activity_terminate_children(engine, instance, scope, NULL);
        event_close_inner(engine, instance, scope);
        step_emit(engine, instance,
                  (struct event){.type = EVENT_ELEMENT_INTERRUPTED, .key = scope_key});
    }
    uint64_t key = activity_activate(engine, instance, scope, event->scope,
                                     (struct event){.code = STR("TRIGGERED")});
    element_ref sub_process = state_element(instance, key);
    if (sub_process->is_held || !event_subscribe(engine, instance, sub_process))
        return;
    activity_trigger(engine, instance, sub_process, start, variables);
}

// What starts event sub-processes of this scope no longer counts.
void event_close_inner(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct attachment *next;
    for (const struct attachment *a = scope->attachments; a != NULL; a = next) {
        next = a->next;
        const struct timer *timer = (const struct timer *)a;
        const struct subscription *subscription = (const struct subscription *)a;
        uint32_t element = a->entity.kind == ENTITY_KIND_TIMER          ? timer->element
                           : a->entity.kind == ENTITY_KIND_SUBSCRIPTION ? subscription->element
                                                                        : BPMN_NONE;
        if (element == BPMN_NONE || instance->process->elements[element].type != BPMN_START_EVENT)
            continue;
        if (a->entity.kind == ENTITY_KIND_TIMER)
            step_emit(engine, instance,
                      (struct event){.type = EVENT_TIMER_CANCELED,
                                     .key = a->entity.key,
                                     .scope = scope->entity.key});
        else
            message_close(engine, instance, subscription);
    }
}

static void leave_by_event(struct engine *engine, instance_ref instance, element_ref gateway,
                           uint32_t target, str variables)
{
    const struct bpmn_element *element = element_of(instance, gateway);
    element_ref scope = gateway->scope;
    uint32_t flow = BPMN_NONE;
    for (uint32_t i = 0; i < element->outgoing.count; i++)
        if (instance->process->flows[element->outgoing.items[i]].target == target)
            flow = element->outgoing.items[i];
    check(flow != BPMN_NONE);
    activity_detach(engine, instance, gateway);
    step_emit(engine, instance,
              (struct event){.type = EVENT_ELEMENT_COMPLETED,
                             .key = gateway->entity.key,
                             .scope = scope->entity.key,
                             .element = gateway->element + 1});
    step_emit(engine, instance,
              (struct event){.type = EVENT_FLOW_TAKEN,
                             .scope = scope->entity.key,
                             .flow = flow + 1,
                             .element = target + 1});
    uint64_t key = activity_activate(engine, instance, scope, target,
                                     (struct event){.flow = flow + 1, .code = STR("TRIGGERED")});
    element_ref ei = state_element(instance, key);
    if (!ei->is_held)
        activity_complete_with(engine, instance, ei, variables);
}

static bool waits_for_more(element_ref host, const struct bpmn_element *event, uint32_t index)
{
    bool waits = false;
    for (uint32_t i = 0; event->parallel_multiple && i < event->trigger_count; i++)
        waits |= is_open(host, index, i) || (event->triggers[i].kind == BPMN_CONDITION_TRIGGER &&
                                             !state_is_marked(host, index, i));
    return waits;
}

void event_happened(struct engine *engine, instance_ref instance, element_ref host, uint32_t index,
                    str variables)
{
    const struct bpmn_element *event = &instance->process->elements[index];
    if (waits_for_more(host, event, index)) {
        struct merge merge = {variables, host->scope != NULL};
        str why;
        if (!variable_merge(engine, instance, host, merge, &why))
            incident_raise(engine, instance, host, "LIMIT_REACHED", why);
        return;
    }
    if (event->type == BPMN_START_EVENT && host->element != index) {
        start_event_sub_process(engine, instance, host, index, variables);
    } else if (event->type == BPMN_BOUNDARY_EVENT) {
        element_ref scope = host->scope;
        if (event->interrupting)
            activity_terminate(engine, instance, host);
        activity_trigger(engine, instance, scope, index, variables);
    } else if (host->element != index) {
        leave_by_event(engine, instance, host, index, variables);
    } else {
        activity_complete_with(engine, instance, host, variables);
    }
}

// -- Who catches a condition ------------------------------------------------------------

static bool catches_here(instance_ref instance, element_ref host, uint32_t index)
{
    const struct bpmn_element *event = &instance->process->elements[index];
    if (host->phase != PHASE_ACTIVE || host->is_held)
        return false;
    if (event->type == BPMN_BOUNDARY_EVENT)
        return host->element == event->host && !state_is_repeated(host);
    if (event->type == BPMN_START_EVENT)
        return event->scope != 0 && !host->is_body && !state_is_activation(host) &&
               !host->interrupted &&
               instance->process->elements[event->scope].scope == host->element;
    if (host->element == index)
        return !host->is_body;
    const struct bpmn_element *gateway = element_of(instance, host);
    for (uint32_t i = 0; gateway->type == BPMN_EVENT_BASED_GATEWAY && i < gateway->outgoing.count;
         i++)
        if (instance->process->flows[gateway->outgoing.items[i]].target == index)
            return true;
    return false;
}

// -- Conditions -------------------------------------------------------------------------
//
// A condition is looked at when its event begins to wait, and when a variable that it reads, or
// that its filter names, has changed. The event happens as the condition becomes true (BPMN 2.0,
// table 10.84); one that waits for it again is marked until the condition is false.

static bool holds(struct engine *engine, element_ref host, const struct bpmn_trigger *trigger)
{
    bool truth = false;
    str why;
    return trigger->kind == BPMN_CONDITION_TRIGGER && trigger->expression != NULL &&
           expression_truth(engine, host, trigger->expression, &truth, &why) && truth;
}

static bool condition_holds(struct engine *engine, element_ref host,
                            const struct bpmn_element *event)
{
    for (uint32_t i = 0; i < event->trigger_count; i++)
        if (holds(engine, host, &event->triggers[i]))
            return true;
    return false;
}

static bool is_in(const struct map *names, str name)
{
    return names->count > 0 && map_get(names, name) != NULL;
}

static bool reads_changed(const struct bpmn_trigger *trigger, const struct condition_news *news)
{
    const str *names = trigger->filter;
    size_t count = trigger->filter_count;
    if (trigger->expression == NULL || news->created.count + news->changed.count == 0)
        return false;
    if (count == 0)
        count = feel_program_names(trigger->expression, &names);
    for (size_t i = 0; i < count; i++)
        if ((!trigger->only_updated && is_in(&news->created, names[i])) ||
            (!trigger->only_created && is_in(&news->changed, names[i])))
            return true;
    return false;
}

static bool has_arrived(element_ref host, const struct condition_news *news)
{
    for (size_t i = 0; i < news->arrived_count; i++)
        if (news->arrived[i] == host->entity.key)
            return true;
    return false;
}

struct condition_search {
    struct engine *engine;
    instance_ref instance;
    const struct condition_news *news;
    ARRAY(struct work) found; // scope = host's key, flow = trigger
};

static void mark(struct engine *engine, instance_ref instance, const struct work *at, bool holds)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_TRIGGER_MARKED,
                             .key = at->scope,
                             .scope = at->scope,
                             .element = at->element + 1,
                             .flow = at->flow + 1,
                             .number = holds});
}

static void search_event(struct condition_search *search, element_ref host, uint32_t index,
                         bool is_new)
{
    const struct bpmn_element *event = &search->instance->process->elements[index];
    for (uint32_t i = 0; i < event->trigger_count; i++) {
        const struct bpmn_trigger *trigger = &event->triggers[i];
        struct work at = {.scope = host->entity.key, .element = index, .flow = i};
        if (trigger->kind != BPMN_CONDITION_TRIGGER || trigger->expression == NULL ||
            (!is_new && !reads_changed(trigger, search->news)))
            continue;
        bool was_true = state_is_marked(host, index, i);
        bool is_true = holds(search->engine, host, trigger);
        if (is_true && !was_true)
            *ARRAY_PUSH(search->engine->turn, &search->found) = at;
        else if (!is_true && was_true)
            mark(search->engine, search->instance, &at, false);
    }
}

static void search_host(struct condition_search *search, element_ref host, bool is_new)
{
    const struct bpmn_list *conditions = &search->instance->process->conditions;
    for (uint32_t i = 0; i < conditions->count; i++)
        if (catches_here(search->instance, host, conditions->items[i]))
            search_event(search, host, conditions->items[i], is_new);
}

static void search_below(struct condition_search *search, element_ref host)
{
    step_spend(search->engine, 1);
    search_host(search, host, search->news->is_all || has_arrived(host, search->news));
    for (element_ref child = host->first_child; child != NULL; child = child->next)
        search_below(search, child);
}

static void happen(struct condition_search *search, const struct work *found)
{
    element_ref host = state_element(search->instance, found->scope);
    if (host == NULL || !catches_here(search->instance, host, found->element) ||
        state_is_marked(host, found->element, found->flow))
        return;
    const struct bpmn_element *event = &search->instance->process->elements[found->element];
    bool again = !event->interrupting &&
                 (event->type == BPMN_BOUNDARY_EVENT || event->type == BPMN_START_EVENT);
    if (again || event->parallel_multiple)
        mark(search->engine, search->instance, found, true);
    event_happened(search->engine, search->instance, host, found->element, STR_EMPTY);
}

static bool is_read(instance_ref instance, const struct condition_news *news)
{
    const struct bpmn_list *conditions = &instance->process->conditions;
    for (uint32_t i = 0; i < conditions->count; i++) {
        const struct bpmn_element *event = &instance->process->elements[conditions->items[i]];
        for (uint32_t j = 0; j < event->trigger_count; j++)
            if (event->triggers[j].kind == BPMN_CONDITION_TRIGGER &&
                reads_changed(&event->triggers[j], news))
                return true;
    }
    return false;
}

// The scope below which events see what has changed; NULL: there is none.
static element_ref changed_scope(instance_ref instance, const struct condition_news *news)
{
    if (news->is_all)
        return instance->root;
    if (!is_read(instance, news))
        return NULL;
    return news->changed_in == CHANGED_IN_SEVERAL ? instance->root
                                                  : state_element(instance, news->changed_in);
}

static bool is_below(element_ref host, element_ref scope)
{
    for (; host != NULL; host = host->scope)
        if (host == scope)
            return true;
    return false;
}

void event_check_conditions(struct engine *engine, instance_ref instance,
                            const struct condition_news *news)
{
    struct condition_search search = {.engine = engine, .instance = instance, .news = news};
    if (instance->state != INSTANCE_ACTIVE || instance->process->conditions.count == 0)
        return;
    element_ref scope = changed_scope(instance, news);
    if (scope != NULL)
        search_below(&search, scope);
    for (size_t i = 0; i < news->arrived_count; i++) {
        element_ref host = state_element(instance, news->arrived[i]);
        if (host != NULL && (scope == NULL || !is_below(host, scope)))
            search_host(&search, host, true);
    }
    for (size_t i = 0; i < search.found.count; i++)
        happen(&search, &search.found.items[i]);
}

// -- Conditions as rows -----------------------------------------------------------------

static void write_condition(struct json_writer *w, const struct bpmn_element *event,
                            const struct bpmn_trigger *trigger)
{
    json_begin_object(w);
    json_key(w, STR("element"));
    json_string(w, event->id);
    json_key(w, STR("type"));
    json_string(w, str_of(bpmn_type_local_name(event->type)));
    json_key(w, STR("expression"));
    json_string(w, feel_program_source(trigger->expression));
    json_key(w, STR("events"));
    json_begin_array(w);
    if (!trigger->only_updated)
        json_string(w, STR("create"));
    if (!trigger->only_created)
        json_string(w, STR("update"));
    json_end_array(w);
    json_end_object(w);
}

// One that has happened waits no more where its event waits for others too.
static bool awaits(element_ref host, const struct bpmn_element *event, uint32_t index, uint32_t i)
{
    const struct bpmn_trigger *trigger = &event->triggers[i];
    return trigger->kind == BPMN_CONDITION_TRIGGER && trigger->expression != NULL &&
           !(event->parallel_multiple && state_is_marked(host, index, i));
}

str event_conditions_json(struct arena *arena, instance_ref instance, element_ref host)
{
    const struct bpmn_list *conditions = &instance->process->conditions;
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    size_t written = 0;
    for (uint32_t i = 0; i < conditions->count; i++) {
        uint32_t index = conditions->items[i];
        const struct bpmn_element *event = &instance->process->elements[index];
        for (uint32_t j = 0; j < event->trigger_count; j++) {
            if (!awaits(host, event, index, j) || !catches_here(instance, host, index))
                continue;
            if (written++ == 0)
                json_begin_array(&w);
            write_condition(&w, event, &event->triggers[j]);
        }
    }
    if (written > 0)
        json_end_array(&w);
    return strbuf_str(&out);
}

// -- Running ----------------------------------------------------------------------------

static bool throw_code(struct engine *engine, element_ref ei, const struct bpmn_trigger *trigger,
                       str *ret_code, str *ret_why)
{
    *ret_code = STR_EMPTY;
    return trigger->name == NULL ||
           expression_name(engine, ei, trigger->name, "the code", ret_code, ret_why);
}

static bool throw_error(struct engine *engine, instance_ref instance, element_ref ei,
                        const struct bpmn_trigger *trigger, str *ret_why)
{
    str code;
    if (!throw_code(engine, ei, trigger, &code, ret_why))
        return false;
    if (event_throw_error(engine, instance, ei, &(struct thrown_error){code, STR_EMPTY, STR_EMPTY}))
        return true;
    incident_raise(engine, instance, ei, "UNHANDLED_ERROR_EVENT",
                   str_format(engine->turn, "nothing catches the error '%.*s'", STR_ARG(code)));
    return true;
}

static void terminate_scope(struct engine *engine, instance_ref instance, element_ref ei)
{
    activity_terminate_children(engine, instance, ei->scope, ei);
    activity_complete(engine, instance, ei);
}

static bool throw_escalation(struct engine *engine, instance_ref instance, element_ref ei,
                             const struct bpmn_trigger *trigger, str *ret_why)
{
    str code;
    if (!throw_code(engine, ei, trigger, &code, ret_why))
        return false;
    event_throw_escalation(engine, instance, ei, code, STR_EMPTY);
    return true;
}

// False with an empty *ret_why: the event now waits for something (a job, compensation) and
// completes later.
static bool throw_trigger(struct engine *engine, instance_ref instance, element_ref ei,
                          const struct bpmn_trigger *trigger, str *ret_why)
{
    *ret_why = STR_EMPTY;
    switch ((int)trigger->kind) {
    case BPMN_MESSAGE_TRIGGER:
        return message_throw(engine, instance, ei, trigger, ret_why);
    case BPMN_SIGNAL_TRIGGER:
        return signal_throw(engine, instance, ei, trigger, ret_why);
    case BPMN_ESCALATION_TRIGGER:
        return throw_escalation(engine, instance, ei, trigger, ret_why);
    case BPMN_ERROR_TRIGGER:
        return throw_error(engine, instance, ei, trigger, ret_why) && false;
    case BPMN_COMPENSATION_TRIGGER:
        return !compensation_start(engine, instance, ei, ei->scope, trigger->activity) ||
               !trigger->waits_for_completion;
    case BPMN_TERMINATE_TRIGGER:
        terminate_scope(engine, instance, ei);
        return false;
    case BPMN_CANCEL_TRIGGER:
        event_cancel_transaction(engine, instance, ei);
        return false;
    default:
        return true;
    }
}

static void run_throw(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    bool done = true;
    if (element->job != NULL) {
        step_or_incident(job_create(engine, instance, ei, element->job, JOB_TASK));
        return;
    }
    for (uint32_t i = 0; i < element->trigger_count; i++) {
        str why;
        if (!throw_trigger(engine, instance, ei, &element->triggers[i], &why))
            done = false;
        if (!str_is_empty(why)) {
            incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
            return;
        }
        if (ei->entity.is_gone)
            return;
    }
    if (done && element->link_target != BPMN_NONE) {
        element_ref scope = ei->scope;
        uint32_t target = element->link_target;
        uint64_t scope_key = scope->entity.key;
        activity_leave_to(engine, instance, ei,
                          (struct work){.scope = scope_key, .element = target});
    } else if (done) {
        activity_complete(engine, instance, ei);
    }
}

void event_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    switch ((int)element->type) {
    case BPMN_INTERMEDIATE_CATCH_EVENT:
        if (element->trigger_count == 0 || bpmn_has_trigger(element, BPMN_LINK_TRIGGER))
            activity_complete(engine, instance, ei);
        else if (condition_holds(engine, ei, element))
            event_happened(engine, instance, ei, ei->element, STR_EMPTY);
        break;
    case BPMN_INTERMEDIATE_THROW_EVENT:
    case BPMN_END_EVENT:
        run_throw(engine, instance, ei);
        break;
    default:
        activity_complete(engine, instance, ei);
        break;
    }
}
