// SPDX-License-Identifier: Apache-2.0
//
// What goes out after a commit, in order: commands to other shards, jobs, replies and dead letters
// from the outbox. Only what is committed is published; how far it came is written with a later
// commit, so a successor sends some of it again, with the same numbers.
//
// When the broker refuses a record:
//   a command or dead letter  must go, and in order: the shard is acquired again, which sends its
//                             outbox again from there, after a rest that grows up to a minute
//   a job                     is held while its topic is looked after (outlet.c); when that is
//   given
//                             up, the job fails with an incident
//   a reply                   is held in the same way, then dropped: its caller has stopped waiting
// What is too large, by our measure or the broker's, is never sent again as it is: a job fails with
// an incident, a reply becomes a rejection, a command a dead letter, and a dead letter is
// shortened. A reply to a partition that its topic does not have is dropped: the address is wrong,
// not the topic.
#include "node/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "record/mac.h"
#include "wire/wire.h"

#include <stdio.h>
#include <stdlib.h>

_Static_assert((int)BUS_MAX_RECORD_BYTES == (int)LIMIT_RECORD_BYTES,
               "what the engine makes is what the producer takes");

enum { NODE_MAX_HEADERS = 8, CUT_BYTES = 64 * 1024, ALARM_FAILURES = 5 };

static const struct retry_rule must_rule = {.first_ms = 1000, .longest_ms = 60000};

// A record of an outbox on its way; in the arena of its batch.
struct parcel {
    struct parcel *next; // in the list of those that are held
    struct publishing *publishing;
    uint64_t number;
    bool is_own;      // a command of the node's own in the place of a job: it has no number
    bool is_rejected; // a reply that says that the reply cannot be sent
    bool is_astray;   // a reply whose partition was not there; it is sent once more
    uint32_t source;  // letters: the shard that the record is for
    size_t cut_from;  // letters: the bytes of the whole value; 0: this is the whole
    struct outbox_record record;
};

struct publishing *publishing_new(struct shard *shard)
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

static bool is_sent(const struct publishing *publishing)
{
    return publishing->unsent.len == 0 && publishing->event_at == publishing->event_count;
}

// What is held stays in the outbox for whoever is next.
bool publish_is_done(const struct shard *shard)
{
    for (const struct publishing *p = shard->outgoing.first; p != NULL; p = p->next)
        if (!is_sent(p) || p->in_flight > 0)
            return false;
    return true;
}

// -- Envelopes --------------------------------------------------------------------------

struct envelope {
    struct bus_record record;
    struct bus_header headers[NODE_MAX_HEADERS];
    char topic[NODE_TOPIC_NAME];
    char from[48];
    char mac[MAC_LENGTH];
    char partition[16];
    char cut[24];
};

static void add_header(struct envelope *envelope, const char *name, str value)
{
    check(envelope->record.header_count < NODE_MAX_HEADERS);
    envelope->headers[envelope->record.header_count++] = (struct bus_header){str_of(name), value};
}

