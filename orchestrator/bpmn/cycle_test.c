// SPDX-License-Identifier: Apache-2.0
// Repeating timers and when they come.
#include "bpmn/cycle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/zone.h"

static struct arena lasting = ARENA_EMPTY;
static const struct zone_db *zones;

static int64_t moment(const char *text)
{
    int64_t ms;
    assert_true(feel_instant_parse(str_of(text), zones, NULL, &ms));
    return ms;
}

static const struct {
    const char *cycle;
    const char *after;
    const char *next;
} nexts[] = {
    {"0 0 0 L * *", "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"},
    {"0 0 0 L-2 * *", "2026-02-01T00:00:00Z", "2026-02-26T00:00:00Z"},
    {"0 0 6 LW * *", "2026-02-01T00:00:00Z", "2026-02-27T06:00:00Z"},  // the 28th is a Saturday
    {"0 0 6 1W * ?", "2026-07-31T12:00:00Z", "2026-08-03T06:00:00Z"},  // the 1st is a Saturday
    {"0 0 6 15W * *", "2026-02-01T00:00:00Z", "2026-02-16T06:00:00Z"}, // the 15th is a Sunday
    {"0 0 6 1,L * *", "2026-02-01T07:00:00Z", "2026-02-28T06:00:00Z"},
    {"0 0 9 ? * MON#1", "2026-02-03T00:00:00Z", "2026-03-02T09:00:00Z"},
    {"0 0 9 ? * 2#5", "2026-01-01T00:00:00Z", "2026-03-31T09:00:00Z"}, // months with five Tuesdays
    {"0 0 9 ? * FRIL", "2026-01-01T00:00:00Z", "2026-01-30T09:00:00Z"},
    {"0 0 9 ? * MON,FRIL", "2026-01-27T00:00:00Z", "2026-01-30T09:00:00Z"},
    {"0 0 9 * * SAT-SUN", "2026-01-05T00:00:00Z", "2026-01-10T09:00:00Z"},
    {"0 0 9 * * FRI-MON", "2026-01-05T10:00:00Z", "2026-01-09T09:00:00Z"},
    {"0\t0  9 * * 7", "2026-01-05T10:00:00Z", "2026-01-11T09:00:00Z"},
    {"R/PT90S", "2026-01-01T00:00:00Z", "2026-01-01T00:01:30Z"},
    {"R/2026-03-28T10:00:00[Europe/Berlin]/P1D", "2026-01-01T00:00:00Z", "2026-03-28T09:00:00Z"},
    {"R/2026-03-28T10:00:00[Europe/Berlin]/P1D", "2026-03-28T09:00:00Z", "2026-03-29T08:00:00Z"},
    {"R/2020-01-01T10:00:00@Europe/Berlin/P1D", "2026-07-01T00:00:00Z", "2026-07-01T08:00:00Z"},
    {"R/2020-01-31T10:00:00Z/P1M", "2026-02-01T00:00:00Z", "2026-02-28T10:00:00Z"},
    {"R/2020-01-31T10:00:00Z/P1M", "2026-02-28T10:00:00Z", "2026-03-31T10:00:00Z"},
    {"R5/2020-01-01T00:00:30Z/PT1M", "2026-01-01T00:00:31Z", "2026-01-01T00:01:30Z"},
};

static void the_next_time_is_what_the_text_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(nexts); i++) {
        struct bpmn_cycle cycle;
        int64_t ms;
        assert_true(bpmn_cycle_parse(str_of(nexts[i].cycle), zones, &cycle));
        assert_true(bpmn_cycle_next(&cycle, NULL, moment(nexts[i].after), &ms));
        if (ms != moment(nexts[i].next))
            fail_msg("'%s' after %s: %lld", nexts[i].cycle, nexts[i].after, (long long)ms);
    }
}

static void what_is_no_cycle_is_refused_to_its_end(void **state)
{
    static const char *const texts[] = {
        "",
        "R",
        "R3",
        "R3/",
        "R3/PT1H/",
        "R3/PT1H later",
        "R3/PT0S",
        "Rx/PT1H",
        "R-2/PT1H",
        "R/2026-01-01T10:00:00[Nowhere/City]/P1D",
        "R/2026-01-01T10:00:00[Europe/Berlin/P1D",
        "R/2026-01-01T10:00:00Z/P1D/P1D",
        "0 0 9 * *",
        "0 0 9 * * * *",
        "0 0 9 L-31 * *",
        "0 0 9 32W * *",
        "0 0 9 ? * MON#6",
        "0 0 9 ? * L",
        "0 0 9 +1 * *",
        "60 0 9 * * *",
        "0 0/0 9 * * *",
        "@sometimes",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct bpmn_cycle cycle;
        if (bpmn_cycle_parse(str_of(texts[i]), zones, &cycle))
            fail_msg("'%s' is taken", texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_next_time_is_what_the_text_says),
        cmocka_unit_test(what_is_no_cycle_is_refused_to_its_end),
    };
    struct error err;
    if (!zone_db_load(&lasting, ZONE_DIRECTORY, &zones, &err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
