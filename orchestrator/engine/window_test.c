// SPDX-License-Identifier: Apache-2.0
// How many jobs of a type tenants have in flight: by weight, by a number of their own, as they come
// and go.
#include "engine/fixture.h"
#include "record/limits.h"

enum { WINDOW = 12, MOST = 64 };

struct jobs { // of a tenant, in the order they were made
    str tenant;
    size_t count;
    struct job_row rows[MOST];
    bool is_done[MOST];
};

static struct fixture *new_fixture(void)
{
    struct fixture *f = fixture_with_window(ONE_TASK, WINDOW);
    deploy_for(f, STR("north"), "p", ONE_TASK);
    deploy_for(f, STR("south"), "p", ONE_TASK);
    return f;
}

static void note(struct fixture *f, struct jobs *jobs)
{
    for (size_t i = 0; i < f->changes.jobs.count; i++)
        for (size_t j = 0; j < jobs->count; j++)
            if (jobs->rows[j].key == f->changes.jobs.items[i].key) {
                jobs->rows[j].state = f->changes.jobs.items[i].state;
                jobs->rows[j].attempt = f->changes.jobs.items[i].attempt;
            }
}

static void begin(struct fixture *f, struct jobs *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                                .tenant = jobs->tenant,
                                .create_instance = {.process_id = STR("p"),
                                                    .variables = STR("{}"),
                                                    .business_id = STR_EMPTY,
                                                    .fetch_variables = STR_EMPTY,
                                                    .deduplication_id = STR_EMPTY}});
        assert_int_equal(f->changes.jobs.count, 1);
        jobs->rows[jobs->count++] = f->changes.jobs.items[0];
    }
}

static size_t in_flight(const struct jobs *jobs)
{
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        count += !jobs->is_done[i] && jobs->rows[i].state == JOB_OFFERED;
    return count;
}

// What the node does when it looks: all that wait are tried.
static void release(struct fixture *f, struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->is_done[i] || jobs->rows[i].state != JOB_WAITING)
            continue;
        struct released_job one = {jobs->rows[i].instance, jobs->rows[i].key, 0};
        run(f, (struct command){.type = COMMAND_RELEASE_JOB, .release_job = {1, &one}});
        note(f, jobs);
    }
}

static void finish(struct fixture *f, struct jobs *jobs, size_t count)
{
    for (size_t i = 0; i < jobs->count && count > 0; i++) {
        if (jobs->is_done[i] || jobs->rows[i].state != JOB_OFFERED)
            continue;
        run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                                .instance = jobs->rows[i].instance,
                                .key = jobs->rows[i].key,
                                .job_answer = answer(jobs->rows[i].attempt)});
        jobs->is_done[i] = true;
        count--;
    }
    assert_int_equal(count, 0);
}

static void set_shares(struct fixture *f, const char *text)
{
    run(f, (struct command){.type = COMMAND_SET_SHARES, .set_shares.shares = str_of(text)});
}

static void one_tenant_alone_has_the_whole_window(void **state)
{
    (void)state;
    struct fixture *f = new_fixture();
    struct jobs north = {.tenant = STR("north")};
    set_shares(f, "[[\"north\", -1, 3]]");
    begin(f, &north, WINDOW + 4);
    assert_int_equal(in_flight(&north), WINDOW);
    assert_int_equal(engine_room(f->engine, STR("pay"), STR("north")), 0);
    fixture_free(f);
}

static void tenants_share_by_weight_as_they_come_and_go(void **state)
{
    (void)state;
    struct fixture *f = new_fixture();
    struct jobs north = {.tenant = STR("north")}, south = {.tenant = STR("south")};
    set_shares(f, "[[\"north\", -1, 3]]"); // south has 1
    begin(f, &north, 3 * WINDOW);
    begin(f, &south, WINDOW);
    assert_int_equal(in_flight(&north), WINDOW); // what is out stays out
    assert_int_equal(in_flight(&south), WINDOW / 4);
    for (int round = 0; round < 4; round++) {
        finish(f, &north, 2);
        release(f, &north);
        release(f, &south);
    }
    assert_int_equal(in_flight(&north), WINDOW * 3 / 4);
    assert_int_equal(in_flight(&south), WINDOW / 4);
    while (in_flight(&south) > 0) { // it has had enough
        finish(f, &south, 1);
        release(f, &south);
    }
    release(f, &north);
    assert_int_equal(in_flight(&north), WINDOW);
    fixture_free(f);
}

static void weights_change_under_way(void **state)
{
    (void)state;
    struct fixture *f = new_fixture();
    struct jobs north = {.tenant = STR("north")}, south = {.tenant = STR("south")};
    begin(f, &north, 1);
    begin(f, &south, 2 * WINDOW);
    begin(f, &north, WINDOW);
    assert_int_equal(in_flight(&north), WINDOW / 2);
    set_shares(f, "[[\"*\", -1, 1], [\"north\", -1, 5]]");
    release(f, &north);
    assert_int_equal(in_flight(&north), WINDOW * 5 / 6);
    set_shares(f, "");
    assert_true(str_is_empty(engine_shares(f->engine)));
    release(f, &north);
    assert_int_equal(in_flight(&north), WINDOW * 5 / 6); // above its half now: no more
    assert_int_equal(engine_room(f->engine, STR("pay"), STR("north")), 0);
    fixture_free(f);
}

static void a_number_of_its_own_holds_beneath_every_weight(void **state)
{
    (void)state;
    struct fixture *f = new_fixture();
    struct jobs north = {.tenant = STR("north")};
    set_shares(f, "[[\"north\", 3, 1000]]");
    begin(f, &north, 5);
    assert_int_equal(in_flight(&north), 3);
    set_shares(f, "[[\"north\", 0, 1]]"); // stopped
    finish(f, &north, 3);
    release(f, &north);
    assert_int_equal(in_flight(&north), 0);
    struct job_credit credit = {.type = STR("pay"),
                                .tenant = STR("north"),
                                .count = 5,
                                .lease_ms = 1000,
                                .worker = STR("w")};
    run(f, (struct command){
               .type = COMMAND_OFFER_CREDITS,
               .job_credits = {
                   .gateway = 3, .expires_ms = 600000, .credit_count = 1, .credits = &credit}});
    release(f, &north);
    assert_int_equal(in_flight(&north), 0); // nor to who polls
    set_shares(f, "[[\"*\", 1, 1]]");
    release(f, &north);
    assert_int_equal(in_flight(&north), 1);
    fixture_free(f);
}

static void what_is_no_share_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {"[",
                                        "{}",
                                        "[[\"north\", 1]]",
                                        "[[\"north\", -2, 1]]",
                                        "[[\"north\", 1.5, 1]]",
                                        "[[\"north\", 1, 0]]",
                                        "[[\"north\", 1, 1001]]",
                                        "[[7, 1, 1]]"};
    struct fixture *f = new_fixture();
    set_shares(f, "[[\"north\", 7, 2]]");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        run(f, (struct command){.type = COMMAND_SET_SHARES,
                                .reply = {0, 9},
                                .set_shares.shares = str_of(wrong[i])});
        assert_int_equal(rejection_of(f), REJECTION_INVALID);
        assert_true(str_equal(engine_shares(f->engine), STR("[[\"north\", 7, 2]]")));
    }
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_tenant_alone_has_the_whole_window),
        cmocka_unit_test(tenants_share_by_weight_as_they_come_and_go),
        cmocka_unit_test(weights_change_under_way),
        cmocka_unit_test(a_number_of_its_own_holds_beneath_every_weight),
        cmocka_unit_test(what_is_no_share_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
