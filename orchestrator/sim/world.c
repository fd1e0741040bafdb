// SPDX-License-Identifier: Apache-2.0
// The world around the engine: commands come back, time passes, jobs get answered.
#include "sim/world.h"

#include "base/digest.h"

#define START_MS INT64_C(1767225600000) // 2026-01-01T00:00:00Z
enum { JOB_WINDOW = 1000000 };

static const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    return world_process_of(context, definition);
}

static const struct dmn_model *find_decisions(void *context, uint64_t definition)
{
    const struct sim *sim = context;
    for (size_t i = 0; i < sim->deployed.count; i++)
        if (sim->deployed.items[i].key == definition)
            return sim->deployed.items[i].decisions;
    return NULL;
}

const struct bpmn_process *world_process_of(const struct sim *sim, uint64_t definition)
{
    for (size_t i = 0; i < sim->deployed.count; i++)
        if (sim->deployed.items[i].key == definition)
            return sim->deployed.items[i].process;
    return NULL;
}

static bool choose_flows(void *context, const struct bpmn_process *process, uint32_t element,
                         uint32_t *ret_flows, uint32_t *ret_count)
{
    return manual_choose(context, process, element, ret_flows, ret_count);
}

struct sim *sim_new(const struct sim_options *options)
{
    struct arena arena = ARENA_EMPTY;
    struct sim *sim = ARENA_NEW(&arena, struct sim);
    struct error err;
    sim->arena = arena;
    sim->library.arena = &sim->arena;
    sim->options = *options;
    if (sim->options.until_ms == 0)
        sim->options.until_ms = SIM_YEAR_MS;
    sim->now_ms = options->start_ms ? options->start_ms : START_MS;
    sim->round = 1;
    sim->environment = (struct engine_environment){
        .context = sim,
        .find_process = find_process,
        .find_decisions = find_decisions,
        .choose_flows = choose_flows,
        .is_simulated = true,
        .keeps_entries = true,
        .is_in_memory = !options->verify,
        .zones = options->zones,
        .shard_count = 1,
        .job_window = JOB_WINDOW,
        .job_timeout_ms = SIM_YEAR_MS * 100,
    };
    struct sim_list *const lists[] = {&sim->jobs,          &sim->timers,    &sim->elements,
                                      &sim->subscriptions, &sim->incidents, &sim->user_tasks};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        lists[i]->by_key = idmap_new(&sim->arena);
    sim->instance_by_key = idmap_new(&sim->arena);
    sim->element_names = idmap_new(&sim->arena);
    sim->repeated = idmap_new(&sim->arena);
    sim->activations = idmap_new(&sim->arena);
    sim->interrupted = idmap_new(&sim->arena);
    sim->mailboxes = mailboxes_new(&sim->arena);
    sim->visited = map_new(&sim->arena);
    sim->breached = map_new(&sim->arena);
    sim->delays = map_new(&sim->arena);
    sim->waits = map_new(&sim->arena);
    sim->ways = map_new(&sim->arena);
    sim->takes = map_new(&sim->arena);
    sim->script_mentions = map_new(&sim->arena);
    // Verifying, nothing stays in memory: every command works on what images hold. Else everything
    // does, and there are none.
    size_t cache_bytes = options->verify ? 1 : SIZE_MAX;
    sim->engine = engine_new(&sim->environment, STR_EMPTY, 1, cache_bytes, &err);
    check(sim->engine != NULL);
    return sim;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    engine_free(sim->engine);
    struct arena arena = sim->arena;
    arena_done(&arena);
}

struct sim_instance *world_instance(const struct sim *sim, uint64_t key)
{
    return key == 0 ? NULL : idmap_get(&sim->instance_by_key, key);
}

// -- Commands ---------------------------------------------------------------------------

struct command *world_command(struct sim *sim, enum command_type type)
{
    struct command *command = ARENA_NEW(&sim->arena, struct command);
    command->type = type;
    command->offset = -1;
    command->tenant = command->principal = command->origin = command->traceparent = STR_EMPTY;
    return command;
}

void world_send(struct sim *sim, const struct command *command)
{
    struct pending *pending = ARENA_NEW(&sim->arena, struct pending);
    pending->command = command;
    *(sim->last_pending ? &sim->last_pending->next : &sim->queue) = pending;
    sim->last_pending = pending;
}

static int64_t delay_of(const struct sim *sim, str element)
{
    const int64_t *delay = map_get(&sim->delays, element);
    return delay == NULL ? 0 : *delay;
}

