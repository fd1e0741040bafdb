// SPDX-License-Identifier: Apache-2.0
//
// Load for benchmarks and fault tests: a worker that answers jobs, or a generator that starts
// instances and measures from the moment each should have started until its completion is told
// (coordinated omission corrected).
#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "record/mac.h"
#include "wire/wire.h"

#include <event2/event.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    MAX_IN_FLIGHT = 1 << 20,
    SENDER_FULL_MS = 5,
    PROBE_EVERY_MS = 2000,
    SAME_SHARD_MS = 8,
    NS_PER_MS = 1000000
};

struct load {
    const char *brokers;
    const char *prefix;
    const char *mode;
    const char *type;      // of jobs
    const char *process;   // id
    const char *file;      // to deploy
    const char *principal; // who starts; NULL: nobody
    int shards;
    int reply_partition;
    int rate;      // starts a second; 0: closed loop
    int in_flight; // closed loop
    int seconds;
    long count;            // stop after so many completions; 0: after `seconds`
    int duplicate_percent; // worker: answers sent twice
    int late_percent;      // worker: answers sent again after others
    int fail_percent;      // worker: failures that leave the retries as they are
    bool has_ids;          // generator: each start has a deduplication id
    bool no_wait;          // generator: starts only, does not wait for the end
    unsigned seed;

    struct event_base *loop;
    struct bus_producer *producer;
    struct bus_consumer *consumer;
    struct event *timer;
    struct arena turn;
    uint64_t base; // request numbers begin here; the one before is the probe's
    int64_t probed_ns;
    bool begun; // the probe was answered: replies arrive, the clock runs
    uint64_t sent;
    uint64_t completed;
    uint64_t rejected;
    uint64_t repeated; // replies to what was replied to already: they are sent at least once
    uint64_t answered;
    int64_t started_ns;
    int64_t ended_ns;
    int64_t *intended_ns; // by request, a ring; 0: replied to
    uint32_t *latency_us;
    size_t latency_count;
    size_t latency_capacity;
    int shard; // where instances are started at the moment
    int64_t chosen_ns;
    struct late *late;
    bool stopping;
};

struct late { // an answer kept to be sent again
    struct late *next;
    int32_t partition;
    size_t len;
    char bytes[];
};

static void topic_name(const struct load *load, const char *rest, char *ret_name, size_t size)
{
    snprintf(ret_name, size, "%s.%s", load->prefix, rest);
}

// What a gateway sends is signed; a worker's answer carries the token of its job.
static bool send_bytes(struct load *load, int32_t partition, str value, bool is_signed)
{
    char topic[250];
    struct error err;
    topic_name(load, "commands", topic, sizeof topic);
    const char *secret = getenv("BATON_ENGINE_SECRET");
    const struct bus_header headers[] = {
        {STR("content-type"), wire_command_content_type},
        {STR(MAC_HEADER), is_signed ? mac_make(&load->turn, str_of(secret ? secret : ""),
                                               (uint32_t)partition, STR_EMPTY, value)
                                    : STR_EMPTY},
    };
    const struct bus_record record = {.topic = topic,
                                      .partition = partition,
                                      .value = value,
                                      .header_count = is_signed ? 2 : 1,
                                      .headers = headers};
    return bus_producer_send(load->producer, &record, 0, &err) == BUS_SENT;
}

static bool send_command(struct load *load, int32_t partition, const struct command *command)
{
    struct strbuf value = strbuf_new(&load->turn);
    wire_encode_command(&value, command);
    return send_bytes(load, partition, strbuf_str(&value), true);
}

// -- The worker -------------------------------------------------------------------------

static bool chance(int percent)
{
    return percent > 0 && rand() % 100 < percent;
}

static void keep_late(struct load *load, int32_t partition, str value)
{
    struct late *late = malloc(sizeof *late + value.len);
    check(late != NULL);
    *late = (struct late){.next = load->late, .partition = partition, .len = value.len};
    memcpy(late->bytes, value.data, value.len);
    load->late = late;
}

static void send_late(struct load *load)
{
    while (load->late != NULL) {
        struct late *late = load->late;
        load->late = late->next;
        send_bytes(load, late->partition, str_from(late->bytes, late->len), false);
        free(late);
    }
}

