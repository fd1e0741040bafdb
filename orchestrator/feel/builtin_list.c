// SPDX-License-Identifier: Apache-2.0
//
// Built-in functions over lists (DMN 10.3.4.4, 10.3.4.10).
#include "feel/builtin.h"
#include "feel/function.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/value.h"

enum { COMPARISONS_PER_STEP = 2, STEPS_PER_COMPARISON = 2 };

static feel_value *new_items(struct call *call, size_t count)
{
    return run_spend(call->run, count) ? run_alloc(call->run, (count + 1) * sizeof(feel_value))
                                       : NULL;
}

// `=` for membership: null equals null alone.
static bool same(struct call *call, feel_value a, feel_value b)
{
    return run_equal(call->run, a, b) == 1;
}

static bool list_has(struct call *call, feel_value list, feel_value value)
{
    run_spend(call->run, list.list.count / COMPARISONS_PER_STEP);
    for (size_t i = 0; i < list.list.count && !call->run->stopped; i++)
        if (same(call, list.list.items[i], value))
            return true;
    return false;
}

feel_value builtin_list_contains(struct call *call)
{
    return feel_bool(list_has(call, call->args[0], call->args[1]));
}

feel_value builtin_count(struct call *call)
{
    return feel_i64((int64_t)call->args[0].list.count);
}

feel_value builtin_is_empty(struct call *call)
{
    return feel_bool(call->args[0].list.count == 0);
}

// Three-valued and (decisive false) or or (decisive true) of a list.
static feel_value quantify(struct call *call, bool decisive)
{
    feel_value list = call->args[0];
    bool unknown = false;
    for (size_t i = 0; i < list.list.count; i++) {
        feel_value item = list.list.items[i];
        if (item.kind == FEEL_BOOLEAN && item.boolean == decisive)
            return feel_bool(decisive);
        unknown |= item.kind != FEEL_BOOLEAN;
    }
    return unknown ? feel_null() : feel_bool(!decisive);
}

feel_value builtin_all(struct call *call)
{
    return quantify(call, false);
}

feel_value builtin_any(struct call *call)
{
    return quantify(call, true);
}

// A position from 1, or from the end when negative, as an index; false when outside.
static bool index_of_position(feel_value position, size_t count, size_t *ret_index)
{
    int64_t at;
    if (!number_truncate(position, &at) || at == 0 || at > (int64_t)count || at < -(int64_t)count)
        return false;
    *ret_index = (size_t)(at > 0 ? at - 1 : (int64_t)count + at);
    return true;
}

feel_value builtin_sublist(struct call *call)
{
    feel_value list = call->args[0];
    size_t start;
    int64_t wanted = (int64_t)list.list.count;
    if (!index_of_position(call->args[1], list.list.count, &start))
        return feel_null();
    size_t left = list.list.count - start;
    if (call->args[2].kind != FEEL_NULL &&
        (!number_truncate(call->args[2], &wanted) || wanted < 1 || (size_t)wanted > left))
        return feel_null();
    return feel_list(list.list.items + start, (size_t)wanted < left ? (size_t)wanted : left);
}

static feel_value joined(struct call *call, feel_value a, feel_value b)
{
    feel_value *items = new_items(call, a.list.count + b.list.count);
    if (!items)
        return feel_null();
    if (a.list.count)
        memcpy(items, a.list.items, a.list.count * sizeof *items);
    if (b.list.count)
        memcpy(items + a.list.count, b.list.items, b.list.count * sizeof *items);
    return feel_list(items, a.list.count + b.list.count);
}

feel_value builtin_append(struct call *call)
{
    return joined(call, call->args[0], call->args[1]);
}

feel_value builtin_concatenate(struct call *call)
{
    struct list_builder all = list_builder_new(call->run);
    feel_value lists = call->args[0];
    for (size_t i = 0; i < lists.list.count; i++)
        for (size_t j = 0; j < lists.list.items[i].list.count; j++)
            if (!list_add(&all, lists.list.items[i].list.items[j]))
                return feel_null();
    return list_value(&all);
}

feel_value builtin_insert_before(struct call *call)
{
    feel_value list = call->args[0];
    size_t at;
    if (!index_of_position(call->args[1], list.list.count, &at))
        return feel_null();
    feel_value *items = new_items(call, list.list.count + 1);
    if (!items)
        return feel_null();
    memcpy(items, list.list.items, at * sizeof *items);
    items[at] = call->args[2];
    memcpy(items + at + 1, list.list.items + at, (list.list.count - at) * sizeof *items);
    return feel_list(items, list.list.count + 1);
}

feel_value builtin_remove(struct call *call)
{
    feel_value list = call->args[0];
    size_t at;
    if (!index_of_position(call->args[1], list.list.count, &at))
        return feel_null();
    feel_value *items = new_items(call, list.list.count);
    if (!items)
        return feel_null();
    memcpy(items, list.list.items, at * sizeof *items);
    memcpy(items + at, list.list.items + at + 1, (list.list.count - at - 1) * sizeof *items);
    return feel_list(items, list.list.count - 1);
}

static feel_value *copy_items(struct call *call, feel_value list)
{
    feel_value *items = new_items(call, list.list.count);
    if (items && list.list.count)
        memcpy(items, list.list.items, list.list.count * sizeof *items);
    return items;
}

feel_value builtin_list_replace(struct call *call)
{
    feel_value list = call->args[0];
    size_t at;
    if (!index_of_position(call->args[1], list.list.count, &at))
        return feel_null();
    feel_value *items = copy_items(call, list);
    if (!items)
        return feel_null();
    items[at] = call->args[2];
    return feel_list(items, list.list.count);
}

