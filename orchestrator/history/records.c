// SPDX-License-Identifier: Apache-2.0
#include "history/records.h"

#include "base/map.h"
#include "history/audit.h"

struct kept_element {
    struct element_record record;
    bool is_changed;
};

struct kept_job {
    struct job_record record;
    bool is_changed;
};

struct record_fold {
    struct arena *arena;
    struct idmap elements; // of struct kept_element
    struct idmap jobs;     // of struct kept_job
    struct map variables;  // of struct variable_record, by scope and name
    struct record_changes changes;
};

struct record_fold *record_fold_new(struct arena *arena)
{
    struct record_fold *fold = ARENA_NEW(arena, struct record_fold);
    *fold = (struct record_fold){.arena = arena,
                                 .elements = idmap_new(arena),
                                 .jobs = idmap_new(arena),
                                 .variables = map_new(arena)};
    return fold;
}

// -- What is wanted -----------------------------------------------------------------------

struct wanting {
    struct arena *arena;
    struct idmap seen; // keys that were made here or are asked for already
    struct record_wanted wanted;
};

static bool is_new(struct wanting *wanting, uint64_t key)
{
    if (key == 0 || idmap_get(&wanting->seen, key) != NULL)
        return false;
    idmap_put(&wanting->seen, key, wanting);
    return true;
}

static void want_element(struct wanting *wanting, uint64_t root, uint64_t key)
{
    if (is_new(wanting, key))
        *ARRAY_PUSH(wanting->arena, &wanting->wanted.elements) = (struct record_key){root, key};
}

static void want_job(struct wanting *wanting, uint64_t root, uint64_t key)
{
    if (is_new(wanting, key))
        *ARRAY_PUSH(wanting->arena, &wanting->wanted.jobs) = (struct record_key){root, key};
}

static bool begins_element(const struct event *event)
{
    return (event->type == EVENT_ELEMENT_ACTIVATING || event->type == EVENT_ELEMENT_ACTIVATED) &&
           event->element != EVENT_NO_INDEX;
}

static bool is_of_job(const struct event *event)
{
    return (event->type >= EVENT_JOB_CREATED && event->type <= EVENT_JOB_BACKED_OFF) ||
           event->type == EVENT_JOB_TAKEN || event->type == EVENT_JOB_RETURNED;
}

static void want(struct wanting *wanting, uint64_t root, const struct event *event)
{
    if (event->type == EVENT_PROCESS_ACTIVATED) {
        (void)is_new(wanting, root);
        return;
    }
    want_element(wanting, root, root);
    if (begins_element(event)) {
        want_element(wanting, root, event->scope);
        (void)is_new(wanting, event->key);
    } else if (event->type == EVENT_JOB_CREATED) {
        want_element(wanting, root, event->scope);
        (void)is_new(wanting, event->key);
    } else if (is_of_job(event)) {
        want_job(wanting, root, event->key);
    } else {
        switch ((int)event->type) {
        case EVENT_ELEMENT_ACTIVATED:
        case EVENT_ELEMENT_COMPLETED:
        case EVENT_ELEMENT_TERMINATED:
        case EVENT_ELEMENT_MIGRATED:
        case EVENT_SLA_BREACHED:
        case EVENT_COST_ADDED:
            want_element(wanting, root, event->key);
            break;
        case EVENT_ERROR_THROWN:
        case EVENT_INCIDENT_CREATED:
        case EVENT_USER_TASK_CREATED:
        case EVENT_USER_TASK_ASSIGNED:
        case EVENT_USER_TASK_COMPLETED:
            want_element(wanting, root, event->scope);
            break;
        default:
            break;
        }
    }
}

struct record_wanted record_fold_want(struct record_fold *fold, const struct history_row *steps,
                                      size_t count)
{
    struct wanting wanting = {.arena = fold->arena, .seen = idmap_new(fold->arena)};
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; steps[i].stream_kind == STREAM_INSTANCE && k < steps[i].count; k++)
            want(&wanting, steps[i].stream, &steps[i].events[k]);
    return wanting.wanted;
}

// -- Records ------------------------------------------------------------------------------

void record_fold_add_job(struct record_fold *fold, const struct job_record *job)
{
    struct kept_job *kept = ARENA_NEW(fold->arena, struct kept_job);
    kept->record = *job;
    idmap_put(&fold->jobs, job->key, kept);
}

void record_fold_add_element(struct record_fold *fold, const struct element_record *element)
{
    struct kept_element *kept = ARENA_NEW(fold->arena, struct kept_element);
    kept->record = *element;
    idmap_put(&fold->elements, element->key, kept);
}

