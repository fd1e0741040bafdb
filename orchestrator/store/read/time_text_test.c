// SPDX-License-Identifier: Apache-2.0
// Texts -> milliseconds since 1970, or that it is no instant.
#include "store/read/time_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const struct {
    const char *text;
    bool is_instant;
    int64_t time_ms;
} cases[] = {
    {"1970-01-01T00:00:00Z", true, 0},
    {"1970-01-01T00:00:00.250Z", true, 250},
    {"1970-01-01T01:00:00+01:00", true, 0},
    {"1970-01-01T00:01Z", true, 60000},
    {"1970-01-01T01:00+01:00", true, 0},
    {"1970-01-01T00:01:Z", false, 0},
    {"1970-01-01T00Z", false, 0},
    {"2026-02-28T23:59:59.999-05:00", true, 1772341199999},
    {"0001-01-01T00:00:00Z", true, -62135596800000},
    {"9999-12-31T23:59:59.999Z", true, 253402300799999},
    {"0000-01-01T00:00:00Z", false, 0}, // PostgreSQL has no year 0
    {"0001-01-01T00:00:00+01:00", false, 0},
    {"9999-12-31T23:59:59-01:00", false, 0},
    {"2026-02-30T00:00:00Z", false, 0},
    {"2026-13-01T00:00:00Z", false, 0},
    {"2026-01-01T24:00:00Z", false, 0},
    {"2026-01-01T00:00:00", false, 0},
    {"2026-01-01", false, 0},
    {"yesterday", false, 0},
};

static void instants_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int64_t time_ms;
        bool is_instant = time_text_parse(str_of(cases[i].text), &time_ms);
        if (is_instant != cases[i].is_instant || (is_instant && time_ms != cases[i].time_ms))
            fail_msg("%s: %s %lld", cases[i].text, is_instant ? "is read as" : "is refused",
                     is_instant ? (long long)time_ms : 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(instants_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
