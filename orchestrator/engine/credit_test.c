// SPDX-License-Identifier: Apache-2.0
// A job's way to a worker: offered, taken, returned, gone past; with and without clients of
// gateways.
#include "engine/fixture.h"
#include "record/limits.h"

enum { LEASE_MS = 30000 };

static struct job_row job_of(const struct fixture *f)
{
    assert_int_equal(f->changes.jobs.count, 1);
    return f->changes.jobs.items[0];
}

static void give_credits(struct fixture *f, uint64_t gateway, uint32_t count, bool leases)
{
    struct job_credit credit = {.type = STR("pay"),
                                .leases = leases,
                                .tenant = STR_EMPTY,
                                .count = count,
                                .lease_ms = LEASE_MS,
                                .worker = STR("w")};
    run(f, (struct command){
               .type = COMMAND_OFFER_CREDITS,
               .job_credits = {.gateway = gateway,
                               .reply_partition = 5,
                               .expires_ms = 20000,
                               .credit_count = 1,
                               .credits = arena_copy(&f->arena, &credit, sizeof credit)}});
}

static void offer_credits(struct fixture *f, uint64_t gateway, uint32_t count)
{
    give_credits(f, gateway, count, false);
}

static void send_jobs(struct fixture *f, enum command_type type, const struct job_row *job,
                      uint32_t attempt)
{
    struct released_job listed = {job->instance, job->key, attempt};
    run(f, (struct command){
               .type = type,
               .release_job = {.count = 1, .jobs = arena_copy(&f->arena, &listed, sizeof listed)}});
}

static void send_answer(struct fixture *f, enum command_type type, const struct job_row *job,
                        int64_t extend_ms)
{
    run(f, (struct command){.type = type,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = {.attempt = job->attempt,
                                           .extend_ms = extend_ms,
                                           .variables = STR_EMPTY,
                                           .error_code = STR_EMPTY,
                                           .message = STR_EMPTY,
                                           .result = STR_EMPTY,
                                           .worker = STR("ada")}});
}

static void finish(struct fixture *f)
{
    struct job_row job = job_of(f);
    send_answer(f, COMMAND_COMPLETE_JOB, &job, 0);
}

static const struct reply *jobs_reply(const struct fixture *f)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *outbound = &f->changes.outbound.items[i];
        if (outbound->kind == OUTBOUND_REPLY && outbound->reply->gateway != 0)
            return outbound->reply;
    }
    return NULL;
}

static void a_lease_begins_when_the_job_is_taken(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    assert_true(job.state == JOB_OFFERED && job.due_ms == 0 && job.offered_ms == f->now);
    assert_non_null(find_outbound(f, OUTBOUND_JOB));

    send_answer(f, COMMAND_EXTEND_JOB, &job, LEASE_MS);
    assert_int_equal(job_of(f).due_ms, f->now + LEASE_MS);
    assert_true(str_equal(job_of(f).worker, STR("ada")));
    assert_int_equal(f->changes.history.items[0].events[0].type, EVENT_JOB_TAKEN);

    send_answer(f, COMMAND_EXTEND_JOB, &job, LEASE_MS);
    assert_int_equal(f->changes.history.items[0].events[0].type, EVENT_JOB_EXTENDED);
    fixture_free(f);
}

static void who_extends_a_lease_has_the_job(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    offer_credits(f, 7, 1);
    start(f);
    assert_true(str_equal(jobs_reply(f)->jobs[0].worker, STR("w")));
    struct job_row job = job_of(f);
    assert_true(str_equal(job.worker, STR("w")));
    send_answer(f, COMMAND_EXTEND_JOB, &job, LEASE_MS);
    assert_true(str_equal(job_of(f).worker, STR("ada")));
    send_answer(f, COMMAND_EXTEND_JOB, &job, LEASE_MS);
    assert_true(str_is_empty(f->changes.history.items[0].events[0].value)); // it has it already
    fixture_free(f);
}

