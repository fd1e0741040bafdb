// SPDX-License-Identifier: Apache-2.0
//
// `baton audit list`, `show`, `hold`, `holds`, `release`: the audit log over the API.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"

static void print_nothing(struct arena *arena, const struct json *answer)
{
    (void)arena, (void)answer;
}

static void print_json(struct arena *arena, const struct json *answer)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; json_is(answer, JSON_OBJECT) && i < answer->count; i++) {
        const struct json *value = &answer->members[i].value;
        if (value->type == JSON_NULL || (value->type == JSON_STRING && value->text.len == 0))
            continue;
        out.len = 0;
        struct json_writer w = json_writer_new(&out);
        json_value(&w, value);
        str text = value->type == JSON_STRING ? value->text : strbuf_str(&out);
        printf("%-26.*s %.*s\n", STR_ARG(answer->members[i].name), STR_ARG(text));
    }
}

// -- Entries ------------------------------------------------------------------------------

struct filter {
    const char *member;
    str value;
};

static str query_of(struct arena *arena, const struct filter *filters, size_t count, str since,
                    str limit)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("filter"));
    json_begin_object(&w);
    for (size_t i = 0; i < count; i++) {
        if (filters[i].value.len == 0)
            continue;
        json_key(&w, str_of(filters[i].member));
        json_string(&w, filters[i].value);
    }
    if (since.len > 0) {
        json_key(&w, STR("timestamp"));
        json_begin_object(&w);
        json_key(&w, STR("$gte"));
        json_string(&w, since);
        json_end_object(&w);
    }
    json_end_object(&w);
    json_key(&w, STR("page"));
    json_raw(&w, str_format(arena, "{\"limit\":%.*s}", STR_ARG(limit)));
    json_end_object(&w);
    return strbuf_str(&out);
}

static void print_entries(struct arena *arena, const struct json *answer)
{
    static const char *const columns[] = {"timestamp", "actorId",    "operation",         "entity",
                                          "entityKey", "result",     "entityDescription", "address",
                                          "times",     "auditLogKey"};
    table_print_items(arena, columns, COUNT_OF(columns), answer);
}

