// SPDX-License-Identifier: Apache-2.0
// A failure's class -> retries, rest, incident. Deliveries without an answer -> an incident that
// names the workers.
#include "engine/fixture.h"
#include "record/limits.h"

enum { LEASE_MS = 30000, SECOND_MS = 1000 };

static struct job_row job_of(const struct fixture *f)
{
    assert_int_equal(f->changes.jobs.count, 1);
    return f->changes.jobs.items[0];
}

static const char *const MODEL_WITH_TWO =
    MODEL("<startEvent id='s'/><sequenceFlow id='a' sourceRef='s' targetRef='t'/>"
          "<serviceTask id='t'><extensionElements>"
          "<zeebe:taskDefinition type='pay'/><b:job xmlns:b='http://baton.dev/schema/bpmn' "
          "maxDeliveries='=1 + 1'/></extensionElements></serviceTask>");

static struct job_row send(struct fixture *f, const struct job_row *job, enum command_type type,
                           struct job_answer body)
{
    body.attempt = job->attempt;
    body.variables = body.error_code = body.result = STR_EMPTY;
    run(f, (struct command){
               .type = type, .instance = job->instance, .key = job->key, .job_answer = body});
    return job_of(f);
}

static struct job_row fail_with(struct fixture *f, const struct job_row *job,
                                enum failure_class class, int64_t backoff_ms)
{
    return send(f, job, COMMAND_FAIL_JOB,
                (struct job_answer){.failure_class = class,
                                    .retries = 77,
                                    .backoff_ms = backoff_ms,
                                    .subject = STR("card"),
                                    .message = STR("went wrong"),
                                    .worker = STR("ada")});
}

static struct job_row offer_again(struct fixture *f, const struct job_row *job)
{
    f->now = job->due_ms;
    run(f, (struct command){.type = COMMAND_RETRY_JOB, .instance = job->instance, .key = job->key});
    return job_of(f);
}

static const struct incident_row *incident_of(const struct fixture *f)
{
    assert_int_equal(f->changes.incidents.count, 1);
    return &f->changes.incidents.items[0];
}

static void assert_incident(const struct fixture *f, const char *kind, const char *part)
{
    const struct incident_row *incident = incident_of(f);
    assert_true(str_equal(incident->kind, str_of(kind)));
    if (str_find(incident->message, str_of(part)) == SIZE_MAX)
        fail_msg("'%s' is not in: %.*s", part, STR_ARG(incident->message));
}

static void a_failure_without_a_class_is_what_the_answer_says(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    job = fail_with(f, &job, FAILURE_UNSPECIFIED, 0);
    assert_int_equal(job.retries, 77);
    assert_int_equal(job.state, JOB_OFFERED);
    fixture_free(f);
}

static void a_transient_failure_uses_one_retry_and_rests_longer_each_time(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    job = fail_with(f, &job, FAILURE_TRANSIENT, 0);
    assert_int_equal(job.retries, 2);
    assert_int_equal(job.state, JOB_BACKING_OFF);
    int64_t last_ms = job.due_ms - f->now;
    assert_true(last_ms >= SECOND_MS && last_ms < 2 * SECOND_MS);
    job = offer_again(f, &job);
    job = fail_with(f, &job, FAILURE_TRANSIENT, 0);
    assert_true(job.due_ms - f->now >= 2 * SECOND_MS && job.due_ms - f->now > last_ms);
    job = offer_again(f, &job);
    job = fail_with(f, &job, FAILURE_TRANSIENT, 0);
    assert_int_equal(job.state, JOB_FAILED);
    assert_incident(f, "JOB_NO_RETRIES", "went wrong");
    fixture_free(f);
}

static void a_transient_failure_rests_as_long_as_it_says(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    job = fail_with(f, &job, FAILURE_TRANSIENT, 7 * SECOND_MS);
    assert_int_equal(job.due_ms, f->now + 7 * SECOND_MS);
    fixture_free(f);
}

static void who_is_throttled_uses_no_retry_and_rests_at_least_a_second(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    for (int i = 0; i < 20; i++) {
        job = fail_with(f, &job, FAILURE_THROTTLED, 0);
        assert_int_equal(job.retries, 3);
        assert_int_equal(job.due_ms, f->now + SECOND_MS);
        job = offer_again(f, &job);
    }
    fixture_free(f);
}