static void a_job_that_nobody_took_does_not_time_out(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    f->now += 1000 * 3600 * 48; // a weekend without workers
    run(f, (struct command){.type = COMMAND_TIME_OUT_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .due = {.attempt = 1}});
    assert_int_equal(f->changes.history.count, 0);
    fixture_free(f);
}

static void a_job_goes_to_a_gateway_whose_client_waits(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    offer_credits(f, 7, 1);
    assert_int_equal(f->changes.history.count, 0);
    start(f);
    const struct reply *reply = jobs_reply(f);
    assert_non_null(reply);
    assert_null(find_outbound(f, OUTBOUND_JOB));
    assert_true(reply->gateway == 7 && reply->to.partition == 5 && reply->to.request == 0);
    assert_true(reply->job_count == 1 && reply->jobs[0].lease_ms == LEASE_MS);
    assert_int_equal(job_of(f).due_ms, f->now + LEASE_MS);
    assert_true(str_equal(job_of(f).worker, STR("w")));

    start(f); // the credit is used up
    assert_null(jobs_reply(f));
    assert_non_null(find_outbound(f, OUTBOUND_JOB));
    fixture_free(f);
}

static void credits_end_and_do_not_come_back_with_their_gateway(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    offer_credits(f, 7, 5);
    f->now += 60000;
    start(f);
    assert_null(jobs_reply(f));
    finish(f);
    run(f, (struct command){.type = COMMAND_OFFER_CREDITS,
                            .job_credits = {.gateway = 7, .expires_ms = 20000}});
    start(f);
    assert_null(jobs_reply(f));
    finish(f);
    offer_credits(f, 7, 1);
    offer_credits(f, 7, 0); // taken back
    start(f);
    assert_null(jobs_reply(f));
    fixture_free(f);
}

static void gateways_take_turns(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    offer_credits(f, 7, 10);
    offer_credits(f, 8, 10);
    uint64_t seen[4];
    for (size_t i = 0; i < 4; i++) {
        start(f);
        seen[i] = jobs_reply(f)->gateway;
        finish(f);
    }
    assert_true(seen[0] == 7 && seen[1] == 8 && seen[2] == 7 && seen[3] == 8);
    fixture_free(f);
}

static void what_finds_no_client_is_offered_again_with_the_same_attempt(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    offer_credits(f, 7, 1);
    start(f);
    struct job_row job = job_of(f);
    send_jobs(f, COMMAND_RETURN_JOBS, &job, job.attempt);
    struct job_row again = job_of(f);
    assert_true(again.state == JOB_OFFERED && again.attempt == job.attempt && again.due_ms == 0);
    assert_int_equal(again.retries, job.retries);
    assert_non_null(find_outbound(f, OUTBOUND_JOB));
    send_jobs(f, COMMAND_RETURN_JOBS, &job, job.attempt + 1); // of another offer: nothing
    assert_int_equal(f->changes.history.count, 0);
    fixture_free(f);
}

static void an_untaken_job_is_given_to_a_client_that_comes_later(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    send_jobs(f, COMMAND_RELEASE_JOB, &job, 0); // nobody waits
    assert_int_equal(f->changes.history.count, 0);
    offer_credits(f, 7, 1);
    send_jobs(f, COMMAND_RELEASE_JOB, &job, 0);
    assert_non_null(jobs_reply(f));
    assert_int_equal(jobs_reply(f)->jobs[0].attempt, job.attempt);
    assert_true(job_of(f).due_ms > 0);
    offer_credits(f, 7, 1);
    send_jobs(f, COMMAND_RELEASE_JOB, &job, 0); // taken by now
    assert_null(jobs_reply(f));
    fixture_free(f);
}

static void what_was_gone_past_is_offered_again_unless_taken(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    send_jobs(f, COMMAND_REOFFER_JOBS, &job, job.attempt);
    assert_int_equal(job_of(f).attempt, job.attempt + 1);
    assert_non_null(find_outbound(f, OUTBOUND_JOB));
    job = job_of(f);
    send_answer(f, COMMAND_EXTEND_JOB, &job, LEASE_MS);
    send_jobs(f, COMMAND_REOFFER_JOBS, &job, job.attempt);
    assert_int_equal(f->changes.history.count, 0);
    fixture_free(f);
}

