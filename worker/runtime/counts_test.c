// SPDX-License-Identifier: Apache-2.0
// What Prometheus reads of a worker.
#include "worker/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void failures_are_told_by_type_and_class(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    const struct type_counts pay = {.type = "pay",
                                    .received = 4,
                                    .failed = {[FAILURE_AUTH] = 2, [FAILURE_UNSPECIFIED] = 1},
                                    .in_flight = 1};
    const struct type_counts odd = {.type = "o\"d\\d", .completed = 3, .thrown = 1};
    const struct type_counts *const both[] = {&pay, &odd};
    type_counts_print(both, 2, &out);
    const char *text = strbuf_cstr(&out);
    assert_non_null(
        strstr(text, "\nbaton_worker_jobs_failed_total{type=\"pay\",class=\"AUTH\"} 2\n"));
    assert_non_null(strstr(text, "{type=\"pay\",class=\"UNSPECIFIED\"} 1\n"));
    assert_null(strstr(text, "TRANSIENT"));
    assert_non_null(strstr(text, "\nbaton_worker_jobs_received_total{type=\"pay\"} 4\n"));
    assert_non_null(strstr(text, "\nbaton_worker_jobs_completed_total{type=\"o\\\"d\\\\d\"} 3\n"));
    assert_non_null(strstr(text, "\nbaton_worker_jobs_thrown_total{type=\"o\\\"d\\\\d\"} 1\n"));
    assert_non_null(strstr(text, "\nbaton_worker_jobs_in_flight{type=\"pay\"} 1\n"));
    assert_int_equal(strncmp(text, "# HELP baton_worker_jobs_received_total ", 40), 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(failures_are_told_by_type_and_class)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
