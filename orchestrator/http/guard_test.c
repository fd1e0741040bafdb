// SPDX-License-Identifier: Apache-2.0
// Requests as bytes -> what the guard has against them; whole, and cut at every byte.
#include "http/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define HOST "Host: a\r\n"

static const char *const cases[][2] = {
    {"GET / HTTP/1.1\r\n" HOST "\r\n", NULL},
    {"GET / HTTP/1.0\r\n\r\n", NULL},
    {"\r\nGET / HTTP/1.1\r\n" HOST "\r\n", NULL},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n" HOST "\r\n", NULL},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\na\n\nGET / HTTP/1.1\r\n\r\n",
     "Host is missing"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", NULL},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
     "a chunk is longer than its size"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n-3\r\n",
     "a chunk's size is malformed"},
    {"POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip, chunked\r\n\r\n",
     "the only Transfer-Encoding is one 'chunked'"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
     "Content-Length stands twice"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: +3\r\n\r\n", "Content-Length is not a number"},
    {"POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
     "Content-Length and Transfer-Encoding exclude each other"},
    {"GET / HTTP/1.1\r\n" HOST HOST "\r\n", "Host stands twice"},
    {"GET / HTTP/1.1\r\n\r\n", "Host is missing"},
    {"GET / HTTP/1.1\n" HOST "\r\n", "a line ends without a carriage return"},
    {"GET / HTTP/1.1\r\n" HOST "X: a\rb\r\n\r\n", "a carriage return stands alone"},
    {"GET / HTTP/1.1\r\n" HOST " folded\r\n\r\n", "folded header lines are obsolete"},
    {"GET / HTTP/1.1\r\n" HOST "X : a\r\n\r\n", "a header line is malformed"},
    {"GET / HTTP/1.1\r\n" HOST "X\r\n\r\n", "a header line is malformed"},
    {"GET  / HTTP/1.1\r\n" HOST "\r\n", "the request line is malformed"},
    {"HEAD / HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", "this method has no body"},
    {"TRACE / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", "this method has no body"},
    {"HEAD / HTTP/1.1\r\n" HOST "Content-Length: 0\r\n\r\n", NULL},
    {"QUERY / HTTP/1.1\r\n" HOST "\r\n", "nothing here takes this method"},
    {"CONNECT a:1 HTTP/1.1\r\n" HOST "\r\n", "nothing here takes this method"},
    {"GET / HTTP/1.1 x\r\n" HOST "\r\n", "the request line is malformed"},
    {"GET / HTTP/2.0\r\n" HOST "\r\n", "only HTTP/1.1 and HTTP/1.0 are spoken here"},
};

static void assert_verdict(const struct guard *guard, const char *const expected[2])
{
    if (expected[1] == NULL && guard->objection != NULL)
        fail_msg("%s\nexpected no objection, got: %s", expected[0], guard->objection);
    if (expected[1] != NULL && guard->objection == NULL)
        fail_msg("%s\nexpected: %s, got none", expected[0], expected[1]);
    if (expected[1] != NULL)
        assert_string_equal(guard->objection, expected[1]);
}

static void requests_are_read_strictly(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct guard guard = {0};
        guard_feed(&guard, str_of(cases[i][0]));
        assert_verdict(&guard, cases[i]);
    }
}

static void it_does_not_matter_how_the_bytes_arrive(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct guard guard = {0};
        str bytes = str_of(cases[i][0]);
        for (size_t at = 0; at < bytes.len; at++)
            guard_feed(&guard, str_sub(bytes, at, 1));
        assert_verdict(&guard, cases[i]);
    }
}

static void lines_and_headers_are_limited(void **state)
{
    (void)state;
    struct guard guard = {0};
    guard_feed(&guard, STR("GET /"));
    for (int i = 0; i < GUARD_MAX_LINE; i++)
        guard_feed(&guard, STR("a"));
    assert_string_equal(guard.objection, "a line is longer than 8192 bytes (GUARD_MAX_LINE)");

    struct guard second = {0};
    guard_feed(&second, STR("GET / HTTP/1.1\r\nHost: a\r\n"));
    for (int i = 0; i < GUARD_MAX_HEADERS; i++)
        guard_feed(&second, STR("X: y\r\n"));
    assert_string_equal(second.objection, "more than 100 header lines (GUARD_MAX_HEADERS)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_read_strictly),
        cmocka_unit_test(it_does_not_matter_how_the_bytes_arrive),
        cmocka_unit_test(lines_and_headers_are_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
