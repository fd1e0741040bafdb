// SPDX-License-Identifier: Apache-2.0
// User tasks: created from the model, then assigned, updated and completed by people. Task
// listeners may deny or correct each change; who asked for it is answered when they have decided.
#include "engine/global_listener.h"
#include "engine/user_task.h"

// -- Transitions ------------------------------------------------------------------------

static const struct transition {
    const char *action;
    enum bpmn_listener_event event;
} TRANSITIONS[] = {
    {"create", BPMN_LISTENER_CREATING},
    {"assign", BPMN_LISTENER_ASSIGNING},
    {"update", BPMN_LISTENER_UPDATING},
    {"complete", BPMN_LISTENER_COMPLETING},
};

static const struct transition *transition_named(str action)
{
    for (size_t i = 0; i < COUNT_OF(TRANSITIONS); i++)
        if (str_equal(action, str_of(TRANSITIONS[i].action)))
            return &TRANSITIONS[i];
    return NULL;
}

static const struct json *read_result(struct engine *engine, str result)
{
    struct json *json = NULL;
    struct error err;
    return !str_is_empty(result) && json_parse(engine->turn, result, &json, &err) ? json : NULL;
}

struct change {
    instance_ref instance;
    element_ref ei;
    const struct user_task *task;
};

static bool is_heard(const struct engine *engine, const struct change *change,
                     enum bpmn_listener_event event)
{
    if (listeners_hear(engine, event))
        return true;
    const struct bpmn_element *element = element_of(change->instance, change->ei);
    for (uint32_t i = 0; i < element->listener_count; i++)
        if (element->listeners[i].event == event)
            return true;
    return false;
}

struct request {
    str action; // as the caller calls it
    const char *name;
    str json;
    bool propagates;  // variables: each where it is defined
    struct doer doer; // who asks, where their duty is noted at the end
};

// What is asked for, as the transition keeps it: the action and one member.
static str request_json(struct engine *engine, struct request request)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("action"));
    json_string(&w, request.action);
    if (!str_is_empty(request.json)) {
        json_key(&w, str_of(request.name));
        json_raw(&w, request.json);
    }
    if (!str_is_empty(request.doer.person)) {
        json_key(&w, STR("person"));
        json_string(&w, request.doer.person);
    }
    if (!str_is_empty(request.doer.roles)) {
        json_key(&w, STR("roles"));
        json_raw(&w, request.doer.roles);
    }
    if (request.propagates) {
        json_key(&w, STR("propagates"));
        json_bool(&w, true);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

static str quoted(struct engine *engine, str text)
{
    struct strbuf out = strbuf_new(engine->turn);
    json_quote(&out, text);
    return strbuf_str(&out);
}

static void carry_out(struct engine *engine, const struct change *change);

static void ask_next(struct engine *engine, const struct change *change)
{
    const struct transition *transition = transition_named(change->task->action);
    check(transition != NULL);
    const struct json *request = read_result(engine, change->task->request);
    if (!listeners_ask_next(engine, change->instance, change->ei, transition->event,
                            json_get(request, STR("listeners"))))
        carry_out(engine, change);
}

// With the listeners of all tasks that decide about it: those that it began with.
static str with_listeners(struct engine *engine, str request, const char *action)
{
    const struct transition *transition = transition_named(str_of(action));
    if (!listeners_hear(engine, transition->event) ||
        json_get(read_result(engine, request), STR("listeners")) != NULL)
        return request;
    str pinned = listeners_pin(engine, transition->event);
    return str_format(engine->turn, "%.*s,\"listeners\":%.*s}",
                      STR_ARG(str_sub(request, 0, request.len - 1)), STR_ARG(pinned));
}

static void begin(struct engine *engine, const struct change *change, const char *action,
                  str request, struct reply_to asker)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETING,
                             .key = change->task->attachment.entity.key,
                             .parent = asker.request,
                             .number = asker.partition,
                             .name = asker.request ? engine->command->principal : STR_EMPTY,
                             .code = str_of(action),
                             .value = with_listeners(engine, request, action)});
    ask_next(engine, change);
}

static void forget_transition(struct engine *engine, const struct change *change)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETING,
                             .key = change->task->attachment.entity.key});
}

static void answer(struct engine *engine, const struct change *change, struct reply_to to,
                   str why_not)
{
    step_reply(engine, (struct reply){.to = to,
                                      .rejection = str_is_empty(why_not) ? REJECTION_NONE
                                                                         : REJECTION_INVALID_STATE,
                                      .reason = why_not,
                                      .key = change->task->attachment.entity.key,
                                      .instance = change->instance->stream.key});
}

