// SPDX-License-Identifier: Apache-2.0
// Cases -> cells: what they count, and that parts merge into the same whole.
#include "insight/cell.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/limits.h"

#define TIMES(from, start, end)                                                                    \
    ((struct activity_times){.enabled = (from), .claimed = (start), .completed = (end)})

// A user task by `who`; "" is a service task.
static struct cell_step step(uint64_t key, const char *id, struct activity_times times,
                             const char *who)
{
    times.offered = times.enabled;
    return (struct cell_step){.key = key,
                              .id = str_of(id),
                              .name = str_of(id),
                              .type = who[0] != '\0' ? STR("userTask") : STR("serviceTask"),
                              .times = times,
                              .actor = str_of(who),
                              .cost = STR("0.25"),
                              .attempts = who[0] == '\0'};
}

static void add(struct cell *cell, int64_t begun, int64_t ended, struct cell_step *steps,
                size_t count)
{
    cell_add_case(cell, &(struct cell_case){
                            .begun_ms = begun, .ended_ms = ended, .steps = steps, .count = count});
}

// Checked twice by two people; work from 1500 to 2000, 2500 to 3000 and 3500 to 4000.
static void add_checked_twice(struct cell *cell)
{
    struct cell_step steps[] = {step(3, "check", TIMES(2000, 2500, 3000), "ann"),
                                step(2, "pay", TIMES(1000, 1500, 2000), ""),
                                step(4, "check", TIMES(3000, 3500, 4000), "bob")};
    add(cell, 1000, 4000, steps, COUNT_OF(steps));
}

static void add_straight(struct cell *cell)
{
    struct cell_step steps[] = {step(2, "pay", TIMES(1000, 1000, 1100), "")};
    add(cell, 1000, 1100, steps, COUNT_OF(steps));
}

static void cases_are_counted(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena);
    add_checked_twice(cell);
    add_straight(cell);
    cell_add_case(cell, &(struct cell_case){.begun_ms = 1, .ended_ms = 2, .is_terminated = true});
    const uint64_t expected[CELL_COUNTERS] = {
        [CELL_COMPLETED] = 2,   [CELL_TERMINATED] = 1, [CELL_EVENTS] = 4,
        [CELL_AGAIN] = 1,       [CELL_AUTOMATIC] = 2,  [CELL_HANDOVERS] = 1,
        [CELL_CLEAN] = 1,       [CELL_STRAIGHT] = 1,   [CELL_CYCLE_MS] = 3100,
        [CELL_TOUCH_MS] = 1600, [CELL_WAIT_MS] = 1500, [CELL_COST_MICROS] = 1000000};
    for (size_t i = 0; i < CELL_COUNTERS; i++)
        assert_int_equal(cell->counters[i], expected[i]);
    const struct cell_element *check = map_get(&cell->element_of_id, STR("check"));
    assert_int_equal(check->counters[ELEMENT_COUNT], 2);
    assert_int_equal(check->counters[ELEMENT_CASES], 1);
    assert_int_equal(check->counters[ELEMENT_CASES_AGAIN], 1);
    assert_int_equal(check->counters[ELEMENT_AGAIN_DIRECT], 1);
    assert_int_equal(check->counters[ELEMENT_BY_ANOTHER], 1);
    assert_int_equal(check->counters[ELEMENT_HANDLING_MS], 1000);
    assert_int_equal(check->counters[ELEMENT_WORK_MS], 1000);
    assert_int_equal(cell->edges.count, 2);
    assert_int_equal(cell->variants.count, 2);
    assert_int_equal((int)(distinct_count(&cell->people) + 0.5), 2);
    arena_done(&arena);
}

static void a_case_without_an_activity_has_a_time(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena);
    cell_add_case(cell, &(struct cell_case){.begun_ms = 1000, .ended_ms = 3000});
    assert_int_equal(cell->counters[CELL_COMPLETED], 1);
    assert_int_equal(cell->counters[CELL_WAIT_MS], 2000);
    assert_int_equal(cell->counters[CELL_CLEAN], 1);
    assert_int_equal(cell->variants.items[0]->length, 0);
    arena_done(&arena);
}

static void a_case_with_too_many_steps_is_known_by_its_time(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena);
    cell_add_case(cell, &(struct cell_case){.begun_ms = 1000, .ended_ms = 3000, .is_cut = true});
    assert_int_equal(cell->counters[CELL_COMPLETED], 1);
    assert_int_equal(cell->counters[CELL_CUT], 1);
    assert_int_equal(cell->counters[CELL_CYCLE_MS], 2000);
    assert_int_equal(cell->counters[CELL_WAIT_MS], 0);
    assert_int_equal(cell->counters[CELL_CLEAN], 0);
    assert_int_equal(cell->other_variants, 1);
    arena_done(&arena);
}

static void store_and_read(struct cell *target, const struct cell *part)
{
    struct error err;
    struct cell_pack pack = cell_write(part, target->arena);
    assert_true(cell_read(target, &pack, &err));
}

static void parts_come_to_the_same_as_the_whole(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *whole = cell_new(&arena), *merged = cell_new(&arena);
    for (int i = 0; i < 50; i++) {
        struct cell *part = cell_new(&arena);
        if (i % 3 == 0)
            add_straight(part);
        else
            add_checked_twice(part);
        if (i % 3 == 0)
            add_straight(whole);
        else
            add_checked_twice(whole);
        store_and_read(merged, part);
    }
    struct cell_pack a = cell_write(whole, &arena), b = cell_write(merged, &arena);
    assert_true(str_equal(a.names, b.names));
    assert_true(str_equal(a.elements, b.elements));
    assert_true(str_equal(a.times, b.times));
    assert_true(str_equal(a.edges, b.edges));
    assert_true(str_equal(a.variants, b.variants));
    assert_true(str_equal(a.head, b.head));
    arena_done(&arena);
}

