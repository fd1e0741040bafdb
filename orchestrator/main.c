// SPDX-License-Identifier: Apache-2.0
//
// baton-orchestrator: one process that carries the roles that its configuration names. Everything
// runs on one loop. SIGTERM and SIGINT hand the shards over and end; a second one ends at once.
#include "access/access.h"
#include "access/local_user.h"
#include "access/proof.h"
#include "api/api.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/signature.h"
#include "bus/bus.h"
#include "gateway/gateway.h"
#include "grpc/grpc.h"
#include "ingress/ingress.h"
#include "loop/syslog.h"
#include "node/node.h"
#include "node/watch.h"
#include "projector/projector.h"
#include "store/migrate.h"
#include "store/query.h"
#include "store/vault_keys.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    RETRY_MS = 1000,
    GRACE_SECONDS = 3,
    END_SECONDS = 20,
    WANTED_DESCRIPTORS = 65536,
    MEMORY_SECONDS = 10,
    KEPT_BYTES = 128 << 20, // free memory that is kept for the next burst
    ALLOCATOR_ARENAS = 2,   // threads beside the loop are librdkafka's
};

struct process {
    struct config config;
    struct event_base *loop;
    struct node *node;           // NULL without the role engine
    struct watch *watch;         // signals, and records that take long
    struct access *access;       // NULL where nobody is asked who they are
    struct gateway *gateway;     // NULL without the role api
    struct api *api;             // NULL without the role api
    struct grpc_server *grpc;    // NULL without the role api, or without an address
    struct ingress *ingress;     // NULL without the role ingress
    struct projector *projector; // NULL without the role insight
    struct query_pool *reader;
    struct vault *vault;      // NULL: it has no keys
    struct vault_key persons; // what persons are digested with, where there is a vault
    bool ending;
};

static void print_usage(void)
{
    printf(
        "usage: baton-orchestrator [--config FILE] [--key=value …]\n\n"
        "Runs the roles engine, api, ingress and insight (setting `roles`). Settings come from the "
        "file,\n"
        "then from the environment (BATON_KAFKA_BROKERS for kafka.brokers), then from the command "
        "line.\n`baton config print` lists them all with their documentation.\n");
}

static void configure_log(const struct config *config)
{
    static const char *const levels[] = {"debug", "info", "warning", "error"};
    size_t level = 0;
    while (level < COUNT_OF(levels) - 1 &&
           strcmp(levels[level], config_str(config, CONFIG_LOG_LEVEL)) != 0)
        level++;
    log_configure((enum log_level)level, strcmp(config_str(config, CONFIG_LOG_FORMAT), "json") == 0,
                  config_str(config, CONFIG_NODE_NAME));
}

// Until PostgreSQL and Kafka are there: one line a reason, however long it takes. SIGTERM ends it.
static bool wait_for_site(const struct config *config, struct node_site *ret_site,
                          struct error *err)
{
    struct error last = {0};
    while (!node_prepare(config, ret_site, err)) {
        if (err->kind != ERROR_UNAVAILABLE && err->kind != ERROR_IO)
            return false;
        if (strcmp(last.text, err->text) != 0)
            log_warning("node", "waiting: %s: %s", err->place, err->text);
        last = *err;
        if (watch_wait(RETRY_MS))
            return error_set(err, ERROR_UNAVAILABLE, "node", "ended while it waited");
    }
    return true;
}

// -- Memory: after a burst the allocator gives back to the system what it keeps -----------

static void on_memory(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    struct mallinfo2 info = mallinfo2();
    if (info.fordblks > KEPT_BYTES)
        malloc_trim(0);
}

// -- Ending: requests first, then shards ------------------------------------------------

static void on_node_drained(void *context)
{
    struct process *process = context;
    event_base_loopbreak(process->loop);
}

static void on_callers_settled(void *context)
{
    struct process *process = context;
    if (process->node == NULL)
        event_base_loopbreak(process->loop);
    else
        node_drain(process->node, on_node_drained, process);
}

static void on_api_drained(void *context)
{
    struct process *process = context;
    if (process->gateway == NULL)
        on_callers_settled(process);
    else
        gateway_settle(process->gateway, on_callers_settled, process);
}

// Callers that wait for long are told to come again; their answers are sent.
static void on_grace_over(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    struct process *process = context;
    if (process->gateway != NULL)
        gateway_stop(process->gateway);
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    log_warning("node", "not everything ended within %d seconds", END_SECONDS);
    event_base_loopbreak(((struct process *)context)->loop);
}

static void on_signal(void *context, int number)
{
    struct process *process = context;
    const struct timeval grace = {GRACE_SECONDS, 0};
    const struct timeval latest = {END_SECONDS, 0};
    process->ending = true;
    log_info("node", "signal %d: handing over", number);
    event_base_once(process->loop, -1, EV_TIMEOUT, on_grace_over, process, &grace);
    event_base_once(process->loop, -1, EV_TIMEOUT, on_late, process, &latest);
    if (process->gateway != NULL)
        gateway_drain(process->gateway);
    if (process->grpc != NULL)
        grpc_server_drain(process->grpc);
    if (process->api != NULL)
        api_drain(process->api, on_api_drained, process);
    else
        on_api_drained(process);
}

