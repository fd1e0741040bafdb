// SPDX-License-Identifier: Apache-2.0
// Logs played out of processes whose truth is known -> which model is chosen, what it tells and
// what it is said to be worth.
#include "insight/backtest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "insight/builder.h"

static const double MINUTE = 60e6, HOUR = 3600e6;

static uint64_t seed;

static double draw(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (double)(seed >> 11) / 9007199254740992.0;
}

struct scene {
    struct arena arena;
    struct log_builder *builder;
    int64_t at; // the case's newest step
    size_t cases;
};

static void start(struct scene *s, uint64_t with_seed)
{
    *s = (struct scene){.arena = ARENA_EMPTY};
    s->builder = log_builder_new(&s->arena);
    seed = with_seed;
}

// The next case, which begins at a time (µs) with a step "begin".
static void step(struct scene *s, const char *activity, double after_us);

static void open_case(struct scene *s, double begins_us)
{
    bool is_new;
    struct error err;
    assert_true(
        log_builder_case(s->builder, str_format(&s->arena, "c%zu", s->cases++), &is_new, &err));
    s->at = (int64_t)begins_us;
    step(s, "begin", 0);
}

static void step(struct scene *s, const char *activity, double after_us)
{
    struct error err;
    struct raw_event *event = log_builder_event(s->builder, &err);
    assert_non_null(event);
    s->at += (int64_t)after_us;
    event->activity = names_add(log_builder_names(s->builder), str_of(activity));
    event->time = s->at;
}

static void tag(struct scene *s, const char *key, bool is_true)
{
    struct error err;
    struct attribute attribute = {.type = ATTRIBUTE_BOOLEAN, .whole = is_true};
    attribute.key = names_add(log_builder_names(s->builder), str_of(key));
    assert_true(log_builder_attribute(s->builder, OWNER_CASE, &attribute, &err));
}

static const struct event_log *finish(struct scene *s)
{
    const struct event_log *log;
    struct error err;
    assert_true(log_builder_finish(s->builder, &log, &err));
    log_builder_free(s->builder);
    return log;
}

static bool try_training(struct scene *s, const char *outcome, struct training *ret_training,
                         struct error *err)
{
    struct training_options options = {.outcome = {.attribute = str_of(outcome)}};
    return backtest_train(&s->arena, finish(s), &options, ret_training, err);
}

static struct training train(struct scene *s, const char *outcome)
{
    struct training training;
    struct error err = {0};
    if (!try_training(s, outcome, &training, &err))
        fail_msg("%s: %s", err.place, err.text);
    return training;
}

static struct prediction predict(struct scene *s, const struct predictor *p,
                                 const char *const *path, double *ret_next)
{
    struct prefix prefix = prefix_new(&s->arena);
    for (; *path != NULL; path++)
        prefix_add(&prefix, activity_hash(str_of(*path)));
    return predictor_predict(p, &prefix, ret_next);
}

static size_t champion(const struct training *training, enum predict_target target)
{
    return training->predictor->rungs[target].candidate;
}

static uint32_t label_of(const struct predictor *p, str activity)
{
    uint32_t label = 0;
    while (label < p->labels.count && !str_equal(p->labels.items[label], activity))
        label++;
    assert_true(label < p->labels.count);
    return label;
}

#define PATH(...) ((const char *const[]){__VA_ARGS__, NULL})

// -- Processes ----------------------------------------------------------------------------

// begin, then at once quick (0.6) or slow, then done: after 1 to 2 h, or 10 to 20 h. Of the quick
// ones 20 % are good, of the slow ones 90 %.
static void play_two_ways(struct scene *s, size_t cases)
{
    for (size_t i = 0; i < cases; i++) {
        bool is_quick = draw() < 0.6;
        open_case(s, (double)i * 10 * MINUTE);
        step(s, is_quick ? "quick" : "slow", 0);
        step(s, "done", is_quick ? (1 + draw()) * HOUR : (10 + 10 * draw()) * HOUR);
        tag(s, "good", draw() < (is_quick ? 0.2 : 0.9));
    }
}

// A Markov chain: each round of work is a minute of exponential length, and one in four is the
// last.
static void play_rounds(struct scene *s, size_t cases)
{
    for (size_t i = 0; i < cases; i++) {
        open_case(s, (double)i * MINUTE);
        do
            step(s, "work", -log(1 - draw()) * MINUTE);
        while (draw() < 0.75);
    }
}

