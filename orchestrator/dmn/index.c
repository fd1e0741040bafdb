// SPDX-License-Identifier: Apache-2.0
//
// The index of one column: all constants of its cells, sorted, cut the values into elementary
// intervals, and each interval knows its rules.
//
//     bounds:          10        20        30
//     intervals:   0   1    2    3    4    5   6        a cell [10..20) is 1, 2
//
// Cells that are not constant let every value through and are evaluated afterwards; a value of
// another kind than the bounds' finds no answer here and all rules are evaluated.
#include "dmn/table.h"

enum { ENTRIES_PER_RULE = 64, ENTRIES_MIN = 1 << 16, FEW = 24 };

struct column_index {
    enum feel_kind kind;
    const feel_value *bounds;
    size_t bound_count;
    struct rule_set *intervals; // 2 * bound_count + 1
    const bool *open;           // one a rule; NULL: none
};

struct cell {
    bool any, open, negated;
    const struct feel_test *tests;
    size_t count;
};

// Booleans have no order in FEEL; here false comes first.
static int order(feel_value a, feel_value b)
{
    if (a.kind == FEEL_BOOLEAN)
        return a.boolean - b.boolean;
    return feel_compare(a, b);
}

static bool is_orderable(feel_value value)
{
    return value.kind == FEEL_BOOLEAN || feel_compare(value, value) == 0;
}

// ---- collecting ----

struct collection {
    struct arena *arena;
    struct cell *cells;
    ARRAY(feel_value) bounds;
    enum feel_kind kind;
    bool mixed;
    size_t open_count;
};

static void add_bound(struct collection *c, feel_value value)
{
    if (value.kind == FEEL_NULL)
        return;
    if (c->kind == FEEL_NULL)
        c->kind = (enum feel_kind)value.kind;
    // Times with and without offset have no order among each other.
    bool is_moment = value.kind == FEEL_TIME || value.kind == FEEL_DATE_TIME;
    if (value.kind != c->kind || !is_orderable(value) || is_moment)
        c->mixed = true;
    else
        *ARRAY_PUSH(c->arena, &c->bounds) = value;
}

static bool is_inequality(const struct feel_range *range)
{
    return range->is_comparison && range->start.kind != FEEL_NULL && range->end.kind != FEEL_NULL;
}

static void read_cell(struct collection *c, const struct feel_program *tests, struct cell *cell)
{
    if (!tests) {
        cell->any = true;
        return;
    }
    if (!feel_tests_constants(tests, c->arena, &cell->tests, &cell->count, &cell->negated)) {
        cell->open = true;
        c->open_count++;
        return;
    }
    cell->any = cell->count == SIZE_MAX;
    for (size_t i = 0; !cell->any && i < cell->count; i++) {
        const struct feel_test *test = &cell->tests[i];
        add_bound(c, test->is_range ? test->value.range->start : test->value);
        if (test->is_range)
            add_bound(c, test->value.range->end);
        c->mixed |= test->is_range && is_inequality(test->value.range);
    }
}

static void merge_sort(feel_value *items, feel_value *spare, size_t count)
{
    if (count < 2)
        return;
    size_t half = count / 2, left = 0, right = half;
    merge_sort(items, spare, half);
    merge_sort(items + half, spare, count - half);
    if (order(items[half - 1], items[half]) <= 0)
        return; // tables are mostly written in order
    memcpy(spare, items, count * sizeof *items);
    for (size_t i = 0; i < count; i++) {
        bool takes_left = right == count || (left < half && order(spare[left], spare[right]) <= 0);
        items[i] = takes_left ? spare[left++] : spare[right++];
    }
}

static size_t sort_bounds(struct collection *c)
{
    feel_value *spare = ARENA_ARRAY(c->arena, feel_value, c->bounds.count);
    size_t kept = 0;
    merge_sort(c->bounds.items, spare, c->bounds.count);
    for (size_t i = 0; i < c->bounds.count; i++)
        if (kept == 0 || order(c->bounds.items[kept - 1], c->bounds.items[i]) != 0)
            c->bounds.items[kept++] = c->bounds.items[i];
    return kept;
}

// ---- filling ----

