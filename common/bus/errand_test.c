// SPDX-License-Identifier: Apache-2.0
// Errands against the embedded broker: the loop goes on while they run, and each is answered once.
#include "bus/errand.h"

#include "bus/embedded.h"
#include "bus/producer.h"

#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { PATIENCE_SECONDS = 30 };

struct scene {
    struct event_base *loop;
    size_t answers;
    size_t failures;
    size_t places;
    int64_t end;
    int64_t committed;
};

static void give_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what, (void)context;
    fail_msg("nothing happened for %d seconds", PATIENCE_SECONDS);
}

static void wait_for_answer(struct scene *scene)
{
    struct event *patience = event_new(scene->loop, -1, 0, give_up, NULL);
    const struct timeval limit = {.tv_sec = PATIENCE_SECONDS};
    event_add(patience, &limit);
    event_base_dispatch(scene->loop);
    event_free(patience);
}

static void on_made(void *context, const struct error *err)
{
    struct scene *scene = context;
    scene->answers++;
    scene->failures += err != NULL;
    event_base_loopbreak(scene->loop);
}

static void on_placed(void *context, const struct bus_group_place *places, size_t count,
                      const struct error *err)
{
    struct scene *scene = context;
    scene->answers++;
    scene->failures += err != NULL;
    scene->places = count;
    scene->end = count > 0 ? places[0].end : -1;
    scene->committed = count > 0 ? places[0].committed : -2;
    event_base_loopbreak(scene->loop);
}

static void on_members(void *context, const str *clients, size_t count, const struct error *err)
{
    (void)clients;
    struct scene *scene = context;
    scene->answers++;
    scene->failures += err != NULL;
    assert_true(count == 0);
    event_base_loopbreak(scene->loop);
}

static void on_delivered(void *context, uint64_t tag, const struct error *failure)
{
    (void)tag;
    assert_null(failure);
    event_base_loopbreak(((struct scene *)context)->loop);
}

static void topics_are_made_and_groups_are_found(void **state)
{
    (void)state;
    struct error err;
    struct bus_embedded *broker = bus_embedded_new(NULL, 0, &err);
    assert_non_null(broker);
    struct scene scene = {.loop = event_base_new()};
    const struct bus_options options = {.brokers = bus_embedded_brokers(broker)};
    struct bus_errands *errands = bus_errands_new(&options, scene.loop, &err);
    assert_non_null(errands);

    const struct bus_topic topic = {.name = "errand", .partitions = 1, .replicas = 1};
    bus_make_topic(errands, &topic, on_made, &scene);
    wait_for_answer(&scene);
    assert_true(scene.answers == 1 && scene.failures == 0);

    const struct bus_producer_handler handler = {.context = &scene, .delivered = on_delivered};
    const struct bus_producer_options producing = {.bus = options};
    struct bus_producer *producer = bus_producer_new(&producing, &handler, scene.loop, &err);
    const struct bus_record record = {.topic = "errand", .value = STR("x")};
    assert_true(bus_producer_send(producer, &record, 0, &err) == BUS_SENT);
    wait_for_answer(&scene);

    bus_find_group(errands, "errand", "nobody", on_placed, &scene);
    wait_for_answer(&scene);
    assert_true(scene.answers == 2 && scene.failures == 0);
    assert_true(scene.places >= 1 && scene.end == 1 && scene.committed == -1);

    bus_producer_free(producer);
    bus_errands_free(errands);
    event_base_free(scene.loop);
    bus_embedded_free(broker);
}

// The embedded broker describes no groups: an error each time, and nothing that hangs at the end.
static void members_that_no_broker_tells_are_an_error(void **state)
{
    (void)state;
    struct error err;
    struct bus_embedded *broker = bus_embedded_new(NULL, 0, &err);
    assert_non_null(broker);
    struct scene scene = {.loop = event_base_new()};
    const struct bus_options options = {.brokers = bus_embedded_brokers(broker)};
    struct bus_errands *errands = bus_errands_new(&options, scene.loop, &err);
    for (size_t i = 1; i <= 20; i++) {
        bus_find_members(errands, i % 2 ? "odd" : "even", on_members, &scene);
        wait_for_answer(&scene);
        assert_true(scene.answers == i && scene.failures == i);
    }
    bus_errands_free(errands);
    event_base_free(scene.loop);
    bus_embedded_free(broker);
}

static void what_is_not_done_at_the_end_is_answered(void **state)
{
    (void)state;
    struct error err;
    struct scene scene = {.loop = event_base_new()};
    const struct bus_options options = {.brokers = "127.0.0.1:1"};
    struct bus_errands *errands = bus_errands_new(&options, scene.loop, &err);
    const struct bus_topic topic = {.name = "errand", .partitions = 1, .replicas = 1};
    for (int i = 0; i < 3; i++)
        bus_make_topic(errands, &topic, on_made, &scene);
    bus_errands_free(errands);
    assert_true(scene.answers == 3 && scene.failures == 3);
    event_base_free(scene.loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(topics_are_made_and_groups_are_found),
        cmocka_unit_test(members_that_no_broker_tells_are_an_error),
        cmocka_unit_test(what_is_not_done_at_the_end_is_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
