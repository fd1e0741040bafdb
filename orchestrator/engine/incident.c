// SPDX-License-Identifier: Apache-2.0
// Incidents: an instance cannot go on by itself at one place; the rest of it can.
#include "engine/step.h"

static void raise_at(struct engine *engine, instance_ref instance, element_ref ei,
                     struct event event)
{
    event.type = EVENT_INCIDENT_CREATED;
    event.value = border_text(event.value);
    event.key = step_key(engine);
    event.scope = ei->entity.key;
    event.element = ei->element + 1;
    step_emit(engine, instance, event);
}

void incident_raise(struct engine *engine, instance_ref instance, element_ref ei, const char *kind,
                    str message)
{
    if (personal_is_why(engine, message))
        kind = "PERSONAL_DATA";
    raise_at(engine, instance, ei, (struct event){.code = str_of(kind), .value = message});
}

void incident_raise_kind_for_job(struct engine *engine, instance_ref instance,
                                 const struct job *job, struct incident_text text)
{
    raise_at(engine, instance, job->attachment.owner,
             (struct event){.code = str_of(text.kind),
                            .parent = job->attachment.entity.key,
                            .value = text.message});
}

void incident_raise_for_job(struct engine *engine, instance_ref instance, const struct job *job,
                            str message)
{
    static const char *const kinds[] = {"JOB_NO_RETRIES", "EXECUTION_LISTENER_NO_RETRIES",
                                        "TASK_LISTENER_NO_RETRIES", "JOB_NO_RETRIES",
                                        "JOB_NO_RETRIES"};
    incident_raise_kind_for_job(
        engine, instance, job,
        (struct incident_text){kinds[job->kind],
                               str_is_empty(message) ? STR("no retries are left") : message});
}

// -- Commands that were set aside -------------------------------------------------------

static element_ref waiting_for(instance_ref instance, uint64_t key)
{
    const struct entity *entity = key == 0 ? NULL : idmap_get(&instance->entities, key);
    if (entity == NULL)
        return instance->root;
    return entity->kind == ENTITY_KIND_ELEMENT ? (element_ref)entity
                                               : ((const struct attachment *)entity)->owner;
}

// Whoever waits for what the running command should have done is not left without a word. A message
// goes to another, or waits in its mailbox.
void incident_of_quarantine(struct engine *engine, str why)
{
    const struct command *command = engine->command;
    if (command->type == COMMAND_OPEN_SUBSCRIPTION) {
        message_refuse_subscription(engine, why);
        return;
    }
    if (command->type == COMMAND_CORRELATE_SUBSCRIPTION)
        message_give_back(engine);
    instance_ref instance = step_instance(engine, command->instance);
    if (instance != NULL)
        incident_raise(engine, instance, waiting_for(instance, command->key), "COMMAND_QUARANTINED",
                       str_format(engine->turn, "%s was set aside: %.*s",
                                  command_type_name(command->type), STR_ARG(why)));
}

// The instance stands where it stood; what was to come is asked for again.
static void ask_again(struct engine *engine, instance_ref instance, element_ref ei)
{
    for (const struct attachment *a = ei->attachments; a != NULL; a = a->next) {
        const struct timer *timer = (const struct timer *)a;
        struct command fire = {.type = COMMAND_FIRE_TIMER,
                               .instance = instance->stream.key,
                               .key = a->entity.key,
                               .tenant = instance->tenant};
        if (a->entity.kind != ENTITY_KIND_TIMER || timer->due_ms > engine->clock_ms)
            continue;
        fire.due.due_ms = timer->due_ms;
        step_send_command(engine, engine->environment.shard, &fire);
    }
    message_reopen(engine, instance, ei);
}

// -- Resolving --------------------------------------------------------------------------

static void release_held(struct engine *engine, instance_ref instance, element_ref scope)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (child->is_held)
            activity_continue(engine, instance, child);
        else
            release_held(engine, instance, child);
    }
}

void incident_release_held(struct engine *engine, instance_ref instance)
{
    release_held(engine, instance, instance->root);
}

void incident_resolve(struct engine *engine)
{
    const struct command *command = engine->command;
    instance_ref instance = step_instance(engine, command->instance);
    const struct incident *incident =
        instance ? state_entity(instance, ENTITY_KIND_INCIDENT, command->key) : NULL;
    if (incident == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND, STR("there is no such incident"));
        return;
    }
    const struct job *job = state_entity(instance, ENTITY_KIND_JOB, incident->job);
    element_ref ei = incident->attachment.owner;
    if (job != NULL && job->retries <= 0 && command->batch_item != 0) // as Camunda's batch does
        step_emit(engine, instance,
                  (struct event){.type = EVENT_JOB_UPDATED, .key = incident->job, .number = 1});
    if (job != NULL && job->retries <= 0) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the job has no retries left: set them first"));
        return;
    }
    bool held = ei->is_held;
    bool was_set_aside = str_equal(incident->kind, STR("COMMAND_QUARANTINED"));
    bool is_over = str_equal(incident->kind, STR("LIMIT_REACHED")); // the caller had no room
    step_emit(engine, instance,
              (struct event){.type = EVENT_INCIDENT_RESOLVED,
                             .key = incident->attachment.entity.key,
                             .scope = ei->entity.key});
    step_accept(engine, command->key, command->instance);
    if (was_set_aside) {
        ask_again(engine, instance, ei);
        return;
    }
    message_reopen(engine, instance, ei); // what was refused a message while it was stuck
    if (job != NULL)
        job_offer_or_wait(engine, instance, job);
    else if (ei->scope == NULL && ei->children == 0 && ei->tokens == 0 && is_over)
        activity_complete(engine, instance, ei);
    else if (held)
        release_held(engine, instance, instance->root);
    else
        activity_continue(engine, instance, ei);
}
