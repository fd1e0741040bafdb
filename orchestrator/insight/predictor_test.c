// SPDX-License-Identifier: Apache-2.0
// Cases out of processes that are known -> what a model says of prefixes, and its file.
#include "insight/predictor.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "base/digest.h"
#include "insight/backtest.h"
#include "insight/reasons.h"

enum { MOST_STEPS = 20 };

static const int64_t HOUR = INT64_C(3600000000);

struct scene {
    struct arena arena;
    struct predictor *predictor;
    struct prefix prefix;
};

// Cases take one hour a step, and the outcome is true when "x" was done.
static void learn(struct scene *s, const char *steps)
{
    struct past_step path[MOST_STEPS];
    struct error err;
    uint32_t label, count = (uint32_t)strlen(steps);
    enum past_outcome outcome = OUTCOME_FALSE;
    for (uint32_t i = 0; i < count; i++) {
        str name = str_from(steps + i, 1);
        assert_true(predictor_label(s->predictor, name, &label, &err));
        path[i] = (struct past_step){activity_hash(name), (i + 1) * HOUR};
        outcome = steps[i] == 'x' ? OUTCOME_TRUE : outcome;
    }
    struct past_case item = {
        .steps = path, .count = count, .begun = 0, .ended = count * HOUR, .outcome = outcome};
    predictor_learn_case(s->predictor, &s->prefix, &item);
}

static void start(struct scene *s, size_t candidate)
{
    s->predictor = predictor_new(&s->arena);
    s->prefix = prefix_new(&s->arena);
    s->predictor->outcome = STR("x");
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        s->predictor->rungs[t] = predictor_rung(s->predictor, candidate);
}

static size_t candidate_of(const char *name)
{
    for (size_t i = 0; i < predict_candidate_count(); i++)
        if (strcmp(predict_candidate_name(i), name) == 0)
            return i;
    fail_msg("no candidate %s", name);
    return 0;
}

static struct prediction predict(struct scene *s, const char *steps, double *ret_next)
{
    predictor_settle(s->predictor);
    prefix_begin(&s->prefix);
    for (; *steps != '\0'; steps++)
        prefix_add(&s->prefix, activity_hash(str_from(steps, 1)));
    return predictor_predict(s->predictor, &s->prefix, ret_next);
}

static uint32_t label_of(const struct predictor *p, str activity)
{
    uint32_t label = 0;
    while (label < p->labels.count && !str_equal(p->labels.items[label], activity))
        label++;
    assert_true(label < p->labels.count);
    return label;
}

static double next_of(struct scene *s, const char *steps, const char *activity)
{
    double next[MOST_STEPS], sum = 0;
    (void)predict(s, steps, next);
    for (uint32_t i = 0; i < s->predictor->labels.count; i++)
        sum += next[i];
    assert_true(fabs(sum - 1) < 1e-9);
    return next[label_of(s->predictor, str_of(activity))];
}

// -- Abstractions -------------------------------------------------------------------------

static uint64_t key_of(struct arena *arena, const char *steps, struct abstraction abstraction)
{
    struct prefix prefix = prefix_new(arena);
    for (; *steps != '\0'; steps++)
        prefix_add(&prefix, activity_hash(str_from(steps, 1)));
    return prefix_key(&prefix, abstraction);
}

