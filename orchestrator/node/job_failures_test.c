// SPDX-License-Identifier: Apache-2.0
// Failures by type and class, and how many types have a label of their own.
#include "node/job_failures.h"

#include "record/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

struct scene {
    struct job_failures failures;
    struct arena arena;
};

static const char *printed(struct scene *s)
{
    struct strbuf out = strbuf_new(&s->arena);
    job_failures_print(&s->failures, &out);
    return strbuf_cstr(&out);
}

static void done(struct scene *s)
{
    job_failures_done(&s->failures);
    arena_done(&s->arena);
}

static void failures_are_counted_by_type_and_class(void **state)
{
    (void)state;
    struct scene s = {0};
    assert_null(strstr(printed(&s), "{"));
    job_failures_count(&s.failures, STR("pay"), STR("AUTH"));
    job_failures_count(&s.failures, STR("pay"), STR("AUTH"));
    job_failures_count(&s.failures, STR("pay"), STR("UNANSWERED"));
    job_failures_count(&s.failures, STR("p\"a\\y\n"), STR_EMPTY);
    const char *text = printed(&s);
    assert_non_null(strstr(text, "\nbaton_jobs_failed_total{type=\"pay\",class=\"AUTH\"} 2\n"));
    assert_non_null(strstr(text, "{type=\"pay\",class=\"UNANSWERED\"} 1\n"));
    assert_non_null(strstr(text, "{type=\"p\\\"a\\\\y\\n\",class=\"UNSPECIFIED\"} 1\n"));
    assert_null(strstr(text, "TRANSIENT"));
    done(&s);
}

static void types_beyond_the_limit_share_a_label(void **state)
{
    (void)state;
    struct scene s = {0};
    for (int i = 0; i < JOB_FAILURE_TYPES + 5; i++)
        job_failures_count(&s.failures, str_format(&s.arena, "type-%d", i), STR("TRANSIENT"));
    job_failures_count(&s.failures, STR("type-3"), STR("TRANSIENT"));
    const char *text = printed(&s);
    assert_non_null(strstr(text, "{type=\"(other)\",class=\"TRANSIENT\"} 5\n"));
    assert_non_null(strstr(text, "{type=\"type-3\",class=\"TRANSIENT\"} 2\n"));
    assert_null(strstr(text, "type-200"));
    done(&s);
}

static void a_batch_is_counted_by_its_events(void **state)
{
    (void)state;
    struct scene s = {0};
    const struct event events[] = {{.type = EVENT_JOB_FAILED, .key = 7, .code = STR("POISON")},
                                   {.type = EVENT_JOB_COMPLETED, .key = 8}};
    struct changes changes = {0};
    *ARRAY_PUSH(&s.arena, &changes.jobs) = (struct job_row){.key = 7, .type = STR("pay")};
    *ARRAY_PUSH(&s.arena, &changes.history) =
        (struct history_row){.stream_kind = STREAM_INSTANCE, .events = events, .count = 2};
    job_failures_note(&s.failures, &changes);
    assert_non_null(strstr(printed(&s), "{type=\"pay\",class=\"POISON\"} 1\n"));
    assert_null(strstr(printed(&s), "UNSPECIFIED"));
    done(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_counted_by_type_and_class),
        cmocka_unit_test(types_beyond_the_limit_share_a_label),
        cmocka_unit_test(a_batch_is_counted_by_its_events),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