static void an_answer_that_cannot_be_used_is_a_failure_of_the_job(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    for (int left = 2; left >= 0; left--) {
        struct job_row job = job_of(f);
        run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                                .instance = job.instance,
                                .key = job.key,
                                .job_answer = {.attempt = job.attempt,
                                               .variables = STR("[1,2"),
                                               .error_code = STR_EMPTY,
                                               .message = STR_EMPTY,
                                               .result = STR_EMPTY,
                                               .worker = STR("ada")}});
        assert_int_equal(job_of(f).retries, left);
        assert_true(str_find(job_of(f).error_message, STR("cannot be used")) != SIZE_MAX);
    }
    assert_int_equal(f->changes.incidents.count, 1);
    fixture_free(f);
}

// The credits move to a new memory in the batch in which a job was given to one of them.
static void a_worker_is_named_although_its_credit_is_gone(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    f->has_no_checks = true;
    for (int i = 0; i < 4096; i++) { // CREDIT_GARBAGE: the credit that is used tips it over
        offer_credits(f, 8, 1);
        offer_credits(f, 8, 0);
    }
    offer_credits(f, 7, 1);
    struct job_credit credit = {.type = STR("other"), .count = 1, .worker = STR("x")};
    struct command commands[] = {
        {.type = COMMAND_CREATE_INSTANCE, .create_instance = {.process_id = STR("p")}},
        {.type = COMMAND_OFFER_CREDITS,
         .job_credits = {.gateway = 9, .expires_ms = 20000, .credit_count = 1, .credits = &credit}},
    };
    engine_begin(f->engine, &f->arena);
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        commands[i].time_ms = f->now;
        engine_step(f->engine, &commands[i]);
    }
    engine_end(f->engine, &f->changes);
    assert_true(str_equal(job_of(f).worker, STR("w")));
    const struct history_row *row = &f->changes.history.items[0];
    bool is_named = false;
    for (size_t i = 0; i < row->count; i++)
        is_named |=
            row->events[i].type == EVENT_JOB_TAKEN && str_equal(row->events[i].value, STR("w"));
    assert_true(is_named);
    fixture_free(f);
}

static void a_worker_of_megabytes_is_cut(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    start(f);
    struct job_row job = job_of(f);
    char *name = arena_alloc(&f->arena, 3300000);
    memset(name, 'w', 3300000);
    run(f, (struct command){.type = COMMAND_EXTEND_JOB,
                            .instance = job.instance,
                            .key = job.key,
                            .job_answer = {.attempt = job.attempt,
                                           .extend_ms = LEASE_MS,
                                           .worker = str_from(name, 3300000)}});
    assert_true(job_of(f).worker.len > 0 && job_of(f).worker.len <= LIMIT_TEXT_BYTES);

    struct job_credit credit = {.type = STR("pay"), .count = 1, .worker = str_from(name, 3300000)};
    run(f, (struct command){
               .type = COMMAND_OFFER_CREDITS,
               .job_credits = {
                   .gateway = 7, .expires_ms = 20000, .credit_count = 1, .credits = &credit}});
    start(f);
    assert_null(jobs_reply(f));
    fixture_free(f);
}

// As a caller of the API answers; attempt 0: without a token.
static enum rejection answer_by_api(struct fixture *f, struct command command)
{
    command.reply = (struct reply_to){5, 99};
    run(f, command);
    return rejection_of(f);
}

static struct command completion(const struct job_offer *job, uint32_t attempt)
{
    return (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .job_answer = {.attempt = attempt, .variables = STR("{}")}};
}

static void time_out(struct fixture *f, const struct job_offer *job)
{
    f->now += LEASE_MS + 1;
    run(f, (struct command){.type = COMMAND_TIME_OUT_JOB,
                            .instance = job->instance,
                            .key = job->key,
                            .due = {.attempt = job->attempt}});
}

