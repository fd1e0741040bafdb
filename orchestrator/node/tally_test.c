// SPDX-License-Identifier: Apache-2.0
// What is counted by names of models, and how many names have a label of their own.
#include "node/tally.h"

#include "record/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct scene {
    struct tally_book book;
    struct arena arena;
};

static const char *printed(struct scene *s)
{
    struct strbuf out = strbuf_new(&s->arena);
    tally_print(&s->book, true, &out);
    return strbuf_cstr(&out);
}

static void done(struct scene *s)
{
    tally_done(&s->book);
    arena_done(&s->arena);
}

static void names_and_words_are_labels(void **state)
{
    (void)state;
    struct scene s = {0};
    assert_null(strstr(printed(&s), "{"));
    tally_count(&s.book, TALLY_JOBS_FAILED, STR("pay"), STR("AUTH"));
    tally_count(&s.book, TALLY_JOBS_FAILED, STR("pay"), STR("AUTH"));
    tally_count(&s.book, TALLY_JOBS_FAILED, STR("pay"), STR("UNANSWERED"));
    tally_count(&s.book, TALLY_JOBS_FAILED, STR("other"), STR("AUTH"));
    tally_count(&s.book, TALLY_JOBS_COMPLETED, STR("p\"a\\y\n"), STR_EMPTY);
    const char *text = printed(&s);
    assert_non_null(strstr(text, "\nbaton_jobs_failed_total{type=\"pay\",class=\"AUTH\"} 2\n"));
    assert_non_null(strstr(text, "{type=\"pay\",class=\"UNANSWERED\"} 1\n"));
    assert_non_null(strstr(text, "\nbaton_jobs_completed_total{type=\"p\\\"a\\\\y\\n\"} 1\n"));
    struct strbuf hidden = strbuf_new(&s.arena);
    tally_print(&s.book, false, &hidden);
    text = strbuf_cstr(&hidden);
    assert_non_null(strstr(text, "failed_total{type=\"(hidden)\",class=\"AUTH\"} 3\n"));
    assert_non_null(strstr(text, "failed_total{type=\"(hidden)\",class=\"UNANSWERED\"} 1\n"));
    assert_null(strstr(text, "pay"));
    done(&s);
}

static void names_beyond_the_limit_share_a_label(void **state)
{
    (void)state;
    struct scene s = {0};
    for (int i = 0; i < TALLY_NAMES + 5; i++)
        tally_count(&s.book, TALLY_STARTED, str_format(&s.arena, "p-%d", i), STR_EMPTY);
    tally_count(&s.book, TALLY_STARTED, STR("p-3"), STR_EMPTY);
    tally_count(&s.book, TALLY_JOBS_CREATED, STR("p-200"), STR_EMPTY);
    const char *text = printed(&s);
    assert_non_null(strstr(text, "started_total{process=\"(other)\"} 5\n"));
    assert_non_null(strstr(text, "started_total{process=\"p-3\"} 2\n"));
    assert_null(strstr(text, "started_total{process=\"p-200\"}"));
    assert_non_null(strstr(text, "created_total{type=\"p-200\"} 1\n"));
    done(&s);
}

static void a_batch_is_counted_by_its_events(void **state)
{
    (void)state;
    struct scene s = {0};
    const struct event events[] = {
        {.type = EVENT_PROCESS_ACTIVATED, .key = 5, .name = STR("loan")},
        {.type = EVENT_JOB_CREATED, .key = 7, .name = STR("pay")},
        {.type = EVENT_JOB_FAILED, .key = 7, .code = STR("POISON")},
        {.type = EVENT_JOB_FAILED, .key = 7},
        {.type = EVENT_JOB_TIMED_OUT, .key = 7},
        {.type = EVENT_JOB_COMPLETED, .key = 7},
        {.type = EVENT_USER_TASK_CREATED, .key = 8},
        {.type = EVENT_USER_TASK_COMPLETED, .key = 8},
        {.type = EVENT_INCIDENT_CREATED, .key = 9, .code = STR("CONDITION_ERROR")},
        {.type = EVENT_SLA_BREACHED, .key = 10},
        {.type = EVENT_PROCESS_COMPLETED, .key = 5}};
    struct changes changes = {0};
    *ARRAY_PUSH(&s.arena, &changes.jobs) = (struct job_row){.key = 7, .type = STR("pay")};
    *ARRAY_PUSH(&s.arena, &changes.instances) =
        (struct instance_row){.key = 5, .process_id = STR("loan")};
    *ARRAY_PUSH(&s.arena, &changes.history) = (struct history_row){
        .stream_kind = STREAM_INSTANCE, .stream = 5, .events = events, .count = COUNT_OF(events)};
    *ARRAY_PUSH(&s.arena, &changes.history) = (struct history_row){
        .stream_kind = STREAM_SHARD, .events = events, .count = COUNT_OF(events)};
    tally_note(&s.book, &changes);
    static const char *const lines[] = {
        "baton_instances_started_total{process=\"loan\"} 1\n",
        "baton_instances_ended_total{process=\"loan\",state=\"completed\"} 1\n",
        "baton_incidents_created_total{process=\"loan\",kind=\"CONDITION_ERROR\"} 1\n",
        "baton_sla_breaches_total{process=\"loan\"} 1\n",
        "baton_user_tasks_created_total{process=\"loan\"} 1\n",
        "baton_user_tasks_completed_total{process=\"loan\"} 1\n",
        "baton_jobs_created_total{type=\"pay\"} 1\n",
        "baton_jobs_completed_total{type=\"pay\"} 1\n",
        "baton_jobs_timed_out_total{type=\"pay\"} 1\n",
        "baton_jobs_failed_total{type=\"pay\",class=\"POISON\"} 1\n",
        "baton_jobs_failed_total{type=\"pay\",class=\"UNSPECIFIED\"} 1\n"};
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_non_null(strstr(printed(&s), lines[i]));
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_words_are_labels),
        cmocka_unit_test(names_beyond_the_limit_share_a_label),
        cmocka_unit_test(a_batch_is_counted_by_its_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
