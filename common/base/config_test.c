// SPDX-License-Identifier: Apache-2.0
#include "base/config.h"

#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
    const char *setting; // --key=value
    const char *place;   // of the error; NULL: accepted
    const char *text;    // part of the error
} settings[] = {
    {"--engine.shards=8", NULL, NULL},
    {"--engine.shards=0", "engine.shards", "1..4096"},
    {"--engine.shards=many", "engine.shards", "'many' is not allowed"},
    {"--events.enabled=yes", "events.enabled", "true or false"},
    {"--log.level=loud", "log.level", "debug,info,warning,error"},
    {"--no.such=1", "config", "no setting 'no.such'"},
    {"--postgres.url=postgresql://x/y", NULL, NULL},
    {"--roles=engine, api", NULL, NULL},
    {"--roles=engine,cook", "roles",
     "'engine,cook' is not allowed: expected engine,api,ingress,insight"},
    {"--roles=", "roles", "engine,api,ingress,insight"},
    {"--api.listen=[::1]:0", NULL, NULL},
    {"--api.listen=8080", "api.listen", "host:port"},
    {"--api.listen=localhost:65536", "api.listen", "host:port"},
    {"--api.listen=a:1,b:2", "api.listen", "host:port"},
    {"--kafka.brokers=a:9092, b:9092", NULL, NULL},
    {"--kafka.brokers=a:9092,b", "kafka.brokers", "host:port, separated by commas"},
    {"--kafka.brokers=", "kafka.brokers", "host:port"},
};

static void settings_are_checked_against_the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(settings); i++) {
        struct arena arena = ARENA_EMPTY;
        struct config config = config_new(&arena);
        char setting[80], program[] = "baton", rest[] = "rest";
        snprintf(setting, sizeof setting, "%s", settings[i].setting);
        char *argv[] = {program, setting, rest, NULL};
        int argc = 3;
        struct error err = {0};
        bool accepted = config_read_all(&config, &argc, argv, &err);
        assert_int_equal(accepted, settings[i].place == NULL);
        if (accepted) {
            assert_int_equal(argc, 2);
            assert_string_equal(argv[1], "rest");
        } else {
            assert_string_equal(err.place, settings[i].place);
            assert_non_null(strstr(err.text, settings[i].text));
        }
        arena_done(&arena);
    }
}

static const struct {
    const char *roles, *listen, *key;
    bool is_good;
} listeners[] = {
    {"engine,api", "127.0.0.1:8080", "", true},
    {"api", "[::1]:8080", "", true},
    {"api", "localhost:0", "", true},
    {"api", "0.0.0.0:8080", "", false},
    {"api", "[::]:8080", "", false},
    {"api", "baton.example:8080", "", false},
    {"api", "0.0.0.0:8080", "key", true},
    {"engine", "0.0.0.0:8080", "", true},
};

static void an_api_that_others_reach_wants_a_key(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(listeners); i++) {
        struct arena arena = ARENA_EMPTY;
        struct config config = config_new(&arena);
        struct error err = {0};
        assert_true(
            config_set(&config, STR("roles"), str_of(listeners[i].roles), CONFIG_FILE, &err));
        assert_true(
            config_set(&config, STR("api.listen"), str_of(listeners[i].listen), CONFIG_FILE, &err));
        assert_true(
            config_set(&config, STR("api.key"), str_of(listeners[i].key), CONFIG_FILE, &err));
        assert_int_equal(config_check(&config, &err), listeners[i].is_good);
        if (!listeners[i].is_good)
            assert_non_null(strstr(err.text, listeners[i].listen));
        arena_done(&arena);
    }
}

static const struct {
    const char *prefix;
    bool is_good;
} prefixes[] = {
    {"baton", true},
    {"acme.test_2-baton", true},
    {"", false},
    {"a b", false},
    {"b\xc3\xa4ton", false},
    {"x234567890123456789012345678901234567890", true},
    {"x2345678901234567890123456789012345678901", false},
};

static void names_of_topics_can_be_made_of_the_prefix(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        struct arena arena = ARENA_EMPTY;
        struct config config = config_new(&arena);
        struct error err = {0};
        assert_true(config_set(&config, STR("kafka.topic_prefix"), str_of(prefixes[i].prefix),
                               CONFIG_FILE, &err));
        assert_int_equal(config_check(&config, &err), prefixes[i].is_good);
        arena_done(&arena);
    }
}

