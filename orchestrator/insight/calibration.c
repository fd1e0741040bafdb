// SPDX-License-Identifier: Apache-2.0
#include "insight/calibration.h"

#include <math.h>
#include <stdlib.h>

static int by_probability(const void *a, const void *b)
{
    const struct told *x = a, *y = b;
    return (x->probability > y->probability) - (x->probability < y->probability);
}

struct pool {
    double told, came, count; // sums
};

static bool is_as_high(const struct pool *a, const struct pool *b)
{
    return a->came * b->count >= b->came * a->count;
}

// Equal probabilities are in one pool, and a pool is large enough for all to be few.
static size_t pools_of(struct pool *pools, const struct told *items, size_t count)
{
    size_t least = (count + ISOTONIC_POINTS - 1) / ISOTONIC_POINTS, made = 0, from = 0;
    while (from < count) {
        struct pool pool = {0};
        size_t to = from;
        while (to < count &&
               (to - from < least || items[to].probability == items[to - 1].probability)) {
            pool.told += items[to].probability;
            pool.came += items[to].is_true;
            pool.count++;
            to++;
        }
        pools[made++] = pool;
        from = to;
    }
    return made;
}

struct isotonic isotonic_of(struct arena *arena, struct told *items, size_t count)
{
    struct pool pools[ISOTONIC_POINTS + 1];
    struct isotonic curve = {0};
    if (count == 0)
        return curve;
    qsort(items, count, sizeof *items, by_probability);
    size_t made = pools_of(pools, items, count), kept = 0;
    for (size_t i = 0; i < made; i++) {
        struct pool pool = pools[i];
        while (kept > 0 && is_as_high(&pools[kept - 1], &pool)) {
            kept--;
            pool.told += pools[kept].told;
            pool.came += pools[kept].came;
            pool.count += pools[kept].count;
        }
        pools[kept++] = pool;
    }
    curve.count = kept;
    curve.points = ARENA_ARRAY(arena, struct isotonic_point, kept);
    for (size_t i = 0; i < kept; i++)
        curve.points[i] =
            (struct isotonic_point){pools[i].told / pools[i].count, pools[i].came / pools[i].count};
    return curve;
}

double isotonic_at(const struct isotonic *curve, double probability)
{
    const struct isotonic_point *points = curve->points;
    size_t low = 0, high = curve->count;
    if (high == 0)
        return probability;
    while (low < high) { // the first point that is not below
        size_t middle = low + (high - low) / 2;
        if (points[middle].told < probability)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return points[0].came;
    if (low == curve->count)
        return points[low - 1].came;
    const struct isotonic_point *below = &points[low - 1], *above = &points[low];
    double way = above->told - below->told;
    return way > 0 ? below->came + (above->came - below->came) * (probability - below->told) / way
                   : above->came;
}

static int by_score(const void *a, const void *b)
{
    const struct survived *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? -1 : 1;
    return x->is_at_least - y->is_at_least;
}

double conformal_bound(struct survived *scores, size_t count, double share)
{
    double surviving = 1, wanted = share * (1 + 1 / (double)count);
    check(count > 0);
    qsort(scores, count, sizeof *scores, by_score);
    for (size_t i = 0; i < count; i++) {
        if (!scores[i].is_at_least)
            surviving *= 1 - 1 / (double)(count - i);
        if (1 - surviving >= wanted - 1e-12)
            return scores[i].score;
    }
    return scores[count - 1].score;
}

double auc_of(struct told *items, size_t count)
{
    double won = 0, untrue = 0, is_true = 0;
    qsort(items, count, sizeof *items, by_probability);
    for (size_t from = 0, to; from < count; from = to) {
        double yes = 0, no = 0;
        for (to = from; to < count && items[to].probability == items[from].probability; to++) {
            yes += items[to].is_true;
            no += !items[to].is_true;
        }
        won += yes * (untrue + no / 2);
        is_true += yes;
        untrue += no;
    }
    return is_true > 0 && untrue > 0 ? won / (is_true * untrue) : NAN;
}