void user_task_left(struct engine *engine, instance_ref instance, const struct user_task *task)
{
    struct change change = {instance, task->attachment.owner, task};
    if (str_is_empty(task->action))
        return;
    answer(engine, &change, task->asker, STR("the user task was canceled"));
    forget_transition(engine, &change);
}

// -- Creating ---------------------------------------------------------------------------

static bool assignee_of(struct engine *engine, element_ref ei, const struct bpmn_user_task *task,
                        str *ret_assignee, str *ret_why)
{
    struct computed computed;
    *ret_assignee = STR_EMPTY;
    if (task->assignee == NULL)
        return true;
    if (!expression_value(engine, ei, task->assignee, &computed, ret_why))
        return false;
    feel_value value = computed.value;
    bool is_none = feel_is_null(value) ||
                   (feel_is(value, FEEL_STRING) && str_is_empty(str_trim(value.string)));
    return is_none ||
           expression_name(engine, ei, task->assignee, "the assignee", ret_assignee, ret_why);
}

// An incident stopped it: a transition begins again, with all its listeners.
static void go_on(struct engine *engine, instance_ref instance, element_ref ei,
                  const struct user_task *task)
{
    struct change change = {instance, ei, task};
    if (!promise_user_task(engine, instance, ei) || str_is_empty(task->action))
        return;
    const struct transition *transition = transition_named(task->action);
    begin(engine, &change, transition->action, str_copy(engine->turn, task->request), task->asker);
}

void user_task_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct user_task *known = state_attachment(ei, ENTITY_KIND_USER_TASK);
    struct event event = {
        .type = EVENT_USER_TASK_CREATED, .scope = ei->entity.key, .element = ei->element + 1};
    str assignee, why;
    if (known != NULL) {
        go_on(engine, instance, ei, known);
        return;
    }
    if (!task_details_of(engine, instance, ei, &event.value, &why) ||
        !assignee_of(engine, ei, element_of(instance, ei)->user_task, &assignee, &why)) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    struct change change = {instance, ei, NULL};
    bool asks = is_heard(engine, &change, BPMN_LISTENER_CREATING) ||
                (!str_is_empty(assignee) && is_heard(engine, &change, BPMN_LISTENER_ASSIGNING));
    bool may = separation_allows(engine, instance, ei, separation_doer(engine, assignee), &why);
    event.key = step_key(engine);
    event.name = asks || !may ? STR_EMPTY : assignee;
    step_emit(engine, instance, event);
    change.task = state_entity(instance, ENTITY_KIND_USER_TASK, event.key);
    if (!asks && !may && !str_is_empty(assignee))
        separation_bar(engine, instance, change.task, assignee, why);
    if (promise_user_task(engine, instance, ei) && asks)
        begin(
            engine, &change, "create",
            request_json(engine, (struct request){STR_EMPTY, "assignee", quoted(engine, assignee)}),
            (struct reply_to){0});
}

// -- Changing ---------------------------------------------------------------------------

static bool is_listened_to(const struct user_task *task)
{
    for (const struct attachment *a = task->attachment.owner->attachments; a; a = a->next)
        if (a->entity.kind == ENTITY_KIND_JOB && ((const struct job *)a)->kind != JOB_NOTIFICATION)
            return true;
    return false;
}

static bool may_change(struct engine *engine, const struct user_task *task)
{
    if (task->attachment.owner->phase == PHASE_TERMINATING)
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the user task is being canceled"));
    else if (!str_is_empty(task->action) || is_listened_to(task))
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("a listener is deciding about an earlier change"));
    else
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
    if (!may_change(engine, task))
        return false;
    *ret_change = (struct change){instance, task->attachment.owner, task};
    return true;
}

static str action_or(str asked, const char *fallback)
{
    return str_is_empty(asked) ? str_of(fallback) : asked;
}

// Who does it: the one who asks, else (where nobody has to say who they are) who it is assigned to.
static str person_of(const struct engine *engine, const struct change *change)
{
    str principal = engine->command->principal;
    return str_is_empty(principal) ? change->task->assignee : principal;
}

static bool is_separate(struct engine *engine, const struct change *change, struct doer doer)
{
    str why;
    if (separation_allows(engine, change->instance, change->ei, doer, &why))
        return true;
    step_reject(engine, engine->shard, REJECTION_FORBIDDEN, why);
    return false;
}

