// SPDX-License-Identifier: Apache-2.0
//
// The bus layer's headers over the simulated brokers. Allowed by those headers, and done here at
// random: records fetched before a seek are handed over after it, a seek is lost, a resumed
// partition goes on where the caller stood last, the queue is full, a producer that dies loses what
// it had not sent and never learns of what it had.
#include "fake_bus.h"

#include "bus/claim.h"
#include "bus/errand.h"
#include "bus/lane.h"
#include "kafka.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    FETCH_MOST = 60,
    SERVE_MOST = 50,
    STOPPED = -9,
    CUT_RETRY_MS = 100,
    STALE_PERCENT = 10,
    SEEK_LOST_PERCENT = 3,
    ANSWERED_US = 3000,
    REFUSED_US = 300000,      // a refusal takes its time, so that others gather behind it
    LOST_OF_TEN_THOUSAND = 5, // records not handed over, and handed over twice
};

struct fetched {
    const struct kafka_record *record; // NULL: the offset asked for is out of range
    uint32_t partition;
    uint64_t version;
};

struct reading {
    bool assigned;
    bool paused;
    int64_t position; // the next to fetch
    int64_t handed;   // the next after the last one handed over
    int64_t end_seen;
    uint64_t version; // counts what makes fetched records stale
};

struct bus_consumer {
    struct machine *machine;
    struct bus_consumer_handler handler;
    struct reading partitions[WORLD_SHARDS];
    ARRAY(struct fetched) queue;
    size_t queue_at;
    struct action *fetching;
    struct action *serving;
};

// -- Reading ----------------------------------------------------------------------------

static void fetch(void *context);
static void serve(void *context);

void fake_bus_wake(struct bus_consumer *consumer)
{
    if (consumer->fetching == NULL && machine_is_up(consumer->machine))
        consumer->fetching =
            world_later(world_between(200, 4000), consumer->machine, fetch, consumer);
}

bool fake_bus_reads(const struct bus_consumer *consumer, uint32_t partition)
{
    return consumer->partitions[partition].assigned && !consumer->partitions[partition].paused;
}

static void serve_soon(struct bus_consumer *consumer)
{
    if (consumer->serving == NULL && consumer->queue_at < consumer->queue.count)
        consumer->serving = world_later(world_between(0, 800), consumer->machine, serve, consumer);
}

static void queue_up(struct bus_consumer *consumer, uint32_t partition,
                     const struct kafka_record *record)
{
    *ARRAY_PUSH(&world->arena, &consumer->queue) =
        (struct fetched){record, partition, consumer->partitions[partition].version};
}

static bool fetch_partition(struct bus_consumer *consumer, uint32_t number)
{
    struct reading *reading = &consumer->partitions[number];
    struct kafka_partition *partition = kafka_commands(number);
    int64_t end = kafka_end(partition);
    if (!reading->assigned || reading->paused || reading->position == STOPPED)
        return false;
    reading->end_seen = end;
    partition->looked = true;
    if (reading->position > end || reading->position < partition->low) {
        reading->position = STOPPED;
        queue_up(consumer, number, NULL);
        return false;
    }
    int64_t most = world_between(1, FETCH_MOST);
    while (reading->position < end && most-- > 0)
        queue_up(consumer, number, kafka_at(partition, reading->position++));
    return reading->position < end;
}

static void fetch(void *context)
{
    struct bus_consumer *consumer = context;
    consumer->fetching = NULL;
    if (kafka_cut_until(consumer->machine) > world->now_us) {
        consumer->fetching =
            world_later(CUT_RETRY_MS * WORLD_MS, consumer->machine, fetch, consumer);
        return;
    }
    bool more = false;
    for (uint32_t i = 0; i < world->options.shards; i++)
        more = fetch_partition(consumer, i) || more;
    serve_soon(consumer);
    if (more)
        fake_bus_wake(consumer);
}

static void hand_over(struct bus_consumer *consumer, const struct fetched *fetched)
{
    struct reading *reading = &consumer->partitions[fetched->partition];
    const struct kafka_record *record = fetched->record;
    const struct bus_partition where = {"baton.commands", (int32_t)fetched->partition,
                                        reading->handed};
    struct error err;
    if (record == NULL) {
        (void)error_set(&err, ERROR_IO, "baton.commands", "offset out of range");
        consumer->handler.fault(consumer->handler.context, &where, BUS_FAULT_RANGE, &err);
        return;
    }
    reading->handed = record->offset + 1;
    const struct bus_record handed = {.topic = "baton.commands",
                                      .partition = (int32_t)fetched->partition,
                                      .offset = record->offset,
                                      .timestamp_ms = record->time_ms,
                                      .key = record->key,
                                      .value = record->value,
                                      .header_count = record->header_count,
                                      .headers = record->headers};
    if (!world->calm && world_rarely(LOST_OF_TEN_THOUSAND))
        return;
    consumer->handler.record(consumer->handler.context, &handed);
    if (!world->calm && world_rarely(LOST_OF_TEN_THOUSAND) && machine_is_up(consumer->machine))
        consumer->handler.record(consumer->handler.context, &handed);
}

