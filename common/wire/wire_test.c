// SPDX-License-Identifier: Apache-2.0
// What is encoded comes back; what is no record of ours is refused with a reason.
#include "wire/wire.h"

#include "record/key.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static const int all_types[] = {
#define COMMAND(name, number, need, process, senders) number,
#include "record/commands.def"
#undef COMMAND
};

static str encode(struct arena *arena, const struct command *command)
{
    struct strbuf out = strbuf_new(arena);
    wire_encode_command(&out, command);
    return strbuf_str(&out);
}

static void every_command_survives_the_journey(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(all_types); i++) {
        struct command command = {.type = (enum command_type)all_types[i],
                                  .instance = key_make(3, 77),
                                  .key = key_make(3, 78),
                                  .reply = {4, 99},
                                  .tenant = STR("acme"),
                                  .principal = STR("ada")};
        str bytes = encode(&arena, &command);
        struct command back;
        struct error err;
        assert_true(wire_decode_command(&arena, bytes, &back, &err));
        assert_int_equal(back.type, command.type);
        assert_true(back.instance == command.instance && back.key == command.key);
        assert_true(back.reply.partition == 4 && back.reply.request == 99);
        assert_true(str_equal(back.tenant, command.tenant));
        assert_true(str_equal(encode(&arena, &back), bytes));
    }
    arena_done(&arena);
}

static void bodies_keep_their_fields(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct element_instruction start = {.element_id = STR("review"), .variables = STR("{\"a\":1}")};
    struct command create = {.type = COMMAND_CREATE_INSTANCE,
                             .create_instance = {.process_id = STR("mortgage"),
                                                 .version = 3,
                                                 .variables = STR("{\"größe\":1.10}"),
                                                 .await_completion = true,
                                                 .start_count = 1,
                                                 .start_at = &start}};
    struct command back;
    struct error err;
    assert_true(wire_decode_command(&arena, encode(&arena, &create), &back, &err));
    assert_true(str_equal(back.create_instance.process_id, STR("mortgage")));
    assert_true(str_equal(back.create_instance.variables, STR("{\"größe\":1.10}")));
    assert_int_equal(back.create_instance.version, 3);
    assert_true(back.create_instance.await_completion);
    assert_int_equal(back.create_instance.start_count, 1);
    assert_true(str_equal(back.create_instance.start_at[0].element_id, STR("review")));

    struct command fail = {.type = COMMAND_FAIL_JOB,
                           .job_answer = {.attempt = 2,
                                          .retries = -1,
                                          .backoff_ms = 1500,
                                          .message = STR("no"),
                                          .token = STR("tok")}};
    assert_true(wire_decode_command(&arena, encode(&arena, &fail), &back, &err));
    assert_true(str_equal(back.job_answer.token, STR("tok")));
    assert_true(back.job_answer.attempt == 2 && back.job_answer.retries == -1 &&
                back.job_answer.backoff_ms == 1500);
    arena_done(&arena);
}

static void history_and_steps_survive(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct event events[] = {
        {.type = EVENT_PROCESS_ACTIVATED, .time_ms = 5, .key = 9, .name = STR("p"), .number = -2},
        {.type = (enum event_type)4711, .value = STR("\0x"), .due_ms = INT64_MAX},
    };
    struct wire_step step = {.shard = 2,
                             .tenant = STR("t"),
                             .row = {.stream_kind = STREAM_MAILBOX,
                                     .stream = 9,
                                     .sequence = 3,
                                     .offset = 17,
                                     .cause = COMMAND_CREATE_INSTANCE,
                                     .count = 2,
                                     .events = events}};
    struct strbuf out = strbuf_new(&arena);
    wire_encode_step(&out, &step);
    struct wire_step back;
    struct error err;
    assert_true(wire_decode_step(&arena, strbuf_str(&out), &back, &err));
    assert_true(back.row.stream_kind == STREAM_MAILBOX && back.row.offset == 17);
    assert_int_equal(back.row.events[0].number, -2);
    assert_int_equal(back.row.events[1].type, 4711);
    assert_true(str_equal(back.row.events[1].value, STR("\0x")));
    arena_done(&arena);
}

