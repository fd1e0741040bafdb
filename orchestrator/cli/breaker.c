// SPDX-License-Identifier: Apache-2.0
//
// `baton breaker list`, `show`, `open`, `close`: job types and credentials whose jobs are not
// offered.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"

int command_breaker_list(int argc, char **argv)
{
    static const struct resource_listing breakers = {
        {"kind", "name", "tenantId", "state", "cause", "openTime", "probeTime", "waitingJobs"}, 8};
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton breaker list [options]",
                                    "Lists breakers that are open: job types whose jobs failed "
                                    "again and again, and credentials "
                                    "that were refused. Their jobs wait.",
                                    "baton breaker list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return resource_list(&client, "GET", STR("/v2/breakers"), STR_EMPTY, &breakers);
}

static str kind_of(struct arena *arena, const struct cli_arguments *arguments)
{
    struct strbuf out = strbuf_new(arena);
    for (const char *c = arguments->items[0]; *c != '\0'; c++)
        strbuf_add_char(&out, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    return strbuf_str(&out);
}

// -- One of them ------------------------------------------------------------------------

static void print_member(struct arena *arena, const struct json *breaker, const char *member,
                         const char *label)
{
    const struct json *value = json_get(breaker, str_of(member));
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; json_is(value, JSON_ARRAY) && i < value->count; i++)
        strbuf_format(&out, "%s%.*s", i > 0 ? ", " : "", STR_ARG(value->items[i].text));
    if (json_is(value, JSON_STRING) || json_is(value, JSON_NUMBER))
        strbuf_add(&out, value->text);
    if (strbuf_str(&out).len > 0)
        printf("%-16s%.*s\n", label, STR_ARG(strbuf_str(&out)));
}

static void print_breakers(struct arena *arena, const struct json *answer)
{
    static const struct {
        const char *member, *label;
    } lines[] = {
        {"kind", "kind"},
        {"name", "name"},
        {"tenantId", "tenant"},
        {"state", "state"},
        {"cause", "cause"},
        {"message", "message"},
        {"openTime", "open since"},
        {"probeTime", "probes at"},
        {"timesInARow", "times in a row"},
        {"shards", "on shards"},
        {"waitingJobs", "waiting jobs"},
        {"jobKey", "job"},
        {"processDefinitionIds", "processes"},
    };
    const struct json *items = json_get(answer, STR("items"));
    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        puts("no such breaker is open");
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        for (size_t l = 0; l < COUNT_OF(lines); l++)
            print_member(arena, &items->items[i], lines[l].member, lines[l].label);
        puts("closed by       whoever has UPDATE_PROCESS_INSTANCE on these processes (none: on "
             "all)");
    }
}

int command_breaker_show(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {
        "baton breaker show type|credential NAME [options]",
        "Shows why a breaker is open, how many jobs wait behind it, when it is probed, and who may "
        "close it.",
        "baton breaker show credential shop-key",
        options,
        COUNT_OF(options),
        2,
        2,
        "type|credential"};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str kind = kind_of(&arena, &arguments);
    str name = resource_escaped(&arena, str_of(arguments.items[1]));
    str path = str_format(&arena, "/v2/breakers?kind=%.*s&name=%.*s", STR_ARG(kind), STR_ARG(name));
    bool sent = client_send(&arena, &client, "GET", path, STR_EMPTY, &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_breakers);
    arena_done(&arena);
    return code;
}

// -- By hand ----------------------------------------------------------------------------

static void print_done(struct arena *arena, const struct json *answer)
{
    (void)arena, (void)answer;
    puts("done: every shard goes by it");
}

struct words {
    int argc;
    char **argv;
};

struct setting {
    struct client_options client;
    str tenant, rest;
};

static str body_of(struct arena *arena, const struct cli_arguments *arguments,
                   const struct setting *setting)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("kind"));
    json_string(&w, kind_of(arena, arguments));
    json_key(&w, STR("name"));
    json_string(&w, str_of(arguments->items[1]));
    if (!str_is_empty(setting->tenant)) {
        json_key(&w, STR("tenantId"));
        json_string(&w, setting->tenant);
    }
    if (!str_is_empty(setting->rest)) {
        json_key(&w, STR("restMs"));
        json_raw(&w, setting->rest);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

static int set(const struct cli_usage *usage, struct setting *setting, const char *path,
               struct words words)
{
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    uint64_t rest_ms;
    int code;
    if (!cli_parse(usage, words.argc, words.argv, &arguments, &code))
        return code;
    if (!str_is_empty(setting->rest) && !str_to_u64(setting->rest, &rest_ms)) {
        (void)error_set(&err, ERROR_INVALID, "--rest", "expected milliseconds, found '%.*s'",
                        STR_ARG(setting->rest));
        return cli_complain(&err);
    }
    bool sent = client_send(&arena, &setting->client, "POST", str_of(path),
                            body_of(&arena, &arguments, setting), &answer, &err);
    code = client_show(&arena, &setting->client, sent, &answer, &err, print_done);
    arena_done(&arena);
    return code;
}

int command_breaker_open(int argc, char **argv)
{
    struct setting setting = {0};
    const struct cli_option options[] = {
        {"rest", "MS", "until a few jobs are offered to probe it (until it is closed)",
         &setting.rest, NULL},
        {"tenant", "ID", "of this tenant (the default tenant)", &setting.tenant, NULL},
        CLIENT_OPTIONS(setting.client)};
    const struct cli_usage usage = {
        "baton breaker open type|credential NAME [options]",
        "Stops offering jobs of a type, or those whose element names a secret of that name. What "
        "workers have, or lies on their topic, may still be done.",
        "baton breaker open type charge",
        options,
        COUNT_OF(options),
        2,
        2,
        "type|credential"};
    return set(&usage, &setting, "/v2/breakers/opening", (struct words){argc, argv});
}

int command_breaker_close(int argc, char **argv)
{
    struct setting setting = {0};
    const struct cli_option options[] = {
        {"tenant", "ID", "of this tenant (the default tenant)", &setting.tenant, NULL},
        CLIENT_OPTIONS(setting.client)};
    const struct cli_usage usage = {
        "baton breaker close type|credential NAME [options]",
        "Offers the jobs that wait behind a breaker again; of a credential, its incident is "
        "resolved with that.",
        "baton breaker close credential shop-key",
        options,
        COUNT_OF(options),
        2,
        2,
        "type|credential"};
    return set(&usage, &setting, "/v2/breakers/closing", (struct words){argc, argv});
}
