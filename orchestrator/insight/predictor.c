// SPDX-License-Identifier: Apache-2.0
#include "insight/predictor.h"

#include <math.h>

#include "insight/limits.h"

enum { OUTCOME_STRENGTH = 5 }; // so many cases of the level below are believed beside one's own

#define SEQUENCE(n)                                                                                \
    {                                                                                              \
        ABSTRACTION_SEQUENCE, n                                                                    \
    }
#define MULTISET(n)                                                                                \
    {                                                                                              \
        ABSTRACTION_MULTISET, n                                                                    \
    }
#define SET(n)                                                                                     \
    {                                                                                              \
        ABSTRACTION_SET, n                                                                         \
    }

static const struct {
    const char *text;
    struct abstraction levels[PREDICT_LEVELS]; // up to the prior
} candidates[] = {
#define PREDICT_CANDIDATE(text, ...) {text, {__VA_ARGS__}},
#include "insight/predict_candidates.def"
#undef PREDICT_CANDIDATE
};

_Static_assert(COUNT_OF(candidates) == 19, "the ladder has a new rung: say so in docs/insight.md");

const char *predict_target_name(enum predict_target target)
{
    static const char *const names[PREDICT_TARGETS] = {"next", "remaining", "outcome"};
    return names[target];
}

size_t predict_candidate_count(void)
{
    return COUNT_OF(candidates);
}

const char *predict_candidate_name(size_t candidate)
{
    return candidates[candidate].text;
}

struct predictor *predictor_new(struct arena *arena)
{
    struct predictor *p = ARENA_NEW(arena, struct predictor);
    p->arena = arena;
    p->by_hash = idmap_new(arena);
    p->until = INT64_MIN;
    p->table_count = 1; // the prior
    p->tables[0].by_key = idmap_new(arena);
    *ARRAY_PUSH(arena, &p->labels) = STR_EMPTY; // LABEL_END
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        p->rungs[t] = predictor_rung(p, PREDICT_PRIOR);
    return p;
}

static uint8_t table_of(struct predictor *p, struct abstraction abstraction)
{
    for (size_t i = 0; i < p->table_count; i++)
        if (p->tables[i].abstraction.kind == abstraction.kind &&
            p->tables[i].abstraction.last == abstraction.last)
            return (uint8_t)i;
    check(p->table_count < PREDICT_TABLES);
    p->tables[p->table_count] =
        (struct predict_table){.abstraction = abstraction, .by_key = idmap_new(p->arena)};
    return (uint8_t)p->table_count++;
}

struct rung predictor_rung(struct predictor *p, size_t candidate)
{
    struct rung rung = {.candidate = (uint8_t)candidate};
    const struct abstraction *levels = candidates[candidate].levels;
    for (size_t i = 0; levels[i].last != 0; i++)
        rung.tables[rung.count++] = table_of(p, levels[i]);
    check(rung.count < PREDICT_LEVELS);
    rung.tables[rung.count++] = 0;
    return rung;
}

bool predictor_label(struct predictor *p, str activity, uint32_t *ret_label, struct error *err)
{
    uint64_t hash = activity_hash(activity);
    uintptr_t label = (uintptr_t)idmap_get(&p->by_hash, hash);
    if (label == LABEL_END) {
        if (!insight_within(INSIGHT_LIMIT_PREDICT_LABELS, p->labels.count, err))
            return false;
        label = p->labels.count;
        *ARRAY_PUSH(p->arena, &p->labels) = str_copy(p->arena, activity);
        idmap_put(&p->by_hash, hash, (void *)label); // the number itself, never 0
    }
    *ret_label = (uint32_t)label;
    return true;
}

// -- Learning -----------------------------------------------------------------------------

static struct predict_state *state_at(struct predictor *p, struct predict_table *table,
                                      uint64_t key)
{
    struct predict_state *state = idmap_get(&table->by_key, key);
    if (state != NULL)
        return state;
    if (table->states.count >= INSIGHT_MOST_PREDICT_STATES) {
        table->unkept++;
        return NULL;
    }
    state = ARENA_NEW(p->arena, struct predict_state);
    state->key = key;
    idmap_put(&table->by_key, key, state);
    *ARRAY_PUSH(p->arena, &table->states) = state;
    return state;
}

static void count_next(struct predictor *p, struct predict_state *state, uint32_t label,
                       uint64_t count)
{
    state->next_total += count;
    for (size_t i = 0; i < state->next.count; i++)
        if (state->next.items[i].label == label) {
            state->next.items[i].count += count;
            return;
        }
    *ARRAY_PUSH(p->arena, &state->next) = (struct next_count){label, count};
}

static uint32_t label_of(const struct predictor *p, uint64_t hash)
{
    uintptr_t label = hash == 0 ? LABEL_END : (uintptr_t)idmap_get(&p->by_hash, hash);
    check(hash == 0 || label != LABEL_END);
    return (uint32_t)label;
}