static void abstractions_tell_apart_what_they_say(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind, last;
        const char *a, *b;
        bool is_same;
    } rows[] = {
        {ABSTRACTION_SEQUENCE, 2, "xyab", "ab", true},
        {ABSTRACTION_SEQUENCE, 2, "ab", "ba", false},
        {ABSTRACTION_SEQUENCE, 3, "xab", "yab", false},
        {ABSTRACTION_SEQUENCE, PREFIX_ALL, "abcdefghij", "zbcdefghij", false},
        {ABSTRACTION_SEQUENCE, 8, "abcdefghij", "zzcdefghij", true},
        {ABSTRACTION_MULTISET, 3, "xaab", "yaba", true},
        {ABSTRACTION_MULTISET, 3, "xaab", "yabb", false},
        {ABSTRACTION_MULTISET, PREFIX_ALL, "abcdefghija", "jihgfedcbaa", true},
        {ABSTRACTION_SET, 3, "aab", "bba", true},
        {ABSTRACTION_SET, 3, "aab", "abc", false},
        {ABSTRACTION_SET, PREFIX_ALL, "abcdefghij", "aabbccddeeffgghhiijj", true},
        {ABSTRACTION_SEQUENCE, 0, "abc", "", true},
        {ABSTRACTION_SEQUENCE, 4, "a", "aa", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena = ARENA_EMPTY;
        struct abstraction abstraction = {rows[i].kind, rows[i].last};
        bool is_same =
            key_of(&arena, rows[i].a, abstraction) == key_of(&arena, rows[i].b, abstraction);
        if (is_same != rows[i].is_same)
            fail_msg("row %zu: %s and %s", i, rows[i].a, rows[i].b);
        arena_done(&arena);
    }
}

// -- Predicting ---------------------------------------------------------------------------

static void what_happened_in_a_state_is_what_is_told(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    start(&s, candidate_of("last activity"));
    for (int i = 0; i < 100; i++)
        learn(&s, i % 4 == 0 ? "axyz" : "ab");
    assert_true(fabs(next_of(&s, "a", "b") - 0.75) < 0.02);
    assert_true(fabs(next_of(&s, "ab", "") - 1) < 0.01);
    assert_true(fabs(predict(&s, "a", NULL).remaining_us - (double)HOUR) < 1);
    assert_true(fabs(predict(&s, "ax", NULL).remaining_us - 2 * (double)HOUR) < 1);
    assert_true(fabs(predict(&s, "axyz", NULL).remaining_us) < 1); // cases end here
    assert_true(fabs(predict(&s, "a", NULL).outcome - 0.25) < 0.02);
    assert_true(predict(&s, "ax", NULL).outcome > 0.8);
    assert_true(predict(&s, "ab", NULL).outcome < 0.1);
    assert_true(isnan(predict(&s, "a", NULL).high_us)); // nothing was calibrated
    arena_done(&s.arena);
}

static void what_was_seen_too_rarely_is_told_by_shorter_prefixes(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    start(&s, candidate_of("Markov of order 3"));
    for (int i = 0; i < 50; i++)
        learn(&s, "pabzz");
    for (int i = 0; i < 50; i++)
        learn(&s, "qab");
    for (int i = 0; i < 5; i++)
        learn(&s, "rabzzzz");
    assert_true(fabs(predict(&s, "pab", NULL).remaining_us - 2 * (double)HOUR) < 1);
    assert_true(fabs(predict(&s, "qab", NULL).remaining_us) < 1);
    struct prediction rare = predict(&s, "rab", NULL); // as "ab", which went on 55 times
    assert_int_equal(rare.seen, 55);
    struct prediction strange = predict(&s, "sab", NULL);
    assert_int_equal(strange.seen, 55);
    assert_true(next_of(&s, "rab", "z") > 0.75);
    assert_true(next_of(&s, "sab", "z") < 0.6);
    arena_done(&s.arena);
}

