// SPDX-License-Identifier: Apache-2.0
//
// The handlers that the conformance suite asks of a worker, on the C library.
#include "base/json.h"
#include "base/log.h"
#include "base/map.h"
#include "worker/worker.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DRAIN_MS = 20000, MS_PER_SECOND = 1000, US_PER_MS = 1000, NAME = 64, TYPES = 16 };

static struct event_base *loop;
static struct worker *worker;
static int grace_ms;
static unsigned here, most;
static struct idmap runs; // by key: how often

static const struct json *variables_of(struct worker_task *task)
{
    struct json *variables;
    struct error err;
    if (json_parse(worker_task_arena(task), worker_task_variables(task), &variables, &err))
        return variables;
    return NULL;
}

static void complete_with(struct worker_task *task, const char *name, str json)
{
    worker_complete(task,
                    str_format(worker_task_arena(task), "{\"%s\":%.*s}", name, STR_ARG(json)));
}

static void echo(void *context, struct worker_task *task)
{
    (void)context;
    complete_with(task, "echo", worker_task_variables(task));
}

static void meta(void *context, struct worker_task *task)
{
    const struct job_offer *job = worker_task_job(task);
    struct strbuf out = strbuf_new(worker_task_arena(task));
    struct json_writer w = json_writer_new(&out);
    (void)context;
    json_begin_object(&w);
    const struct {
        const char *name;
        str text;
    } texts[] = {{"process", job->process_id},
                 {"element", job->element_id},
                 {"businessId", job->business_id},
                 {"tenant", job->tenant},
                 {"instance",
                  str_format(worker_task_arena(task), "%llu", (unsigned long long)job->instance)},
                 {"idempotencyKey",
                  str_format(worker_task_arena(task), "baton-%llu", (unsigned long long)job->key)}};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        json_key(&w, str_of(texts[i].name));
        json_string(&w, texts[i].text);
    }
    json_key(&w, STR("headers"));
    json_raw(&w, job->headers.len > 0 ? job->headers : STR("{}"));
    json_key(&w, STR("tags"));
    json_raw(&w, job->tags.len > 0 ? job->tags : STR("[]"));
    json_key(&w, STR("priority"));
    json_i64(&w, job->priority);
    json_key(&w, STR("attempt"));
    json_u64(&w, job->attempt);
    json_key(&w, STR("kind"));
    json_i64(&w, job->kind);
    json_end_object(&w);
    complete_with(task, "meta", strbuf_str(&out));
}

static void error(void *context, struct worker_task *task)
{
    const struct json *variables = variables_of(task);
    const struct json *given = json_get(variables, STR("variables"));
    struct strbuf out = strbuf_new(worker_task_arena(task));
    struct json_writer w = json_writer_new(&out);
    (void)context;
    if (given != NULL)
        json_value(&w, given);
    worker_throw_error(task, json_get_str(variables, STR("code"), STR_EMPTY),
                       json_get_str(variables, STR("message"), STR_EMPTY), strbuf_str(&out));
}

static void fail(void *context, struct worker_task *task)
{
    (void)context;
    worker_fail(task, json_get_str(variables_of(task), STR("message"), STR_EMPTY), -1,
                WORKER_BACK_OFF);
}

static void fatal(void *context, struct worker_task *task)
{
    (void)context;
    worker_fail_as(task,
                   &(struct worker_failure){
                       .class = FAILURE_PERMANENT,
                       .message = json_get_str(variables_of(task), STR("message"), STR_EMPTY)});
}

static void classed(void *context, struct worker_task *task)
{
    const struct json *variables = variables_of(task);
    enum failure_class class = FAILURE_UNSPECIFIED;
    (void)context;
    bool is_known = failure_class_find(json_get_str(variables, STR("class"), STR_EMPTY), &class);
    check(is_known);
    worker_fail_as(task,
                   &(struct worker_failure){
                       .class = class,
                       .message = json_get_str(variables, STR("message"), STR_EMPTY),
                       .backoff_ms = json_get_i64(variables, STR("seconds"), 0) * MS_PER_SECOND,
                       .subject = json_get_str(variables, STR("subject"), STR_EMPTY)});
}

static void later(void *context, struct worker_task *task)
{
    const struct json *variables = variables_of(task);
    const struct json *seconds = json_get(variables, STR("seconds"));
    (void)context;
    double wait =
        seconds == NULL ? 0 : strtod(str_cstr(worker_task_arena(task), seconds->text), NULL);
    bool keeps = json_get_bool(variables, STR("keeps"), false);
    worker_fail_as(task,
                   &(struct worker_failure){.class = keeps ? FAILURE_THROTTLED : FAILURE_TRANSIENT,
                                            .message = STR("later"),
                                            .backoff_ms = (int64_t)(wait * MS_PER_SECOND)});
}

static void nothing(void *context, struct worker_task *task)
{
    (void)context;
    worker_complete(task, STR_EMPTY);
}

