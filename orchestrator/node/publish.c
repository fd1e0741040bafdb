// SPDX-License-Identifier: Apache-2.0
//
// What goes out after a commit, in order: jobs, replies and commands to other shards from the
// outbox, then history as events. Only what is committed is published; how far it came is written
// with a later commit, so a successor sends some of it again, with the same numbers.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/mac.h"
#include "bpmn/process.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)BUS_MAX_RECORD_BYTES == (int)LIMIT_RECORD_BYTES,
               "what the engine makes is what the producer takes");

enum { TOPIC_TIMEOUT_MS = 3000, NODE_MAX_HEADERS = 6 };

static struct publishing *publishing_new(struct shard *shard)
{
    struct publishing *publishing = calloc(1, sizeof *publishing);
    check(publishing != NULL);
    publishing->shard = shard;
    publishing->since_ms = node_now_ms(shard->node);
    if (shard->outgoing.last != NULL)
        shard->outgoing.last->next = publishing;
    else
        shard->outgoing.first = publishing;
    shard->outgoing.last = publishing;
    shard->outgoing.count++;
    return publishing;
}

static void publishing_free(struct publishing *publishing)
{
    arena_done(&publishing->arena);
    free(publishing);
}

bool publish_is_done(const struct shard *shard)
{
    return shard->outgoing.first == NULL;
}

// -- Events -----------------------------------------------------------------------------

// History names elements by their index in the definition; readers of the topic get the ids.
static const struct event *name_elements(struct arena *arena, const struct node *node,
                                         const struct history_row *row)
{
    const struct bpmn_process *process =
        row->definition != 0 ? definitions_find_process(node->definitions, row->definition) : NULL;
    if (process == NULL)
        return row->events;
    struct event *events = arena_copy(arena, row->events, row->count * sizeof *events);
    for (size_t i = 0; i < row->count; i++)
        if (events[i].element > 0 && events[i].element <= process->element_count)
            events[i].element_id = process->elements[events[i].element - 1].id;
    return events;
}

static void add_event(struct publishing *publishing, const struct shard *shard,
                      const struct history_row *row)
{
    struct arena *arena = &publishing->arena;
    struct wire_step step = {.shard = shard->number, .tenant = row->tenant, .row = *row};
    step.row.events = name_elements(arena, shard->node, row);
    struct strbuf value = strbuf_new(arena);
    wire_encode_step(&value, &step);
    publishing->events[publishing->event_count++] = (struct outbox_record){
        .partition = (int32_t)(shard->number % shard->node->event_partitions),
        .topic = STR("events"),
        .key = str_format(arena, "%llu", (unsigned long long)row->stream),
        .value = strbuf_str(&value),
        .note = str_format(arena, "%u-%llu-%llu", shard->number, (unsigned long long)row->stream,
                           (unsigned long long)row->sequence),
    };
}

static void add_events(struct publishing *publishing, const struct shard *shard,
                       const struct changes *changes)
{
    if (!config_bool(shard->node->config, CONFIG_EVENTS_ENABLED))
        return;
    struct idmap instances = idmap_new(&publishing->arena);
    for (size_t i = 0; i < changes->instances.count; i++)
        idmap_put(&instances, changes->instances.items[i].key, &changes->instances.items[i]);
    publishing->events =
        ARENA_ARRAY(&publishing->arena, struct outbox_record, changes->history.count);
    for (size_t i = 0; i < changes->history.count; i++) {
        struct history_row row = changes->history.items[i];
        const struct instance_row *instance =
            row.stream_kind == STREAM_INSTANCE ? idmap_get(&instances, row.stream) : NULL;
        row.definition = instance != NULL ? instance->definition : 0;
        row.tenant = instance != NULL ? instance->tenant : STR_EMPTY;
        add_event(publishing, shard, &row);
    }
}

// -- Sending ----------------------------------------------------------------------------

struct envelope {
    struct bus_record record;
    struct bus_header headers[NODE_MAX_HEADERS];
    char topic[NODE_TOPIC_NAME];
    char from[48];
    char mac[MAC_LENGTH];
};