static void steps_add_up_to_the_prediction(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    start(&s, candidate_of("sequence of the last 2"));
    for (int i = 0; i < 60; i++)
        learn(&s, i % 3 == 0 ? "axyzyz" : "abc");
    predictor_settle(s.predictor);
    struct past_step path[] = {{activity_hash(STR("a")), HOUR},
                               {activity_hash(STR("x")), 5 * HOUR},
                               {activity_hash(STR("y")), 6 * HOUR}};
    struct past_case item = {.steps = path, .count = 3, .begun = 0, .ended = NO_TIME};
    struct reasons reasons = reasons_of(&s.arena, s.predictor, &item, NO_TIME, NULL);
    double added = reasons.before.remaining_us, outcome = reasons.before.outcome;
    for (size_t i = 0; i < 3; i++) {
        added += reasons.of[i].added_us;
        outcome += reasons.of[i].added_outcome;
    }
    assert_true(fabs(added - (6 * (double)HOUR + reasons.now.remaining_us)) < 1);
    assert_true(fabs(outcome - reasons.now.outcome) < 1e-9);
    assert_true(reasons.of[1].added_us > reasons.of[0].added_us); // "x" makes it long, and true
    assert_true(reasons.of[1].added_outcome > 0.3);
    arena_done(&s.arena);
}

// Half of the cases take an hour more, the others five.
static void who_has_waited_for_long_is_one_of_those_that_take_long(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct prefix none = prefix_new(&s.arena);
    start(&s, PREDICT_PRIOR);
    for (int i = 0; i < 200; i++)
        predictor_learn(
            s.predictor, &none,
            &(struct lesson){.has_remaining = true, .remaining_us = i % 2 == 0 ? HOUR : 5 * HOUR});
    s.predictor->calibrated = 200;
    predictor_settle(s.predictor);
    struct prediction fresh = predictor_predict_waiting(s.predictor, &none, 0, NULL);
    struct prediction later = predictor_predict_waiting(s.predictor, &none, 2 * HOUR, NULL);
    struct prediction never = predictor_predict_waiting(s.predictor, &none, 6 * HOUR, NULL);
    assert_true(fresh.low_us < 1.01 * (double)HOUR && fresh.high_us > 4.99 * (double)HOUR);
    assert_true(fabs(later.remaining_us / (double)HOUR - 3) < 0.01);
    assert_true(fabs(later.high_us / (double)HOUR - 3) < 0.01);
    assert_int_equal(later.seen, 100);
    assert_true(isnan(never.remaining_us) && isnan(never.high_us) && never.seen == 0);
    struct past_case item = {.begun = 0, .ended = NO_TIME};
    struct reasons reasons = reasons_of(&s.arena, s.predictor, &item, 2 * HOUR, NULL);
    assert_true(fabs(reasons.before.remaining_us + reasons_waiting_us(&reasons) -
                     (2 * (double)HOUR + reasons.now.remaining_us)) < 1);
    arena_done(&s.arena);
}

static void lessons_may_come_event_by_event(void **state)
{
    (void)state;
    struct scene whole = {.arena = ARENA_EMPTY}, live = {.arena = ARENA_EMPTY};
    struct strbuf one = strbuf_new(&whole.arena), two = strbuf_new(&live.arena);
    struct error err;
    uint32_t label;
    start(&whole, candidate_of("Markov of order 3"));
    start(&live, candidate_of("Markov of order 3"));
    learn(&whole, "ab");
    uint64_t a = activity_hash(STR("a")), b = activity_hash(STR("b"));
    assert_true(predictor_label(live.predictor, STR("a"), &label, &err));
    assert_true(predictor_label(live.predictor, STR("b"), &label, &err));
    const uint64_t next[] = {a, b, 0};
    for (size_t i = 0; i < 3; i++) { // as they come
        predictor_learn(live.predictor, &live.prefix,
                        &(struct lesson){.has_next = true, .next = next[i]});
        if (i < 2)
            prefix_add(&live.prefix, next[i]);
    }
    prefix_begin(&live.prefix);
    for (size_t i = 0; i < 3; i++) { // when the case has ended
        predictor_learn(live.predictor, &live.prefix,
                        &(struct lesson){.has_remaining = i < 2,
                                         .remaining_us = (2 - (int64_t)i) * HOUR,
                                         .has_outcome = true,
                                         .is_over = i == 2});
        if (i < 2)
            prefix_add(&live.prefix, next[i]);
    }
    live.predictor->cases = 1;
    live.predictor->until = 2 * HOUR;
    assert_true(predictor_write(whole.predictor, &one, &err));
    assert_true(predictor_write(live.predictor, &two, &err));
    assert_true(str_equal(strbuf_str(&one), strbuf_str(&two)));
    arena_done(&whole.arena);
    arena_done(&live.arena);
}