struct completion {
    str by; // as asked
    struct doer doer;
    str action;
    str variables;
};

static void complete(struct engine *engine, const struct change *change,
                     const struct completion *completion)
{
    separation_note(engine, change->instance, change->ei, completion->doer.person);
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_COMPLETED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .name = completion->by,
                             .value = border_text(completion->action)});
    activity_complete_with(engine, change->instance, change->ei, completion->variables);
}

void user_task_complete(struct engine *engine)
{
    const struct user_task_command *body = &engine->command->user_task;
    str action = action_or(body->action, "complete");
    struct change change;
    str why;
    if (!find_task(engine, &change))
        return;
    bool maps = element_of(change.instance, change.ei)->output_count > 0;
    struct merge merge = {body->variables, maps};
    bool is_heard_of = is_heard(engine, &change, BPMN_LISTENER_COMPLETING);
    if (!variable_fits(engine, change.instance, change.instance->root, body->variables, &why) ||
        (is_heard_of && !personal_admit_object(engine, change.instance, change.ei, &merge, &why))) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    struct completion completion = {.by = engine->command->principal,
                                    .doer = separation_doer(engine, person_of(engine, &change)),
                                    .action = action,
                                    .variables = merge.object};
    if (!is_separate(engine, &change, completion.doer))
        return;
    if (is_heard_of) {
        begin(engine, &change, "complete",
              request_json(engine, (struct request){action, "variables", merge.object, false,
                                                    completion.doer}),
              engine->command->reply);
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    complete(engine, &change, &completion);
}

static void assign(struct engine *engine, const struct change *change, str assignee)
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
    struct doer named = separation_doer(engine, body->assignee);
    if (!is_separate(engine, &change, named))
        return;
    if (is_heard(engine, &change, BPMN_LISTENER_ASSIGNING)) {
        str action = action_or(body->action, str_is_empty(body->assignee) ? "unassign" : "assign");
        begin(engine, &change, "assign",
              request_json(engine, (struct request){action, "assignee",
                                                    quoted(engine, body->assignee), false, named}),
              engine->command->reply);
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    assign(engine, &change, body->assignee);
}

static void update(struct engine *engine, const struct change *change, str details)
{
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_UPDATED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .value = details});
    promise_date_moved(engine, change->instance, change->ei);
}

// An update needs a change, or an action of its own.
static bool read_changeset(struct engine *engine, const struct json **ret_changes, str *ret_why)
{
    const struct user_task_command *body = &engine->command->user_task;
    struct json *changes = NULL;
    struct error err;
    bool any = false;
    *ret_why = STR("the changeset is no JSON object");
    if (!variable_is_object(engine, body->changeset, ret_why) ||
        (!str_is_empty(body->changeset) &&
         !json_parse(engine->turn, body->changeset, &changes, &err)))
        return false;
    for (size_t i = 0; changes != NULL && i < changes->count; i++)
        any |= changes->members[i].value.type != JSON_NULL;
    *ret_changes = changes;
    if (changes != NULL && !task_changes_fit(engine, changes, false, ret_why))
        return false;
    *ret_why = STR("nothing is to be changed: give an action, or one of candidateGroups, "
                   "candidateUsers, dueDate, followUpDate and priority in the changeset");
    return any || !str_is_empty(body->action);
}

