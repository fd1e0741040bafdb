// SPDX-License-Identifier: Apache-2.0
#include "node/due_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct store_due timer_due(uint64_t key, int64_t due_ms)
{
    return (struct store_due){
        .type = COMMAND_FIRE_TIMER, .key = key, .instance = 1, .due_ms = due_ms};
}

static struct changes fired(struct timer_row *row, uint64_t key)
{
    *row = (struct timer_row){.change = ROW_DELETE, .key = key};
    struct changes changes = {0};
    changes.timers.items = row;
    changes.timers.count = 1;
    return changes;
}

static void what_is_due_comes_in_the_order_of_its_time(void **state)
{
    (void)state;
    struct due_list *list = due_list_new();
    for (uint64_t key = 1; key <= 50; key++) {
        const struct store_due due = timer_due(key, (int64_t)(key * 7 % 50) * 10);
        due_list_add(list, &due, 0);
    }
    struct store_due due;
    int64_t last_ms = -1;
    size_t count = 0;
    for (; due_list_take(list, 10000, &due); count++) {
        assert_true(due.due_ms >= last_ms);
        last_ms = due.due_ms;
    }
    assert_int_equal(count, 50);
    due_list_free(list);
}

static void what_fired_is_forgotten_with_its_row(void **state)
{
    (void)state;
    struct due_list *list = due_list_new();
    for (uint64_t key = 1; key <= 100000; key++) {
        const struct store_due due = timer_due(key, (int64_t)key);
        struct store_due taken;
        struct timer_row row;
        due_list_add(list, &due, (int64_t)key);
        assert_true(due_list_take(list, (int64_t)key, &taken));
        assert_int_equal(due_list_taken(list), 1);
        const struct changes changes = fired(&row, key);
        due_list_apply(list, &changes, (int64_t)key);
        assert_int_equal(due_list_taken(list), 0);
    }
    due_list_free(list);
}

static void what_was_asked_for_in_vain_rests_longer_each_time(void **state)
{
    (void)state;
    struct due_list *list = due_list_new();
    const struct store_due due = timer_due(7, 100);
    struct store_due taken;
    int64_t now_ms = 100;
    int64_t rests_ms[10];
    due_list_add(list, &due, now_ms);
    for (size_t i = 0; i < COUNT_OF(rests_ms); i++) {
        assert_true(due_list_take(list, now_ms, &taken));
        int64_t taken_ms = now_ms;
        do { // the rows are read again and again, and it still stands
            now_ms += 1000;
            due_list_add(list, &due, now_ms);
        } while (due_list_next_ms(list) == INT64_MAX);
        rests_ms[i] = now_ms - taken_ms;
    }
    assert_int_equal(rests_ms[0], DUE_RETRY_MS);
    assert_int_equal(rests_ms[1], 2 * DUE_RETRY_MS);
    assert_int_equal(rests_ms[2], 4 * DUE_RETRY_MS);
    assert_int_equal(rests_ms[9], DUE_LONGEST_RETRY_MS);
    due_list_free(list);
}

static void a_new_time_is_a_new_chance(void **state)
{
    (void)state;
    struct due_list *list = due_list_new();
    struct store_due due = timer_due(7, 100);
    struct store_due taken;
    due_list_add(list, &due, 100);
    assert_true(due_list_take(list, 100, &taken));
    due.due_ms = 200;
    due_list_add(list, &due, 150);
    assert_false(due_list_take(list, 199, &taken));
    assert_true(due_list_take(list, 200, &taken));
    due_list_remove(list, 7);
    assert_int_equal(due_list_taken(list), 0);
    assert_int_equal(due_list_next_ms(list), INT64_MAX);
    due_list_free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_due_comes_in_the_order_of_its_time),
        cmocka_unit_test(what_fired_is_forgotten_with_its_row),
        cmocka_unit_test(what_was_asked_for_in_vain_rests_longer_each_time),
        cmocka_unit_test(a_new_time_is_a_new_chance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
