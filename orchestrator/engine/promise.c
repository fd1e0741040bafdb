// SPDX-License-Identifier: Apache-2.0
//
// What the baton: namespace promises beside the process: service levels, reminders and escalations
// are timers of their own on the element instance, costs are added when it completes. None of them
// changes where tokens go, except an escalation that throws a code.
#include "engine/step.h"

#include "feel/number.h"

// Durations are counted in the element's calendar, or in the one of its process.
static const struct bpmn_calendar *calendar_of(instance_ref instance,
                                               const struct bpmn_element *element)
{
    const struct bpmn_extras *own = element->extras,
                             *of_all = instance->process->elements[0].extras;
    if (own != NULL && own->calendar != NULL)
        return own->calendar;
    return of_all ? of_all->calendar : NULL;
}

struct moment promise_base(instance_ref instance, element_ref ei, int64_t from_ms)
{
    return (struct moment){calendar_of(instance, element_of(instance, ei)), from_ms};
}

static bool is_armed(element_ref ei, enum timer_purpose purpose, uint32_t index)
{
    for (const struct attachment *a = ei->attachments; a != NULL; a = a->next) {
        const struct timer *timer = (const struct timer *)a;
        if (a->entity.kind == ENTITY_KIND_TIMER && timer->purpose == purpose &&
            timer->trigger == index)
            return true;
    }
    return false;
}

static void arm(struct engine *engine, instance_ref instance, element_ref ei,
                enum timer_purpose purpose, struct event planned)
{
    static const char *const purposes[] = {"", "SLA", "REMINDER", "ESCALATION"};
    planned.element = ei->element + 1;
    planned.code = str_of(purposes[purpose]);
    timer_create(engine, instance, ei, planned);
}

// -- Service levels ---------------------------------------------------------------------

// True: what is promised could be read; else there is an incident.
bool promise_begin(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    int64_t due_ms;
    str why;
    if (extras == NULL || extras->sla == NULL || ei->is_body || state_is_activation(ei) ||
        ei->is_late || is_armed(ei, TIMER_OF_SLA, 0))
        return true;
    if (!expression_moment(engine, ei, extras->sla, promise_base(instance, ei, ei->started_ms),
                           &due_ms, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return false;
    }
    arm(engine, instance, ei, TIMER_OF_SLA, (struct event){.flow = 1, .due_ms = due_ms});
    return true;
}

static void breach(struct engine *engine, instance_ref instance, element_ref ei, int64_t due_ms)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_SLA_BREACHED,
                             .key = ei->entity.key,
                             .scope = ei->entity.key,
                             .element = ei->element + 1,
                             .due_ms = due_ms});
}

// -- Costs ------------------------------------------------------------------------------

static bool add_numbers(struct engine *engine, str total, feel_value cost, str *ret_total)
{
    feel_value sum = cost;
    if (!feel_is(cost, FEEL_NUMBER))
        return false;
    if (!str_is_empty(total) && feel_number_parse(total, &sum))
        sum = number_add(sum, cost);
    if (!feel_is(sum, FEEL_NUMBER))
        return false;
    *ret_total = expression_number_text(engine, sum);
    return true;
}

// A cost never stops a process: what has no number costs nothing, and history says why.
void promise_cost(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    struct event event = {.type = EVENT_COST_ADDED,
                          .key = ei->entity.key,
                          .scope = ei->entity.key,
                          .element = ei->element + 1,
                          .value = STR("0")};
    struct computed cost;
    if (extras == NULL || extras->cost == NULL || ei->is_body || state_is_activation(ei))
        return;
    event.code = str_is_empty(instance->cost) ? STR("0") : instance->cost;
    if (expression_value(engine, ei, extras->cost, &cost, &event.name) &&
        personal_is_open(engine, &cost.reading, extras->cost, &event.name)) {
        feel_value number = cost.value;
        if (feel_is(number, FEEL_STRING) && !feel_number_parse(str_trim(number.string), &number))
            number = cost.value;
        if (add_numbers(engine, instance->cost, number, &event.code))
            event.value = expression_number_text(engine, number);
        else
            event.name = str_format(engine->turn, "expected a number, found %s",
                                    feel_kind_name(cost.value.kind));
    }
    step_emit(engine, instance, event);
}

