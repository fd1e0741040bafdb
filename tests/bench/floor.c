// SPDX-License-Identifier: Apache-2.0
//
// The floor: what a plain loop does with the same records and the same SQL. No node, no event loop,
// nothing pipelined: a process a shard reads a batch with librdkafka, makes the rows that the bare
// engine makes, runs the store's own statements as one transaction with blocking libpq, and then
// produces what follows from it. The store's commit.c and table.c are linked with the few functions
// of pg.h below in place of its asynchronous connection, so the SQL cannot drift from the
// product's.
//
//   baton-floor --brokers B --prefix P --postgres URL --shards N     until SIGTERM
#include "engine/engine.h"
#include "record/topic.h"
#include "store/internal.h"
#include "wire/wire.h"

#include <getopt.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BATCH_MOST = 500, WAIT_MS = 100, TEXT = 250 };

struct pg {
    PGconn *conn;
    size_t sent; // statements of the transaction under way
};

struct floor {
    const char *brokers;
    const char *prefix;
    const char *postgres;
    uint32_t shards;
    // of a shard's process
    uint32_t shard;
    uint64_t epoch;
    int64_t next_offset;
    uint64_t batch;
    uint64_t next_outbound;
    struct digest chain;
    struct engine *engine;
    struct store store;
    struct pg pg;
    rd_kafka_t *producer;
    rd_kafka_t *consumer;
    char commands[TEXT], jobs[TEXT], replies[TEXT], events[TEXT];
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "baton-floor: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

// -- PostgreSQL, blocking ---------------------------------------------------------------

static struct pg_statement statements[STATEMENT_COUNT];

void pg_begin(struct pg *pg)
{
    pg->sent = 0;
}

void pg_execute(struct pg *pg, size_t statement, const struct pg_params *params)
{
    int formats[PG_MAX_PARAMS];
    for (size_t i = 0; i < params->count; i++)
        formats[i] = 1;
    if (!PQsendQueryPrepared(pg->conn, statements[statement].name, (int)params->count,
                             params->values, params->lengths, formats, 1))
        fail("postgres", PQerrorMessage(pg->conn));
    pg->sent++;
}

void pg_query(struct pg *pg, const char *sql, const char *const *params, size_t count)
{
    (void)pg, (void)sql, (void)params, (void)count;
    fail("pg_query", "is not part of a commit");
}

void pg_end(struct pg *pg, pg_done *done, void *context)
{
    struct pg_answer answer = {0};
    if (!PQpipelineSync(pg->conn))
        fail("postgres", PQerrorMessage(pg->conn));
    ExecStatusType status = PGRES_EMPTY_QUERY;
    while (status != PGRES_PIPELINE_SYNC) {
        PGresult *result = PQgetResult(pg->conn);
        if (result == NULL)
            continue; // between two statements
        status = PQresultStatus(result);
        if (status == PGRES_FATAL_ERROR || status == PGRES_PIPELINE_ABORTED)
            fail("a statement", PQresultErrorMessage(result));
        PQclear(result);
    }
    done(context, &answer);
}

struct pg *store_connection(struct store *store, uint32_t shard)
{
    (void)shard;
    return store->connections[0];
}

enum store_outcome store_outcome_of(const struct pg_answer *answer)
{
    (void)answer;
    return STORE_DONE;
}

struct store_call *store_call_new(void *context, uint32_t shard)
{
    struct store_call *call = calloc(1, sizeof *call);
    check(call != NULL);
    call->context = context;
    call->shard = shard;
    return call;
}

void store_call_done(void *context, const struct pg_answer *answer)
{
    (void)answer;
    free(context);
}

static void prepare(struct floor *floor)
{
    static const char *const texts[STATEMENT_TABLES] = {
#define STATEMENT(name, sql) [STATEMENT_##name] = sql,
#include "store/statements.def"
#undef STATEMENT
    };
    static char names[STATEMENT_COUNT][16];
    for (size_t i = 0; i < STATEMENT_COUNT; i++) {
        if (i < STATEMENT_TABLES)
            statements[i].sql = texts[i];
        else
            statements[i] =
                table_statement(&floor->store.arena, (enum table)((i - STATEMENT_TABLES) / 3),
                                (enum row_change)((i - STATEMENT_TABLES) % 3));
        snprintf(names[i], sizeof names[i], "s%zu", i);
        statements[i].name = names[i];
        PGresult *result = PQprepare(floor->pg.conn, names[i], statements[i].sql, 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK)
            fail("prepare", PQresultErrorMessage(result));
        PQclear(result);
    }
}

// Takes the shard over as its row says it stands.
static void acquire(struct floor *floor)
{
    char sql[200];
    floor->pg.conn = PQconnectdb(floor->postgres);
    if (PQstatus(floor->pg.conn) != CONNECTION_OK)
        fail("postgres", PQerrorMessage(floor->pg.conn));
    floor->store.connections[0] = &floor->pg;
    snprintf(sql, sizeof sql,
             "UPDATE shards SET epoch = epoch + 1 WHERE shard = %u RETURNING epoch, next_offset, "
             "next_key, batch, next_outbound",
             floor->shard);
    PGresult *row = PQexec(floor->pg.conn, sql);
    if (PQntuples(row) != 1)
        fail("the shard's row", PQerrorMessage(floor->pg.conn));
    const struct engine_environment environment = {
        .shard = floor->shard, .shard_count = floor->shards, .job_timeout_ms = 60000};
    struct error err;
    floor->epoch = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
    floor->next_offset = strtoll(PQgetvalue(row, 0, 1), NULL, 10);
    floor->batch = strtoull(PQgetvalue(row, 0, 3), NULL, 10);
    floor->next_outbound = strtoull(PQgetvalue(row, 0, 4), NULL, 10);
    floor->engine = engine_new(&environment, STR_EMPTY, strtoull(PQgetvalue(row, 0, 2), NULL, 10),
                               SIZE_MAX, &err);
    PQclear(row);
    prepare(floor);
    if (!PQenterPipelineMode(floor->pg.conn))
        fail("postgres", "no pipeline mode");
}

// -- Kafka ------------------------------------------------------------------------------

static rd_kafka_t *client(struct floor *floor, rd_kafka_type_t type)
{
    char text[512];
    const char *const settings[][2] = {{"bootstrap.servers", floor->brokers},
                                       {"linger.ms", "1"},
                                       {"acks", "all"},
                                       {"group.id", "floor"},
                                       {"fetch.wait.max.ms", "100"},
                                       {"log_level", "3"}};
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        bool is_consumers = i >= 3 && i <= 4, is_producers = i >= 1 && i <= 2;
        if ((type == RD_KAFKA_PRODUCER && is_consumers) ||
            (type == RD_KAFKA_CONSUMER && is_producers))
            continue;
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text))
            fail("kafka", text);
    }
    rd_kafka_t *made = rd_kafka_new(type, conf, text, sizeof text);
    if (made == NULL)
        fail("kafka", text);
    return made;
}

