// SPDX-License-Identifier: Apache-2.0
//
// Two walks through the past. The first has tables for the whole ladder and finds the champions;
// the second has the champions' alone, measures them on the newest cases, and becomes the model.
#include "insight/backtest.h"

#include <math.h>
#include <stdlib.h>

#include "insight/limits.h"

enum {
    OLD_BLOCKS = 10,
    NEW_BLOCKS = 5,
    LEAST_LEARNED = 30,     // cases, before a block is predicted
    LEAST_TESTED = 30,      // cases that were predicted, before a champion is chosen
    LEAST_HELD_OUT = 10,    // cases
    LEAST_OF_A_LABEL = 10,  // cases
    LEAST_CALIBRATED = 100, // predictions
};

static const double FIRST_SHARE = 0.3, OLD_SHARE = 0.8, STANDARD_ERRORS = 3, TAIL = 0.05;
static const double US_PER_S = 1e6;

struct tally {
    double loss, in_case, gain, square; // gain on the prior, over cases
    size_t prefixes, cases;
};

// A prediction of a case that was running, and what came.
struct known {
    int64_t moment, ended; // ended: of the case, or NO_TIME
    double low, high;      // the interval, on the scale
    bool has_outcome;
    struct told outcome;
};

struct walk {
    struct arena *arena;
    const struct training_options *options;
    str outcome;
    struct past_case *cases; // that have ended, by begin
    uint32_t *by_end;
    size_t count, learned;
    struct predictor *predictor;
    struct prefix prefix;
    double *next;
    ARRAY(struct known) known;
};

// What came after a prefix.
struct truth {
    uint32_t label;
    bool is_running; // the case went on: there is a remaining time, and the outcome was open
    double remaining_us;
    enum past_outcome outcome;
};

// -- Walking ------------------------------------------------------------------------------

void predictor_learn_case(struct predictor *p, struct prefix *prefix, const struct past_case *item)
{
    prefix_begin(prefix);
    for (uint32_t i = 0; i <= item->count; i++) {
        bool is_running = i < item->count;
        struct lesson lesson = {.has_next = true,
                                .next = is_running ? item->steps[i].activity : 0,
                                .has_remaining = is_running,
                                .remaining_us = is_running ? past_remaining(item, i) : 0,
                                .has_outcome = item->outcome != OUTCOME_UNKNOWN,
                                .is_over = !is_running,
                                .outcome = item->outcome == OUTCOME_TRUE};
        predictor_learn(p, prefix, &lesson);
        if (is_running)
            prefix_add(prefix, item->steps[i].activity);
    }
    p->cases++;
    p->until = item->ended > p->until ? item->ended : p->until;
}

static void learn_until(struct walk *w, int64_t moment)
{
    while (w->learned < w->count && w->cases[w->by_end[w->learned]].ended < moment)
        predictor_learn_case(w->predictor, &w->prefix, &w->cases[w->by_end[w->learned++]]);
    predictor_settle(w->predictor);
}

static size_t old_end(const struct walk *w)
{
    return (size_t)((double)w->count * OLD_SHARE);
}

// The cases of a block: OLD_BLOCKS to choose by, then NEW_BLOCKS that are held out.
static size_t block_begin(const struct walk *w, size_t block)
{
    size_t first = (size_t)((double)w->count * FIRST_SHARE), old = old_end(w);
    return block < OLD_BLOCKS ? first + (old - first) * block / OLD_BLOCKS
                              : old + (w->count - old) * (block - OLD_BLOCKS) / NEW_BLOCKS;
}

// Learns what had ended before the block began. False when it is empty, or that is too little.
static bool enter_block(struct walk *w, size_t block, const char *what)
{
    size_t from = block_begin(w, block), to = block_begin(w, block + 1);
    if (w->options->tell != NULL)
        w->options->tell(w->options->context, what, from, w->count);
    if (from == to)
        return false;
    learn_until(w, w->cases[from].begun);
    return w->learned >= LEAST_LEARNED;
}

