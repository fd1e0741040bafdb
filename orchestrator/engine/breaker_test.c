// SPDX-License-Identifier: Apache-2.0
// Failures in a row, or a refused credential -> jobs wait; a rest -> a few probes; what becomes of
// these -> closed, or open for longer. The same commands always give the same.
#include "base/murmur2.h"
#include "engine/fixture.h"
#include "record/limits.h"

enum { WINDOW = 40, FAILURES = 4, REST_MS = 60000, LONGEST_MS = 150000, PROBES = 2, MOST = 64 };

#define TASK_WITH_SECRET                                                                           \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='t'/>"                \
          "<serviceTask id='t'><extensionElements><zeebe:taskDefinition type='pay'/>"              \
          "<zeebe:ioMapping><zeebe:input source='{{secrets.card}}' target='key'/>"                 \
          "</zeebe:ioMapping></extensionElements></serviceTask>")

struct jobs {
    str tenant;
    size_t count;
    struct job_row rows[MOST];
};

static void reload(struct fixture *f)
{
    struct error err;
    engine_free(f->engine);
    f->engine = engine_new(&f->environment, f->shard_image, f->changes.next_key, 1 << 20, &err);
    assert_non_null(f->engine);
}

static struct fixture *new_fixture(const char *model)
{
    struct fixture *f = fixture_with_window(model, WINDOW);
    f->environment.breakers = (struct breaker_settings){.failures = FAILURES,
                                                        .has_credentials = true,
                                                        .rest_ms = REST_MS,
                                                        .longest_rest_ms = LONGEST_MS,
                                                        .probes = PROBES};
    deploy_for(f, STR("north"), "p", model);
    reload(f);
    return f;
}

static void note(struct fixture *f, struct jobs *jobs)
{
    for (size_t i = 0; i < f->changes.jobs.count; i++)
        for (size_t j = 0; j < jobs->count; j++)
            if (jobs->rows[j].key == f->changes.jobs.items[i].key)
                jobs->rows[j] = f->changes.jobs.items[i];
    for (size_t j = 0; j < jobs->count; j++)
        jobs->rows[j].held_by = str_copy(&f->arena, jobs->rows[j].held_by);
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
    note(f, jobs);
}

static size_t in_state(const struct jobs *jobs, enum job_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < jobs->count; i++)
        count += jobs->rows[i].state == state;
    return count;
}

static void send(struct fixture *f, struct jobs *jobs, size_t nth, enum command_type type,
                 struct job_answer body)
{
    const struct job_row *job = &jobs->rows[nth];
    body.attempt = job->attempt;
    body.variables = body.error_code = body.result = STR_EMPTY;
    body.worker = STR("ada");
    run(f, (struct command){
               .type = type, .instance = job->instance, .key = job->key, .job_answer = body});
    note(f, jobs);
}

static void fail_with(struct fixture *f, struct jobs *jobs, size_t nth, enum failure_class class,
                      str subject)
{
    send(f, jobs, nth, COMMAND_FAIL_JOB,
         (struct job_answer){.failure_class = class,
                             .retries = 2,
                             .subject = subject,
                             .message = STR("went wrong")});
}

static void complete(struct fixture *f, struct jobs *jobs, size_t nth)
{
    send(f, jobs, nth, COMMAND_COMPLETE_JOB, (struct job_answer){.message = STR_EMPTY});
}

// What the node does when it looks: all that wait are tried.
static void release(struct fixture *f, struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count; i++) {
        if (jobs->rows[i].state != JOB_WAITING && jobs->rows[i].state != JOB_HELD)
            continue;
        struct released_job one = {jobs->rows[i].instance, jobs->rows[i].key, 0};
        run(f, (struct command){.type = COMMAND_RELEASE_JOB, .release_job = {1, &one}});
        note(f, jobs);
    }
}

static size_t first_in(const struct jobs *jobs, enum job_state state)
{
    for (size_t i = 0; i < jobs->count; i++)
        if (jobs->rows[i].state == state)
            return i;
    fail_msg("no job is in state %d", state);
    return 0;
}

static void set(struct fixture *f, enum breaker_kind kind, const char *name, bool opens,
                int64_t rest_ms)
{
    run(f, (struct command){.type = COMMAND_SET_BREAKER,
                            .reply = {0, 7},
                            .set_breaker = {kind, str_of(name), opens, rest_ms}});
}

