// SPDX-License-Identifier: Apache-2.0
// Logs and conditions -> the cases that are left.
#include "insight/filter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/limits.h"
#include "insight/reader.h"

static const char csv[] = "case_id,activity,timestamp,amount,kind\n"
                          "1,Receive,2024-05-01T07:00:00,5,new\n"
                          "1,Pay,2024-05-01T09:00:00,5,new\n"
                          "2,Receive,2024-05-02T07:00:00,50,old\n"
                          "2,Check,2024-05-02T08:00:00,50,old\n"
                          "2,Check,2024-05-02T09:00:00,50,old\n"
                          "2,Pay,2024-05-04T09:00:00,50,old\n"
                          "3,Receive,2024-05-05T07:00:00,7.5,new\n"
                          "3,Pay,2024-05-05T07:30:00,7.5,new\n"
                          "4,Receive,2024-05-06T07:00:00,8,\"a; b\"\n"
                          "4,Check,2024-05-06T07:30:00,8,\"a; b\"\n";

static const struct event_log *log_of(struct arena *arena)
{
    struct error err;
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, str_of(csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

// The names of the cases that are left: "1 3".
static const char *left(struct arena *arena, const char *conditions)
{
    struct error err;
    const struct event_log *log;
    struct strbuf out = strbuf_new(arena);
    assert_true(log_filter(arena, log_of(arena), str_of(conditions), &log, &err));
    for (uint32_t t = 0; t < log->trace_count; t++)
        strbuf_format(&out, "%s%.*s", t > 0 ? " " : "", STR_ARG(event_log_case(log, t)));
    return strbuf_cstr(&out);
}

static void conditions_leave_the_cases_that_meet_them(void **state)
{
    (void)state;
    static const struct {
        const char *conditions, *left;
    } cases[] = {
        {"", "1 2 3 4"},
        {"duration > 1d", "2"},
        {"duration <= 30 min", "3 4"},
        {"events = 2", "1 3 4"},
        {"has Check", "2 4"},
        {"not has Check", "1 3"},
        {"starts Receive; ends Pay", "1 2 3"},
        {"rework", "2"},
        {"rework Check", "2"},
        {"not rework", "1 3 4"},
        {"follows Receive -> Pay", "1 3"},
        {"follows Receive ->> Pay", "1 2 3"},
        {"follows Check -> \"Check\"", "2"},
        {"follows Pay ->> Receive", ""},
        {"has Nothing", ""},
        {"not has Nothing", "1 2 3 4"},
        {"variants 1", "1 3"},
        {"has Check; variants 1", "2"}, // of those that are left
        {"since 2024-05-02T00:00:00", "2 3 4"},
        {"until 2024-05-04T00:00:00", "1"},
        {"since 2024-05-02T00:00:00; until 2024-05-05T00:00:00", "2"},
        {"amount >= 7.5", "2 3 4"},
        {"amount < 8; kind = new", "1 3"},
        {"kind != new", "2 4"},
        {"kind = \"a; b\"", "4"},
        {"colour = red", ""},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        assert_string_equal(left(&arena, cases[i].conditions), cases[i].left);
        arena_done(&arena);
    }
}

static void what_is_left_is_a_log_of_its_own(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    const struct event_log *log;
    assert_true(log_filter(&arena, log_of(&arena), STR("not has Check"), &log, &err));
    assert_int_equal(log->activity_count, 2);
    assert_int_equal(log->event_count, 4);
    assert_true(str_equal(event_log_activity(log, log->activity[3]), STR("Pay")));
    arena_done(&arena);
}

static void what_is_no_condition_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "nonsense", "duration",  "duration > x", "events = ", "variants",   "variants 0",
        "has",      "follows A", "since now",    "= 3",       "has A; oops"};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena = ARENA_EMPTY;
        struct error err;
        const struct event_log *log;
        assert_false(log_filter(&arena, log_of(&arena), str_of(texts[i]), &log, &err));
        arena_done(&arena);
    }
}

static void a_filter_has_so_many_conditions(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    const struct event_log *log;
    struct strbuf text = strbuf_new(&arena);
    for (int i = 0; i < INSIGHT_MOST_FILTER_CONDITIONS; i++)
        strbuf_add(&text, STR("has Pay; "));
    assert_string_equal(left(&arena, strbuf_cstr(&text)), "1 2 3");
    strbuf_add(&text, STR("has Pay"));
    assert_false(log_filter(&arena, log_of(&arena), strbuf_str(&text), &log, &err));
    assert_string_equal(err.place, "FILTER_CONDITIONS");
    arena_done(&arena);
}

static void what_leaves_everything_copies_nothing(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    const struct event_log *log = log_of(&arena), *all;
    assert_true(log_filter(&arena, log, STR("has Receive; events > 1; variants 9"), &all, &err));
    assert_ptr_equal(all, log);
    arena_done(&arena);
}

static void each_condition_looks_at_what_those_before_have_left(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    assert_string_equal(left(&arena, "variants 1"), "1 3");
    assert_string_equal(left(&arena, "has Check; variants 1; not has Pay"), "");
    assert_string_equal(left(&arena, "has Check; not has Pay; variants 1"), "4");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_leave_the_cases_that_meet_them),
        cmocka_unit_test(what_is_left_is_a_log_of_its_own),
        cmocka_unit_test(what_is_no_condition_is_refused),
        cmocka_unit_test(a_filter_has_so_many_conditions),
        cmocka_unit_test(what_leaves_everything_copies_nothing),
        cmocka_unit_test(each_condition_looks_at_what_those_before_have_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
