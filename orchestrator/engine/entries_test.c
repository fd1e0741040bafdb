// SPDX-License-Identifier: Apache-2.0
// What grows is rows: remembered ids, those that wait for a signal, and what a mailbox holds. The
// store of these tests lags behind, as one does whose last commits are on their way; what the
// engine says must not show it.
#include "engine/fixture.h"
#include "record/limits.h"

#define WAITS                                                                                      \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><signal id='g' name='go'/>"                 \
    "<process id='p' isExecutable='true'><startEvent id='s'/>"                                     \
    "<sequenceFlow id='f1' sourceRef='s' targetRef='t'/><intermediateCatchEvent id='t'>"           \
    "<signalEventDefinition signalRef='g'/></intermediateCatchEvent>"                              \
    "<sequenceFlow id='f2' sourceRef='t' targetRef='e'/><endEvent "                                \
    "id='e'/></process></definitions>"

#define CATCHES                                                                                    \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><message id='m' name='paid'>"               \
    "<extensionElements><zeebe:subscription correlationKey='=&quot;k&quot;'/></extensionElements>" \
    "</message><process id='p' isExecutable='true'><startEvent id='s'/>"                           \
    "<sequenceFlow id='f1' sourceRef='s' targetRef='t'/><intermediateCatchEvent id='t'>"           \
    "<messageEventDefinition messageRef='m'/></intermediateCatchEvent>"                            \
    "<sequenceFlow id='f2' sourceRef='t' targetRef='e'/><endEvent "                                \
    "id='e'/></process></definitions>"

enum { MOST = 4096, MOST_LAG = 3 };

struct waiter {
    uint64_t key, instance, element_instance;
    bool is_waiting;         // as the engine has it
    uint64_t opened, closed; // the batch
};

static struct {
    struct waiter waiters[MOST];
    size_t count;
    uint64_t batch;
    uint64_t lag; // the store is so many batches behind
    size_t remembered;
    struct remembered_row *rows;
} store;

static void take(struct fixture *f)
{
    store.batch++;
    for (size_t i = 0; i < f->changes.subscriptions.count; i++) {
        const struct subscription_row *row = &f->changes.subscriptions.items[i];
        if (row->change == ROW_INSERT) {
            assert_true(store.count < MOST);
            store.waiters[store.count++] = (struct waiter){
                row->key, row->instance, row->element_instance, true, store.batch, UINT64_MAX};
        }
        for (size_t k = 0; row->change == ROW_DELETE && k < store.count; k++)
            if (store.waiters[k].key == row->key) {
                store.waiters[k].is_waiting = false;
                store.waiters[k].closed = store.batch;
            }
    }
}

static void add_number(struct strbuf *out, uint64_t number)
{
    for (int shift = 56; shift >= 0; shift -= 8)
        strbuf_add_char(out, (char)(number >> shift));
}

static str entry(struct fixture *f, const struct stream_ref *ref)
{
    struct strbuf out = strbuf_new(&f->arena);
    uint64_t seen = store.batch > store.lag ? store.batch - store.lag : 0;
    uint32_t found = 0;
    for (size_t i = 0; ref->kind == STREAM_WAITING && i < store.count && found < ref->most; i++) {
        const struct waiter *w = &store.waiters[i];
        if (w->key <= ref->instance || w->opened > seen || w->closed <= seen)
            continue;
        add_number(&out, w->key);
        add_number(&out, w->instance);
        add_number(&out, w->element_instance);
        found++;
    }
    for (size_t i = 0; ref->kind == STREAM_REMEMBERED && i < store.remembered; i++)
        if (str_equal(store.rows[i].id, ref->name)) {
            add_number(&out, store.rows[i].instance);
            add_number(&out, (uint64_t)store.rows[i].until_ms);
        }
    return strbuf_str(&out);
}

static struct fixture *fixture_with_store(const char *model)
{
    struct fixture *f = fixture_new(model);
    memset(&store, 0, sizeof store);
    f->entry = entry;
    f->take = take;
    return f;
}

static uint64_t start_with_id(struct fixture *f, const char *id)
{
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .reply = {0, 7},
                            .create_instance = {.process_id = STR("p"),
                                                .variables = STR_EMPTY,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = str_of(id)}});
    return find_outbound(f, OUTBOUND_REPLY)->reply->instance;
}