static struct truth truth_of(const struct walk *w, const struct past_case *item, uint32_t steps)
{
    bool is_running = steps < item->count;
    uintptr_t label =
        is_running ? (uintptr_t)idmap_get(&w->predictor->by_hash, item->steps[steps].activity)
                   : LABEL_END;
    return (struct truth){(uint32_t)label, is_running,
                          is_running ? (double)past_remaining(item, steps) : 0, item->outcome};
}

static bool knows_outcome(const struct truth *truth)
{
    return truth->is_running && truth->outcome != OUTCOME_UNKNOWN;
}

static double squared(double value)
{
    return value * value;
}

// -- Choosing champions -------------------------------------------------------------------

struct contest {
    size_t candidates;
    struct rung rungs[PREDICT_CANDIDATES_MOST];
    struct tally tallies[PREDICT_CANDIDATES_MOST][PREDICT_TARGETS];
    size_t tested;
};

static void tally_prefix(struct walk *w, struct contest *c, size_t candidate,
                         const struct found_states *found, const struct truth *truth)
{
    const struct rung *rung = &c->rungs[candidate];
    double losses[PREDICT_TARGETS] = {0};
    bool counts[PREDICT_TARGETS] = {true, truth->is_running, knows_outcome(truth)};
    rung_next(w->predictor, rung, found, w->next);
    losses[PREDICT_NEXT] = -log(w->next[truth->label]);
    if (truth->is_running)
        losses[PREDICT_REMAINING] =
            fabs(rung_remaining(rung, found)->median - truth->remaining_us) / US_PER_S;
    if (counts[PREDICT_OUTCOME])
        losses[PREDICT_OUTCOME] =
            squared(rung_outcome(rung, found) - (truth->outcome == OUTCOME_TRUE));
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        if (counts[t]) {
            c->tallies[candidate][t].in_case += losses[t];
            c->tallies[candidate][t].prefixes++;
        }
}

static void close_case(struct contest *c)
{
    for (size_t i = c->candidates; i-- > 0;) // the prior, which the others are compared with, last
        for (size_t t = 0; t < PREDICT_TARGETS; t++) {
            struct tally *tally = &c->tallies[i][t];
            double gain = c->tallies[PREDICT_PRIOR][t].in_case - tally->in_case;
            tally->loss += tally->in_case;
            tally->gain += gain;
            tally->square += squared(gain);
            tally->in_case = 0;
            tally->cases++;
        }
    c->tested++;
}

static void contest_case(struct walk *w, struct contest *c, const struct past_case *item)
{
    prefix_begin(&w->prefix);
    for (uint32_t steps = 0; steps <= item->count; steps++) {
        struct found_states found = predictor_find(w->predictor, &w->prefix);
        struct truth truth = truth_of(w, item, steps);
        for (size_t i = 0; i < c->candidates; i++)
            tally_prefix(w, c, i, &found, &truth);
        if (steps < item->count)
            prefix_add(&w->prefix, item->steps[steps].activity);
    }
    close_case(c);
}

// By more than what chance would give a model that is not better.
static bool is_ahead(const struct tally *tally)
{
    double n = (double)tally->cases, mean = tally->gain / n;
    double variance = tally->square / n - squared(mean);
    return mean > 0 && mean > STANDARD_ERRORS * sqrt(fmax(variance, 0) / n);
}

static size_t champion_of(const struct training *training, const struct contest *c,
                          enum predict_target target)
{
    size_t best = PREDICT_PRIOR;
    for (size_t i = 1; i < c->candidates; i++) {
        bool is_better = training->rungs[i].loss[target] < training->rungs[best].loss[target];
        if (is_better && !training->rungs[i].is_too_large && is_ahead(&c->tallies[i][target]))
            best = i;
    }
    return best;
}

