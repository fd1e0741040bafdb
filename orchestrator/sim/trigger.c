// SPDX-License-Identifier: Apache-2.0
// Making an event happen by name: whatever of this id waits, or starts a process.
#include "sim/world.h"

const struct bpmn_element *trigger_find(const struct sim *sim, str id,
                                        const struct deployed **ret_deployed)
{
    for (size_t i = 0; i < sim->deployed.count; i++) {
        const struct deployed *d = &sim->deployed.items[i];
        const struct bpmn_element *element = d->process ? bpmn_find_element(d->process, id) : NULL;
        if (element == NULL)
            continue;
        *ret_deployed = d;
        return element;
    }
    return NULL;
}

// A walk that is told no start takes the first one when all of them need a trigger.
static str first_start(const struct sim *sim, const struct bpmn_process *process)
{
    const struct bpmn_element *root = &process->elements[0];
    bool walks = sim->options.manual && root->starts.count == 0 && root->triggered_starts.count > 0;
    return walks ? process->elements[root->triggered_starts.items[0]].id : STR_EMPTY;
}

uint64_t trigger_start(struct sim *sim, const struct deployed *deployed, str element, str variables)
{
    if (str_is_empty(element))
        element = first_start(sim, deployed->process);
    struct command *command = world_command(sim, COMMAND_CREATE_INSTANCE);
    struct create_instance *body = &command->create_instance;
    *body = (struct create_instance){.definition = deployed->key,
                                     .process_id = deployed->process->id,
                                     .variables = variables,
                                     .business_id = STR_EMPTY,
                                     .fetch_variables = STR_EMPTY,
                                     .deduplication_id = STR_EMPTY};
    if (!str_is_empty(element)) {
        body->start_at = ARENA_NEW(&sim->arena, struct element_instruction);
        body->start_at->element_id = element;
        body->start_at->variables = STR_EMPTY;
        body->start_count = 1;
    }
    world_send(sim, command);
    return 0;
}

static bool fire_timer(struct sim *sim, str element)
{
    for (struct sim_timer *t = sim->timers.first; t != NULL; t = t->listed.next) {
        if (t->is_message || t->is_backoff || !str_equal(t->element, element))
            continue;
        struct command *command = world_command(sim, COMMAND_FIRE_TIMER);
        command->instance = t->instance;
        command->key = t->listed.key;
        command->due.name = command->due.correlation_key = STR_EMPTY;
        world_send(sim, command);
        return true;
    }
    return false;
}

static void correlate(struct sim *sim, uint64_t instance, uint64_t key, str element, str variables)
{
    struct command *command = world_command(sim, COMMAND_CORRELATE_SUBSCRIPTION);
    command->instance = instance;
    command->key = key;
    command->subscription = (struct subscription_command){.name = element,
                                                          .correlation_key = STR_EMPTY,
                                                          .process_id = STR_EMPTY,
                                                          .message = UINT64_MAX - sim->commands,
                                                          .variables = variables,
                                                          .signal = true};
    world_send(sim, command);
}

static bool fire_subscription(struct sim *sim, str element, str variables)
{
    for (struct sim_subscription *s = sim->subscriptions.first; s != NULL; s = s->listed.next)
        if (str_equal(s->element, element)) {
            correlate(sim, s->instance, s->listed.key, element, variables);
            return true;
        }
    return false;
}

static bool complete_job(struct sim *sim, str element, str variables)
{
    for (struct sim_job *job = sim->jobs.first; job != NULL; job = job->listed.next)
        if (str_equal(job->element, element))
            return world_answer_job(sim, job, NULL, variables);
    return false;
}

static bool complete_user_task(struct sim *sim, str element, str variables)
{
    for (struct sim_user_task *task = sim->user_tasks.first; task != NULL;
         task = task->listed.next) {
        if (!str_equal(task->element, element))
            continue;
        struct command *command = world_command(sim, COMMAND_COMPLETE_USER_TASK);
        command->instance = task->instance;
        command->key = task->listed.key;
        command->user_task = (struct user_task_command){.assignee = STR_EMPTY,
                                                        .action = STR("complete"),
                                                        .variables = variables,
                                                        .changeset = STR_EMPTY};
        world_send(sim, command);
        return true;
    }
    return false;
}

// ---- events without a subscription: conditions, errors, and all of them in a walk
// ---------------------------------------

static bool fire_at(struct sim *sim, str host, str element, str variables)
{
    for (struct sim_element *e = sim->elements.first; e != NULL; e = e->listed.next)
        if (str_equal(e->id, host)) {
            correlate(sim, e->instance, e->listed.key, element, variables);
            return true;
        }
    return false;
}

static bool fire_at_gateway(struct sim *sim, const struct bpmn_process *process,
                            const struct bpmn_element *element, str variables)
{
    for (uint32_t i = 0; i < element->incoming.count; i++) {
        const struct bpmn_element *source =
            &process->elements[process->flows[element->incoming.items[i]].source];
        if (source->type == BPMN_EVENT_BASED_GATEWAY &&
            fire_at(sim, source->id, element->id, variables))
            return true;
    }
    return false;
}

static bool fire_in_root(struct sim *sim, const struct bpmn_process *process, str element,
                         str variables)
{
    for (struct sim_instance *i = sim->instances; i != NULL; i = i->next)
        if (i->process == process && i->state == INSTANCE_ACTIVE) {
            correlate(sim, i->key, i->key, element, variables);
            return true;
        }
    return false;
}

static bool fire_start(struct sim *sim, const struct deployed *deployed,
                       const struct bpmn_element *element, str variables)
{
    const struct bpmn_process *process = deployed->process;
    const struct bpmn_element *scope = &process->elements[element->scope];
    if (element->scope == 0) {
        trigger_start(sim, deployed, element->id, variables);
        return true;
    }
    if (scope->type != BPMN_EVENT_SUB_PROCESS)
        return false;
    if (scope->scope == 0)
        return fire_in_root(sim, process, element->id, variables);
    return fire_at(sim, process->elements[scope->scope].id, element->id, variables);
}

static bool fire_event(struct sim *sim, const struct deployed *deployed,
                       const struct bpmn_element *element, str variables)
{
    const struct bpmn_process *process = deployed->process;
    switch (element->type) {
    case BPMN_START_EVENT:
        return fire_start(sim, deployed, element, variables);
    case BPMN_BOUNDARY_EVENT:
        return fire_at(sim, process->elements[element->host].id, element->id, variables);
    case BPMN_INTERMEDIATE_CATCH_EVENT:
    case BPMN_RECEIVE_TASK:
        if (fire_at(sim, element->id, element->id, variables) ||
            fire_at_gateway(sim, process, element, variables))
            return true;
        if (element->instantiates) {
            trigger_start(sim, deployed, element->id, variables);
            return true;
        }
        return false;
    default:
        return false;
    }
}

bool trigger_element(struct sim *sim, str id, str variables)
{
    const struct deployed *deployed;
    const struct bpmn_element *element = trigger_find(sim, id, &deployed);
    if (element == NULL)
        return false;
    return fire_timer(sim, id) || fire_subscription(sim, id, variables) ||
           complete_job(sim, id, variables) || complete_user_task(sim, id, variables) ||
           fire_event(sim, deployed, element, variables);
}