static size_t interval_of(const struct column_index *index, feel_value value)
{
    size_t low = 0, high = index->bound_count;
    while (low < high) { // the first bound that is not below the value
        size_t middle = (low + high) / 2;
        if (order(index->bounds[middle], value) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool hit = low < index->bound_count && order(index->bounds[low], value) == 0;
    return 2 * low + hit;
}

// The same; the bound found last and the one after it are tried first, as rules are mostly written
// in the order of their bounds.
static size_t interval_near(const struct column_index *index, feel_value value, size_t *near)
{
    for (size_t i = *near; i < index->bound_count && i <= *near + 1; i++)
        if (order(index->bounds[i], value) == 0) {
            *near = i;
            return 2 * i + 1;
        }
    size_t interval = interval_of(index, value);
    *near = interval / 2;
    return interval;
}

// First and last interval of a test.
static void span_of(const struct column_index *index, const struct feel_test *test, size_t *near,
                    size_t *ret_from, size_t *ret_to)
{
    *ret_from = 0;
    *ret_to = 2 * index->bound_count;
    if (!test->is_range) {
        *ret_from = *ret_to = interval_near(index, test->value, near);
        return;
    }
    const struct feel_range *range = test->value.range;
    if (range->start.kind != FEEL_NULL)
        *ret_from = interval_near(index, range->start, near) + !range->start_included;
    if (range->end.kind != FEEL_NULL)
        *ret_to = interval_near(index, range->end, near) - !range->end_included;
}

static void mark_cell(const struct column_index *index, const struct cell *cell, size_t *near,
                      bool *marks)
{
    size_t count = 2 * index->bound_count + 1;
    bool all = cell->any || cell->open;
    memset(marks, all || cell->negated, count);
    for (size_t i = 0; !all && i < cell->count; i++) {
        size_t from, to;
        span_of(index, &cell->tests[i], near, &from, &to);
        for (size_t at = from; at <= to && at < count; at++)
            marks[at] = !cell->negated;
    }
}

struct filling {
    struct column_index *index;
    size_t entries, limit;
    uint32_t *counts; // rules of each interval so far
    bool is_counting; // the first time; the second time there is room
};

static bool add_rule(struct filling *f, size_t interval, size_t rule)
{
    if (f->is_counting)
        return f->counts[interval]++, ++f->entries <= f->limit;
    struct rule_set *set = &f->index->intervals[interval];
    ((uint32_t *)set->items)[set->count++] = (uint32_t)rule;
    return true;
}

static bool add_cells(struct filling *f, const struct table *table, const struct cell *cells,
                      bool *marks)
{
    size_t count = 2 * f->index->bound_count + 1, near = 0;
    for (size_t rule = 0; rule < table->rule_count; rule++) {
        size_t from = 0, to = count - 1;
        const struct cell *cell = &cells[rule];
        bool is_single = !cell->any && !cell->open && !cell->negated && cell->count == 1;
        if (is_single)
            span_of(f->index, cell->tests, &near, &from, &to);
        else
            mark_cell(f->index, cell, &near, marks);
        for (size_t at = from; at <= to && at < count; at++)
            if ((is_single || marks[at]) && !add_rule(f, at, rule))
                return false;
    }
    return true;
}

// False when the intervals would hold too much: rules that mostly overlap do not gain from an
// index. Counted first, so that each interval gets the room it needs.
static bool fill(struct arena *arena, const struct table *table, struct column_index *index,
                 const struct cell *cells)
{
    size_t count = 2 * index->bound_count + 1;
    struct filling f = {.index = index,
                        .limit = table->rule_count * ENTRIES_PER_RULE + ENTRIES_MIN,
                        .counts = ARENA_ARRAY(arena, uint32_t, count),
                        .is_counting = true};
    bool *marks = ARENA_ARRAY(arena, bool, count);
    if (!add_cells(&f, table, cells, marks))
        return false;
    uint32_t *items = ARENA_ARRAY(arena, uint32_t, f.entries);
    index->intervals = ARENA_ARRAY(arena, struct rule_set, count);
    for (size_t at = 0; at < count; at++) {
        index->intervals[at].items = items;
        items += f.counts[at];
    }
    f.is_counting = false;
    return add_cells(&f, table, cells, marks);
}

static void add_bits(struct arena *arena, struct column_index *index, size_t rule_count)
{
    size_t words = (rule_count + WORD_BITS - 1) / WORD_BITS;
    for (size_t i = 0; i < 2 * index->bound_count + 1; i++) {
        struct rule_set *set = &index->intervals[i];
        if (set->count <= FEW)
            continue;
        uint64_t *bits = ARENA_ARRAY(arena, uint64_t, words);
        for (size_t at = 0; at < set->count; at++)
            bits[set->items[at] / WORD_BITS] |= 1ull << set->items[at] % WORD_BITS;
        set->bits = bits;
    }
}

const struct column_index *index_build(struct arena *arena, const struct table *table,
                                       size_t column)
{
    struct collection c = {.arena = arena,
                           .cells = ARENA_ARRAY(arena, struct cell, table->rule_count)};
    for (size_t i = 0; i < table->rule_count; i++)
        read_cell(&c, table->rules[i].tests[column], &c.cells[i]);
    if (c.mixed || c.bounds.count == 0 || c.open_count * 2 > table->rule_count)
        return NULL;
    struct column_index *index = ARENA_NEW(arena, struct column_index);
    index->kind = c.kind;
    index->bound_count = sort_bounds(&c);
    index->bounds = c.bounds.items;
    if (!fill(arena, table, index, c.cells))
        return NULL;
    add_bits(arena, index, table->rule_count);
    if (c.open_count) {
        bool *open = ARENA_ARRAY(arena, bool, table->rule_count);
        for (size_t i = 0; i < table->rule_count; i++)
            open[i] = c.cells[i].open;
        index->open = open;
    }
    return index;
}

const struct rule_set *index_find(const struct column_index *index, feel_value value)
{
    if (value.kind != index->kind)
        return NULL;
    return &index->intervals[interval_of(index, value)];
}

size_t index_locate(const struct column_index *index, feel_value value)
{
    return value.kind == index->kind ? interval_of(index, value) : SIZE_MAX;
}

bool index_leaves_open(const struct column_index *index, size_t rule)
{
    return index->open && index->open[rule];
}

size_t index_bounds(const struct column_index *index, const feel_value **ret_bounds)
{
    *ret_bounds = index->bounds;
    return index->bound_count;
}

const struct rule_set *index_interval(const struct column_index *index, size_t at)
{
    return &index->intervals[at];
}