static const char *why_not_ready(void *context)
{
    struct process *process = context;
    const char *why = NULL;
    if (!query_pool_is_ready(process->reader))
        return "PostgreSQL is not reachable";
    return process->node == NULL || node_is_ready(process->node, &why) ? NULL : why;
}

static const char *warning(void *context)
{
    struct process *process = context;
    const char *text = process->node == NULL ? NULL : node_warning(process->node);
    return text != NULL || process->access == NULL ? text
                                                   : proof_warning(access_proof(process->access));
}

static void add_metrics(void *context, bool names, struct strbuf *out)
{
    struct process *process = context;
    if (process->node != NULL)
        node_print_metrics(process->node, names, out);
    if (process->access != NULL)
        proof_print_metrics(access_proof(process->access), out);
    if (process->ingress != NULL)
        ingress_add_metrics(process->ingress, out);
    if (process->projector != NULL)
        projector_print_metrics(process->projector, out);
    if (process->grpc != NULL)
        grpc_server_print_metrics(process->grpc, out);
}

static str secret_of(const struct node_site *site)
{
    return str_from(site->installation.secret, site->installation.secret_len);
}

static bool start_grpc(struct process *process, struct error *err)
{
    const struct grpc_options options = {.loop = process->loop,
                                         .config = &process->config,
                                         .gateway = process->gateway,
                                         .node_name =
                                             config_str(&process->config, CONFIG_NODE_NAME)};
    if (config_str(&process->config, CONFIG_GRPC_LISTEN)[0] == '\0')
        return true;
    process->grpc = grpc_server_new(&options, err);
    return process->grpc != NULL;
}

static bool start_access(struct process *process, struct error *err)
{
    if (!config_bool(&process->config, CONFIG_AUTH_ENABLED))
        return true;
    process->access =
        access_new(process->loop, &process->config, process->reader, process->vault, err);
    return process->access != NULL;
}

static bool start_api(struct process *process, const struct node_site *site, struct error *err)
{
    if (!start_access(process, err))
        return false;
    process->gateway = gateway_new(
        &(struct gateway_options){.loop = process->loop,
                                  .config = &process->config,
                                  .reader = process->reader,
                                  .access = process->access,
                                  .node_name = config_str(&process->config, CONFIG_NODE_NAME),
                                  .secret = secret_of(site)});
    struct api_options options = {.loop = process->loop,
                                  .config = &process->config,
                                  .vault = process->vault,
                                  .persons = &process->persons,
                                  .gateway = process->gateway,
                                  .node_name = config_str(&process->config, CONFIG_NODE_NAME),
                                  .context = process,
                                  .not_ready = why_not_ready,
                                  .warning = warning,
                                  .add_metrics = add_metrics};
    process->api = api_new(&options, err);
    return process->api != NULL && start_grpc(process, err);
}

static bool start_ingress(struct process *process, const struct node_site *site, struct error *err)
{
    struct ingress_options options = {.loop = process->loop,
                                      .config = &process->config,
                                      .reader = process->reader,
                                      .node_name = config_str(&process->config, CONFIG_NODE_NAME),
                                      .shards = site->shards,
                                      .secret = secret_of(site)};
    process->ingress = ingress_new(&options, err);
    return process->ingress != NULL;
}

static void start_reader(struct process *process)
{
    const char *api = config_str(&process->config, CONFIG_POSTGRES_API_URL);
    process->reader = query_pool_new(
        api[0] != '\0' ? api : config_str(&process->config, CONFIG_POSTGRES_URL),
        config_str(&process->config, CONFIG_NODE_NAME),
        (uint32_t)config_i64(&process->config, CONFIG_POSTGRES_READERS), process->loop);
}

static bool start_roles(struct process *process, const struct node_site *site, struct error *err)
{
    const struct config *config = &process->config;
    bool has_api = config_has(config, CONFIG_ROLES, STR("api"));
    bool has_ingress = config_has(config, CONFIG_ROLES, STR("ingress"));
    if (config_has(config, CONFIG_ROLES, STR("engine"))) {
        process->node = node_new(config, site, process->loop, err);
        if (process->node == NULL)
            return false;
        node_watch_with(process->node, process->watch);
    }
    if (config_has(config, CONFIG_ROLES, STR("insight"))) {
        process->projector = projector_new(config_str(config, CONFIG_POSTGRES_URL), err);
        if (process->projector == NULL)
            return false;
    }
    if (has_api || has_ingress)
        start_reader(process);
    return (!has_api || start_api(process, site, err)) &&
           (!has_ingress || start_ingress(process, site, err));
}

