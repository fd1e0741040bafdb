// SPDX-License-Identifier: Apache-2.0
//
// `baton dev`: everything on one machine without installing anything else: a private PostgreSQL, a
// broker (dev_broker.h), an orchestrator with every role, a worker with the connectors, and a
// folder of models that is deployed whenever it changes. Started again, it goes on where it was.
#include <dirent.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/config.h"
#include "base/digest.h"
#include "base/endpoint.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/deploy.h"
#include "cli/dev_broker.h"
#include "cli/dev_people.h"
#include "cli/dev_postgres.h"
#include "cli/options.h"
#include "cli/child.h"
#include "node/node.h"
#include "store/repair.h"

enum { READY_MS = 60000, STOP_MS = 30000, POLL_MS = 100, SETTLE_MS = 200 };

struct dev {
    struct arena arena;
    struct client_options client; // of our own API
    str data_option;
    str listen;
    str grpc;
    str allow;
    bool without_worker;
    bool has_people;    // --auth
    const char *folder; // of models; NULL: none
    const char *data;
    int lock_fd;
    struct dev_postgres postgres;
    str broker_option;
    struct dev_broker broker;
    pid_t orchestrator;
    pid_t worker;
    int signals;
    int watch;
};

static const char *text_of(struct dev *dev, const char *format, const char *value)
{
    struct strbuf out = strbuf_new(&dev->arena);
    str text = str_of(format);
    size_t at = str_find_char(text, '%');
    strbuf_add(&out, str_sub(text, 0, at));
    strbuf_add(&out, str_of(value));
    return strbuf_cstr(&out);
}

// -- The data directory -----------------------------------------------------------------

static bool make_directories(struct dev *dev, const char *path, struct error *err)
{
    char *copy = str_cstr(&dev->arena, str_of(path));
    for (char *at = copy + 1;; at++) {
        char was = *at;
        if (was != '/' && was != '\0')
            continue;
        *at = '\0';
        if (mkdir(copy, 0755) != 0 && errno != EEXIST)
            return error_set(err, ERROR_IO, copy, "cannot be made: %s", strerror(errno));
        *at = was;
        if (was == '\0')
            return true;
    }
}

