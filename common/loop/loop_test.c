// SPDX-License-Identifier: Apache-2.0
#include "loop/helper.h"
#include "loop/pending.h"
#include "loop/retry.h"
#include "loop/timer.h"

#include <event2/event.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void an_answer_finds_its_owner(void **state)
{
    (void)state;
    int owner;
    struct pending_list list = {0};
    struct pending *first = pending_new(&list, &owner);
    struct pending *second = pending_new(&list, &owner);
    struct pending *third = pending_new(&list, &owner);
    assert_int_equal(list.count, 3);
    assert_ptr_equal(pending_end(second), &owner);
    assert_ptr_equal(pending_owner(first), &owner);
    assert_ptr_equal(pending_end(first), &owner);
    assert_ptr_equal(pending_end(third), &owner);
    assert_int_equal(list.count, 0);
    assert_null(list.first);
}

static void an_answer_after_a_cancellation_is_dropped_although_the_owner_has_gone(void **state)
{
    (void)state;
    struct pending_list *list = calloc(1, sizeof *list); // part of an owner
    struct pending *late = pending_new(list, list);
    struct pending *later = pending_new(list, list);
    pending_cancel(list);
    assert_int_equal(list->count, 0);
    assert_int_equal(list->generation, 1);
    struct pending *again = pending_new(list, list);
    assert_ptr_equal(pending_end(again), list);
    free(list);
    assert_null(pending_owner(late));
    assert_null(pending_end(late));
    assert_null(pending_end(later));
}

static void a_retry_rests_longer_each_time_and_ends(void **state)
{
    (void)state;
    const struct retry_rule rule = {.first_ms = 100, .longest_ms = 300, .tries = 4};
    struct retry retry = {0};
    int64_t rest_ms;
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 100);
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 200);
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 300);
    assert_false(retry_next(&retry, &rule, &rest_ms));
    retry_reset(&retry);
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 100);
}

static void a_retry_without_an_end_keeps_its_longest_rest(void **state)
{
    (void)state;
    const struct retry_rule rule = {.first_ms = 1000, .longest_ms = 60000};
    struct retry retry = {.failures = UINT32_MAX};
    int64_t rest_ms;
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 60000);
    assert_true(retry_next(&retry, &rule, &rest_ms));
    assert_int_equal(rest_ms, 60000);
}

struct bell {
    struct event_base *loop;
    struct timer *timer;
    int rings;
};

static void on_bell(void *context)
{
    struct bell *bell = context;
    if (++bell->rings == 3)
        event_base_loopbreak(bell->loop);
    else
        timer_set(bell->timer, 1);
}

static void a_timer_rings_once_each_time_it_is_set(void **state)
{
    (void)state;
    struct bell bell = {.loop = event_base_new()};
    bell.timer = timer_new(bell.loop, on_bell, &bell);
    assert_false(timer_is_set(bell.timer));
    timer_set_us(bell.timer, 10);
    assert_true(timer_is_set(bell.timer));
    event_base_dispatch(bell.loop);
    assert_int_equal(bell.rings, 3);
    timer_set(bell.timer, 1);
    timer_stop(bell.timer);
    assert_false(timer_is_set(bell.timer));
    timer_free(bell.timer);
    event_base_free(bell.loop);
}

// -- Helpers ----------------------------------------------------------------------------

struct gate { // that a task stands before
    pthread_mutex_t lock;
    pthread_cond_t opened;
    bool is_open;
};

struct errand {
    struct gate *gate;
    struct event_base *loop;
    pthread_t thread; // that it was run on
    bool was_run, came_back;
    size_t *left;
};

static void stand(void *context)
{
    struct errand *errand = context;
    pthread_mutex_lock(&errand->gate->lock);
    while (!errand->gate->is_open)
        pthread_cond_wait(&errand->gate->opened, &errand->gate->lock);
    pthread_mutex_unlock(&errand->gate->lock);
    errand->thread = pthread_self();
}

static void come_back(void *context, bool was_run)
{
    struct errand *errand = context;
    errand->came_back = true;
    errand->was_run = was_run;
    if (--*errand->left == 0)
        event_base_loopbreak(errand->loop);
}

static void open_gate(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->is_open = true;
    pthread_cond_broadcast(&gate->opened);
    pthread_mutex_unlock(&gate->lock);
}

static void a_helper_runs_tasks_beside_the_loop_and_refuses_too_many(void **state)
{
    (void)state;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    size_t left = 0;
    struct event_base *loop = event_base_new();
    struct helper *helper = helper_new(loop, 1, 3);
    struct errand errands[6];
    size_t taken = 0;
    for (size_t i = 0; i < COUNT_OF(errands); i++) {
        errands[i] = (struct errand){.gate = &gate, .loop = loop, .left = &left};
        left++;
        if (helper_run(helper, stand, come_back, &errands[i]))
            taken++;
        else
            left--;
    }
    assert_true(taken == 3 || taken == 4); // one may have been taken up by then
    open_gate(&gate);
    event_base_dispatch(loop);
    for (size_t i = 0; i < taken; i++) {
        assert_true(errands[i].came_back && errands[i].was_run);
        assert_false(pthread_equal(errands[i].thread, pthread_self()));
    }
    helper_free(helper);
    event_base_free(loop);
}

static void a_helper_that_ends_gives_back_what_it_has(void **state)
{
    (void)state;
    struct gate gate = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false};
    struct event_base *loop = event_base_new();
    struct helper *helper = helper_new(loop, 2, 10);
    struct errand errands[10];
    size_t left = COUNT_OF(errands);
    for (size_t i = 0; i < COUNT_OF(errands); i++) {
        errands[i] = (struct errand){.gate = &gate, .loop = loop, .left = &left};
        assert_true(helper_run(helper, stand, come_back, &errands[i]));
    }
    open_gate(&gate);
    helper_free(helper);
    assert_int_equal(left, 0);
    event_base_free(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_finds_its_owner),
        cmocka_unit_test(an_answer_after_a_cancellation_is_dropped_although_the_owner_has_gone),
        cmocka_unit_test(a_retry_rests_longer_each_time_and_ends),
        cmocka_unit_test(a_retry_without_an_end_keeps_its_longest_rest),
        cmocka_unit_test(a_timer_rings_once_each_time_it_is_set),
        cmocka_unit_test(a_helper_runs_tasks_beside_the_loop_and_refuses_too_many),
        cmocka_unit_test(a_helper_that_ends_gives_back_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