// For reading; NULL: not there.
static const struct element_record *find_element(const struct record_fold *fold, uint64_t key)
{
    const struct kept_element *kept = key != 0 ? idmap_get(&fold->elements, key) : NULL;
    return kept != NULL ? &kept->record : NULL;
}

// For changing; NULL: not there.
static struct element_record *change_element(struct record_fold *fold, uint64_t key)
{
    struct kept_element *kept = key != 0 ? idmap_get(&fold->elements, key) : NULL;
    if (kept == NULL)
        return NULL;
    if (!kept->is_changed)
        *ARRAY_PUSH(fold->arena, &fold->changes.elements) = &kept->record;
    kept->is_changed = true;
    return &kept->record;
}

static struct element_record *new_element(struct record_fold *fold, uint64_t key)
{
    record_fold_add_element(
        fold, &(struct element_record){.key = key, .state = ELEMENT_ACTIVE, .is_new = true});
    return change_element(fold, key);
}

static struct job_record *change_job(struct record_fold *fold, uint64_t key)
{
    struct kept_job *kept = idmap_get(&fold->jobs, key);
    if (kept == NULL)
        return NULL;
    if (!kept->is_changed)
        *ARRAY_PUSH(fold->arena, &fold->changes.jobs) = &kept->record;
    kept->is_changed = true;
    return &kept->record;
}

// -- Elements -----------------------------------------------------------------------------

static void move_case(struct record_fold *fold, const struct history_row *step,
                      const struct element_record *root, enum case_move move)
{
    *ARRAY_PUSH(fold->arena, &fold->changes.cases) = (struct case_record){
        .move = move,
        .instance = step->stream,
        .definition = root->definition,
        .batch = step->batch,
        .time_ms = step->time_ms,
        .began_ms = root->started_ms,
        .is_whole = root->is_new,
    };
}

static void begin_process(struct record_fold *fold, const struct history_row *step,
                          const struct event *event)
{
    struct element_record *root = new_element(fold, step->stream);
    root->instance = step->stream;
    root->definition = event->definition;
    root->element = 1;
    root->started_ms = event->time_ms;
    root->actor = step->principal;
    move_case(fold, step, root, CASE_BEGAN);
}

static void end_element(struct record_fold *fold, uint64_t key, enum element_state state,
                        const struct event *event)
{
    struct element_record *element = change_element(fold, key);
    if (element == NULL)
        return;
    element->state = state;
    element->ended_ms = event->time_ms;
    if (str_is_empty(element->outcome) && event->type == EVENT_PROCESS_TERMINATED)
        element->outcome = event->value;
}

// A round of a multi-instance is in an instance of the same element: its body. An activation in an
// ad-hoc sub-process is in one, too, and says so.
static void begin_element(struct record_fold *fold, uint64_t root_key, const struct event *event)
{
    const struct element_record *root = find_element(fold, root_key);
    const struct element_record *scope = find_element(fold, event->scope);
    if (root == NULL || find_element(fold, event->key) != NULL)
        return;
    bool is_activation = str_equal(event->code, STR("ACTIVATION"));
    if (scope != NULL && scope->element == event->element && !scope->is_body && !is_activation)
        change_element(fold, event->scope)->is_body = true;
    struct element_record *element = new_element(fold, event->key);
    element->instance = root_key;
    element->scope = event->scope;
    element->definition = root->definition;
    element->element = event->element;
    element->started_ms = event->time_ms;
}

static void end_process(struct record_fold *fold, const struct history_row *step,
                        const struct event *event)
{
    bool is_completed = event->type == EVENT_PROCESS_COMPLETED;
    end_element(fold, step->stream, is_completed ? ELEMENT_COMPLETED : ELEMENT_TERMINATED, event);
    const struct element_record *root = find_element(fold, step->stream);
    if (root != NULL)
        move_case(fold, step, root, is_completed ? CASE_COMPLETED : CASE_TERMINATED);
}

static void migrate_process(struct record_fold *fold, const struct history_row *step,
                            const struct event *event)
{
    struct element_record *root = change_element(fold, step->stream);
    if (root == NULL)
        return;
    move_case(fold, step, root, CASE_LEFT);
    root->definition = event->definition;
    move_case(fold, step, root, CASE_CAME);
}

static void migrate_element(struct record_fold *fold, uint64_t root_key, const struct event *event)
{
    const struct element_record *root = find_element(fold, root_key);
    struct element_record *element = root != NULL ? change_element(fold, event->key) : NULL;
    if (element == NULL)
        return;
    element->definition = root->definition;
    element->element = event->element;
}