// Not one that came and went within the step: its element instance has left no row.
static void take_job(struct sim *sim, const struct job_offer *offer)
{
    if (idmap_get(&sim->elements.by_key, offer->element_instance) == NULL)
        return;
    struct sim_job *job = ARENA_NEW(&sim->arena, struct sim_job);
    *job = (struct sim_job){.listed = {.key = offer->key},
                            .instance = offer->instance,
                            .element_instance = offer->element_instance,
                            .element = offer->element_id,
                            .attempt = offer->attempt,
                            .done_ms = sim->now_ms + delay_of(sim, offer->element_id)};
    list_append(&sim->jobs, job);
}

static void keep(struct sim *sim, str *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        *texts[i] = str_copy(&sim->arena, *texts[i]);
}

// Commands that the engine sends may point into streams, which it lets go of some turns later: of
// an instance that has ended, or when images are kept. The queue may be longer than that.
static void keep_texts(struct sim *sim, struct command *command)
{
    struct publish_message *message = &command->publish_message;
    struct subscription_command *subscription = &command->subscription;
    struct broadcast_signal *signal = &command->broadcast_signal;
    str *const everywhere[] = {&command->tenant, &command->principal, &command->origin,
                               &command->traceparent};
    str *const of_message[] = {&message->name, &message->correlation_key, &message->message_id,
                               &message->variables};
    str *const of_subscription[] = {&subscription->name, &subscription->correlation_key,
                                    &subscription->process_id, &subscription->variables,
                                    &subscription->reason};
    str *const of_signal[] = {&signal->name, &signal->variables};
    keep(sim, everywhere, COUNT_OF(everywhere));
    switch ((int)command->type) {
    case COMMAND_PUBLISH_MESSAGE:
        keep(sim, of_message, COUNT_OF(of_message));
        break;
    case COMMAND_OPEN_SUBSCRIPTION:
    case COMMAND_CLOSE_SUBSCRIPTION:
    case COMMAND_CONFIRM_SUBSCRIPTION:
    case COMMAND_CORRELATE_SUBSCRIPTION:
    case COMMAND_CONFIRM_CORRELATION:
    case COMMAND_REJECT_CORRELATION:
        keep(sim, of_subscription, COUNT_OF(of_subscription));
        break;
    case COMMAND_BROADCAST_SIGNAL:
        keep(sim, of_signal, COUNT_OF(of_signal));
        break;
    default:
        break;
    }
}

static void send_outbound(struct sim *sim, const struct command *command)
{
    struct command *copy = arena_copy(&sim->arena, command, sizeof *command);
    keep_texts(sim, copy);
    world_send(sim, copy);
}

static void take_outbound(struct sim *sim, const struct changes *changes)
{
    for (size_t i = 0; i < changes->outbound.count; i++) {
        const struct outbound *out = &changes->outbound.items[i];
        if (out->kind == OUTBOUND_COMMAND)
            send_outbound(sim, out->command);
        else if (out->kind == OUTBOUND_JOB)
            take_job(sim, out->job);
        else
            sim->rejected += out->reply->rejection != REJECTION_NONE;
    }
}

static void load_missing(struct sim *sim, const struct command *command)
{
    struct stream_ref refs[ENGINE_MAX_REFS];
    struct error err;
    for (size_t n; (n = engine_missing(sim->engine, command, refs)) > 0;)
        for (size_t i = 0; i < n; i++) {
            struct sim_instance *instance = world_instance(sim, refs[i].instance);
            str image = refs[i].kind == STREAM_INSTANCE
                            ? (instance ? instance->image : STR_EMPTY)
                            : mailboxes_image(&sim->mailboxes, &refs[i]);
            check(engine_load(sim->engine, &refs[i], image, &err));
        }
}

int sim_max_events(const struct sim *sim)
{
    return sim->options.manual ? SIM_MAX_WALK_EVENTS : SIM_MAX_EVENTS;
}

static void step(struct sim *sim, const struct command *command)
{
    struct command *now = arena_copy(&sim->arena, command, sizeof *command);
    struct changes changes;
    now->time_ms = sim->now_ms;
    sim->commands++;
    if (sim->options.verify)
        world_remember(sim, now);
    engine_begin(sim->engine, &sim->arena);
    load_missing(sim, now);
    engine_step(sim->engine, now);
    engine_end(sim->engine, &changes);
    world_take_changes(sim, &changes);
    take_outbound(sim, &changes);
    world_trace(sim, &changes);
    if (sim->options.verify)
        world_verify(sim, &changes);
    sim->limit_reached |=
        sim->commands >= SIM_MAX_COMMANDS || sim->seq >= (uint64_t)sim_max_events(sim);
}