int command_audit_list(int argc, char **argv)
{
    struct client_options client = {0};
    struct filter filters[] = {{"actorId", {0}},   {"operation", {0}}, {"entityKey", {0}},
                               {"category", {0}},  {"result", {0}},    {"processInstanceKey", {0}},
                               {"requestId", {0}}, {"address", {0}}};
    str since = STR_EMPTY, limit = STR("50");
    const struct cli_option options[] = {
        {"actor", "NAME", "what this user or client did", &filters[0].value, NULL},
        {"operation", "NAME", "CREATE, DELETE, LOGIN, REFUSE, …", &filters[1].value, NULL},
        {"entity", "KEY", "what was done to this", &filters[2].value, NULL},
        {"category", "NAME", "ADMIN, DEPLOYED_RESOURCES or USER_TASKS", &filters[3].value, NULL},
        {"result", "NAME", "SUCCESS or FAIL", &filters[4].value, NULL},
        {"instance", "KEY", "of this process instance", &filters[5].value, NULL},
        {"request", "ID", "of this request", &filters[6].value, NULL},
        {"address", "ADDRESS", "from there", &filters[7].value, NULL},
        {"since", "TIME", "from then on (2027-01-31T00:00:00Z)", &since, NULL},
        {"limit", "N", "at most so many, the newest (50)", &limit, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {"baton audit list [options]",
                                    "Lists the audit log, the newest first.",
                                    "baton audit list --actor anna --since 2027-01-31T00:00:00Z",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    uint64_t number;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    if (!str_to_u64(limit, &number)) {
        (void)error_set(&err, ERROR_INVALID, "--limit", "expected a number");
        return cli_complain(&err);
    }
    str body = query_of(&arena, filters, COUNT_OF(filters), since, limit);
    bool sent =
        client_send(&arena, &client, "POST", STR("/v2/audit-logs/search"), body, &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_entries);
    arena_done(&arena);
    return code;
}

// -- One request --------------------------------------------------------------------------

struct errand {
    const char *synopsis, *summary, *example;
    const char *method;
    const char *path; // with the argument behind it, if there is one
    client_print *print;
};

static int run(const struct errand *errand, int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    size_t count = str_find(str_of(errand->path), STR("{}")) == SIZE_MAX ? 0 : 1;
    const struct cli_usage usage = {errand->synopsis,
                                    errand->summary,
                                    errand->example,
                                    options,
                                    COUNT_OF(options),
                                    count,
                                    count};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str path = str_of(errand->path);
    if (count > 0)
        path = str_join2(&arena, str_sub(path, 0, path.len - 2), str_of(arguments.items[0]));
    bool sent = client_send(&arena, &client, errand->method, path, STR_EMPTY, &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, errand->print);
    arena_done(&arena);
    return code;
}

int command_audit_show(int argc, char **argv)
{
    static const struct errand errand = {"baton audit show KEY [options]",
                                         "Shows all of an entry of the audit log.",
                                         "baton audit show 8589934593",
                                         "GET",
                                         "/v2/audit-logs/{}",
                                         print_json};
    return run(&errand, argc, argv);
}

static void print_holds(struct arena *arena, const struct json *answer)
{
    static const char *const columns[] = {"holdKey",   "kind",         "value",      "reason",
                                          "createdBy", "creationTime", "releaseTime"};
    table_print_items(arena, columns, COUNT_OF(columns), answer);
}

int command_audit_holds(int argc, char **argv)
{
    static const struct errand errand = {"baton audit holds [options]",
                                         "Lists legal holds, those in force first.",
                                         "baton audit holds",
                                         "GET",
                                         "/v2/audit-holds",
                                         print_holds};
    return run(&errand, argc, argv);
}

int command_audit_release(int argc, char **argv)
{
    static const struct errand errand = {
        "baton audit release HOLD [options]",
        "Releases a legal hold: retention and deletion may take what it kept.",
        "baton audit release 3",
        "DELETE",
        "/v2/audit-holds/{}",
        print_nothing};
    return run(&errand, argc, argv);
}

static void print_hold(struct arena *arena, const struct json *answer)
{
    str key = json_get_str(answer, STR("holdKey"), STR_EMPTY);
    (void)arena;
    printf("hold %.*s\n", STR_ARG(key));
}

static str hold_of(struct arena *arena, const struct cli_arguments *arguments, str reason)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct strbuf kind = strbuf_new(arena);
    for (const char *c = arguments->items[0]; *c != '\0'; c++)
        strbuf_add_char(&kind, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    json_begin_object(&w);
    json_key(&w, STR("kind"));
    json_string(&w, strbuf_str(&kind));
    json_key(&w, STR("value"));
    json_string(&w, str_of(arguments->items[1]));
    json_key(&w, STR("reason"));
    json_string(&w, reason);
    json_end_object(&w);
    return strbuf_str(&out);
}

int command_audit_hold(int argc, char **argv)
{
    struct client_options client = {0};
    str reason = STR_EMPTY;
    const struct cli_option options[] = {
        {"reason", "TEXT", "such as the number of the case", &reason, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {
        "baton audit hold instance|tenant|subject VALUE --reason TEXT [options]",
        "Keeps an instance, all of a tenant, or what concerns a person or program from retention "
        "and deletion.",
        "baton audit hold instance 2251799813685250 --reason 'case 17/2027'",
        options,
        COUNT_OF(options),
        2,
        2};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    bool sent = client_send(&arena, &client, "POST", STR("/v2/audit-holds"),
                            hold_of(&arena, &arguments, reason), &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_hold);
    arena_done(&arena);
    return code;
}