void predictor_learn(struct predictor *p, const struct prefix *prefix, const struct lesson *lesson)
{
    uint32_t label = lesson->has_next ? label_of(p, lesson->next) : LABEL_END;
    for (size_t i = 0; i < p->table_count; i++) {
        struct predict_table *table = &p->tables[i];
        struct predict_state *state = state_at(p, table, prefix_key(prefix, table->abstraction));
        if (state == NULL)
            continue;
        if (lesson->has_next)
            count_next(p, state, label, 1);
        if (lesson->has_remaining)
            sketch_add(&state->remaining, p->arena, lesson->remaining_us);
        if (lesson->has_outcome)
            (lesson->is_over ? state->over : state->outcomes)[lesson->outcome]++;
    }
}

static const double QUANTILES[] = {0.05, 0.5, 0.95};

static void settle(struct predict_state *state, struct arena *scratch)
{
    double found[COUNT_OF(QUANTILES)];
    if (state->settled == state->remaining.count ||
        !sketch_quantiles(&state->remaining, scratch, QUANTILES, COUNT_OF(QUANTILES), found))
        return;
    state->low = found[0];
    state->median = found[1];
    state->high = found[2];
    state->settled = state->remaining.count;
    arena_reset(scratch);
}

void predictor_settle(struct predictor *p)
{
    struct arena scratch = ARENA_EMPTY;
    for (size_t i = 0; i < p->table_count; i++)
        for (size_t s = 0; s < p->tables[i].states.count; s++)
            settle(p->tables[i].states.items[s], &scratch);
    arena_done(&scratch);
}

void predictor_settle_at(struct predictor *p, const struct prefix *prefix)
{
    struct arena scratch = ARENA_EMPTY;
    for (size_t i = 0; i < p->table_count; i++) {
        const struct predict_table *table = &p->tables[i];
        struct predict_state *state =
            idmap_get(&table->by_key, prefix_key(prefix, table->abstraction));
        if (state != NULL)
            settle(state, &scratch);
    }
    arena_done(&scratch);
}

// -- Merging ------------------------------------------------------------------------------

static void merge_state(struct predictor *p, struct predict_state *state,
                        const struct predict_state *other, const uint32_t *labels)
{
    for (size_t i = 0; i < other->next.count; i++)
        count_next(p, state, labels[other->next.items[i].label], other->next.items[i].count);
    sketch_merge(&state->remaining, p->arena, &other->remaining);
    for (int truth = 0; truth < 2; truth++) {
        state->outcomes[truth] += other->outcomes[truth];
        state->over[truth] += other->over[truth];
    }
}

static bool is_alike(const struct predictor *a, const struct predictor *b)
{
    bool is_same = a->table_count == b->table_count && str_equal(a->outcome, b->outcome);
    for (size_t i = 0; is_same && i < a->table_count; i++)
        is_same = a->tables[i].abstraction.kind == b->tables[i].abstraction.kind &&
                  a->tables[i].abstraction.last == b->tables[i].abstraction.last;
    return is_same;
}

bool predictor_merge(struct predictor *p, const struct predictor *other, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    if (!is_alike(p, other))
        return error_set(err, ERROR_CONFLICT, "merge",
                         "the models have other abstractions, or predict another outcome");
    uint32_t *labels = ARENA_ARRAY(&scratch, uint32_t, other->labels.count);
    bool is_known = true;
    for (uint32_t i = LABEL_END + 1; is_known && i < other->labels.count; i++)
        is_known = predictor_label(p, other->labels.items[i], &labels[i], err);
    for (size_t i = 0; is_known && i < p->table_count; i++) {
        const struct predict_table *from = &other->tables[i];
        p->tables[i].unkept += from->unkept;
        for (size_t s = 0; s < from->states.count; s++) {
            struct predict_state *state = state_at(p, &p->tables[i], from->states.items[s]->key);
            if (state != NULL)
                merge_state(p, state, from->states.items[s], labels);
        }
    }
    arena_done(&scratch);
    if (!is_known)
        return false;
    p->cases += other->cases;
    p->until = other->until > p->until ? other->until : p->until;
    predictor_settle(p);
    return true;
}

// -- Predicting ---------------------------------------------------------------------------

struct found_states predictor_find(const struct predictor *p, const struct prefix *prefix)
{
    struct found_states found;
    for (size_t i = 0; i < p->table_count; i++)
        found.of[i] = idmap_get(&p->tables[i].by_key, prefix_key(prefix, p->tables[i].abstraction));
    return found;
}

// Witten and Bell (1991): a level is believed as much more than the one below as it saw more times
// than different activities. Below the prior, all labels are alike.
void rung_next(const struct predictor *p, const struct rung *rung, const struct found_states *found,
               double *ret_next)
{
    size_t labels = p->labels.count;
    for (size_t i = 0; i < labels; i++)
        ret_next[i] = 1.0 / (double)labels;
    for (size_t level = rung->count; level-- > 0;) {
        const struct predict_state *state = found->of[rung->tables[level]];
        if (state == NULL || state->next_total == 0)
            continue;
        double distinct = (double)state->next.count;
        double all = (double)state->next_total + distinct;
        for (size_t i = 0; i < labels; i++)
            ret_next[i] *= distinct / all;
        for (size_t i = 0; i < state->next.count; i++)
            ret_next[state->next.items[i].label] += (double)state->next.items[i].count / all;
    }
}