static void serve(void *context)
{
    struct bus_consumer *consumer = context;
    consumer->serving = NULL;
    size_t most = SERVE_MOST;
    while (consumer->queue_at < consumer->queue.count && most-- > 0 &&
           machine_is_up(consumer->machine)) {
        struct fetched fetched = consumer->queue.items[consumer->queue_at++];
        if (consumer->partitions[fetched.partition].version == fetched.version &&
            consumer->partitions[fetched.partition].assigned)
            hand_over(consumer, &fetched);
    }
    if (consumer->queue_at == consumer->queue.count)
        consumer->queue_at = consumer->queue.count = 0;
    if (machine_is_up(consumer->machine))
        consumer->handler.drained(consumer->handler.context);
    if (machine_is_up(consumer->machine))
        serve_soon(consumer);
}

// -- The group --------------------------------------------------------------------------

void fake_bus_revoked(struct bus_consumer *consumer)
{
    struct machine *before = world->current;
    world->current = consumer->machine;
    world_tell("its shards are revoked");
    consumer->handler.revoked(consumer->handler.context);
    for (uint32_t i = 0; i < WORLD_SHARDS; i++)
        consumer->partitions[i].assigned = false;
    world->current = before;
}

void fake_bus_assigned(struct bus_consumer *consumer, const struct bus_partition *partitions,
                       size_t count)
{
    for (size_t i = 0; i < count; i++)
        world_tell("is given shard %d", (int)partitions[i].partition);
    consumer->handler.assigned(consumer->handler.context, partitions, count);
}

// -- What node calls --------------------------------------------------------------------

struct bus_consumer *bus_consumer_new(const struct bus_consumer_options *options,
                                      const struct bus_consumer_handler *handler,
                                      struct event_base *loop, struct error *err)
{
    (void)err;
    check(options->kind == BUS_CONSUMER_HINTED && options->reset == BUS_RESET_ERROR);
    struct bus_consumer *consumer = ARENA_NEW(&world->arena, struct bus_consumer);
    consumer->machine = loop->machine;
    consumer->handler = *handler;
    for (uint32_t i = 0; i < WORLD_SHARDS; i++)
        consumer->partitions[i].end_seen = -1;
    loop->machine->consumer = consumer;
    kafka_join(loop->machine);
    return consumer;
}

void bus_consumer_free(struct bus_consumer *consumer)
{
    if (consumer != NULL && consumer->machine->consumer == consumer)
        consumer->machine->consumer = NULL;
}

bool bus_consumer_assign(struct bus_consumer *consumer, const struct bus_partition *partitions,
                         size_t count, struct error *err)
{
    (void)err;
    if (!machine_effect(consumer->machine))
        return true;
    for (uint32_t i = 0; i < WORLD_SHARDS; i++) {
        consumer->partitions[i].assigned = consumer->partitions[i].paused = false;
        consumer->partitions[i].version++;
    }
    for (size_t i = 0; i < count; i++) {
        struct reading *reading = &consumer->partitions[partitions[i].partition];
        int64_t end = kafka_end(kafka_commands((uint32_t)partitions[i].partition));
        reading->assigned = true;
        reading->position = partitions[i].offset == BUS_OFFSET_END ? end : partitions[i].offset;
        reading->handed = reading->position;
    }
    fake_bus_wake(consumer);
    return true;
}

bool bus_consumer_seek(struct bus_consumer *consumer, const struct bus_partition *partition,
                       struct error *err)
{
    struct reading *reading = &consumer->partitions[partition->partition];
    if (!machine_effect(consumer->machine))
        return true;
    if (!reading->assigned)
        return error_set(err, ERROR_IO, "baton.commands", "the partition is not assigned");
    if (!world->calm && world_chance(SEEK_LOST_PERCENT))
        return true;
    reading->position = reading->handed = partition->offset;
    reading->version += !world_chance(STALE_PERCENT);
    fake_bus_wake(consumer);
    return true;
}

