// SPDX-License-Identifier: Apache-2.0
#include "cli/dev_broker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/endpoint.h"
#include "bus/embedded.h"
#include "cli/child.h"
#include "cli/client.h"

enum {
    START_MS = 60000,
    STOP_MS = 30000,
    POLL_US = 50000,
    OLDEST_JAVA = 17,
    KAFKA_PORT = 9092,
};

// Places of Kafka's jars: a distribution named by KAFKA_HOME, what deploy/install-packages --kafka
// makes, a distribution in its usual place.
static const char *const jar_folders[] = {"%s/libs", "%s/.cache/baton/kafka-*/lib",
                                          "/opt/kafka/libs"};
static const char *const jar_homes[] = {"KAFKA_HOME", "HOME", NULL};

static const char *format_in(struct dev_broker *b, const char *format, const char *value)
{
    size_t at = str_find_char(str_of(format), '%');
    struct strbuf out = strbuf_new(b->arena);
    strbuf_add(&out, str_sub(str_of(format), 0, at));
    if (at < strlen(format)) {
        strbuf_add(&out, str_of(value));
        strbuf_add(&out, str_of(format + at + 2));
    }
    return strbuf_cstr(&out);
}

static const char *path_in(struct dev_broker *b, const char *name)
{
    return str_cstr(b->arena, str_format(b->arena, "%s/%s", b->data, name));
}

// -- Embedded -----------------------------------------------------------------------------

NORETURN static void serve(int in_fd, int out_fd)
{
    struct error err;
    setpgid(0, 0);
    bool ok = bus_embedded_serve(NULL, 0, in_fd, out_fd, &err);
    if (!ok)
        client_fail(&err);
    _exit(ok ? 0 : 1);
}

static bool start_embedded(struct dev_broker *b, struct error *err)
{
    int in[2];
    int out[2];
    char line[64];
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return error_set(err, ERROR_IO, "broker", "no pipe: %s", strerror(errno));
    b->pid = fork();
    if (b->pid == 0) {
        close(in[1]);
        close(out[0]);
        serve(in[0], out[1]);
    }
    close(in[0]);
    close(out[1]);
    b->in_fd = in[1];
    ssize_t len = b->pid > 0 ? read(out[0], line, sizeof line) : -1;
    close(out[0]);
    if (len <= 1)
        return error_set(err, ERROR_IO, "broker", "the embedded broker did not start");
    b->address = str_cstr(b->arena, str_trim(str_from(line, (size_t)len)));
    b->is_new = true;
    // It answers a fetch with nothing in it when the wait is over, whatever came meanwhile.
    b->properties = "--kafka.properties=fetch.wait.max.ms=5";
    b->text = "embedded: in memory, for clients on librdkafka only; deploy/install-packages "
              "--kafka gives one for all";
    return true;
}

// -- Apache Kafka -------------------------------------------------------------------------

// NULL: not installed.
static const char *find_jars(struct dev_broker *b)
{
    for (size_t i = 0; i < COUNT_OF(jar_folders); i++) {
        const char *home = jar_homes[i] != NULL ? getenv(jar_homes[i]) : "";
        glob_t found;
        const char *newest = NULL;
        if (home == NULL)
            continue;
        const char *pattern = format_in(b, jar_folders[i], home);
        pattern = str_cstr(b->arena, str_format(b->arena, "%s/kafka_2*.jar", pattern));
        if (glob(pattern, 0, NULL, &found) == 0) {
            const char *jar = found.gl_pathv[found.gl_pathc - 1];
            newest = str_cstr(b->arena, str_from(jar, (size_t)(strrchr(jar, '/') - jar)));
        }
        globfree(&found);
        if (newest != NULL)
            return newest;
    }
    return NULL;
}

static const char *java_program(struct dev_broker *b)
{
    const char *home = getenv("JAVA_HOME");
    return home != NULL && *home != '\0' ? format_in(b, "%s/bin/java", home) : "java";
}

// The version of the Java that would be used; 0: there is none.
static int java_version(struct dev_broker *b)
{
    char text[200] = "";
    int version = 0;
    const char *command =
        str_cstr(b->arena, str_format(b->arena, "'%s' -version 2>&1", java_program(b)));
    FILE *out = popen(command, "r");
    if (out == NULL)
        return 0;
    if (fgets(text, sizeof text, out) == NULL)
        text[0] = '\0';
    const char *at = strstr(text, "version \"");
    if (pclose(out) == 0 && at != NULL)
        version = (int)strtol(at + strlen("version \""), NULL, 10);
    return version;
}

