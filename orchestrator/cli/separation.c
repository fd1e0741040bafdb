// SPDX-License-Identifier: Apache-2.0
//
// `baton separation list`, `set`, `remove`: policies of separation of duties.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"

int command_separation_list(int argc, char **argv)
{
    static const struct resource_listing listing = {{"name", "elementIds", "processDefinitionId",
                                                     "tenantId", "roleId", "changedBy",
                                                     "changeTime"},
                                                    7};
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton separation list [options]",
                                    "Lists policies of separation of duties.",
                                    "baton separation list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return resource_list(&client, "GET", STR("/v2/separations"), STR_EMPTY, &listing);
}

static void print_done(struct arena *arena, const struct json *answer)
{
    (void)arena, (void)answer;
    puts("done: nodes follow within a second");
}

struct separation_options {
    struct client_options client;
    str elements, process, tenant, role;
};

static void add_text(struct json_writer *w, const char *name, str value)
{
    if (str_is_empty(value))
        return;
    json_key(w, str_of(name));
    json_string(w, value);
}

static str body_of(struct arena *arena, const struct separation_options *o)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    str rest = o->elements, id;
    json_begin_object(&w);
    add_text(&w, "processDefinitionId", o->process);
    add_text(&w, "tenantId", o->tenant);
    add_text(&w, "roleId", o->role);
    json_key(&w, STR("elementIds"));
    json_begin_array(&w);
    while (!str_is_empty(rest) && str_split(&rest, ',', &id))
        json_string(&w, str_trim(id));
    json_end_array(&w);
    json_end_object(&w);
    return strbuf_str(&out);
}

int command_separation_set(int argc, char **argv)
{
    struct separation_options o = {0};
    const struct cli_option options[] = {
        {"elements", "ID,…", "user tasks and start events that are kept apart", &o.elements, NULL},
        {"process", "ID", "of this process (each)", &o.process, NULL},
        {"tenant", "ID", "of this tenant (each)", &o.tenant, NULL},
        {"role", "ID", "for who has this role (everybody)", &o.role, NULL},
        CLIENT_OPTIONS(o.client),
    };
    const struct cli_usage usage = {
        "baton separation set NAME --elements ID,ID… [options]",
        "Makes or changes a policy: who did one of these tasks of an instance does no other one.",
        "baton separation set four-eyes --elements enter,approve --process loan",
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
    str path = str_join2(&arena, STR("/v2/separations/"),
                         resource_escaped(&arena, str_of(arguments.items[0])));
    bool sent = client_send(&arena, &o.client, "PUT", path, body_of(&arena, &o), &answer, &err);
    code = client_show(&arena, &o.client, sent, &answer, &err, print_done);
    arena_done(&arena);
    return code;
}

int command_separation_remove(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton separation remove NAME [options]",
                                    "Removes a policy of separation of duties.",
                                    "baton separation remove four-eyes",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    return resource_delete(argc, argv, &usage, &client, "/v2/separations/{}");
}