void bus_consumer_pause(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    (void)topic;
    struct reading *reading = &consumer->partitions[partition];
    if (!machine_effect(consumer->machine))
        return;
    reading->paused = true;
    reading->version++;
}

void bus_consumer_resume(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    (void)topic;
    struct reading *reading = &consumer->partitions[partition];
    if (!machine_effect(consumer->machine) || !reading->paused)
        return;
    reading->paused = false;
    if (reading->position != STOPPED)
        reading->position = reading->handed;
    reading->version++;
    fake_bus_wake(consumer);
}

int64_t bus_consumer_end_seen(struct bus_consumer *consumer, const char *topic, int32_t partition)
{
    (void)topic;
    return consumer->partitions[partition].end_seen;
}

// -- Sending ----------------------------------------------------------------------------

struct sending { // one record
    struct letter letter;
    struct bus_producer *producer;
    struct kafka_topic *topic;
    int32_t partition;
    struct kafka_record *record;
    uint64_t tag;
};

struct request { // records of one lane
    struct request *next;
    struct bus_producer *producer;
    struct letter *letters;
    bool lost; // its process died before it was sent
    bool refused;
};

struct route { // to a topic
    struct route *next;
    struct kafka_topic *topic;
    struct idmap lanes;
};

struct bus_producer {
    struct bus_producer *next; // of the same machine
    struct machine *machine;
    uint64_t life; // of the machine
    struct bus_producer_handler handler;
    struct route *routes;
    struct lanes lanes;
    struct request *wire; // not with the brokers yet
    struct action *handing_over;
    size_t pending; // not reported yet
    size_t limit;
    int32_t sent;
    bool ordered;
    bool full;
};

static const struct error refusal = {.kind = ERROR_IO, .text = "the broker refuses"};

static bool is_mutated(enum mutation mutation)
{
    return world->options.mutation == mutation;
}

// -- Reports ----------------------------------------------------------------------------

static void tell(struct sending *sending, const struct error *failure)
{
    struct bus_producer *producer = sending->producer;
    producer->pending--;
    producer->handler.delivered(producer->handler.context, sending->tag, failure);
}

static void act_acknowledge(void *context)
{
    tell(context, NULL);
}

static void report_delivered(struct sending *sending)
{
    lane_delivered(&sending->producer->lanes, &sending->letter);
    if (!is_mutated(MUTATION_ACK_BEFORE_DURABLE))
        tell(sending, NULL);
}

static void report_refused(struct sending *sending)
{
    struct bus_producer *producer = sending->producer;
    struct letter *behind = NULL;
    if (producer->ordered && !is_mutated(MUTATION_REFUSED_OVERTAKEN))
        behind = lane_refused(&producer->lanes, &sending->letter);
    else
        lane_delivered(&producer->lanes, &sending->letter);
    tell(sending, &refusal);
    for (; behind != NULL && machine_is_up(producer->machine); behind = behind->next)
        tell((struct sending *)behind, &refusal);
}

static void hand_over_soon(struct bus_producer *producer);

static void act_report(void *context)
{
    struct request *request = context;
    struct bus_producer *producer = request->producer;
    bool refused = request->refused && !is_mutated(MUTATION_REFUSAL_UNTOLD) &&
                   !is_mutated(MUTATION_ACK_BEFORE_DURABLE);
    struct letter *letter = request->letters;
    for (; letter != NULL && machine_is_up(producer->machine); letter = letter->next)
        if (refused)
            report_refused((struct sending *)letter);
        else
            report_delivered((struct sending *)letter);
    hand_over_soon(producer);
    if (producer->full && producer->pending <= producer->limit / 2 &&
        machine_is_up(producer->machine)) {
        producer->full = false;
        producer->handler.room(producer->handler.context);
    }
}

// -- Requests ---------------------------------------------------------------------------

static void act_arrive(void *context)
{
    struct request *request = context;
    struct bus_producer *producer = request->producer;
    struct request **at = &producer->wire;
    if (request->lost)
        return;
    while (*at != request)
        at = &(*at)->next;
    *at = request->next;
    request->refused = kafka_refuses(producer->machine);
    for (struct letter *letter = request->letters; letter != NULL; letter = letter->next) {
        struct sending *sending = (struct sending *)letter;
        if (!request->refused)
            kafka_append(sending->topic, sending->partition, sending->record);
    }
    if (producer->life == producer->machine->life)
        world_later(world_between(100, request->refused ? REFUSED_US : ANSWERED_US),
                    producer->machine, act_report, request);
}

