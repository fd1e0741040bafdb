// SPDX-License-Identifier: Apache-2.0
//
// baton-worker: runs connectors and simulated workers.
#include "base/log.h"
#include "base/memory.h"
#include "connector_http/http.h"
#include "simulate.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_SIMULATIONS = 32, DEFAULT_CONCURRENCY = 256, DRAIN_MS = 20000 };

static const char usage[] =
    "usage: baton-worker [--http] [--allow HOSTS] [--simulate SPEC]… [--concurrency N]\n"
    "                    [--key=value …] [--config FILE]\n"
    "\n"
    "Runs workers on Kafka until it is stopped.\n"
    "\n"
    "  --http              the HTTP connector (job types io.camunda:http-json:1 and baton:http)\n"
    "  --allow HOSTS       hosts (host or host:port, comma-separated, * for all) that the HTTP\n"
    "                      connector may call although their address is private or local\n"
    "  --simulate SPEC     pretends to be a worker:\n"
    "                      "
    "type[,delay=MS][,fail=PERCENT][,error=CODE:PERCENT][,say][,variables={…}]\n"
    "  --concurrency N     tasks of a type handled at one time (256)\n"
    "  --key=value         any setting of `baton config print`, such as --kafka.brokers=host:port\n"
    "\n"
    "example: baton-worker --http --simulate charge-card,delay=50,fail=1\n";

struct program {
    struct event_base *loop;
    struct config config;
    struct worker *worker;
    struct http_connector http;
    struct simulation simulations[MAX_SIMULATIONS];
    size_t simulation_count;
    unsigned concurrency;
    bool serves_http;
    bool stopping;
};

static void on_drained(void *context)
{
    event_base_loopbreak(((struct program *)context)->loop);
}

// The first signal drains; a second one stops at once.
static void on_signal(evutil_socket_t signal, short events, void *context)
{
    struct program *program = context;
    (void)signal;
    (void)events;
    if (program->stopping) {
        event_base_loopbreak(program->loop);
        return;
    }
    program->stopping = true;
    log_info("worker", "stopping: finishing %zu tasks", worker_counts(program->worker).in_flight);
    worker_drain(program->worker, DRAIN_MS, on_drained, program);
}

static bool read_argument(struct program *program, int argc, char **argv, int *at,
                          struct error *err)
{
    const char *name = argv[*at];
    uint64_t number;
    if (strcmp(name, "--http") == 0) {
        program->serves_http = true;
        return true;
    }
    if (*at + 1 >= argc)
        return error_set(err, ERROR_INVALID, name, "unknown, or its value is missing");
    const char *value = argv[++*at];
    if (strcmp(name, "--allow") == 0) {
        program->http.allowed = str_of(value);
        return true;
    }
    if (strcmp(name, "--concurrency") == 0) {
        bool fits =
            str_to_u64(str_of(value), &number) && number >= 1 && number <= WORKER_MAX_CONCURRENCY;
        program->concurrency = fits ? (unsigned)number : 0;
        return fits || error_set(err, ERROR_INVALID, name, "expected 1 to %d, found '%s'",
                                 WORKER_MAX_CONCURRENCY, value);
    }
    if (strcmp(name, "--simulate") != 0 || program->simulation_count == MAX_SIMULATIONS)
        return error_set(err, ERROR_INVALID, name, "is no option of baton-worker (--help)");
    return simulation_parse(value, &program->simulations[program->simulation_count++], err);
}

static bool read_arguments(struct program *program, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++)
        if (!read_argument(program, argc, argv, &i, err))
            return false;
    return program->serves_http || program->simulation_count > 0 ||
           error_set(err, ERROR_INVALID, "baton-worker", "nothing to do: --http or --simulate");
}

// Kafka may come later than we do.
static void serve_when_possible(struct program *program, const struct worker_type *type)
{
    struct error err;
    bool is_logged = false;
    while (!worker_serve(program->worker, type, &err)) {
        if (err.kind == ERROR_INVALID || err.kind == ERROR_LIMIT) {
            log_failure("worker", &err);
            exit(EXIT_FAILURE);
        }
        if (!is_logged)
            log_warning("worker", "waiting for Kafka: %s: %s", err.place, err.text);
        is_logged = true;
        usleep(500000);
    }
}

static void serve_all(struct program *program)
{
    for (size_t i = 0; i < COUNT_OF(http_types) && program->serves_http; i++)
        serve_when_possible(program, &(struct worker_type){http_types[i], http_handle,
                                                           &program->http, program->concurrency});
    for (size_t i = 0; i < program->simulation_count; i++) {
        struct simulation *simulation = &program->simulations[i];
        simulation->loop = program->loop;
        serve_when_possible(program, &(struct worker_type){simulation->type, simulation_handle,
                                                           simulation, program->concurrency});
    }
}

static bool has_secrets(const struct config *config)
{
    return config_str(config, CONFIG_SECRETS_API)[0] != '\0' ||
           config_str(config, CONFIG_SECRETS_DIRECTORY)[0] != '\0' ||
           config_str(config, CONFIG_SECRETS_ENVIRONMENT)[0] != '\0';
}

static int run(struct program *program, struct error *err)
{
    char name[96];
    char host[64] = "worker";
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s-%d", host, (int)getpid());
    log_configure(LOG_INFO, strcmp(config_str(&program->config, CONFIG_LOG_FORMAT), "json") == 0,
                  name);
    if (has_secrets(&program->config))
        memory_is_private();
    program->loop = event_base_new();
    check(program->loop != NULL);
    program->http.fetcher = fetcher_new(program->loop);
    program->http.secrets = secrets_new(&program->config, program->http.fetcher);
    program->worker =
        worker_new(&(struct worker_options){&program->config, name}, program->loop, err);
    if (program->worker == NULL)
        return EXIT_FAILURE;
    struct event *interrupt = evsignal_new(program->loop, SIGINT, on_signal, program);
    struct event *terminate = evsignal_new(program->loop, SIGTERM, on_signal, program);
    serve_all(program);
    evsignal_add(interrupt, NULL);
    evsignal_add(terminate, NULL);
    log_info("worker", "serving %zu job types",
             program->simulation_count + (program->serves_http ? COUNT_OF(http_types) : 0));
    event_base_dispatch(program->loop);
    struct worker_counts counts = worker_counts(program->worker);
    log_info("worker", "done: %llu completed, %llu failed, %llu errors",
             (unsigned long long)counts.completed, (unsigned long long)counts.failed,
             (unsigned long long)counts.errors);
    event_free(interrupt);
    event_free(terminate);
    worker_free(program->worker);
    secrets_free(program->http.secrets);
    fetcher_free(program->http.fetcher);
    event_base_free(program->loop);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static struct program program;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return EXIT_SUCCESS;
    }
    curl_global_init(CURL_GLOBAL_ALL);
    program.concurrency = DEFAULT_CONCURRENCY;
    program.config = config_new(&arena);
    int code = EXIT_FAILURE;
    if (!config_read_all(&program.config, &argc, argv, &err) ||
        !read_arguments(&program, argc, argv, &err))
        code = 2;
    else
        code = run(&program, &err);
    if (code != EXIT_SUCCESS)
        log_failure("worker", &err);
    arena_done(&arena);
    return code;
}
