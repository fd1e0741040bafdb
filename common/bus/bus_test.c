// SPDX-License-Identifier: Apache-2.0
// Producer and consumers against the embedded broker, on one loop. Durability is not claimed here:
// tests/cluster does that on Apache Kafka.
#include "base/murmur2.h"
#include "bus/claim.h"
#include "bus/consumer.h"
#include "bus/embedded.h"

#include "bus/producer.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATIENCE_SECONDS = 30, RECORDS = 1000, KEYED_PARTITIONS = 4 };

struct scene {
    struct event_base *loop;
    struct bus_embedded *broker;
    struct bus_options options;
    struct bus_producer *producer;
    struct bus_consumer *consumer;
    struct arena arena;
    size_t delivered;
    size_t wanted;
    size_t received;
    size_t misplaced; // keyed records on another partition than Java's clients choose
    int64_t next_offset[4];
    bool in_order;
    str last_value;
    str last_header;
    size_t faults;
    size_t assigned;
    size_t revoked;
    char outcomes[8]; // by tag
    enum error_kind kinds[8];
    int64_t start_at; // a hinted consumer reads from here
};

static void give_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    fail_msg("nothing happened for %d seconds", PATIENCE_SECONDS);
}

static void run(struct scene *scene)
{
    struct event *patience = event_new(scene->loop, -1, 0, give_up, NULL);
    const struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
    event_add(patience, &limit);
    event_base_dispatch(scene->loop);
    event_free(patience);
}

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    struct scene *scene = context;
    assert_null(failure);
    assert_int_equal(tag, scene->delivered);
    if (++scene->delivered == scene->wanted)
        event_base_loopbreak(scene->loop);
}

static void on_record(void *context, const struct bus_record *record)
{
    struct scene *scene = context;
    scene->misplaced +=
        strcmp(record->topic, "keyed") == 0 &&
        murmur2_partition(record->key, KEYED_PARTITIONS) != (uint32_t)record->partition;
    scene->in_order = scene->in_order && record->offset == scene->next_offset[record->partition]++;
    scene->last_value = str_copy(&scene->arena, record->value);
    scene->last_header = str_copy(&scene->arena, bus_record_header(record, STR("kind")));
    if (++scene->received == scene->wanted)
        event_base_loopbreak(scene->loop);
}

static void on_assigned(void *context, const struct bus_partition *partitions, size_t count)
{
    struct scene *scene = context;
    struct bus_partition from[4];
    struct error err;
    scene->assigned = count;
    for (size_t i = 0; i < count; i++)
        from[i] =
            (struct bus_partition){partitions[i].topic, partitions[i].partition, scene->start_at};
    assert_true(bus_consumer_assign(scene->consumer, from, count, &err));
}

static void on_fault(void *context, const struct bus_partition *partition, enum bus_fault fault,
                     const struct error *err)
{
    struct scene *scene = context;
    (void)partition, (void)err;
    assert_int_equal(fault, BUS_FAULT_RANGE);
    scene->faults++;
    event_base_loopbreak(scene->loop);
}

static int set_up(void **state)
{
    static struct scene scene;
    const struct bus_topic topics[] = {{.name = "orders", .partitions = 1},
                                       {.name = "keyed", .partitions = KEYED_PARTITIONS}};
    struct error err;
    scene = (struct scene){.loop = event_base_new(), .in_order = true};
    scene.broker = bus_embedded_new(topics, COUNT_OF(topics), &err);
    assert_non_null(scene.broker);
    scene.options = (struct bus_options){.brokers = bus_embedded_brokers(scene.broker)};
    const struct bus_producer_handler handler = {.context = &scene, .delivered = on_delivered};
    scene.producer = bus_producer_new(&(struct bus_producer_options){.bus = scene.options},
                                      &handler, scene.loop, &err);
    assert_non_null(scene.producer);
    *state = &scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    bus_consumer_free(scene->consumer);
    bus_producer_free(scene->producer);
    bus_embedded_free(scene->broker);
    event_base_free(scene->loop);
    arena_done(&scene->arena);
    return 0;
}

