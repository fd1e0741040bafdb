// SPDX-License-Identifier: Apache-2.0
// settings, headers, value -> the command: "message NAME KEY VARIABLES", "start PROCESS VARIABLES",
// "skip", "fail: …".
#include "ingress/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

struct scenario {
    const char *settings;
    const char *headers; // "name=value;…"
    const char *value;
    const char *result;
};

#define MESSAGE "\"message\":\"doc\",\"correlationKey\":\"=data.id\""
#define STRUCTURED "content-type=application/cloudevents+json; charset=utf-8"

static const struct scenario scenarios[] = {
    {"{" MESSAGE "}", "", "{\"id\":\"A\",\"n\":1.5}", "message doc A {\"id\":\"A\",\"n\":1.5}"},
    {"{" MESSAGE "}", "", "{\"id\":17}", "message doc 17 {\"id\":17}"},
    {"{" MESSAGE ",\"variables\":\"={x: data.n + 1}\"}", "", "{\"id\":\"A\",\"n\":1}",
     "message doc A {\"x\":2}"},
    {"{" MESSAGE ",\"condition\":\"=data.n > 5\"}", "", "{\"id\":\"A\",\"n\":1}", "skip"},
    {"{" MESSAGE "}", "", "{\"n\":1}", "fail: correlationKey"},
    {"{" MESSAGE "}", "", "{", "fail: json"},
    {"{" MESSAGE ",\"variables\":\"=1\"}", "", "{\"id\":\"A\"}", "fail: variables"},
    {"{\"start\":\"p\",\"variables\":\"={k: key, o: offset}\"}", "", "{}",
     "start p {\"k\":\"K\",\"o\":42}"},
    {"{" MESSAGE ",\"format\":\"cloudevents\"}", "", "{\"id\":\"A\"}", "fail: format"},
    {"{\"message\":\"=event.type\",\"correlationKey\":\"=event.subject\"}",
     "ce_specversion=1.0;ce_type=paid;ce_subject=S1;ce_id=1", "{\"a\":1}",
     "message paid S1 {\"a\":1}"},
    {"{\"message\":\"=event.type\",\"correlationKey\":\"=event.subject\"}", STRUCTURED,
     "{\"specversion\":\"1.0\",\"type\":\"paid\",\"subject\":\"S2\",\"data\":{\"b\":2}}",
     "message paid S2 {\"b\":2}"},
};

static void add_headers(struct arena *arena, const char *text, struct bus_record *record)
{
    struct bus_header *headers = ARENA_ARRAY(arena, struct bus_header, 8);
    str rest = str_of(text);
    str pair;
    // A content type has a semicolon of its own.
    if (str_starts_with(rest, STR("content-type="))) {
        headers[record->header_count++] =
            (struct bus_header){STR("content-type"), str_from_index(rest, 13)};
        rest = (str){NULL, 0};
    }
    while (str_split(&rest, ';', &pair) && pair.len > 0) {
        size_t equals = str_find_char(pair, '=');
        headers[record->header_count++] =
            (struct bus_header){str_sub(pair, 0, equals), str_from_index(pair, equals + 1)};
    }
    record->headers = headers;
}

static str describe(struct arena *arena, enum mapping_verdict verdict,
                    const struct command *command, const struct error *err)
{
    if (verdict == MAPPING_SKIPS)
        return STR("skip");
    if (verdict == MAPPING_FAILS)
        return str_format(arena, "fail: %s", err->place);
    if (command->type == COMMAND_CREATE_INSTANCE)
        return str_format(arena, "start %.*s %.*s", STR_ARG(command->create_instance.process_id),
                          STR_ARG(command->create_instance.variables));
    return str_format(arena, "message %.*s %.*s %.*s", STR_ARG(command->publish_message.name),
                      STR_ARG(command->publish_message.correlation_key),
                      STR_ARG(command->publish_message.variables));
}

static void records_become_what_the_mapping_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(scenarios); i++) {
        struct arena arena = ARENA_EMPTY;
        const struct mapping *mapping;
        struct error err;
        struct command command;
        struct bus_record record = {.topic = "t",
                                    .partition = 3,
                                    .offset = 42,
                                    .key = STR("K"),
                                    .value = str_of(scenarios[i].value)};
        add_headers(&arena, scenarios[i].headers, &record);
        assert_true(mapping_compile(&arena, str_of(scenarios[i].settings), &mapping, &err));
        enum mapping_verdict verdict = mapping_apply(mapping, &record, &arena, &command, &err);
        str result = describe(&arena, verdict, &command, &err);
        if (!str_equal(result, str_of(scenarios[i].result)))
            fail_msg("%s on %s: expected %s, got %.*s", scenarios[i].settings, scenarios[i].value,
                     scenarios[i].result, STR_ARG(result));
        arena_done(&arena);
    }
}

static void the_source_of_a_record_is_its_deduplication_key(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct mapping *mapping;
    struct error err;
    struct command command;
    struct bus_record record = {
        .topic = "orders", .partition = 3, .offset = 42, .value = STR("{}")};
    assert_true(mapping_compile(&arena, STR("{\"message\":\"m\"}"), &mapping, &err));
    assert_int_equal(mapping_apply(mapping, &record, &arena, &command, &err), MAPPING_SENDS);
    assert_true(str_equal(command.publish_message.message_id, STR("orders-3-42")));
    assert_true(command.publish_message.ttl_ms == 3600000);
    arena_done(&arena);
}

// settings -> part of the error
static const char *const refused[][2] = {
    {"{}", "exactly one"},
    {"{\"message\":\"a\",\"start\":\"b\"}", "exactly one"},
    {"{\"message\":\"=1 +\"}", "line 1"},
    {"{\"message\":\"a\",\"timeToLive\":\"PT1S\"}", "at least PT1M"},
    {"{\"message\":\"a\",\"format\":\"xml\"}", "json, cloudevents or auto"},
    {"{\"message\":\"a\",\"colour\":\"red\"}", "'colour'"},
    {"{\"message\":1}", "must be a string"},
    {"[]", "must be a JSON object"},
};

static void wrong_settings_are_refused_with_the_member(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        struct arena arena = ARENA_EMPTY;
        const struct mapping *mapping;
        struct error err;
        assert_false(mapping_compile(&arena, str_of(refused[i][0]), &mapping, &err));
        if (strstr(err.text, refused[i][1]) == NULL)
            fail_msg("%s: expected \"%s\", got \"%s\"", refused[i][0], refused[i][1], err.text);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_become_what_the_mapping_says),
        cmocka_unit_test(the_source_of_a_record_is_its_deduplication_key),
        cmocka_unit_test(wrong_settings_are_refused_with_the_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
