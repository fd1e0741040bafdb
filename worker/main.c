// SPDX-License-Identifier: Apache-2.0
//
// baton-worker: runs connectors and simulated workers.
#include "base/log.h"
#include "base/memory.h"
#include "connector_http/http.h"
#include "connector_kafka/kafka.h"
#include "connector_sql/sql.h"
#include "metrics_page.h"
#include "simulate.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_SIMULATIONS = 32, DEFAULT_CONCURRENCY = 256, DRAIN_MS = 20000 };

static const char usage[] =
    "usage: baton-worker [--http] [--kafka] [--sql] [--allow HOSTS] [--simulate SPEC]… "
    "[--concurrency N]\n"
    "                    [--key=value …] [--config FILE]\n"
    "\n"
    "Runs workers on Kafka until it is stopped.\n"
    "\n"
    "  --http              the HTTP connector (job types io.camunda:http-json:1 and baton:http)\n"
    "  --kafka             the Kafka connector (io.camunda:connector-kafka:1 and baton:kafka)\n"
    "  --sql               the SQL connector, PostgreSQL (io.camunda:connector-jdbc:1, baton:sql)\n"
    "  --allow HOSTS       hosts (host or host:port, comma-separated, * for all) that connectors\n"
    "                      may call although their address is private or local\n"
    "  --simulate SPEC     pretends to be a worker:\n"
    "                      "
    "type[,delay=MS][,fail=PERCENT][,error=CODE:PERCENT][,say][,variables={…}]\n"
    "  --concurrency N     tasks of a type handled at one time (256)\n"
    "  --worker.listen=HOST:PORT\n"
    "                      where GET /metrics and GET /health/live answer; nowhere else\n"
    "  --key=value         any setting of `baton config print`, such as --kafka.brokers=host:port\n"
    "\n"
    "example: baton-worker --http --simulate charge-card,delay=50,fail=1\n";

enum connector { CONNECTOR_HTTP, CONNECTOR_KAFKA, CONNECTOR_SQL, CONNECTOR_COUNT };

enum { CONNECTOR_TYPES = 2 }; // Camunda's name and ours

static const struct connector_info {
    const char *option;
    const char *const *types;
    worker_handler *handle;
} connectors[CONNECTOR_COUNT] = {
    [CONNECTOR_HTTP] = {"--http", http_types, http_handle},
    [CONNECTOR_KAFKA] = {"--kafka", kafka_types, kafka_handle},
    [CONNECTOR_SQL] = {"--sql", sql_types, sql_handle},
};

struct program {
    struct event_base *loop;
    struct config config;
    struct worker *worker;
    struct metrics_page *page; // NULL: nobody may ask
    struct connector_site site;
    struct kafka *kafka;
    struct sql *sql;
    struct simulation simulations[MAX_SIMULATIONS];
    size_t simulation_count;
    unsigned concurrency;
    bool is_served[CONNECTOR_COUNT];
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
    for (size_t i = 0; i < CONNECTOR_COUNT; i++)
        if (strcmp(name, connectors[i].option) == 0) {
            program->is_served[i] = true;
            return true;
        }
    if (*at + 1 >= argc)
        return error_set(err, ERROR_INVALID, name, "unknown, or its value is missing");
    const char *value = argv[++*at];
    if (strcmp(name, "--allow") == 0) {
        program->site.allowed = str_of(value);
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

static size_t types_served(const struct program *program)
{
    size_t count = program->simulation_count;
    for (size_t i = 0; i < CONNECTOR_COUNT; i++)
        count += program->is_served[i] ? CONNECTOR_TYPES : 0;
    return count;
}

static bool read_arguments(struct program *program, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++)
        if (!read_argument(program, argc, argv, &i, err))
            return false;
    return types_served(program) > 0 ||
           error_set(err, ERROR_INVALID, "baton-worker",
                     "nothing to do: --http, --kafka, --sql or --simulate");
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

static void serve_connector(struct program *program, enum connector connector, void *context)
{
    const struct connector_info *info = &connectors[connector];
    for (size_t i = 0; i < CONNECTOR_TYPES && program->is_served[connector]; i++)
        serve_when_possible(program, &(struct worker_type){info->types[i], info->handle, context,
                                                           program->concurrency});
}

static void serve_all(struct program *program)
{
    serve_connector(program, CONNECTOR_HTTP, &program->site);
    serve_connector(program, CONNECTOR_KAFKA, program->kafka);
    serve_connector(program, CONNECTOR_SQL, program->sql);
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
    struct fetcher *fetcher = fetcher_new(program->loop);
    struct secrets *secrets = secrets_new(&program->config, fetcher);
    program->site = (struct connector_site){program->loop, &program->config, fetcher, secrets,
                                            program->site.allowed};
    program->kafka = kafka_new(&program->site);
    program->sql = sql_new(&program->site);
    program->worker =
        worker_new(&(struct worker_options){&program->config, name}, program->loop, err);
    if (program->worker == NULL)
        return EXIT_FAILURE;
    const char *listen = config_str(&program->config, CONFIG_WORKER_LISTEN);
    if (listen[0] != '\0')
        program->page = metrics_page_new(listen, program->worker, program->loop, err);
    if (listen[0] != '\0' && program->page == NULL)
        return EXIT_FAILURE;
    struct event *interrupt = evsignal_new(program->loop, SIGINT, on_signal, program);
    struct event *terminate = evsignal_new(program->loop, SIGTERM, on_signal, program);
    serve_all(program);
    evsignal_add(interrupt, NULL);
    evsignal_add(terminate, NULL);
    log_info("worker", "serving %zu job types", types_served(program));
    event_base_dispatch(program->loop);
    struct worker_counts counts = worker_counts(program->worker);
    log_info("worker", "done: %llu completed, %llu failed, %llu errors",
             (unsigned long long)counts.completed, (unsigned long long)counts.failed,
             (unsigned long long)counts.errors);
    event_free(interrupt);
    event_free(terminate);
    metrics_page_free(program->page);
    sql_free(program->sql); // they answer what they give up
    kafka_free(program->kafka);
    worker_free(program->worker);
    secrets_free(secrets);
    fetcher_free(fetcher);
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