static void answer(struct load *load, const struct job_offer *job)
{
    bool fails = chance(load->fail_percent);
    const struct command command = {
        .type = fails ? COMMAND_FAIL_JOB : COMMAND_COMPLETE_JOB,
        .instance = job->instance,
        .key = job->key,
        .tenant = job->tenant,
        .job_answer = {.attempt = job->attempt,
                       .retries = job->retries,
                       .message = fails ? STR("on purpose") : STR_EMPTY,
                       .variables = STR("{\"done\":true}"),
                       .worker = STR("load"),
                       .token = job->token},
    };
    struct strbuf value = strbuf_new(&load->turn);
    wire_encode_command(&value, &command);
    send_bytes(load, job->reply_partition, strbuf_str(&value), false);
    if (chance(load->duplicate_percent))
        send_bytes(load, job->reply_partition, strbuf_str(&value), false);
    if (chance(load->late_percent))
        keep_late(load, job->reply_partition, strbuf_str(&value));
    load->answered++;
}

static void on_job(void *context, const struct bus_record *record)
{
    struct load *load = context;
    struct job_offer job;
    struct error err;
    if (wire_decode_job(&load->turn, record->value, &job, &err))
        answer(load, &job);
    else
        log_failure("load", &err);
    bus_consumer_done(load->consumer, record->topic, record->partition, record->offset + 1);
    arena_reset(&load->turn);
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    send_late(context);
}

static void start_worker(struct load *load)
{
    char group[250], topic[250], rest[220];
    const char *const topics[] = {topic};
    struct error err;
    snprintf(rest, sizeof rest, "jobs.%s", load->type);
    topic_name(load, rest, topic, sizeof topic);
    snprintf(group, sizeof group, "%s", topic);
    const struct bus_options bus = {.brokers = load->brokers, .client_id = "load-worker"};
    const struct bus_topic wanted = {.name = topic, .partitions = 8};
    if (!bus_topics_ensure(&bus, &wanted, 1, 10000, &err))
        log_failure("load", &err);
    const struct bus_consumer_options options = {.bus = bus,
                                                 .kind = BUS_CONSUMER_GROUP,
                                                 .reset = BUS_RESET_EARLIEST,
                                                 .group = group,
                                                 .topics = topics,
                                                 .topic_count = 1};
    const struct bus_consumer_handler handler = {.context = load, .record = on_job};
    load->consumer = bus_consumer_new(&options, &handler, load->loop, &err);
    check(load->consumer != NULL);
    load->timer = event_new(load->loop, -1, EV_PERSIST, on_late, load);
    const struct timeval period = {.tv_usec = 300000};
    event_add(load->timer, &period);
}

// -- The generator ----------------------------------------------------------------------

static void stop(struct load *load)
{
    if (load->stopping)
        return;
    load->stopping = true;
    load->ended_ns = clock_monotonic_ns();
    event_base_loopbreak(load->loop);
}

// What is started within a moment goes to one shard, as the API does it: fewer requests.
static int32_t choose_shard(struct load *load)
{
    int64_t now_ns = clock_monotonic_ns();
    if (now_ns - load->chosen_ns > SAME_SHARD_MS * (int64_t)NS_PER_MS) {
        load->chosen_ns = now_ns;
        load->shard = (load->shard + 1) % load->shards;
    }
    return load->shard;
}

static bool start_one(struct load *load, int64_t intended_ns)
{
    uint64_t request = load->base + load->sent;
    char business[40];
    int len = snprintf(business, sizeof business, "%llu", (unsigned long long)request);
    const struct command command = {
        .type = COMMAND_CREATE_INSTANCE,
        .reply = {.partition = load->reply_partition, .request = request},
        .principal = load->principal == NULL ? STR_EMPTY : str_of(load->principal),
        .origin = load->principal == NULL ? STR_EMPTY : STR("192.0.2.17 0123456789abcdef"),
        .create_instance = {.process_id = str_of(load->process),
                            .variables = STR("{\"amount\":1200,\"customer\":\"anna\"}"),
                            .business_id =
                                load->no_wait ? str_from(business, (size_t)len) : STR_EMPTY,
                            .deduplication_id =
                                load->has_ids ? str_from(business, (size_t)len) : STR_EMPTY,
                            .await_completion = !load->no_wait,
                            .fetch_variables = STR("[]")},
    };
    bool taken = send_command(load, choose_shard(load), &command);
    arena_reset(&load->turn);
    if (!taken)
        return false;
    load->intended_ns[load->sent % MAX_IN_FLIGHT] = intended_ns;
    load->sent++;
    return true;
}

