// SPDX-License-Identifier: Apache-2.0
//
// `baton start`: instances of a process, and what becomes of them.
#include <stdio.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"

enum { FIRST_REST_US = 50000, LAST_REST_US = 2000000 };

struct start {
    struct client_options client;
    str variables;
    str version;
    str business_id;
    str count;
    bool await;
};

static bool write_start(struct arena *arena, const struct start *start, const char *process,
                        str *ret_body, struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    str variables;
    struct json *parsed;
    json_begin_object(&w);
    json_key(&w, STR("processDefinitionId"));
    json_string(&w, str_of(process));
    if (start->version.len > 0) {
        json_key(&w, STR("processDefinitionVersion"));
        json_raw(&w, start->version);
    }
    if (start->business_id.len > 0) {
        json_key(&w, STR("businessId"));
        json_string(&w, start->business_id);
    }
    if (start->client.tenant.len > 0) {
        json_key(&w, STR("tenantId"));
        json_string(&w, start->client.tenant);
    }
    if (start->variables.len > 0) {
        if (!cli_read_value(arena, start->variables, &variables, err) ||
            !json_parse(arena, variables, &parsed, err))
            return false;
        json_key(&w, STR("variables"));
        json_value(&w, parsed);
    }
    json_end_object(&w);
    *ret_body = strbuf_str(&out);
    return true;
}

static str member(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, str_of(name));
    bool is_plain = json_is(value, JSON_STRING) || json_is(value, JSON_NUMBER);
    return is_plain ? value->text : STR_EMPTY;
}

// -- Waiting for the end ----------------------------------------------------------------

// On standard error what it waits for, whenever that has changed. It has ended meanwhile: nothing.
static void print_waits(struct arena *arena, const struct json *answer, struct strbuf *said)
{
    const struct json *items = json_get(answer, STR("items"));
    struct strbuf now = strbuf_new(arena);
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++)
        if (member(&items->items[i], "waitsFor").len > 0)
            strbuf_format(&now, "%s%.*s at %.*s", now.len > 0 ? ", " : "",
                          STR_ARG(member(&items->items[i], "waitsFor")),
                          STR_ARG(member(&items->items[i], "elementId")));
    if (now.len == 0 || str_equal(strbuf_str(&now), strbuf_str(said)))
        return;
    *said = now;
    fprintf(stderr, "waits for: %.*s\n", STR_ARG(strbuf_str(&now)));
}

// Asks ever less often, until it has ended.
static bool wait_for_end(struct arena *arena, const struct client_options *client, str key,
                         struct client_answer *ret_instance, struct error *err)
{
    useconds_t rest_us = FIRST_REST_US;
    str path = str_format(arena, "/v2/process-instances/%.*s", STR_ARG(key));
    str waiting = str_join2(arena, path, STR("/waiting/search"));
    struct strbuf said = strbuf_new(arena);
    struct client_answer waits;
    while (client_send(arena, client, "GET", path, STR_EMPTY, ret_instance, err)) {
        str state = member(ret_instance->json, "state");
        if (!str_equal(state, STR("ACTIVE")) && !str_equal(state, STR("SUSPENDED")))
            return true;
        if (!client_send(arena, client, "POST", waiting, STR("{}"), &waits, err))
            return false;
        print_waits(arena, waits.json, &said);
        usleep(rest_us);
        rest_us = rest_us * 2 < LAST_REST_US ? rest_us * 2 : LAST_REST_US;
    }
    return false;
}

static int print_end(struct arena *arena, const struct start *start, str key)
{
    struct client_answer instance;
    struct error err;
    if (!wait_for_end(arena, &start->client, key, &instance, &err))
        return client_fail(&err);
    str state = member(instance.json, "state");
    if (client_wants_json(&start->client)) {
        printf("%.*s\n", STR_ARG(instance.text));
    } else {
        struct strbuf out = strbuf_new(arena);
        struct json_writer w = json_writer_new(&out);
        json_value(&w, json_get(instance.json, STR("variables")));
        printf("%.*s %.*s\n", STR_ARG(state), STR_ARG(strbuf_str(&out)));
    }
    return str_equal(state, STR("COMPLETED")) ? EXIT_OK : EXIT_FAILED;
}

// -- Starting ---------------------------------------------------------------------------

// Its key at once; with --await what became of it as well.
static int print_started(struct arena *arena, const struct start *start,
                         const struct client_answer *answer)
{
    str key = member(answer->json, "processInstanceKey");
    bool as_json = client_wants_json(&start->client);
    if (as_json && !start->await)
        printf("%.*s\n", STR_ARG(answer->text));
    if (!as_json)
        printf("started instance %.*s of %.*s version %.*s\n", STR_ARG(key),
               STR_ARG(member(answer->json, "processDefinitionId")),
               STR_ARG(member(answer->json, "processDefinitionVersion")));
    fflush(stdout);
    return start->await ? print_end(arena, start, key) : EXIT_OK;
}

int command_start(int argc, char **argv)
{
    struct start start = {0};
    const struct cli_option options[] = {
        {"variables", "JSON", "variables of the instance; @file reads a file", &start.variables,
         NULL},
        {"version", "N", "version of the process; the latest when left out", &start.version, NULL},
        {"business-id", "ID", "your own name of the case", &start.business_id, NULL},
        {"tenant", "ID", "the tenant that has the process", &start.client.tenant, NULL},
        {"count", "N", "start so many", &start.count, NULL},
        {"await", NULL, "wait until it has ended, say what it waits for, show its variables", NULL,
         &start.await},
        CLIENT_OPTIONS(start.client),
    };
    const struct cli_usage usage = {"baton start PROCESS-ID [options]",
                                    "Starts an instance of a deployed process.",
                                    "baton start mortgage --variables '{\"amount\": 250000}'",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    uint64_t count = 1;
    str body;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    if (start.count.len > 0 && !str_to_u64(start.count, &count)) {
        error_set(&err, ERROR_INVALID, "--count", "expected a number");
        return cli_complain(&err);
    }
    bool ok = write_start(&arena, &start, arguments.items[0], &body, &err);
    code = ok ? EXIT_OK : client_fail(&err);
    for (uint64_t i = 0; i < count && code == EXIT_OK; i++) {
        struct client_answer answer;
        ok = client_send(&arena, &start.client, "POST", STR("/v2/process-instances"), body, &answer,
                         &err);
        code = ok ? print_started(&arena, &start, &answer) : client_fail(&err);
    }
    arena_done(&arena);
    return code;
}
