// SPDX-License-Identifier: Apache-2.0
// User tasks: created from the model, then assigned, updated and completed by people. Task
// listeners may deny or correct each change.
#include "engine/step.h"

static str merged(struct engine *engine, str details, const struct json *changes);

static const char *const DETAILS[] = {"candidateGroups", "candidateUsers", "dueDate",
                                      "followUpDate",    "priority",       "assignee"};

// -- Creating ---------------------------------------------------------------------------

static feel_value text_list(struct engine *engine, feel_value value)
{
    if (!feel_is(value, FEEL_STRING))
        return value;
    ARRAY(feel_value) items = {0};
    str rest = value.string, part;
    while (str_split(&rest, ',', &part))
        if (!str_is_empty(str_trim(part)))
            *ARRAY_PUSH(engine->turn, &items) = feel_string(str_trim(part));
    return feel_list(items.items, items.count);
}

static bool add_list(struct engine *engine, element_ref ei, const struct feel_program *program,
                     const char *name, struct json_writer *w, str *ret_why)
{
    feel_value value = feel_list(NULL, 0);
    if (program != NULL && !expression_value(engine, ei, program, &value, ret_why))
        return false;
    value = text_list(engine, value);
    json_key(w, str_of(name));
    str list = STR("[]");
    if (feel_is(value, FEEL_LIST) && !expression_json(engine, value, &list, ret_why))
        return false;
    json_raw(w, list);
    return true;
}

struct named_moment {
    const char *name;
    struct moment from; // counted in the element's calendar
};

static bool add_instant(struct engine *engine, element_ref ei, const struct feel_program *program,
                        struct named_moment at, struct json_writer *w, str *ret_why)
{
    int64_t ms;
    feel_value value;
    if (program == NULL)
        return true;
    if (!expression_value(engine, ei, program, &value, ret_why))
        return false;
    if (feel_is_null(value))
        return true;
    if (!expression_moment(engine, ei, program, at.from, &ms, ret_why))
        return false;
    json_key(w, str_of(at.name));
    json_i64(w, ms);
    return true;
}

static bool details_of(struct engine *engine, instance_ref instance, element_ref ei,
                       str *ret_details, str *ret_why)
{
    const struct bpmn_user_task *task = element_of(instance, ei)->user_task;
    struct moment now = promise_base(instance, ei, engine->clock_ms);
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    int64_t priority;
    json_begin_object(&w);
    if (!add_list(engine, ei, task->candidate_groups, "candidateGroups", &w, ret_why) ||
        !add_list(engine, ei, task->candidate_users, "candidateUsers", &w, ret_why) ||
        !add_instant(engine, ei, task->due, (struct named_moment){"dueDate", now}, &w, ret_why) ||
        !add_instant(engine, ei, task->follow_up, (struct named_moment){"followUpDate", now}, &w,
                     ret_why) ||
        !expression_i64(engine, ei, task->priority, 50, &priority, ret_why))
        return false;
    json_key(&w, STR("priority"));
    json_i64(&w, priority);
    json_end_object(&w);
    *ret_details = strbuf_str(&out);
    return border_value(engine, "the user task", *ret_details, LIMIT_VARIABLE_BYTES, ret_why);
}

static bool assignee_of(struct engine *engine, element_ref ei, const struct bpmn_user_task *task,
                        str *ret_assignee, str *ret_why)
{
    feel_value value;
    *ret_assignee = STR_EMPTY;
    if (task->assignee == NULL)
        return true;
    if (!expression_value(engine, ei, task->assignee, &value, ret_why))
        return false;
    return feel_is_null(value) ||
           expression_name(engine, ei, task->assignee, "the assignee", ret_assignee, ret_why);
}

