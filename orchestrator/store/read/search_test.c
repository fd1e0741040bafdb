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

#define OF_JOBS SCOPE_SEES("j.tenant", "j.process_id")

static const struct {
    const char *query;
    const char *where; // of jobs; NULL: *error
    const char *error;
} cases[] = {
    {"{}", OF_JOBS, NULL},
    {"{\"filter\":{\"type\":\"pay\"}}", OF_JOBS " AND ((j.type) = $3::text)", NULL},
    {"{\"filter\":{\"retries\":{\"$gt\":1,\"$lte\":3}}}",
     OF_JOBS " AND ((j.retries) > $3::bigint AND (j.retries) <= $4::bigint)", NULL},
    {"{\"filter\":{\"type\":{\"$in\":[\"a\",\"b\\\"\"]}}}",
     OF_JOBS " AND ((j.type) = ANY ($3::text[]))", NULL},
    {"{\"filter\":{\"tenantId\":\"<default>\"}}", OF_JOBS " AND ((j.tenant) = $3::text)", NULL},
    {"{\"filter\":{\"customHeaders\":\"{}\"}}", OF_JOBS " AND ((j.headers)::text = $3::text)",
     NULL},
    // What nobody filled in is not asked.
    {"{\"filter\":{\"type\":{\"$eq\":\"pay\",\"$in\":[],\"$notIn\":[],\"$like\":null}}}",
     OF_JOBS " AND ((j.type) = $3::text)", NULL},
    {"{\"filter\":{\"type\":{},\"worker\":null,\"jobKey\":[]}}", OF_JOBS " AND (true)", NULL},
    {"{\"filter\":{\"$or\":[]}}", OF_JOBS " AND (true)", NULL},
    // A name stands for all states that are shown by it, in any case.
    {"{\"filter\":{\"state\":\"created\"}}", OF_JOBS " AND ((j.state) = ANY ($3::bigint[]))", NULL},
    {"{\"filter\":{\"state\":{\"$neq\":\"FAILED\"}}}",
     OF_JOBS " AND ((j.state) <> ALL ($3::bigint[]))", NULL},
    {"{\"filter\":{\"tenantId\":{\"$like\":\"<de*\"}}}",
     OF_JOBS " AND (coalesce(nullif(j.tenant, ''), '<default>') LIKE $3)", NULL},
    {"{\"filter\":{\"colour\":1}}", NULL, "a job has no field 'colour' to filter by"},
    {"{\"filter\":{\"colour\":null}}", NULL, "a job has no field 'colour' to filter by"},
    {"{\"filter\":{\"retries\":\"x\"}}", NULL, "the filter's value must be a whole number"},
    {"{\"filter\":{\"state\":\"ASLEEP\"}}", NULL, "one of CREATED, FAILED, COMPLETED"},
    {"{\"filter\":{\"retries\":{\"$like\":\"1*\"}}}", NULL, "'$like' is no operator of it"},
    {"{\"filter\":{\"creationTime\":\"0000-01-01T00:00:00Z\"}}", NULL, "a date-time such as"},
    {"{\"sort\":[{\"field\":\"customHeaders\"}]}", NULL, "'customHeaders' has no order to sort by"},
    {"{\"sort\":[{\"field\":\"type\",\"order\":\"UP\"}]}", NULL, "the order must be ASC or DESC"},
    {"{\"page\":{\"limit\":10001}}", NULL, "SEARCH_MAX_LIMIT (10000)"},
    {"{\"page\":{\"after\":\"x\"}}", NULL, "the cursor is not one of a search with this sort"},
    {"{\"page\":{\"after\":\"WyJhIl0=\"}}", NULL, "the cursor is not one of"}, // ["a"]: no key
    {"{\"page\":{\"from\":1,\"after\":\"WyIxIl0=\"}}", NULL, "from, after and before exclude"},
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
    assert_int_equal(fits.count, 3); // the scope, what is pending, and one array
    struct search_sql too_long = {0};
    assert_true(json_parse(&arena, strbuf_str(&longer), &query, &err));
    assert_false(
        search_sql_build(&arena, scope_everything(), &collection_jobs, query, &too_long, &err));
    assert_non_null(strstr(err.text, "SEARCH_MAX_LIST (1000)"));
    arena_done(&arena);
}

// ["2026-01-02T03:04:05.678901Z","7"]
#define PLACE "WyIyMDI2LTAxLTAyVDAzOjA0OjA1LjY3ODkwMVoiLCI3Il0="

