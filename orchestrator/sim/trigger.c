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

// -- Events without a subscription: conditions, errors, and all of them in a walk -------

struct firing {
    struct sim *sim;
    const struct bpmn_element *element;
    str variables;
    bool everywhere; // a signal: at all that wait, not at the first alone
    uint64_t thrown; // by this element instance: those that came later did not wait for it
};

// An event that ends what waits for it, which so waits for nothing else.
static bool ends_waiting(const struct bpmn_element *event)
{
    bool may_go_on = event->type == BPMN_BOUNDARY_EVENT || event->type == BPMN_START_EVENT;
    return !may_go_on || event->interrupting;
}

// An event sub-process has taken over: no other starts in this scope. Or the scope, or whatever
// else waits, came after the throw.
static bool is_closed(const struct firing *f, uint64_t scope)
{
    bool interrupted =
        f->element->type == BPMN_START_EVENT && idmap_get(&f->sim->interrupted, scope) != NULL;
    return interrupted || (f->thrown != 0 && scope > f->thrown);
}

// Where a host has a loop: borders belong to the whole of it, the rest to each of its instances.
static bool fire_at(const struct firing *f, const struct bpmn_element *host)
{
    bool at_body = host->loop != NULL && f->element->type == BPMN_BOUNDARY_EVENT;
    bool any = false;
    for (struct sim_element *e = f->sim->elements.first; e != NULL; e = e->listed.next) {
        if (!str_equal(e->id, host->id) || str_equal(e->type, STR("multiInstanceBody")) != at_body)
            continue;
        uint64_t *promised =
            f->element->type == BPMN_START_EVENT ? &e->promised_inside : &e->promised;
        if ((!f->everywhere && *promised == f->sim->round) || is_closed(f, e->listed.key))
            continue;
        correlate(f->sim, e->instance, e->listed.key, f->element->id, f->variables);
        if (!f->everywhere && ends_waiting(f->element))
            *promised = f->sim->round;
        any = true;
        if (!f->everywhere)
            break;
    }
    return any;
}

static bool fire_at_gateway(const struct firing *f, const struct bpmn_process *process)
{
    const struct bpmn_list *incoming = &f->element->incoming;
    bool any = false;
    for (uint32_t i = 0; i < incoming->count && (f->everywhere || !any); i++) {
        const struct bpmn_element *source =
            &process->elements[process->flows[incoming->items[i]].source];
        any |= source->type == BPMN_EVENT_BASED_GATEWAY && fire_at(f, source);
    }
    return any;
}

static bool fire_in_root(const struct firing *f, const struct bpmn_process *process)
{
    bool any = false;
    for (struct sim_instance *i = f->sim->instances; i != NULL; i = i->next) {
        if (i->process != process || i->state != INSTANCE_ACTIVE || is_closed(f, i->key))
            continue;
        correlate(f->sim, i->key, i->key, f->element->id, f->variables);
        any = true;
        if (!f->everywhere)
            break;
    }
    return any;
}

static bool fire_start(const struct firing *f, const struct deployed *deployed)
{
    const struct bpmn_process *process = deployed->process;
    const struct bpmn_element *scope = &process->elements[f->element->scope];
    if (f->element->scope == 0) {
        trigger_start(f->sim, deployed, f->element->id, f->variables);
        return true;
    }
    if (scope->type != BPMN_EVENT_SUB_PROCESS)
        return false;
    return scope->scope == 0 ? fire_in_root(f, process)
                             : fire_at(f, &process->elements[scope->scope]);
}

static bool fire_waiting(const struct firing *f, const struct deployed *deployed)
{
    bool any = fire_at(f, f->element);
    if (f->everywhere || !any)
        any |= fire_at_gateway(f, deployed->process);
    if (!any && f->element->instantiates) {
        trigger_start(f->sim, deployed, f->element->id, f->variables);
        return true;
    }
    return any;
}

static bool fire_event(const struct firing *f, const struct deployed *deployed)
{
    switch ((int)f->element->type) {
    case BPMN_START_EVENT:
        return fire_start(f, deployed);
    case BPMN_BOUNDARY_EVENT:
        return fire_at(f, &deployed->process->elements[f->element->host]);
    case BPMN_INTERMEDIATE_CATCH_EVENT:
    case BPMN_RECEIVE_TASK:
        return fire_waiting(f, deployed);
    default:
        return false;
    }
}

bool trigger_element(struct sim *sim, str id, str variables)
{
    const struct deployed *deployed;
    struct firing f = {.sim = sim, .variables = variables};
    f.element = trigger_find(sim, id, &deployed);
    str target = f.element == NULL ? manual_flow_target(sim, id) : STR_EMPTY;
    if (f.element == NULL)
        return !str_is_empty(target) && manual_reach(sim, target);
    return fire_timer(sim, id) || fire_subscription(sim, id, variables) ||
           complete_job(sim, id, variables) || complete_user_task(sim, id, variables) ||
           fire_event(&f, deployed);
}

void trigger_everywhere(struct sim *sim, str id, uint64_t thrown)
{
    const struct deployed *deployed;
    struct firing f = {.sim = sim, .variables = STR_EMPTY, .everywhere = true, .thrown = thrown};
    f.element = trigger_find(sim, id, &deployed);
    (void)(f.element != NULL && fire_event(&f, deployed));
}