// -- Jobs -------------------------------------------------------------------------------

bool world_answer_job(struct sim *sim, const struct sim_job *job, const struct scripted *answer,
                      str variables)
{
    bool fails = answer != NULL && !answer->is_error;
    struct command *command = world_command(sim, answer == NULL     ? COMMAND_COMPLETE_JOB
                                                 : answer->is_error ? COMMAND_THROW_JOB_ERROR
                                                                    : COMMAND_FAIL_JOB);
    command->instance = job->instance;
    command->key = job->listed.key;
    command->job_answer = (struct job_answer){
        .attempt = job->attempt,
        .variables = answer ? answer->variables : variables,
        .retries = fails ? (int32_t)answer->retries : 0,
        .error_code = answer && answer->is_error ? answer->text : STR_EMPTY,
        .message = fails ? answer->text : STR_EMPTY,
        .worker = STR("simulator"),
        .result = STR_EMPTY,
    };
    list_remove(&sim->jobs, job->listed.key);
    world_send(sim, command);
    return true;
}

static struct scripted *take_answer(struct sim *sim, str element)
{
    struct scripted **at = &sim->answers;
    while (*at != NULL && !str_equal((*at)->element, element))
        at = &(*at)->next;
    struct scripted *answer = *at;
    if (answer != NULL)
        *at = answer->next;
    return answer;
}

static bool is_kept(const struct sim *sim, str element)
{
    return map_get(&sim->waits, element) != NULL || map_get(&sim->script_mentions, element) != NULL;
}

// Answers the first job whose time has come; false: none.
static bool work(struct sim *sim)
{
    for (struct sim_job *job = sim->jobs.first; job != NULL; job = job->listed.next) {
        if (job->done_ms > sim->now_ms)
            continue;
        struct scripted *answer = take_answer(sim, job->element);
        if (answer != NULL)
            return world_answer_job(sim, job, answer, STR_EMPTY);
        if (!is_kept(sim, job->element))
            return world_answer_job(sim, job, NULL, STR_EMPTY);
    }
    return false;
}

void world_drain(struct sim *sim)
{
    do {
        while (sim->queue != NULL && !sim->limit_reached) {
            const struct command *command = sim->queue->command;
            sim->queue = sim->queue->next;
            if (sim->queue == NULL)
                sim->last_pending = NULL;
            step(sim, command);
        }
        sim->round++;
    } while (!sim->limit_reached && (manual_deliver(sim) || work(sim)));
}

// -- Time -------------------------------------------------------------------------------

static int64_t next_job_ms(const struct sim *sim)
{
    int64_t first = INT64_MAX;
    for (const struct sim_job *job = sim->jobs.first; job != NULL; job = job->listed.next)
        if (job->done_ms > sim->now_ms && job->done_ms < first)
            first = job->done_ms;
    return first;
}

static void fire(struct sim *sim, struct sim_timer *timer)
{
    list_remove(&sim->timers, timer->listed.key);
    struct command *command = world_command(sim, timer->is_message   ? COMMAND_EXPIRE_MESSAGE
                                                 : timer->is_backoff ? COMMAND_RETRY_JOB
                                                                     : COMMAND_FIRE_TIMER);
    command->instance = timer->instance;
    command->key = timer->listed.key;
    command->due = (struct due){
        .due_ms = timer->due_ms, .name = timer->name, .correlation_key = timer->correlation_key};
    world_send(sim, command);
}

bool world_advance(struct sim *sim, int64_t until_ms)
{
    struct sim_timer *timer = sim->timers.first;
    int64_t timer_ms = timer == NULL ? INT64_MAX : timer->due_ms;
    int64_t job_ms = next_job_ms(sim);
    int64_t next = job_ms < timer_ms ? job_ms : timer_ms;
    if (next > until_ms || sim->limit_reached)
        return false;
    if (next > sim->now_ms)
        sim->now_ms = next;
    if (timer_ms <= job_ms)
        fire(sim, timer);
    world_drain(sim);
    return true;
}

// -- Deploying --------------------------------------------------------------------------

static bool refused(const char *file, const struct bpmn_resource *resource, struct error *err)
{
    for (size_t i = 0; i < resource->problem_count; i++) {
        const struct bpmn_problem *p = &resource->problems[i];
        if (p->severity == BPMN_ERROR)
            return !error_set(err, ERROR_INVALID, file, "line %u: %.*s (%s): %.*s", p->line,
                              STR_ARG(p->element), bpmn_code_name(p->code), STR_ARG(p->message));
    }
    return false;
}

