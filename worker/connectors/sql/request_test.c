// SPDX-License-Identifier: Apache-2.0
// What a model may ask of the SQL connector, and that its values are never text of a statement.
#include "connector_sql/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define AT "\"connection\":{\"host\":\"h\",\"databaseName\":\"d\",\"username\":\"u\"}"

static bool read_text(struct arena *arena, str text, struct sql_request *ret_request,
                      struct error *err)
{
    struct input input = {"sql connector", arena, NULL, err};
    return input_open(&input, text) && sql_read(&input, ret_request);
}

static void assert_refused(const char *text, const char *part)
{
    struct arena arena = ARENA_EMPTY;
    struct sql_request request;
    struct error err;
    if (read_text(&arena, str_of(text), &request, &err))
        fail_msg("taken: %s", text);
    if (str_find(str_of(err.text), str_of(part)) == SIZE_MAX)
        fail_msg("'%s' does not say '%s'", err.text, part);
    arena_done(&arena);
}

static void no_piece_of_a_password_is_said(void **state)
{
    static const char *const uris[] = {
        "postgresql://app:Sup3r/Secret@db/app", "postgresql://app:ab@Sup3rSecret@db/app",
        "postgresql://app@Sup3rSecret/x@db/app", "postgresql://u@h/d?sslmode=Sup3rSecret"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(uris); i++) {
        struct arena arena = ARENA_EMPTY;
        struct sql_request request;
        struct error err;
        str text = str_format(
            &arena, "{\"connection\":{\"uri\":\"%s\"},\"data\":{\"query\":\"SELECT 1\"}}", uris[i]);
        if (!read_text(&arena, text, &request, &err))
            assert_true(str_find(str_of(err.text), STR("Sup3r")) == SIZE_MAX);
        arena_done(&arena);
    }
    char host[151];
    memset(host, '/', sizeof host - 1);
    host[sizeof host - 1] = '\0';
    struct arena arena = ARENA_EMPTY;
    assert_int_equal(input_found(&arena, str_of(host)).len, 0);
    arena_done(&arena);
}

static const struct {
    const char *query;
    const char *variables;
    const char *sql;
    const char *values[4]; // up to the first NULL
} places[] = {
    {"SELECT ?, ?", "[1,\"a'b\"]", "SELECT $1, $2", {"1", "a'b"}},
    {"SELECT :a, :bc, :a", "{\"a\":true,\"bc\":[1]}", "SELECT $1, $2, $3", {"true", "[1]", "true"}},
    {"SELECT $1::int", "[7]", "SELECT $1::int", {"7"}},
    {"SELECT '?', \"?\", ? -- ?", "[1]", "SELECT '?', \"?\", $1 -- ?", {"1"}},
    {"SELECT E'\\'?', ?", "[1]", "SELECT E'\\'?', $1", {"1"}},
    {"SELECT E'a''b\\'?', ?", "[1]", "SELECT E'a''b\\'?', $1", {"1"}},
    {"SELECT a[1:n], (b)[2:n] = :n", "{\"n\": 1}", "SELECT a[1:n], (b)[2:n] = $1", {"1"}},
    {"SELECT ARRAY[:n]", "{\"n\": 1}", "SELECT ARRAY[$1]", {"1"}},
    {"SELECT 'it''s ?', ?", "[1]", "SELECT 'it''s ?', $1", {"1"}},
    {"SELECT /* ? /* ? */ ? */ ?", "[1]", "SELECT /* ? /* ? */ ? */ $1", {"1"}},
    {"SELECT $$ ? $$, $t$ ? $$ $t$, ?", "[1]", "SELECT $$ ? $$, $t$ ? $$ $t$, $1", {"1"}},
    {"SELECT j ?? 'k', ?", "[1]", "SELECT j ? 'k', $1", {"1"}},
    {"SELECT :a::text, x[1:2]", "{\"a\":1}", "SELECT $1::text, x[1:2]", {"1"}},
    {"SELECT j ? 'k'", "{}", "SELECT j ? 'k'", {NULL}},
};

