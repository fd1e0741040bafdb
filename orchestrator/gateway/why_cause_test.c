// SPDX-License-Identifier: Apache-2.0
// Facts -> causes, the weightiest first, and what the sentences name.
#include "gateway/why_cause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { NOW = 1000000000, SECOND = 1000, MINUTE = 60 * SECOND };

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static struct why_findings nothing(void)
{
    return (struct why_findings){.arena = &arena};
}

static struct why_job job_of(enum job_state state)
{
    return (struct why_job){.key = 7,
                            .type = STR("pay"),
                            .process_id = STR("order"),
                            .element_id = STR("charge"),
                            .state = state,
                            .attempt = 2,
                            .retries = 3,
                            .share = -1,
                            .now_ms = NOW};
}

static void assert_cause(const struct why_findings *findings, size_t i, enum why_cause cause,
                         const char *part)
{
    assert_true(i < findings->list.count);
    const struct why_finding *found = &findings->list.items[i];
    assert_string_equal(why_cause_name(found->cause), why_cause_name(cause));
    if (str_find(found->sentence, str_of(part)) == SIZE_MAX)
        fail_msg("'%s' is not in: %.*s", part, STR_ARG(found->sentence));
}

static struct why_findings causes_of(const struct why_job *job)
{
    struct why_findings findings = nothing();
    why_of_job(&findings, job);
    why_sort(&findings);
    return findings;
}

static void a_type_that_nobody_ever_asked_for_says_so(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_NEVER_ASKED,
                 "no worker has asked in the last 3 days for jobs of the type 'pay'");
}

static void the_last_who_asked_is_named_with_the_time(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.fit = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - 12 * MINUTE};
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_NOBODY_ASKS, "the worker 'till-1' was the last");
    assert_cause(&found, 0, WHY_NOBODY_ASKS, "12 minutes ago");
}

static void a_worker_that_asks_now_is_about_to_have_it(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.fit = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - 5 * SECOND};
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_ABOUT_TO_BE_TAKEN, "till-1");
}

static void workers_of_other_tenants_and_without_permission_come_before_nobody(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.barred = (struct why_asker){STR("guest"), STR_EMPTY, NOW - SECOND};
    job.abroad = (struct why_asker){STR("till-2"), STR("north"), NOW - SECOND};
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_OTHER_TENANT, "asks for the tenant 'north'");
    assert_cause(&found, 0, WHY_OTHER_TENANT, "of the tenant '<default>'");
    assert_cause(&found, 1, WHY_NOT_ALLOWED, "jobs of the process 'order'");
    assert_cause(&found, 2, WHY_NEVER_ASKED, "'pay'");
}

static void who_serves_another_tenant_is_no_cause_where_somebody_serves_this_one(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.fit = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - SECOND};
    job.abroad = (struct why_asker){STR("till-2"), STR("north"), NOW - SECOND};
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_ABOUT_TO_BE_TAKEN, "till-1");
    job.fit.seen_ms = 0;
    job.abroad.seen_ms = NOW - 29L * 24 * 60 * MINUTE;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_NEVER_ASKED, "'pay'");
}

static void a_group_tells_its_lag_and_its_members(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.is_group_known = true;
    job.member_count = 2;
    job.members = STR("w1, w2");
    job.lag = 41;
    job.offered_ms = NOW - MINUTE;
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_BEHIND, "(2: w1, w2) are 41 records behind");
    job.lag = 0;
    job.looked_ms = NOW - SECOND;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_PASSED_OVER, "have gone past it");
    job.member_count = 0;
    job.member_seen_ms = NOW - 3 * MINUTE;
    found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_NO_MEMBER, "has had no member since");
}

static void who_has_it_until_when_is_the_whole_answer(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.worker = STR("till-1");
    job.due_ms = NOW + MINUTE;
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_LEASED, "the worker 'till-1' has the job, in attempt 2");
    assert_int_equal(found.list.items[0].until_ms, NOW + MINUTE);
}

static void rest_windows_and_shares_are_told_apart(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_BACKING_OFF);
    job.due_ms = NOW + MINUTE;
    job.message = STR("no route");
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_BACKING_OFF, "attempt 2 failed (no route)");
    job = job_of(JOB_WAITING);
    job.in_flight = 10;
    job.ahead = 3;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_WINDOW_FULL, "10 jobs of the type 'pay' are in flight");
    job.share = 50;
    job.part = 17;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_WINDOW_FULL, "10 jobs of the type 'pay' are in flight");
    job.part = 10;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_SHARE_USED_UP, "in the whole cluster, 10 of them on this shard");
    job.fit = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - SECOND};
    found = causes_of(&job);
    assert_int_equal(found.list.count, 1); // that it asks does not help
    job.is_flight_cut = true;
    job.share = -1;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_WINDOW_FULL, "at least 10 jobs");
    job = job_of(JOB_WAITING);
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_NEVER_ASKED, "'pay'");
    assert_cause(&found, 1, WHY_ABOUT_TO_BE_OFFERED, "no job of the type 'pay' is in flight");
}