static bool open_data(struct dev *dev, struct error *err)
{
    const char *home = getenv("HOME");
    bool is_root = getuid() == 0; // its home is closed to the user that PostgreSQL runs as
    const char *fallback =
        is_root ? "/var/lib/baton-dev" : text_of(dev, "%", home && *home ? home : "/tmp");
    if (!is_root)
        fallback =
            str_cstr(&dev->arena, str_format(&dev->arena, "%s/.local/share/baton-dev", fallback));
    dev->data = dev->data_option.len > 0 ? str_cstr(&dev->arena, dev->data_option) : fallback;
    if (!make_directories(dev, dev->data, err))
        return false;
    dev->data = realpath(dev->data, NULL);
    check(dev->data != NULL);
    dev->lock_fd = open(str_cstr(&dev->arena, str_format(&dev->arena, "%s/lock", dev->data)),
                        O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (dev->lock_fd < 0 || flock(dev->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return error_set(err, ERROR_CONFLICT, dev->data,
                         "another `baton dev` works in this directory (--data names another one)");
    return true;
}

// -- The orchestrator and the worker ----------------------------------------------------

struct rebuilding {
    const char *url;
    bool ok;
    struct error *err;
};

static void rebuild_shard(void *context, const struct store_halted *halted)
{
    struct rebuilding *rebuilding = context;
    bool repaired;
    rebuilding->ok = rebuilding->ok &&
                     store_repair(rebuilding->url, halted->shard, 0, &repaired, rebuilding->err);
}

// A broker that knows nothing of what was: shards that were further than that start anew and send
// again what was in flight.
static bool rebuild_shards(struct dev *dev, struct error *err)
{
    struct rebuilding rebuilding = {dev->postgres.url, true, err};
    if (!dev->broker.is_new)
        return true;
    return store_halt_all(dev->postgres.url, "the broker is another one, or starts empty", err) &&
           store_find_halted(dev->postgres.url, -1, rebuild_shard, &rebuilding, err) &&
           rebuilding.ok && dev_broker_remember(&dev->broker, err);
}

static bool prepare(struct dev *dev, struct error *err)
{
    struct config config = config_new(&dev->arena);
    struct node_site site;
    return config_set(&config, STR("postgres.url"), str_of(dev->postgres.url), CONFIG_ARGUMENT,
                      err) &&
           config_set(&config, STR("postgres.migrate"), STR("true"), CONFIG_ARGUMENT, err) &&
           config_set(&config, STR("kafka.brokers"), str_of(dev->broker.address), CONFIG_ARGUMENT,
                      err) &&
           node_prepare(&config, &site, err) && rebuild_shards(dev, err);
}

static void add_people_settings(struct dev *dev, struct child_spec *spec)
{
    size_t count = 0;
    while (spec->arguments[count] != NULL)
        count++;
    const char *const settings[] = {
        "--auth.enabled=true", "--auth.tenants=true", "--engine.tenants=" DEV_TENANTS,
        text_of(dev, "--api.key=%", str_cstr(&dev->arena, dev->client.key)), NULL};
    check(count + COUNT_OF(settings) <= COUNT_OF(spec->arguments));
    memcpy(spec->arguments + count, settings, sizeof settings);
}

static bool start_orchestrator(struct dev *dev, struct error *err)
{
    struct child_spec spec = {.name = "baton-orchestrator"};
    const char *const arguments[] = {
        child_beside(&dev->arena, "baton-orchestrator"),
        text_of(dev, "--postgres.url=%", dev->postgres.url),
        text_of(dev, "--postgres.api_url=%", dev->postgres.api_url),
        text_of(dev, "--kafka.brokers=%", dev->broker.address),
        text_of(dev, "--api.listen=%", str_cstr(&dev->arena, dev->listen)),
        text_of(dev, "--grpc.listen=%", str_cstr(&dev->arena, dev->grpc)),
        "--node.name=dev",
        dev->broker.properties,
        NULL};
    memcpy(spec.arguments, arguments, sizeof arguments);
    // Our own way in is a key that nobody else knows; what the environment says who we are is not
    // for this API.
    unsigned char key[DIGEST_SIZE];
    random_bytes(key, sizeof key);
    dev->client.key = digest_hex(&dev->arena, str_from(key, sizeof key));
    if (dev->has_people)
        add_people_settings(dev, &spec);
    spec.log = str_cstr(&dev->arena, str_format(&dev->arena, "%s/log/orchestrator.log", dev->data));
    return child_start(&spec, &dev->orchestrator, err);
}

static bool start_worker(struct dev *dev, struct error *err)
{
    struct child_spec spec = {.name = "baton-worker"};
    const char *const arguments[] = {child_beside(&dev->arena, "baton-worker"),
                                     "--http",
                                     "--allow",
                                     str_cstr(&dev->arena, dev->allow),
                                     text_of(dev, "--kafka.brokers=%", dev->broker.address),
                                     dev->broker.properties,
                                     NULL};
    if (dev->without_worker)
        return true;
    memcpy(spec.arguments, arguments, sizeof arguments);
    spec.log = str_cstr(&dev->arena, str_format(&dev->arena, "%s/log/worker.log", dev->data));
    return child_start(&spec, &dev->worker, err);
}

static bool stop_is_asked(const struct dev *dev)
{
    struct pollfd wait = {.fd = dev->signals, .events = POLLIN};
    return poll(&wait, 1, POLL_MS) > 0;
}

static bool wait_until_ready(struct dev *dev, struct error *err)
{
    int64_t end_ns = clock_monotonic_ns() + (int64_t)READY_MS * 1000000;
    struct client_answer answer;
    while (!client_send(&dev->arena, &dev->client, "GET", STR("/health/ready"), STR_EMPTY, &answer,
                        err)) {
        if (child_has_ended(dev->orchestrator)) {
            dev->orchestrator = 0;
            return error_set(err, ERROR_IO, "baton-orchestrator",
                             "ended at start: see %s/log/orchestrator.log", dev->data);
        }
        if (stop_is_asked(dev) || clock_monotonic_ns() > end_ns)
            return false;
    }
    return true;
}

// -- The folder of models ---------------------------------------------------------------

static void deploy_folder(struct dev *dev)
{
    struct arena arena = ARENA_EMPTY;
    struct deploy_files files = {0};
    struct client_answer answer;
    struct error err;
    if (!deploy_collect(&arena, &files, dev->folder, &err))
        client_fail(&err);
    else if (files.count == 0)
        printf("no models in %s yet\n", dev->folder);
    else if (!client_upload(&arena, &dev->client, STR("/v2/deployments"), files.items, files.count,
                            &answer, &err))
        client_fail(&err);
    else
        deploy_print(&arena, answer.json);
    fflush(stdout);
    arena_done(&arena);
}

static bool watch_folder(struct dev *dev, struct error *err)
{
    dev->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (dev->folder == NULL)
        return true;
    if (inotify_add_watch(dev->watch, dev->folder, IN_CLOSE_WRITE | IN_MOVED_TO | IN_DELETE) < 0)
        return error_set(err, ERROR_NOT_FOUND, dev->folder, "cannot be watched: %s",
                         strerror(errno));
    deploy_folder(dev);
    return true;
}

// An editor writes a file in several steps: what follows within a moment belongs to the same
// change.
static void swallow_changes(struct dev *dev)
{
    char buffer[4096];
    struct pollfd wait = {.fd = dev->watch, .events = POLLIN};
    do {
        while (read(dev->watch, buffer, sizeof buffer) > 0)
            continue;
    } while (poll(&wait, 1, SETTLE_MS) > 0);
}

// -- Life -------------------------------------------------------------------------------

static void print_welcome(const struct dev *dev)
{
    printf("\nBaton is ready.\n\n"
           "  console    http://%.*s/       (in a browser)\n"
           "  API        http://%.*s/v2     (baton list instances, baton start …)\n"
           "  Zeebe gRPC %.*s\n"
           "  Kafka      %s, %s\n"
           "  PostgreSQL psql '%s'\n"
           "  logs       %s/log\n",
           STR_ARG(dev->listen), STR_ARG(dev->listen),
           STR_ARG(dev->grpc.len > 0 ? dev->grpc : STR("not served")), dev->broker.address,
           dev->broker.text, dev->postgres.url, dev->data);
    if (dev->has_people)
        dev_people_print();
    printf("\nCtrl-C stops everything; started again it goes on where it was.\n\n");
    fflush(stdout);
}

static bool write_environment(struct dev *dev, struct error *err)
{
    const char *path = str_cstr(&dev->arena, str_format(&dev->arena, "%s/env", dev->data));
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return error_set(err, ERROR_IO, path, "cannot be written: %s", strerror(errno));
    fprintf(file, "BATON_CLI_URL=http://%.*s\nBATON_KAFKA_BROKERS=%s\nBATON_POSTGRES_URL='%s'\n",
            STR_ARG(dev->listen), dev->broker.address, dev->postgres.url);
    if (dev->has_people)
        fprintf(file, "BATON_CLI_USER=admin\nBATON_CLI_PASSWORD=" DEV_PASSWORD "\n");
    return fclose(file) == 0 || error_set(err, ERROR_IO, path, "cannot be written");
}

static bool can_bind(const struct addrinfo *address)
{
    const int yes = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                 bind(fd, address->ai_addr, address->ai_addrlen) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

// Another program there would answer in our place: be taken for ready, and be deployed to.
static bool check_address(struct dev *dev, const char *option, str address, struct error *err)
{
    struct endpoint endpoint;
    struct addrinfo *found, hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    if (!endpoint_parse(&dev->arena, address, &endpoint))
        return error_set(err, ERROR_INVALID, option, "expected HOST:PORT, found '%.*s'",
                         STR_ARG(address));
    const char *port = str_cstr(&dev->arena, str_format(&dev->arena, "%u", endpoint.port));
    if (getaddrinfo(endpoint.host, port, &hints, &found) != 0)
        return error_set(err, ERROR_INVALID, option, "'%s' is no host here", endpoint.host);
    bool is_free = can_bind(found);
    freeaddrinfo(found);
    return is_free || error_set(err, ERROR_CONFLICT, option,
                                "%.*s is taken by another program: choose another HOST:PORT",
                                STR_ARG(address));
}

// The usual place of the Zeebe protocol is left to whoever has it; a place that was asked for is
// not.
static bool check_listen(struct dev *dev, struct error *err)
{
    static const char usual[] = "127.0.0.1:26500";
    struct error ignored;
    if (!check_address(dev, "--listen", dev->listen, err))
        return false;
    if (dev->grpc.data != NULL)
        return dev->grpc.len == 0 || check_address(dev, "--grpc", dev->grpc, err);
    dev->grpc = check_address(dev, "--grpc", str_of(usual), &ignored) ? str_of(usual) : STR_EMPTY;
    return true;
}

static bool start_all(struct dev *dev, struct error *err)
{
    return check_listen(dev, err) && open_data(dev, err) &&
           dev_broker_start(&dev->broker, &dev->arena, dev->broker_option, dev->data, err) &&
           dev_postgres_start(&dev->postgres, &dev->arena, dev->data, err) &&
           dev_broker_wait(&dev->broker, err) && prepare(dev, err) &&
           dev_postgres_make_roles(&dev->postgres, err) && start_orchestrator(dev, err) &&
           start_worker(dev, err) && wait_until_ready(dev, err) &&
           (!dev->has_people || dev_people_make(&dev->client, err)) && write_environment(dev, err);
}

static void stop_all(struct dev *dev)
{
    child_stop(dev->worker, SIGTERM, STOP_MS);
    child_stop(dev->orchestrator, SIGTERM, STOP_MS);
    dev_postgres_stop(&dev->postgres);
    dev_broker_stop(&dev->broker);
}

// Until Ctrl-C, or until a part of us has ended by itself.
static bool watch_over(struct dev *dev, struct error *err)
{
    struct pollfd waits[] = {{.fd = dev->signals, .events = POLLIN},
                             {.fd = dev->watch, .events = POLLIN}};
    for (;;) {
        int count = poll(waits, COUNT_OF(waits), 1000);
        if (count > 0 && waits[0].revents)
            return true;
        if (count > 0 && waits[1].revents) {
            swallow_changes(dev);
            deploy_folder(dev);
        }
        if (child_has_ended(dev->orchestrator)) {
            dev->orchestrator = 0;
            return error_set(err, ERROR_IO, "baton-orchestrator",
                             "has ended: see %s/log/orchestrator.log", dev->data);
        }
    }
}

static void catch_signals(struct dev *dev)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    signal(SIGINT, SIG_DFL); // a shell starts background programs with it ignored
    sigprocmask(SIG_BLOCK, &set, NULL);
    dev->signals = signalfd(-1, &set, SFD_CLOEXEC);
    check(dev->signals >= 0);
}

static int run(struct dev *dev)
{
    struct error err = {0};
    catch_signals(dev);
    bool ok = start_all(dev, &err) && watch_folder(dev, &err);
    if (ok) {
        print_welcome(dev);
        ok = watch_over(dev, &err);
    }
    printf("stopping\n");
    stop_all(dev);
    return ok || err.kind == ERROR_NONE ? EXIT_OK : client_fail(&err);
}

int command_dev(int argc, char **argv)
{
    static struct dev dev;
    dev.listen = STR("127.0.0.1:8080");
    dev.allow = STR("127.0.0.1,localhost");
    dev.broker_option = STR("auto");
    const struct cli_option options[] = {
        {"data", "DIR",
         "where everything is kept (~/.local/share/baton-dev; root: /var/lib/baton-dev)",
         &dev.data_option, NULL},
        {"listen", "HOST:PORT", "where the API is served (127.0.0.1:8080)", &dev.listen, NULL},
        {"grpc", "HOST:PORT",
         "where the Zeebe gateway protocol is served (127.0.0.1:26500 where that is free; '' for "
         "nowhere)",
         &dev.grpc, NULL},
        {"broker", "WHICH",
         "auto (kafka where it is installed), kafka, embedded, or HOST:PORT of one that runs",
         &dev.broker_option, NULL},
        {"allow", "HOSTS", "local hosts that the HTTP connector may call (127.0.0.1,localhost)",
         &dev.allow, NULL},
        {"auth", NULL, "with users, roles and tenants, to try who may do what", NULL,
         &dev.has_people},
        {"without-worker", NULL, "do not start a worker with the connectors", NULL,
         &dev.without_worker},
    };
    const struct cli_usage usage = {"baton dev [FOLDER] [options]",
                                    "Runs Baton on this machine: private PostgreSQL, a broker, "
                                    "orchestrator, worker. Models in FOLDER\n"
                                    "are deployed now and whenever they change. The broker is an "
                                    "Apache Kafka of its own where its\n"
                                    "files and a Java from 17 are there (deploy/install-packages "
                                    "--kafka): any client works with it,\n"
                                    "and topics last. Else it is embedded: in memory, for clients "
                                    "on librdkafka.",
                                    "baton dev examples/mortgage",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    dev.folder = arguments.count > 0 ? realpath(arguments.items[0], NULL) : NULL;
    if (arguments.count > 0 && dev.folder == NULL) {
        fprintf(stderr, "baton dev: %s: there is no such folder\n", arguments.items[0]);
        return EXIT_USAGE;
    }
    dev.client.url = str_format(&dev.arena, "http://%.*s", STR_ARG(dev.listen));
    return run(&dev);
}