static void places_are_parameters(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct arena arena = ARENA_EMPTY;
        struct strbuf text = strbuf_new(&arena);
        struct sql_request request;
        struct error err;
        strbuf_format(&text, "{" AT ",\"data\":{\"variables\":%s,\"query\":", places[i].variables);
        json_quote(&text, str_of(places[i].query));
        strbuf_add(&text, STR("}}"));
        if (!read_text(&arena, strbuf_str(&text), &request, &err))
            fail_msg("%s: %s", places[i].query, err.text);
        assert_string_equal(request.statement.sql, places[i].sql);
        for (size_t k = 0; k < request.statement.count; k++)
            assert_string_equal(request.statement.values[k], places[i].values[k]);
        assert_true(request.statement.count == 4 ||
                    places[i].values[request.statement.count] == NULL);
        arena_done(&arena);
    }
}

static void null_is_null(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct sql_request request;
    struct error err;
    assert_true(read_text(&arena,
                          STR("{" AT ",\"data\":{\"query\":\"SELECT ?\",\"variables\":[null]}}"),
                          &request, &err));
    assert_int_equal(request.statement.count, 1);
    assert_null(request.statement.values[0]);
    assert_string_equal(request.port, "5432");
    assert_string_equal(request.ssl_mode, "require");
    arena_done(&arena);
}

static void an_address_is_read(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct sql_request request;
    struct error err;
    assert_true(read_text(
        &arena,
        STR("{\"connection\":{\"uri\":\"jdbc:postgresql://anna@db.example:6432/shop?sslmode="
            "verify-full\",\"password\":\"p\"},\"data\":{\"query\":\"SELECT 1\"}}"),
        &request, &err));
    assert_string_equal(request.host, "db.example");
    assert_string_equal(request.port, "6432");
    assert_string_equal(request.database, "shop");
    assert_string_equal(request.user, "anna");
    assert_string_equal(request.password, "p");
    assert_string_equal(request.ssl_mode, "verify-full");
    arena_done(&arena);
}

#define ONE "\"data\":{\"query\":\"SELECT 1\"}"

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    assert_refused("{" AT "}", "data.query");
    assert_refused("{" AT ",\"data\":{\"query\":\"SELECT ?\",\"variables\":[]}}", "place 1");
    assert_refused("{" AT ",\"data\":{\"query\":\"SELECT ?\",\"variables\":[1,2]}}", "2 items");
    assert_refused("{" AT ",\"data\":{\"query\":\"SELECT :b\",\"variables\":{\"a\":1}}}", "':b'");
    assert_refused("{" AT ",\"data\":{\"query\":\"SELECT ?\",\"variables\":[\"\\u0000\"]}}",
                   "U+0000");
    assert_refused("{\"connection\":{\"host\":\"/run\",\"username\":\"u\"}," ONE "}",
                   "connection.host");
    assert_refused("{\"connection\":{\"host\":\"a,b\",\"username\":\"u\"}," ONE "}",
                   "connection.host");
    assert_refused("{\"connection\":{\"host\":\"a\"}," ONE "}", "connection.username");
    assert_refused("{\"connection\":{\"host\":\"a\",\"username\":\"u\",\"port\":\"x\"}," ONE "}",
                   "connection.port");
    assert_refused("{\"connection\":{\"host\":\"a\",\"username\":\"u\",\"sslMode\":\"prefer\"}," ONE
                   "}",
                   "connection.sslMode");
    assert_refused("{\"connection\":{\"uri\":\"postgresql://u@h/d?sslkey=/root/k\"}," ONE "}",
                   "sslkey");
    assert_refused("{\"connection\":{\"uri\":\"postgresql://u@h/d?hostaddr=10.0.0.1\"}," ONE "}",
                   "hostaddr");
    assert_refused("{\"connection\":{\"uri\":\"mysql://u@h/d\"}," ONE "}", "connection.uri");
    assert_refused("{" AT ",\"database\":\"ORACLE\"," ONE "}", "POSTGRESQL");
    assert_refused("{" AT "," ONE ",\"timeoutInSeconds\":601}", "timeoutInSeconds");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_piece_of_a_password_is_said),
        cmocka_unit_test(places_are_parameters),
        cmocka_unit_test(null_is_null),
        cmocka_unit_test(an_address_is_read),
        cmocka_unit_test(what_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
