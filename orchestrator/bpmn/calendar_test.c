// SPDX-License-Identifier: Apache-2.0
// Working time as text: from when, how long, until when. 2026-01-01 is a Thursday.
#include "bpmn/calendar.h"
#include "feel/feel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define OFFICE "Mo-Fr 09:00-12:00,13:00-17:00"

static const struct {
    const char *hours, *holidays, *from, *duration, *until;
} cases[] = {
    {OFFICE, "", "2026-01-01T10:00:00Z", "PT1H", "2026-01-01T11:00:00Z"},
    {OFFICE, "", "2026-01-01T11:30:00Z", "PT1H", "2026-01-01T13:30:00Z"},
    {OFFICE, "", "2026-01-01T03:00:00Z", "PT1H", "2026-01-01T10:00:00Z"},
    {OFFICE, "", "2026-01-01T10:00:00Z", "PT7H", "2026-01-02T10:00:00Z"},
    {OFFICE, "", "2026-01-02T16:30:00Z", "PT1H", "2026-01-05T09:30:00Z"},
    {OFFICE, "01-05", "2026-01-02T16:30:00Z", "PT1H", "2026-01-06T09:30:00Z"},
    {OFFICE, "2027-01-05", "2026-01-02T16:30:00Z", "PT1H", "2026-01-05T09:30:00Z"},
    {OFFICE, "", "2026-01-02T17:00:00Z", "PT0S", "2026-01-02T17:00:00Z"},
    {OFFICE, "", "2026-01-02T17:00:01Z", "PT0S", "2026-01-05T09:00:00Z"},
    {OFFICE, "", "2026-01-01T10:00:00Z", "P1D", "2026-01-02T10:00:00Z"},
    {OFFICE, "", "2026-01-02T16:30:00Z", "P2DT1H", "2026-01-07T09:30:00Z"},
    {OFFICE, "", "2026-01-03T10:00:00Z", "P1D", "2026-01-05T10:00:00Z"},
    {OFFICE, "", "2026-01-01T00:00:00Z", "P260D", "2026-12-31T09:00:00Z"},
    {"Mo-Su 00:00-24:00", "", "2026-01-01T10:00:00Z", "PT30H", "2026-01-02T16:00:00Z"},
    {"Fr-Mo 22:00-24:00; Mo 00:00-06:00", "", "2026-01-02T23:00:00Z", "PT4H",
     "2026-01-04T23:00:00Z"},
};

static int64_t moment(const char *text)
{
    int64_t ms;
    assert_true(feel_instant_parse(str_of(text), NULL, NULL, &ms));
    return ms;
}

static void working_time_is_counted_while_the_calendar_is_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct bpmn_calendar calendar = {0};
        struct feel_duration duration;
        const char *why = "";
        int64_t until;
        assert_true(bpmn_calendar_read(&arena, str_of(cases[i].hours), str_of(cases[i].holidays),
                                       &calendar, &why));
        assert_true(feel_duration_parse(str_of(cases[i].duration), &duration));
        assert_true(bpmn_calendar_add(&calendar, NULL, moment(cases[i].from), duration.ms, &until));
        if (until != moment(cases[i].until))
            fail_msg("%s + %s is %lld s off", cases[i].from, cases[i].duration,
                     (long long)(until - moment(cases[i].until)) / 1000);
        arena_done(&arena);
    }
}

// In Berlin clocks go forward on Sunday 2026-03-29: a day of 23 hours has no working time less.
static void clocks_that_change_do_not_move_opening_hours(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct zone_db *zones;
    struct bpmn_calendar calendar = {0};
    struct error err;
    const char *why;
    int64_t until;
    assert_true(zone_db_load(&arena, ZONE_DIRECTORY, &zones, &err));
    const struct zone *berlin = zone_find(zones, STR("Europe/Berlin"));
    assert_non_null(berlin);
    assert_true(bpmn_calendar_read(&arena, STR(OFFICE), STR_EMPTY, &calendar, &why));
    assert_true(
        bpmn_calendar_add(&calendar, berlin, moment("2026-03-27T15:30:00Z"), 3600000, &until));
    assert_int_equal(until, moment("2026-03-30T07:30:00Z"));
    assert_true(
        bpmn_calendar_add(&calendar, berlin, moment("2026-03-27T15:30:00Z"), 86400000, &until));
    assert_int_equal(until, moment("2026-03-30T14:30:00Z"));
    arena_done(&arena);
}

static void calendars_that_never_open_are_told(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct strbuf days = strbuf_new(&arena);
    struct bpmn_calendar calendar = {0};
    const char *why;
    int64_t until;
    for (int month = 1; month <= 12; month++)
        for (int day = 1; day <= 31; day++)
            strbuf_format(&days, "%02d-%02d ", month, day);
    assert_true(bpmn_calendar_read(&arena, STR(OFFICE), strbuf_str(&days), &calendar, &why));
    assert_false(bpmn_calendar_add(&calendar, NULL, 0, 1, &until));
    assert_false(bpmn_calendar_add(&calendar, NULL, 0, 86400000, &until));
    assert_false(bpmn_calendar_read(&arena, STR(""), STR_EMPTY, &calendar, &why));
    assert_false(bpmn_calendar_read(&arena, STR("Mo 09:00-25:00"), STR_EMPTY, &calendar, &why));
    assert_false(bpmn_calendar_read(&arena, STR("Mo"), STR_EMPTY, &calendar, &why));
    assert_false(bpmn_calendar_read(&arena, STR(OFFICE), STR("13-01"), &calendar, &why));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(working_time_is_counted_while_the_calendar_is_open),
        cmocka_unit_test(clocks_that_change_do_not_move_opening_hours),
        cmocka_unit_test(calendars_that_never_open_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