// -- Later answers ----------------------------------------------------------------------

struct wait {
    struct worker_task *task;
    void (*over)(struct worker_task *task);
};

static void on_over(evutil_socket_t fd, short events, void *context)
{
    struct wait *wait = context;
    (void)fd, (void)events;
    wait->over(wait->task);
    free(wait);
}

static void after(struct worker_task *task, void (*over)(struct worker_task *task))
{
    int64_t ms = json_get_i64(variables_of(task), STR("ms"), 0);
    struct timeval time = {ms / MS_PER_SECOND, ms % MS_PER_SECOND * US_PER_MS};
    struct wait *wait = malloc(sizeof *wait);
    check(wait != NULL);
    *wait = (struct wait){task, over};
    event_base_once(loop, -1, EV_TIMEOUT, on_over, wait, &time);
}

static void slow_over(struct worker_task *task)
{
    worker_complete(task, STR("{\"shutdown\":false,\"leaseLost\":false}"));
}

static void slow(void *context, struct worker_task *task)
{
    (void)context;
    after(task, slow_over);
}

static void peak_over(struct worker_task *task)
{
    here--;
    complete_with(task, "most", str_format(worker_task_arena(task), "%u", most));
}

static void peak(void *context, struct worker_task *task)
{
    (void)context;
    here++;
    most = here > most ? here : most;
    after(task, peak_over);
}

static void counted_over(struct worker_task *task)
{
    uintptr_t run = (uintptr_t)idmap_get(&runs, worker_task_job(task)->key);
    complete_with(task, "run", str_format(worker_task_arena(task), "%zu", (size_t)run));
}

static void counted(void *context, struct worker_task *task)
{
    uint64_t key = worker_task_job(task)->key;
    (void)context;
    idmap_put(&runs, key, (void *)((uintptr_t)idmap_get(&runs, key) + 1));
    after(task, counted_over);
}

static void block(void *context, struct worker_task *task)
{
    (void)context, (void)task;
}

static void crash_over(struct worker_task *task)
{
    const char *crashes = getenv("CONFORMANCE_CRASHES");
    if (crashes == NULL || str_equal(str_of(crashes), STR("true")))
        _exit(9);
    worker_complete(task, STR_EMPTY);
}

static void crash(void *context, struct worker_task *task)
{
    (void)context;
    after(task, crash_over);
}

static void odd(void *context, struct worker_task *task)
{
    (void)context;
    worker_complete(task, STR("{\"odd\":true}"));
}

// -- Life -------------------------------------------------------------------------------

static void on_drained(void *context)
{
    (void)context;
    event_base_loopbreak(loop);
}

static void on_signal(evutil_socket_t number, short events, void *context)
{
    (void)number, (void)events, (void)context;
    worker_drain(worker, grace_ms, on_drained, NULL);
}

static bool serve(struct error *err)
{
    static char names[TYPES][NAME];
    const struct {
        const char *name;
        worker_handler *handle;
        unsigned concurrency;
    } types[] = {{"echo", echo, 10},       {"meta", meta, 10},
                 {"error", error, 10},     {"fail", fail, 10},
                 {"fatal", fatal, 10},     {"classed", classed, 10},
                 {"later", later, 10},     {"slow", slow, 16},
                 {"peak", peak, 4},        {"counted", counted, 10},
                 {"block", block, 1},      {"crash", crash, 10},
                 {"nothing", nothing, 10}, {"odd:type/\u00fc_x", odd, 10}};
    const char *prefix = getenv("CONFORMANCE_TYPES");
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        snprintf(names[i], NAME, "%s.%s", prefix != NULL ? prefix : "c", types[i].name);
        const struct worker_type type = {names[i], types[i].handle, NULL, types[i].concurrency};
        if (!worker_serve(worker, &type, err))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    struct config config;
    struct error err;
    str name = str_of(getenv("BATON_WORKER_NAME"));
    grace_ms =
        getenv("BATON_WORKER_GRACE_MS") != NULL ? atoi(getenv("BATON_WORKER_GRACE_MS")) : DRAIN_MS;
    const struct worker_options options = {&config, str_cstr(&arena, name)};
    (void)unsetenv("BATON_WORKER_NAME"); // settings of other SDKs
    (void)unsetenv("BATON_WORKER_GRACE_MS");
    runs = idmap_new(&arena);
    loop = event_base_new();
    config = config_new(&arena);
    if (!config_read_all(&config, &argc, argv, &err) ||
        (worker = worker_new(&options, loop, &err)) == NULL || !serve(&err)) {
        fprintf(stderr, "%s: %s\n", err.place, err.text);
        return 1;
    }
    struct event *stop = evsignal_new(loop, SIGTERM, on_signal, NULL);
    event_add(stop, NULL);
    event_base_dispatch(loop);
    event_free(stop);
    worker_free(worker);
    event_base_free(loop);
    arena_done(&arena);
    return 0;
}