static void add_mac(struct envelope *envelope, const struct node *node, uint32_t target, str from)
{
    struct arena arena = ARENA_EMPTY;
    str mac = mac_make(&arena, node_secret(node), target, from, envelope->record.value);
    memcpy(envelope->mac, mac.data, MAC_LENGTH);
    add_header(envelope, MAC_HEADER, str_from(envelope->mac, MAC_LENGTH));
    arena_done(&arena);
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

// Where the dead letter came from, so that people find it and `baton dlq replay` can send it again.
static void add_origin(struct envelope *envelope, const struct node *node,
                       const struct parcel *parcel)
{
    snprintf(envelope->partition, sizeof envelope->partition, "%u", parcel->source);
    envelope->record.key = (str){0};
    add_header(envelope, "baton-reason", parcel->record.note);
    add_header(envelope, "baton-source-topic", str_of(node->topic_commands));
    add_header(envelope, "baton-source-partition", str_of(envelope->partition));
    add_header(envelope, "baton-source-offset", parcel->record.key);
    if (parcel->cut_from == 0)
        return;
    snprintf(envelope->cut, sizeof envelope->cut, "%zu", parcel->cut_from);
    add_header(envelope, "baton-cut-from", str_of(envelope->cut));
}

static bool is_letter(const struct outbox_record *record)
{
    return record->kind == OUTBOX_DEAD_LETTER || record->kind == OUTBOX_SIGNED_LETTER;
}

static void seal(struct envelope *envelope, const struct shard *shard, const struct parcel *parcel)
{
    static const str *const types[] = {[OUTBOX_COMMAND] = &wire_command_content_type,
                                       [OUTBOX_JOB] = &wire_job_content_type,
                                       [OUTBOX_REPLY] = &wire_reply_content_type,
                                       [OUTBOX_DEAD_LETTER] = &wire_command_content_type,
                                       [OUTBOX_SIGNED_LETTER] = &wire_command_content_type};
    const struct outbox_record *record = &parcel->record;
    address(envelope, shard->node, record);
    snprintf(envelope->from, sizeof envelope->from, "%u:%llu", shard->number,
             (unsigned long long)parcel->number);
    add_header(envelope, "content-type", *types[record->kind]);
    if (parcel->is_own)
        envelope->from[0] = '\0';
    else
        add_header(envelope, FROM_HEADER, str_of(envelope->from));
    if (record->kind == OUTBOX_COMMAND)
        add_mac(envelope, shard->node, (uint32_t)record->partition, str_of(envelope->from));
    if (record->kind == OUTBOX_SIGNED_LETTER)
        add_mac(envelope, shard->node, parcel->source, STR_EMPTY);
    if (is_letter(record))
        add_origin(envelope, shard->node, parcel);
}

static void seal_event(struct envelope *envelope, const struct shard *shard,
                       const struct outbox_record *event)
{
    address(envelope, shard->node, event);
    add_header(envelope, "content-type", wire_step_content_type);
    add_header(envelope, "ce_specversion", STR("1.0"));
    add_header(envelope, "ce_type", STR("baton.step"));
    add_header(envelope, "ce_source", STR("/baton/shards"));
    add_header(envelope, "ce_id", event->note);
}

// -- What cannot be sent ----------------------------------------------------------------

// The job fails with an incident that says why: a command takes the record's place.
static void fail_job(struct parcel *parcel, const char *why)
{
    struct shard *shard = parcel->publishing->shard;
    struct arena *arena = &parcel->publishing->arena;
    struct job_offer job;
    struct error err;
    check(wire_decode_job(arena, parcel->record.value, &job, &err)); // it was encoded here
    const struct command command = {
        .type = COMMAND_FAIL_JOB,
        .instance = job.instance,
        .key = job.key,
        .tenant = job.tenant,
        .job_answer = {.attempt = job.attempt, .message = str_of(why), .worker = STR("baton")},
    };
    struct strbuf value = strbuf_new(arena);
    wire_encode_command(&value, &command);
    parcel->record = (struct outbox_record){.kind = OUTBOX_COMMAND,
                                            .partition = (int32_t)shard->number,
                                            .topic = topic_rest(TOPIC_COMMANDS),
                                            .value = strbuf_str(&value)};
    parcel->is_own = true;
    metrics_add(&shard->node->metrics, METRIC_JOBS_UNSENT, 1);
}

// False when this was done before: not even the rejection can be sent.
static bool reject_reply(struct parcel *parcel, const char *why)
{
    struct arena *arena = &parcel->publishing->arena;
    struct reply reply;
    struct error err;
    if (parcel->is_rejected) {
        metrics_add(&parcel->publishing->shard->node->metrics, METRIC_REPLIES_DROPPED, 1);
        return false;
    }
    check(wire_decode_reply(arena, parcel->record.value, &reply, &err));
    const struct reply rejected = {.to = reply.to,
                                   .key = reply.key,
                                   .instance = reply.instance,
                                   .rejection = REJECTION_LIMIT,
                                   .reason = str_of(why)};
    struct strbuf value = strbuf_new(arena);
    wire_encode_reply(&value, &rejected);
    parcel->record.value = strbuf_str(&value);
    parcel->is_rejected = true;
    return true;
}

// A part has no MAC: `baton dlq replay` does not send it.
static void cut_letter(struct parcel *parcel, size_t room)
{
    struct outbox_record *record = &parcel->record;
    if (record->value.len <= room)
        return;
    if (parcel->cut_from == 0)
        parcel->cut_from = record->value.len;
    record->kind = OUTBOX_DEAD_LETTER;
    record->value = str_sub(record->value, 0, room);
}

// Whole where it can be, so that it can be sent again once the topic takes it.
static void set_command_aside(struct parcel *parcel, const char *why)
{
    struct outbox_record *record = &parcel->record;
    parcel->source = (uint32_t)record->partition;
    record->kind = OUTBOX_SIGNED_LETTER;
    record->topic = topic_rest(TOPIC_COMMANDS_DLQ);
    record->partition = BUS_PARTITION_BY_KEY;
    record->note = str_of(why);
    cut_letter(parcel, BUS_MAX_LETTER_BYTES);
    metrics_add(&parcel->publishing->shard->node->metrics, METRIC_DEAD_LETTERS, 1);
}

// False when nothing is left to leave out.
static bool shorten_letter(struct parcel *parcel, const char *why)
{
    struct shard *shard = parcel->publishing->shard;
    size_t len = parcel->record.value.len;
    if (len == 0) {
        log_error("node", "ALARM: shard %u: a dead letter is dropped: %s", shard->number, why);
        metrics_add(&shard->node->metrics, METRIC_LETTERS_DROPPED, 1);
        return false;
    }
    cut_letter(parcel, len > CUT_BYTES ? CUT_BYTES : len / 4);
    return true;
}

// What can never be sent makes way for what tells of it. False: nothing does, and it is dropped.
// This ends: each kind becomes a smaller one, and a dead letter becomes shorter.
static bool make_way(struct parcel *parcel, const struct error *failure)
{
    struct shard *shard = parcel->publishing->shard;
    struct arena *arena = &parcel->publishing->arena;
    const struct outbox_record *record = &parcel->record;
    const char *why =
        str_cstr(arena, str_format(arena, "a record of %zu bytes for topic %.*s cannot be sent: %s",
                                   record->value.len, STR_ARG(record->topic), failure->text));
    switch (record->kind) {
    case OUTBOX_DEAD_LETTER:
    case OUTBOX_SIGNED_LETTER:
        return shorten_letter(parcel, why);
    case OUTBOX_JOB:
        fail_job(parcel, why);
        break;
    case OUTBOX_REPLY:
        if (!reject_reply(parcel, why))
            return false;
        break;
    case OUTBOX_COMMAND:
        set_command_aside(parcel, why);
        break;
    }
    log_error("node", "ALARM: shard %u: %s", shard->number, why);
    return true;
}

// -- Sending ----------------------------------------------------------------------------

static void hold(struct parcel *parcel)
{
    struct outgoing *outgoing = &parcel->publishing->shard->outgoing;
    parcel->next = outgoing->held;
    outgoing->held = parcel;
    parcel->publishing->held++;
}

static bool has_outlet(const struct parcel *parcel)
{
    return parcel->record.kind == OUTBOX_JOB || parcel->record.kind == OUTBOX_REPLY;
}

static struct outlet *outlet_of(const struct parcel *parcel)
{
    struct node *node = parcel->publishing->shard->node;
    char name[NODE_TOPIC_NAME];
    node_topic(node, parcel->record.topic, name);
    return outlet_get(node, name);
}

// Nobody can be there: the sender of the command that it answers has given a wrong address.
static void drop_astray(struct parcel *parcel)
{
    struct shard *shard = parcel->publishing->shard;
    log_warning("node", "shard %u: a reply is dropped: its topic has no partition %d",
                shard->number, (int)parcel->record.partition);
    metrics_add(&shard->node->metrics, METRIC_REPLIES_ASTRAY, 1);
}

// Looks after the topic. False: the parcel is done with for now, held or dropped.
static bool may_go(struct parcel *parcel)
{
    const char *why;
    if (!has_outlet(parcel))
        return true;
    if (parcel->record.kind == OUTBOX_REPLY && parcel->record.partition < 0) {
        drop_astray(parcel);
        return false;
    }
    switch (outlet_look(outlet_of(parcel), &why)) {
    case OUTLET_OPEN:
        return true;
    case OUTLET_CLOSED:
        if (parcel->record.kind == OUTBOX_REPLY) {
            metrics_add(&parcel->publishing->shard->node->metrics, METRIC_REPLIES_DROPPED, 1);
            return false;
        }
        fail_job(parcel, why);
        return true;
    case OUTLET_NEW:
    case OUTLET_ASKING:
    case OUTLET_RESTING:
        hold(parcel);
        return false;
    }
    check_unreachable();
}

static enum bus_sending hand_over(struct shard *shard, struct parcel *parcel)
{
    struct error err;
    for (;;) {
        struct envelope envelope;
        seal(&envelope, shard, parcel);
        enum bus_sending sending = bus_producer_send(shard->node->producer, &envelope.record,
                                                     (uint64_t)(uintptr_t)parcel, &err);
        parcel->publishing->in_flight += sending == BUS_SENT;
        if (sending != BUS_REFUSED)
            return sending;
        metrics_add(&shard->node->metrics, METRIC_PUBLISH_FAILED, 1);
        if (!make_way(parcel, &err))
            return BUS_REFUSED;
    }
}

// When the producer is full it waits for room; only for what needs no order.
static void send_or_hold(struct shard *shard, struct parcel *parcel)
{
    if (may_go(parcel) && hand_over(shard, parcel) == BUS_FULL)
        hold(parcel);
}

static bool send_outbox(struct shard *shard, struct publishing *publishing)
{
    while (publishing->unsent.len > 0) {
        struct parcel *parcel = ARENA_NEW(&publishing->arena, struct parcel);
        str rest = publishing->unsent;
        *parcel = (struct parcel){
            .publishing = publishing, .number = publishing->number, .source = shard->number};
        check(outbox_unpack(&rest, &parcel->record));
        if (is_letter(&parcel->record))
            cut_letter(parcel, BUS_MAX_LETTER_BYTES);
        if (may_go(parcel) && hand_over(shard, parcel) == BUS_FULL)
            return false;
        publishing->unsent = rest;
        publishing->number++;
    }
    return true;
}

static bool send_events(struct shard *shard, struct publishing *publishing)
{
    struct node *node = shard->node;
    for (; publishing->event_at < publishing->event_count; publishing->event_at++) {
        struct envelope envelope;
        struct error err;
        seal_event(&envelope, shard, &publishing->events[publishing->event_at]);
        enum bus_sending sending = bus_producer_send(node->events_producer, &envelope.record,
                                                     (uint64_t)(uintptr_t)publishing, &err);
        if (sending == BUS_FULL)
            return false;
        publishing->in_flight += sending == BUS_SENT;
        if (sending == BUS_SENT)
            continue;
        metrics_add(&node->metrics, METRIC_EVENTS_UNREADABLE, 1);
        log_error("node", "ALARM: shard %u: step %.*s is not on the event topic: %s", shard->number,
                  STR_ARG(publishing->events[publishing->event_at].note), err.text);
    }
    return true;
}

// Progress goes by whole batches, in order.
static void drop_delivered(struct shard *shard)
{
    struct outgoing *outgoing = &shard->outgoing;
    struct publishing *first;
    while ((first = outgoing->first) != NULL && is_sent(first) && first->in_flight == 0 &&
           first->held == 0) {
        outgoing->published = first->next_number;
        if (first->batch > outgoing->events_published)
            outgoing->events_published = first->batch;
        outgoing->first = first->next;
        if (outgoing->first == NULL)
            outgoing->last = NULL;
        outgoing->count--;
        if (first->next_number > outgoing->failed_number)
            retry_reset(&outgoing->retry);
        outgoing->trim_needed = true;
        keyring_drop_sent(shard->keyring, outgoing->published);
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

void publish_held(struct shard *shard)
{
    struct parcel *parcel = shard->outgoing.held;
    if (parcel == NULL || (shard->state != SHARD_RUNNING && shard->state != SHARD_DRAINING))
        return;
    shard->outgoing.held = NULL;
    while (parcel != NULL) {
        struct parcel *next = parcel->next;
        parcel->publishing->held--;
        send_or_hold(shard, parcel);
        parcel = next;
    }
    drop_delivered(shard);
    node_shard_wake(shard);
}

// -- Delivered --------------------------------------------------------------------------

// What waited behind the record has failed with it, so nothing of a higher number is there before.
static void send_all_again(struct shard *shard, uint64_t number, const struct error *failure)
{
    struct outgoing *outgoing = &shard->outgoing;
    int64_t rest_ms;
    outgoing->failed_number = number;
    check(retry_next(&outgoing->retry, &must_rule, &rest_ms)); // it has no end
    if (outgoing->retry.failures == ALARM_FAILURES)
        log_error("node",
                  "ALARM: shard %u: its records cannot be sent and stay in the outbox; it is tried "
                  "again and again: %s: %s",
                  shard->number, failure->place, failure->text);
    node_shard_restart_after(shard, failure->text, rest_ms);
}

static struct shard *end_flight(struct publishing *publishing)
{
    struct shard *shard = publishing->shard;
    publishing->in_flight--;
    if (shard == NULL && publishing->in_flight == 0)
        publishing_free(publishing);
    return shard;
}

static void go_on(struct shard *shard)
{
    bool was_full = shard->outgoing.count >= NODE_MAX_PUBLISHING;
    drop_delivered(shard);
    if (was_full || (shard->state == SHARD_DRAINING && publish_is_done(shard)))
        node_shard_wake(shard);
}

static void note_report(struct node *node, const struct error *failure)
{
    metrics_add(&node->metrics, failure ? METRIC_PUBLISH_FAILED : METRIC_PUBLISHED, 1);
    if (failure != NULL)
        log_debug("node", "%s: %s", failure->place, failure->text);
}

// False: the shard begins anew.
static bool refused(struct shard *shard, struct parcel *parcel, const struct error *failure)
{
    bool is_reply = parcel->record.kind == OUTBOX_REPLY;
    if (failure->kind == ERROR_LIMIT) {
        if (make_way(parcel, failure))
            send_or_hold(shard, parcel);
    } else if (is_reply && failure->kind == ERROR_NOT_FOUND && parcel->is_astray) {
        drop_astray(parcel);
    } else if (is_reply && failure->kind == ERROR_NOT_FOUND) {
        parcel->is_astray = true; // the topic may have grown, and has been looked up again
        send_or_hold(shard, parcel);
    } else if (has_outlet(parcel)) {
        outlet_refused(outlet_of(parcel), failure);
        hold(parcel);
    } else {
        send_all_again(shard, parcel->number, failure);
        return false;
    }
    return true;
}

void publish_delivered(struct node *node, uint64_t tag, const struct error *failure)
{
    struct parcel *parcel = (struct parcel *)(uintptr_t)tag;
    note_report(node, failure);
    if (parcel == NULL) // of the node's own
        return;
    struct publishing *publishing = parcel->publishing;
    if (publishing->shard == NULL) {
        (void)end_flight(publishing);
        return;
    }
    struct shard *shard = end_flight(publishing);
    if (failure != NULL && !refused(shard, parcel, failure))
        return;
    if (failure == NULL && has_outlet(parcel))
        outlet_delivered(outlet_of(parcel));
    go_on(shard);
}

void publish_event_delivered(struct node *node, uint64_t tag, const struct error *failure)
{
    struct publishing *publishing = (struct publishing *)(uintptr_t)tag;
    note_report(node, failure);
    if (failure != NULL && publishing->shard != NULL)
        events_refused(publishing, failure);
    struct shard *shard = end_flight(publishing);
    if (shard == NULL)
        return;
    if (failure == NULL)
        events_delivered(shard);
    go_on(shard);
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
    shard->outgoing.held = NULL;
    shard->outgoing.count = 0;
    shard->outgoing.trim_needed = false;
}

// -- What is to be sent -----------------------------------------------------------------

void publish_batch(struct shard *shard, struct batch *batch)
{
    struct publishing *publishing = publishing_new(shard);
    publishing->arena = batch->arena; // the packed records live in it
    batch->arena = (struct arena)ARENA_EMPTY;
    publishing->unsent = strbuf_str(batch->is_opened ? &batch->opened : &batch->outbound);
    publishing->number = batch->first_outbound;
    publishing->next_number = batch->next_outbound;
    events_of_batch(publishing, batch);
    batch_free(batch);
    publish_more(shard);
}

// What is damaged goes without what it said: its topic tells that there was a record.
static bool open_letter(struct shard *shard, struct arena *arena, struct outbox_record *record,
                        struct error *err)
{
    if (keyring_open_letter(shard->keyring, arena, record, err))
        return true;
    if (err->kind == ERROR_UNAVAILABLE)
        return false;
    log_error("node", "ALARM: shard %u: a dead letter cannot be opened: %s", shard->number,
              err->text);
    record->value = STR_EMPTY;
    return true;
}

// False: this node's vault lacks the key of one.
static bool open_letters(struct shard *shard, struct publishing *publishing, struct error *err)
{
    struct strbuf opened = strbuf_new(&publishing->arena);
    struct outbox_record record;
    bool any = false;
    str rest = publishing->unsent;
    while (rest.len > 0) {
        check(outbox_unpack(&rest, &record));
        any |= record.is_sealed;
        if (record.is_sealed && !open_letter(shard, &publishing->arena, &record, err))
            return false;
        outbox_pack(&opened, &record);
    }
    if (any)
        publishing->unsent = strbuf_str(&opened);
    return true;
}

bool publish_outbox(struct shard *shard, const struct store_shard *acquired, struct error *err)
{
    for (size_t i = 0; i < acquired->outbox_count; i++) {
        const struct store_outbox_row *row = &acquired->outbox[i];
        struct publishing *publishing = publishing_new(shard);
        publishing->unsent = str_copy(&publishing->arena, row->payload);
        publishing->number = row->first;
        publishing->next_number =
            i + 1 < acquired->outbox_count ? row[1].first : acquired->next_outbound;
        if (!open_letters(shard, publishing, err))
            return false;
    }
    if (acquired->outbox_count > 0)
        shard->outgoing.published = acquired->outbox[0].first;
    shard->outgoing.trimmed = shard->outgoing.published;
    return true;
}

// As they are sent: stored, they are sealed.
static void open_packed(struct shard *shard, struct publishing *publishing)
{
    struct strbuf opened = strbuf_new(&publishing->arena);
    struct outbox_record record;
    str rest = publishing->unsent;
    if (!personal_has_sealed(rest))
        return;
    for (uint64_t number = publishing->number; rest.len > 0; number++) {
        check(outbox_unpack(&rest, &record));
        (void)keyring_open_record(shard->keyring, &publishing->arena, number, &record);
        outbox_pack(&opened, &record);
    }
    publishing->unsent = strbuf_str(&opened);
}

void publish_open_outbox(struct shard *shard)
{
    for (struct publishing *p = shard->outgoing.first; p != NULL; p = p->next)
        open_packed(shard, p);
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
