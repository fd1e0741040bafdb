// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions over numbers (DMN 10.3.4.5) and aggregates of them (10.3.4.4).
#include "feel/builtin.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/temporal.h"
#include "feel/value.h"

// Steps beside the one of the call.
enum { ROUND_STEPS = 2, MODULO_STEPS = 6, SQRT_STEPS = 5, LOG_STEPS = 8, EXP_STEPS = 12 };

static feel_value rounded(struct call *call, enum number_rounding rounding)
{
    int64_t scale = 0;
    if (call->args[1].kind != FEEL_NULL && !number_truncate(call->args[1], &scale))
        return feel_null();
    return run_spend(call->run, ROUND_STEPS) ? number_round(call->args[0], scale, rounding)
                                             : feel_null();
}

feel_value builtin_decimal(struct call *call)
{
    return rounded(call, ROUND_HALF_EVEN);
}

feel_value builtin_floor(struct call *call)
{
    return rounded(call, ROUND_FLOOR);
}

feel_value builtin_ceiling(struct call *call)
{
    return rounded(call, ROUND_CEILING);
}

feel_value builtin_round_up(struct call *call)
{
    return rounded(call, ROUND_UP);
}

feel_value builtin_round_down(struct call *call)
{
    return rounded(call, ROUND_DOWN);
}

feel_value builtin_round_half_up(struct call *call)
{
    return rounded(call, ROUND_HALF_UP);
}

feel_value builtin_round_half_down(struct call *call)
{
    return rounded(call, ROUND_HALF_DOWN);
}

feel_value builtin_abs(struct call *call)
{
    feel_value n = call->args[0];
    if (n.kind == FEEL_LIST && n.list.count == 1)
        n = n.list.items[0];
    if (n.kind == FEEL_NUMBER)
        return number_compare(n, feel_i64(0)) < 0 ? number_negate(n) : n;
    if (n.kind == FEEL_DAYS_DURATION)
        return n.time.seconds < 0 ? temporal_negate(n) : n;
    if (n.kind == FEEL_MONTHS_DURATION)
        return n.months < 0 ? temporal_negate(n) : n;
    return feel_null();
}

feel_value builtin_modulo(struct call *call)
{
    return run_spend(call->run, MODULO_STEPS) ? number_modulo(call->args[0], call->args[1])
                                              : feel_null();
}

feel_value builtin_sqrt(struct call *call)
{
    return run_spend(call->run, SQRT_STEPS) ? number_sqrt(call->args[0]) : feel_null();
}

feel_value builtin_log(struct call *call)
{
    return run_spend(call->run, LOG_STEPS) ? number_log(call->args[0]) : feel_null();
}

feel_value builtin_exp(struct call *call)
{
    return run_spend(call->run, EXP_STEPS) ? number_exp(call->args[0]) : feel_null();
}

static feel_value parity(feel_value n, int64_t wanted)
{
    if (!number_is_integer(n))
        return feel_bool(false);
    feel_value rest = number_modulo(n, feel_i64(2));
    return feel_bool(number_compare(rest, feel_i64(wanted)) == 0);
}

feel_value builtin_odd(struct call *call)
{
    return parity(call->args[0], 1);
}

feel_value builtin_even(struct call *call)
{
    return parity(call->args[0], 0);
}

// ---- aggregates: the list is the first argument ----

static bool all_of(feel_value list, enum feel_kind kind)
{
    for (size_t i = 0; i < list.list.count; i++)
        if (list.list.items[i].kind != kind)
            return false;
    return true;
}

static feel_value numbers(struct call *call)
{
    feel_value list = call->args[0];
    bool usable = list.list.count > 0 && all_of(list, FEEL_NUMBER) &&
                  run_spend(call->run, list.list.count * 2);
    return usable ? list : feel_null();
}

// Adds integers from the start as long as they are some and fit; returns how many.
static size_t add_integers(feel_value list, int64_t *ret_sum)
{
    size_t i = 0;
    *ret_sum = 0;
    for (; i < list.list.count; i++) {
        const feel_value *item = &list.list.items[i];
        int64_t sum;
        if (!number_is_plain(item) || __builtin_add_overflow(*ret_sum, item->integer, &sum))
            break;
        *ret_sum = sum;
    }
    return i;
}

static feel_value total(feel_value list)
{
    int64_t integers;
    size_t i = add_integers(list, &integers);
    feel_value sum = feel_i64(integers);
    for (; i < list.list.count && sum.kind == FEEL_NUMBER; i++)
        sum = number_add(sum, list.list.items[i]);
    return sum;
}

// Durations add up too.
static feel_value total_of_durations(feel_value list)
{
    feel_value sum = list.list.items[0];
    for (size_t i = 1; i < list.list.count; i++) {
        if (list.list.items[i].kind != sum.kind)
            return feel_null();
        sum = temporal_add(sum, list.list.items[i]);
    }
    return sum;
}