// -- Tests --------------------------------------------------------------------------------

static void what_is_told_converges_to_the_truth(void **state)
{
    (void)state;
    struct scene s;
    double next[8];
    start(&s, 1);
    play_two_ways(&s, 6000);
    struct training t = train(&s, "good");
    const struct predictor *p = t.predictor;
    (void)predict(&s, p, PATH("begin"), next);
    assert_true(fabs(next[label_of(p, STR("quick"))] - 0.6) < 0.02);
    assert_true(fabs(next[label_of(p, STR("slow"))] - 0.4) < 0.02);
    struct prediction quick = predict(&s, p, PATH("begin", "quick"), NULL);
    struct prediction slow = predict(&s, p, PATH("begin", "slow"), NULL);
    assert_true(fabs(quick.remaining_us / HOUR - 1.5) < 0.05);
    assert_true(fabs(slow.remaining_us / HOUR - 15) < 0.5);
    assert_true(fabs(quick.low_us / HOUR - 1.05) < 0.05 &&
                fabs(quick.high_us / HOUR - 1.95) < 0.05);
    assert_true(fabs(slow.low_us / HOUR - 10.5) < 0.5 && fabs(slow.high_us / HOUR - 19.5) < 0.5);
    assert_true(fabs(quick.outcome - 0.2) < 0.03 && fabs(slow.outcome - 0.9) < 0.03);
    arena_done(&s.arena);
}

static void scores_are_those_that_the_truth_allows(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 2);
    play_two_ways(&s, 6000);
    struct training t = train(&s, "good");
    const struct target_score *scores = t.predictor->scores;
    print_message("coverage %.4f, accuracy %.4f, AUC %.4f, Brier %.4f (prior %.4f)\n",
                  scores[PREDICT_REMAINING].also, scores[PREDICT_NEXT].also,
                  scores[PREDICT_OUTCOME].also, scores[PREDICT_OUTCOME].loss,
                  scores[PREDICT_OUTCOME].prior_loss);
    assert_int_equal(t.held_out, 1200);
    assert_true(scores[PREDICT_REMAINING].also > 0.88 && scores[PREDICT_REMAINING].also < 0.92);
    assert_true(fabs(scores[PREDICT_NEXT].also - 0.9) < 0.02); // of four steps one is 60 %
    // one of three prefixes tells the way
    double best = 2 / 3.0 * 0.48 * 0.52 + 1 / 3.0 * (0.6 * 0.2 * 0.8 + 0.4 * 0.9 * 0.1);
    assert_true(fabs(scores[PREDICT_OUTCOME].loss - best) < 0.008);
    assert_true(scores[PREDICT_OUTCOME].prior_loss > best + 0.03);
    assert_true(scores[PREDICT_REMAINING].loss < 0.8 * scores[PREDICT_REMAINING].prior_loss);
    arena_done(&s.arena);
}

// What remains after any round is the same: a geometric number of exponential minutes, 4 on
// average, whose sum is exponential again.
static void a_chain_has_the_remaining_time_of_its_closed_form(void **state)
{
    (void)state;
    struct scene s;
    double next[4];
    start(&s, 3);
    play_rounds(&s, 8000);
    struct training t = train(&s, "");
    struct prediction begun = predict(&s, t.predictor, PATH("begin"), next);
    struct prediction later = predict(&s, t.predictor, PATH("begin", "work", "work"), next);
    double median = 4 * log(2), high = -4 * log(0.05);
    print_message("medians %.3f, %.3f of %.3f min; 95 %% %.2f of %.2f; coverage %.4f\n",
                  begun.remaining_us / MINUTE, later.remaining_us / MINUTE, median,
                  later.high_us / MINUTE, high, t.predictor->scores[PREDICT_REMAINING].also);
    assert_true(fabs(begun.remaining_us / MINUTE - median) < 0.15);
    assert_true(fabs(later.remaining_us / MINUTE - median) < 0.15);
    assert_true(fabs(later.high_us / MINUTE - high) < 0.8);
    assert_true(fabs(next[LABEL_END] - 0.25) < 0.02);
    assert_true(fabs(t.predictor->scores[PREDICT_REMAINING].also - 0.9) < 0.02);
    arena_done(&s.arena);
}

