// SPDX-License-Identifier: Apache-2.0
// What a model may ask of the HTTP connector, and what it may not.
#include "connector_http/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void assert_refused(const char *variables, const char *part)
{
    struct arena arena = ARENA_EMPTY;
    struct fetch_request request;
    struct error err;
    if (http_read(&arena, str_of(variables), &request, &err))
        fail_msg("taken: %s", variables);
    if (str_find(str_of(err.text), str_of(part)) == SIZE_MAX)
        fail_msg("'%s' does not say '%s'", err.text, part);
    arena_done(&arena);
}

static void a_request_is_read(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct fetch_request request;
    struct error err;
    assert_true(http_read(&arena,
                          STR("{\"url\":\"http://a/b\",\"method\":\"post\",\"body\":{\"x\":1},"
                              "\"headers\":{\"X-A\":\"1\"},\"readTimeoutInSeconds\":\"5\"}"),
                          &request, &err));
    assert_string_equal(request.method, "POST");
    assert_string_equal(request.url, "http://a/b");
    assert_true(str_equal(request.body, STR("{\"x\":1}")));
    assert_int_equal(request.timeout_ms, request.connect_timeout_ms + 5000);
    arena_done(&arena);
}

static void framing_is_not_for_a_model_to_say(void **state)
{
    (void)state;
    static const char *const names[] = {"Content-Length", "transfer-encoding", "HOST",
                                        "Connection"};
    struct arena arena = ARENA_EMPTY;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str text =
            str_format(&arena, "{\"url\":\"http://a/\",\"headers\":{\"%s\":\"1\"}}", names[i]);
        assert_refused(str_cstr(&arena, text), names[i]);
    }
    arena_done(&arena);
}

static void a_timeout_has_limits(void **state)
{
    (void)state;
    assert_refused("{\"url\":\"http://a/\",\"readTimeoutInSeconds\":1e300}",
                   "readTimeoutInSeconds");
    assert_refused("{\"url\":\"http://a/\",\"connectionTimeoutInSeconds\":0}", "1 to INPUT_MAX");
    assert_refused("{\"url\":\"http://a/\",\"connectionTimeoutInSeconds\":true}", "seconds");
}

static void statuses_have_classes(void **state)
{
    (void)state;
    static const struct {
        long status;
        enum failure_class class;
    } rows[] = {{400, FAILURE_PERMANENT}, {401, FAILURE_AUTH},      {403, FAILURE_AUTH},
                {404, FAILURE_TRANSIENT}, {429, FAILURE_THROTTLED}, {500, FAILURE_TRANSIENT},
                {501, FAILURE_PERMANENT}, {503, FAILURE_TRANSIENT}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(http_failure_class(rows[i].status), rows[i].class);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
    (void)state;
    enum { DAY_MS = 86400000 };
    const int64_t now_ms = 784111777000; // Sun, 06 Nov 1994 08:49:37 GMT
    assert_int_equal(http_retry_after_ms(STR(" 120 "), now_ms), 120000);
    assert_int_equal(http_retry_after_ms(STR("99999999999999999999"), now_ms), 0);
    assert_int_equal(http_retry_after_ms(STR("9999999999"), now_ms), DAY_MS);
    assert_int_equal(http_retry_after_ms(STR("Sun, 06 Nov 1994 08:50:07 GMT"), now_ms), 30000);
    assert_int_equal(http_retry_after_ms(STR("Sun, 06 Nov 1994 08:49:07 GMT"), now_ms), 0);
    assert_int_equal(http_retry_after_ms(STR("soon"), now_ms), 0);
    assert_int_equal(http_retry_after_ms(STR_EMPTY, now_ms), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_read),
        cmocka_unit_test(framing_is_not_for_a_model_to_say),
        cmocka_unit_test(a_timeout_has_limits),
        cmocka_unit_test(statuses_have_classes),
        cmocka_unit_test(retry_after_is_seconds_or_a_date),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
