// SPDX-License-Identifier: Apache-2.0
// The world's picture of what runs, kept from the rows that a store would write.
#include "sim/world.h"

// What every list of the world begins with.
struct listed {
    struct listed *next;
    uint64_t key;
};

static void remove_key(void *list, uint64_t key)
{
    struct listed **at = list;
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    if (*at != NULL)
        *at = (*at)->next;
}

static void append(void *list, void *item)
{
    struct listed **at = list;
    while (*at != NULL)
        at = &(*at)->next;
    *at = item;
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
        instance->process = world_process_of(sim, row->definition);
        instance->state = row->state;
        instance->incidents = row->incidents;
        instance->variables = keep(sim, row->variables);
        instance->image = keep(sim, row->image);
    }
}

static void take_elements(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->elements.count; i++) {
        const struct element_row *row = &changes->elements.items[i];
        if (row->change != ROW_INSERT)
            remove_key(&sim->elements, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_element *element = ARENA_NEW(&sim->arena, struct sim_element);
        *element = (struct sim_element){
            NULL, row->key, row->instance, row->element_id, row->type, keep(sim, row->waits_for)};
        append(&sim->elements, element);
    }
}

static void take_timers(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->timers.count; i++) {
        const struct timer_row *row = &changes->timers.items[i];
        if (row->change != ROW_INSERT)
            remove_key(&sim->timers, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_timer *timer = ARENA_NEW(&sim->arena, struct sim_timer);
        *timer = (struct sim_timer){.key = row->key,
                                    .instance = row->instance,
                                    .element = row->element_id,
                                    .due_ms = row->due_ms};
        append(&sim->timers, timer);
    }
    for (size_t i = 0; i < changes->messages.count; i++) {
        const struct message_row *row = &changes->messages.items[i];
        if (row->change != ROW_INSERT)
            remove_key(&sim->timers, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_timer *timer = ARENA_NEW(&sim->arena, struct sim_timer);
        *timer = (struct sim_timer){.key = row->key,
                                    .due_ms = row->expires_ms,
                                    .is_message = true,
                                    .element = STR_EMPTY,
                                    .name = keep(sim, row->name),
                                    .correlation_key = keep(sim, row->correlation_key)};
        append(&sim->timers, timer);
    }
}

static void take_subscriptions(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->subscriptions.count; i++) {
        const struct subscription_row *row = &changes->subscriptions.items[i];
        if (row->change != ROW_INSERT)
            remove_key(&sim->subscriptions, row->key);
        if (row->change == ROW_DELETE)
            continue;
        struct sim_subscription *s = ARENA_NEW(&sim->arena, struct sim_subscription);
        *s = (struct sim_subscription){.key = row->key,
                                       .instance = row->instance,
                                       .element = row->element_id,
                                       .name = keep(sim, row->name),
                                       .correlation_key = keep(sim, row->correlation_key),
                                       .is_signal = row->kind == SUBSCRIPTION_SIGNAL};
        append(&sim->subscriptions, s);
    }
}

static str mailbox_name(struct sim *sim, enum subscription_kind kind, str name, str key)
{
    return str_format(&sim->arena, "%d\n%zu\n%.*s%.*s", kind, name.len, STR_ARG(name),
                      STR_ARG(key));
}

static void take_mailboxes(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->mailboxes.count; i++) {
        const struct mailbox_row *row = &changes->mailboxes.items[i];
        str *image = ARENA_NEW(&sim->arena, str);
        *image = keep(sim, row->image);
        map_put(&sim->mailboxes, mailbox_name(sim, row->kind, row->name, row->correlation_key),
                image);
    }
}

// Jobs that ended otherwise than by our answer. Back-offs are timers of a kind.
static void take_jobs(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->jobs.count; i++) {
        const struct job_row *row = &changes->jobs.items[i];
        if (row->change == ROW_DELETE || row->state != JOB_OFFERED)
            remove_key(&sim->jobs, row->key);
        if (row->change == ROW_DELETE)
            remove_key(&sim->timers, row->key);
        if (row->change == ROW_DELETE || row->state != JOB_BACKING_OFF)
            continue;
        struct sim_timer *timer = ARENA_NEW(&sim->arena, struct sim_timer);
        *timer = (struct sim_timer){.key = row->key,
                                    .instance = row->instance,
                                    .due_ms = row->due_ms,
                                    .element = STR_EMPTY,
                                    .is_backoff = true};
        append(&sim->timers, timer);
    }
}

static void take_incidents(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->incidents.count; i++) {
        const struct incident_row *row = &changes->incidents.items[i];
        remove_key(&sim->incidents, row->key);
        if (row->state != INCIDENT_OPEN)
            continue;
        struct sim_incident *incident = ARENA_NEW(&sim->arena, struct sim_incident);
        incident->key = row->key;
        incident->text = str_format(&sim->arena, "%.*s at %.*s: %.*s", STR_ARG(row->kind),
                                    STR_ARG(row->element_id), STR_ARG(row->message));
        append(&sim->incidents, incident);
    }
}

static void take_user_tasks(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->user_tasks.count; i++) {
        const struct user_task_row *row = &changes->user_tasks.items[i];
        remove_key(&sim->user_tasks, row->key);
        if (row->state != USER_TASK_CREATED)
            continue;
        struct sim_user_task *task = ARENA_NEW(&sim->arena, struct sim_user_task);
        *task = (struct sim_user_task){NULL, row->key, row->instance, row->element_id};
        append(&sim->user_tasks, task);
    }
}

void world_take_changes(struct sim *sim, const struct changes *changes)
{
    take_instances(sim, changes);
    take_elements(sim, changes);
    take_timers(sim, changes);
    take_subscriptions(sim, changes);
    take_mailboxes(sim, changes);
    take_jobs(sim, changes);
    take_incidents(sim, changes);
    take_user_tasks(sim, changes);
}

str world_mailbox_image(struct sim *sim, const struct stream_ref *ref)
{
    const str *image = map_get(&sim->mailboxes, mailbox_name(sim, ref->subscription_kind, ref->name,
                                                             ref->correlation_key));
    return image == NULL ? STR_EMPTY : *image;
}