static void an_open_breaker_is_the_cause_whoever_asks(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_WAITING);
    job.fit = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - SECOND};
    job.breaker = (struct why_breaker){.kind = BREAKER_TYPE,
                                       .name = STR("pay"),
                                       .cause = STR("TRANSIENT"),
                                       .opened_ms = NOW - MINUTE,
                                       .probes_ms = NOW + MINUTE};
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_BREAKER_OPEN, "paused by a breaker, that of the job type 'pay'");
    assert_cause(&found, 0, WHY_BREAKER_OPEN, "(TRANSIENT): probes at ");
    assert_int_equal(found.list.items[0].until_ms, NOW + MINUTE);
    job.state = JOB_HELD;
    job.breaker.kind = BREAKER_CREDENTIAL;
    job.breaker.name = STR("shop-key");
    job.breaker.probes_ms = NOW - SECOND;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_BREAKER_OPEN, "that of the credential 'shop-key'");
    assert_cause(&found, 0, WHY_BREAKER_OPEN, "this one is not among them");
    job.breaker.probes_ms = 0;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_BREAKER_OPEN, "it is closed by hand");
    job.breaker = (struct why_breaker){0};
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_ABOUT_TO_BE_OFFERED, "its credential has closed");
}

static void a_job_that_waits_for_room_does_not_lie_on_its_topic(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_WAITING);
    job.is_group_known = true;
    job.member_count = 2;
    job.members = STR("w1, w2");
    job.looked_ms = NOW - SECOND;
    job.in_flight = 10;
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_WINDOW_FULL, "10 jobs");
}

static void a_job_that_was_leased_says_who_asks_without_a_lease(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.unleased = (struct why_asker){STR("till-1"), STR_EMPTY, NOW - SECOND};
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_NEEDS_LEASE, "the worker 'till-1' asks without");
    job.fit = (struct why_asker){STR("till-2"), STR_EMPTY, NOW - SECOND};
    found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_ABOUT_TO_BE_TAKEN, "till-2");
}

static void a_state_that_cannot_be_read_says_so(void **state)
{
    (void)state;
    struct why_findings found = nothing();
    const struct why_instance instance = {.key = 3, .process_id = STR("order")};
    why_of_unreadable(&found, &instance, "the stored state is damaged");
    assert_cause(&found, 0, WHY_UNREADABLE, "cannot be read: the stored state is damaged");
    assert_int_equal(found.list.items[0].key, 3);
}

static void an_incident_outweighs_everything_and_suspension_comes_next(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_FAILED);
    job.is_suspended = true;
    job.incident = 9;
    job.incident_kind = STR("JOB_NO_RETRIES");
    job.incident_message = STR("card refused");
    struct why_findings found = causes_of(&job);
    assert_cause(&found, 0, WHY_INCIDENT, "JOB_NO_RETRIES: card refused");
    assert_int_equal(found.list.items[0].key, 9);
    assert_cause(&found, 1, WHY_INSTANCE_SUSPENDED, "suspended");
}

static void what_is_over_says_how_and_by_whom(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    job.end = JOB_END_COMPLETED;
    job.ended_ms = NOW;
    job.worker = STR("till-1");
    struct why_findings found = causes_of(&job);
    assert_int_equal(found.list.count, 1);
    assert_cause(&found, 0, WHY_JOB_COMPLETED, "1970-01-12T13:46:40Z by the worker 'till-1'");
    job.end = JOB_END_CANCELED;
    found = causes_of(&job);
    assert_cause(&found, 0, WHY_JOB_CANCELED, "canceled");
}

static void a_secret_that_is_missing_is_named(void **state)
{
    (void)state;
    struct why_job job = job_of(JOB_OFFERED);
    struct why_findings found = nothing();
    why_of_secret(&found, &job, &(struct why_secret){STR("TOKEN"), true, true});
    assert_int_equal(found.list.count, 0);
    why_of_secret(&found, &job, &(struct why_secret){STR("TOKEN"), false, false});
    why_of_secret(&found, &job, &(struct why_secret){STR("PIN"), true, false});
    assert_cause(&found, 0, WHY_SECRET_MISSING, "'TOKEN'");
    assert_cause(&found, 1, WHY_SECRET_NOT_ALLOWED, "'PIN', which jobs of the process 'order'");
}

static void messages_that_almost_matched_say_what_did_not(void **state)
{
    (void)state;
    struct why_findings found = nothing();
    struct why_wait near = {.kind = WHY_WAIT_NEAR,
                            .name = STR("paid"),
                            .key_text = STR("47"),
                            .wanted_key = STR("0047")};
    why_of_wait(&found, &near);
    assert_cause(&found, 0, WHY_OTHER_KEY, "'47' waits for a receiver; '0047' is waited for");
    near.is_hidden = true;
    why_of_wait(&found, &near);
    assert_cause(&found, 1, WHY_OTHER_KEY, "with another key waits for a receiver; '0047' is");
    near.is_hidden = false;
    near.is_over = true;
    near.wanted_key = STR("47");
    why_of_wait(&found, &near);
    assert_cause(&found, 2, WHY_TOO_EARLY, "reached nobody in its time to live");
    near.other_tenant = true;
    near.tenant = STR("north");
    why_of_wait(&found, &near);
    assert_cause(&found, 3, WHY_OTHER_TENANT_MESSAGE, "in the tenant 'north'");
}

