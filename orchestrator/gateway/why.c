// SPDX-License-Identifier: Apache-2.0
#include "gateway/why.h"

#include "bpmn/process.h"
#include "engine/engine.h"
#include "gateway/gateway_private.h"
#include "gateway/process_cache.h"
#include "gateway/read.h"
#include "gateway/records.h"
#include "history/open_keys.h"
#include "store/read/why.h"

enum {
    MOST_SECRETS = 100,
    MOST_JOBS = 100,  // of an instance
    MOST_WAITS = 400, // timers and subscriptions
};

struct asking;
typedef void next_question(struct caller *caller, struct asking *asking);

struct asking {
    why_answer *answer;
    struct why_findings findings;
    uint64_t key;
    str name;
    struct why_job *jobs;
    size_t job_count;
    next_question *after_jobs;
    size_t next_job; // whose secrets are looked up next
    uint64_t definition;
    struct why_instance instance;
    struct open_keys open;
};

static struct asking *asking_new(struct caller *caller, why_answer *answer)
{
    struct asking *asking = ARENA_NEW(caller->arena, struct asking);
    asking->answer = answer;
    asking->findings.arena = caller->arena;
    return asking;
}

static void finish(struct caller *caller, struct asking *asking)
{
    why_sort(&asking->findings);
    asking->answer(caller, &asking->findings);
}

// -- Rows as facts ------------------------------------------------------------------------

struct row {
    const struct query_rows *rows;
    size_t row;
    struct arena *arena;
};

static str text(const struct row *row, size_t column)
{
    return str_copy(row->arena, query_value(row->rows, row->row, column));
}

static int64_t number(const struct row *row, size_t column)
{
    return query_i64(row->rows, row->row, column);
}

static uint64_t key(const struct row *row, size_t column)
{
    return query_u64(row->rows, row->row, column);
}

static bool is_null(const struct row *row, size_t column)
{
    return query_is_null(row->rows, row->row, column);
}

static struct why_asker asker_of(const struct row *row, size_t column)
{
    return (struct why_asker){text(row, column), text(row, column + 1), number(row, column + 2)};
}

static void read_open_job(const struct row *row, struct why_job *job)
{
    job->incident = key(row, WHY_JOB_INCIDENT);
    job->incident_kind = text(row, WHY_JOB_INCIDENT_KIND);
    job->incident_message = text(row, WHY_JOB_INCIDENT_MESSAGE);
    job->fit = asker_of(row, WHY_JOB_FIT);
    job->abroad = asker_of(row, WHY_JOB_ABROAD);
    job->barred = asker_of(row, WHY_JOB_BARRED);
    job->unleased = asker_of(row, WHY_JOB_UNLEASED);
    job->is_group_known = !is_null(row, WHY_JOB_LOOKED);
    job->looked_ms = number(row, WHY_JOB_LOOKED);
    job->member_count = is_null(row, WHY_JOB_MEMBER_COUNT) ? -1 : number(row, WHY_JOB_MEMBER_COUNT);
    job->members = text(row, WHY_JOB_MEMBERS);
    job->lag = number(row, WHY_JOB_LAG);
    job->member_seen_ms = number(row, WHY_JOB_MEMBER_SEEN);
    job->ahead = number(row, WHY_JOB_AHEAD);
    job->breaker =
        (struct why_breaker){.kind = (enum breaker_kind)number(row, WHY_JOB_BREAKER_KIND),
                             .name = text(row, WHY_JOB_BREAKER_NAME),
                             .cause = text(row, WHY_JOB_BREAKER_CAUSE),
                             .opened_ms = number(row, WHY_JOB_BREAKER_OPENED),
                             .probes_ms = number(row, WHY_JOB_BREAKER_PROBES)};
}