static void add_decisions(struct sim *sim, const char *file, str text)
{
    *ARRAY_PUSH(&sim->arena, &sim->models) = (struct model){
        .document = dmn_library_add(&sim->library, (struct dmn_source){file, text}),
        .file = file,
        .text = text,
    };
}

static bool compile_decisions(struct sim *sim, struct model *model, struct error *err)
{
    struct dmn_problems problems = {.arena = &sim->arena};
    model->decisions = dmn_library_compile(&sim->library, model->document, &sim->arena,
                                           sim->options.zones, &problems);
    if (model->decisions != NULL && problems.errors == 0)
        return true;
    size_t first = 0;
    while (problems.list.items[first].severity != DMN_ERROR)
        first++;
    const struct dmn_problem *problem = &problems.list.items[first];
    return error_set(err, ERROR_INVALID, problem->file, "line %u: %.*s", problem->line,
                     STR_ARG(problem->text));
}

bool world_compile_decisions(struct sim *sim, struct error *err)
{
    for (size_t i = 0; i < sim->models.count; i++)
        if (sim->models.items[i].resource == NULL &&
            !compile_decisions(sim, &sim->models.items[i], err))
            return false;
    return true;
}

bool sim_add(struct sim *sim, const char *file, str text, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    struct bpmn_resource *resource;
    if (str_ends_with(str_of(file), STR(".dmn"))) {
        add_decisions(sim, file, text);
        return true;
    }
    bool ok = sim->options.manual ? bpmn_parse_sketch(&sim->arena, &scratch, text, &resource, err)
                                  : bpmn_parse_in_zones(&sim->arena, &scratch, text,
                                                        sim->options.zones, &resource, err);
    arena_done(&scratch);
    if (!ok || refused(file, resource, err))
        return false;
    *ARRAY_PUSH(&sim->arena, &sim->models) =
        (struct model){.resource = resource, .file = file, .text = text};
    return true;
}

static size_t count_resources(const struct sim *sim)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->models.count; i++)
        count += sim->models.items[i].resource ? sim->models.items[i].resource->process_count
                                               : dmn_decision_count(sim->models.items[i].decisions);
    return count;
}

static struct deployed_resource resource_named(struct sim *sim, const struct model *model, str id,
                                               str tag)
{
    struct digest digest = digest_sha256(model->text);
    return (struct deployed_resource){
        .name = str_of(model->file),
        .digest = str_copy(&sim->arena, str_from(digest.bytes, sizeof digest.bytes)),
        .kind = model->resource ? RESOURCE_PROCESS : RESOURCE_DECISIONS,
        .definition_id = id,
        .version_tag = tag,
    };
}

static void list_model(struct sim *sim, const struct model *model, struct deploy *deploy)
{
    struct deployed deployed = {.decisions = model->decisions};
    if (model->resource == NULL) {
        for (size_t i = 0; i < dmn_decision_count(model->decisions); i++) {
            const struct dmn_decision *decision = dmn_decision_at(model->decisions, i);
            deploy->resources[deploy->count++] = resource_named(
                sim, model, dmn_decision_id(decision), dmn_decision_version_tag(decision));
            *ARRAY_PUSH(&sim->arena, &sim->deployed) = deployed;
        }
        return;
    }
    for (size_t i = 0; i < model->resource->process_count; i++) {
        const struct bpmn_process *process = model->resource->processes[i];
        deployed.original = process;
        deployed.process = sim->options.manual ? manual_process(sim, process) : process;
        deploy->resources[deploy->count++] =
            resource_named(sim, model, process->id, process->version_tag);
        *ARRAY_PUSH(&sim->arena, &sim->deployed) = deployed;
    }
}

// Keys are given by the engine, in the order of the resources; its second command already looks
// processes up by them.
void world_deploy(struct sim *sim)
{
    struct command *command = world_command(sim, COMMAND_DEPLOY);
    command->deploy.resources =
        ARENA_ARRAY(&sim->arena, struct deployed_resource, count_resources(sim));
    for (size_t i = 0; i < sim->models.count; i++)
        list_model(sim, &sim->models.items[i], &command->deploy);
    step(sim, command);
    const struct deploy *named = &sim->queue->command->deploy;
    for (size_t i = 0; i < named->count; i++)
        sim->deployed.items[i].key = named->resources[i].key;
    world_drain(sim);
}
