// SPDX-License-Identifier: Apache-2.0
// "b5 b6 e6 e5" -> the offset to commit after each end that moved it.
#include "bus/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

static const char *const cases[][2] = {
    {"b5 e5", " 6"},
    {"b5 b6 e6 e5", " 7"},
    {"b5 b6 b7 e6 e5 e7", " 7 8"},
    {"b5 b6 b7 e7 e6 e5", " 8"},
    {"b5 b9 e9 e5", " 10"},
    {"b5 e5 e5", " 6"},
    {"b5 e4 e5", " 6"},
    {"b0 b1 e1 e0", " 2"},
};

static void what_is_before_the_next_offset_is_done(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bus_progress progress;
        char result[64] = "";
        size_t len = 0;
        char kind;
        long long offset;
        int used;
        bus_progress_init(&progress);
        for (const char *at = cases[i][0]; sscanf(at, " %c%lld%n", &kind, &offset, &used) == 2;
             at += used) {
            int64_t next;
            if (kind == 'b')
                bus_progress_begin(&progress, 3, offset);
            else if (bus_progress_end(&progress, 3, offset, &next))
                len +=
                    (size_t)snprintf(result + len, sizeof result - len, " %lld", (long long)next);
        }
        assert_string_equal(result, cases[i][1]);
        bus_progress_done(&progress);
    }
}

static void long_runs_do_not_grow(void **state)
{
    (void)state;
    struct bus_progress progress;
    int64_t next = 0;
    bus_progress_init(&progress);
    for (int64_t offset = 0; offset < 200000; offset++) {
        bus_progress_begin(&progress, 0, offset);
        if (offset >= 10)
            assert_true(bus_progress_end(&progress, 0, offset - 10, &next));
    }
    assert_int_equal(next, 199990);
    assert_true(progress.arena.reserved < 1 << 20);
    bus_progress_done(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_before_the_next_offset_is_done),
        cmocka_unit_test(long_runs_do_not_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