static void produce(struct floor *floor, const char *topic, int32_t partition, str key, str value)
{
    rd_kafka_resp_err_t code;
    do {
        code = rd_kafka_producev(floor->producer, RD_KAFKA_V_TOPIC(topic),
                                 RD_KAFKA_V_PARTITION(partition), RD_KAFKA_V_KEY(key.data, key.len),
                                 RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.len),
                                 RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL)
            rd_kafka_poll(floor->producer, 10);
    } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL);
    if (code)
        fail(topic, rd_kafka_err2str(code));
}

static void topic_name(const struct floor *floor, const char *rest, char *ret_name)
{
    snprintf(ret_name, TEXT, "%s.%s", floor->prefix, rest);
}

static void join(struct floor *floor)
{
    topic_name(floor, "commands", floor->commands);
    topic_name(floor, "jobs.bench", floor->jobs);
    topic_name(floor, "replies", floor->replies);
    topic_name(floor, "events", floor->events);
    floor->producer = client(floor, RD_KAFKA_PRODUCER);
    floor->consumer = client(floor, RD_KAFKA_CONSUMER);
    rd_kafka_poll_set_consumer(floor->consumer);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, floor->commands, (int32_t)floor->shard)->offset =
        floor->next_offset;
    if (rd_kafka_assign(floor->consumer, list))
        fail("assign", floor->commands);
    rd_kafka_topic_partition_list_destroy(list);
}

// -- A batch ----------------------------------------------------------------------------

static size_t read_batch(struct floor *floor, rd_kafka_message_t **messages)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(floor->consumer);
    ssize_t count = rd_kafka_consume_batch_queue(queue, WAIT_MS, messages, 1);
    if (count == 1) // and what has come with it
        count += rd_kafka_consume_batch_queue(queue, 0, messages + 1, BATCH_MOST - 1);
    rd_kafka_queue_destroy(queue);
    return count > 0 ? (size_t)count : 0;
}

static void step_all(struct floor *floor, rd_kafka_message_t **messages, size_t count,
                     struct arena *turn)
{
    struct error err;
    for (size_t i = 0; i < count; i++) {
        const rd_kafka_message_t *message = messages[i];
        struct command *command = ARENA_NEW(turn, struct command);
        if (message->err ||
            !wire_decode_command(turn, str_from(message->payload, message->len), command, &err))
            continue;
        command->time_ms = rd_kafka_message_timestamp(message, NULL);
        command->offset = message->offset;
        floor->next_offset = message->offset + 1;
        engine_step(floor->engine, command);
    }
}

struct record {
    const char *topic;
    int32_t partition;
    str key;
    str value;
};