static int64_t travel_us(const struct bus_producer *producer)
{
    int64_t travel = world_between(300, 4000);
    int64_t cut_us = kafka_cut_until(producer->machine);
    return world->now_us + travel < cut_us ? cut_us - world->now_us + world_between(300, 4000)
                                           : travel;
}

static void act_hand_over(void *context)
{
    struct bus_producer *producer = context;
    struct letter *letters;
    producer->handing_over = NULL;
    while ((letters = lanes_take(&producer->lanes)) != NULL) {
        struct request *request = ARENA_NEW(&world->arena, struct request);
        request->producer = producer;
        request->letters = letters;
        request->next = producer->wire;
        producer->wire = request;
        world_later(travel_us(producer), NULL, act_arrive, request);
    }
}

static void hand_over_soon(struct bus_producer *producer)
{
    if (producer->handing_over == NULL && producer->lanes.ready_first != NULL)
        producer->handing_over =
            world_later(world_between(0, 800), producer->machine, act_hand_over, producer);
}

// -- What node calls --------------------------------------------------------------------

struct bus_producer *bus_producer_new(const struct bus_producer_options *options,
                                      const struct bus_producer_handler *handler,
                                      struct event_base *loop, struct error *err)
{
    (void)err;
    check(options->timeout_ms == 0); // so order has no gaps
    struct bus_producer *producer = ARENA_NEW(&world->arena, struct bus_producer);
    producer->machine = loop->machine;
    producer->life = loop->machine->life;
    producer->handler = *handler;
    producer->ordered = options->ordered;
    producer->lanes = lanes_new(&world->arena, (size_t)world_between(2, 5));
    producer->limit = (size_t)world_between(8, 400);
    producer->next = loop->machine->producer;
    loop->machine->producer = producer;
    return producer;
}

void bus_producer_free(struct bus_producer *producer)
{
    (void)producer; // the world's arena has it; fake_bus_gone has dealt with what was in flight
}

static struct route *route_to(struct bus_producer *producer, struct kafka_topic *topic)
{
    for (struct route *route = producer->routes; route != NULL; route = route->next)
        if (route->topic == topic)
            return route;
    struct route *route = ARENA_NEW(&world->arena, struct route);
    *route = (struct route){producer->routes, topic, idmap_new(&world->arena)};
    producer->routes = route;
    return route;
}

static struct sending *sending_new(struct bus_producer *producer, const struct bus_record *record)
{
    struct sending *sending = ARENA_NEW(&world->arena, struct sending);
    sending->producer = producer;
    sending->topic = kafka_topic(str_of(record->topic));
    sending->partition = record->partition == BUS_PARTITION_BY_KEY
                             ? (int32_t)kafka_partition_of_key(sending->topic, record->key)
                             : record->partition;
    sending->record = kafka_copy(record);
    if (record->timestamp_ms == 0)
        sending->record->time_ms = world->now_us / WORLD_MS + producer->machine->skew_ms;
    return sending;
}

enum bus_sending bus_producer_send(struct bus_producer *producer, const struct bus_record *record,
                                   uint64_t tag, struct error *err)
{
    if (producer->pending >= producer->limit) {
        (void)error_set(err, ERROR_LIMIT, record->topic, "the queue is full");
        producer->full = true;
        return BUS_FULL;
    }
    if (!machine_effect(producer->machine))
        return BUS_SENT;
    struct sending *sending = sending_new(producer, record);
    struct route *route = route_to(producer, sending->topic);
    producer->sent++;
    int32_t lane = is_mutated(MUTATION_REORDERING) ? producer->sent : sending->partition;
    sending->tag = tag;
    producer->pending++;
    lane_add(&producer->lanes, lanes_get(&producer->lanes, &route->lanes, lane), &sending->letter);
    hand_over_soon(producer);
    if (is_mutated(MUTATION_ACK_BEFORE_DURABLE))
        world_later(0, producer->machine, act_acknowledge, sending);
    return BUS_SENT;
}

// What was on the wire arrives or does not, what was in memory is lost.
void fake_bus_gone(struct bus_producer *producer)
{
    for (; producer != NULL; producer = producer->next)
        for (struct request *request = producer->wire; request != NULL; request = request->next)
            request->lost = request->lost || world_chance(40);
}

str bus_record_header(const struct bus_record *record, str name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (str_equal(record->headers[i].name, name))
            return record->headers[i].value;
    return (str){0};
}

