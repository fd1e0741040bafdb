// SPDX-License-Identifier: Apache-2.0
// Values of several shapes, added and merged in several ways -> how far quantiles are off.
#include "insight/sketch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MANY = 200000 };

static uint64_t seed = 12345;

static double draw(void)
{
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return (double)(seed >> 11) / 9007199254740992.0;
}

static int64_t uniform(size_t i)
{
    (void)i;
    return (int64_t)(draw() * 1e6);
}

static int64_t skewed(size_t i)
{
    (void)i;
    return (int64_t)exp(draw() * 16);
}

static int64_t rising(size_t i)
{
    return (int64_t)i;
}

static int64_t few(size_t i)
{
    return (int64_t)(i % 7);
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

// By how much the share of values below `value` misses the rank.
static double miss_of(const int64_t *sorted, size_t count, double value, double rank)
{
    size_t below = 0, upto = 0;
    for (size_t i = 0; i < count; i++) {
        below += (double)sorted[i] < value;
        upto += (double)sorted[i] <= value;
    }
    double low = (double)below / (double)count, high = (double)upto / (double)count;
    return rank < low ? low - rank : rank > high ? rank - high : 0;
}

static const double ranks[] = {0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1};

static double worst_miss(const struct sketch *sketch, struct arena *arena, int64_t *values,
                         size_t count)
{
    double found[COUNT_OF(ranks)], worst = 0;
    assert_true(sketch_quantiles(sketch, arena, ranks, COUNT_OF(ranks), found));
    qsort(values, count, sizeof *values, by_value);
    assert_int_equal(sketch->count, count);
    assert_int_equal(sketch->min, values[0]);
    assert_int_equal(sketch->max, values[count - 1]);
    for (size_t i = 0; i < COUNT_OF(ranks); i++)
        worst = fmax(worst, miss_of(values, count, found[i], ranks[i]));
    return worst;
}

static void few_values_lose_nothing(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct sketch sketch = {0};
    const double shares[] = {0.25, 0.5, 0.9};
    double found[3];
    assert_false(sketch_quantiles(&sketch, &arena, shares, 3, found));
    for (int64_t i = 1; i <= 4; i++)
        sketch_add(&sketch, &arena, 10 * i);
    assert_true(sketch_quantiles(&sketch, &arena, shares, 3, found));
    assert_true(fabs(found[0] - 17.5) < 1e-9); // numpy's default
    assert_true(fabs(found[1] - 25) < 1e-9);
    assert_true(fabs(found[2] - 37) < 1e-9);
    arena_done(&arena);
}

static void shares_are_those_of_values_up_to_one(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct sketch sketch = {0};
    assert_true(fabs(sketch_share(&sketch, 7) - 1) < 1e-12);
    for (int64_t i = 1; i <= 4; i++)
        sketch_add(&sketch, &arena, 10 * i);
    assert_true(fabs(sketch_share(&sketch, 9)) < 1e-12);
    assert_true(fabs(sketch_share(&sketch, 20) - 0.5) < 1e-12);
    assert_true(fabs(sketch_share(&sketch, 99) - 1) < 1e-12);
    for (int64_t i = 0; i < MANY; i++)
        sketch_add(&sketch, &arena, uniform(0));
    assert_true(fabs(sketch_share(&sketch, 250000) - 0.25) < 0.01);
    arena_done(&arena);
}

static void ranks_are_off_by_less_than_a_hundredth(void **state)
{
    (void)state;
    int64_t (*const shapes[])(size_t) = {uniform, skewed, rising, few};
    for (size_t s = 0; s < COUNT_OF(shapes); s++) {
        struct arena arena = ARENA_EMPTY;
        int64_t *values = ARENA_ARRAY(&arena, int64_t, MANY);
        struct sketch sketch = {0};
        for (size_t i = 0; i < MANY; i++)
            sketch_add(&sketch, &arena, values[i] = shapes[s](i));
        double miss = worst_miss(&sketch, &arena, values, MANY);
        print_message("shape %zu: off by %.4f\n", s, miss);
        assert_true(miss < 0.01);
        arena_done(&arena);
    }
}

// Parts of any size, as bytes, merged one after the other, as days and turns are.
static void parts_merge_into_the_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {1, 37, 750, 20000};
    for (size_t s = 0; s < COUNT_OF(sizes); s++) {
        struct arena arena = ARENA_EMPTY;
        int64_t *values = ARENA_ARRAY(&arena, int64_t, MANY);
        struct sketch whole = {0};
        for (size_t at = 0; at < MANY; at += sizes[s]) {
            struct sketch part = {0};
            size_t end = at + sizes[s] < MANY ? at + sizes[s] : MANY;
            for (size_t i = at; i < end; i++)
                sketch_add(&part, &arena, values[i] = skewed(i));
            struct strbuf out = strbuf_new(&arena);
            sketch_write(&out, &part, &arena);
            str rest = strbuf_str(&out);
            assert_true(sketch_read(&whole, &arena, &rest));
            assert_int_equal(rest.len, 0);
        }
        struct strbuf out = strbuf_new(&arena);
        sketch_write(&out, &whole, &arena);
        double miss = worst_miss(&whole, &arena, values, MANY);
        print_message("parts of %zu: off by %.4f, %zu bytes\n", sizes[s], miss, out.len);
        assert_true(miss < 0.01);
        arena_done(&arena);
    }
}

static void bytes_that_are_no_sketch_are_refused(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct sketch sketch = {0};
    for (int64_t i = 0; i < 1000; i++)
        sketch_add(&sketch, &arena, i * i);
    struct strbuf out = strbuf_new(&arena);
    sketch_write(&out, &sketch, &arena);
    for (size_t len = 0; len + 1 < out.len; len++) {
        struct sketch other = {0};
        str rest = str_sub(strbuf_str(&out), 0, len);
        assert_false(sketch_read(&other, &arena, &rest));
    }
    arena_done(&arena);
}

static void one_that_counts_but_has_no_value_is_refused(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    static const char *const bytes[] = {
        "\x05\x00\x02\x00",             // five values, no level
        "\x05\x00\x02\x01\x00",         // a level without a value
        "\x01\x00\x08\x01\x04\x00\x02", // more values than it counts
        "\x01\x08\x00\x01\x02\x04",     // the least is above the most
        "\x02\x00\x00\x01\x04\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", // it goes down
    };
    static const size_t lengths[] = {4, 5, 7, 6, 16};
    for (size_t i = 0; i < COUNT_OF(bytes); i++) {
        struct sketch sketch = {0};
        str rest = str_from(bytes[i], lengths[i]);
        assert_false(sketch_read(&sketch, &arena, &rest));
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_values_lose_nothing),
        cmocka_unit_test(shares_are_those_of_values_up_to_one),
        cmocka_unit_test(ranks_are_off_by_less_than_a_hundredth),
        cmocka_unit_test(parts_merge_into_the_whole),
        cmocka_unit_test(bytes_that_are_no_sketch_are_refused),
        cmocka_unit_test(one_that_counts_but_has_no_value_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