feel_value builtin_sum(struct call *call)
{
    feel_value list = call->args[0];
    if (list.list.count > 0 && temporal_is_duration(list.list.items[0]))
        return total_of_durations(list);
    list = numbers(call);
    return feel_is_null(list) ? list : total(list);
}

feel_value builtin_mean(struct call *call)
{
    feel_value list = call->args[0];
    if (list.list.count > 0 && temporal_is_duration(list.list.items[0])) {
        feel_value sum = total_of_durations(list);
        return feel_is_null(sum) ? sum : temporal_divide(sum, feel_i64((int64_t)list.list.count));
    }
    list = numbers(call);
    if (feel_is_null(list))
        return list;
    feel_value sum = total(list);
    return feel_is_null(sum) ? sum : number_divide(sum, feel_i64((int64_t)list.list.count));
}

feel_value builtin_product(struct call *call)
{
    feel_value list = numbers(call), product = feel_i64(1);
    if (feel_is_null(list))
        return list;
    for (size_t i = 0; i < list.list.count && product.kind == FEEL_NUMBER; i++)
        product = number_multiply(product, list.list.items[i]);
    return product;
}

// The least (wanted -1) or greatest (1) of values that all have an order.
static feel_value extreme(struct call *call, int wanted)
{
    feel_value list = call->args[0];
    if (list.list.count == 0 || !run_spend(call->run, list.list.count))
        return feel_null();
    feel_value best = list.list.items[0];
    if (value_compare(best, best) == ORDER_NONE)
        return feel_null();
    for (size_t i = 1; i < list.list.count; i++) {
        int order = run_compare(call->run, list.list.items[i], best);
        if (order == ORDER_NONE)
            return feel_null();
        if (order == wanted)
            best = list.list.items[i];
    }
    return best;
}

feel_value builtin_min(struct call *call)
{
    return extreme(call, -1);
}

feel_value builtin_max(struct call *call)
{
    return extreme(call, 1);
}

// Merge sort: stable, and n log n whatever the input.
static void sort_numbers(feel_value *items, feel_value *spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, left = 0, right = half;
    sort_numbers(items, spare, half);
    sort_numbers(items + half, spare, count - half);
    memcpy(spare, items, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        bool takes_left =
            right == count || (left < half && number_compare(spare[left], spare[right]) <= 0);
        items[i] = takes_left ? spare[left++] : spare[right++];
    }
}

static feel_value sorted(struct call *call, feel_value list)
{
    size_t count = list.list.count;
    feel_value *items = run_alloc(call->run, 2 * count * sizeof *items);
    if (!items || !run_spend(call->run, count * 8))
        return feel_null();
    memcpy(items, list.list.items, count * sizeof *items);
    sort_numbers(items, items + count, count);
    return feel_list(items, count);
}

feel_value builtin_median(struct call *call)
{
    feel_value list = numbers(call);
    list = feel_is_null(list) ? list : sorted(call, list);
    if (feel_is_null(list))
        return list;
    size_t middle = list.list.count / 2;
    if (list.list.count % 2)
        return list.list.items[middle];
    feel_value sum = number_add(list.list.items[middle - 1], list.list.items[middle]);
    return feel_is_null(sum) ? sum : number_divide(sum, feel_i64(2));
}

// Of a sample: divided by n - 1.
feel_value builtin_stddev(struct call *call)
{
    feel_value list = numbers(call);
    if (feel_is_null(list) || list.list.count < 2)
        return feel_null();
    feel_value sum = total(list), squares = feel_i64(0);
    feel_value mean =
        feel_is_null(sum) ? sum : number_divide(sum, feel_i64((int64_t)list.list.count));
    for (size_t i = 0; i < list.list.count && mean.kind == FEEL_NUMBER; i++) {
        feel_value off = number_subtract(list.list.items[i], mean);
        feel_value square = feel_is_null(off) ? off : number_multiply(off, off);
        if (feel_is_null(square) || feel_is_null(squares))
            return feel_null();
        squares = number_add(squares, square);
    }
    if (feel_is_null(mean) || feel_is_null(squares))
        return feel_null();
    return run_spend(call->run, SQRT_STEPS)
               ? number_sqrt(number_divide(squares, feel_i64((int64_t)list.list.count - 1)))
               : feel_null();
}

// The values that occur most often, ascending.
feel_value builtin_mode(struct call *call)
{
    if (call->args[0].list.count == 0)
        return call->args[0];
    feel_value list = numbers(call);
    list = feel_is_null(list) ? list : sorted(call, list);
    struct list_builder modes = list_builder_new(call->run);
    size_t most = 0;
    for (size_t i = 0, end; list.kind == FEEL_LIST && i < list.list.count; i = end) {
        for (end = i + 1; end < list.list.count; end++)
            if (number_compare(list.list.items[i], list.list.items[end]) != 0)
                break;
        if (end - i < most)
            continue;
        if (end - i > most)
            modes.count = 0;
        most = end - i;
        if (!list_add(&modes, list.list.items[i]))
            return feel_null();
    }
    return feel_is_null(list) ? list : list_value(&modes);
}