// Cases were seen in it, and all ended there.
static bool is_end(const struct predict_state *state)
{
    return state != NULL && state->remaining.count == 0 && state->next_total >= PREDICT_SUPPORT;
}

const struct predict_state *rung_remaining(const struct rung *rung,
                                           const struct found_states *found)
{
    for (size_t level = 0; level < rung->count; level++) {
        const struct predict_state *state = found->of[rung->tables[level]];
        bool is_prior = level + 1 == rung->count;
        if (is_end(state))
            return state; // whose figures are 0
        if (state != NULL && state->settled >= (is_prior ? 1 : PREDICT_SUPPORT))
            return state;
    }
    return NULL;
}

double rung_outcome(const struct rung *rung, const struct found_states *found)
{
    double probability = 0.5;
    for (size_t level = rung->count; level-- > 0;) {
        const struct predict_state *state = found->of[rung->tables[level]];
        if (state == NULL)
            continue;
        const uint64_t *outcomes = state->outcomes;
        if (outcomes[0] + outcomes[1] == 0)
            outcomes = state->over;
        probability = ((double)outcomes[1] + OUTCOME_STRENGTH * probability) /
                      ((double)(outcomes[0] + outcomes[1]) + OUTCOME_STRENGTH);
    }
    return probability;
}

static const double US_PER_S = 1e6;

double remaining_scale(double us)
{
    return log1p(us > 0 ? us / US_PER_S : 0);
}

// Away from what rounding could lose: a time that is the bound is inside.
static double shifted(double us, double shift, double slack)
{
    double scale = remaining_scale(us) + shift;
    return scale > 0 ? expm1(scale) * US_PER_S * (1 + slack) : 0;
}

// What remains of quantiles of which a part has passed.
static void set_remaining(const struct predictor *p, const double *quantiles, double waited,
                          struct prediction *prediction)
{
    double low = shifted(quantiles[0], -p->shift_low, -1e-9);
    double high = shifted(quantiles[2], p->shift_high, 1e-9);
    prediction->remaining_us = fmax(quantiles[1] - waited, 0);
    if (p->calibrated == 0)
        return;
    prediction->low_us = fmax(fmin(low, quantiles[1]) - waited, 0);
    prediction->high_us = fmax(fmax(high, quantiles[1]) - waited, 0);
}

static double outcome_in(const struct predictor *p, const struct found_states *found)
{
    const struct rung *rung = &p->rungs[PREDICT_OUTCOME];
    if (p->outcome.len == 0)
        return NAN;
    double probability = rung_outcome(rung, found);
    // The curve was learned from cases that went on.
    return is_end(found->of[rung->tables[0]]) ? probability
                                              : isotonic_at(&p->isotonic, probability);
}

struct prediction predictor_predict(const struct predictor *p, const struct prefix *prefix,
                                    double *ret_next)
{
    struct prediction prediction = {NAN, NAN, NAN, NAN, 0};
    struct found_states found = predictor_find(p, prefix);
    const struct predict_state *state = rung_remaining(&p->rungs[PREDICT_REMAINING], &found);
    if (is_end(state)) {
        prediction.remaining_us = prediction.low_us = prediction.high_us = 0;
        prediction.seen = state->next_total;
    } else if (state != NULL) {
        set_remaining(p, (const double[]){state->low, state->median, state->high}, 0, &prediction);
        prediction.seen = state->settled;
    }
    prediction.outcome = outcome_in(p, &found);
    if (ret_next != NULL)
        rung_next(p, &p->rungs[PREDICT_NEXT], &found, ret_next);
    return prediction;
}

struct prediction predictor_predict_waiting(const struct predictor *p, const struct prefix *prefix,
                                            int64_t waited_us, double *ret_next)
{
    struct arena scratch = ARENA_EMPTY;
    struct prediction prediction = predictor_predict(p, prefix, ret_next);
    const struct rung *rung = &p->rungs[PREDICT_REMAINING];
    struct found_states found = predictor_find(p, prefix);
    double quantiles[COUNT_OF(QUANTILES)], shares[COUNT_OF(QUANTILES)];
    if (waited_us <= 0)
        return prediction;
    prediction.remaining_us = prediction.low_us = prediction.high_us = NAN;
    prediction.seen = 0;
    for (size_t level = 0; level < rung->count && prediction.seen == 0; level++) {
        const struct predict_state *state = found.of[rung->tables[level]];
        double shorter = state != NULL ? sketch_share(&state->remaining, waited_us) : 1;
        double longer = state != NULL ? (1 - shorter) * (double)state->remaining.count : 0;
        if (longer < (level + 1 == rung->count ? 1 : PREDICT_SUPPORT))
            continue;
        for (size_t i = 0; i < COUNT_OF(QUANTILES); i++)
            shares[i] = shorter + (1 - shorter) * QUANTILES[i];
        check(sketch_quantiles(&state->remaining, &scratch, shares, COUNT_OF(shares), quantiles));
        set_remaining(p, quantiles, (double)waited_us, &prediction);
        prediction.seen = (uint64_t)longer;
    }
    arena_done(&scratch);
    return prediction;
}
