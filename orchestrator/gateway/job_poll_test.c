// SPDX-License-Identifier: Apache-2.0
// What a poll asks for -> what of it is taken, or why nothing is.
#include "gateway/job_poll.h"

#include "record/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static struct arena arena;

// `count` names, of which `different` are different.
static struct job_poll poll_of(struct caller *caller, size_t count, size_t different)
{
    str *tenants = ARENA_ARRAY(&arena, str, count);
    for (size_t i = 0; i < count; i++)
        tenants[i] = str_format(&arena, "tenant-%zu", i % different);
    caller->arena = &arena;
    return (struct job_poll){.caller = caller, .tenants = tenants, .tenant_count = count};
}

static void a_poll_names_few_tenants(void **state)
{
    (void)state;
    struct caller caller = {.identity = caller_everybody()};
    struct error err;
    struct job_poll few = poll_of(&caller, GATEWAY_MAX_TENANTS, GATEWAY_MAX_TENANTS);
    assert_true(job_poll_check(&few, &err));
    assert_int_equal(few.tenant_count, GATEWAY_MAX_TENANTS);
    struct job_poll many = poll_of(&caller, 100000, 100000);
    assert_false(job_poll_check(&many, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_non_null(strstr(err.text, "GATEWAY_MAX_TENANTS (100)"));
    arena_done(&arena);
}

static void tenants_that_stand_twice_count_once(void **state)
{
    (void)state;
    struct caller caller = {.identity = caller_everybody()};
    struct error err;
    struct job_poll poll = poll_of(&caller, 100000, 3);
    assert_true(job_poll_check(&poll, &err));
    assert_int_equal(poll.tenant_count, 3);
    assert_true(str_equal(poll.tenants[2], STR("tenant-2")));
    arena_done(&arena);
}

static void names_are_short(void **state)
{
    (void)state;
    static const char name[LIMIT_NAME_BYTES + 1] = {'n'};
    struct caller caller = {.identity = caller_everybody()};
    struct error err;
    struct job_poll poll = poll_of(&caller, 1, 1);
    poll.tenants = &(str){name, sizeof name};
    assert_false(job_poll_check(&poll, &err));
    assert_string_equal(err.place, "tenantIds");
    assert_non_null(strstr(err.text, "NAME_BYTES"));
    poll = poll_of(&caller, 1, 1);
    poll.worker = (str){name, sizeof name};
    assert_false(job_poll_check(&poll, &err));
    assert_string_equal(err.place, "worker");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_poll_names_few_tenants),
        cmocka_unit_test(tenants_that_stand_twice_count_once),
        cmocka_unit_test(names_are_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