static void add_header(struct envelope *envelope, const char *name, str value)
{
    check(envelope->record.header_count < NODE_MAX_HEADERS);
    envelope->headers[envelope->record.header_count++] = (struct bus_header){str_of(name), value};
}

static void address(struct envelope *envelope, const struct node *node,
                    const struct outbox_record *record)
{
    node_topic(node, record->topic, envelope->topic);
    envelope->record = (struct bus_record){.topic = envelope->topic,
                                           .partition = record->partition,
                                           .timestamp_ms = node_now_ms(node),
                                           .key = record->key.len ? record->key : (str){0},
                                           .value = record->value,
                                           .headers = envelope->headers};
}

static void add_mac(struct envelope *envelope, const struct node *node, uint32_t target, str from)
{
    struct arena arena = ARENA_EMPTY;
    str mac = mac_make(&arena, node_secret(node), target, from, envelope->record.value);
    memcpy(envelope->mac, mac.data, MAC_LENGTH);
    add_header(envelope, MAC_HEADER, str_from(envelope->mac, MAC_LENGTH));
    arena_done(&arena);
}

static void add_headers(struct envelope *envelope, const struct node *node,
                        const struct outbox_record *record, uint32_t shard, uint64_t number)
{
    static const str *const types[] = {[OUTBOX_COMMAND] = &wire_command_content_type,
                                       [OUTBOX_JOB] = &wire_job_content_type,
                                       [OUTBOX_REPLY] = &wire_reply_content_type,
                                       [OUTBOX_DEAD_LETTER] = &wire_command_content_type,
                                       [OUTBOX_SIGNED_LETTER] = &wire_command_content_type};
    snprintf(envelope->from, sizeof envelope->from, "%u:%llu", shard, (unsigned long long)number);
    add_header(envelope, "content-type", *types[record->kind]);
    add_header(envelope, FROM_HEADER, str_of(envelope->from));
    if (record->kind == OUTBOX_COMMAND)
        add_mac(envelope, node, (uint32_t)record->partition, str_of(envelope->from));
    if (record->kind == OUTBOX_SIGNED_LETTER)
        add_mac(envelope, node, shard, STR_EMPTY);
    if (record->kind == OUTBOX_DEAD_LETTER || record->kind == OUTBOX_SIGNED_LETTER)
        add_header(envelope, "baton-reason", record->note);
}

static struct bus_topic job_topic(const struct node *node, const char *name)
{
    return (struct bus_topic){
        .name = name,
        .partitions = (int)config_i64(node->config, CONFIG_KAFKA_JOB_PARTITIONS),
        .replicas = (int)config_i64(node->config, CONFIG_KAFKA_REPLICAS),
        .properties = "max.message.bytes=4194304",
    };
}

// Makes the topic of a job type when its first job is published.
static void ensure_job_topic(struct node *node, str topic, const char *name)
{
    if (map_get(&node->job_topics, topic) != NULL)
        return;
    const struct bus_options bus = {
        .brokers = config_str(node->config, CONFIG_KAFKA_BROKERS),
        .properties = config_str(node->config, CONFIG_KAFKA_PROPERTIES),
    };
    const struct bus_topic wanted = job_topic(node, name);
    struct error err;
    if (bus_topics_ensure(&bus, &wanted, 1, TOPIC_TIMEOUT_MS, &err))
        map_put(&node->job_topics, str_copy(&node->arena, topic), node);
    else
        log_failure("node", &err);
}

static enum bus_sending hand_over(struct publishing *publishing, struct bus_producer *producer,
                                  struct envelope *envelope)
{
    struct node *node = publishing->shard->node;
    struct error err;
    enum bus_sending sending =
        bus_producer_send(producer, &envelope->record, (uint64_t)(uintptr_t)publishing, &err);
    if (sending == BUS_SENT)
        publishing->in_flight++;
    if (sending == BUS_REFUSED) {
        metrics_add(&node->metrics, METRIC_PUBLISH_FAILED, 1);
        log_failure("node", &err);
    }
    return sending;
}