// One installation, and nobody else.
bool bus_claim(const struct bus_options *options, const struct bus_claim *claim,
               char ret_owner[BUS_OWNER_MAX], struct error *err)
{
    (void)options, (void)err;
    snprintf(ret_owner, BUS_OWNER_MAX, "%s", claim->owner);
    return true;
}

bool bus_topics_ensure(const struct bus_options *options, const struct bus_topic *topics,
                       size_t count, int timeout_ms, struct error *err)
{
    (void)options, (void)timeout_ms;
    if (!world->calm && world_chance(5))
        return error_set(err, ERROR_UNAVAILABLE, topics[0].name, "no broker answers");
    for (size_t i = 0; i < count; i++)
        (void)kafka_topic(str_of(topics[i].name));
    return true;
}

// -- Errands ----------------------------------------------------------------------------

// Workers of this world take a job when it is on its topic, so their group has always seen it all.
struct bus_errands {
    struct machine *machine;
    struct error err;
};

struct errand {
    struct bus_errands *errands;
    str topic;
    bus_topic_made *made;
    bus_group_placed *placed;
    bus_ends_found *ends_found;
    bus_members_found *members_found;
    int32_t partition;
    void *context;
};

// Brokers that are away, and some that will not make a topic for a while.
static const struct error *errand_failure(const struct errand *errand)
{
    static const struct error away = {.kind = ERROR_UNAVAILABLE, .text = "no broker answers"};
    static const struct error denied = {.kind = ERROR_IO, .text = "the topic cannot be made"};
    if (kafka_cut_until(errand->errands->machine) > world->now_us)
        return &away;
    if (!world->calm && world_chance(10))
        return errand->made != NULL && world_chance(50) ? &denied : &away;
    return NULL;
}

static void act_errand(void *context)
{
    struct errand *errand = context;
    struct bus_group_place *places;
    const struct error *failure = errand_failure(errand);
    if (errand->members_found != NULL) {
        errand->members_found(errand->context, NULL, 0, failure);
        return;
    }
    const struct kafka_topic *topic = kafka_topic(errand->topic);
    places = ARENA_ARRAY(&world->arena, struct bus_group_place, topic->count);
    for (uint32_t i = 0; i < topic->count; i++) {
        int64_t end = kafka_end(&topic->partitions[i]);
        places[i] = (struct bus_group_place){.partition = (int32_t)i, .end = end, .committed = end};
    }
    if (errand->made != NULL)
        errand->made(errand->context, failure);
    else if (errand->ends_found != NULL)
        errand->ends_found(errand->context, topic->partitions[errand->partition].low,
                           places[errand->partition].end, failure);
    else
        errand->placed(errand->context, places, failure ? 0 : topic->count, failure);
}

static void send_errand(struct bus_errands *errands, const struct errand *errand, const char *topic)
{
    struct errand *kept = arena_copy(&world->arena, errand, sizeof *errand);
    kept->errands = errands;
    kept->topic = str_copy(&world->arena, str_of(topic));
    world_later(world_between(1, 600) * WORLD_MS, errands->machine, act_errand, kept);
}

struct bus_errands *bus_errands_new(const struct bus_options *options, struct event_base *loop,
                                    struct error *err)
{
    (void)options, (void)loop, (void)err;
    struct bus_errands *errands = ARENA_NEW(&world->arena, struct bus_errands);
    errands->machine = world->current;
    return errands;
}

void bus_errands_free(struct bus_errands *errands)
{
    (void)errands; // what is out dies with the machine
}

void bus_make_topic(struct bus_errands *errands, const struct bus_topic *topic,
                    bus_topic_made *done, void *context)
{
    send_errand(errands, &(struct errand){.made = done, .context = context}, topic->name);
}

void bus_find_ends(struct bus_errands *errands, const char *topic, int32_t partition,
                   bus_ends_found *done, void *context)
{
    send_errand(errands,
                &(struct errand){.ends_found = done, .partition = partition, .context = context},
                topic);
}

void bus_find_group(struct bus_errands *errands, const char *topic, const char *group,
                    bus_group_placed *done, void *context)
{
    (void)group;
    send_errand(errands, &(struct errand){.placed = done, .context = context}, topic);
}

void bus_find_members(struct bus_errands *errands, const char *group, bus_members_found *done,
                      void *context)
{
    send_errand(errands, &(struct errand){.members_found = done, .context = context}, group);
}

bool bus_topic_partitions(const struct bus_options *options, const char *topic, int timeout_ms,
                          int *ret_partitions, struct error *err)
{
    (void)options, (void)topic, (void)timeout_ms, (void)err;
    *ret_partitions = (int)world->options.shards;
    return true;
}