static struct why_job job_of(const struct row *row)
{
    struct why_job job = {
        .key = key(row, WHY_JOB_KEY),
        .type = text(row, WHY_JOB_TYPE),
        .tenant = text(row, WHY_JOB_TENANT),
        .process_id = text(row, WHY_JOB_PROCESS),
        .element_id = text(row, WHY_JOB_ELEMENT),
        .element_instance = key(row, WHY_JOB_ELEMENT_INSTANCE),
        .instance = key(row, WHY_JOB_INSTANCE),
        .state = (enum job_state)number(row, WHY_JOB_STATE),
        .end = (enum job_end)number(row, WHY_JOB_END),
        .is_suspended = query_bool(row->rows, row->row, WHY_JOB_SUSPENDED),
        .attempt = (uint32_t)number(row, WHY_JOB_ATTEMPT),
        .retries = (int32_t)number(row, WHY_JOB_RETRIES),
        .due_ms = number(row, WHY_JOB_DUE),
        .offered_ms = number(row, WHY_JOB_OFFERED),
        .ended_ms = number(row, WHY_JOB_ENDED),
        .worker = text(row, WHY_JOB_WORKER),
        .message = text(row, WHY_JOB_MESSAGE),
        .share = -1,
        .now_ms = number(row, WHY_JOB_NOW),
    };
    if (query_column_count(row->rows) > WHY_JOB_INCIDENT)
        read_open_job(row, &job);
    return job;
}

static void tell_jobs(struct caller *caller, struct asking *asking)
{
    for (size_t i = 0; i < asking->job_count; i++)
        why_of_job(&asking->findings, &asking->jobs[i]);
    asking->after_jobs(caller, asking);
}

static void on_flights(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    for (size_t r = 0; r < query_row_count(rows); r++) {
        const struct row row = {rows, r, caller->arena};
        str type = text(&row, WHY_FLIGHT_TYPE), tenant = text(&row, WHY_FLIGHT_TENANT);
        for (size_t i = 0; i < asking->job_count; i++) {
            struct why_job *job = &asking->jobs[i];
            if (!str_equal(job->type, type) || !str_equal(job->tenant, tenant))
                continue;
            job->in_flight = number(&row, WHY_FLIGHT_COUNT);
            job->is_flight_cut = query_bool(rows, r, WHY_FLIGHT_IS_CUT);
            job->share = is_null(&row, WHY_FLIGHT_SHARE) ? -1 : number(&row, WHY_FLIGHT_SHARE);
            job->part = number(&row, WHY_FLIGHT_PART);
        }
    }
    tell_jobs(caller, asking);
}

static void note_flight(struct why_flights *flights, str *types, str *tenants,
                        const struct why_job *job)
{
    for (size_t i = 0; i < flights->count; i++)
        if (str_equal(types[i], job->type) && str_equal(tenants[i], job->tenant))
            return;
    types[flights->count] = job->type;
    tenants[flights->count++] = job->tenant;
}

// How full the window is matters to those that wait for room in it.
static void ask_flights(struct caller *caller, struct asking *asking)
{
    str *types = ARENA_ARRAY(caller->arena, str, asking->job_count);
    str *tenants = ARENA_ARRAY(caller->arena, str, asking->job_count);
    struct why_flights flights = {.types = types, .tenants = tenants};
    for (size_t i = 0; i < asking->job_count; i++) {
        const struct why_job *job = &asking->jobs[i];
        if (job->end != JOB_END_NONE || job->state != JOB_WAITING)
            continue;
        flights.key = job->key;
        note_flight(&flights, types, tenants, job);
    }
    if (flights.count > 0)
        read_run(caller, read_why_flights(caller->arena, &flights), on_flights, asking);
    else
        tell_jobs(caller, asking);
}

static void take_jobs(struct caller *caller, struct asking *asking, const struct query_rows *rows,
                      next_question *next)
{
    asking->after_jobs = next;
    asking->job_count = query_row_count(rows);
    asking->jobs = ARENA_ARRAY(caller->arena, struct why_job, asking->job_count);
    for (size_t i = 0; i < asking->job_count; i++) {
        const struct row row = {rows, i, caller->arena};
        asking->jobs[i] = job_of(&row);
        if (!caller_has_tenant(caller, asking->jobs[i].abroad.tenant))
            asking->jobs[i].abroad = (struct why_asker){0};
        if (asking->definition == 0)
            asking->definition = key(&row, WHY_JOB_DEFINITION);
    }
    ask_flights(caller, asking);
}