static size_t open_types(const struct fixture *f)
{
    return engine_breakers(f->engine, BREAKER_TYPE);
}

static size_t open_credentials(const struct fixture *f)
{
    return engine_breakers(f->engine, BREAKER_CREDENTIAL);
}

static const struct breaker_row *breaker_of(const struct fixture *f)
{
    assert_int_equal(f->changes.breakers.count, 1);
    return &f->changes.breakers.items[0];
}

// A type that has failed until its breaker opened; the jobs that failed rest.
static struct fixture *paused(struct jobs *jobs)
{
    struct fixture *f = new_fixture(ONE_TASK);
    *jobs = (struct jobs){0};
    begin(f, jobs, FAILURES);
    for (size_t i = 0; i < FAILURES; i++)
        fail_with(f, jobs, i, FAILURE_TRANSIENT, STR_EMPTY);
    return f;
}

// -- Types ------------------------------------------------------------------------------

static void a_type_that_fails_again_and_again_is_not_offered(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, FAILURES);
    for (size_t i = 0; i + 1 < FAILURES; i++)
        fail_with(f, &jobs, i, i % 2 ? FAILURE_THROTTLED : FAILURE_TRANSIENT, STR_EMPTY);
    assert_int_equal(open_types(f), 0);
    fail_with(f, &jobs, FAILURES - 1, FAILURE_TRANSIENT, STR_EMPTY);
    assert_int_equal(open_types(f), 1);
    const struct breaker_row *row = breaker_of(f);
    assert_true(row->change == ROW_INSERT && row->kind == BREAKER_TYPE && row->times == 1);
    assert_true(str_equal(row->name, STR("pay")) && str_equal(row->cause, STR("TRANSIENT")));
    assert_int_equal(row->probes_ms, f->now + REST_MS);
    begin(f, &jobs, 3);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_WAITING), 3);
    assert_int_equal(engine_room(f->engine, STR("pay"), STR_EMPTY), 0);
    fixture_free(f);
}

static void something_that_goes_well_begins_the_count_anew(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, 2 * FAILURES);
    for (size_t i = 0; i < 2 * FAILURES - 1; i++) {
        if (i == FAILURES - 1)
            complete(f, &jobs, i);
        else
            fail_with(f, &jobs, i, FAILURE_TRANSIENT, STR_EMPTY);
    }
    assert_int_equal(open_types(f), 0);
    fixture_free(f);
}

static void failures_of_other_classes_are_not_counted(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, 2 * FAILURES);
    for (size_t i = 0; i < 2 * FAILURES; i++)
        fail_with(f, &jobs, i, i % 2 ? FAILURE_PERMANENT : FAILURE_POISON, STR("card"));
    assert_int_equal(open_types(f) + open_credentials(f), 0);
    assert_int_equal(in_state(&jobs, JOB_FAILED), 2 * FAILURES);
    fixture_free(f);
}

static void another_tenant_and_a_type_that_is_excepted_go_on(void **state)
{
    (void)state;
    struct jobs jobs, north = {.tenant = STR("north")};
    struct fixture *f = paused(&jobs);
    begin(f, &north, 2);
    assert_int_equal(in_state(&north, JOB_OFFERED), 2);
    fixture_free(f);

    struct map types;
    static const int64_t off;
    f = new_fixture(ONE_TASK);
    types = map_new(&f->arena);
    map_put(&types, STR("pay"), (void *)&off);
    f->environment.breakers.types = &types;
    reload(f);
    jobs = (struct jobs){0};
    begin(f, &jobs, 2 * FAILURES);
    for (size_t i = 0; i < 2 * FAILURES; i++)
        fail_with(f, &jobs, i, FAILURE_TRANSIENT, STR_EMPTY);
    assert_int_equal(open_types(f), 0);
    fixture_free(f);
}