static void describe_rungs(const struct walk *w, const struct contest *c, struct training *training)
{
    for (size_t i = 0; i < c->candidates; i++) {
        struct rung_score *score = &training->rungs[i];
        for (size_t level = 0; level < c->rungs[i].count; level++) {
            const struct predict_table *table = &w->predictor->tables[c->rungs[i].tables[level]];
            score->states += table->states.count;
            score->is_too_large |= table->unkept > 0;
        }
        for (size_t t = 0; t < PREDICT_TARGETS; t++) {
            const struct tally *tally = &c->tallies[i][t];
            score->loss[t] = tally->prefixes > 0 ? tally->loss / (double)tally->prefixes : NAN;
        }
    }
}

static bool label_activities(struct predictor *p, const struct event_log *log, struct error *err)
{
    uint32_t label;
    for (uint32_t a = 0; a < log->activity_count; a++)
        if (!predictor_label(p, event_log_activity(log, a), &label, err))
            return false;
    return true;
}

static bool start_walk(struct walk *w, struct arena *arena, const struct event_log *log,
                       struct error *err)
{
    w->learned = 0;
    w->known.count = 0;
    w->predictor = predictor_new(arena);
    w->next = ARENA_ARRAY(arena, double, (size_t)log->activity_count + 1);
    return label_activities(w->predictor, log, err);
}

static bool choose(struct walk *w, const struct event_log *log, struct training *training,
                   size_t *ret_champions, struct error *err)
{
    struct arena memory = ARENA_EMPTY;
    struct contest *c = ARENA_NEW(&memory, struct contest);
    if (!start_walk(w, &memory, log, err)) {
        arena_done(&memory);
        return false;
    }
    c->candidates = predict_candidate_count();
    check(c->candidates <= PREDICT_CANDIDATES_MOST);
    for (size_t i = 0; i < c->candidates; i++)
        c->rungs[i] = predictor_rung(w->predictor, i);
    for (size_t block = 0; block < OLD_BLOCKS; block++)
        if (enter_block(w, block, "trying models"))
            for (size_t i = block_begin(w, block); i < block_begin(w, block + 1); i++)
                contest_case(w, c, &w->cases[i]);
    describe_rungs(w, c, training);
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        ret_champions[t] = champion_of(training, c, (enum predict_target)t);
    size_t tested = training->tested = c->tested;
    arena_done(&memory);
    return tested >= LEAST_TESTED ||
           error_set(err, ERROR_INVALID, "training",
                     "not enough cases yet (n = %zu that began when %d others had ended, needs %d)",
                     tested, LEAST_LEARNED, LEAST_TESTED);
}

// -- Calibrating --------------------------------------------------------------------------

// By predictions that were told before `now`, of cases that had ended by then and, for what a time
// exceeds at least, of those that still ran.
static void calibrate(struct walk *w, int64_t now)
{
    struct arena scratch = ARENA_EMPTY;
    struct predictor *p = w->predictor;
    struct survived *low = ARENA_ARRAY(&scratch, struct survived, w->known.count);
    struct survived *high = ARENA_ARRAY(&scratch, struct survived, w->known.count);
    struct told *told = ARENA_ARRAY(&scratch, struct told, w->known.count);
    size_t lows = 0, highs = 0, outcomes = 0;
    for (size_t i = 0; i < w->known.count; i++) {
        const struct known *known = &w->known.items[i];
        bool has_ended = known->ended != NO_TIME && known->ended < now;
        if (known->moment >= now)
            continue;
        double passed = remaining_scale((double)((has_ended ? known->ended : now) - known->moment));
        high[highs++] = (struct survived){passed - known->high, !has_ended};
        if (has_ended)
            low[lows++] = (struct survived){known->low - passed, false};
        if (has_ended && known->has_outcome)
            told[outcomes++] = known->outcome;
    }
    p->calibrated = lows >= LEAST_CALIBRATED ? lows : 0;
    p->shift_low = p->calibrated > 0 ? conformal_bound(low, lows, 1 - TAIL) : 0;
    p->shift_high = p->calibrated > 0 ? conformal_bound(high, highs, 1 - TAIL) : 0;
    // What the prior tells changes with the time alone: there is nothing to learn from it.
    bool is_prior = p->rungs[PREDICT_OUTCOME].candidate == PREDICT_PRIOR;
    p->isotonic = outcomes >= LEAST_CALIBRATED && !is_prior ? isotonic_of(p->arena, told, outcomes)
                                                            : (struct isotonic){0};
    arena_done(&scratch);
}

