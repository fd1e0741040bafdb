// SPDX-License-Identifier: Apache-2.0
//
// `baton auth why`: why somebody may do something, or may not.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"

static void print_way(const struct json *way)
{
    str text = json_get_str(way, STR("way"), STR_EMPTY);
    str id = json_get_str(way, STR("resourceId"), STR_EMPTY);
    str key = json_get_str(way, STR("authorizationKey"), STR_EMPTY);
    const struct json *permissions = json_get(way, STR("permissionTypes"));
    printf("  %s %.*s → authorization %.*s on '%.*s':",
           json_get_bool(way, STR("decides"), false) ? "*" : " ", STR_ARG(text), STR_ARG(key),
           STR_ARG(id));
    for (size_t i = 0; json_is(permissions, JSON_ARRAY) && i < permissions->count; i++)
        printf(" %.*s", STR_ARG(permissions->items[i].text));
    printf("\n");
}

static void print_explanation(struct arena *arena, const struct json *answer)
{
    (void)arena;
    bool is_allowed = json_get_bool(answer, STR("isAllowed"), false);
    str missing = json_get_str(answer, STR("missing"), STR_EMPTY);
    str who = json_get_str(answer, STR("ownerId"), STR_EMPTY);
    str permission = json_get_str(answer, STR("permissionType"), STR_EMPTY);
    str type = json_get_str(answer, STR("resourceType"), STR_EMPTY);
    str id = json_get_str(answer, STR("resourceId"), STR_EMPTY);
    const struct json *ways = json_get(answer, STR("ways"));
    printf("%s: '%.*s', %.*s on %.*s '%.*s'\n", is_allowed ? "yes" : "no", STR_ARG(who),
           STR_ARG(permission), STR_ARG(type), STR_ARG(id));
    for (size_t i = 0; json_is(ways, JSON_ARRAY) && i < ways->count; i++)
        print_way(&ways->items[i]);
    str remark = json_get_str(answer, STR("remark"), STR_EMPTY);
    if (!str_is_empty(remark))
        printf("  but: %.*s\n", STR_ARG(remark));
    if (!str_is_empty(missing))
        printf("  %.*s\n", STR_ARG(missing));
}

struct why_options {
    struct client_options client;
    str token;
    bool is_client;
};

// {"ownerId" or "token", "permissionType", "resourceType", "resourceId"}; a resource is TYPE or
// TYPE:ID.
static str question(struct arena *arena, const struct why_options *why,
                    const struct cli_arguments *arguments)
{
    size_t at = 0;
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    if (!str_is_empty(why->token)) {
        json_key(&w, STR("token"));
        json_string(&w, why->token);
    } else {
        json_key(&w, STR("ownerType"));
        json_string(&w, why->is_client ? STR("CLIENT") : STR("USER"));
        json_key(&w, STR("ownerId"));
        json_string(&w, str_of(arguments->items[at++]));
    }
    json_key(&w, STR("permissionType"));
    json_string(&w, str_of(arguments->items[at++]));
    str resource = str_of(arguments->items[at]), type = resource;
    size_t colon = str_find_char(resource, ':');
    if (colon != SIZE_MAX) {
        type = str_sub(resource, 0, colon);
        json_key(&w, STR("resourceId"));
        json_string(&w, str_from_index(resource, colon + 1));
    }
    json_key(&w, STR("resourceType"));
    json_string(&w, type);
    json_end_object(&w);
    return strbuf_str(&out);
}

int command_auth_why(int argc, char **argv)
{
    struct why_options why = {0};
    const struct cli_option options[] = {
        {"of-token", "TOKEN", "in place of WHO: whoever this token proves", &why.token, NULL},
        {"client", NULL, "WHO is a client, not a user", NULL, &why.is_client},
        CLIENT_OPTIONS(why.client),
    };
    const struct cli_usage usage = {
        "baton auth why [WHO] PERMISSION TYPE[:ID] [options]",
        "Says why somebody may do something, or may not: by which groups and roles which "
        "authorizations come to them, and what would change the answer.",
        "baton auth why ann CANCEL_PROCESS_INSTANCE PROCESS_DEFINITION:loan",
        options,
        COUNT_OF(options),
        2,
        3};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    if (arguments.count != (str_is_empty(why.token) ? 3 : 2)) {
        (void)error_set(&err, ERROR_INVALID, "WHO", "say a user, or a token with --of-token");
        return cli_complain(&err);
    }
    bool sent = client_send(&arena, &why.client, "POST", STR("/v2/authorizations/explanation"),
                            question(&arena, &why, &arguments), &answer, &err);
    code = client_show(&arena, &why.client, sent, &answer, &err, print_explanation);
    arena_done(&arena);
    return code;
}