static bool may_start(const struct load *load)
{
    bool enough = load->count > 0 && load->sent >= (uint64_t)load->count;
    return !load->stopping && !enough && load->sent - load->completed < MAX_IN_FLIGHT;
}

static void start_closed(struct load *load)
{
    while (may_start(load) && load->sent - load->completed < (uint64_t)load->in_flight)
        if (!start_one(load, clock_monotonic_ns()))
            return;
}

// Open loop: what should have been started by now, each with the time when it should have been.
static void start_open(struct load *load)
{
    int64_t now_ns = clock_monotonic_ns();
    for (;;) {
        int64_t intended_ns =
            load->started_ns + (int64_t)((double)load->sent * 1e9 / (double)load->rate);
        if (intended_ns > now_ns || !may_start(load) || !start_one(load, intended_ns))
            return;
    }
}

static void keep_latency(struct load *load, int64_t latency_ns)
{
    if (load->latency_count == load->latency_capacity) {
        load->latency_capacity = load->latency_capacity ? load->latency_capacity * 2 : 1 << 16;
        load->latency_us =
            realloc(load->latency_us, load->latency_capacity * sizeof *load->latency_us);
        check(load->latency_us != NULL);
    }
    load->latency_us[load->latency_count++] = (uint32_t)(latency_ns / 1000);
}

// Asks for a process that does not exist, so that the consumer of replies has found its leader
// before the first start is measured.
static void probe(struct load *load)
{
    int64_t now_ns = clock_monotonic_ns();
    if (load->probed_ns != 0 && now_ns - load->probed_ns < PROBE_EVERY_MS * (int64_t)NS_PER_MS)
        return;
    const struct command command = {
        .type = COMMAND_CREATE_INSTANCE,
        .reply = {.partition = load->reply_partition, .request = load->base - 1},
        .create_instance = {.process_id = STR("no-such-process"),
                            .variables = STR("{}"),
                            .fetch_variables = STR("[]")},
    };
    load->probed_ns = now_ns;
    (void)send_command(load, 0, &command);
    arena_reset(&load->turn);
}

static void begin(struct load *load)
{
    if (load->begun)
        return;
    load->begun = true;
    load->started_ns = clock_monotonic_ns();
}

static void on_reply(void *context, const struct bus_record *record)
{
    struct load *load = context;
    struct reply reply;
    struct error err;
    if (!wire_decode_reply(&load->turn, record->value, &reply, &err))
        return;
    if (reply.to.request == load->base - 1)
        begin(load);
    if (reply.to.request < load->base || reply.to.request >= load->base + load->sent)
        return;
    int64_t *intended_ns = &load->intended_ns[(reply.to.request - load->base) % MAX_IN_FLIGHT];
    if (*intended_ns == 0) {
        load->repeated++;
        return;
    }
    load->completed++;
    if (reply.rejection != REJECTION_NONE && load->rejected++ == 0)
        log_warning("load", "rejected: %.*s", STR_ARG(reply.reason));
    keep_latency(load, clock_monotonic_ns() - *intended_ns);
    *intended_ns = 0;
    if (load->count > 0 && load->completed >= (uint64_t)load->count)
        stop(load);
}

static void on_replies_drained(void *context)
{
    struct load *load = context;
    arena_reset(&load->turn);
    if (load->begun && load->rate == 0)
        start_closed(load);
}

static void on_tick(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct load *load = context;
    if (!load->begun) {
        probe(load);
        return;
    }
    if (load->rate > 0)
        start_open(load);
    else
        start_closed(load);
    int64_t run_ns = clock_monotonic_ns() - load->started_ns;
    if (load->seconds > 0 && run_ns > (int64_t)load->seconds * 1000 * NS_PER_MS)
        stop(load);
}