// -- User tasks -------------------------------------------------------------------------

static int64_t due_date_of(struct engine *engine, const struct user_task *task)
{
    struct json *details;
    struct error err;
    return json_parse(engine->turn, task->details, &details, &err)
               ? border_moment(json_get_i64(details, STR("dueDate"), 0))
               : 0;
}

static bool remind_at(struct engine *engine, instance_ref instance, const struct user_task *task,
                      const struct bpmn_reminder *reminder, int64_t *ret_ms, str *ret_why)
{
    element_ref ei = task->attachment.owner;
    int64_t due_ms = due_date_of(engine, task);
    if (reminder->after != NULL)
        return expression_moment(engine, ei, reminder->after,
                                 promise_base(instance, ei, task->created_ms), ret_ms, ret_why);
    *ret_ms = 0;
    if (due_ms == 0)
        return true; // no date, nothing to remind of before it
    if (!expression_moment(engine, ei, reminder->before, (struct moment){NULL, due_ms}, ret_ms,
                           ret_why))
        return false;
    *ret_ms = border_after(due_ms, due_ms - *ret_ms);
    return true;
}

// What was due before a migration or a new date has been done, or is no longer wanted.
static bool has_passed(const struct engine *engine, const struct user_task *task, int64_t at_ms)
{
    return at_ms <= engine->clock_ms && task->created_ms < engine->clock_ms;
}