static const struct {
    const char *query;
    const char *rest; // of the statement, from the seek on
} pages[] = {
    {"{\"page\":{\"after\":\"WyIyMjUxNzk5ODEzNjg1MjU1Il0=\"}}",
     " AND ((j.shard, j.key) > (0, $3::bigint)) ORDER BY j.shard, j.key LIMIT 100 OFFSET 0"},
    {"{\"page\":{\"before\":\"WyIyMjUxNzk5ODEzNjg1MjU1Il0=\",\"limit\":2}}",
     " AND ((j.shard, j.key) < (0, $3::bigint)) ORDER BY j.shard DESC, j.key DESC LIMIT 2 OFFSET "
     "0"},
    {"{\"sort\":[{\"field\":\"endTime\",\"order\":\"desc\"}],\"page\":{\"after\":\"" PLACE "\"}}",
     " AND (((j.ended)::timestamptz < $3::timestamptz OR "
     "(j.ended)::timestamptz "
     "IS NULL) OR ((j.ended)::timestamptz = $4::timestamptz AND (j.key > $5::bigint))) "
     "ORDER BY (j.ended)::timestamptz DESC NULLS LAST, j.key LIMIT 100 OFFSET 0"},
};

static void cursors_are_places_in_the_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pages); i++) {
        struct arena arena = ARENA_EMPTY;
        struct search_sql sql = {0};
        struct json *query;
        struct error err;
        assert_true(json_parse(&arena, str_of(pages[i].query), &query, &err));
        assert_true(
            search_sql_build(&arena, scope_everything(), &collection_jobs, query, &sql, &err));
        struct statement rows = search_rows(&arena, &collection_jobs, &sql);
        struct statement count = search_count(&arena, &collection_jobs, &sql);
        const char *rest = strstr(rows.sql, OF_JOBS);
        assert_non_null(rest);
        assert_string_equal(rest + strlen(OF_JOBS), pages[i].rest);
        assert_int_equal(count.count, 2); // the whole, wherever the page is
        arena_done(&arena);
    }
}

// -- Scopes -----------------------------------------------------------------------------

static void a_scope_is_a_parameter_of_every_statement(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const str tenants[] = {STR(""), STR("a\"b\\c")};
    struct scope two = scope_tenants(tenants, COUNT_OF(tenants));
    const struct statement statements[] = {
        read_process_key(&arena, two, STR("t"), &(struct process_version){STR("p"), -1, STR("")}),
        read_process_source(&arena, two, 1),
        read_resource_text(&arena, two, 1),
        read_resource(&arena, two, 1),
        read_model(&arena, two, STR("t"), STR("n")),
        read_form_by_key(&arena, two, 1),
        read_start_form(&arena, two, 1),
        read_visible(&arena, two, 1),
        read_callers(&arena, two, 1),
        read_instance_of_job(&arena, two, 1),
        read_instance_of_user_task(&arena, two, 1),
        read_instance_of_incident(&arena, two, 1),
        read_instance_of_scope(&arena, two, 1),
        read_form(&arena, two, 1),
        read_evaluation(&arena, two, 1),
        read_history(&arena, two, 1, 10),
        search_one(&arena, two, &collection_jobs, 1),
        search_part(&arena, two, &collection_decision_instance, 1, STR("1-1")),
    };
    for (size_t i = 0; i < COUNT_OF(statements); i++) {
        const struct statement *statement = &statements[i];
        assert_non_null(strstr(statement->sql, SCOPE ".tenants"));
        assert_true(str_equal(statement->parameters[0],
                              STR("(\"{\"\"\"\",\"\"a\\\\\"\"b\\\\\\\\c\"\"}\",,,\"{}\",\"{}\")")));
    }
    arena_done(&arena);
}

static void a_scope_that_nobody_filled_sees_nothing(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct scope empty = {0};
    assert_true(str_equal(scope_parameter(&arena, empty), STR("(\"{}\",\"{}\",,\"{}\",\"{}\")")));
    assert_null(scope_parameter(&arena, scope_everything()).data);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_become_sql),
        cmocka_unit_test(limits_have_names),
        cmocka_unit_test(cursors_are_places_in_the_order),
        cmocka_unit_test(a_scope_is_a_parameter_of_every_statement),
        cmocka_unit_test(a_scope_that_nobody_filled_sees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