// -- Secrets that the model names ----------------------------------------------------------

static void ask_secrets(struct caller *caller, struct asking *asking,
                        const struct bpmn_process *process);

static void on_secrets(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    for (size_t i = 0; i < query_row_count(rows); i++) {
        const struct row row = {rows, i, caller->arena};
        const struct why_secret secret = {text(&row, 0), query_bool(rows, i, 1),
                                          query_bool(rows, i, 2)};
        why_of_secret(&asking->findings, &asking->jobs[asking->next_job], &secret);
    }
    asking->next_job++;
    ask_secrets(caller, asking, process_cached(caller->gateway->processes, asking->definition));
}

static size_t names_of(const struct bpmn_process *process, const struct why_job *job,
                       str names[static MOST_SECRETS])
{
    const struct bpmn_element *element = bpmn_find_element(process, job->element_id);
    size_t count = 0;
    for (uint32_t i = 0; element != NULL && i < element->secret_count && count < MOST_SECRETS; i++)
        names[count++] = element->secrets[i].name;
    return count;
}

// One job after the other; those whose element names none are passed over.
static void ask_secrets(struct caller *caller, struct asking *asking,
                        const struct bpmn_process *process)
{
    str *names = ARENA_ARRAY(caller->arena, str, MOST_SECRETS);
    for (; process != NULL && asking->next_job < asking->job_count; asking->next_job++) {
        const struct why_job *job = &asking->jobs[asking->next_job];
        size_t count = names_of(process, job, names);
        if (count == 0)
            continue;
        const struct why_secrets secrets = {names, count, job->tenant, job->process_id};
        read_run(caller, read_why_secrets(caller->arena, &secrets), on_secrets, asking);
        return;
    }
    finish(caller, asking);
}

static void on_process_of_job(struct caller *caller, void *context,
                              const struct bpmn_process *process)
{
    ask_secrets(caller, context, process);
}

// -- Jobs -----------------------------------------------------------------------------------

static void on_ended(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    if (query_row_count(rows) == 0) {
        asking->answer(caller, NULL);
        return;
    }
    take_jobs(caller, asking, rows, finish);
}

static void on_records(struct caller *caller, void *context, const struct records_view *view)
{
    const struct asking *asking = context;
    (void)view;
    read_on(caller, read_why_ended_job(caller->arena, caller->scope, asking->key), on_ended,
            context);
}

static void find_process_of_job(struct caller *caller, struct asking *asking)
{
    process_find(caller, asking->definition, on_process_of_job, asking);
}

static void on_job(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    if (query_row_count(rows) == 0) {
        records_prepare(caller, 0, on_records, asking);
        return;
    }
    take_jobs(caller, asking, rows, find_process_of_job);
}

void why_ask_job(struct caller *caller, uint64_t job, why_answer *answer)
{
    struct asking *asking = asking_new(caller, answer);
    asking->key = job;
    read_run(caller, read_why_job(caller->arena, caller->scope, job), on_job, asking);
}

// -- Instances --------------------------------------------------------------------------------

static const struct {
    const char *name;
    enum why_wait_kind kind;
} wait_kinds[] = {
    {"PLACE", WHY_WAIT_PLACE},       {"TIMER", WHY_WAIT_TIMER},   {"MESSAGE", WHY_WAIT_MESSAGE},
    {"NEAR", WHY_WAIT_NEAR},         {"SIGNAL", WHY_WAIT_SIGNAL}, {"USER_TASK", WHY_WAIT_USER_TASK},
    {"INCIDENT", WHY_WAIT_INCIDENT}, {"CALLED", WHY_WAIT_CALLED},
};

static enum why_wait_kind kind_of_wait(str name)
{
    size_t i = 0;
    while (i + 1 < COUNT_OF(wait_kinds) && !str_equal(name, str_of(wait_kinds[i].name)))
        i++;
    return wait_kinds[i].kind;
}