static bool send_outbox(struct shard *shard, struct publishing *publishing)
{
    struct node *node = shard->node;
    while (publishing->unsent.len > 0) {
        struct outbox_record record;
        struct envelope envelope;
        str rest = publishing->unsent;
        check(outbox_unpack(&rest, &record));
        address(&envelope, node, &record);
        add_headers(&envelope, node, &record, shard->number, publishing->number);
        if (record.kind == OUTBOX_JOB)
            ensure_job_topic(node, record.topic, envelope.topic);
        if (hand_over(publishing, node->producer, &envelope) == BUS_FULL)
            return false;
        publishing->unsent = rest;
        publishing->number++;
    }
    return true;
}

static bool send_events(struct shard *shard, struct publishing *publishing)
{
    for (; publishing->event_at < publishing->event_count; publishing->event_at++) {
        const struct outbox_record *event = &publishing->events[publishing->event_at];
        struct envelope envelope;
        address(&envelope, shard->node, event);
        add_header(&envelope, "content-type", wire_step_content_type);
        add_header(&envelope, "ce_specversion", STR("1.0"));
        add_header(&envelope, "ce_type", STR("baton.step"));
        add_header(&envelope, "ce_source", STR("/baton/shards"));
        add_header(&envelope, "ce_id", event->note);
        if (hand_over(publishing, shard->node->events_producer, &envelope) == BUS_FULL)
            return false;
    }
    return true;
}

static bool is_sent(const struct publishing *publishing)
{
    return publishing->unsent.len == 0 && publishing->event_at == publishing->event_count;
}

// Progress goes by whole batches, in order.
static void drop_delivered(struct shard *shard)
{
    struct publishing *first;
    while ((first = shard->outgoing.first) != NULL && is_sent(first) && first->in_flight == 0) {
        shard->outgoing.published = first->next_number;
        if (first->batch > shard->outgoing.events_published)
            shard->outgoing.events_published = first->batch;
        shard->outgoing.first = first->next;
        if (shard->outgoing.first == NULL)
            shard->outgoing.last = NULL;
        shard->outgoing.count--;
        if (first->next_number > shard->outgoing.failed_number)
            shard->outgoing.failures = 0;
        shard->outgoing.trim_needed = true;
        publishing_free(first);
    }
}

void publish_more(struct shard *shard)
{
    for (struct publishing *p = shard->outgoing.first; p != NULL; p = p->next)
        if (!is_sent(p) && (!send_outbox(shard, p) || !send_events(shard, p)))
            break;
    drop_delivered(shard);
}

// The broker took a record back: its topic was deleted, or is forbidden to us. The shard is
// acquired again, so that its outbox is sent again (what waited behind the record has failed with
// it, so nothing of a higher number is there before it); a record that is refused for ever is given
// up, and what waits for it (a lease, a caller's patience) ends in its own time.
static bool sends_again(struct shard *shard, struct publishing *publishing,
                        const struct error *failure)
{
    struct node *node = shard->node;
    shard->outgoing.failed_number = publishing->next_number;
    if (shard->outgoing.failures++ < NODE_PUBLISH_TRIES) {
        node->job_topics = map_new(&node->arena); // one of them may have been deleted
        node_shard_restart(shard, failure->text);
        return true;
    }
    log_error("node",
              "ALARM: shard %u: a record could not be delivered in %d tries and is lost: %s",
              shard->number, NODE_PUBLISH_TRIES, failure->text);
    return false;
}