static void take_over(struct fixture *f)
{
    struct error err;
    engine_free(f->engine);
    f->engine = engine_new(&f->environment, f->shard_image, f->changes.next_key, 1 << 20, &err);
    assert_non_null(f->engine);
}

// -- Remembered ids ---------------------------------------------------------------------

static void a_second_start_with_an_id_is_answered_with_the_first(void **state)
{
    (void)state;
    struct fixture *f = fixture_with_store(ONE_TASK);
    uint64_t first = start_with_id(f, "a");
    assert_int_equal(f->changes.remembered.count, 1);
    struct remembered_row row = f->changes.remembered.items[0];
    assert_int_equal(row.instance, first);
    assert_int_equal(start_with_id(f, "a"), first); // not stored yet
    assert_true(start_with_id(f, "b") != first);
    store.rows = &row;
    store.remembered = 1;
    take_over(f);
    assert_int_equal(start_with_id(f, "a"), first); // from the store
    assert_int_equal(f->changes.remembered.count, 0);
    f->now += LIMIT_DEDUPLICATION_MS;
    uint64_t again = start_with_id(f, "a");
    assert_true(again != first);
    assert_int_equal(f->changes.remembered.count, 1);
    fixture_free(f);
}

struct cost {
    size_t rows, image_bytes, events;
};

static struct cost cost_of(const struct changes *c)
{
    struct cost cost = {c->instances.count + c->elements.count + c->jobs.count +
                            c->subscriptions.count + c->mailboxes.count + c->remembered.count +
                            c->mailbox_entries.count + c->messages.count + c->history.count,
                        c->shard_image.len, 0};
    for (size_t i = 0; i < c->instances.count; i++)
        cost.image_bytes += c->instances.items[i].image.len;
    for (size_t i = 0; i < c->mailboxes.count; i++)
        cost.image_bytes += c->mailboxes.items[i].image.len;
    for (size_t i = 0; i < c->mailbox_entries.count; i++)
        cost.image_bytes += c->mailbox_entries.items[i].image.len;
    for (size_t i = 0; i < c->history.count; i++)
        cost.events += c->history.items[i].count;
    return cost;
}

static void a_start_writes_the_same_however_many_are_remembered_or_wait(void **state)
{
    (void)state;
    struct fixture *f = fixture_with_store(WAITS);
    struct cost first = {0};
    f->has_no_checks = true;
    for (int i = 0; i < 20000; i++) {
        struct arena scratch = ARENA_EMPTY;
        str id = str_format(&f->arena, "id-%d", i);
        store.count = 0; // nobody asks who waits
        start_with_id(f, str_cstr(&scratch, id));
        struct cost cost = cost_of(&f->changes);
        if (i == 1000)
            first = cost;
        if (i > 1000) {
            assert_int_equal(cost.rows, first.rows);
            assert_int_equal(cost.events, first.events);
            assert_in_range(cost.image_bytes, first.image_bytes - 8, first.image_bytes + 8);
        }
        arena_done(&scratch);
    }
    assert_int_equal(f->changes.shard_image.len, 0);
    assert_true(engine_memory(f->engine) <= 2 << 20);
    fixture_free(f);
}

// -- Signals ----------------------------------------------------------------------------

static struct command broadcast(void)
{
    return (struct command){.type = COMMAND_BROADCAST_SIGNAL,
                            .reply = {0, 3},
                            .broadcast_signal = {.name = STR("go"), .variables = STR_EMPTY}};
}

// The commands of one kind that the last batch sent, copied.
static size_t sent(struct fixture *f, enum command_type type, struct command *ret, size_t most)
{
    size_t count = 0;
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind == OUTBOUND_COMMAND && out->command->type == type) {
            assert_true(count < most);
            ret[count++] = *out->command;
        }
    }
    return count;
}

static const struct waiter *waiter_of(uint64_t key)
{
    for (size_t i = 0; i < store.count; i++)
        if (store.waiters[i].key == key)
            return &store.waiters[i];
    fail_msg("nobody waits as %llu", (unsigned long long)key);
    return NULL;
}