static struct why_wait wait_of(const struct row *row)
{
    return (struct why_wait){
        .kind = kind_of_wait(query_value(row->rows, row->row, WHY_WAITS_KIND)),
        .element_instance = key(row, WHY_WAITS_ELEMENT_INSTANCE),
        .key = key(row, WHY_WAITS_KEY),
        .element_id = text(row, WHY_WAITS_ELEMENT),
        .element_type = text(row, WHY_WAITS_ELEMENT_TYPE),
        .name = text(row, WHY_WAITS_NAME),
        .key_text = text(row, WHY_WAITS_KEY_TEXT),
        .wanted_key = text(row, WHY_WAITS_WANTED_KEY),
        .tenant = text(row, WHY_WAITS_TENANT),
        .other_tenant = query_bool(row->rows, row->row, WHY_WAITS_OTHER_TENANT),
        .is_over = query_bool(row->rows, row->row, WHY_WAITS_IS_OVER),
        .has_more = query_bool(row->rows, row->row, WHY_WAITS_HAS_MORE),
        .until_ms = number(row, WHY_WAITS_UNTIL),
    };
}

// An element of which something else was told, or whose contents are, needs no word of its own.
static bool is_told(const struct asking *asking, const struct why_wait *place)
{
    for (size_t i = 0; i < asking->findings.list.count; i++)
        if (asking->findings.list.items[i].element_instance == place->element_instance)
            return true;
    return place->has_more;
}

static void tell_conditions(struct asking *asking, const struct why_wait *place,
                            const struct bpmn_element *catcher)
{
    for (uint32_t i = 0; i < catcher->trigger_count; i++) {
        const struct bpmn_trigger *trigger = &catcher->triggers[i];
        if (trigger->kind != BPMN_CONDITION_TRIGGER || trigger->expression == NULL)
            continue;
        struct why_wait wait = *place;
        wait.kind = WHY_WAIT_CONDITION;
        wait.name = feel_program_source(trigger->expression);
        wait.element_id = catcher->id;
        why_of_wait(&asking->findings, &wait);
    }
}

// The element itself, the events on its border, and those that an event-based gateway leads to.
static void tell_element(struct asking *asking, const struct why_wait *place,
                         const struct bpmn_process *process)
{
    const struct bpmn_element *element = bpmn_find_element(process, place->element_id);
    if (element == NULL)
        return;
    tell_conditions(asking, place, element);
    for (uint32_t i = 0; i < element->boundary.count; i++)
        tell_conditions(asking, place, &process->elements[element->boundary.items[i]]);
    for (uint32_t i = 0; element->type == BPMN_EVENT_BASED_GATEWAY && i < element->outgoing.count;
         i++)
        tell_conditions(asking, place,
                        &process->elements[process->flows[element->outgoing.items[i]].target]);
}

struct places {
    struct asking *asking;
    struct why_wait *items;
    size_t count;
};

static void on_process(struct caller *caller, void *context, const struct bpmn_process *process)
{
    struct places *places = context;
    struct asking *asking = places->asking;
    for (size_t i = 0; i < places->count; i++) {
        if (process != NULL)
            tell_element(asking, &places->items[i], process);
        if (!is_told(asking, &places->items[i]))
            why_of_wait(&asking->findings, &places->items[i]);
    }
    if (asking->findings.list.count == 0)
        why_of_stillness(&asking->findings);
    ask_secrets(caller, asking, process);
}

// Messages that do not fit belong to no process that the caller was asked about: their tenants and
// keys are for who may read them.
static bool may_tell(const struct caller *caller, struct why_wait *wait)
{
    if (wait->kind != WHY_WAIT_NEAR)
        return true;
    wait->is_hidden = !identity_may(caller->identity, RESOURCE_MESSAGE, STR("READ"), wait->name);
    return caller_has_tenant(caller, wait->tenant);
}

static void on_waits(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    struct places *places = ARENA_NEW(caller->arena, struct places);
    *places = (struct places){
        asking, ARENA_ARRAY(caller->arena, struct why_wait, query_row_count(rows)), 0};
    for (size_t i = 0; i < query_row_count(rows); i++) {
        const struct row row = {rows, i, caller->arena};
        struct why_wait wait = wait_of(&row);
        if (!may_tell(caller, &wait))
            continue;
        if (wait.kind == WHY_WAIT_PLACE)
            places->items[places->count++] = wait;
        else
            why_of_wait(&asking->findings, &wait);
    }
    process_find(caller, asking->definition, on_process, places);
}