void user_task_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_user_task *task = element_of(instance, ei)->user_task;
    struct event event = {
        .type = EVENT_USER_TASK_CREATED, .scope = ei->entity.key, .element = ei->element + 1};
    str why;
    if (state_attachment(ei, ENTITY_KIND_USER_TASK) != NULL) {
        step_or_incident(promise_user_task(engine, instance, ei)); // where one stopped it
        return;
    }
    if (!details_of(engine, instance, ei, &event.value, &why) ||
        !assignee_of(engine, ei, task, &event.name, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    event.key = step_key(engine);
    step_emit(engine, instance, event);
    if (promise_user_task(engine, instance, ei))
        job_create_listener(engine, instance, ei, BPMN_LISTENER_CREATING);
}

// The task's details with other candidate groups.
bool user_task_with_groups(struct engine *engine, element_ref ei, const struct user_task *task,
                           const struct feel_program *groups, str *ret_details, str *ret_why)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *changes;
    struct error err;
    json_begin_object(&w);
    if (!add_list(engine, ei, groups, "candidateGroups", &w, ret_why))
        return false;
    json_end_object(&w);
    check(json_parse(engine->turn, strbuf_str(&out), &changes, &err));
    *ret_details = merged(engine, task->details, changes);
    return border_value(engine, "the user task", *ret_details, LIMIT_VARIABLE_BYTES, ret_why);
}

// -- Changing ---------------------------------------------------------------------------

struct change {
    instance_ref instance;
    element_ref ei;
    const struct user_task *task;
};

static bool is_listened_to(const struct user_task *task)
{
    for (const struct attachment *a = task->attachment.owner->attachments; a; a = a->next)
        if (a->entity.kind == ENTITY_KIND_JOB && ((const struct job *)a)->kind != JOB_NOTIFICATION)
            return true;
    return false;
}

static bool find_task(struct engine *engine, struct change *ret_change)
{
    const struct command *command = engine->command;
    instance_ref instance = step_instance(engine, command->instance);
    const struct user_task *task =
        instance ? state_entity(instance, ENTITY_KIND_USER_TASK, command->key) : NULL;
    if (task == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND, STR("there is no such user task"));
        return false;
    }
    if (task->attachment.owner->phase == PHASE_TERMINATING) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the user task is being canceled"));
        return false;
    }
    if (!str_is_empty(task->action) || is_listened_to(task)) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("a listener is deciding about an earlier change"));
        return false;
    }
    *ret_change = (struct change){instance, task->attachment.owner, task};
    return true;
}

// Keeps what is asked and lets the listeners decide; false when there are none.
static bool ask_listeners(struct engine *engine, const struct change *change,
                          enum bpmn_listener_event event, const char *action, str request)
{
    const struct bpmn_element *element = element_of(change->instance, change->ei);
    bool any = false;
    for (uint32_t i = 0; i < element->listener_count; i++)
        any |= element->listeners[i].event == event;
    if (!any)
        return false;
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETING,
                             .key = change->task->attachment.entity.key,
                             .name = engine->command->principal,
                             .code = str_of(action),
                             .value = request});
    job_create_listener(engine, change->instance, change->ei, event);
    return true;
}

static void finish_completion(struct engine *engine, const struct change *change, str variables)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .name = engine->command->principal,
                             .value = STR("complete")});
    activity_complete_with(engine, change->instance, change->ei, variables);
}

void user_task_complete(struct engine *engine)
{
    const struct user_task_command *body = &engine->command->user_task;
    struct change change;
    str why;
    if (!find_task(engine, &change))
        return;
    if (!variable_fits(engine, change.instance, change.instance->root, body->variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    if (!ask_listeners(engine, &change, BPMN_LISTENER_COMPLETING, "complete", body->variables))
        finish_completion(engine, &change, body->variables);
}

static void finish_assignment(struct engine *engine, const struct change *change, str assignee)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_ASSIGNED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .name = assignee});
}

void user_task_assign(struct engine *engine)
{
    const struct user_task_command *body = &engine->command->user_task;
    struct change change;
    if (!find_task(engine, &change))
        return;
    if (!str_is_empty(change.task->assignee) && !str_is_empty(body->assignee) &&
        !body->override_assignee && !str_equal(change.task->assignee, body->assignee)) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    str_format(engine->turn, "the task is assigned to '%.*s'",
                               STR_ARG(change.task->assignee)));
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    if (!ask_listeners(engine, &change, BPMN_LISTENER_ASSIGNING, "assign", body->assignee))
        finish_assignment(engine, &change, body->assignee);
}