static bool arm_reminder(struct engine *engine, instance_ref instance, const struct user_task *task,
                         uint32_t index)
{
    element_ref ei = task->attachment.owner;
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    int64_t at_ms;
    str why;
    if (is_armed(ei, TIMER_OF_REMINDER, index))
        return true;
    if (!remind_at(engine, instance, task, &extras->reminders[index], &at_ms, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return false;
    }
    if (at_ms > 0 && !has_passed(engine, task, at_ms))
        arm(engine, instance, ei, TIMER_OF_REMINDER,
            (struct event){.flow = index + 1, .due_ms = at_ms});
    return true;
}

static bool arm_escalation(struct engine *engine, instance_ref instance,
                           const struct user_task *task, uint32_t index)
{
    element_ref ei = task->attachment.owner;
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    int64_t at_ms;
    str why;
    if (is_armed(ei, TIMER_OF_ESCALATION, index))
        return true;
    if (!expression_moment(engine, ei, extras->escalations[index].after,
                           promise_base(instance, ei, task->created_ms), &at_ms, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return false;
    }
    if (!has_passed(engine, task, at_ms))
        arm(engine, instance, ei, TIMER_OF_ESCALATION,
            (struct event){.flow = index + 1, .due_ms = at_ms});
    return true;
}

bool promise_user_task(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    const struct user_task *task = state_attachment(ei, ENTITY_KIND_USER_TASK);
    bool ok = true;
    for (uint32_t i = 0; ok && extras && task && i < extras->reminder_count; i++)
        ok = arm_reminder(engine, instance, task, i);
    for (uint32_t i = 0; ok && extras && task && i < extras->escalation_count; i++)
        ok = arm_escalation(engine, instance, task, i);
    return ok;
}

// The due date may have moved: reminders before it are planned anew.
void promise_date_moved(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    const struct user_task *task = state_attachment(ei, ENTITY_KIND_USER_TASK);
    const struct attachment *next;
    for (const struct attachment *a = extras ? ei->attachments : NULL; a != NULL; a = next) {
        const struct timer *timer = (const struct timer *)a;
        next = a->next;
        if (a->entity.kind == ENTITY_KIND_TIMER && timer->purpose == TIMER_OF_REMINDER &&
            extras->reminders[timer->trigger].before != NULL)
            step_emit(engine, instance,
                      (struct event){.type = EVENT_TIMER_CANCELED,
                                     .key = a->entity.key,
                                     .scope = ei->entity.key});
    }
    for (uint32_t i = 0; extras && task && i < extras->reminder_count; i++)
        if (extras->reminders[i].before != NULL && !arm_reminder(engine, instance, task, i))
            return;
}

static void remind(struct engine *engine, instance_ref instance, const struct user_task *task,
                   uint32_t index, int64_t due_ms)
{
    element_ref ei = task->attachment.owner;
    const struct bpmn_reminder *reminder = &element_of(instance, ei)->extras->reminders[index];
    int64_t again_ms;
    str why;
    step_emit(engine, instance,
              (struct event){.type = EVENT_USER_TASK_REMINDED,
                             .key = task->attachment.entity.key,
                             .scope = ei->entity.key,
                             .element = ei->element + 1,
                             .number = index + 1});
    if (reminder->job != NULL && !job_notify(engine, instance, ei, index))
        return;
    if (reminder->repeat == NULL)
        return;
    if (!expression_moment(engine, ei, reminder->repeat, promise_base(instance, ei, due_ms),
                           &again_ms, &why))
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
    else if (again_ms > due_ms)
        arm(engine, instance, ei, TIMER_OF_REMINDER,
            (struct event){.flow = index + 1, .due_ms = again_ms});
}

static void hand_over(struct engine *engine, instance_ref instance, const struct user_task *task,
                      const struct bpmn_escalation *escalation, str assignee)
{
    element_ref ei = task->attachment.owner;
    uint64_t key = task->attachment.entity.key;
    str details, why;
    if (escalation->assignee != NULL && separation_allows_naming(engine, instance, task, assignee))
        step_emit(engine, instance,
                  (struct event){.type = EVENT_USER_TASK_ASSIGNED,
                                 .key = key,
                                 .scope = ei->entity.key,
                                 .name = assignee});
    if (escalation->candidate_groups == NULL)
        return;
    if (user_task_with_groups(engine, ei, task, escalation->candidate_groups, &details, &why))
        step_emit(engine, instance,
                  (struct event){.type = EVENT_USER_TASK_UPDATED,
                                 .key = key,
                                 .scope = ei->entity.key,
                                 .value = details});
    else
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
}

static void escalate(struct engine *engine, instance_ref instance, const struct user_task *task,
                     uint32_t index)
{
    element_ref ei = task->attachment.owner;
    const struct bpmn_escalation *escalation =
        &element_of(instance, ei)->extras->escalations[index];
    str code = STR_EMPTY, assignee = STR_EMPTY, why;
    if ((escalation->code &&
         !expression_name(engine, ei, escalation->code, "the code", &code, &why)) ||
        (escalation->assignee &&
         !expression_name(engine, ei, escalation->assignee, "the assignee", &assignee, &why))) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    step_emit(engine, instance,
              (struct event){.type = EVENT_USER_TASK_ESCALATED,
                             .key = task->attachment.entity.key,
                             .scope = ei->entity.key,
                             .element = ei->element + 1,
                             .number = index + 1,
                             .name = assignee,
                             .code = code});
    hand_over(engine, instance, task, escalation, assignee);
    if (escalation->code != NULL)
        event_throw_escalation(engine, instance, ei, code, STR_EMPTY);
}

// A timer of ours fired; it is gone already.
void promise_due(struct engine *engine, instance_ref instance, element_ref ei,
                 const struct timer *fired)
{
    const struct user_task *task = state_attachment(ei, ENTITY_KIND_USER_TASK);
    if (fired->purpose == TIMER_OF_SLA)
        breach(engine, instance, ei, fired->due_ms);
    else if (task != NULL && fired->purpose == TIMER_OF_REMINDER)
        remind(engine, instance, task, fired->trigger, fired->due_ms);
    else if (task != NULL)
        escalate(engine, instance, task, fired->trigger);
}