static void ask_waits(struct caller *caller, struct asking *asking)
{
    const struct why_keys waits = {asking->key, asking->open.waits, asking->open.wait_count};
    read_run(caller, read_why_waits(caller->arena, caller->scope, &waits), on_waits, asking);
}

static void on_jobs(struct caller *caller, void *context, const struct query_rows *rows)
{
    take_jobs(caller, context, rows, ask_waits);
}

// -- What is open of it -------------------------------------------------------------------------

static const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    return process_cached(context, definition);
}

static const struct dmn_model *find_decisions(void *context, uint64_t definition)
{
    (void)context, (void)definition;
    return NULL;
}

// An image may have many megabytes: it is not kept while other things are looked up.
static bool read_open(struct caller *caller, struct asking *asking, const struct query_rows *rows,
                      struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    const struct engine_environment environment = {.context = caller->gateway->processes,
                                                   .find_process = find_process,
                                                   .find_decisions = find_decisions};
    bool is_read = open_keys_read(&environment, caller->arena, query_bytes(rows, 0, 0, &scratch),
                                  (struct open_most){MOST_JOBS, MOST_WAITS}, &asking->open, err);
    arena_done(&scratch);
    return is_read;
}

// None: it has ended meanwhile, and nothing of it is open.
static void on_image(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    struct error err;
    if (query_row_count(rows) > 0 && !read_open(caller, asking, rows, &err))
        why_of_unreadable(&asking->findings, &asking->instance, err.text);
    const struct why_keys jobs = {asking->key, asking->open.jobs, asking->open.job_count};
    read_run(caller, read_why_jobs(caller->arena, caller->scope, &jobs), on_jobs, asking);
}

static void on_process_of_image(struct caller *caller, void *context,
                                const struct bpmn_process *process)
{
    struct asking *asking = context;
    (void)process;
    read_run(caller, read_why_image(caller->arena, caller->scope, asking->key), on_image, asking);
}

static void on_instance(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    const struct row row = {rows, 0, caller->arena};
    if (query_row_count(rows) == 0) {
        asking->answer(caller, NULL);
        return;
    }
    asking->definition = key(&row, 1);
    asking->instance = (struct why_instance){.key = asking->key,
                                             .process_id = text(&row, 0),
                                             .state = (enum instance_state)number(&row, 2),
                                             .ended_ms = number(&row, 3)};
    why_of_instance(&asking->findings, &asking->instance);
    if (asking->instance.ended_ms != 0) {
        finish(caller, asking);
        return;
    }
    process_find(caller, asking->definition, on_process_of_image, asking);
}

void why_ask_instance(struct caller *caller, uint64_t instance, why_answer *answer)
{
    struct asking *asking = asking_new(caller, answer);
    asking->key = instance;
    read_run(caller, read_why_instance(caller->arena, caller->scope, instance), on_instance,
             asking);
}

// -- Workers ----------------------------------------------------------------------------------

static void tell_worker(struct asking *asking, const struct row *row)
{
    str kind = query_value(row->rows, row->row, WHY_WORKER_KIND);
    bool is_kafka = str_equal(kind, STR("KAFKA"));
    if (str_equal(kind, STR("HOLDS"))) {
        const struct why_held held = {.key = key(row, WHY_WORKER_KEY),
                                      .type = text(row, WHY_WORKER_TYPE),
                                      .element_id = text(row, WHY_WORKER_ELEMENT),
                                      .until_ms = number(row, WHY_WORKER_UNTIL)};
        why_of_held(&asking->findings, asking->name, &held);
        return;
    }
    const struct why_service service = {.type = text(row, WHY_WORKER_TYPE),
                                        .tenant = text(row, WHY_WORKER_TENANT),
                                        .is_kafka = is_kafka,
                                        .seen_ms = number(row, WHY_WORKER_SEEN),
                                        .lag = number(row, WHY_WORKER_NUMBER),
                                        .open = number(row, WHY_WORKER_NUMBER),
                                        .now_ms = number(row, WHY_WORKER_NOW)};
    why_of_service(&asking->findings, asking->name, &service);
}

