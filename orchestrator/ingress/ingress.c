// SPDX-License-Identifier: Apache-2.0
#include "ingress/ingress.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/murmur2.h"
#include "bus/consumer.h"
#include "bus/producer.h"
#include "bus/progress.h"
#include "ingress/dead_letter.h"
#include "ingress/mapping.h"
#include "loop/pending.h"
#include "loop/timer.h"
#include "record/mac.h"
#include "record/partition.h"
#include "record/topic.h"
#include "store/catalogue/catalogue.h"
#include "store/query.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

// One subscription at work. It outlives its removal until the last record that it sent is
// delivered.
struct reader {
    TAILQ_ENTRY(reader) link;
    struct ingress *ingress;
    struct arena arena; // it lives in it
    str name;
    const char *topic;
    str settings;
    const struct mapping *mapping;
    struct bus_consumer *consumer; // NULL once removed, or when the settings are wrong
    struct bus_progress progress;
    size_t in_flight;
    bool is_wanted;   // seen in the last reload
    int64_t stuck_ms; // since when it stands at a record that can go nowhere; 0: it does not
};

// A record that is on its way to Kafka, for a record that came from there.
struct flight {
    TAILQ_ENTRY(flight) link; // in `waiting` or `refused`
    struct reader *reader;
    int32_t partition;
    int64_t offset;
    struct arena arena;       // of both records
    struct bus_record source; // what came
    struct bus_record out;    // what goes
    bool is_letter;           // it goes to the dead letters
    unsigned refusals;
    int64_t again_ms; // when it may be sent again
    struct error why; // of the last one
};

TAILQ_HEAD(flight_list, flight);

struct ingress {
    struct ingress_options options;
    struct arena arena;
    struct bus_options bus;
    struct bus_producer *producer;
    const char *commands;
    TAILQ_HEAD(, reader) readers;
    struct flight_list waiting; // for room in the producer
    struct flight_list refused; // by the broker: sent again one by one, as records are refused
                                // together with those that they travel with
    struct flight *alone;       // which of them is under way now
    struct timer *resend;
    struct timer *turn;
    struct pending_list asked; // the subscriptions
    uint64_t received;
    uint64_t sent;
    uint64_t skipped;
    uint64_t dead;
};

// -- Sending ----------------------------------------------------------------------------

static void free_reader(struct reader *reader)
{
    bus_progress_done(&reader->progress);
    struct arena arena = reader->arena;
    arena_done(&arena);
}

static void end_flight(struct flight *flight)
{
    struct reader *reader = flight->reader;
    int64_t next;
    if (bus_progress_end(&reader->progress, flight->partition, flight->offset, &next) &&
        reader->consumer != NULL)
        bus_consumer_done(reader->consumer, reader->topic, flight->partition, next);
    reader->in_flight--;
    if (reader->in_flight == 0 && reader->consumer == NULL && !reader->is_wanted) {
        TAILQ_REMOVE(&reader->ingress->readers, reader, link);
        free_reader(reader);
    }
    arena_done(&flight->arena);
    free(flight);
}

// What was sent alone has arrived, or has come back: the next one may go.
static void arrived_alone(struct flight *flight)
{
    struct ingress *ingress = flight->reader->ingress;
    if (ingress->alone == flight)
        ingress->alone = NULL;
    if (ingress->alone == NULL)
        timer_ring(ingress->resend);
}

// Its partition is read no further until it has gone somewhere.
static void on_refused(struct flight *flight, const struct error *why, bool for_good)
{
    struct reader *reader = flight->reader;
    flight->why = *why;
    flight->refusals = for_good ? INGRESS_MAX_REFUSALS : flight->refusals + 1;
    flight->again_ms = clock_now_ms() + (for_good ? 0 : INGRESS_REST_MS);
    log_warning("ingress", "%.*s: what became of %s offset %lld is refused: %s",
                STR_ARG(reader->name), reader->topic, (long long)flight->offset, why->text);
    TAILQ_INSERT_TAIL(&reader->ingress->refused, flight, link);
    arrived_alone(flight);
    if (reader->consumer != NULL)
        bus_progress_pause(&reader->progress, reader->consumer, reader->topic, flight->partition);
}

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    (void)context;
    struct flight *flight = (struct flight *)(uintptr_t)tag;
    if (failure != NULL) {
        on_refused(flight, failure, failure->kind == ERROR_LIMIT);
        return;
    }
    if (flight->reader->ingress->alone == flight)
        arrived_alone(flight);
    end_flight(flight);
}