static void send_all(struct scene *scene)
{
    const struct bus_header header = {STR("kind"), STR("test")};
    struct error err;
    char text[32];
    for (size_t i = 0; i < RECORDS; i++) {
        int len = snprintf(text, sizeof text, "record %zu", i);
        struct bus_record record = {.topic = "orders",
                                    .partition = 0,
                                    .value = str_from(text, (size_t)len),
                                    .header_count = 1,
                                    .headers = &header};
        assert_int_equal(bus_producer_send(scene->producer, &record, i, &err), BUS_SENT);
    }
    scene->wanted = RECORDS;
    run(scene);
    assert_int_equal(bus_producer_pending(scene->producer), 0);
}

static void on_revoked(void *context)
{
    struct scene *scene = context;
    scene->revoked++;
    event_base_loopbreak(scene->loop);
}

static struct bus_consumer *join(const struct scene *scene, enum bus_consumer_kind kind,
                                 const struct bus_consumer_handler *handler)
{
    static const char *const topics[] = {"orders"};
    const struct bus_consumer_options options = {
        .bus = scene->options,
        .kind = kind,
        .reset = kind == BUS_CONSUMER_GROUP ? BUS_RESET_EARLIEST : BUS_RESET_ERROR,
        .group = "readers",
        .topics = topics,
        .topic_count = 1,
    };
    struct error err;
    struct bus_consumer *consumer = bus_consumer_new(&options, handler, scene->loop, &err);
    assert_non_null(consumer);
    return consumer;
}

static void start_consumer(struct scene *scene, enum bus_consumer_kind kind)
{
    const struct bus_consumer_handler handler = {
        .context = scene, .record = on_record, .assigned = on_assigned, .fault = on_fault};
    const struct bus_consumer_handler plain = {
        .context = scene, .record = on_record, .revoked = on_revoked};
    scene->consumer = join(scene, kind, kind == BUS_CONSUMER_GROUP ? &plain : &handler);
}

static void a_manual_consumer_reads_from_where_it_is_told(void **state)
{
    struct scene *scene = *state;
    struct error err;
    send_all(scene);
    start_consumer(scene, BUS_CONSUMER_MANUAL);
    const struct bus_partition from = {"orders", 0, RECORDS - 10};
    scene->next_offset[0] = from.offset;
    scene->wanted = 10;
    assert_true(bus_consumer_assign(scene->consumer, &from, 1, &err));
    run(scene);
    assert_true(scene->in_order);
    assert_true(str_equal(scene->last_value, STR("record 999")));
    assert_true(str_equal(scene->last_header, STR("test")));

    int64_t low, high;
    assert_true(bus_consumer_offsets(scene->consumer, "orders", 0, 5000, &low, &high, &err));
    assert_int_equal(low, 0);
    assert_int_equal(high, RECORDS);
}

static void an_offset_beyond_the_end_is_a_fault_and_not_skipped(void **state)
{
    struct scene *scene = *state;
    struct error err;
    send_all(scene);
    start_consumer(scene, BUS_CONSUMER_MANUAL);
    const struct bus_partition from = {"orders", 0, RECORDS + 5};
    assert_true(bus_consumer_assign(scene->consumer, &from, 1, &err));
    run(scene);
    assert_int_equal(scene->faults, 1);
    assert_int_equal(scene->received, 0);
}

static void a_hinted_consumer_starts_where_its_owner_says(void **state)
{
    struct scene *scene = *state;
    send_all(scene);
    scene->start_at = scene->next_offset[0] = 500;
    scene->wanted = 500;
    start_consumer(scene, BUS_CONSUMER_HINTED);
    run(scene);
    assert_int_equal(scene->assigned, 1);
    assert_true(scene->in_order);
}

static void a_group_goes_on_after_what_was_done(void **state)
{
    struct scene *scene = *state;
    send_all(scene);
    start_consumer(scene, BUS_CONSUMER_GROUP);
    run(scene);
    bus_consumer_done(scene->consumer, "orders", 0, 990);
    bus_consumer_free(scene->consumer);

    scene->received = 0;
    scene->wanted = 10;
    scene->next_offset[0] = 990;
    start_consumer(scene, BUS_CONSUMER_GROUP);
    run(scene);
    assert_true(scene->in_order);
}

static void ignore_record(void *context, const struct bus_record *record)
{
    (void)context, (void)record;
}