// The details with what the changeset names replaced; unknown names are left out.
static str merged(struct engine *engine, str details, const struct json *changes)
{
    struct json *old;
    struct error err;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    check(json_parse(engine->turn, details, &old, &err));
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(DETAILS) - 1; i++) {
        str name = str_of(DETAILS[i]);
        const struct json *value = json_get(changes, name);
        int64_t ms;
        value = value ? value : json_get(old, name);
        if (value == NULL || value->type == JSON_NULL ||
            (value->type == JSON_STRING && str_is_empty(value->text)))
            continue;
        json_key(&w, name);
        if (value->type == JSON_STRING &&
            feel_instant_parse(value->text, engine->environment.zones, NULL, &ms))
            json_i64(&w, ms);
        else
            json_value(&w, value);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

// False, and nothing is changed, when the task would be too large.
static bool finish_update(struct engine *engine, const struct change *change, str changeset,
                          str *ret_why)
{
    struct json *changes;
    struct error err;
    if (!json_parse(engine->turn, changeset, &changes, &err) || !json_is(changes, JSON_OBJECT))
        return true;
    str details = merged(engine, change->task->details, changes);
    const struct json *assignee = json_get(changes, STR("assignee"));
    if (!border_value(engine, "the user task", details, LIMIT_VARIABLE_BYTES, ret_why) ||
        (json_is(assignee, JSON_STRING) &&
         !border_name(engine, "the assignee", assignee->text, ret_why)))
        return false;
    if (json_is(assignee, JSON_STRING))
        finish_assignment(engine, change, assignee->text);
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_UPDATED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .value = details});
    promise_date_moved(engine, change->instance, change->ei);
    return true;
}

void user_task_update(struct engine *engine)
{
    const struct user_task_command *body = &engine->command->user_task;
    struct change change;
    str why;
    if (!find_task(engine, &change))
        return;
    if (!variable_is_object(engine, body->changeset, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (!ask_listeners(engine, &change, BPMN_LISTENER_UPDATING, "update", body->changeset) &&
        !finish_update(engine, &change, body->changeset, &why))
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
    else
        step_accept(engine, engine->command->key, engine->command->instance);
}

// -- Listeners --------------------------------------------------------------------------

static void finish_update_or_fail(struct engine *engine, const struct change *change, str changeset)
{
    str why;
    if (!finish_update(engine, change, changeset, &why))
        incident_raise(engine, change->instance, change->ei, "LIMIT_REACHED", why);
}

static void carry_out(struct engine *engine, const struct change *change, str action, str request)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETING,
                             .key = change->task->attachment.entity.key});
    if (str_equal(action, STR("complete")))
        finish_completion(engine, change, request);
    else if (str_equal(action, STR("assign")))
        finish_assignment(engine, change, request);
    else if (str_equal(action, STR("update")))
        finish_update_or_fail(engine, change, request);
}

// The next listener hears of the end, or the task is gone. None can deny it any more.
void user_task_canceling(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (job_create_listener(engine, instance, ei, BPMN_LISTENER_CANCELING))
        return;
    engine->terminates_all = true;
    activity_terminate(engine, instance, ei);
    engine->terminates_all = false;
    process_element_gone(engine, instance);
}

void user_task_listener_done(struct engine *engine, instance_ref instance, element_ref ei,
                             enum bpmn_listener_event event, str result)
{
    struct change change = {instance, ei, state_attachment(ei, ENTITY_KIND_USER_TASK)};
    struct json *json = NULL;
    struct error err;
    if (change.task == NULL)
        return;
    if (event == BPMN_LISTENER_CANCELING) {
        user_task_canceling(engine, instance, ei);
        return;
    }
    bool parsed = !str_is_empty(result) && json_parse(engine->turn, result, &json, &err);
    const struct json *corrections = parsed ? json_get(json, STR("corrections")) : NULL;
    if (parsed && json_get_bool(json, STR("denied"), false)) {
        step_emit(engine, instance,
                  (struct event){
                      .type = EVENT_USER_TASK_DENIED,
                      .key = change.task->attachment.entity.key,
                      .scope = ei->entity.key,
                      .value = border_text(json_get_str(json, STR("deniedReason"), STR_EMPTY))});
        return;
    }
    if (json_is(corrections, JSON_OBJECT)) {
        struct strbuf out = strbuf_new(engine->turn);
        struct json_writer w = json_writer_new(&out);
        json_value(&w, corrections);
        finish_update_or_fail(engine, &change, strbuf_str(&out));
    }
    if (job_create_listener(engine, instance, ei, event))
        return;
    carry_out(engine, &change, change.task->action, change.task->variables);
}