void user_task_update(struct engine *engine)
{
    const struct user_task_command *body = &engine->command->user_task;
    const struct json *changes;
    struct change change;
    str why;
    if (!find_task(engine, &change))
        return;
    if (!read_changeset(engine, &changes, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    str details = task_merged(engine, change.task->details, changes);
    if (!border_value(engine, "the user task", details, LIMIT_VARIABLE_BYTES, &why)) {
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
        return;
    }
    if (is_heard(engine, &change, BPMN_LISTENER_UPDATING)) {
        begin(engine, &change, "update",
              request_json(engine, (struct request){action_or(body->action, "update"), "changeset",
                                                    body->changeset}),
              engine->command->reply);
        return;
    }
    step_accept(engine, engine->command->key, engine->command->instance);
    update(engine, &change, details);
}

// Camunda 8: setting variables of a user task is an update of it. True: listeners decide about the
// running command, or it is refused.
bool user_task_sets_variables(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct set_variables *body = &engine->command->set_variables;
    struct change change = {instance, ei, state_attachment(ei, ENTITY_KIND_USER_TASK)};
    if (change.task == NULL || !is_heard(engine, &change, BPMN_LISTENER_UPDATING))
        return false;
    struct merge merge = {body->variables, body->local};
    str why;
    if (!may_change(engine, change.task))
        return true;
    if (personal_admit_object(engine, instance, ei, &merge, &why))
        begin(engine, &change, "update",
              request_json(engine,
                           (struct request){STR_EMPTY, "variables", merge.object, !body->local}),
              engine->command->reply);
    else
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
    return true;
}

// -- Listeners --------------------------------------------------------------------------

// What the listeners left of the change takes effect. A new task is assigned after it was created.
static void finish(struct engine *engine, const struct change *change, str action,
                   struct task_view view)
{
    bool creates = str_equal(action, STR("create"));
    bool assigns = str_equal(action, STR("assign"));
    if (str_equal(action, STR("update")) || !str_equal(view.details, change->task->details))
        update(engine, change, view.details);
    if (creates && !str_is_empty(view.assignee) &&
        is_heard(engine, change, BPMN_LISTENER_ASSIGNING))
        begin(engine, change, "assign",
              request_json(engine,
                           (struct request){STR_EMPTY, "assignee", quoted(engine, view.assignee)}),
              (struct reply_to){0});
    else if (assigns || !str_equal(view.assignee, change->task->assignee))
        assign(engine, change, view.assignee);
}

static void refuse(struct engine *engine, const struct change *change, str why)
{
    answer(engine, change, change->task->asker, why);
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_DENIED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .value = border_text(why)});
}

static struct doer doer_of(struct engine *engine, const struct user_task *task)
{
    const struct json *request = read_result(engine, task->request);
    const struct json *roles = json_get(request, STR("roles"));
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (roles != NULL)
        json_value(&w, roles);
    return (struct doer){str_copy(engine->turn, json_get_str(request, STR("person"), STR_EMPTY)),
                         strbuf_str(&out)};
}

// Meanwhile another task may have been done, or listeners have named somebody else. Who is named
// for a task that is created or done and may not have it is left out of what changes.
static bool is_still_separate(struct engine *engine, const struct change *change,
                              struct task_view *view, str *ret_why)
{
    const struct user_task *task = change->task;
    struct doer asked = doer_of(engine, task);
    bool completes = str_equal(task->action, STR("complete"));
    if (completes && !separation_allows(engine, change->instance, change->ei, asked, ret_why))
        return false;
    if (str_equal(view->assignee, task->assignee))
        return true;
    if (completes || str_equal(task->action, STR("create"))) {
        if (!separation_allows_naming(engine, change->instance, task, view->assignee))
            view->assignee = task->assignee;
        return true;
    }
    struct doer named =
        str_equal(asked.person, view->assignee) ? asked : separation_doer(engine, view->assignee);
    return separation_allows(engine, change->instance, change->ei, named, ret_why);
}

static void carry_out(struct engine *engine, const struct change *change)
{
    const struct user_task *task = change->task;
    bool propagates = json_get_bool(read_result(engine, task->request), STR("propagates"), false);
    str action = str_copy(engine->turn, task->action);
    str asked = str_copy(engine->turn, task_requested_action(engine, task));
    str variables = task_requested_variables(engine, task);
    struct task_view view = task_with_transition(engine, task);
    struct reply_to asker = task->asker;
    struct doer doer = doer_of(engine, task);
    bool completes = str_equal(action, STR("complete"));
    str why;
    if (!is_still_separate(engine, change, &view, &why)) {
        refuse(engine, change, why);
        return;
    }
    if (!border_value(engine, "the user task", view.details, LIMIT_VARIABLE_BYTES, &why)) {
        incident_raise(engine, change->instance, change->ei, "LIMIT_REACHED", why);
        return;
    }
    answer(engine, change, asker, STR_EMPTY);
    forget_transition(engine, change);
    finish(engine, change, action, view);
    if (completes)
        complete(engine, change,
                 &(struct completion){.by = engine->command->type == COMMAND_COMPLETE_JOB
                                                ? doer.person
                                                : engine->command->principal,
                                      .doer = doer,
                                      .action = asked,
                                      .variables = variables});
    else if (!variable_merge(engine, change->instance, change->ei,
                             (struct merge){variables, !propagates}, &why))
        incident_raise(engine, change->instance, change->ei, "LIMIT_REACHED", why);
}

