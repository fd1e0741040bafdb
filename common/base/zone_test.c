// SPDX-License-Identifier: Apache-2.0
// Offsets of well-known zones at well-known moments, by transitions, by the footer's rule and at
// gaps and overlaps.
#include "base/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena arena;
static const struct zone_db *db;

static const struct zone *zone_named(const char *name)
{
    const struct zone *zone = zone_find(db, str_of(name));
    assert_non_null(zone);
    return zone;
}

static void offsets_follow_history_and_rule(void **state)
{
    static const struct {
        const char *zone;
        int64_t utc;
        int32_t offset;
    } cases[] = {
        {"Etc/UTC", 0, 0},
        {"Europe/Paris", 1609459200, 3600},              // 2021-01-01
        {"Europe/Paris", 1625097600, 7200},              // 2021-07-01
        {"Europe/Paris", -2208988800, 561},              // 1900-01-01, local mean time
        {"Europe/Paris", 4118083200, 7200},              // 2100-07-01, by the rule
        {"America/New_York", 2240611200, -14400 - 3600}, // 2041-01-01
        {"America/New_York", 2256249600, -14400},        // 2041-07-01
        {"Australia/Sydney", 2240611200, 39600},         // summer is in January
        {"Asia/Kolkata", 1609459200, 19800},
        {"America/Sao_Paulo", 2256249600, -10800}, // no summer time any more
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(zone_offset_at(zone_named(cases[i].zone), cases[i].utc), cases[i].offset);
}

static void local_times_come_back_from_every_moment_but_those_that_occur_twice(void **state)
{
    static const char *const names[] = {"Europe/Paris", "America/New_York", "Australia/Lord_Howe",
                                        "Asia/Kathmandu", "Africa/Casablanca"};
    (void)state;
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        const struct zone *zone = zone_named(names[n]);
        for (int64_t utc = 0; utc < 2500000000; utc += 86400 * 3 + 12345) {
            int64_t local = utc + zone_offset_at(zone, utc);
            int64_t back = zone_to_utc(zone, local);
            assert_int_equal(back + zone_offset_at(zone, back), local);
            assert_true(back <= utc);
        }
    }
}

static void a_time_in_a_gap_moves_forward_and_one_that_occurs_twice_is_the_first(void **state)
{
    const struct zone *paris = zone_named("Europe/Paris");
    (void)state;
    // 2021-03-28 02:30 does not exist: it becomes 03:30 summer time, 01:30 UTC.
    assert_int_equal(zone_to_utc(paris, 1616898600), 1616895000);
    // 2021-10-31 02:30 occurs twice: first at 00:30 UTC.
    assert_int_equal(zone_to_utc(paris, 1635647400), 1635640200);
}

static void unknown_names_and_missing_folders_are_told(void **state)
{
    const struct zone_db *other;
    struct error err;
    (void)state;
    assert_null(zone_find(db, STR("Europe/Atlantis")));
    assert_null(zone_find(db, STR("../etc/passwd")));
    assert_null(zone_find(NULL, STR("Etc/UTC")));
    assert_false(zone_db_load(&arena, "/nowhere", &other, &err));
    assert_int_equal(err.kind, ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(offsets_follow_history_and_rule),
        cmocka_unit_test(local_times_come_back_from_every_moment_but_those_that_occur_twice),
        cmocka_unit_test(a_time_in_a_gap_moves_forward_and_one_that_occurs_twice_is_the_first),
        cmocka_unit_test(unknown_names_and_missing_folders_are_told),
    };
    struct error err;
    if (!zone_db_load(&arena, ZONE_DIRECTORY, &db, &err))
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