static void a_signal_is_served_in_pieces_and_reaches_each_once(void **state)
{
    (void)state;
    enum { WAITING = 1050, LATER = 10 };
    static struct command told[WAITING + LATER], next;
    struct fixture *f = fixture_with_store(WAITS);
    f->has_no_checks = true;
    for (int i = 0; i < WAITING; i++)
        start_with_id(f, "");
    run(f, broadcast());
    assert_int_equal(sent(f, COMMAND_BROADCAST_SIGNAL, &next, 1), 1);
    size_t count = 0, pieces = 0;
    for (int i = 0; i < LATER; i++)
        start_with_id(f, ""); // after it was thrown
    for (bool more = true; more; pieces++) {
        run(f, next);
        size_t piece = sent(f, COMMAND_CORRELATE_SUBSCRIPTION, told + count, WAITING - count);
        assert_true(piece <= LIMIT_SIGNAL_PIECE);
        count += piece;
        more = sent(f, COMMAND_BROADCAST_SIGNAL, &next, 1) == 1;
        store.lag = pieces % MOST_LAG;
    }
    assert_int_equal(count, WAITING);
    assert_int_equal(pieces, WAITING / LIMIT_SIGNAL_PIECE + 1);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 || told[i - 1].key < told[i].key);
        run(f, told[i]);
        assert_false(waiter_of(told[i].key)->is_waiting);
    }
    for (size_t i = WAITING; i < store.count; i++)
        assert_true(store.waiters[i].is_waiting);
    fixture_free(f);
}

// -- Mailboxes --------------------------------------------------------------------------

static void assert_same_cost(struct cost cost, struct cost first)
{
    assert_int_equal(cost.rows, first.rows);
    assert_int_equal(cost.events, first.events);
    assert_in_range(cost.image_bytes, first.image_bytes - 8, first.image_bytes + 8);
}

// The mailbox is asked to open the subscription that the last command made.
static struct command opened(struct fixture *f)
{
    struct command open;
    assert_int_equal(sent(f, COMMAND_OPEN_SUBSCRIPTION, &open, 1), 1);
    return open;
}

static void publish(struct fixture *f, int64_t ttl_ms)
{
    run(f, (struct command){.type = COMMAND_PUBLISH_MESSAGE,
                            .reply = {0, 7},
                            .publish_message = {.name = STR("paid"),
                                                .correlation_key = STR("k"),
                                                .message_id = STR_EMPTY,
                                                .variables = STR("{}"),
                                                .ttl_ms = ttl_ms}});
}

static void what_waits_for_a_message_is_written_the_same_however_much_there_is(void **state)
{
    (void)state;
    enum { WAITING = 20000, EARLY = 1000 };
    struct fixture *f = fixture_with_store(CATCHES);
    struct cost first = {0};
    struct command taken;
    uint64_t oldest = 0;
    f->has_no_checks = true;
    for (int i = 0; i < WAITING; i++) {
        store.count = 0;
        start_with_id(f, "");
        struct command open = opened(f);
        run(f, open);
        oldest = oldest == 0 ? open.key : oldest;
        if (i == EARLY)
            first = cost_of(&f->changes);
        if (i > EARLY)
            assert_same_cost(cost_of(&f->changes), first);
    }
    publish(f, 0);
    assert_int_equal(sent(f, COMMAND_CORRELATE_SUBSCRIPTION, &taken, 1), 1);
    assert_int_equal(taken.key, oldest);
    assert_int_equal(f->changes.mailbox_entries.count, 2); // who is offered it, and it
    fixture_free(f);
}

static void a_buffered_message_is_written_the_same_however_many_there_are(void **state)
{
    (void)state;
    enum { BUFFERED = 20000, EARLY = 1000 };
    struct fixture *f = fixture_with_store(CATCHES);
    struct cost first = {0};
    struct command taken;
    uint64_t oldest = 0;
    f->has_no_checks = true;
    for (int i = 0; i < BUFFERED; i++) {
        publish(f, INT32_MAX);
        oldest = oldest == 0 ? f->changes.messages.items[0].key : oldest;
        if (i == EARLY)
            first = cost_of(&f->changes);
        if (i > EARLY)
            assert_same_cost(cost_of(&f->changes), first);
    }
    start_with_id(f, "");
    run(f, opened(f));
    assert_int_equal(sent(f, COMMAND_CORRELATE_SUBSCRIPTION, &taken, 1), 1);
    assert_int_equal(taken.subscription.message, oldest);
    assert_int_equal(f->changes.mailbox_entries.count, 2);
    fixture_free(f);
}