// True when the producer has it, or will never take it.
static bool try_send(struct flight *flight)
{
    struct ingress *ingress = flight->reader->ingress;
    struct error err;
    enum bus_sending sending =
        bus_producer_send(ingress->producer, &flight->out, (uint64_t)(uintptr_t)flight, &err);
    if (sending == BUS_REFUSED)
        on_refused(flight, &err, true);
    return sending != BUS_FULL;
}

static void send_flight(struct flight *flight)
{
    struct reader *reader = flight->reader;
    struct ingress *ingress = reader->ingress;
    if (TAILQ_EMPTY(&ingress->waiting) && try_send(flight))
        return;
    TAILQ_INSERT_TAIL(&ingress->waiting, flight, link);
    if (reader->consumer != NULL)
        bus_progress_pause(&reader->progress, reader->consumer, reader->topic, flight->partition);
}

// Once nothing waits for the producer or for another try.
static void resume_all(struct ingress *ingress)
{
    struct reader *reader;
    if (ingress->alone != NULL || !TAILQ_EMPTY(&ingress->waiting) ||
        !TAILQ_EMPTY(&ingress->refused))
        return;
    TAILQ_FOREACH(reader, &ingress->readers, link)
    if (reader->consumer != NULL)
        bus_progress_resume_all(&reader->progress, reader->consumer, reader->topic);
}

static void on_room(void *context)
{
    struct ingress *ingress = context;
    while (!TAILQ_EMPTY(&ingress->waiting)) {
        struct flight *flight = TAILQ_FIRST(&ingress->waiting);
        TAILQ_REMOVE(&ingress->waiting, flight, link);
        if (try_send(flight))
            continue;
        TAILQ_INSERT_HEAD(&ingress->waiting, flight, link);
        return;
    }
    resume_all(ingress);
}

// -- What the broker refuses: some tries, then the dead letters, then the subscription stops -----

// Nothing is skipped: it is read again from what is committed, after a rest.
static void stop_at(struct flight *flight, int64_t now_ms)
{
    struct reader *reader = flight->reader;
    log_error("ingress",
              "subscription %.*s stands at %s partition %d offset %lld: neither its command nor "
              "its dead letter is taken: %s; trying again in %d s",
              STR_ARG(reader->name), reader->topic, (int)flight->partition,
              (long long)flight->offset, flight->why.text, INGRESS_STUCK_MS / 1000);
    reader->stuck_ms = now_ms;
    bus_progress_forget(&reader->progress);
    bus_consumer_free(reader->consumer);
    reader->consumer = NULL;
    end_flight(flight);
}

static void send_refused(struct ingress *ingress, struct flight *flight)
{
    struct reader *reader = flight->reader;
    if (reader->consumer == NULL) {
        end_flight(flight); // read again later, or not wanted any more
        return;
    }
    bool is_shorter = flight->is_letter && flight->why.kind == ERROR_LIMIT &&
                      dead_letter_shorten(&flight->arena, &flight->out);
    if (flight->refusals >= INGRESS_MAX_REFUSALS && flight->is_letter && !is_shorter) {
        stop_at(flight, clock_now_ms());
        return;
    }
    if (is_shorter) {
        flight->refusals = 0;
    } else if (flight->refusals >= INGRESS_MAX_REFUSALS) {
        ingress->dead++;
        flight->is_letter = true;
        flight->refusals = 0;
        dead_letter_make(&flight->arena, &flight->source, &flight->why, &flight->out);
    }
    ingress->alone = flight;
    send_flight(flight);
}

static void on_resend(void *context)
{
    struct ingress *ingress = context;
    struct flight *flight;
    int64_t now_ms = clock_now_ms();
    while (ingress->alone == NULL && (flight = TAILQ_FIRST(&ingress->refused)) != NULL) {
        if (flight->again_ms > now_ms) {
            timer_set(ingress->resend, flight->again_ms - now_ms);
            return;
        }
        TAILQ_REMOVE(&ingress->refused, flight, link);
        send_refused(ingress, flight);
    }
    resume_all(ingress);
}