static void remember(struct walk *w, const struct past_case *item, uint32_t steps)
{
    const struct predictor *p = w->predictor;
    struct found_states found = predictor_find(p, &w->prefix);
    const struct predict_state *state = rung_remaining(&p->rungs[PREDICT_REMAINING], &found);
    *ARRAY_PUSH(w->arena, &w->known) = (struct known){
        .moment = past_moment(item, steps),
        .ended = item->ended,
        .has_outcome = item->outcome != OUTCOME_UNKNOWN,
        .low = remaining_scale(state->low),
        .high = remaining_scale(state->high),
        .outcome = {rung_outcome(&p->rungs[PREDICT_OUTCOME], &found),
                    item->outcome == OUTCOME_TRUE},
    };
}

// -- Measuring on what was held out -------------------------------------------------------

struct measured {
    struct target_score sums[PREDICT_TARGETS];
    uint64_t with_interval;
    ARRAY(struct told) told;
};

static uint32_t likeliest(const double *next, size_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++)
        best = next[i] > next[best] ? i : best;
    return best;
}

static void measure_next(struct walk *w, const struct found_states *found,
                         const struct truth *truth, struct target_score *sum)
{
    const struct predictor *p = w->predictor;
    struct rung prior = {.count = 1};
    rung_next(p, &prior, found, w->next);
    sum->prior_loss -= log(w->next[truth->label]);
    sum->prior_also += likeliest(w->next, p->labels.count) == truth->label;
    rung_next(p, &p->rungs[PREDICT_NEXT], found, w->next);
    sum->loss -= log(w->next[truth->label]);
    sum->also += likeliest(w->next, p->labels.count) == truth->label;
    sum->prefixes++;
}

static void measure_rest(struct walk *w, const struct found_states *found,
                         const struct truth *truth, struct measured *m)
{
    struct rung prior = {.count = 1};
    struct prediction told = predictor_predict(w->predictor, &w->prefix, NULL);
    struct target_score *time = &m->sums[PREDICT_REMAINING], *outcome = &m->sums[PREDICT_OUTCOME];
    double remaining = truth->remaining_us;
    time->prefixes++;
    time->loss += fabs(told.remaining_us - remaining) / US_PER_S;
    time->prior_loss += fabs(rung_remaining(&prior, found)->median - remaining) / US_PER_S;
    if (isfinite(told.high_us)) {
        m->with_interval++;
        time->also += told.low_us <= remaining && remaining <= told.high_us;
        time->width += (told.high_us - told.low_us) / US_PER_S;
    }
    if (!knows_outcome(truth))
        return;
    bool is_true = truth->outcome == OUTCOME_TRUE;
    outcome->prefixes++;
    outcome->loss += squared(told.outcome - is_true);
    outcome->prior_loss += squared(rung_outcome(&prior, found) - is_true);
    *ARRAY_PUSH(w->arena, &m->told) = (struct told){told.outcome, is_true};
}

static void walk_case(struct walk *w, const struct past_case *item, struct measured *m)
{
    prefix_begin(&w->prefix);
    for (uint32_t steps = 0; steps <= item->count; steps++) {
        struct truth truth = truth_of(w, item, steps);
        struct found_states found = predictor_find(w->predictor, &w->prefix);
        if (m != NULL)
            measure_next(w, &found, &truth, &m->sums[PREDICT_NEXT]);
        if (m != NULL && truth.is_running)
            measure_rest(w, &found, &truth, m);
        if (truth.is_running)
            remember(w, item, steps);
        if (steps < item->count)
            prefix_add(&w->prefix, item->steps[steps].activity);
    }
    for (size_t t = 0; m != NULL && t < PREDICT_TARGETS; t++)
        m->sums[t].cases += t != PREDICT_OUTCOME || item->outcome != OUTCOME_UNKNOWN;
}

