// SPDX-License-Identifier: Apache-2.0
//
// `baton topics list`, `add`, `remove`: which user topics become messages and instances.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"
#include "cli/table.h"

static str json_of(struct arena *arena, const struct json *value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    if (value != NULL)
        json_value(&w, value);
    return strbuf_str(&out);
}

static void print_topics(struct arena *arena, const struct json *answer)
{
    static const char *const titles[] = {"name", "topic", "enabled", "settings"};
    struct table table = table_new(arena, titles, COUNT_OF(titles));
    const struct json *items = json_get(answer, STR("items"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        const struct json *item = &items->items[i];
        table_add(&table, json_get_str(item, STR("name"), STR_EMPTY));
        table_add(&table, json_get_str(item, STR("topic"), STR_EMPTY));
        table_add(&table, json_get_bool(item, STR("enabled"), false) ? STR("yes") : STR("no"));
        table_add(&table, json_of(arena, json_get(item, STR("settings"))));
    }
    table_print(&table);
}

int command_topics_list(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton topics list [options]",
                                    "Lists the topic subscriptions.",
                                    "baton topics list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    bool sent = client_send(&arena, &client, "GET", STR("/v2/topic-subscriptions"), STR_EMPTY,
                            &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_topics);
    arena_done(&arena);
    return code;
}

static bool write_subscription(struct arena *arena, str topic, str settings, str *ret_body,
                               struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *parsed;
    str text;
    if (!cli_read_value(arena, settings, &text, err) || !json_parse(arena, text, &parsed, err))
        return false;
    json_begin_object(&w);
    json_key(&w, STR("topic"));
    json_string(&w, topic);
    json_key(&w, STR("settings"));
    json_value(&w, parsed);
    json_end_object(&w);
    *ret_body = strbuf_str(&out);
    return true;
}

int command_topics_add(int argc, char **argv)
{
    struct client_options client = {0};
    str topic = STR_EMPTY;
    str settings = STR_EMPTY;
    const struct cli_option options[] = {
        {"topic", "TOPIC", "the user topic that is read", &topic, NULL},
        {"settings", "JSON", "what its records become (docs/ingress.md); @file reads a file",
         &settings, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {
        "baton topics add NAME --topic TOPIC --settings JSON [options]",
        "Adds or replaces a topic subscription.",
        "baton topics add documents --topic documents \\\n"
        "    --settings '{\"message\": \"document\", \"correlationKey\": \"=data.applicationId\"}'",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    str body;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    code = EXIT_OK;
    str path = str_join2(&arena, STR("/v2/topic-subscriptions/"),
                         resource_escaped(&arena, str_of(arguments.items[0])));
    if (!write_subscription(&arena, topic, settings, &body, &err))
        code = cli_complain(&err);
    else if (!client_send(&arena, &client, "PUT", path, body, &answer, &err))
        code = client_fail(&err);
    else
        printf("records of %.*s are taken up within seconds\n", STR_ARG(topic));
    arena_done(&arena);
    return code;
}

int command_topics_remove(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton topics remove NAME [options]",
                                    "Removes a topic subscription.",
                                    "baton topics remove documents",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    return resource_delete(argc, argv, &usage, &client, "/v2/topic-subscriptions/{}");
}