static void on_broken(void *context, const struct error *failure)
{
    (void)context;
    log_failure("ingress", failure);
    abort(); // started again, it goes on after what was delivered
}

// -- Receiving --------------------------------------------------------------------------

static uint32_t shard_of(const struct ingress *ingress, const struct command *command)
{
    if (command->type == COMMAND_PUBLISH_MESSAGE)
        return record_message_partition(command->publish_message.name,
                                        command->publish_message.correlation_key,
                                        ingress->options.shards);
    return murmur2_partition(command->create_instance.deduplication_id, ingress->options.shards);
}

static void prepare_command(struct flight *flight, const struct command *command)
{
    struct ingress *ingress = flight->reader->ingress;
    struct strbuf out = strbuf_new(&flight->arena);
    struct bus_header *headers = ARENA_ARRAY(&flight->arena, struct bus_header, 2);
    uint32_t shard = shard_of(ingress, command);
    wire_encode_command(&out, command);
    headers[0] = (struct bus_header){STR("content-type"), wire_command_content_type};
    headers[1] =
        (struct bus_header){STR(MAC_HEADER), mac_make(&flight->arena, ingress->options.secret,
                                                      shard, STR_EMPTY, strbuf_str(&out))};
    flight->out = (struct bus_record){.topic = ingress->commands,
                                      .partition = (int32_t)shard,
                                      .value = strbuf_str(&out),
                                      .header_count = 2,
                                      .headers = headers};
}

static struct bus_record copy_record(struct arena *arena, const struct bus_record *record,
                                     const char *topic)
{
    struct bus_record copy = *record;
    struct bus_header *headers = ARENA_ARRAY(arena, struct bus_header, record->header_count);
    for (size_t i = 0; i < record->header_count; i++)
        headers[i] = (struct bus_header){str_copy(arena, record->headers[i].name),
                                         str_copy(arena, record->headers[i].value)};
    copy.topic = topic;
    copy.key = record->key.data ? str_copy(arena, record->key) : record->key;
    copy.value = record->value.data ? str_copy(arena, record->value) : record->value;
    copy.headers = headers;
    return copy;
}

static struct flight *begin_flight(struct reader *reader, const struct bus_record *record)
{
    struct flight *flight = calloc(1, sizeof *flight);
    check(flight != NULL);
    flight->reader = reader;
    flight->partition = record->partition;
    flight->offset = record->offset;
    flight->source = copy_record(&flight->arena, record, reader->topic);
    reader->in_flight++;
    bus_progress_begin(&reader->progress, record->partition, record->offset);
    return flight;
}

// A record is one thing to each subscription that reads it.
static void name_source(struct flight *flight, struct command *command)
{
    str *id = command->type == COMMAND_PUBLISH_MESSAGE ? &command->publish_message.message_id
                                                       : &command->create_instance.deduplication_id;
    *id = str_format(&flight->arena, "%.*s:%.*s", STR_ARG(flight->reader->name), STR_ARG(*id));
}

static void on_record(void *context, const struct bus_record *record)
{
    struct reader *reader = context;
    struct ingress *ingress = reader->ingress;
    struct flight *flight = begin_flight(reader, record);
    struct command command;
    struct error err;
    ingress->received++;
    switch (mapping_apply(reader->mapping, &flight->source, &flight->arena, &command, &err)) {
    case MAPPING_SENDS:
        ingress->sent++;
        name_source(flight, &command);
        prepare_command(flight, &command);
        send_flight(flight);
        return;
    case MAPPING_SKIPS:
        ingress->skipped++;
        end_flight(flight);
        return;
    case MAPPING_FAILS:
        ingress->dead++;
        log_warning("ingress", "%.*s: %s offset %lld goes to the dead letters: %s: %s",
                    STR_ARG(reader->name), record->topic, (long long)record->offset, err.place,
                    err.text);
        flight->is_letter = true;
        dead_letter_make(&flight->arena, &flight->source, &err, &flight->out);
        send_flight(flight);
        return;
    }
}