static void start_generator(struct load *load)
{
    char topic[250];
    struct error err;
    int64_t low, high;
    topic_name(load, "replies", topic, sizeof topic);
    const struct bus_consumer_options options = {
        .bus = {.brokers = load->brokers,
                .client_id = "load-generator",
                .properties = getenv("BATON_TEST_KAFKA_PROPERTIES")},
        .kind = BUS_CONSUMER_MANUAL,
        .reset = BUS_RESET_LATEST};
    const struct bus_consumer_handler handler = {
        .context = load, .record = on_reply, .drained = on_replies_drained};
    load->consumer = bus_consumer_new(&options, &handler, load->loop, &err);
    check(load->consumer != NULL);
    if (!bus_consumer_offsets(load->consumer, topic, load->reply_partition, 20000, &low, &high,
                              &err)) {
        log_failure("load", &err);
        exit(EXIT_FAILURE);
    }
    const struct bus_partition from = {topic, load->reply_partition, high};
    check(bus_consumer_assign(load->consumer, &from, 1, &err));
    random_bytes(&load->base, sizeof load->base);
    load->base = (load->base >> 2) | 1;
    load->intended_ns = calloc(MAX_IN_FLIGHT, sizeof *load->intended_ns);
    check(load->intended_ns != NULL);
    load->started_ns = clock_monotonic_ns();
    load->timer = event_new(load->loop, -1, EV_PERSIST, on_tick, load);
    const struct timeval period = {.tv_usec = 1000};
    event_add(load->timer, &period);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return left < right ? -1 : left > right;
}

static double quantile_ms(const struct load *load, double q)
{
    if (load->latency_count == 0)
        return 0;
    size_t index = (size_t)(q * (double)(load->latency_count - 1));
    return (double)load->latency_us[index] / 1000.0;
}

static void print_results(struct load *load)
{
    if (load->ended_ns == 0)
        load->ended_ns = clock_monotonic_ns();
    double seconds = (double)(load->ended_ns - load->started_ns) / 1e9;
    qsort(load->latency_us, load->latency_count, sizeof *load->latency_us, compare_u32);
    printf("{\"sent\":%llu,\"completed\":%llu,\"rejected\":%llu,\"repeated\":%llu,"
           "\"seconds\":%.3f,\"per_s\":%.1f,"
           "\"p50_ms\":%.2f,\"p90_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.2f}\n",
           (unsigned long long)load->sent, (unsigned long long)load->completed,
           (unsigned long long)load->rejected, (unsigned long long)load->repeated, seconds,
           seconds > 0 ? (double)load->completed / seconds : 0.0, quantile_ms(load, 0.5),
           quantile_ms(load, 0.9), quantile_ms(load, 0.99), quantile_ms(load, 1.0));
    fflush(stdout);
}

// -- Records nobody can read --------------------------------------------------------------

static void send_poison(struct load *load)
{
    for (long i = 0; i < load->count; i++) {
        char bytes[64];
        for (size_t j = 0; j < sizeof bytes; j++)
            bytes[j] = (char)(rand() & 0xff);
        send_bytes(load, (int32_t)(i % load->shards), str_from(bytes, 1 + (size_t)(rand() % 63)),
                   false);
    }
}

// -- Deploying ----------------------------------------------------------------------------

static str read_file(const char *path, struct arena *arena)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        exit(EXIT_FAILURE);
    }
    struct strbuf bytes = strbuf_new(arena);
    size_t got;
    do {
        got = fread(strbuf_reserve(&bytes, 1 << 16), 1, 1 << 16, file);
        bytes.len += got;
    } while (got > 0);
    fclose(file);
    return strbuf_str(&bytes);
}

// The bytes are in PostgreSQL already; this is the command. The process is named by --process.
static void send_deploy(struct load *load)
{
    struct digest digest = digest_sha256(read_file(load->file, &load->turn));
    struct deployed_resource resource = {.name = str_of(load->file),
                                         .digest = str_from(digest.bytes, DIGEST_SIZE),
                                         .kind = RESOURCE_PROCESS,
                                         .definition_id = str_of(load->process)};
    const struct command command = {.type = COMMAND_DEPLOY,
                                    .deploy = {.count = 1, .resources = &resource}};
    send_command(load, 0, &command);
}

// -- Start ------------------------------------------------------------------------------