static void a_partition_that_was_paused_is_read_when_it_comes_again(void **state)
{
    struct scene *scene = *state;
    const struct bus_consumer_handler handler = {.context = scene, .record = ignore_record};
    send_all(scene);
    start_consumer(scene, BUS_CONSUMER_GROUP);
    run(scene);
    bus_consumer_pause(scene->consumer, "orders", 0);
    scene->received = 0;
    scene->wanted = 10;
    struct bus_consumer *other = join(scene, BUS_CONSUMER_GROUP, &handler);
    run(scene);
    assert_int_equal(scene->revoked, 1);
    bus_consumer_free(other);
    while (scene->received < scene->wanted)
        run(scene);
}

static void on_sent(void *context, uint64_t tag, const struct error *failure)
{
    struct scene *scene = context;
    (void)tag;
    assert_null(failure);
    if (++scene->delivered == scene->wanted)
        event_base_loopbreak(scene->loop);
}

// Several partitions, some records under way while others come; each arrives once, in order.
static void keyed_records_go_where_java_puts_them(void **state)
{
    struct scene *scene = *state;
    struct error err;
    struct bus_partition from[KEYED_PARTITIONS];
    const struct bus_producer_handler handler = {.context = scene, .delivered = on_sent};
    bus_producer_free(scene->producer);
    scene->producer = bus_producer_new(&(struct bus_producer_options){.bus = scene->options},
                                       &handler, scene->loop, &err);
    for (size_t i = 0; i < RECORDS; i++) {
        char key[16];
        int len = snprintf(key, sizeof key, "key %zu", i);
        const struct bus_record record = {.topic = "keyed",
                                          .partition = BUS_PARTITION_BY_KEY,
                                          .key = str_from(key, (size_t)len),
                                          .value = STR("x")};
        assert_int_equal(bus_producer_send(scene->producer, &record, i, &err), BUS_SENT);
        event_base_loop(scene->loop, EVLOOP_NONBLOCK);
    }
    scene->wanted = RECORDS;
    if (scene->delivered < RECORDS)
        run(scene);
    start_consumer(scene, BUS_CONSUMER_MANUAL);
    for (int i = 0; i < KEYED_PARTITIONS; i++)
        from[i] = (struct bus_partition){"keyed", i, 0};
    assert_true(bus_consumer_assign(scene->consumer, from, KEYED_PARTITIONS, &err));
    run(scene);
    assert_true(scene->in_order);
    assert_int_equal(scene->misplaced, 0);
}

static void a_full_producer_takes_nothing(void **state)
{
    struct scene *scene = *state;
    struct error err;
    const struct bus_producer_options options = {.bus = {.brokers = "127.0.0.1:1"},
                                                 .queue_records = 2};
    const struct bus_producer_handler handler = {0};
    struct bus_producer *producer = bus_producer_new(&options, &handler, scene->loop, &err);
    const struct bus_record record = {.topic = "orders", .value = STR("x")};
    assert_int_equal(bus_producer_send(producer, &record, 0, &err), BUS_SENT);
    assert_int_equal(bus_producer_send(producer, &record, 1, &err), BUS_SENT);
    assert_int_equal(bus_producer_send(producer, &record, 2, &err), BUS_FULL);
    assert_int_equal(bus_producer_pending(producer), 2);
    bus_producer_free(producer);
}

// The outcome of each record, by its tag: '+' delivered, 'x' refused.
static void on_outcome(void *context, uint64_t tag, const struct error *failure)
{
    struct scene *scene = context;
    scene->outcomes[tag] = failure != NULL ? 'x' : '+';
    scene->kinds[tag] = failure != NULL ? failure->kind : ERROR_NONE;
    if (++scene->delivered == scene->wanted)
        event_base_loopbreak(scene->loop);
}

static void send_one(struct scene *scene, const char *topic, uint64_t tag)
{
    struct error err;
    const struct bus_record record = {.topic = topic, .value = STR("x")};
    assert_int_equal(bus_producer_send(scene->producer, &record, tag, &err), BUS_SENT);
}

// The first record is under way when the others come, and is refused.
static void refuse_one(struct scene *scene, bool ordered)
{
    struct error err;
    const struct bus_producer_handler handler = {.context = scene, .delivered = on_outcome};
    const struct bus_producer_options options = {.bus = scene->options, .ordered = ordered};
    bus_producer_free(scene->producer);
    scene->producer = bus_producer_new(&options, &handler, scene->loop, &err);
    bus_embedded_refuse(scene->broker, 1);
    send_one(scene, "orders", 0);
    event_base_loop(scene->loop, EVLOOP_NONBLOCK);
    send_one(scene, "orders", 1);
    send_one(scene, "orders", 2);
    scene->wanted = 3;
    run(scene);
    send_one(scene, "orders", 3);
    scene->wanted = 4;
    run(scene);
    assert_int_equal(bus_producer_pending(scene->producer), 0);
}