static void on_revoked(void *context)
{
    bus_progress_forget(&((struct reader *)context)->progress);
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    (void)context;
    (void)partition;
    (void)fault;
    log_failure("ingress", err);
}

static bool join_topic(struct reader *reader, struct error *err)
{
    struct ingress *ingress = reader->ingress;
    const char *prefix = config_str(ingress->options.config, CONFIG_KAFKA_TOPIC_PREFIX);
    str group = topic_full_name(&reader->arena, prefix, TOPIC_GROUP_INGRESS, reader->name);
    const char *topics[] = {reader->topic};
    struct bus_consumer_options options = {.bus = ingress->bus,
                                           .kind = BUS_CONSUMER_GROUP,
                                           .reset = BUS_RESET_EARLIEST,
                                           .group = str_cstr(&reader->arena, group),
                                           .topics = topics,
                                           .topic_count = 1};
    struct bus_consumer_handler handler = {
        .context = reader, .record = on_record, .revoked = on_revoked, .fault = on_fault};
    reader->consumer = bus_consumer_new(&options, &handler, ingress->options.loop, err);
    return reader->consumer != NULL;
}

// -- Subscriptions ----------------------------------------------------------------------

static void start_reader(struct ingress *ingress, str name, str topic, str settings)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct reader *reader = ARENA_NEW(&arena, struct reader);
    reader->arena = arena;
    reader->ingress = ingress;
    reader->name = str_copy(&reader->arena, name);
    reader->topic = str_cstr(&reader->arena, topic);
    reader->settings = str_copy(&reader->arena, settings);
    reader->is_wanted = true;
    bus_progress_init(&reader->progress);
    TAILQ_INSERT_TAIL(&ingress->readers, reader, link);
    if (!mapping_compile(&reader->arena, reader->settings, &reader->mapping, &err))
        log_error("ingress", "subscription %.*s: %s: %s", STR_ARG(name), err.place, err.text);
    else if (!join_topic(reader, &err))
        log_failure("ingress", &err);
    else
        log_info("ingress", "subscription %.*s reads %s", STR_ARG(name), reader->topic);
}

static void stop_reader(struct reader *reader)
{
    struct ingress *ingress = reader->ingress;
    if (reader->consumer != NULL)
        bus_consumer_free(reader->consumer);
    reader->consumer = NULL;
    if (reader->in_flight > 0)
        return;
    TAILQ_REMOVE(&ingress->readers, reader, link);
    free_reader(reader);
}

static struct reader *find_reader(struct ingress *ingress, str name, str topic, str settings)
{
    struct reader *reader;
    TAILQ_FOREACH(reader, &ingress->readers, link)
    if (str_equal(reader->name, name) && str_equal(str_of(reader->topic), topic) &&
        str_equal(reader->settings, settings))
        return reader;
    return NULL;
}

static void on_subscriptions(void *context, const struct query_rows *rows, const struct error *err)
{
    struct ingress *ingress = pending_end(context);
    struct reader *reader;
    struct reader *next;
    if (ingress == NULL)
        return;
    if (rows == NULL) {
        log_failure("ingress", err);
        return;
    }
    TAILQ_FOREACH(reader, &ingress->readers, link)
    reader->is_wanted = false;
    for (size_t row = 0; row < query_row_count(rows); row++) {
        str name = query_value(rows, row, 0);
        str topic = query_value(rows, row, 1);
        str settings = query_value(rows, row, 2);
        reader = find_reader(ingress, name, topic, settings);
        if (reader != NULL)
            reader->is_wanted = true;
        else
            start_reader(ingress, name, topic, settings);
    }
    for (reader = TAILQ_FIRST(&ingress->readers); reader != NULL; reader = next) {
        next = TAILQ_NEXT(reader, link);
        if (!reader->is_wanted)
            stop_reader(reader);
    }
}

static void rejoin_stuck(struct ingress *ingress)
{
    struct reader *reader;
    struct error err;
    int64_t now_ms = clock_now_ms();
    TAILQ_FOREACH(reader, &ingress->readers, link)
    {
        if (reader->stuck_ms == 0 || now_ms - reader->stuck_ms < INGRESS_STUCK_MS)
            continue;
        reader->stuck_ms = join_topic(reader, &err) ? 0 : now_ms;
        if (reader->stuck_ms != 0)
            log_failure("ingress", &err);
    }
}