// What still runs is at least known to take so long: for calibration alone.
static void remember_running(struct walk *w, const struct past *past)
{
    for (size_t i = 0; i < past->count; i++) {
        const struct past_case *item = &past->cases[i];
        if (item->ended != NO_TIME)
            continue;
        prefix_begin(&w->prefix);
        for (uint32_t steps = 0; steps < item->count; steps++) {
            remember(w, item, steps);
            prefix_add(&w->prefix, item->steps[steps].activity);
        }
    }
}

static void take_means(struct walk *w, struct measured *m)
{
    for (size_t t = 0; t < PREDICT_TARGETS; t++) {
        struct target_score *score = &w->predictor->scores[t];
        double n = (double)m->sums[t].prefixes;
        double of = t == PREDICT_REMAINING ? (double)m->with_interval : n;
        *score = m->sums[t];
        score->loss = n > 0 ? score->loss / n : NAN;
        score->prior_loss = n > 0 ? score->prior_loss / n : NAN;
        score->also = of > 0 ? score->also / of : NAN;
        score->prior_also = n > 0 && t == PREDICT_NEXT ? score->prior_also / n : NAN;
        score->width = of > 0 ? score->width / of : NAN;
    }
    struct target_score *outcome = &w->predictor->scores[PREDICT_OUTCOME];
    bool is_prior = w->predictor->rungs[PREDICT_OUTCOME].candidate == PREDICT_PRIOR;
    outcome->prior_also = m->told.count > 0 ? 0.5 : NAN; // it tells all cases the same
    outcome->also = is_prior ? outcome->prior_also : auc_of(m->told.items, m->told.count);
}

static bool walk_champions(struct walk *w, struct arena *arena, const struct past *past,
                           const size_t *champions, struct error *err)
{
    struct measured measured = {0};
    if (!start_walk(w, arena, past->log, err))
        return false;
    struct predictor *p = w->predictor;
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        p->rungs[t] = predictor_rung(p, champions[t]);
    p->outcome = w->outcome;
    for (size_t block = 0; block < OLD_BLOCKS + NEW_BLOCKS; block++) {
        bool is_new = block >= OLD_BLOCKS;
        if (!enter_block(w, block, "measuring"))
            continue;
        if (is_new)
            calibrate(w, w->cases[block_begin(w, block)].begun);
        for (size_t i = block_begin(w, block); i < block_begin(w, block + 1); i++)
            walk_case(w, &w->cases[i], is_new ? &measured : NULL);
    }
    take_means(w, &measured);
    remember_running(w, past);
    learn_until(w, INT64_MAX);
    calibrate(w, w->predictor->until + 1);
    return true;
}

// Behind the prior on the newest cases: in its loss or, where people look at that, in what else.
static bool is_behind(const struct target_score *score, enum predict_target target)
{
    return score->loss > score->prior_loss ||
           (target != PREDICT_REMAINING && score->also < score->prior_also);
}

static bool measure(struct walk *w, struct arena *arena, const struct past *past, size_t *champions,
                    struct error *err)
{
    bool has_fallen[PREDICT_TARGETS] = {false}, again = true;
    while (again) {
        if (!walk_champions(w, arena, past, champions, err))
            return false;
        again = false;
        for (size_t t = 0; t < PREDICT_TARGETS; t++) {
            struct target_score *score = &w->predictor->scores[t];
            if (champions[t] == PREDICT_PRIOR || !is_behind(score, (enum predict_target)t))
                continue;
            champions[t] = PREDICT_PRIOR;
            has_fallen[t] = again = true;
        }
    }
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        w->predictor->scores[t].is_fallen_back = has_fallen[t];
    return true;
}

// -- All of it ----------------------------------------------------------------------------

static int by_end(const void *a, const void *b, void *context)
{
    const struct past_case *cases = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    if (cases[x].ended != cases[y].ended)
        return cases[x].ended < cases[y].ended ? -1 : 1;
    return x < y ? -1 : x > y;
}