static void what_waits_behind_a_refused_record_fails_with_it(void **state)
{
    struct scene *scene = *state;
    refuse_one(scene, true);
    assert_string_equal(scene->outcomes, "xxx+");
}

static void produce_in_order(struct scene *scene)
{
    struct error err;
    const struct bus_producer_handler handler = {.context = scene, .delivered = on_outcome};
    const struct bus_producer_options options = {.bus = scene->options, .ordered = true};
    bus_producer_free(scene->producer);
    scene->producer = bus_producer_new(&options, &handler, scene->loop, &err);
}

// The batch of three is refused, then the first of them alone.
static void a_record_that_is_too_large_fails_by_itself(void **state)
{
    struct scene *scene = *state;
    const struct bus_header header = {STR("kind"), STR("test")};
    struct error err;
    produce_in_order(scene);
    bus_embedded_refuse_large(scene->broker, 2);
    scene->wanted = 4;
    for (uint64_t tag = 0; tag < 4; tag++) {
        const struct bus_record record = {
            .topic = "orders", .value = STR("abc"), .header_count = 1, .headers = &header};
        assert_int_equal(bus_producer_send(scene->producer, &record, tag, &err), BUS_SENT);
        if (tag == 2) // one waits behind the batch
            event_base_loop(scene->loop, EVLOOP_NONBLOCK);
    }
    run(scene);
    assert_string_equal(scene->outcomes, "x+++");
    assert_int_equal(scene->kinds[0], ERROR_LIMIT);
    scene->wanted = 3;
    start_consumer(scene, BUS_CONSUMER_GROUP);
    run(scene);
    assert_true(str_equal(scene->last_value, STR("abc"))); // whole, though sent twice
    assert_true(str_equal(scene->last_header, STR("test")));
}

static void a_partition_that_is_not_there_fails_by_itself(void **state)
{
    struct scene *scene = *state;
    struct error err;
    produce_in_order(scene);
    send_one(scene, "orders", 0);
    scene->wanted = 1;
    run(scene);
    const int32_t astray[] = {9999, -7};
    for (size_t i = 0; i < COUNT_OF(astray); i++) {
        const struct bus_record record = {
            .topic = "orders", .partition = astray[i], .value = STR("x")};
        assert_int_equal(bus_producer_send(scene->producer, &record, i + 1, &err), BUS_SENT);
        scene->wanted++;
        run(scene);
        assert_int_equal(scene->kinds[i + 1], ERROR_NOT_FOUND);
    }
    send_one(scene, "orders", 3);
    scene->wanted++;
    run(scene);
    assert_string_equal(scene->outcomes, "+xx+");
}

// No broker is asked: the largest that fits is 4 MiB by a broker's measure.
static void a_record_is_measured_with_its_frame(void **state)
{
    struct scene *scene = *state;
    const struct bus_header header = {STR("baton-reason"), STR("why")};
    struct error err;
    char *value = calloc(1, BUS_MAX_RECORD_BYTES);
    struct bus_record record = {.topic = "orders",
                                .value = str_from(value, BUS_MAX_RECORD_BYTES - 80)};
    assert_int_equal(bus_producer_send(scene->producer, &record, 0, &err), BUS_REFUSED);
    assert_int_equal(err.kind, ERROR_LIMIT);
    record.value.len = BUS_MAX_RECORD_BYTES - 97 - 35; // 97 bytes of frames, 25 and 10 of a header
    record.header_count = 1;
    record.headers = &header;
    assert_int_equal(bus_producer_send(scene->producer, &record, 0, &err), BUS_REFUSED);
    free(value);
}