static void on_turn(void *context)
{
    struct ingress *ingress = context;
    struct arena arena = ARENA_EMPTY;
    rejoin_stuck(ingress);
    if (ingress->asked.count == 0 && query_pool_is_ready(ingress->options.reader))
        query_statement(ingress->options.reader,
                        catalogue_enabled_subscriptions(&arena, INGRESS_MAX_SUBSCRIPTIONS),
                        on_subscriptions, pending_new(&ingress->asked, ingress));
    arena_done(&arena);
    timer_set(ingress->turn, INGRESS_RELOAD_MS);
}

// -- Life -------------------------------------------------------------------------------

struct ingress *ingress_new(const struct ingress_options *options, struct error *err)
{
    struct ingress *ingress = calloc(1, sizeof *ingress);
    check(ingress != NULL);
    const struct config *config = options->config;
    ingress->options = *options;
    ingress->bus =
        (struct bus_options){config_str(config, CONFIG_KAFKA_BROKERS), options->node_name,
                             config_str(config, CONFIG_KAFKA_PROPERTIES)};
    ingress->commands =
        str_cstr(&ingress->arena,
                 topic_full_name(&ingress->arena, config_str(config, CONFIG_KAFKA_TOPIC_PREFIX),
                                 TOPIC_COMMANDS, STR_EMPTY));
    TAILQ_INIT(&ingress->readers);
    TAILQ_INIT(&ingress->waiting);
    TAILQ_INIT(&ingress->refused);
    struct bus_producer_options producing = {.bus = ingress->bus};
    struct bus_producer_handler handler = {
        .context = ingress, .delivered = on_delivered, .room = on_room, .broken = on_broken};
    ingress->producer = bus_producer_new(&producing, &handler, options->loop, err);
    if (ingress->producer == NULL) {
        free(ingress);
        return NULL;
    }
    ingress->turn = timer_new(options->loop, on_turn, ingress);
    ingress->resend = timer_new(options->loop, on_resend, ingress);
    timer_set(ingress->turn, INGRESS_RELOAD_MS);
    return ingress;
}

// They are read again by whoever reads on.
static void drop_all(struct flight_list *list)
{
    struct flight *flight;
    while ((flight = TAILQ_FIRST(list)) != NULL) {
        TAILQ_REMOVE(list, flight, link);
        bus_progress_forget(&flight->reader->progress);
        end_flight(flight);
    }
}

void ingress_free(struct ingress *ingress)
{
    if (ingress == NULL)
        return;
    pending_cancel(&ingress->asked);
    timer_free(ingress->turn);
    (void)bus_producer_flush(ingress->producer, 5000);
    bus_producer_free(ingress->producer);
    drop_all(&ingress->refused);
    drop_all(&ingress->waiting);
    for (struct reader *reader = TAILQ_FIRST(&ingress->readers), *next; reader != NULL;
         reader = next) {
        next = TAILQ_NEXT(reader, link);
        stop_reader(reader);
    }
    timer_free(ingress->resend);
    arena_done(&ingress->arena);
    free(ingress);
}

void ingress_add_metrics(const struct ingress *ingress, struct strbuf *out)
{
    const struct reader *reader;
    unsigned stuck = 0;
    TAILQ_FOREACH(reader, &ingress->readers, link)
    stuck += reader->stuck_ms != 0;
    strbuf_format(out,
                  "# HELP baton_ingress_stuck Subscriptions that stand at a record that can go "
                  "nowhere.\n# TYPE baton_ingress_stuck gauge\nbaton_ingress_stuck %u\n",
                  stuck);
    strbuf_format(out,
                  "# HELP baton_ingress_records_total Records of user topics, by what became of "
                  "them.\n# TYPE baton_ingress_records_total counter\n"
                  "baton_ingress_records_total{outcome=\"sent\"} %llu\n"
                  "baton_ingress_records_total{outcome=\"skipped\"} %llu\n"
                  "baton_ingress_records_total{outcome=\"dead\"} %llu\n",
                  (unsigned long long)ingress->sent, (unsigned long long)ingress->skipped,
                  (unsigned long long)ingress->dead);
}