// The third step depends on the first: the last activity alone does not tell.
static void what_lies_further_back_is_found(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 4);
    for (size_t i = 0; i < 2000; i++) {
        bool is_left = draw() < 0.5;
        open_case(&s, (double)i * HOUR);
        step(&s, is_left ? "left" : "right", MINUTE);
        step(&s, "both", MINUTE);
        step(&s, is_left ? "to the left" : "to the right", is_left ? MINUTE : 9 * MINUTE);
    }
    struct training t = train(&s, "");
    size_t last_activity = 1;
    assert_true(champion(&t, PREDICT_NEXT) > last_activity);
    assert_true(champion(&t, PREDICT_REMAINING) > last_activity);
    assert_true(t.predictor->scores[PREDICT_NEXT].also > 0.88);
    assert_true(t.rungs[champion(&t, PREDICT_NEXT)].loss[PREDICT_NEXT] <
                t.rungs[last_activity].loss[PREDICT_NEXT] - 0.1);
    arena_done(&s.arena);
}

// Durations and outcome have nothing to do with what was done.
static void without_a_signal_the_prior_is_champion(void **state)
{
    (void)state;
    static const char *const kinds[] = {"a", "b", "c", "d", "e"};
    for (uint64_t seed_of_run = 1; seed_of_run <= 20; seed_of_run++) {
        struct scene s;
        start(&s, seed_of_run * 7919);
        for (size_t i = 0; i < 500; i++) {
            open_case(&s, (double)i * HOUR);
            step(&s, kinds[(size_t)(draw() * 5)], 0);
            step(&s, kinds[(size_t)(draw() * 5)], 0);
            step(&s, "end", -log(1 - draw()) * HOUR);
            tag(&s, "lucky", draw() < 0.3);
        }
        struct training t = train(&s, "lucky");
        assert_int_equal(champion(&t, PREDICT_OUTCOME), PREDICT_PRIOR);
        assert_int_equal(champion(&t, PREDICT_REMAINING), PREDICT_PRIOR);
        struct prediction told = predict(&s, t.predictor, PATH("begin", "a", "b"), NULL);
        assert_true(fabs(told.outcome - 0.3) < 0.07);
        arena_done(&s.arena);
    }
}

// Whatever is chosen, it is not behind the prior on what was held out.
static void no_champion_is_behind_the_prior(void **state)
{
    (void)state;
    for (uint64_t seed_of_run = 1; seed_of_run <= 10; seed_of_run++) {
        struct scene s;
        start(&s, seed_of_run);
        for (size_t i = 0; i < 400; i++) { // after four fifths, everything is the other way round
            bool is_old = i < 320, is_quick = draw() < 0.5;
            open_case(&s, (double)i * 24 * HOUR);
            step(&s, is_quick ? "quick" : "slow", 0);
            step(&s, "end", is_quick == is_old ? HOUR : 9 * HOUR);
            tag(&s, "good", is_quick == is_old);
        }
        struct training t = train(&s, "good");
        for (size_t target = 0; target < PREDICT_TARGETS; target++)
            assert_true(t.predictor->scores[target].loss <= t.predictor->scores[target].prior_loss);
        assert_true(t.predictor->scores[PREDICT_OUTCOME].is_fallen_back);
        assert_int_equal(champion(&t, PREDICT_OUTCOME), PREDICT_PRIOR);
        arena_done(&s.arena);
    }
}

// -- No leakage ---------------------------------------------------------------------------

// Two cases each do what no other case does, and have the same outcome, which is random. Who has
// seen the first to its end knows the second.
static double auc_of_pairs(double gap_hours)
{
    struct scene s;
    enum { PAIRS = 600 };
    bool is_good[PAIRS];
    start(&s, 5);
    for (size_t i = 0; i < PAIRS; i++)
        is_good[i] = draw() < 0.5;
    for (size_t i = 0; i < 2 * PAIRS; i++) {
        // with a gap of 1: pairs in turn; else all first ones, and then all second ones
        size_t pair = gap_hours > 0 ? i % PAIRS : i / 2;
        open_case(&s, (double)i * HOUR + (gap_hours > 0 && i >= PAIRS ? gap_hours * HOUR : 0));
        step(&s, str_cstr(&s.arena, str_format(&s.arena, "only %zu", pair)), 0);
        step(&s, "end", 1.5 * HOUR);
        tag(&s, "good", is_good[pair]);
    }
    struct training t = train(&s, "good");
    double auc = t.predictor->scores[PREDICT_OUTCOME].also;
    size_t chosen = champion(&t, PREDICT_OUTCOME);
    print_message("gap %.0f h: AUC %.3f by %s\n", gap_hours, auc, predict_candidate_name(chosen));
    if (gap_hours > 0)
        assert_int_not_equal(chosen, PREDICT_PRIOR);
    else
        assert_int_equal(chosen, PREDICT_PRIOR);
    arena_done(&s.arena);
    return auc;
}

