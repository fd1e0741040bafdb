// SPDX-License-Identifier: Apache-2.0
// Queries -> SQL, or what is wrong with them. What a scope does not see is in no statement.
#include "base/strbuf.h"
#include "store/read/collections.h"
#include "store/read/read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define SCOPE "($1::text[] IS NULL OR tenant = ANY ($1::text[]))"

static const struct {
    const char *query;
    const char *where; // of jobs; NULL: *error
    const char *error;
} cases[] = {
    {"{}", SCOPE, NULL},
    {"{\"filter\":{\"type\":\"pay\"}}", SCOPE " AND ((type) = $2::text)", NULL},
    {"{\"filter\":{\"retries\":{\"$gt\":1,\"$lte\":3}}}",
     SCOPE " AND ((retries) > $2::bigint AND (retries) <= $3::bigint)", NULL},
    {"{\"filter\":{\"type\":{\"$in\":[\"a\",\"b\\\"\"]}}}",
     SCOPE " AND ((type)::text = ANY ($2::text[]))", NULL},
    {"{\"filter\":{\"tenantId\":\"<default>\"}}", SCOPE " AND ((tenant) = $2::text)", NULL},
    {"{\"filter\":{\"customHeaders\":\"{}\"}}", SCOPE " AND ((headers)::text = $2::text)", NULL},
    {"{\"filter\":{\"colour\":1}}", NULL, "a job has no field 'colour' to filter by"},
    {"{\"filter\":{\"retries\":\"x\"}}", NULL, "the filter's value must be a whole number"},
    {"{\"filter\":{\"creationTime\":\"0000-01-01T00:00:00Z\"}}", NULL, "a date-time such as"},
    {"{\"sort\":[{\"field\":\"customHeaders\"}]}", NULL, "'customHeaders' has no order to sort by"},
    {"{\"page\":{\"limit\":10001}}", NULL, "SEARCH_MAX_LIMIT (10000)"},
    {"{\"page\":{\"after\":\"x\"}}", NULL, "the cursor is not one of ours"},
};

static void queries_become_sql(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct search_sql sql = {0};
        struct json *query;
        struct error err;
        assert_true(json_parse(&arena, str_of(cases[i].query), &query, &err));
        bool good =
            search_sql_build(&arena, scope_everything(), &collection_jobs, query, &sql, &err);
        if (good != (cases[i].where != NULL))
            fail_msg("%s: %s", cases[i].query, good ? "is taken" : err.text);
        if (good)
            assert_string_equal(strbuf_cstr(&sql.where), cases[i].where);
        else if (strstr(err.text, cases[i].error) == NULL)
            fail_msg("%s: %s", cases[i].query, err.text);
        arena_done(&arena);
    }
}

static void limits_have_names(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct json *query;
    struct strbuf list = strbuf_new(&arena);
    strbuf_add(&list, STR("{\"filter\":{\"retries\":{\"$in\":[0"));
    for (int i = 1; i < SEARCH_MAX_LIST; i++)
        strbuf_format(&list, ",%d", i);
    struct strbuf longer = strbuf_new(&arena);
    strbuf_format(&longer, "%s,1]}}}", strbuf_cstr(&list));
    strbuf_add(&list, STR("]}}}"));

    struct search_sql fits = {0};
    assert_true(json_parse(&arena, strbuf_str(&list), &query, &err));
    assert_true(search_sql_build(&arena, scope_everything(), &collection_jobs, query, &fits, &err));
    assert_int_equal(fits.count, 2); // the scope, and one array
    struct search_sql too_long = {0};
    assert_true(json_parse(&arena, strbuf_str(&longer), &query, &err));
    assert_false(
        search_sql_build(&arena, scope_everything(), &collection_jobs, query, &too_long, &err));
    assert_non_null(strstr(err.text, "SEARCH_MAX_LIST (1000)"));
    arena_done(&arena);
}

// -- Scopes -----------------------------------------------------------------------------

static void a_scope_is_a_parameter_of_every_statement(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const str tenants[] = {STR(""), STR("a\"b\\c")};
    struct scope two = scope_tenants(tenants, COUNT_OF(tenants));
    const struct statement statements[] = {
        read_process_key(&arena, two, STR("t"), STR("p"), -1),
        read_process_source(&arena, two, 1),
        read_resource_text(&arena, two, 1),
        read_resource(&arena, two, 1),
        read_model(&arena, two, STR("t"), STR("n")),
        read_standing(&arena, two, 1),
        read_instance_of_job(&arena, two, 1),
        read_instance_of_user_task(&arena, two, 1),
        read_instance_of_incident(&arena, two, 1),
        read_instance_of_scope(&arena, two, 1),
        read_form(&arena, two, 1),
        read_evaluation(&arena, two, 1),
        read_history(&arena, two, 1, 10),
        search_one(&arena, two, &collection_jobs, 1),
        search_part(&arena, two, &collection_variables, 1, STR("100001")),
    };
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        const struct statement *statement = &statements[i];
        assert_non_null(strstr(statement->sql, "$1::text[]"));
        assert_true(str_equal(statement->parameters[0], STR("{\"\",\"a\\\"b\\\\c\"}")));
    }
    arena_done(&arena);
}

static void a_scope_that_nobody_filled_sees_nothing(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct scope empty = {0};
    assert_true(str_equal(scope_parameter(&arena, empty), STR("{}")));
    assert_null(scope_parameter(&arena, scope_everything()).data);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_become_sql),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(a_scope_is_a_parameter_of_every_statement),
        cmocka_unit_test(a_scope_that_nobody_filled_sees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