static void who_is_throttled_for_ever_ends_in_an_incident(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    int times = 0;
    for (; job.state != JOB_FAILED; times++) {
        job = fail_with(f, &job, FAILURE_THROTTLED, 0);
        if (job.state != JOB_FAILED)
            job = offer_again(f, &job);
    }
    assert_int_equal(times, LIMIT_JOB_THROTTLED + 3);
    assert_incident(f, "JOB_NO_RETRIES", "went wrong");
    fixture_free(f);
}

static void what_no_retry_mends_is_an_incident_at_once(void **state)
{
    (void)state;
    static const struct {
        enum failure_class class;
        const char *kind, *part;
    } rows[] = {
        {FAILURE_PERMANENT, "JOB_NO_RETRIES", "went wrong"},
        {FAILURE_AUTH, "CREDENTIAL_REFUSED", "the credential 'card' was refused: went wrong"},
        {FAILURE_POISON, "INPUT_REFUSED", "the input 'card' cannot be worked on: went wrong"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct fixture *f = fixture_new(ONE_TASK);
        start(f);
        struct job_row job = job_of(f);
        job = fail_with(f, &job, rows[i].class, 5 * SECOND_MS);
        assert_true(job.state == JOB_FAILED && job.retries == 0 && job.due_ms == 0);
        assert_incident(f, rows[i].kind, rows[i].part);
        fixture_free(f);
    }
}

static struct job_row take(struct fixture *f, const struct job_row *job, str worker)
{
    return send(f, job, COMMAND_EXTEND_JOB,
                (struct job_answer){.extend_ms = LEASE_MS, .worker = worker});
}

static struct job_row time_out(struct fixture *f, const struct job_row *job)
{
    f->now = job->due_ms;
    run(f, (struct command){.type = COMMAND_TIME_OUT_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .due = {.attempt = job->attempt}});
    return job_of(f);
}

static void a_job_that_no_worker_answers_ends_in_an_incident_that_names_them(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(job.state, JOB_OFFERED);
        job = take(f, &job, i % 2 ? STR("bob") : STR("ada"));
        job = time_out(f, &job);
    }
    assert_true(job.state == JOB_FAILED && job.retries == 3);
    assert_incident(f, "JOB_UNANSWERED", "10 times in a row and none answered");
    assert_incident(f, "JOB_UNANSWERED", "(workers: ada, bob)");
    uint64_t incident = incident_of(f)->key;
    run(f, (struct command){
               .type = COMMAND_RESOLVE_INCIDENT, .instance = job.instance, .key = incident});
    assert_int_equal(job_of(f).state, JOB_OFFERED); // its retries were not used
    fixture_free(f);
}

static void an_answer_begins_the_count_anew(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    for (int i = 0; i < 18; i++) {
        job = take(f, &job, STR("ada"));
        job = time_out(f, &job);
        if (i == 8)
            job = fail_with(f, &job, FAILURE_UNSPECIFIED, 0);
    }
    assert_int_equal(job.state, JOB_OFFERED);
    fixture_free(f);
}

static void records_that_are_passed_over_count_and_an_element_may_say_how_often(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(MODEL_WITH_TWO);
    start(f);
    struct job_row job = job_of(f);
    struct released_job listed = {job.instance, job.key, 1};
    run(f, (struct command){.type = COMMAND_REOFFER_JOBS, .release_job = {1, &listed}});
    assert_int_equal(job_of(f).state, JOB_OFFERED);
    listed.attempt = 2;
    run(f, (struct command){.type = COMMAND_REOFFER_JOBS, .release_job = {1, &listed}});
    assert_int_equal(job_of(f).state, JOB_FAILED);
    assert_incident(f, "JOB_UNANSWERED", "2 times in a row");
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_without_a_class_is_what_the_answer_says),
        cmocka_unit_test(a_transient_failure_uses_one_retry_and_rests_longer_each_time),
        cmocka_unit_test(a_transient_failure_rests_as_long_as_it_says),
        cmocka_unit_test(who_is_throttled_uses_no_retry_and_rests_at_least_a_second),
        cmocka_unit_test(who_is_throttled_for_ever_ends_in_an_incident),
        cmocka_unit_test(what_no_retry_mends_is_an_incident_at_once),
        cmocka_unit_test(a_job_that_no_worker_answers_ends_in_an_incident_that_names_them),
        cmocka_unit_test(an_answer_begins_the_count_anew),
        cmocka_unit_test(records_that_are_passed_over_count_and_an_element_may_say_how_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