static void parts_merge_into_the_whole(void **state)
{
    (void)state;
    static const char *const paths[] = {"ab", "axyz", "acab", "b"};
    struct scene whole = {.arena = ARENA_EMPTY}, left = {.arena = ARENA_EMPTY};
    struct scene right = {.arena = ARENA_EMPTY}, other = {.arena = ARENA_EMPTY};
    struct error err;
    start(&whole, candidate_of("multiset of the last 3"));
    start(&left, candidate_of("multiset of the last 3"));
    start(&right, candidate_of("multiset of the last 3"));
    start(&other, candidate_of("last activity"));
    for (int i = 0; i < 60; i++) {
        learn(&whole, paths[i % 4]);
        learn(i < 20 ? &left : &right, paths[i % 4]);
    }
    assert_true(predictor_merge(left.predictor, right.predictor, &err));
    struct strbuf one = strbuf_new(&whole.arena), two = strbuf_new(&left.arena);
    assert_true(predictor_write(whole.predictor, &one, &err));
    assert_true(predictor_write(left.predictor, &two, &err));
    assert_true(str_equal(strbuf_str(&one), strbuf_str(&two)));
    assert_false(predictor_merge(left.predictor, other.predictor, &err));
    assert_int_equal(err.kind, ERROR_CONFLICT);
    arena_done(&whole.arena);
    arena_done(&left.arena);
    arena_done(&right.arena);
    arena_done(&other.arena);
}

static void labels_have_a_limit_that_is_named(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct error err = {0};
    uint32_t label;
    bool is_added = true;
    start(&s, PREDICT_PRIOR);
    for (int i = 0; is_added && i < 3000; i++)
        is_added = predictor_label(s.predictor, str_format(&s.arena, "a%d", i), &label, &err);
    assert_false(is_added);
    assert_string_equal(err.place, "PREDICT_LABELS");
    assert_int_equal(s.predictor->labels.count, 2001); // with the end
    arena_done(&s.arena);
}

// -- Files --------------------------------------------------------------------------------

static str file_of(struct scene *s)
{
    struct strbuf out = strbuf_new(&s->arena);
    struct error err;
    struct told told[] = {{0.2, false}, {0.4, true}, {0.6, true}};
    for (int i = 0; i < 40; i++)
        learn(s, i % 3 == 0 ? "axy" : "abc");
    s->predictor->calibrated = 17;
    s->predictor->shift_low = 0.25;
    s->predictor->shift_high = 1.5;
    s->predictor->isotonic = isotonic_of(&s->arena, told, 3);
    s->predictor->scores[PREDICT_OUTCOME].also = NAN;
    s->predictor->scores[PREDICT_NEXT].is_fallen_back = true;
    assert_true(predictor_write(s->predictor, &out, &err));
    return strbuf_str(&out);
}

static void a_file_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct error err;
    struct predictor *again;
    start(&s, candidate_of("set of the last 3"));
    str bytes = file_of(&s);
    assert_true(predictor_read(&s.arena, bytes, &again, &err));
    struct strbuf out = strbuf_new(&s.arena);
    assert_true(predictor_write(again, &out, &err));
    assert_true(str_equal(bytes, strbuf_str(&out)));
    struct prediction one = predict(&s, "ax", NULL), two;
    s.predictor = again;
    two = predict(&s, "ax", NULL);
    assert_memory_equal(&one, &two, sizeof one);
    arena_done(&s.arena);
}