static void after_its_rest_a_few_probes_go_and_one_success_closes_it(void **state)
{
    (void)state;
    struct jobs jobs;
    struct fixture *f = paused(&jobs);
    begin(f, &jobs, 5);
    f->now += REST_MS;
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), PROBES);
    complete(f, &jobs, first_in(&jobs, JOB_OFFERED));
    assert_int_equal(open_types(f), 0);
    assert_int_equal(breaker_of(f)->change, ROW_DELETE);
    assert_non_null(find_event(f, EVENT_BREAKER_CLOSED));
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_WAITING), 0);
    fixture_free(f);
}

static void a_probe_that_fails_opens_it_for_twice_as_long_within_a_bound(void **state)
{
    (void)state;
    static const int64_t rests[] = {2 * REST_MS, LONGEST_MS, LONGEST_MS};
    struct jobs jobs;
    struct fixture *f = paused(&jobs);
    begin(f, &jobs, 10);
    f->now += REST_MS;
    for (size_t i = 0; i < COUNT_OF(rests); i++) {
        release(f, &jobs);
        assert_int_equal(in_state(&jobs, JOB_OFFERED), PROBES);
        for (int probe = 0; probe < PROBES; probe++)
            fail_with(f, &jobs, first_in(&jobs, JOB_OFFERED), FAILURE_THROTTLED, STR_EMPTY);
        assert_int_equal(open_types(f), 1);
        release(f, &jobs);
        assert_int_equal(in_state(&jobs, JOB_OFFERED), 0);
        f->now += rests[i] - 30000; // each release took a second
        release(f, &jobs);
        assert_int_equal(in_state(&jobs, JOB_OFFERED), 0);
        f->now += 30000;
    }
    fixture_free(f);
}

static void what_was_in_flight_before_neither_closes_nor_prolongs(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, FAILURES + 2);
    for (size_t i = 0; i < FAILURES; i++)
        fail_with(f, &jobs, i, FAILURE_TRANSIENT, STR_EMPTY);
    complete(f, &jobs, FAILURES);
    fail_with(f, &jobs, FAILURES + 1, FAILURE_TRANSIENT, STR_EMPTY);
    assert_int_equal(open_types(f), 1);
    assert_int_equal(f->changes.breakers.count, 0);
    fixture_free(f);
}

static void an_open_breaker_outlives_the_owner_of_its_shard(void **state)
{
    (void)state;
    struct jobs jobs;
    struct fixture *f = paused(&jobs);
    begin(f, &jobs, 3);
    reload(f);
    assert_int_equal(open_types(f), 1);
    engine_set_in_flight(f->engine, STR("pay"), STR_EMPTY, 0, 3);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 0);
    f->now += REST_MS;
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), PROBES);
    fixture_free(f);
}

// Of the version before breakers: without them at its end, and told as such.
static str as_before_breakers(struct fixture *f, str image)
{
    enum { CHECKSUM = 4 };
    struct strbuf out = strbuf_new(&f->arena);
    strbuf_add_char(&out, 5);
    strbuf_add(&out, str_sub(image, 1, image.len - 1 - CHECKSUM - 1)); // ends with a count of 0
    uint32_t sum = murmur2(strbuf_str(&out));
    for (int i = 0; i < CHECKSUM; i++)
        strbuf_add_char(&out, (char)(sum >> i * 8));
    return strbuf_str(&out);
}

static void a_shard_that_was_stored_before_there_were_breakers_is_read(void **state)
{
    (void)state;
    struct fixture *f = new_fixture(ONE_TASK);
    struct error err;
    str before = as_before_breakers(f, f->shard_image);
    struct engine_replay *replay = engine_replay_new(&f->environment, STREAM_SHARD, 0, &f->arena);
    for (size_t i = 0; i < f->history.count; i++)
        if (f->history.items[i].stream_kind == STREAM_SHARD)
            assert_true(engine_replay_step(replay, &f->history.items[i], &err));
    assert_true(engine_replay_gives(replay, f->shard_image));
    assert_true(engine_replay_gives(replay, before));
    set(f, BREAKER_TYPE, "pay", true, 0);
    assert_false(engine_replay_gives(replay, f->shard_image));
    engine_replay_free(replay);
    f->shard_image = before;
    reload(f);
    assert_int_equal(open_types(f), 0);
    fixture_free(f);
}

// -- Credentials ------------------------------------------------------------------------

