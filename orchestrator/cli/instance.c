// SPDX-License-Identifier: Apache-2.0
//
// `baton get`, `history`: process instances.
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"

static str member(const struct json *object, const char *name)
{
    const struct json *value = json_get(object, str_of(name));
    if (value == NULL)
        return STR_EMPTY;
    return value->type == JSON_STRING || value->type == JSON_NUMBER ? value->text : STR_EMPTY;
}

// -- Get: an instance, and why it waits -------------------------------------------------

static void print_field(const char *label, str value)
{
    if (value.len > 0)
        printf("%-12s %.*s\n", label, STR_ARG(value));
}

static void print_variables(struct arena *arena, const struct json *instance)
{
    const struct json *variables = json_get(instance, STR("variables"));
    if (!json_is(variables, JSON_OBJECT) || variables->count == 0)
        return;
    printf("\nvariables\n");
    for (size_t i = 0; i < variables->count; i++) {
        struct strbuf out = strbuf_new(arena);
        struct json_writer w = json_writer_new(&out);
        json_value(&w, &variables->members[i].value);
        printf("  %.*s = %.*s\n", STR_ARG(variables->members[i].name), STR_ARG(strbuf_str(&out)));
    }
}

static void print_waits(const struct json *waits)
{
    const struct json *items = json_get(waits, STR("items"));
    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        return;
    printf("\nwaits\n");
    for (size_t i = 0; i < items->count; i++) {
        const struct json *item = &items->items[i];
        str what = member(item, "waitsFor");
        printf("  at %.*s for %.*s, since %.*s\n", STR_ARG(member(item, "elementId")),
               STR_ARG(what.len > 0 ? what : STR("its contents")),
               STR_ARG(member(item, "startDate")));
    }
}

static void print_incidents(const struct json *incidents)
{
    const struct json *items = json_get(incidents, STR("items"));
    if (!json_is(items, JSON_ARRAY) || items->count == 0)
        return;
    printf("\nincidents (baton resolve KEY tries again)\n");
    for (size_t i = 0; i < items->count; i++) {
        const struct json *item = &items->items[i];
        printf("  %.*s at %.*s: %.*s: %.*s\n", STR_ARG(member(item, "incidentKey")),
               STR_ARG(member(item, "elementId")), STR_ARG(member(item, "errorType")),
               STR_ARG(member(item, "errorMessage")));
    }
}

struct picture {
    struct client_answer instance;
    struct client_answer waits;
    struct client_answer incidents;
};

static bool fetch_picture(struct arena *arena, const struct client_options *client, const char *key,
                          struct picture *ret_picture, struct error *err)
{
    str base = str_format(arena, "/v2/process-instances/%s", key);
    return client_send(arena, client, "GET", base, STR_EMPTY, &ret_picture->instance, err) &&
           client_send(arena, client, "POST", str_join2(arena, base, STR("/waiting/search")),
                       STR("{}"), &ret_picture->waits, err) &&
           client_send(arena, client, "POST", str_join2(arena, base, STR("/incidents/search")),
                       STR("{\"filter\":{\"state\":\"ACTIVE\"}}"), &ret_picture->incidents, err);
}

static void print_picture(struct arena *arena, const struct picture *picture)
{
    const struct json *instance = picture->instance.json;
    print_field("instance", member(instance, "processInstanceKey"));
    print_field("process", member(instance, "processDefinitionId"));
    print_field("version", member(instance, "processDefinitionVersion"));
    print_field("business id", member(instance, "businessId"));
    print_field("called by", member(instance, "parentProcessInstanceKey"));
    print_field("state", member(instance, "state"));
    print_field("started", member(instance, "startDate"));
    print_field("ended", member(instance, "endDate"));
    print_waits(picture->waits.json);
    print_incidents(picture->incidents.json);
    print_variables(arena, instance);
}

int command_get(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton get INSTANCE-KEY [options]",
                                    "Shows an instance, its variables, and why it waits.",
                                    "baton get 2251799813685250",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct picture picture;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    code = EXIT_OK;
    if (!fetch_picture(&arena, &client, arguments.items[0], &picture, &err))
        code = client_fail(&err);
    else if (client_wants_json(&client))
        printf("{\"instance\":%.*s,\"waits\":%.*s,\"incidents\":%.*s}\n",
               STR_ARG(picture.instance.text), STR_ARG(picture.waits.text),
               STR_ARG(picture.incidents.text));
    else
        print_picture(&arena, &picture);
    arena_done(&arena);
    return code;
}

// -- History ----------------------------------------------------------------------------

static void print_history(struct arena *arena, const struct json *history)
{
    static const char *const titles[] = {"time", "by", "command", "event", "element", "detail"};
    struct table table = table_new(arena, titles, COUNT_OF(titles));
    const struct json *items = json_get(history, STR("items"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        const struct json *item = &items->items[i];
        str element = member(item, "elementId");
        str name = member(item, "name");
        table_add(&table, member(item, "time"));
        table_add(&table, member(item, "principal"));
        table_add(&table, member(item, "command"));
        table_add(&table, member(item, "event"));
        table_add(&table, element.len > 0 ? element : member(item, "flowId"));
        table_add(&table,
                  str_format(arena, "%.*s %.*s %.*s", STR_ARG(name), STR_ARG(member(item, "code")),
                             STR_ARG(member(item, "value"))));
    }
    table_print(&table);
}

int command_history(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton history INSTANCE-KEY [options]",
                                    "Lists everything that happened in an instance, in order.",
                                    "baton history 2251799813685250",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str path = str_format(&arena, "/v2/process-instances/%s/history", arguments.items[0]);
    bool sent = client_send(&arena, &client, "GET", path, STR_EMPTY, &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_history);
    arena_done(&arena);
    return code;
}