static void a_full_mailbox_takes_nothing_more_and_says_so(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    struct fixture *f = fixture_with_store(CATCHES);
    char *text = arena_alloc(&f->arena, SIZE);
    struct command message = {.type = COMMAND_PUBLISH_MESSAGE,
                              .reply = {0, 7},
                              .publish_message = {.name = STR("paid"),
                                                  .correlation_key = STR("k"),
                                                  .message_id = STR_EMPTY,
                                                  .ttl_ms = INT32_MAX}};
    f->has_no_checks = true;
    memset(text, 'x', SIZE);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + SIZE - 2, "\"}", 2);
    message.publish_message.variables = str_from(text, SIZE);
    for (int i = 0; i < LIMIT_MAILBOX_BYTES / SIZE - 1; i++) {
        run(f, message);
        assert_int_equal(rejection_of(f), REJECTION_NONE);
    }
    run(f, message);
    assert_int_equal(rejection_of(f), REJECTION_LIMIT);
    assert_int_equal(f->changes.mailbox_entries.count, 0);
    fixture_free(f);
}

static uint32_t next_random(uint32_t *seed)
{
    return (*seed = *seed * 1664525u + 1013904223u) >> 8;
}

static void cancel_one(struct fixture *f, uint32_t which)
{
    const struct waiter *w = &store.waiters[which % store.count];
    if (w->is_waiting)
        run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = w->instance});
}

// What a piece told, and exactly those that wait above `from`. Returns the last one told.
static uint64_t check_piece(const struct command *told, size_t count, uint64_t from)
{
    size_t expected = 0;
    for (size_t i = 0; i < store.count && expected < LIMIT_SIGNAL_PIECE; i++) {
        if (!store.waiters[i].is_waiting || store.waiters[i].key <= from)
            continue;
        assert_true(expected < count);
        assert_int_equal(told[expected++].key, store.waiters[i].key);
    }
    assert_int_equal(count, expected);
    return count > 0 ? told[count - 1].key : from;
}

// Whatever the store's lag, and whatever is cached: exactly those that wait at the command.
static void a_piece_is_the_same_whatever_the_store_has_seen(void **state)
{
    (void)state;
    static struct command told[LIMIT_SIGNAL_PIECE], next;
    struct fixture *f = fixture_with_store(WAITS);
    uint32_t seed = 20261129;
    f->has_no_checks = true;
    for (int round = 0; round < 60; round++) {
        bool is_new = round % 7 == 6;
        for (int i = 0; i < 40; i++)
            start_with_id(f, "");
        for (uint32_t i = next_random(&seed) % 30; i > 0; i--)
            cancel_one(f, next_random(&seed));
        store.lag = 0;
        if (is_new)
            take_over(f);
        run(f, broadcast());
        assert_int_equal(sent(f, COMMAND_BROADCAST_SIGNAL, &next, 1), 1);
        uint64_t from = 0;
        for (bool more = true; more; more = sent(f, COMMAND_BROADCAST_SIGNAL, &next, 1) == 1) {
            cancel_one(f, next_random(&seed));
            store.lag = is_new ? 0 : next_random(&seed) % MOST_LAG;
            run(f, next);
            size_t count = sent(f, COMMAND_CORRELATE_SUBSCRIPTION, told, LIMIT_SIGNAL_PIECE);
            from = check_piece(told, count, from);
        }
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_second_start_with_an_id_is_answered_with_the_first),
        cmocka_unit_test(a_start_writes_the_same_however_many_are_remembered_or_wait),
        cmocka_unit_test(what_waits_for_a_message_is_written_the_same_however_much_there_is),
        cmocka_unit_test(a_buffered_message_is_written_the_same_however_many_there_are),
        cmocka_unit_test(a_full_mailbox_takes_nothing_more_and_says_so),
        cmocka_unit_test(a_signal_is_served_in_pieces_and_reaches_each_once),
        cmocka_unit_test(a_piece_is_the_same_whatever_the_store_has_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