static void the_last_source_wins(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    const char *const environment[] = {"PATH=/bin", "BATON_ENGINE_SHARDS=7", "BATON_TEST_KAFKA=x",
                                       NULL};
    assert_int_equal(config_i64(&config, CONFIG_ENGINE_SHARDS), 4);
    assert_true(config_read_environment(&config, environment, &err));
    assert_int_equal(config_i64(&config, CONFIG_ENGINE_SHARDS), 7);
    assert_true(config_set(&config, STR("engine.shards"), STR("9"), CONFIG_ARGUMENT, &err));
    assert_int_equal(config_i64(&config, CONFIG_ENGINE_SHARDS), 9);
    arena_done(&arena);
}

static void a_variable_that_names_nothing_is_an_error(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    const char *const environment[] = {"BATON_ENGINE_SHARD=7", NULL};
    assert_false(config_read_environment(&config, environment, &err));
    assert_non_null(strstr(err.text, "BATON_ENGINE_SHARD"));
    arena_done(&arena);
}

static void variables_of_kubernetes_services_are_ignored(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    const char *const environment[] = {"BATON_PORT=tcp://10.0.0.1:8080",
                                       "BATON_SERVICE_HOST=10.0.0.1",
                                       "BATON_SERVICE_PORT=8080",
                                       "BATON_SERVICE_PORT_HTTP=8080",
                                       "BATON_PORT_8080_TCP=tcp://10.0.0.1:8080",
                                       "BATON_PORT_8080_TCP_PROTO=tcp",
                                       "BATON_PORT_8080_TCP_ADDR=10.0.0.1",
                                       "BATON_API_SERVICE_HOST=10.0.0.2",
                                       "BATON_API_PORT=tcp://10.0.0.2:80",
                                       "BATON_API_PORT_53_UDP_PORT=53",
                                       "BATON_ENGINE_SHARDS=7",
                                       NULL};
    static const char *const others[] = {"BATON_PORT=8080", "BATON_PORT_NAME_TCP=x",
                                         "BATON_SERVICES_HOST=x"};
    assert_true(config_read_environment(&config, environment, &err));
    assert_int_equal(config_i64(&config, CONFIG_ENGINE_SHARDS), 7);
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        const char *const one[] = {others[i], NULL};
        assert_false(config_read_environment(&config, one, &err));
    }
    arena_done(&arena);
}

static void a_line_that_is_too_long_is_not_read_in_pieces(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    char path[] = "/tmp/baton-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(dprintf(fd, "api.key = %04100d%s\n", 0, "hunter2") > 0);
    close(fd);
    assert_false(config_read_file(&config, path, &err));
    assert_non_null(strstr(err.text, "CONFIG_MAX_LINE"));
    assert_null(strstr(err.text, "hunter2"));
    unlink(path);
    arena_done(&arena);
}

static void mistakes_in_a_file_are_named_by_line(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    char path[] = "/tmp/baton-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(dprintf(fd, "# nodes\nroles = engine\n\nengine.shards = -1\n") > 0);
    close(fd);
    assert_false(config_read_file(&config, path, &err));
    assert_non_null(strstr(err.text, "line 4: engine.shards: '-1'"));
    assert_true(config_has(&config, CONFIG_ROLES, STR("engine")));
    assert_false(config_has(&config, CONFIG_ROLES, STR("api")));
    unlink(path);
    arena_done(&arena);
}

static void secrets_are_not_printed(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct config config = config_new(&arena);
    struct error err;
    assert_true(config_set(&config, STR("api.key"), STR("hunter2"), CONFIG_FILE, &err));
    struct strbuf out = strbuf_new(&arena);
    config_print(&config, &out);
    assert_null(strstr(strbuf_cstr(&out), "hunter2"));
    assert_non_null(strstr(strbuf_cstr(&out), "api.key = ***"));
    struct strbuf as_json = strbuf_new(&arena);
    config_print_json(&config, &as_json);
    assert_null(strstr(strbuf_cstr(&as_json), "hunter2"));
    struct json *printed;
    assert_true(json_parse(&arena, strbuf_str(&as_json), &printed, &err));
    const struct json *key = json_get(printed, STR("api.key"));
    assert_true(str_equal(json_get_str(key, STR("value"), STR_EMPTY), STR("***")));
    assert_true(str_equal(json_get_str(key, STR("source"), STR_EMPTY), STR("file")));
    assert_int_equal(printed->count, CONFIG_COUNT);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_are_checked_against_the_table),
        cmocka_unit_test(an_api_that_others_reach_wants_a_key),
        cmocka_unit_test(names_of_topics_can_be_made_of_the_prefix),
        cmocka_unit_test(the_last_source_wins),
        cmocka_unit_test(a_variable_that_names_nothing_is_an_error),
        cmocka_unit_test(variables_of_kubernetes_services_are_ignored),
        cmocka_unit_test(a_line_that_is_too_long_is_not_read_in_pieces),
        cmocka_unit_test(mistakes_in_a_file_are_named_by_line),
        cmocka_unit_test(secrets_are_not_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