// Those of all tasks as they are now: no change is kept that they could be pinned to.
bool user_task_tell_canceling(struct engine *engine, instance_ref instance, element_ref ei)
{
    struct json *pinned;
    struct error err;
    check(json_parse(engine->turn, listeners_pin(engine, BPMN_LISTENER_CANCELING), &pinned, &err));
    return listeners_ask_next(engine, instance, ei, BPMN_LISTENER_CANCELING, pinned);
}

// The next listener hears of the end, or the task is gone. None can deny it any more.
void user_task_canceling(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (user_task_tell_canceling(engine, instance, ei))
        return;
    engine->terminates_all = true;
    activity_terminate(engine, instance, ei);
    engine->terminates_all = false;
    process_element_gone(engine, instance);
}

bool user_task_result_fits(struct engine *engine, element_ref ei, enum bpmn_listener_event event,
                           str *ret_why)
{
    const struct job_answer *answered = &engine->command->job_answer;
    const struct user_task *task = state_attachment(ei, ENTITY_KIND_USER_TASK);
    const struct json *result = read_result(engine, answered->result);
    const struct json *corrections = json_get(result, STR("corrections"));
    bool denies = json_get_bool(result, STR("denied"), false);
    bool can_deny = event == BPMN_LISTENER_ASSIGNING || event == BPMN_LISTENER_UPDATING ||
                    event == BPMN_LISTENER_COMPLETING;
    bool corrects = false;
    if (corrections != NULL && corrections->type != JSON_NULL &&
        (!json_is(corrections, JSON_OBJECT))) {
        *ret_why = STR("\"corrections\" must be an object");
        return false;
    }
    for (size_t i = 0; json_is(corrections, JSON_OBJECT) && i < corrections->count; i++)
        corrects |= corrections->members[i].value.type != JSON_NULL;
    bool reassigns =
        event == BPMN_LISTENER_CREATING && task != NULL && corrects &&
        json_is(json_get(corrections, STR("assignee")), JSON_STRING) &&
        !str_is_empty(json_get_str(read_result(engine, task->request), STR("assignee"), STR_EMPTY));
    const char *why = denies && !can_deny  ? "creating and canceling cannot be denied"
                      : denies && corrects ? "what is denied cannot be corrected"
                      : reassigns ? "the model names an assignee: correct it in a listener "
                                    "for assigning"
                                  : NULL;
    if (why != NULL)
        *ret_why = str_of(why);
    return why == NULL && (!corrects || task_changes_fit(engine, corrections, true, ret_why));
}

static void deny(struct engine *engine, const struct change *change, str reason)
{
    str why = str_format(engine->turn, "a listener denied to %.*s the user task: %.*s",
                         STR_ARG(change->task->action),
                         STR_ARG(str_is_empty(reason) ? STR("it gave no reason") : reason));
    answer(engine, change, change->task->asker, why);
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_DENIED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .value = border_text(reason)});
}

// What earlier listeners corrected, with this one's on top.
static void correct(struct engine *engine, const struct change *change,
                    const struct json *corrections)
{
    const struct json *before = read_result(engine, change->task->corrections);
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < corrections->count; i++)
        if (corrections->members[i].value.type != JSON_NULL) {
            json_key(&w, corrections->members[i].name);
            json_value(&w, &corrections->members[i].value);
        }
    for (size_t i = 0; before != NULL && i < before->count; i++) {
        const struct json *again = json_get(corrections, before->members[i].name);
        if (again != NULL && again->type != JSON_NULL)
            continue;
        json_key(&w, before->members[i].name);
        json_value(&w, &before->members[i].value);
    }
    json_end_object(&w);
    step_emit(engine, change->instance,
              (struct event){.type = EVENT_USER_TASK_CORRECTED,
                             .key = change->task->attachment.entity.key,
                             .scope = change->ei->entity.key,
                             .value = strbuf_str(&out)});
}

void user_task_listener_done(struct engine *engine, instance_ref instance, element_ref ei,
                             enum bpmn_listener_event event, str result)
{
    struct change change = {instance, ei, state_attachment(ei, ENTITY_KIND_USER_TASK)};
    const struct json *json = read_result(engine, result);
    const struct json *corrections = json_get(json, STR("corrections"));
    if (change.task == NULL)
        return;
    if (json_is(corrections, JSON_OBJECT))
        correct(engine, &change, corrections);
    if (event == BPMN_LISTENER_CANCELING)
        user_task_canceling(engine, instance, ei);
    else if (json_get_bool(json, STR("denied"), false))
        deny(engine, &change, json_get_str(json, STR("deniedReason"), STR_EMPTY));
    else if (!str_is_empty(change.task->action))
        ask_next(engine, &change);
}