static void jobs_and_replies_survive(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct secret_pointer secret = {STR("/headers/password"), STR("DB")};
    struct job_offer job = {.key = 1,
                            .type = STR("pay"),
                            .kind = JOB_TASK_LISTENER,
                            .attempt = 4,
                            .headers = STR("{}"),
                            .variables = STR("{\"x\":1}"),
                            .token = STR("\1\2"),
                            .reply_partition = 6,
                            .secret_count = 1,
                            .secrets = &secret};
    struct strbuf out = strbuf_new(&arena);
    wire_encode_job(&out, &job);
    struct job_offer job_back;
    struct error err;
    assert_true(wire_decode_job(&arena, strbuf_str(&out), &job_back, &err));
    assert_true(job_back.kind == JOB_TASK_LISTENER && job_back.attempt == 4);
    assert_true(str_equal(job_back.token, STR("\1\2")) && job_back.reply_partition == 6);

    assert_true(job_back.secret_count == 1 && str_equal(job_back.secrets[0].name, STR("DB")));

    struct deployed_resource resource = {
        .name = STR("a.bpmn"), .kind = RESOURCE_FORM, .version = 2};
    struct reply reply = {.to = {0, 8},
                          .rejection = REJECTION_LATE,
                          .reason = STR("too late"),
                          .deployed_count = 1,
                          .deployed = &resource,
                          .gateway = 7,
                          .job_count = 1,
                          .jobs = &job};
    struct strbuf reply_out = strbuf_new(&arena);
    wire_encode_reply(&reply_out, &reply);
    struct reply reply_back;
    assert_true(wire_decode_reply(&arena, strbuf_str(&reply_out), &reply_back, &err));
    assert_true(reply_back.rejection == REJECTION_LATE && reply_back.to.request == 8);
    assert_int_equal(reply_back.deployed[0].kind, RESOURCE_FORM);
    assert_true(reply_back.gateway == 7 && reply_back.job_count == 1);
    assert_true(str_equal(reply_back.jobs[0].secrets[0].pointer, STR("/headers/password")));
    arena_done(&arena);
}

// bytes (hex) -> part of the error
static const char *const refused[][2] = {
    {"", "no body"},
    {"08", "a number is broken"},
    {"0a05", "longer than its message"},
    {"2a01ff", "is not UTF-8"},
    {"2a0100", "contains a NUL"},
    {"0b", "no such message"},
    {"00", "tag is broken"},
    {"ffffffffffffffffffffff", "tag is broken"},
    {"fa3e0141", "no body"},
};

static void what_is_no_command_is_refused_with_a_reason(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        char bytes[64];
        size_t len = strlen(refused[i][0]) / 2;
        for (size_t b = 0; b < len; b++) {
            unsigned byte;
            assert_int_equal(sscanf(refused[i][0] + 2 * b, "%2x", &byte), 1);
            bytes[b] = (char)byte;
        }
        struct command command;
        struct error err;
        assert_false(wire_decode_command(&arena, str_from(bytes, len), &command, &err));
        if (strstr(err.text, refused[i][1]) == NULL)
            fail_msg("%s: expected \"%s\", got \"%s\"", refused[i][0], refused[i][1], err.text);
    }
    arena_done(&arena);
}

static void variables_beyond_the_limit_name_the_limit(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    char *big = arena_zalloc(&arena, WIRE_MAX_VARIABLES + 1);
    memset(big, ' ', WIRE_MAX_VARIABLES + 1);
    struct command command = {.type = COMMAND_SET_VARIABLES,
                              .set_variables = {.variables = {big, WIRE_MAX_VARIABLES + 1}}};
    struct command back;
    struct error err;
    assert_false(wire_decode_command(&arena, encode(&arena, &command), &back, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "COMMAND_VARIABLES_BYTES"));
    assert_false(wire_check_command(&command, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    command.set_variables.variables.len--;
    assert_true(wire_check_command(&command, &err));
    arena_done(&arena);
}

static void a_text_that_quotes_a_nul_is_not_cut(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    const struct event event = {.type = EVENT_INCIDENT_CREATED,
                                .value = STR_EMPTY,
                                .name = STR("a\0b\0"),
                                .code = STR_EMPTY,
                                .element_id = STR_EMPTY};
    struct event *events;
    struct error err;
    size_t count;
    wire_encode_events(&out, &event, 1);
    assert_true(wire_decode_events(&arena, strbuf_str(&out), &events, &count, &err));
    assert_int_equal(count, 1);
    assert_true(str_equal(events[0].name, STR("a\xef\xbf\xbd"
                                              "b\xef\xbf\xbd")));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_survives_the_journey),
        cmocka_unit_test(bodies_keep_their_fields),
        cmocka_unit_test(history_and_steps_survive),
        cmocka_unit_test(jobs_and_replies_survive),
        cmocka_unit_test(a_text_that_quotes_a_nul_is_not_cut),
        cmocka_unit_test(what_is_no_command_is_refused_with_a_reason),
        cmocka_unit_test(variables_beyond_the_limit_name_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
