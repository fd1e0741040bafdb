// SPDX-License-Identifier: Apache-2.0
// The world's picture of what runs, kept from the rows that a store would write.
#include "sim/world.h"

// Behind `before`; NULL: at the front.
static void insert_behind(struct sim_list *list, struct sim_listed *before, struct sim_listed *item)
{
    struct sim_listed *after = before ? before->next : list->first;
    item->previous = before;
    item->next = after;
    *(before ? &before->next : &list->first) = item;
    *(after ? &after->previous : &list->last) = item;
    idmap_put(&list->by_key, item->key, item);
}

void list_append(struct sim_list *list, void *item)
{
    insert_behind(list, list->last, item);
}

void list_remove(struct sim_list *list, uint64_t key)
{
    struct sim_listed *item = idmap_remove(&list->by_key, key);
    if (item == NULL)
        return;
    struct sim_listed *before = item->previous, *after = item->next;
    *(before ? &before->next : &list->first) = after;
    *(after ? &after->previous : &list->last) = before;
}

// Timers are kept in the order in which they fire; most new ones are the last.
static void add_timer(struct sim *sim, struct sim_timer timer)
{
    struct sim_timer *item = arena_copy(&sim->arena, &timer, sizeof timer);
    struct sim_timer *before = sim->timers.last;
    while (before != NULL &&
           (before->due_ms > item->due_ms ||
            (before->due_ms == item->due_ms && before->listed.key > item->listed.key)))
        before = before->listed.previous;
    insert_behind(&sim->timers, before ? &before->listed : NULL, &item->listed);
}

static bool is_running(enum instance_state state)
{
    return state == INSTANCE_ACTIVE || state == INSTANCE_SUSPENDED;
}

static str keep(struct sim *sim, str text)
{
    return str_is_empty(text) ? STR_EMPTY : str_copy(&sim->arena, text);
}

static void take_instances(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->instances.count; i++) {
        const struct instance_row *row = &changes->instances.items[i];
        struct sim_instance *instance = idmap_get(&sim->instance_by_key, row->key);
        if (instance == NULL) {
            instance = ARENA_NEW(&sim->arena, struct sim_instance);
            instance->key = row->key;
            instance->parent = row->parent_instance;
            idmap_put(&sim->instance_by_key, row->key, instance);
            *(sim->last_instance ? &sim->last_instance->next : &sim->instances) = instance;
            sim->last_instance = instance;
        }
        sim->running += is_running(row->state) - is_running(instance->state);
        instance->process = world_process_of(sim, row->definition);
        instance->state = row->state;
        instance->incidents = row->incidents;
        instance->variables = keep(sim, row->variables);
        instance->cost = keep(sim, row->cost);
        instance->image = keep(sim, row->image);
    }
}

static void take_elements(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_row *row = &changes->elements.items[i];
        if (row->change != ROW_INSERT)
            list_remove(&sim->elements, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_element *element = ARENA_NEW(&sim->arena, struct sim_element);
        *element = (struct sim_element){{.key = row->key},
                                        row->instance,
                                        row->element_id,
                                        row->type,
                                        keep(sim, row->waits_for)};
        list_append(&sim->elements, element);
    }
}

static void take_timers(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->timers.count; i++) {
        const struct timer_row *row = &changes->timers.items[i];
        if (row->change != ROW_INSERT)
            list_remove(&sim->timers, row->key);
        if (row->change == ROW_DELETE)
            continue;
        add_timer(sim, (struct sim_timer){.listed = {.key = row->key},
                                          .instance = row->instance,
                                          .element = row->is_promise ? STR_EMPTY : row->element_id,
                                          .due_ms = row->due_ms});
    }
    for (size_t i = 0; i < changes->messages.count; i++) {
        const struct message_row *row = &changes->messages.items[i];
        if (row->change != ROW_INSERT)
            list_remove(&sim->timers, row->key);
        if (row->change == ROW_DELETE)
            continue;
        add_timer(sim, (struct sim_timer){.listed = {.key = row->key},
                                          .due_ms = row->expires_ms,
                                          .is_message = true,
                                          .element = STR_EMPTY,
                                          .name = keep(sim, row->name),
                                          .correlation_key = keep(sim, row->correlation_key)});
    }
}