static void a_leased_job_is_answered_with_its_token_alone(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    give_credits(f, 7, 1, true);
    start(f);
    struct job_offer job = jobs_reply(f)->jobs[0];
    assert_true(job.leases && job.attempt == 1);
    assert_int_equal(answer_by_api(f, completion(&job, 0)), REJECTION_INVALID_STATE);

    time_out(f, &job);
    give_credits(f, 8, 1, true);
    send_jobs(f, COMMAND_RELEASE_JOB, &(struct job_row){.instance = job.instance, .key = job.key},
              0);
    assert_int_equal(jobs_reply(f)->jobs[0].attempt, 2);
    assert_int_equal(answer_by_api(f, completion(&job, 1)), REJECTION_INVALID_STATE);
    struct command update = {.type = COMMAND_UPDATE_JOB,
                             .instance = job.instance,
                             .key = job.key,
                             .update_job = {.attempt = 1, .retries = 4, .has_retries = true}};
    assert_int_equal(answer_by_api(f, update), REJECTION_INVALID_STATE);
    update.update_job.attempt = 0; // an operator's
    assert_int_equal(answer_by_api(f, update), REJECTION_NONE);
    run(f, completion(&job, 1)); // of a worker on Kafka, which hears nothing
    const struct event *refused = &f->changes.history.items[0].events[0];
    assert_int_equal(refused->type, EVENT_COMMAND_REJECTED);
    assert_true(str_equal(refused->code, str_of(rejection_name(REJECTION_STALE))));
    assert_int_equal(answer_by_api(f, completion(&job, 2)), REJECTION_NONE);
    fixture_free(f);
}

static void a_leased_job_goes_to_no_client_without_a_lease(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    give_credits(f, 7, 1, true);
    start(f);
    struct job_offer job = jobs_reply(f)->jobs[0];
    give_credits(f, 8, 5, false);
    time_out(f, &job);
    assert_null(jobs_reply(f)); // to its topic: workers on Kafka have a token of their own
    assert_non_null(find_outbound(f, OUTBOUND_JOB));
    fixture_free(f);
}

static void a_lease_that_nobody_saw_is_none(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    give_credits(f, 7, 1, true);
    start(f);
    struct job_row job = job_of(f);
    give_credits(f, 8, 1, false);
    send_jobs(f, COMMAND_RETURN_JOBS, &job, job.attempt);
    assert_non_null(jobs_reply(f));
    assert_false(jobs_reply(f)->jobs[0].leases);
    assert_int_equal(answer_by_api(f, completion(jobs_reply(f)->jobs, 0)), REJECTION_NONE);
    fixture_free(f);
}

static void an_answer_names_the_instance(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct job_offer job = *start(f);
    struct command named = completion(&job, 0);
    named.job_answer.business_id = STR("order-7");
    assert_int_equal(answer_by_api(f, named), REJECTION_NONE);
    assert_true(str_equal(f->changes.instances.items[0].business_id, STR("order-7")));
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lease_begins_when_the_job_is_taken),
        cmocka_unit_test(who_extends_a_lease_has_the_job),
        cmocka_unit_test(a_job_that_nobody_took_does_not_time_out),
        cmocka_unit_test(a_job_goes_to_a_gateway_whose_client_waits),
        cmocka_unit_test(credits_end_and_do_not_come_back_with_their_gateway),
        cmocka_unit_test(gateways_take_turns),
        cmocka_unit_test(what_finds_no_client_is_offered_again_with_the_same_attempt),
        cmocka_unit_test(an_untaken_job_is_given_to_a_client_that_comes_later),
        cmocka_unit_test(what_was_gone_past_is_offered_again_unless_taken),
        cmocka_unit_test(an_answer_that_cannot_be_used_is_a_failure_of_the_job),
        cmocka_unit_test(a_worker_is_named_although_its_credit_is_gone),
        cmocka_unit_test(a_worker_of_megabytes_is_cut),
        cmocka_unit_test(a_leased_job_is_answered_with_its_token_alone),
        cmocka_unit_test(a_leased_job_goes_to_no_client_without_a_lease),
        cmocka_unit_test(a_lease_that_nobody_saw_is_none),
        cmocka_unit_test(an_answer_names_the_instance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