static void a_refused_credential_holds_its_jobs_without_an_incident_each(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, 3);
    for (size_t i = 0; i < 3; i++) {
        fail_with(f, &jobs, i, FAILURE_AUTH, STR("card"));
        assert_int_equal(f->changes.incidents.count, 0);
        assert_int_equal(f->changes.breakers.count, i == 0); // opened once
        assert_true(jobs.rows[i].state == JOB_HELD && jobs.rows[i].retries == 3);
        assert_true(str_equal(jobs.rows[i].held_by, STR("card")));
    }
    assert_true(open_credentials(f) == 1 && open_types(f) == 0);
    assert_int_equal(engine_held_room(f->engine, STR_EMPTY, STR("card")), 0);
    begin(f, &jobs, 1); // names no secret: it may need another credential
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 1);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_HELD), 3);
    set(f, BREAKER_CREDENTIAL, "card", false, 0);
    assert_int_equal(engine_held_room(f->engine, STR_EMPTY, STR("card")), UINT32_MAX);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 4);
    fixture_free(f);
}

static void a_held_job_takes_no_answer_and_can_be_canceled(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, 1);
    fail_with(f, &jobs, 0, FAILURE_AUTH, STR("card"));
    struct job_answer late = answer(jobs.rows[0].attempt);
    run(f, (struct command){.type = COMMAND_COMPLETE_JOB,
                            .instance = jobs.rows[0].instance,
                            .key = jobs.rows[0].key,
                            .job_answer = late});
    assert_non_null(find_event(f, EVENT_COMMAND_REJECTED));
    run(f, (struct command){.type = COMMAND_CANCEL_INSTANCE, .instance = jobs.rows[0].instance});
    assert_non_null(find_event(f, EVENT_JOB_CANCELED));
    begin(f, &jobs, 1);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 1);
    fixture_free(f);
}

static void a_job_whose_element_names_the_secret_is_held_before_it_fails(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(TASK_WITH_SECRET);
    begin(f, &jobs, 1);
    fail_with(f, &jobs, 0, FAILURE_AUTH, STR("card"));
    begin(f, &jobs, 4);
    assert_int_equal(in_state(&jobs, JOB_HELD), 5);
    f->now += REST_MS;
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), PROBES);
    fail_with(f, &jobs, first_in(&jobs, JOB_OFFERED), FAILURE_AUTH, STR("card"));
    assert_int_equal(breaker_of(f)->times, 2);
    assert_int_equal(in_state(&jobs, JOB_HELD), 4);
    f->now += 2 * REST_MS;
    release(f, &jobs);
    complete(f, &jobs, first_in(&jobs, JOB_OFFERED));
    complete(f, &jobs, first_in(&jobs, JOB_OFFERED));
    assert_int_equal(open_credentials(f), 0);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_HELD), 0);
    fixture_free(f);
}

static void jobs_that_wait_for_room_make_way_for_those_of_other_credentials(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(TASK_WITH_SECRET);
    set(f, BREAKER_TYPE, "pay", true, 0);
    begin(f, &jobs, 2);
    assert_int_equal(in_state(&jobs, JOB_WAITING), 2);
    set(f, BREAKER_CREDENTIAL, "card", true, 0);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_HELD), 2);
    set(f, BREAKER_TYPE, "pay", false, 0);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_HELD), 2);
    set(f, BREAKER_CREDENTIAL, "card", false, 0);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 2);
    fixture_free(f);
}

static void a_throttled_credential_pauses_its_own_jobs_and_not_the_type(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, FAILURES + 2);
    for (size_t i = 0; i <= FAILURES; i++)
        fail_with(f, &jobs, i, FAILURE_THROTTLED, STR("card"));
    assert_true(open_credentials(f) == 1 && open_types(f) == 0);
    assert_int_equal(in_state(&jobs, JOB_HELD), 2);
    assert_int_equal(jobs.rows[FAILURES].retries, 3);
    begin(f, &jobs, 1);
    assert_int_equal(jobs.rows[FAILURES + 2].state, JOB_OFFERED);
    fixture_free(f);
}