static void take_subscriptions(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->subscriptions.count; i++) {
        const struct subscription_row *row = &changes->subscriptions.items[i];
        if (row->change != ROW_INSERT)
            list_remove(&sim->subscriptions, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_subscription *s = ARENA_NEW(&sim->arena, struct sim_subscription);
        *s = (struct sim_subscription){.listed = {.key = row->key},
                                       .instance = row->instance,
                                       .element = row->element_id,
                                       .name = keep(sim, row->name),
                                       .correlation_key = keep(sim, row->correlation_key),
                                       .is_signal = row->kind == SUBSCRIPTION_SIGNAL};
        list_append(&sim->subscriptions, s);
    }
}

// Jobs that ended otherwise than by our answer. Back-offs are timers of a kind.
static void take_jobs(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->jobs.count; i++) {
        const struct job_row *row = &changes->jobs.items[i];
        if (row->change == ROW_DELETE || row->state != JOB_OFFERED)
            list_remove(&sim->jobs, row->key);
        if (row->change == ROW_DELETE)
            list_remove(&sim->timers, row->key);
        if (row->change == ROW_DELETE || row->state != JOB_BACKING_OFF)
            continue;
        add_timer(sim, (struct sim_timer){.listed = {.key = row->key},
                                          .instance = row->instance,
                                          .due_ms = row->due_ms,
                                          .element = STR_EMPTY,
                                          .is_backoff = true});
    }
}

static void take_incidents(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->incidents.count; i++) {
        const struct incident_row *row = &changes->incidents.items[i];
        list_remove(&sim->incidents, row->key);
        if (row->state != INCIDENT_OPEN)
            continue;
        struct sim_incident *incident = ARENA_NEW(&sim->arena, struct sim_incident);
        incident->listed.key = row->key;
        incident->text = str_format(&sim->arena, "%.*s at %.*s: %.*s", STR_ARG(row->kind),
                                    STR_ARG(row->element_id), STR_ARG(row->message));
        list_append(&sim->incidents, incident);
    }
}

static void take_user_tasks(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->user_tasks.count; i++) {
        const struct user_task_row *row = &changes->user_tasks.items[i];
        list_remove(&sim->user_tasks, row->key);
        if (row->state != USER_TASK_CREATED)
            continue;
        struct sim_user_task *task = ARENA_NEW(&sim->arena, struct sim_user_task);
        *task = (struct sim_user_task){{.key = row->key}, row->instance, row->element_id};
        list_append(&sim->user_tasks, task);
    }
}

// A decision that is evaluated, but to null because of a mistake: mostly a variable that its
// process does not give it.
static void take_decisions(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->decisions.count; i++) {
        const struct decision_row *row = &changes->decisions.items[i];
        bool is_new = true;
        if (row->state != DECISION_EVALUATED || str_is_empty(row->failure) ||
            sim->warnings.count >= SIM_MAX_WARNINGS)
            continue;
        str text = str_format(&sim->arena, "decision %.*s: %.*s", STR_ARG(row->decision_id),
                              STR_ARG(row->failure));
        for (size_t k = 0; k < sim->warnings.count; k++)
            is_new &= !str_equal(sim->warnings.items[k], text);
        if (is_new)
            *ARRAY_PUSH(&sim->arena, &sim->warnings) = text;
    }
}

void world_take_changes(struct sim *sim, const struct changes *changes)
{
    take_instances(sim, changes);
    take_elements(sim, changes);
    take_timers(sim, changes);
    take_subscriptions(sim, changes);
    mailboxes_write(&sim->mailboxes, changes);
    take_jobs(sim, changes);
    take_incidents(sim, changes);
    take_user_tasks(sim, changes);
    take_decisions(sim, changes);
}