static void take_ended(struct walk *w, struct arena *arena, const struct past *past)
{
    w->cases = ARENA_ARRAY(arena, struct past_case, past->count);
    w->by_end = ARENA_ARRAY(arena, uint32_t, past->count);
    for (size_t i = 0; i < past->count; i++)
        if (past->cases[i].ended != NO_TIME)
            w->cases[w->count++] = past->cases[i];
    for (size_t i = 0; i < w->count; i++)
        w->by_end[i] = (uint32_t)i;
    qsort_r(w->by_end, w->count, sizeof *w->by_end, by_end, w->cases);
}

static bool is_enough(const struct past *past, size_t count, bool wants_outcome, struct error *err)
{
    const size_t *outcomes = past->outcomes;
    size_t told = outcomes[OUTCOME_FALSE] + outcomes[OUTCOME_TRUE];
    bool is_rarer_true = outcomes[OUTCOME_TRUE] <= outcomes[OUTCOME_FALSE];
    size_t rarer = outcomes[is_rarer_true ? OUTCOME_TRUE : OUTCOME_FALSE];
    if (count < PREDICT_CASES)
        return error_set(err, ERROR_INVALID, "training", "not enough cases yet (n = %zu, needs %d)",
                         count, PREDICT_CASES);
    if (wants_outcome && told < PREDICT_CASES)
        return error_set(err, ERROR_INVALID, "outcome",
                         "not enough cases yet (n = %zu that have the attribute, needs %d)", told,
                         PREDICT_CASES);
    return !wants_outcome || rarer >= LEAST_OF_A_LABEL ||
           error_set(err, ERROR_INVALID, "outcome",
                     "not enough cases yet (n = %zu in which it is %s, needs %d)", rarer,
                     is_rarer_true ? "true" : "false", LEAST_OF_A_LABEL);
}

static str outcome_name(struct arena *arena, const struct outcome_wanted *wanted)
{
    if (wanted->end_activity.len > 0)
        return str_format(arena, "ends with %.*s", STR_ARG(wanted->end_activity));
    if (wanted->value.len > 0)
        return str_format(arena, "%.*s=%.*s", STR_ARG(wanted->attribute), STR_ARG(wanted->value));
    return str_copy(arena, wanted->attribute);
}

static bool train(struct walk *w, struct arena *arena, const struct past *past,
                  struct training *training, struct error *err)
{
    size_t champions[PREDICT_TARGETS];
    const struct outcome_wanted *wanted = &w->options->outcome;
    str outcome = w->outcome = outcome_name(arena, wanted);
    take_ended(w, w->arena, past);
    w->prefix = prefix_new(w->arena);
    training->cases = w->count;
    training->running = past->count - w->count;
    training->without_times = past->without_times;
    training->without_outcome = outcome.len > 0 ? past->outcomes[OUTCOME_UNKNOWN] : 0;
    if (!is_enough(past, w->count, outcome.len > 0, err) ||
        !choose(w, past->log, training, champions, err) || !measure(w, arena, past, champions, err))
        return false;
    training->predictor = w->predictor;
    training->held_out = training->predictor->scores[PREDICT_NEXT].cases;
    return training->held_out >= LEAST_HELD_OUT ||
           error_set(err, ERROR_INVALID, "training",
                     "not enough cases yet (n = %zu of the newest fifth that can be predicted, "
                     "needs %d)",
                     training->held_out, LEAST_HELD_OUT);
}

bool backtest_train(struct arena *arena, const struct event_log *log,
                    const struct training_options *options, struct training *ret_training,
                    struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    struct walk w = {.arena = &scratch, .options = options};
    struct training training = {0};
    struct past past;
    bool is_trained = past_of(&scratch, log, &options->outcome, &past, err) &&
                      train(&w, arena, &past, &training, err);
    arena_done(&scratch);
    if (is_trained)
        *ret_training = training;
    return is_trained;
}