static void without_breakers_of_credentials_each_job_has_its_incident(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    begin(f, &jobs, 2);
    fail_with(f, &jobs, 0, FAILURE_AUTH, STR_EMPTY); // which one it was is not known
    assert_true(f->changes.incidents.count == 1 && jobs.rows[0].state == JOB_FAILED);
    f->environment.breakers.has_credentials = false;
    reload(f);
    fail_with(f, &jobs, 1, FAILURE_AUTH, STR("card"));
    assert_true(f->changes.incidents.count == 1 && jobs.rows[1].state == JOB_FAILED);
    fixture_free(f);
}

// -- People -----------------------------------------------------------------------------

static void a_person_opens_and_closes_one(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    set(f, BREAKER_TYPE, "pay", true, 0);
    assert_int_equal(rejection_of(f), REJECTION_NONE);
    assert_true(str_equal(breaker_of(f)->cause, STR("BY_HAND")) && breaker_of(f)->probes_ms == 0);
    begin(f, &jobs, 2);
    f->now += 100 * LONGEST_MS;
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_WAITING), 2);
    set(f, BREAKER_TYPE, "pay", false, 0);
    release(f, &jobs);
    assert_int_equal(in_state(&jobs, JOB_OFFERED), 2);
    set(f, BREAKER_TYPE, "pay", true, REST_MS);
    assert_int_equal(breaker_of(f)->probes_ms, f->now + REST_MS);
    fixture_free(f);
}

static void what_is_no_breaker_is_refused(void **state)
{
    (void)state;
    static const struct set_breaker wrong[] = {{3, {"pay", 3}, true, 0},
                                               {BREAKER_TYPE, {"", 0}, true, 0},
                                               {BREAKER_TYPE, {"a", 1}, true, -1}};
    struct fixture *f = new_fixture(ONE_TASK);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        run(f, (struct command){
                   .type = COMMAND_SET_BREAKER, .reply = {0, 7}, .set_breaker = wrong[i]});
        assert_int_equal(rejection_of(f), REJECTION_INVALID);
    }
    fixture_free(f);
}

static void beyond_the_limit_none_opens_and_each_job_has_its_incident(void **state)
{
    (void)state;
    struct jobs jobs = {0};
    struct fixture *f = new_fixture(ONE_TASK);
    f->has_no_checks = true;
    for (int i = 0; i < LIMIT_BREAKERS; i++)
        set(f, BREAKER_TYPE, str_cstr(&f->arena, str_format(&f->arena, "type-%d", i)), true, 0);
    set(f, BREAKER_TYPE, "one-more", true, 0);
    assert_int_equal(rejection_of(f), REJECTION_LIMIT);
    begin(f, &jobs, 1);
    fail_with(f, &jobs, 0, FAILURE_AUTH, STR("card"));
    assert_int_equal(jobs.rows[0].state, JOB_FAILED);
    assert_int_equal(f->changes.incidents.count, 1);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_type_that_fails_again_and_again_is_not_offered),
        cmocka_unit_test(something_that_goes_well_begins_the_count_anew),
        cmocka_unit_test(failures_of_other_classes_are_not_counted),
        cmocka_unit_test(another_tenant_and_a_type_that_is_excepted_go_on),
        cmocka_unit_test(after_its_rest_a_few_probes_go_and_one_success_closes_it),
        cmocka_unit_test(a_probe_that_fails_opens_it_for_twice_as_long_within_a_bound),
        cmocka_unit_test(what_was_in_flight_before_neither_closes_nor_prolongs),
        cmocka_unit_test(an_open_breaker_outlives_the_owner_of_its_shard),
        cmocka_unit_test(a_shard_that_was_stored_before_there_were_breakers_is_read),
        cmocka_unit_test(a_refused_credential_holds_its_jobs_without_an_incident_each),
        cmocka_unit_test(a_held_job_takes_no_answer_and_can_be_canceled),
        cmocka_unit_test(a_job_whose_element_names_the_secret_is_held_before_it_fails),
        cmocka_unit_test(jobs_that_wait_for_room_make_way_for_those_of_other_credentials),
        cmocka_unit_test(a_throttled_credential_pauses_its_own_jobs_and_not_the_type),
        cmocka_unit_test(without_breakers_of_credentials_each_job_has_its_incident),
        cmocka_unit_test(a_person_opens_and_closes_one),
        cmocka_unit_test(what_is_no_breaker_is_refused),
        cmocka_unit_test(beyond_the_limit_none_opens_and_each_job_has_its_incident),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
