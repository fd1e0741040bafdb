// SPDX-License-Identifier: Apache-2.0
// The file of providers: what it may say, and how its mistakes are told.
#include "access/claims.h"
#include "access/provider_file.h"

#include "access/jwt.h"
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct arena arena;
static struct error err;

static bool read_text(const char *text, struct provider_settings **ret_providers, size_t *ret_count)
{
    char path[] = "/tmp/baton-providers-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
    bool good = provider_file_read(&arena, path, ret_providers, ret_count, &err);
    unlink(path);
    return good;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void a_short_file_has_sensible_settings(void **state)
{
    (void)state;
    struct provider_settings *all;
    size_t count;
    assert_true(read_text("[{\"name\":\"corp\",\"issuer\":\"https://id.example/\",\"client_id\":"
                          "\"baton\"}]",
                          &all, &count));
    assert_int_equal(count, 1);
    assert_true(str_equal(all[0].label, STR("corp")));
    assert_true(str_equal(all[0].discovery_url,
                          STR("https://id.example/.well-known/openid-configuration")));
    assert_int_equal(all[0].audiences.count, 1);
    assert_true(str_equal(all[0].audiences.items[0], STR("baton")));
    assert_true(str_equal(all[0].username_claim, STR("sub")));
    assert_int_equal(all[0].scopes.count, 2);
    assert_int_equal(all[0].leeway_s, 30);
    assert_int_equal(all[0].allowed, (1u << JWT_ALGORITHMS) - 1);
    assert_true(provider_file_read(&arena, "", &all, &count, &err));
    assert_int_equal(count, 0);
}

static void a_long_file_is_read_whole(void **state)
{
    (void)state;
    struct provider_settings *all;
    size_t count;
    setenv("BATON_TEST_PROVIDER_SECRET", "from outside", 1);
    assert_true(read_text(
        "[{\"name\":\"kc\",\"label\":\"Keycloak\",\"issuer\":\"https://id.example/realms/a\","
        "\"discovery_url\":\"http://keycloak:8080/realms/a/.well-known/openid-configuration\","
        "\"client_id\":\"baton\",\"client_secret_env\":\"BATON_TEST_PROVIDER_SECRET\","
        "\"audiences\":[\"baton\",\"baton-api\"],\"scopes\":[\"openid\",\"email\"],"
        "\"username_claim\":\"preferred_username\",\"groups_claim\":\"for g in groups return "
        "substring after(g, \\\"/\\\")\",\"client_if\":\"is defined(client_id)\","
        "\"prefer_username\":true,\"algorithms\":[\"RS256\",\"EdDSA\"],\"leeway_s\":0,"
        "\"refresh_s\":60},"
        "{\"name\":\"other\",\"issuer\":\"urn:other\",\"jwks_url\":\"https://other.example/keys\","
        "\"audiences\":[\"x\"],\"username_claim\":\"https://other.example/name\"}]",
        &all, &count));
    assert_int_equal(count, 2);
    assert_true(str_equal(all[0].client_secret, STR("from outside")));
    assert_int_equal(all[0].allowed, 1u << JWT_RS256 | 1u << JWT_EdDSA);
    assert_true(all[0].prefer_username);
    assert_true(str_is_empty(all[1].discovery_url));
}

#define P(more) "[{\"name\":\"a\",\"issuer\":\"https://a\",\"client_id\":\"b\"" more "}]"

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"", "json"},
        {"{}", "a list"},
        {"[1]", "[0]: an object"},
        {"[{}]", "[0].name: it must be there"},
        {"[{\"name\":\"A\"}]", "[0].name: 'A' must be"},
        {"[{\"name\":\"a\"}]", "[0].issuer: it must be there"},
        {"[{\"name\":\"a\",\"issuer\":\"https://a\"}]", "[0]: audiences or client_id"},
        {"[{\"name\":\"a\",\"issuer\":\"a\",\"client_id\":\"b\"}]",
         "[0]: the issuer is no address"},
        {P(",\"isuer\":\"x\""), "[0]: there is no member 'isuer'"},
        {P(",\"discovery_url\":\"ftp://a\""), "[0].discovery_url: 'ftp://a' is no address"},
        {P(",\"discovery_url\":\"https://u:p@a/\""), "[0].discovery_url:"},
        {P(",\"discovery_url\":7"), "[0].discovery_url: a text"},
        {P(",\"algorithms\":[\"HS256\"]"), "[0].algorithms: 'HS256' is no signature"},
        {P(",\"algorithms\":[\"none\"]"), "[0].algorithms: 'none'"},
        {P(",\"algorithms\":\"RS256\""), "[0].algorithms: a list"},
        {P(",\"audiences\":[\"x\",\"\"]"), "[0].audiences: item 1"},
        {P(",\"leeway_s\":301"), "[0].leeway_s: a number from 0 to 300"},
        {P(",\"leeway_s\":\"30\""), "[0].leeway_s: a number"},
        {P(",\"prefer_username\":1"), "[0].prefer_username: true or false"},
        {P(",\"username_claim\":\"for x in\""), "[0].username_claim: "},
        {P(",\"groups_claim\":\"if(\""), "[0].groups_claim: "},
        {P(",\"client_secret\":\"x\",\"client_secret_env\":\"Y\""), "only one"},
        {P(",\"client_secret_env\":\"BATON_NOT_SET\""), "no variable 'BATON_NOT_SET'"},
        {P(",\"client_secret_file\":\"/nowhere\""), "'/nowhere' cannot be read"},
        {"[{\"name\":\"a\",\"issuer\":\"https://"
         "a\",\"client_id\":\"b\"},{\"name\":\"a\",\"issuer\":"
         "\"https://b\",\"client_id\":\"b\"}]",
         "[1]: provider [0] has this name"},
        {"[{\"name\":\"a\",\"issuer\":\"https://"
         "a\",\"client_id\":\"b\"},{\"name\":\"b\",\"issuer\":"
         "\"https://a\",\"client_id\":\"b\"}]",
         "[1]: provider [0] has this issuer"},
        {P(",\"name\":\"b\""), "stands twice"},
    };
    struct provider_settings *all;
    size_t count;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(read_text(rows[i][0], &all, &count));
        assert_string_equal(err.place, "auth.providers");
        if (i > 0 && strstr(err.text, rows[i][1]) == NULL)
            fail_msg("%s: %s", rows[i][0], err.text);
    }
    assert_false(provider_file_read(&arena, "/nowhere.json", &all, &count, &err));
    assert_non_null(strstr(err.text, "cannot be read"));
}