// Who has no handler is told by the flush, once.
static void a_flush_tells_of_a_refused_record(void **state)
{
    struct scene *scene = *state;
    struct error err;
    const struct bus_producer_handler handler = {0};
    const struct bus_producer_options options = {.bus = scene->options};
    bus_producer_free(scene->producer);
    scene->producer = bus_producer_new(&options, &handler, scene->loop, &err);
    bus_embedded_refuse(scene->broker, 1);
    send_one(scene, "orders", 0);
    assert_false(bus_producer_flush(scene->producer, PATIENCE_SECONDS * 1000));
    assert_int_equal(bus_producer_pending(scene->producer), 0);
    event_base_loop(scene->loop, EVLOOP_NONBLOCK); // looks the topic up again
    send_one(scene, "orders", 1);
    assert_true(bus_producer_flush(scene->producer, PATIENCE_SECONDS * 1000));
}

static void without_order_neighbours_do_not_fail(void **state)
{
    struct scene *scene = *state;
    refuse_one(scene, false);
    assert_string_equal(scene->outcomes, "x+++");
}

static void wrong_settings_are_named(void **state)
{
    (void)state;
    struct error err;
    const struct bus_topic topic = {.name = "x", .partitions = 1};
    const struct bus_options options = {.brokers = "127.0.0.1:1",
                                        .properties = "no.such.setting=1"};
    assert_false(bus_topics_ensure(&options, &topic, 1, 100, &err));
    assert_non_null(strstr(err.text, "no.such.setting"));
}

// What stands behind a semicolon that was forgotten to be escaped is the rest of a password.
static void no_part_of_a_password_is_shown(void **state)
{
    (void)state;
    struct error err;
    assert_false(bus_check_properties("kafka:9092", "sasl.password=first;rest-of-it", &err));
    assert_non_null(strstr(err.text, "part 2"));
    assert_null(strstr(err.text, "rest"));
    assert_true(bus_check_properties(
        "kafka:9092", "sasl.password=first\\;security.protocol=no;security.protocol=SSL", &err));
}

static void assert_owner(const struct scene *scene, const char *asks, bool adopts,
                         const char *wanted)
{
    const struct bus_claim claim = {
        .topic = "installation", .owner = asks, .timeout_ms = 10000, .adopts = adopts};
    char owner[BUS_OWNER_MAX];
    struct error err;
    if (!bus_claim(&scene->options, &claim, owner, &err))
        fail_msg("%s: %s", err.place, err.text);
    assert_string_equal(owner, wanted);
}

static void the_first_owner_of_topics_has_them_until_they_are_adopted(void **state)
{
    const struct scene *scene = *state;
    assert_owner(scene, "one", false, "one");
    assert_owner(scene, "two", false, "one");
    assert_owner(scene, "two", true, "two");
    assert_owner(scene, "one", false, "two");
}

static void brokers_elsewhere_are_not_asked_in_the_clear_by_oversight(void **state)
{
    (void)state;
    struct error err;
    assert_true(bus_check_properties("127.0.0.1:9092,localhost:9093", "", &err));
    assert_true(bus_check_properties("kafka:9092", "linger.ms=1; security.protocol=SSL", &err));
    assert_true(bus_check_properties("kafka:9092", "security.protocol=PLAINTEXT", &err));
    assert_false(bus_check_properties("127.0.0.1:9092,kafka:9092", "linger.ms=1", &err));
    assert_string_equal(err.place, "kafka.properties");
    assert_non_null(strstr(err.text, "SASL_SSL"));
}

int main(void)
{
#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SCENE(a_manual_consumer_reads_from_where_it_is_told),
        SCENE(an_offset_beyond_the_end_is_a_fault_and_not_skipped),
        SCENE(a_hinted_consumer_starts_where_its_owner_says),
        SCENE(a_group_goes_on_after_what_was_done),
        SCENE(a_partition_that_was_paused_is_read_when_it_comes_again),
        SCENE(keyed_records_go_where_java_puts_them),
        SCENE(a_full_producer_takes_nothing),
        SCENE(what_waits_behind_a_refused_record_fails_with_it),
        SCENE(without_order_neighbours_do_not_fail),
        SCENE(a_record_that_is_too_large_fails_by_itself),
        SCENE(a_partition_that_is_not_there_fails_by_itself),
        SCENE(a_record_is_measured_with_its_frame),
        SCENE(a_flush_tells_of_a_refused_record),
        SCENE(the_first_owner_of_topics_has_them_until_they_are_adopted),
        cmocka_unit_test(wrong_settings_are_named),
        cmocka_unit_test(no_part_of_a_password_is_shown),
        cmocka_unit_test(brokers_elsewhere_are_not_asked_in_the_clear_by_oversight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