void publish_delivered(struct node *node, uint64_t tag, const struct error *failure)
{
    struct publishing *publishing = (struct publishing *)(uintptr_t)tag;
    metrics_add(&node->metrics, failure ? METRIC_PUBLISH_FAILED : METRIC_PUBLISHED, 1);
    if (failure != NULL)
        log_failure("node", failure);
    if (publishing == NULL)
        return;
    publishing->in_flight--;
    struct shard *shard = publishing->shard;
    if (shard == NULL) {
        if (publishing->in_flight == 0)
            publishing_free(publishing);
        return;
    }
    if (failure != NULL && sends_again(shard, publishing, failure))
        return; // forgotten with the shard's earlier life
    bool was_full = shard->outgoing.count >= NODE_MAX_PUBLISHING;
    drop_delivered(shard);
    if (was_full || (shard->state == SHARD_DRAINING && publish_is_done(shard)))
        node_shard_wake(shard);
}

void publish_forget(struct shard *shard)
{
    struct publishing *publishing = shard->outgoing.first;
    while (publishing != NULL) {
        struct publishing *next = publishing->next;
        publishing->shard = NULL;
        if (publishing->in_flight == 0)
            publishing_free(publishing);
        publishing = next;
    }
    shard->outgoing.first = shard->outgoing.last = NULL;
    shard->outgoing.count = 0;
}

// -- What is to be sent -----------------------------------------------------------------

void publish_batch(struct shard *shard, struct batch *batch)
{
    struct publishing *publishing = publishing_new(shard);
    publishing->arena = batch->arena; // the packed records live in it
    batch->arena = (struct arena)ARENA_EMPTY;
    publishing->unsent = strbuf_str(&batch->outbound);
    publishing->number = batch->first_outbound;
    publishing->next_number = batch->next_outbound;
    publishing->batch = batch->number;
    add_events(publishing, shard, &batch->changes);
    batch_free(batch);
    publish_more(shard);
}

void publish_outbox(struct shard *shard, const struct store_shard *acquired)
{
    for (size_t i = 0; i < acquired->outbox_count; i++) {
        const struct store_outbox_row *row = &acquired->outbox[i];
        struct publishing *publishing = publishing_new(shard);
        publishing->unsent = str_copy(&publishing->arena, row->payload);
        publishing->number = row->first;
        publishing->next_number =
            i + 1 < acquired->outbox_count ? row[1].first : acquired->next_outbound;
    }
    if (acquired->outbox_count > 0)
        shard->outgoing.published = acquired->outbox[0].first;
    shard->outgoing.trimmed = shard->outgoing.published;
}

bool publish_history(struct shard *shard, uint64_t batch, const struct history_row *row, str events,
                     struct error *err)
{
    struct publishing *last = shard->outgoing.last;
    if (last == NULL || last->batch != batch) {
        last = publishing_new(shard);
        last->number = last->next_number = shard->next_outbound;
        last->batch = batch;
    }
    struct history_row copy = *row;
    struct event *decoded;
    str bytes = str_copy(&last->arena, events);
    copy.tenant = str_copy(&last->arena, row->tenant);
    if (!wire_decode_events(&last->arena, bytes, &decoded, &copy.count, err))
        return false;
    copy.events = decoded;
    last->events = array_room(&last->arena, last->events, last->event_count, &last->event_capacity,
                              sizeof *last->events);
    add_event(last, shard, &copy);
    return true;
}

// -- Commands of the node's own ---------------------------------------------------------

void publish_to(struct node *node, uint32_t shard, const struct command *command)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf value = strbuf_new(&arena);
    wire_encode_command(&value, command);
    const struct bus_header headers[] = {
        {STR("content-type"), wire_command_content_type},
        {STR(MAC_HEADER),
         mac_make(&arena, node_secret(node), shard, STR_EMPTY, strbuf_str(&value))},
    };
    const struct bus_record record = {.topic = node->topic_commands,
                                      .partition = (int32_t)shard,
                                      .timestamp_ms = node_now_ms(node),
                                      .value = strbuf_str(&value),
                                      .header_count = COUNT_OF(headers),
                                      .headers = headers};
    struct error err;
    if (bus_producer_send(node->producer, &record, 0, &err) == BUS_REFUSED)
        log_failure("node", &err);
    arena_done(&arena);
}

void publish_own(struct shard *shard, const struct command *command)
{
    publish_to(shard->node, shard->number, command);
}