static void each_token_says_what_it_waits_for(void **state)
{
    (void)state;
    static const struct {
        struct why_wait wait;
        enum why_cause cause;
        const char *part;
    } rows[] = {
        {{WHY_WAIT_TIMER, .until_ms = NOW}, WHY_TIMER, "due at 1970-01-12T13:46:40Z"},
        {{WHY_WAIT_SIGNAL, .name = {"bell", 4}}, WHY_SIGNAL, "'bell'"},
        {{WHY_WAIT_CONDITION, .name = {"x > 1", 5}}, WHY_CONDITION, "x > 1"},
        {{WHY_WAIT_USER_TASK, .key_text = {"crew", 4}}, WHY_USER_TASK_UNASSIGNED, "are crew"},
        {{WHY_WAIT_USER_TASK, .name = {"ann", 3}}, WHY_USER_TASK_ASSIGNED, "'ann' has"},
        {{WHY_WAIT_CALLED, .key = 5, .name = {"sub", 3}}, WHY_CALLED_INSTANCE, "instance 5 of"},
        {{WHY_WAIT_PLACE, .element_type = {"serviceTask", 11}}, WHY_MOVING, "on its way"},
        {{WHY_WAIT_PLACE, .has_more = true}, WHY_CONTENTS, "inside"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct why_findings found = nothing();
        why_of_wait(&found, &rows[i].wait);
        assert_cause(&found, 0, rows[i].cause, rows[i].part);
    }
    struct why_findings found = nothing();
    why_of_stillness(&found);
    assert_cause(&found, 0, WHY_OTHER_TOKENS, "at a joining gateway");
}

static void a_worker_hears_whether_it_is_silent_or_there_is_no_work(void **state)
{
    (void)state;
    struct why_service service = {.type = STR("pay"), .seen_ms = NOW - SECOND, .now_ms = NOW};
    struct why_findings found = nothing();
    why_of_service(&found, STR("till-1"), &service);
    service.open = 4;
    why_of_service(&found, STR("till-1"), &service);
    service.seen_ms = NOW - 10 * MINUTE;
    why_of_service(&found, STR("till-1"), &service);
    assert_cause(&found, 0, WHY_NO_JOBS, "there is no such job");
    assert_cause(&found, 1, WHY_JOBS_THERE, "4 such jobs wait");
    assert_cause(&found, 2, WHY_SILENT, "10 minutes ago");
    why_of_nobody(&found, STR("x"));
    assert_cause(&found, 3, WHY_WORKER_UNKNOWN, "'x'");
}

static void a_message_says_whom_it_reached(void **state)
{
    (void)state;
    struct why_news news = {.kind = WHY_NEWS_MISSED,
                            .name = STR("paid"),
                            .correlation_key = STR("47"),
                            .element_id = STR("hear"),
                            .instance = 3};
    struct why_findings found = nothing();
    why_of_news(&found, &news);
    news.kind = WHY_NEWS_REACHED;
    why_of_news(&found, &news);
    why_sort(&found);
    assert_cause(&found, 0, WHY_REACHED, "reached the instance 3 at 'hear'");
    assert_cause(&found, 1, WHY_MISSED, "'paid' with the key '47' in the tenant '<default>'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_that_nobody_ever_asked_for_says_so),
        cmocka_unit_test(the_last_who_asked_is_named_with_the_time),
        cmocka_unit_test(a_worker_that_asks_now_is_about_to_have_it),
        cmocka_unit_test(workers_of_other_tenants_and_without_permission_come_before_nobody),
        cmocka_unit_test(who_serves_another_tenant_is_no_cause_where_somebody_serves_this_one),
        cmocka_unit_test(a_group_tells_its_lag_and_its_members),
        cmocka_unit_test(who_has_it_until_when_is_the_whole_answer),
        cmocka_unit_test(rest_windows_and_shares_are_told_apart),
        cmocka_unit_test(an_open_breaker_is_the_cause_whoever_asks),
        cmocka_unit_test(a_job_that_waits_for_room_does_not_lie_on_its_topic),
        cmocka_unit_test(a_job_that_was_leased_says_who_asks_without_a_lease),
        cmocka_unit_test(a_state_that_cannot_be_read_says_so),
        cmocka_unit_test(an_incident_outweighs_everything_and_suspension_comes_next),
        cmocka_unit_test(what_is_over_says_how_and_by_whom),
        cmocka_unit_test(a_secret_that_is_missing_is_named),
        cmocka_unit_test(messages_that_almost_matched_say_what_did_not),
        cmocka_unit_test(each_token_says_what_it_waits_for),
        cmocka_unit_test(a_worker_hears_whether_it_is_silent_or_there_is_no_work),
        cmocka_unit_test(a_message_says_whom_it_reached),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