static void on_worker(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    for (size_t i = 0; i < query_row_count(rows); i++)
        tell_worker(asking, &(struct row){rows, i, caller->arena});
    if (query_row_count(rows) == 0)
        why_of_nobody(&asking->findings, asking->name);
    finish(caller, asking);
}

void why_ask_worker(struct caller *caller, str name, why_answer *answer)
{
    struct asking *asking = asking_new(caller, answer);
    asking->name = name;
    read_run(caller, read_why_worker(caller->arena, caller->scope, name), on_worker, asking);
}

// -- Messages ---------------------------------------------------------------------------------

static const struct {
    const char *name;
    enum why_news_kind kind;
} news_kinds[] = {
    {"REACHED", WHY_NEWS_REACHED}, {"WAITS", WHY_NEWS_WAITS},   {"MISSED", WHY_NEWS_MISSED},
    {"WANTED", WHY_NEWS_WANTED},   {"SIGNAL", WHY_NEWS_SIGNAL},
};

static enum why_news_kind kind_of_news(str name)
{
    size_t i = 0;
    while (i + 1 < COUNT_OF(news_kinds) && !str_equal(name, str_of(news_kinds[i].name)))
        i++;
    return news_kinds[i].kind;
}

static void tell_news(struct caller *caller, struct asking *asking, const struct query_rows *rows)
{
    for (size_t i = 0; i < query_row_count(rows); i++) {
        const struct row row = {rows, i, caller->arena};
        const struct why_news news = {
            .kind = kind_of_news(query_value(rows, i, WHY_NEWS_KIND)),
            .key = key(&row, WHY_NEWS_KEY),
            .instance = key(&row, WHY_NEWS_INSTANCE),
            .element_id = text(&row, WHY_NEWS_ELEMENT),
            .name = text(&row, WHY_NEWS_NAME),
            .correlation_key = text(&row, WHY_NEWS_CORRELATION_KEY),
            .tenant = text(&row, WHY_NEWS_TENANT),
            .since_ms = number(&row, WHY_NEWS_SINCE),
            .until_ms = number(&row, WHY_NEWS_UNTIL),
        };
        why_of_news(&asking->findings, &news);
    }
}

static void on_name(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    bool is_waited_for = false;
    tell_news(caller, asking, rows);
    for (size_t i = 0; i < asking->findings.list.count; i++) {
        enum why_cause cause = asking->findings.list.items[i].cause;
        is_waited_for = is_waited_for || cause == WHY_WAITED_FOR || cause == WHY_SIGNAL_WAITED_FOR;
    }
    if (!is_waited_for)
        why_of_silence(&asking->findings, asking->name);
    finish(caller, asking);
}

void why_ask_name(struct caller *caller, str name, str correlation_key, why_answer *answer)
{
    struct asking *asking = asking_new(caller, answer);
    asking->name = name;
    read_run(caller, read_why_name(caller->arena, caller->scope, name, correlation_key), on_name,
             asking);
}

// Of a message that reached nobody, those who wait for its name are told, too.
static void on_message(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct asking *asking = context;
    if (query_row_count(rows) == 0) {
        asking->answer(caller, NULL);
        return;
    }
    bool has_reached = str_equal(query_value(rows, 0, WHY_NEWS_KIND), STR("REACHED"));
    asking->name = str_copy(caller->arena, query_value(rows, 0, WHY_NEWS_NAME));
    tell_news(caller, asking, rows);
    if (has_reached)
        finish(caller, asking);
    else
        read_run(caller, read_why_wanted(caller->arena, caller->scope, asking->name), on_name,
                 asking);
}

void why_ask_message(struct caller *caller, uint64_t message, why_answer *answer)
{
    struct asking *asking = asking_new(caller, answer);
    asking->key = message;
    read_run(caller, read_why_message(caller->arena, caller->scope, message), on_message, asking);
}
