// SPDX-License-Identifier: Apache-2.0
// What a model may ask of the Kafka connector, and what it may not.
#include "connector_kafka/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool read_text(struct arena *arena, const char *text, struct kafka_request *ret_request,
                      struct error *err)
{
    struct input input = {"kafka connector", arena, NULL, err};
    return input_open(&input, str_of(text)) && kafka_read(&input, STR("baton."), 42, ret_request);
}

static void assert_refused(const char *text, const char *part)
{
    struct arena arena = ARENA_EMPTY;
    struct kafka_request request;
    struct error err;
    if (read_text(&arena, text, &request, &err))
        fail_msg("taken: %s", text);
    if (str_find(str_of(err.text), str_of(part)) == SIZE_MAX)
        fail_msg("'%s' does not say '%s'", err.text, part);
    arena_done(&arena);
}

static void a_record_is_read(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct kafka_request request;
    struct error err;
    assert_true(read_text(&arena,
                          "{\"topic\":{\"topicName\":\"orders\"},\"message\":{\"key\":7,"
                          "\"value\":{\"n\":12345678901234567890.5}},\"headers\":{\"a\":[1]}}",
                          &request, &err));
    assert_string_equal(request.topic, "orders");
    assert_string_equal(request.brokers, "");
    assert_true(str_equal(request.key, STR("7")));
    assert_true(str_equal(request.value, STR("{\"n\":12345678901234567890.5}")));
    assert_int_equal(request.header_count, 2);
    assert_true(str_equal(request.headers[0].value, STR("[1]")));
    assert_true(str_equal(request.headers[1].name, STR("idempotency-key")));
    assert_true(str_equal(request.headers[1].value, STR("42")));
    arena_done(&arena);
}

static void a_model_has_its_own_idempotency_key(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct kafka_request request;
    struct error err;
    assert_true(read_text(&arena,
                          "{\"topic\":{\"topicName\":\"t\"},\"message\":{\"value\":\"v\"},"
                          "\"headers\":{\"Idempotency-Key\":\"order-1\"}}",
                          &request, &err));
    assert_int_equal(request.header_count, 1);
    assert_null(request.key.data);
    arena_done(&arena);
}

static void a_password_is_no_list_of_settings(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct kafka_request request;
    struct error err;
    assert_true(read_text(&arena,
                          "{\"topic\":{\"topicName\":\"t\",\"bootstrapServers\":\"k:9092\"},"
                          "\"message\":{\"value\":\"v\"},\"authentication\":{\"username\":\"u\","
                          "\"password\":\"p;ssl.ca.location=/etc/passwd\"}}",
                          &request, &err));
    assert_int_equal(request.setting_count, 4);
    assert_string_equal(request.settings[0].value, "SASL_SSL");
    assert_string_equal(request.settings[3].value, "p;ssl.ca.location=/etc/passwd");
    arena_done(&arena);
}

#define RECORD "\"message\":{\"value\":\"v\"}"
#define AT_K "\"topic\":{\"topicName\":\"t\",\"bootstrapServers\":\"k:1\"}"

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refused("{" RECORD "}", "topic.topicName");
    assert_refused("{\"topic\":{\"topicName\":\"a b\"}," RECORD "}", "a b");
    assert_refused("{\"topic\":{\"topicName\":\"baton.commands\"}," RECORD "}", "not for models");
    assert_refused("{\"topic\":{\"topicName\":\"__consumer_offsets\"}," RECORD "}",
                   "not for models");
    assert_refused("{\"topic\":{\"topicName\":\"t\"}}", "message.value");
    assert_refused("{\"topic\":{\"topicName\":\"t\"},\"message\":{\"value\":null}}",
                   "message.value");
    assert_refused("{\"topic\":{\"topicName\":\"t\",\"bootstrapServers\":\"ssl://k:1\"}," RECORD
                   "}",
                   "topic.bootstrapServers");
    assert_refused("{" AT_K "," RECORD "}", "security.protocol");
    assert_refused("{" AT_K "," RECORD
                   ",\"additionalProperties\":{\"plugin.library.paths\":\"/tmp/x\"}}",
                   "plugin.library.paths");
    assert_refused("{" AT_K "," RECORD
                   ",\"additionalProperties\":{\"ssl.key.location\":\"/root/key\"}}",
                   "ssl.key.location");
    assert_refused("{" AT_K "," RECORD
                   ",\"additionalProperties\":{\"security.protocol\":\"sasl_ssl\"}}",
                   "needs a login");
    assert_refused("{" AT_K "," RECORD ",\"authentication\":{\"username\":\"u\"},"
                   "\"additionalProperties\":{\"sasl.mechanism\":\"GSSAPI\"}}",
                   "sasl.mechanism");
    assert_refused("{\"topic\":{\"topicName\":\"t\"}," RECORD
                   ",\"authentication\":{\"username\":\"u\"}}",
                   "authentication");
    assert_refused("{\"topic\":{\"topicName\":\"t\"}," RECORD ",\"timeoutInSeconds\":0}",
                   "timeoutInSeconds");
    assert_refused("{\"topic\":{\"topicName\":\"t\"}," RECORD
                   ",\"schemaStrategy\":{\"type\":\"avro\"}}",
                   "schemaStrategy");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_read),
        cmocka_unit_test(a_model_has_its_own_idempotency_key),
        cmocka_unit_test(a_password_is_no_list_of_settings),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