// The most frequent ones stay, and no case is lost.
static void variants_are_bounded(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena), *again = cell_new(&arena);
    enum { DIFFERENT = 3 * INSIGHT_MOST_CELL_VARIANTS };
    for (int i = 0; i < DIFFERENT; i++) {
        struct cell_step steps[] = {
            step(1, str_cstr(&arena, str_format(&arena, "t%d", i)), TIMES(0, 1, 2), "")};
        add(cell, 0, 2, steps, 1);
        if (i == DIFFERENT - 1)
            add(cell, 0, 2, steps, 1);
    }
    store_and_read(again, cell);
    assert_int_equal(again->variants.count, INSIGHT_MOST_CELL_VARIANTS);
    assert_int_equal(again->variants.items[0]->count, 2);
    uint64_t cases = again->other_variants;
    for (size_t i = 0; i < again->variants.count; i++)
        cases += again->variants.items[i]->count;
    assert_int_equal(cases, DIFFERENT + 1);
    double distinct = distinct_count(&again->distinct_variants);
    assert_true(distinct > DIFFERENT * 0.95 && distinct < DIFFERENT * 1.05);
    arena_done(&arena);
}

// The same of what follows what, however many activities there are.
static void edges_are_bounded(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena), *again = cell_new(&arena);
    enum { DIFFERENT = 3 * INSIGHT_MOST_CELL_EDGES };
    for (int i = 0; i < DIFFERENT; i++) {
        const char *id = str_cstr(&arena, str_format(&arena, "t%d", i));
        for (int times = 0; times < (i == DIFFERENT - 1 ? 3 : 1); times++) {
            struct cell_step steps[] = {step(1, "a", TIMES(0, 1, 2), ""),
                                        step(2, id, TIMES(2, 3, 4), "")};
            add(cell, 0, 4, steps, 2);
        }
    }
    store_and_read(again, cell);
    assert_int_equal(again->edges.count, INSIGHT_MOST_CELL_EDGES);
    assert_int_equal(again->edges.items[0]->count, 3);
    uint64_t often = again->other_edges;
    for (size_t i = 0; i < again->edges.count; i++)
        often += again->edges.items[i]->count;
    assert_int_equal(often, DIFFERENT + 2);
    arena_done(&arena);
}

static void edges_are_bounded_while_they_are_merged(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena);
    enum { SIDE = 200 }; // squared: more than EDGES
    for (int i = 0; i < SIDE * SIDE; i++) {
        struct cell_step steps[] = {
            step(1, str_cstr(&arena, str_format(&arena, "a%d", i / SIDE)), TIMES(0, 1, 2), ""),
            step(2, str_cstr(&arena, str_format(&arena, "b%d", i % SIDE)), TIMES(2, 3, 4), "")};
        add(cell, 0, 4, steps, 2);
    }
    assert_int_equal(cell->edges.count, INSIGHT_MOST_EDGES);
    assert_int_equal(cell->other_edges, SIDE * SIDE - INSIGHT_MOST_EDGES);
    arena_done(&arena);
}

// Pages come and go: a cell has what it needs of them.
static void a_cell_keeps_none_of_the_bytes(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY, page = ARENA_EMPTY;
    struct cell *cell = cell_new(&page), *merged = cell_new(&arena);
    struct error err;
    add_checked_twice(cell);
    struct cell_pack pack = cell_write(cell, &page), whole = cell_write(cell, &arena);
    assert_true(cell_read(merged, &pack, &err));
    arena_done(&page);
    struct cell_pack again = cell_write(merged, &arena);
    assert_true(str_equal(again.names, whole.names));
    assert_true(str_equal(again.variants, whole.variants));
    assert_true(str_equal(again.times, whole.times));
    arena_done(&arena);
}

static void damaged_cells_are_refused(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct cell *cell = cell_new(&arena);
    add_checked_twice(cell);
    struct cell_pack pack = cell_write(cell, &arena);
    str *const sections[] = {&pack.names, &pack.head,  &pack.elements,
                             &pack.times, &pack.edges, &pack.variants};
    for (size_t s = 0; s < COUNT_OF(sections); s++) {
        str whole = *sections[s];
        for (size_t len = 1; len < whole.len; len++) {
            struct error err;
            *sections[s] = str_sub(whole, 0, len);
            assert_false(cell_read(cell_new(&arena), &pack, &err));
            assert_int_equal(err.kind, ERROR_UNAVAILABLE); // whoever asked has done nothing wrong
        }
        *sections[s] = whole;
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases_are_counted),
        cmocka_unit_test(a_case_without_an_activity_has_a_time),
        cmocka_unit_test(a_case_with_too_many_steps_is_known_by_its_time),
        cmocka_unit_test(parts_come_to_the_same_as_the_whole),
        cmocka_unit_test(variants_are_bounded),
        cmocka_unit_test(edges_are_bounded),
        cmocka_unit_test(edges_are_bounded_while_they_are_merged),
        cmocka_unit_test(a_cell_keeps_none_of_the_bytes),
        cmocka_unit_test(damaged_cells_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