// match(item, newItem) says which to replace; a result that is no boolean makes all of it null.
feel_value builtin_list_replace_matching(struct call *call)
{
    feel_value list = call->args[0], *items = copy_items(call, list);
    for (size_t i = 0; items && i < list.list.count; i++) {
        feel_value args[] = {list.list.items[i], call->args[2]};
        feel_value matched = feel_call(call->run, call->args[1], args, 2);
        if (matched.kind != FEEL_BOOLEAN)
            return feel_null();
        if (matched.boolean)
            items[i] = call->args[2];
    }
    return items ? feel_list(items, list.list.count) : feel_null();
}

feel_value builtin_reverse(struct call *call)
{
    feel_value list = call->args[0], *items = new_items(call, list.list.count);
    for (size_t i = 0; items && i < list.list.count; i++)
        items[i] = list.list.items[list.list.count - 1 - i];
    return items ? feel_list(items, list.list.count) : feel_null();
}

feel_value builtin_index_of(struct call *call)
{
    struct list_builder found = list_builder_new(call->run);
    feel_value list = call->args[0];
    run_spend(call->run, list.list.count / COMPARISONS_PER_STEP);
    for (size_t i = 0; i < list.list.count && !call->run->stopped; i++)
        if (same(call, list.list.items[i], call->args[1]) &&
            !list_add(&found, feel_i64((int64_t)i + 1)))
            return feel_null();
    return list_value(&found);
}

static feel_value distinct(struct call *call, feel_value list)
{
    struct list_builder seen = list_builder_new(call->run);
    for (size_t i = 0; i < list.list.count; i++) {
        feel_value item = list.list.items[i];
        if (!run_spend(call->run, 1))
            return feel_null();
        if (!list_has(call, feel_list(seen.items, seen.count), item) && !list_add(&seen, item))
            return feel_null();
    }
    return list_value(&seen);
}

feel_value builtin_distinct_values(struct call *call)
{
    return distinct(call, call->args[0]);
}

feel_value builtin_union(struct call *call)
{
    feel_value all = builtin_concatenate(call);
    return all.kind == FEEL_LIST ? distinct(call, all) : all;
}

feel_value builtin_duplicate_values(struct call *call)
{
    struct list_builder found = list_builder_new(call->run);
    feel_value list = call->args[0];
    for (size_t i = 0; i < list.list.count; i++) {
        feel_value item = list.list.items[i], rest = feel_list(list.list.items, i);
        if (!run_spend(call->run, 1))
            return feel_null();
        bool is_second = list_has(call, rest, item) &&
                         !list_has(call, feel_list(found.items, found.count), item);
        if (is_second && !list_add(&found, item))
            return feel_null();
    }
    return list_value(&found);
}

static bool flatten_into(struct list_builder *out, feel_value list)
{
    struct feel_run *run = out->run;
    if (run->depth >= run->limits.depth) {
        run_stop(run, FEEL_TOO_DEEP);
        return false;
    }
    run->depth++;
    bool on = true;
    for (size_t i = 0; on && i < list.list.count; i++) {
        feel_value item = list.list.items[i];
        on = run_spend(run, 1) &&
             (item.kind == FEEL_LIST ? flatten_into(out, item) : list_add(out, item));
    }
    run->depth--;
    return on;
}

feel_value builtin_flatten(struct call *call)
{
    struct list_builder out = list_builder_new(call->run);
    return flatten_into(&out, call->args[0]) ? list_value(&out) : feel_null();
}

feel_value builtin_partition(struct call *call)
{
    struct list_builder parts = list_builder_new(call->run);
    feel_value list = call->args[0];
    int64_t size;
    if (!number_truncate(call->args[1], &size) || size < 1)
        return feel_null();
    for (size_t i = 0; i < list.list.count; i += (size_t)size) {
        size_t left = list.list.count - i;
        size_t count = left < (size_t)size ? left : (size_t)size;
        if (!list_add(&parts, feel_list(list.list.items + i, count)))
            return feel_null();
    }
    return list_value(&parts);
}

// ---- sort ----

struct sorting {
    struct call *call;
    bool failed;
};

// Does a stand before b? Without a function their own order decides.
static bool precedes(struct sorting *sorting, feel_value a, feel_value b)
{
    if (!run_spend(sorting->call->run, STEPS_PER_COMPARISON)) {
        sorting->failed = true;
        return false;
    }
    if (sorting->call->args[1].kind != FEEL_FUNCTION) {
        int order = run_compare(sorting->call->run, a, b);
        sorting->failed |= order == ORDER_NONE;
        return order < 0;
    }
    feel_value args[] = {a, b};
    feel_value answer = feel_call(sorting->call->run, sorting->call->args[1], args, 2);
    sorting->failed |= answer.kind != FEEL_BOOLEAN;
    return feel_is_true(answer);
}

// Merge sort; an item moves ahead only when it precedes, so equal ones keep their order.
static void merge_sort(struct sorting *sorting, feel_value *items, feel_value *spare, size_t count)
{
    if (count < 2 || sorting->failed)
        return;
    size_t half = count / 2, left = 0, right = half;
    merge_sort(sorting, items, spare, half);
    merge_sort(sorting, items + half, spare, count - half);
    memcpy(spare, items, count * sizeof *items);
    for (size_t i = 0; i < count && !sorting->failed; i++) {
        bool takes_right =
            left == half || (right < count && precedes(sorting, spare[right], spare[left]));
        items[i] = takes_right ? spare[right++] : spare[left++];
    }
}

feel_value builtin_sort(struct call *call)
{
    size_t count = call->args[0].list.count;
    feel_value *items = copy_items(call, call->args[0]), *spare = new_items(call, count);
    struct sorting sorting = {.call = call};
    if (!items || !spare)
        return feel_null();
    merge_sort(&sorting, items, spare, count);
    return sorting.failed ? feel_null() : feel_list(items, count);
}