static const struct json *claims_of(const char *text)
{
    struct json *json;
    assert_true(json_parse(&arena, str_of(text), &json, &err));
    return json;
}

static void claims_are_read_by_name_or_by_expression(void **state)
{
    (void)state;
    const struct json *claims = claims_of(
        "{\"sub\":\"a1\",\"n\":42,\"https://x/roles\":[\"r1\",7,null,\"r2\"],\"groups\":"
        "[\"/a\",\"/b/c\"],\"realm_access\":{\"roles\":[\"op\"]},\"one\":\"g\",\"e\":\"\"}");
    size_t count;
    assert_true(str_equal(claims_text(&arena, STR("sub"), claims), STR("a1")));
    assert_true(str_equal(claims_text(&arena, STR("n"), claims), STR("42")));
    assert_true(str_equal(claims_text(&arena, STR("upper case(sub)"), claims), STR("A1")));
    static const char *const none[] = {"nothing", "realm_access", "groups", "", "1/0", "e", "sub["};
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_true(str_is_empty(claims_text(&arena, str_of(none[i]), claims)));
    const str *roles = claims_texts(&arena, STR("https://x/roles"), claims, &count);
    assert_int_equal(count, 3);
    assert_true(str_equal(roles[0], STR("r1")) && str_equal(roles[1], STR("7")) &&
                str_equal(roles[2], STR("r2")));
    const str *cut = claims_texts(&arena, STR("for g in groups return substring after(g, \"/\")"),
                                  claims, &count);
    assert_int_equal(count, 2);
    assert_true(str_equal(cut[1], STR("b/c")));
    assert_int_equal((claims_texts(&arena, STR("realm_access.roles"), claims, &count), count), 1);
    assert_int_equal((claims_texts(&arena, STR("one"), claims, &count), count), 1);
    assert_int_equal((claims_texts(&arena, STR("nothing"), claims, &count), count), 0);
    assert_true(claims_hold(&arena, STR("is defined(sub) and starts with(sub, \"a\")"), claims));
    assert_false(claims_hold(&arena, STR("sub"), claims));
    // What would never end, ends.
    assert_false(claims_hold(&arena,
                             STR("every x in 1..100000 satisfies every y in 1..100000 satisfies "
                                 "x + y > 0"),
                             claims));
}

// What docs/security.md shows is read by what it describes.
static void recipes_can_be_used(void **state)
{
    (void)state;
    FILE *file = fopen(SOURCE_ROOT "/docs/security.md", "r");
    assert_non_null(file);
    char *text = arena_alloc(&arena, 1 << 18);
    text[fread(text, 1, (1 << 18) - 1, file)] = '\0';
    fclose(file);
    static const char *const secrets[] = {"KEYCLOAK_SECRET", "ENTRA_SECRET", "OKTA_SECRET",
                                          "GOOGLE_SECRET"};
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        setenv(secrets[i], "secret", 1);
    size_t found = 0;
    for (char *at = strstr(text, "```json"); at != NULL; at = strstr(at, "```json")) {
        struct provider_settings *all;
        size_t count;
        at += strlen("```json");
        char *end_of_it = strstr(at, "```");
        assert_non_null(end_of_it);
        *end_of_it = '\0';
        if (!read_text(at, &all, &count))
            fail_msg("%s", err.text);
        at = end_of_it + 1;
        found++;
    }
    assert_int_equal(found, 4);
    const struct json *person = claims_of("{\"sub\":\"1\",\"hd\":\"acme.example\",\"email\":"
                                          "\"a@acme.example\",\"email_verified\":true}"),
                      *stranger = claims_of("{\"sub\":\"1\",\"email\":\"a@acme.example\","
                                            "\"email_verified\":true}"),
                      *program = claims_of("{\"sub\":\"c1\",\"cid\":\"c1\",\"idtyp\":\"app\"}");
    str google = STR("if hd = \"acme.example\" and email_verified then email else null"),
        okta = STR("if is defined(preferred_username) then preferred_username else sub");
    assert_true(str_equal(claims_text(&arena, google, person), STR("a@acme.example")));
    assert_true(str_is_empty(claims_text(&arena, google, stranger)));
    assert_true(str_equal(claims_text(&arena, okta, program), STR("c1")));
    assert_true(claims_hold(&arena, STR("sub = cid"), program));
    assert_false(claims_hold(&arena, STR("sub = cid"), person));
    assert_true(claims_hold(&arena, STR("idtyp = \"app\""), program));
    assert_false(claims_hold(&arena, STR("idtyp = \"app\""), person));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_short_file_has_sensible_settings),
        cmocka_unit_test(a_long_file_is_read_whole),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(claims_are_read_by_name_or_by_expression),
        cmocka_unit_test(recipes_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, end);
}