// Users before those whom they use: nothing calls back into what is gone.
static void stop_roles(struct process *process)
{
    access_free(process->access);
    if (process->gateway != NULL)
        gateway_stop(process->gateway);
    grpc_server_free(process->grpc);
    api_free(process->api);
    ingress_free(process->ingress);
    gateway_free(process->gateway);
    node_free(process->node);
    projector_free(process->projector);
    query_pool_free(process->reader);
}

// Connections, shards and job types take descriptors: as many as the system lets us have.
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= WANTED_DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < WANTED_DESCRIPTORS ? limit.rlim_max : WANTED_DESCRIPTORS;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        log_warning("node", "cannot have more descriptors (ulimit -n): %s", strerror(errno));
}

// What persons are digested with.
static bool find_persons(struct process *process, struct node_site *site, struct error *err)
{
    site->vault = process->vault;
    site->persons = &process->persons;
    return process->vault == NULL ||
           store_person_index(config_str(&process->config, CONFIG_POSTGRES_URL), process->vault,
                              &process->persons, err);
}

static bool run(struct process *process, struct error *err)
{
    struct node_site site;
    if (!vault_open(&process->config, &process->vault, err) ||
        !wait_for_site(&process->config, &site, err) ||
        !store_check_vault(config_str(&process->config, CONFIG_POSTGRES_URL),
                           config_str(&process->config, CONFIG_NODE_NAME), process->vault, err) ||
        !find_persons(process, &site, err) || !local_user_add_first(&process->config, err))
        return false;
    if (process->vault != NULL)
        memory_is_private();
    process->loop = event_base_new();
    check(process->loop != NULL);
    const struct timeval period = {MEMORY_SECONDS, 0};
    struct event *memory = event_new(process->loop, -1, EV_PERSIST, on_memory, NULL);
    check(memory != NULL && event_add(memory, &period) == 0);
    process->watch = watch_new(config_str(&process->config, CONFIG_POSTGRES_URL), process->loop,
                               on_signal, process, err);
    bool started = process->watch != NULL && start_roles(process, &site, err);
    if (started)
        event_base_dispatch(process->loop);
    stop_roles(process);
    watch_free(process->watch);
    event_free(memory);
    event_base_free(process->loop);
    return started;
}

// Names that strangers choose are kept in tables.
static void seed_hashes(void)
{
    uint64_t seed[2];
    random_bytes(seed, sizeof seed);
    str_hash_seed(seed[0], seed[1]);
}

// One name for log, metrics, topology and the owner of shards.
static bool name_node(struct config *config, struct error *err)
{
    char host[40] = "node", name[64];
    if (config_str(config, CONFIG_NODE_NAME)[0] != '\0')
        return true;
    gethostname(host, sizeof host - 1);
    snprintf(name, sizeof name, "%s-%d", host, (int)getpid());
    return config_set(config, STR("node.name"), str_of(name), CONFIG_DEFAULT, err);
}

int main(int argc, char **argv)
{
    seed_hashes();
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        print_usage();
        return EXIT_SUCCESS;
    }
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct process process = {.config = config_new(&arena)};
    if (!config_read_all(&process.config, &argc, argv, &err) || !name_node(&process.config, &err) ||
        !config_check(&process.config, &err) ||
        !store_check_url(config_str(&process.config, CONFIG_POSTGRES_URL), &err) ||
        !store_check_url(config_str(&process.config, CONFIG_POSTGRES_API_URL), &err) ||
        !bus_check_properties(config_str(&process.config, CONFIG_KAFKA_BROKERS),
                              config_str(&process.config, CONFIG_KAFKA_PROPERTIES), &err) ||
        !proof_check_settings(&process.config, &err) ||
        !signature_check_setting("audit.signing_key",
                                 config_str(&process.config, CONFIG_AUDIT_SIGNING_KEY), &err) ||
        !syslog_check_address(config_str(&process.config, CONFIG_AUDIT_SYSLOG), &err)) {
        fprintf(stderr, "baton-orchestrator: %s: %s\n", err.place, err.text);
        return EXIT_USAGE;
    }
    if (argc > 1) {
        fprintf(stderr, "baton-orchestrator: '%s' is not understood; see --help\n", argv[1]);
        return EXIT_USAGE;
    }
    store_default_to_tls(config_str(&process.config, CONFIG_POSTGRES_URL));
    store_default_to_tls(config_str(&process.config, CONFIG_POSTGRES_API_URL));
    configure_log(&process.config);
    raise_descriptor_limit();
    mallopt(M_ARENA_MAX, ALLOCATOR_ARENAS);
    signal(SIGPIPE, SIG_IGN);
    watch_block_signals();
    bool good = run(&process, &err);
    vault_key_wipe(&process.persons);
    vault_close(process.vault);
    if (!good)
        log_failure("node", &err);
    arena_done(&arena);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