static void only_cases_that_had_ended_are_learned_from(void **state)
{
    (void)state;
    assert_true(auc_of_pairs(100) > 0.7); // it would be found, if it were known
    (void)auc_of_pairs(0);                // the second begins while the first runs
}

static void cases_that_all_run_at_once_teach_nothing_about_each_other(void **state)
{
    (void)state;
    struct scene s;
    struct error err = {0};
    struct training t;
    start(&s, 6);
    for (size_t i = 0; i < 500; i++) {
        open_case(&s, (double)i * MINUTE);
        step(&s, "end", 1000 * HOUR);
    }
    assert_false(try_training(&s, "", &t, &err));
    assert_string_equal(err.text, "not enough cases yet (n = 0 that began when 30 others had "
                                  "ended, needs 30)");
    arena_done(&s.arena);
}

// -- Too little, and what is no outcome ---------------------------------------------------

static void too_few_cases_are_said_and_not_guessed(void **state)
{
    (void)state;
    struct scene s;
    struct error err = {0};
    struct training t;
    start(&s, 7);
    play_two_ways(&s, 12);
    assert_false(try_training(&s, "", &t, &err));
    assert_string_equal(err.text, "not enough cases yet (n = 12, needs 100)");
    arena_done(&s.arena);
}

static void an_outcome_that_hardly_occurs_is_said_and_not_guessed(void **state)
{
    (void)state;
    struct scene s;
    struct error err = {0};
    struct training t;
    start(&s, 8);
    for (size_t i = 0; i < 300; i++) {
        open_case(&s, (double)i * HOUR);
        step(&s, "end", MINUTE);
        tag(&s, "rare", i % 100 == 0);
    }
    assert_false(try_training(&s, "rare", &t, &err));
    assert_string_equal(err.text, "not enough cases yet (n = 3 in which it is true, needs 10)");
    arena_done(&s.arena);
}

static void an_attribute_that_is_not_there_is_named(void **state)
{
    (void)state;
    struct scene s;
    struct error err = {0};
    struct training t;
    start(&s, 9);
    play_two_ways(&s, 200);
    assert_false(try_training(&s, "god", &t, &err));
    assert_string_equal(err.text, "no case has an attribute 'god'");
    arena_done(&s.arena);
}

// -- The same again -----------------------------------------------------------------------

static void training_twice_gives_the_same_bytes(void **state)
{
    (void)state;
    str first = STR_EMPTY;
    struct arena kept = ARENA_EMPTY;
    for (int run = 0; run < 2; run++) {
        struct scene s;
        struct error err;
        start(&s, 10);
        play_two_ways(&s, 1000);
        struct training t = train(&s, "good");
        struct strbuf out = strbuf_new(&kept);
        assert_true(predictor_write(t.predictor, &out, &err));
        if (run == 0)
            first = strbuf_str(&out);
        else
            assert_true(str_equal(first, strbuf_str(&out)));
        arena_done(&s.arena);
    }
    arena_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_told_converges_to_the_truth),
        cmocka_unit_test(scores_are_those_that_the_truth_allows),
        cmocka_unit_test(a_chain_has_the_remaining_time_of_its_closed_form),
        cmocka_unit_test(what_lies_further_back_is_found),
        cmocka_unit_test(without_a_signal_the_prior_is_champion),
        cmocka_unit_test(no_champion_is_behind_the_prior),
        cmocka_unit_test(only_cases_that_had_ended_are_learned_from),
        cmocka_unit_test(cases_that_all_run_at_once_teach_nothing_about_each_other),
        cmocka_unit_test(too_few_cases_are_said_and_not_guessed),
        cmocka_unit_test(an_outcome_that_hardly_occurs_is_said_and_not_guessed),
        cmocka_unit_test(an_attribute_that_is_not_there_is_named),
        cmocka_unit_test(training_twice_gives_the_same_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