static void note_error(struct record_fold *fold, const struct event *event)
{
    struct element_record *element = change_element(fold, event->scope);
    if (element != NULL)
        element->outcome = str_is_empty(event->code)
                               ? STR("error")
                               : str_format(fold->arena, "error %.*s", STR_ARG(event->code));
}

// Somebody has it from the first assignment on, until it is nobody's.
static void assign(struct element_record *element, const struct event *event)
{
    if (element == NULL)
        return;
    if (event->type == EVENT_USER_TASK_CREATED)
        element->offered_ms = event->time_ms;
    if (str_is_empty(event->name))
        element->claimed_ms = 0;
    else if (element->claimed_ms == 0)
        element->claimed_ms = event->time_ms;
}

// Who completes a task that was nobody's has not had it before.
static void complete_task(struct element_record *element, const struct event *event)
{
    if (element == NULL)
        return;
    element->actor = event->name;
    if (element->claimed_ms == 0)
        element->claimed_ms = event->time_ms;
}

static void fold_element(struct record_fold *fold, const struct history_row *step,
                         const struct event *event)
{
    struct element_record *element;
    switch ((int)event->type) {
    case EVENT_PROCESS_ACTIVATED:
        begin_process(fold, step, event);
        break;
    case EVENT_PROCESS_COMPLETED:
    case EVENT_PROCESS_TERMINATED:
        end_process(fold, step, event);
        break;
    case EVENT_PROCESS_MIGRATED:
        migrate_process(fold, step, event);
        break;
    case EVENT_ELEMENT_COMPLETED:
        end_element(fold, event->key, ELEMENT_COMPLETED, event);
        break;
    case EVENT_ELEMENT_TERMINATED:
        end_element(fold, event->key, ELEMENT_TERMINATED, event);
        break;
    case EVENT_ELEMENT_MIGRATED:
        migrate_element(fold, step->stream, event);
        break;
    case EVENT_SLA_BREACHED:
        if ((element = change_element(fold, event->key)) != NULL)
            element->breached = true;
        break;
    case EVENT_COST_ADDED:
        if ((element = change_element(fold, event->key)) != NULL)
            element->cost = event->value;
        break;
    case EVENT_ERROR_THROWN:
        note_error(fold, event);
        break;
    case EVENT_INCIDENT_CREATED:
        if ((element = change_element(fold, event->scope)) != NULL)
            element->incidents++;
        break;
    case EVENT_USER_TASK_CREATED:
    case EVENT_USER_TASK_ASSIGNED:
        assign(change_element(fold, event->scope), event);
        break;
    case EVENT_USER_TASK_COMPLETED:
        complete_task(change_element(fold, event->scope), event);
        break;
    default:
        if (begins_element(event))
            begin_element(fold, step->stream, event);
        break;
    }
}

// -- Jobs ---------------------------------------------------------------------------------

static enum job_kind kind_of(str code)
{
    static const char *const names[] = {
        [JOB_TASK] = "TASK",
        [JOB_EXECUTION_LISTENER] = "EXECUTION_LISTENER",
        [JOB_AD_HOC] = "AD_HOC",
        [JOB_TASK_LISTENER] = "TASK_LISTENER",
        [JOB_NOTIFICATION] = "NOTIFICATION",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(code, str_of(names[i])))
            return (enum job_kind)i;
    return JOB_TASK;
}

static void create_job(struct record_fold *fold, uint64_t root_key, const struct event *event)
{
    const struct element_record *root = find_element(fold, root_key);
    if (root == NULL || idmap_get(&fold->jobs, event->key) != NULL)
        return;
    int64_t priority = 0;
    if (!str_is_empty(event->value) && !str_to_i64(event->value, &priority))
        priority = 0;
    const enum job_kind kind = kind_of(event->code);
    bool listens = kind == JOB_EXECUTION_LISTENER || kind == JOB_TASK_LISTENER;
    record_fold_add_job(fold,
                        &(struct job_record){.key = event->key,
                                             .instance = root_key,
                                             .element_instance = event->scope,
                                             .definition = root->definition,
                                             .element = event->element,
                                             .listener = listens ? (uint32_t)event->parent : 0,
                                             .type = event->name,
                                             .kind = kind,
                                             .priority = priority,
                                             .retries = event->number,
                                             .created_ms = event->time_ms,
                                             .is_new = true});
    (void)change_job(fold, event->key);
}

static void end_job(struct job_record *job, enum job_end end, const struct event *event)
{
    job->end = end;
    job->ended_ms = event->time_ms;
}

