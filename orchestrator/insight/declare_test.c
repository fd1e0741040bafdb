// SPDX-License-Identifier: Apache-2.0
// Traces and rules -> whether a trace gives occasion for a rule, and keeps it.
#include "insight/declare.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/reader.h"

// A case a trace, an activity a letter.
static const struct event_log *log_of(struct arena *arena, const char *const *traces, size_t count)
{
    struct error err;
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct strbuf csv = strbuf_new(arena);
    strbuf_add(&csv, STR("case_id,activity,timestamp\n"));
    for (size_t t = 0; t < count; t++)
        for (size_t i = 0; traces[t][i] != '\0'; i++)
            strbuf_format(&csv, "%zu,%c,2024-05-01T07:%02zu:00\n", t, traces[t][i], i);
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, strbuf_str(&csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

static void rules_are_kept_violated_or_have_no_occasion(void **state)
{
    (void)state;
    static const struct {
        const char *rule, *kept, *violated, *without; // traces, over a and b
    } cases[] = {
        {"existence", "a ba", "b c", ""},
        {"absence", "b c", "a ba", ""},
        {"exactly_one", "a ab", "aa c", ""},
        {"init", "ab a", "ba c", ""},
        {"responded_existence", "ab ba", "a ac", "b c"},
        {"coexistence", "ab ba", "a b", "c"},
        {"response", "ab aab acb", "a ba aba", "b c"},
        {"precedence", "ab abb acb", "b ba", "a c"},
        {"succession", "ab abab aabb", "a b ba aba", "c"},
        {"altresponse", "ab abab acb", "aab ba a", "b c"},
        {"altprecedence", "ab aab acb", "abb ba b", "a c"},
        {"altsuccession", "ab abab", "aab abb ba a b", "c"},
        {"chainresponse", "ab abb", "acb aab a", "b c"},
        {"chainprecedence", "ab aab", "acb abb b", "a c"},
        {"chainsuccession", "ab abab", "acb aab abb a b", "c"},
        {"noncoexistence", "a b", "ab ba", "c"},
        {"nonsuccession", "a ba", "ab acb", "b c"},
        {"nonchainsuccession", "a ba acb", "ab aab", "b c"},
    };
    assert_int_equal(COUNT_OF(cases), DECLARE_TEMPLATES);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *const lists[] = {cases[i].kept, cases[i].violated, cases[i].without};
        for (size_t l = 0; l < COUNT_OF(lists); l++) {
            str left = str_of(lists[l]), word;
            while (str_split(&left, ' ', &word) && word.len > 0) {
                struct arena arena = ARENA_EMPTY;
                const char *trace = str_cstr(&arena, word);
                const struct event_log *log = log_of(&arena, &trace, 1);
                struct declare_constraint rule = {.template =
                                                      declare_template(str_of(cases[i].rule)),
                                                  .a = STR("a"),
                                                  .b = STR("b")};
                uint32_t *violated =
                    declare_check(&arena, log, variants_new(&arena, log), &rule, 1);
                assert_int_equal(rule.activated, l < 2);
                assert_int_equal(rule.kept, l == 0);
                assert_int_equal(violated[0], l == 1);
                arena_done(&arena);
            }
        }
    }
}

static void rules_are_found_by_how_often_they_hold(void **state)
{
    (void)state;
    static const char *const traces[] = {"ab", "ab", "ab", "ba"};
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct declare_constraint *found;
    size_t count, seen = 0;
    const struct event_log *log = log_of(&arena, traces, COUNT_OF(traces));
    assert_true(declare_discover(&arena, log, 0.5, 0.7, &found, &count, &err));
    for (size_t i = 0; i < count; i++) {
        assert_true((double)found[i].kept >= 0.7 * (double)found[i].activated);
        bool is_response = found[i].template == declare_template(STR("response"));
        seen += is_response;
        if (is_response)
            assert_true(str_equal(found[i].a, STR("a")) && found[i].kept == 3);
    }
    assert_int_equal(seen, 1);
    arena_done(&arena);
}

// Fewer activities than there may be, in so many long and different traces that it would take
// hours.
static void what_takes_too_long_is_refused_with_a_name(void **state)
{
    (void)state;
    enum { ACTIVITIES = 200, TRACES = 2600, LENGTH = 100 };
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct declare_constraint *found;
    size_t count;
    struct strbuf csv = strbuf_new(&arena);
    strbuf_add(&csv, STR("case_id,activity,timestamp\n"));
    for (int t = 0; t < TRACES; t++)
        for (int i = 0; i < LENGTH; i++)
            strbuf_format(&csv, "%d,a%d,2024-05-01T07:00:00\n", t,
                          (t + i * (t / ACTIVITIES + 1)) % ACTIVITIES);
    struct log_reader *reader = log_reader_new(&arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, strbuf_str(&csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    assert_false(declare_discover(&arena, log, 0.1, 0.9, &found, &count, &err));
    assert_string_equal(err.place, "DECLARE_MILLIONS");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_are_kept_violated_or_have_no_occasion),
        cmocka_unit_test(rules_are_found_by_how_often_they_hold),
        cmocka_unit_test(what_takes_too_long_is_refused_with_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