static void a_file_that_is_cut_or_damaged_is_refused(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct error err;
    struct predictor *again;
    start(&s, candidate_of("last activity"));
    str bytes = file_of(&s);
    for (size_t len = 0; len < bytes.len; len++) {
        assert_false(predictor_read(&s.arena, str_sub(bytes, 0, len), &again, &err));
        assert_non_null(
            strstr(err.text, len < 17 ? "is no prediction model" : "is cut or damaged"));
    }
    for (size_t at = 18; at < bytes.len; at++) {
        char *copy = arena_copy(&s.arena, bytes.data, bytes.len);
        copy[at] = (char)(copy[at] ^ 0x21);
        assert_false(predictor_read(&s.arena, str_from(copy, bytes.len), &again, &err));
    }
    arena_done(&s.arena);
}

// With a digest that is right: what is inside is looked at, too.
static void bytes_that_make_no_sense_are_refused(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct error err;
    struct predictor *again;
    start(&s, candidate_of("last activity"));
    str bytes = file_of(&s);
    size_t refused = 0, tried = 0;
    for (size_t at = 18; at < bytes.len - DIGEST_SIZE; at++) {
        char *copy = arena_copy(&s.arena, bytes.data, bytes.len);
        copy[at] = (char)(copy[at] ^ 0xff);
        struct digest digest = digest_sha256(str_from(copy, bytes.len - DIGEST_SIZE));
        memcpy(copy + bytes.len - DIGEST_SIZE, digest.bytes, DIGEST_SIZE);
        tried++;
        if (!predictor_read(&s.arena, str_from(copy, bytes.len), &again, &err))
            refused++;
        else
            (predictor_settle_at(again, &s.prefix),
             (void)predictor_predict(again, &s.prefix, NULL));
    }
    print_message("%zu of %zu refused\n", refused, tried);
    assert_true(refused > tried / 4);
    arena_done(&s.arena);
}

static void another_format_is_named(void **state)
{
    (void)state;
    struct scene s = {.arena = ARENA_EMPTY};
    struct error err;
    struct predictor *again;
    start(&s, PREDICT_PRIOR);
    str bytes = file_of(&s);
    char *copy = arena_copy(&s.arena, bytes.data, bytes.len);
    copy[17] = 9;
    assert_false(predictor_read(&s.arena, str_from(copy, bytes.len), &again, &err));
    assert_int_equal(err.kind, ERROR_UNSUPPORTED);
    assert_non_null(strstr(err.text, "is of format 9, and this version reads 1"));
    arena_done(&s.arena);
}

static void an_outcome_has_a_name_that_is_text(void **state)
{
    (void)state;
    static const str names[] = {{"a\0b", 3}, {"\xff", 1}};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct scene s = {.arena = ARENA_EMPTY};
        struct error err;
        struct predictor *again;
        start(&s, PREDICT_PRIOR);
        s.predictor->outcome = names[i];
        assert_false(predictor_read(&s.arena, file_of(&s), &again, &err));
        assert_non_null(strstr(err.text, "whose name is no text"));
        arena_done(&s.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(abstractions_tell_apart_what_they_say),
        cmocka_unit_test(an_outcome_has_a_name_that_is_text),
        cmocka_unit_test(what_happened_in_a_state_is_what_is_told),
        cmocka_unit_test(what_was_seen_too_rarely_is_told_by_shorter_prefixes),
        cmocka_unit_test(steps_add_up_to_the_prediction),
        cmocka_unit_test(who_has_waited_for_long_is_one_of_those_that_take_long),
        cmocka_unit_test(lessons_may_come_event_by_event),
        cmocka_unit_test(parts_merge_into_the_whole),
        cmocka_unit_test(labels_have_a_limit_that_is_named),
        cmocka_unit_test(a_file_is_read_as_it_was_written),
        cmocka_unit_test(a_file_that_is_cut_or_damaged_is_refused),
        cmocka_unit_test(bytes_that_make_no_sense_are_refused),
        cmocka_unit_test(another_format_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