static struct record record_of(struct floor *floor, const struct outbound *outbound,
                               struct arena *turn)
{
    struct strbuf value = strbuf_new(turn);
    if (outbound->kind == OUTBOUND_REPLY) {
        wire_encode_reply(&value, outbound->reply);
        return (struct record){floor->replies, outbound->reply->to.partition, STR_EMPTY,
                               strbuf_str(&value)};
    }
    struct job_offer job = *outbound->job;
    job.token = STR("0123456789abcdef0123456789abcdef");
    job.reply_partition = (int32_t)floor->shard;
    wire_encode_job(&value, &job);
    return (struct record){floor->jobs, RD_KAFKA_PARTITION_UA,
                           str_format(turn, "%llu", (unsigned long long)job.key),
                           strbuf_str(&value)};
}

static void publish_events(struct floor *floor, const struct changes *changes, struct arena *turn)
{
    for (size_t i = 0; i < changes->history.count; i++) {
        const struct history_row *row = &changes->history.items[i];
        struct wire_step step = {.shard = floor->shard, .tenant = STR_EMPTY, .row = *row};
        struct strbuf value = strbuf_new(turn);
        wire_encode_step(&value, &step);
        produce(floor, floor->events, 0, str_format(turn, "%llu", (unsigned long long)row->stream),
                strbuf_str(&value));
    }
}

static void commit(struct floor *floor, const struct changes *changes, int64_t expected,
                   struct arena *turn)
{
    size_t count = changes->outbound.count;
    struct record *records = ARENA_ARRAY(turn, struct record, count);
    struct strbuf outbox = strbuf_new(turn);
    for (size_t i = 0; i < count; i++) {
        records[i] = record_of(floor, &changes->outbound.items[i], turn);
        strbuf_add(&outbox, records[i].value);
    }
    struct store_packed packed = store_pack(floor->chain, changes, turn);
    floor->chain = packed.chain;
    floor->batch += changes->history.count > 0;
    const struct store_commit commit = {.shard = floor->shard,
                                        .epoch = floor->epoch,
                                        .expected_offset = expected,
                                        .next_offset = floor->next_offset,
                                        .batch = floor->batch,
                                        .changes = changes,
                                        .packed = packed,
                                        .first_outbound = floor->next_outbound,
                                        .next_outbound = floor->next_outbound + count,
                                        .outbound = strbuf_str(&outbox),
                                        .published = floor->next_outbound,
                                        .trimmed = floor->next_outbound > BATCH_MOST * 4
                                                       ? floor->next_outbound - BATCH_MOST * 4
                                                       : 0,
                                        .events_published = floor->batch,
                                        .last_record = STR("01234567890123456789012345678901")};
    store_commit(&floor->store, &commit, turn, NULL, NULL);
    floor->next_outbound += count;
    for (size_t i = 0; i < count; i++)
        produce(floor, records[i].topic, records[i].partition, records[i].key, records[i].value);
    publish_events(floor, changes, turn);
}

static volatile sig_atomic_t ends;

static void on_signal(int number)
{
    (void)number;
    ends = 1;
}

static void run_shard(struct floor *floor)
{
    rd_kafka_message_t *messages[BATCH_MOST];
    struct arena turn = ARENA_EMPTY;
    acquire(floor);
    join(floor);
    while (!ends) {
        size_t count = read_batch(floor, messages);
        struct changes changes;
        int64_t expected = floor->next_offset;
        engine_begin(floor->engine, &turn);
        step_all(floor, messages, count, &turn);
        engine_end(floor->engine, &changes);
        if (floor->next_offset > expected)
            commit(floor, &changes, expected, &turn);
        for (size_t i = 0; i < count; i++)
            rd_kafka_message_destroy(messages[i]);
        rd_kafka_poll(floor->producer, 0);
        arena_reset(&turn);
    }
    _exit(EXIT_SUCCESS);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"brokers", required_argument, NULL, 'b'},
                                            {"prefix", required_argument, NULL, 'p'},
                                            {"postgres", required_argument, NULL, 'u'},
                                            {"shards", required_argument, NULL, 's'},
                                            {0}};
    static struct floor floor;
    int letter;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (letter) {
        case 'b':
            floor.brokers = optarg;
            break;
        case 'p':
            floor.prefix = optarg;
            break;
        case 'u':
            floor.postgres = optarg;
            break;
        case 's':
            floor.shards = (uint32_t)atoi(optarg);
            break;
        default:
            return 2;
        }
    }
    if (floor.brokers == NULL || floor.prefix == NULL || floor.postgres == NULL ||
        floor.shards == 0)
        fail("usage", "--brokers B --prefix P --postgres URL --shards N");
    signal(SIGTERM, on_signal);
    for (uint32_t i = 0; i < floor.shards; i++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGTERM);
            floor.shard = i;
            run_shard(&floor);
        }
    while (!ends && wait(NULL) > 0) {
    }
    return EXIT_SUCCESS; // the children hear of it
}
