// SPDX-License-Identifier: Apache-2.0
//
// History on the event topic. Readers of it never hold the engine up: when the topic refuses what
// is sent, the shard falls behind and goes on; after a rest, what is missing is read from history
// in pieces, until nothing is.
#include "node/internal.h"

#include "base/log.h"
#include "bpmn/process.h"
#include "wire/wire.h"

enum { PIECE_BATCHES = 64 };

static const struct retry_rule behind_rule = {.first_ms = 1000, .longest_ms = 60000};

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
        .topic = topic_rest(TOPIC_EVENTS),
        .key = str_format(arena, "%llu", (unsigned long long)row->stream),
        .value = strbuf_str(&value),
        .note = str_format(arena, "%u-%llu-%llu", shard->number, (unsigned long long)row->stream,
                           (unsigned long long)row->sequence),
    };
}

void events_of_batch(struct publishing *publishing, const struct batch *batch)
{
    struct shard *shard = publishing->shard;
    const struct changes *changes = &batch->changes;
    shard->events.committed = batch->number;
    if (shard->events.state == EVENTS_OFF) {
        publishing->batch = batch->number;
        return;
    }
    if (shard->events.state != EVENTS_FLOWING)
        return;
    publishing->batch = shard->events.read = batch->number;
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

// -- What is missing --------------------------------------------------------------------

static void publish_row(struct shard *shard, uint64_t batch, const struct history_row *row,
                        str events)
{
    struct publishing *last = shard->outgoing.last;
    if (last == NULL || last->batch != batch) {
        uint64_t number = last != NULL ? last->next_number : shard->outgoing.published;
        last = publishing_new(shard);
        last->number = last->next_number = number;
        last->batch = batch;
    }
    struct error err;
    struct history_row copy = *row;
    struct event *decoded;
    str bytes = str_copy(&last->arena, events);
    copy.tenant = str_copy(&last->arena, row->tenant);
    if (!wire_decode_events(&last->arena, bytes, &decoded, &copy.count, &err)) {
        metrics_add(&shard->node->metrics, METRIC_EVENTS_UNREADABLE, 1);
        log_error("node", "ALARM: shard %u: step %llu of %llu is not on the event topic: %s",
                  shard->number, (unsigned long long)row->sequence, (unsigned long long)row->stream,
                  err.text);
        return;
    }
    copy.events = decoded;
    last->events = array_room(&last->arena, last->events, last->event_count, &last->event_capacity,
                              sizeof *last->events);
    add_event(last, shard, &copy);
}

static void on_row(void *context, uint64_t batch, const struct history_row *row, str events)
{
    struct shard *shard = pending_owner(context);
    if (shard != NULL && shard->events.state == EVENTS_ASKING)
        publish_row(shard, batch, row, events);
}

// All that was committed before the piece was read has been answered before it, so nothing is left
// out when the shard flows again.
static void on_piece(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL)
        return;
    if (outcome != STORE_DONE) {
        node_shard_restart(shard, err->text);
        return;
    }
    struct events *events = &shard->events;
    if (events->state == EVENTS_STALE) { // refused meanwhile
        events->state = EVENTS_BEHIND;
        return;
    }
    check(events->state == EVENTS_ASKING);
    events->read += PIECE_BATCHES;
    if (events->read >= events->committed) {
        events->read = events->committed;
        events->state = EVENTS_FLOWING;
    } else {
        events->state = EVENTS_BEHIND;
    }
    publish_more(shard);
}

static void ask(struct shard *shard)
{
    const struct store_unpublished query = {.shard = shard->number,
                                            .after_batch = shard->events.read,
                                            .batches = PIECE_BATCHES,
                                            .step = on_row,
                                            .done = on_piece,
                                            .context = pending_new(&shard->calls, shard)};
    shard->events.state = EVENTS_ASKING;
    store_find_unpublished(shard->node->store, &query);
}

void events_remind(struct shard *shard, int64_t uptime_ms)
{
    if (shard->events.state == EVENTS_BEHIND && uptime_ms >= shard->events.until_ms &&
        shard->outgoing.count < NODE_MAX_PUBLISHING / 2)
        ask(shard);
}

void events_start(struct shard *shard, uint64_t published, uint64_t committed)
{
    bool enabled = config_bool(shard->node->config, CONFIG_EVENTS_ENABLED);
    shard->outgoing.events_published = enabled ? published : committed;
    shard->events = (struct events){
        .state = enabled ? EVENTS_BEHIND : EVENTS_OFF, .read = published, .committed = committed};
}

// What is behind the refused event is not sent, and counts as missing.
void events_refused(struct publishing *publishing, const struct error *failure)
{
    struct shard *shard = publishing->shard;
    struct events *events = &shard->events;
    int64_t rest_ms;
    if (publishing->batch == 0)
        return;                                                // its batch is missing already
    check(retry_next(&events->retry, &behind_rule, &rest_ms)); // it has no end
    if (events->retry.failures == 1)
        log_warning("node", "shard %u: its events cannot be sent, history keeps them: %s: %s",
                    shard->number, failure->place, failure->text);
    events->read = publishing->batch - 1;
    for (struct publishing *p = publishing; p != NULL; p = p->next) {
        p->event_at = p->event_count;
        p->batch = 0;
    }
    events->until_ms = node_uptime_ms() + rest_ms;
    events->state = events->state == EVENTS_ASKING || events->state == EVENTS_STALE ? EVENTS_STALE
                                                                                    : EVENTS_BEHIND;
}

void events_delivered(struct shard *shard)
{
    retry_reset(&shard->events.retry);
}
