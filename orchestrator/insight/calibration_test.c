// SPDX-License-Identifier: Apache-2.0
// Predictions and what came of them -> curves, bounds and ranks.
#include "insight/calibration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

static uint64_t seed = 99;

static double draw(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static void what_falls_is_pooled(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct told items[] = {{0.1, false}, {0.2, true}, {0.3, false}, {0.8, true}, {0.9, true}};
    struct isotonic curve = isotonic_of(&arena, items, 5);
    assert_true(fabs(isotonic_at(&curve, 0.1) - 0) < 1e-12);
    assert_true(fabs(isotonic_at(&curve, 0.25) - 0.5) < 1e-12); // of 0.2 and 0.3
    assert_true(fabs(isotonic_at(&curve, 0.85) - 1) < 1e-12);
    assert_true(fabs(isotonic_at(&curve, 0) - 0) < 1e-12);
    assert_true(fabs(isotonic_at(&curve, 1) - 1) < 1e-12);
    struct isotonic none = isotonic_of(&arena, items, 0);
    assert_true(fabs(isotonic_at(&none, 0.3) - 0.3) < 1e-12);
    arena_done(&arena);
}

// Told p, true with p²: after the curve, what is told is as frequent as it says.
static void probabilities_become_frequencies(void **state)
{
    (void)state;
    enum { MANY = 50000 };
    struct arena arena = ARENA_EMPTY;
    struct told *items = ARENA_ARRAY(&arena, struct told, MANY);
    for (size_t i = 0; i < MANY; i++) {
        double p = draw();
        items[i] = (struct told){p, draw() < p * p};
    }
    struct isotonic curve = isotonic_of(&arena, items, MANY);
    assert_true(curve.count <= ISOTONIC_POINTS + 1);
    for (double p = 0.05; p < 1; p += 0.1)
        assert_true(fabs(isotonic_at(&curve, p) - p * p) < 0.05);
    for (size_t i = 1; i < curve.count; i++) {
        assert_true(curve.points[i].told > curve.points[i - 1].told);
        assert_true(curve.points[i].came >= curve.points[i - 1].came);
    }
    arena_done(&arena);
}

static void a_bound_holds_its_share(void **state)
{
    (void)state;
    size_t held = 0, tries = 4000;
    for (size_t i = 0; i < tries; i++) {
        struct survived scores[99];
        for (size_t s = 0; s < 99; s++)
            scores[s] = (struct survived){draw(), false};
        held += draw() <= conformal_bound(scores, 99, 0.9);
    }
    double share = (double)held / (double)tries;
    print_message("held %.4f, wanted 0.9\n", share);
    assert_true(share > 0.885 && share < 0.915);
}

// Exponential scores, half of which are cut off at random: without the cut ones the bound is low.
static void what_is_not_over_counts_as_at_least_so_long(void **state)
{
    (void)state;
    enum { MANY = 20000 };
    struct arena arena = ARENA_EMPTY;
    struct survived *all = ARENA_ARRAY(&arena, struct survived, MANY);
    struct survived *over = ARENA_ARRAY(&arena, struct survived, MANY);
    size_t overs = 0;
    for (size_t i = 0; i < MANY; i++) {
        double life = -log(1 - draw()), cut = -2 * log(1 - draw());
        all[i] = (struct survived){life < cut ? life : cut, life >= cut};
        if (life < cut)
            over[overs++] = all[i];
    }
    double truly = -log(0.1), bound = conformal_bound(all, MANY, 0.9);
    assert_true(fabs(bound - truly) < 0.1);
    assert_true(conformal_bound(over, overs, 0.9) < truly - 0.3);
    arena_done(&arena);
}

static void auc_counts_pairs(void **state)
{
    (void)state;
    struct told items[] = {{0.9, true}, {0.8, false}, {0.7, true}, {0.7, false}, {0.1, false}};
    // of six pairs four and a half are right
    assert_true(fabs(auc_of(items, 5) - 4.5 / 6) < 1e-12);
    struct told same[] = {{0.5, true}, {0.6, true}};
    assert_true(isnan(auc_of(same, 2)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_falls_is_pooled),
        cmocka_unit_test(probabilities_become_frequencies),
        cmocka_unit_test(a_bound_holds_its_share),
        cmocka_unit_test(what_is_not_over_counts_as_at_least_so_long),
        cmocka_unit_test(auc_counts_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