static const struct option options[] = {
    {"brokers", required_argument, NULL, 'b'},   {"prefix", required_argument, NULL, 'p'},
    {"mode", required_argument, NULL, 'm'},      {"type", required_argument, NULL, 't'},
    {"process", required_argument, NULL, 'P'},   {"principal", required_argument, NULL, 'a'},
    {"shards", required_argument, NULL, 's'},    {"partition", required_argument, NULL, 'q'},
    {"rate", required_argument, NULL, 'r'},      {"in-flight", required_argument, NULL, 'i'},
    {"seconds", required_argument, NULL, 'S'},   {"count", required_argument, NULL, 'c'},
    {"duplicate", required_argument, NULL, 'd'}, {"late", required_argument, NULL, 'l'},
    {"fail", required_argument, NULL, 'f'},      {"file", required_argument, NULL, 'F'},
    {"no-wait", no_argument, NULL, 'n'},         {"ids", no_argument, NULL, 'I'},
    {"seed", required_argument, NULL, 'e'},      {0},
};

static void read_option(struct load *load, int letter)
{
    const struct {
        int letter;
        int *number;
    } numbers[] = {{'s', &load->shards},       {'q', &load->reply_partition},
                   {'r', &load->rate},         {'i', &load->in_flight},
                   {'S', &load->seconds},      {'d', &load->duplicate_percent},
                   {'l', &load->late_percent}, {'f', &load->fail_percent}};
    const struct {
        int letter;
        const char **text;
    } texts[] = {{'b', &load->brokers},  {'p', &load->prefix},  {'m', &load->mode},
                 {'t', &load->type},     {'P', &load->process}, {'F', &load->file},
                 {'a', &load->principal}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i].letter == letter)
            *numbers[i].number = atoi(optarg);
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (texts[i].letter == letter)
            *texts[i].text = optarg;
    load->no_wait = load->no_wait || letter == 'n';
    load->has_ids = load->has_ids || letter == 'I';
    if (letter == 'c')
        load->count = atol(optarg);
    if (letter == 'e')
        load->seed = (unsigned)atoi(optarg);
}

static void on_signal(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    stop(context);
}

static void on_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("load", failure);
    exit(EXIT_FAILURE);
}

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    (void)context, (void)tag;
    if (failure != NULL)
        log_failure("load", failure);
}

static void run(struct load *load)
{
    bool generates = strcmp(load->mode, "generate") == 0;
    if (strcmp(load->mode, "poison") == 0) {
        send_poison(load);
    } else if (strcmp(load->mode, "broadcast") == 0) {
        const struct command signal = {
            .type = COMMAND_BROADCAST_SIGNAL,
            .broadcast_signal = {.name = str_of(load->type), .variables = STR("{}")}};
        if (!send_command(load, 0, &signal))
            log_error("load", "the signal was not taken");
    } else if (strcmp(load->mode, "deploy") == 0) {
        send_deploy(load);
    } else {
        (generates ? start_generator : start_worker)(load);
        event_base_dispatch(load->loop);
    }
    send_late(load);
    bus_producer_flush(load->producer, 20000);
    if (generates)
        print_results(load);
    else
        printf("{\"answered\":%llu}\n", (unsigned long long)load->answered);
}

int main(int argc, char **argv)
{
    struct load load = {.prefix = "baton",
                        .mode = "generate",
                        .type = "bench",
                        .process = "bench",
                        .shards = 4,
                        .in_flight = 1000,
                        .seconds = 0};
    int letter;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
        read_option(&load, letter);
    check(load.brokers != NULL);
    srand(load.seed);
    load.loop = event_base_new();
    struct event *terminate = evsignal_new(load.loop, SIGTERM, on_signal, &load);
    event_add(terminate, NULL);
    const struct bus_producer_options producer = {
        .bus = {.brokers = load.brokers, .client_id = "load"}};
    const struct bus_producer_handler handler = {.delivered = on_delivered, .broken = on_broken};
    struct error err;
    load.producer = bus_producer_new(&producer, &handler, load.loop, &err);
    check(load.producer != NULL);
    run(&load);
    if (load.timer != NULL)
        event_free(load.timer);
    event_free(terminate);
    bus_consumer_free(load.consumer);
    bus_producer_free(load.producer);
    free(load.intended_ns);
    free(load.latency_us);
    arena_done(&load.turn);
    event_base_free(load.loop);
    return 0;
}