static bool can_bind(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
                 bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

static int free_port(void)
{
    enum { HIGHEST = 65000 };
    int port = KAFKA_PORT;
    while (port < HIGHEST && !can_bind(port))
        port++;
    return port;
}

static bool write_file(const char *path, str text, struct error *err)
{
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return error_set(err, ERROR_IO, path, "cannot be written: %s", strerror(errno));
    bool good = fwrite(text.data, 1, text.len, file) == text.len;
    return (fclose(file) == 0 && good) || error_set(err, ERROR_IO, path, "cannot be written");
}

static str read_file(struct dev_broker *b, const char *path)
{
    char text[256];
    FILE *file = fopen(path, "r");
    size_t len = file != NULL ? fread(text, 1, sizeof text, file) : 0;
    if (file != NULL)
        fclose(file);
    return str_trim(str_copy(b->arena, str_from(text, len)));
}

static const char log_settings[] =
    "appender.o.type=Console\nappender.o.name=o\nappender.o.layout.type=PatternLayout\n"
    "appender.o.layout.pattern=%d %p %m (%c)%n\n"
    "rootLogger.level=WARN\nrootLogger.appenderRef.o.ref=o\n";

static str kafka_settings(struct dev_broker *b, int port, int controller)
{
    return str_format(
        b->arena,
        "process.roles=broker,controller\nnode.id=1\n"
        "controller.quorum.voters=1@127.0.0.1:%d\ncontroller.listener.names=CONTROLLER\n"
        "listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d\n"
        "advertised.listeners=PLAINTEXT://127.0.0.1:%d\n"
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n"
        "log.dirs=%s/kafka/"
        "data\noffsets.topic.replication.factor=1\noffsets.topic.num.partitions=4\n"
        "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n"
        "transaction.state.log.num.partitions=4\nshare.coordinator.state.topic.replication.factor="
        "1\n"
        "share.coordinator.state.topic.min.isr=1\ngroup.initial.rebalance.delay.ms=0\n"
        "group.min.session.timeout.ms=1000\n",
        controller, port, controller, port, b->data);
}

static struct child_spec java_spec(struct dev_broker *b, const char *jars, const char *main_class)
{
    return (struct child_spec){
        .name = "Apache Kafka",
        .arguments = {java_program(b), "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                      "-Xshare:auto",
                      format_in(b, "-Dlog4j2.configurationFile=%s",
                                path_in(b, "kafka/log4j2.properties")),
                      "-cp", format_in(b, "%s/*", jars), main_class},
        .log = path_in(b, "log/kafka.log"),
    };
}

static void add_argument(struct child_spec *spec, const char *argument)
{
    size_t at = 0;
    while (spec->arguments[at] != NULL)
        at++;
    check(at < CHILD_MAX_ARGUMENTS - 1);
    spec->arguments[at] = argument;
}

static bool format_storage(struct dev_broker *b, const char *jars, int port, struct error *err)
{
    const char *settings = path_in(b, "kafka/server.properties");
    struct child_spec spec = java_spec(b, jars, "kafka.tools.StorageTool");
    int controller = port + 1;
    while (!can_bind(controller))
        controller++;
    const char *const more[] = {"format", "-t", "QmF0b25EZXZDbHVzdGVyMQ", "-c", settings};
    for (size_t i = 0; i < COUNT_OF(more); i++)
        add_argument(&spec, more[i]);
    return write_file(path_in(b, "kafka/log4j2.properties"), str_of(log_settings), err) &&
           write_file(settings, kafka_settings(b, port, controller), err) &&
           child_run(&spec, err) &&
           write_file(path_in(b, "kafka/port"), str_format(b->arena, "%d\n", port), err);
}

// The port of the cluster that is there, or a new one.
static bool prepare_kafka(struct dev_broker *b, const char *jars, int *ret_port, struct error *err)
{
    int64_t kept;
    str text = read_file(b, path_in(b, "kafka/port"));
    const char *const folders[] = {path_in(b, "kafka"), path_in(b, "log")};
    for (size_t i = 0; i < COUNT_OF(folders); i++)
        if (mkdir(folders[i], 0755) != 0 && errno != EEXIST)
            return error_set(err, ERROR_IO, folders[i], "cannot be made: %s", strerror(errno));
    if (!str_to_i64(text, &kept)) {
        *ret_port = free_port();
        b->is_new = true;
        return format_storage(b, jars, *ret_port, err);
    }
    *ret_port = (int)kept;
    return can_bind(*ret_port) ||
           error_set(err, ERROR_CONFLICT, "broker",
                     "port %d of this data directory's Kafka is taken by another program: end it, "
                     "or choose --broker embedded or another --data",
                     *ret_port);
}

static bool start_kafka(struct dev_broker *b, const char *jars, struct error *err)
{
    int port = 0;
    if (!prepare_kafka(b, jars, &port, err))
        return false;
    struct child_spec spec = java_spec(b, jars, "kafka.Kafka");
    add_argument(&spec, path_in(b, "kafka/server.properties"));
    b->address = str_cstr(b->arena, str_format(b->arena, "127.0.0.1:%d", port));
    b->text = "Apache Kafka of its own: any client, topics last";
    return child_start(&spec, &b->pid, err);
}

// -- Which one ----------------------------------------------------------------------------

static bool start_other(struct dev_broker *b, str which, struct error *err)
{
    struct endpoint endpoint;
    if (!endpoint_parse(b->arena, which, &endpoint))
        return error_set(err, ERROR_INVALID, "--broker",
                         "expected auto, kafka, embedded or HOST:PORT, found '%.*s'",
                         STR_ARG(which));
    b->address = str_cstr(b->arena, which);
    b->text = "run by somebody else";
    return true;
}

static bool is_installed(struct dev_broker *b, const char *jars, struct error *err)
{
    if (jars == NULL)
        return error_set(err, ERROR_NOT_FOUND, "--broker kafka",
                         "Apache Kafka is not installed: deploy/install-packages --kafka does it, "
                         "or KAFKA_HOME names a distribution");
    int version = java_version(b);
    return version >= OLDEST_JAVA ||
           error_set(err, ERROR_NOT_FOUND, "--broker kafka",
                     "Apache Kafka needs a Java from %d, found %d (0: none; JAVA_HOME or the PATH "
                     "name it)",
                     OLDEST_JAVA, version);
}

static void note_what_was(struct dev_broker *b)
{
    static const char *const kinds[] = {"embedded", "kafka", "other"};
    str was = read_file(b, path_in(b, "broker"));
    b->is_new |= !str_equal(was, str_format(b->arena, "%s %s", kinds[b->kind], b->address));
}

bool dev_broker_start(struct dev_broker *broker, struct arena *arena, str which, const char *data,
                      struct error *err)
{
    struct error why;
    *broker = (struct dev_broker){.arena = arena, .data = data};
    const char *jars = find_jars(broker);
    bool wants = str_equal(which, STR("kafka"));
    bool may = wants || str_equal(which, STR("auto"));
    bool good;
    if (may && is_installed(broker, jars, wants ? err : &why)) {
        broker->kind = DEV_BROKER_KAFKA;
        good = start_kafka(broker, jars, err);
    } else if (wants) {
        return false;
    } else if (may || str_equal(which, STR("embedded"))) {
        good = start_embedded(broker, err);
    } else {
        broker->kind = DEV_BROKER_OTHER;
        good = start_other(broker, which, err);
    }
    if (good)
        note_what_was(broker);
    return good;
}

bool dev_broker_remember(const struct dev_broker *broker, struct error *err)
{
    static const char *const kinds[] = {"embedded", "kafka", "other"};
    const char *path =
        str_cstr(broker->arena, str_format(broker->arena, "%s/broker", broker->data));
    return write_file(
        path, str_format(broker->arena, "%s %s\n", kinds[broker->kind], broker->address), err);
}

static bool takes_connections(const struct dev_broker *broker)
{
    struct endpoint endpoint;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (!endpoint_parse(broker->arena, str_of(broker->address), &endpoint))
        return false;
    address.sin_port = htons(endpoint.port);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool taken = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return taken;
}

bool dev_broker_wait(struct dev_broker *broker, struct error *err)
{
    int64_t end_ns = clock_monotonic_ns() + (int64_t)START_MS * 1000000;
    while (broker->kind == DEV_BROKER_KAFKA && !takes_connections(broker)) {
        bool ended = child_has_ended(broker->pid);
        if (ended)
            broker->pid = 0;
        if (ended || clock_monotonic_ns() > end_ns)
            return error_set(err, ERROR_IO, "broker",
                             "Apache Kafka did not start: see %s/log/kafka.log", broker->data);
        usleep(POLL_US);
    }
    return true;
}

void dev_broker_stop(struct dev_broker *broker)
{
    child_stop(broker->pid, SIGTERM, STOP_MS);
}