// The element tells how often its own job was tried, when it was last offered and taken, and who
// did it.
static void tell_element(struct record_fold *fold, const struct job_record *job,
                         const struct event *event)
{
    if (job->kind != JOB_TASK)
        return;
    struct element_record *element = change_element(fold, job->element_instance);
    if (element == NULL)
        return;
    element->attempts = (uint32_t)job->attempt;
    if (event->type == EVENT_JOB_OFFERED) {
        element->offered_ms = event->time_ms;
        element->claimed_ms = 0;
    }
    if (event->type == EVENT_JOB_TAKEN)
        element->claimed_ms = event->time_ms;
    if (job->end == JOB_END_COMPLETED || job->end == JOB_END_ERROR)
        element->actor = job->worker;
}

static void update_job(struct job_record *job, const struct event *event)
{
    int64_t priority;
    job->retries = event->number;
    if (str_to_i64(event->value, &priority))
        job->priority = priority;
}

static void change_by(struct job_record *job, const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_JOB_OFFERED:
    case EVENT_JOB_RETURNED:
        job->attempt = event->number;
        break;
    case EVENT_JOB_TAKEN:
        job->worker = event->value;
        break;
    case EVENT_JOB_EXTENDED:
        if (!str_is_empty(event->value))
            job->worker = event->value;
        break;
    case EVENT_JOB_COMPLETED:
        end_job(job, JOB_END_COMPLETED, event);
        if (!str_is_empty(event->value))
            job->worker = event->value;
        break;
    case EVENT_JOB_FAILED:
        job->retries = event->number;
        job->error_message = event->value;
        break;
    case EVENT_JOB_ERROR_THROWN:
        end_job(job, JOB_END_ERROR, event);
        job->error_code = event->code;
        job->error_message = event->value;
        break;
    case EVENT_JOB_CANCELED:
        end_job(job, JOB_END_CANCELED, event);
        break;
    case EVENT_JOB_UPDATED:
        update_job(job, event);
        break;
    default:
        break;
    }
}

static void fold_job(struct record_fold *fold, const struct history_row *step,
                     const struct event *event)
{
    if (event->type == EVENT_JOB_CREATED) {
        create_job(fold, step->stream, event);
        return;
    }
    struct job_record *job = change_job(fold, event->key);
    if (job == NULL)
        return;
    change_by(job, event);
    tell_element(fold, job, event);
}

// -- Variables ----------------------------------------------------------------------------

static void fold_variable(struct record_fold *fold, const struct history_row *step,
                          const struct event *event)
{
    const struct element_record *root = find_element(fold, step->stream);
    const struct element_record *scope = find_element(fold, event->scope);
    if (root == NULL)
        return;
    str key = str_format(fold->arena, "%llu %.*s", (unsigned long long)event->scope,
                         STR_ARG(event->name));
    struct variable_record *variable = map_get(&fold->variables, key);
    if (variable == NULL) {
        variable = ARENA_NEW(fold->arena, struct variable_record);
        map_put(&fold->variables, key, variable);
        *ARRAY_PUSH(fold->arena, &fold->changes.variables) = variable;
    }
    *variable = (struct variable_record){.instance = step->stream,
                                         .scope = event->scope,
                                         .definition = root->definition,
                                         .name = event->name,
                                         .value = event->value,
                                         .is_new = scope != NULL && scope->is_new,
                                         .is_removed = event->type == EVENT_VARIABLE_REMOVED};
}

static void fold_audit(struct record_fold *fold, const struct history_row *step)
{
    struct audit_records records;
    audit_records_of(fold->arena, step, &records);
    for (size_t i = 0; i < records.count; i++)
        *ARRAY_PUSH(fold->arena, &fold->changes.audit) = records.items[i];
}

void record_fold_steps(struct record_fold *fold, const struct history_row *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fold_audit(fold, &steps[i]);
        for (size_t k = 0; steps[i].stream_kind == STREAM_INSTANCE && k < steps[i].count; k++) {
            struct event event = steps[i].events[k];
            event.time_ms = steps[i].time_ms;
            if (event.type == EVENT_VARIABLE_SET || event.type == EVENT_VARIABLE_REMOVED)
                fold_variable(fold, &steps[i], &event);
            else if (is_of_job(&event))
                fold_job(fold, &steps[i], &event);
            else
                fold_element(fold, &steps[i], &event);
        }
    }
}

const struct record_changes *record_fold_changes(struct record_fold *fold)
{
    return &fold->changes;
}
