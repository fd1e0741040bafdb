// SPDX-License-Identifier: Apache-2.0
//
// `baton auth why`, `who`, `simulate`: why somebody may do something, or may not; who may; what a
// change would give and take.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"
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
    str token, at;
    bool is_client;
};

// A resource on the command line: TYPE, for all, or TYPE:ID.
static void write_resource(struct json_writer *w, str resource)
{
    size_t colon = str_find_char(resource, ':');
    json_key(w, STR("resourceType"));
    json_string(w, colon == SIZE_MAX ? resource : str_sub(resource, 0, colon));
    if (colon == SIZE_MAX)
        return;
    json_key(w, STR("resourceId"));
    json_string(w, str_from_index(resource, colon + 1));
}

static void write_time(struct json_writer *w, str at)
{
    if (str_is_empty(at))
        return;
    json_key(w, STR("at"));
    json_string(w, at);
}

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
    write_resource(&w, str_of(arguments->items[at]));
    write_time(&w, why->at);
    json_end_object(&w);
    return strbuf_str(&out);
}

int command_auth_why(int argc, char **argv)
{
    struct why_options why = {0};
    const struct cli_option options[] = {
        {"of-token", "TOKEN", "in place of WHO: whoever this token proves", &why.token, NULL},
        {"at", "TIME", "as it was then", &why.at, NULL},
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

// -- Who ------------------------------------------------------------------------------------

int command_auth_who(int argc, char **argv)
{
    static const struct resource_listing listing = {
        {"ownerType", "ownerId", "way", "authorizationKey", "resourceId"}, 5};
    struct why_options who = {0};
    const struct cli_option options[] = {
        {"at", "TIME", "who could then, such as 2026-11-22T17:00:00Z", &who.at, NULL},
        CLIENT_OPTIONS(who.client),
    };
    const struct cli_usage usage = {
        "baton auth who PERMISSION TYPE[:ID] [options]",
        "Lists who can do something, and by which groups and roles; a GROUP or MAPPING_RULE stands "
        "for whoever a token puts into it.",
        "baton auth who CANCEL_PROCESS_INSTANCE PROCESS_DEFINITION:loan --at 2026-11-01T00:00:00Z",
        options,
        COUNT_OF(options),
        2,
        2};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    struct strbuf out = strbuf_new(&arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("permissionType"));
    json_string(&w, str_of(arguments.items[0]));
    write_resource(&w, str_of(arguments.items[1]));
    write_time(&w, who.at);
    json_end_object(&w);
    code = resource_list(&who.client, "POST", STR("/v2/authorizations/who"), strbuf_str(&out),
                         &listing);
    arena_done(&arena);
    return code;
}

// -- Simulation -----------------------------------------------------------------------------

// KIND:ID as "PREFIXType" and "PREFIXId"; mapping-rule is MAPPING_RULE.
static bool write_named(struct json_writer *w, struct arena *arena, const char *prefix, str word)
{
    size_t colon = str_find_char(word, ':');
    struct strbuf kind = strbuf_new(arena);
    if (colon == SIZE_MAX)
        return false;
    for (size_t i = 0; i < colon; i++)
        strbuf_add_char(&kind,
                        word.data[i] == '-' ? '_' : (char)toupper((unsigned char)word.data[i]));
    json_key(w, str_format(arena, "%sType", prefix));
    json_string(w, strbuf_str(&kind));
    json_key(w, str_format(arena, "%sId", prefix));
    json_string(w, str_from_index(word, colon + 1));
    return true;
}

static bool write_gift(struct json_writer *w, const struct cli_arguments *arguments)
{
    str rest = str_of(arguments->items[2]), permission;
    json_key(w, STR("permissionTypes"));
    json_begin_array(w);
    while (str_split(&rest, ',', &permission))
        json_string(w, str_trim(permission));
    json_end_array(w);
    str resource = str_of(arguments->items[3]);
    size_t colon = str_find_char(resource, ':');
    str of = colon == SIZE_MAX ? STR("*") : str_from_index(resource, colon + 1);
    bool is_property = str_starts_with(of, STR("="));
    json_key(w, STR("resourceType"));
    json_string(w, str_sub(resource, 0, colon == SIZE_MAX ? resource.len : colon));
    json_key(w, is_property ? STR("resourcePropertyName") : STR("resourceId"));
    json_string(w, is_property ? str_from_index(of, 1) : of);
    return true;
}

// The words of the command that would do it. False: they are written otherwise.
static bool write_change(struct json_writer *w, struct arena *arena,
                         const struct cli_arguments *arguments)
{
    static const struct {
        const char *word, *operation;
        size_t count;
    } verbs[] = {{"assign", "ASSIGN", 3},
                 {"unassign", "UNASSIGN", 3},
                 {"give", "GIVE", 4},
                 {"take", "TAKE", 2},
                 {"remove", "REMOVE", 2}};
    size_t verb = 0;
    while (verb < COUNT_OF(verbs) && strcmp(verbs[verb].word, arguments->items[0]) != 0)
        verb++;
    if (verb == COUNT_OF(verbs) || arguments->count != verbs[verb].count)
        return false;
    json_key(w, STR("operation"));
    json_string(w, str_of(verbs[verb].operation));
    str first = str_of(arguments->items[1]);
    if (verb == 3) {
        json_key(w, STR("authorizationKey"));
        json_string(w, first);
        return true;
    }
    if (verb <= 1)
        return write_named(w, arena, "whole", first) &&
               write_named(w, arena, "owner", str_of(arguments->items[2]));
    return write_named(w, arena, "owner", first) && (verb != 2 || write_gift(w, arguments));
}

// {"changes": […]}: one of the command line, or a file's.
static bool write_changes(struct arena *arena, str file, const struct cli_arguments *arguments,
                          str *ret_body, struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *list;
    str text;
    json_begin_object(&w);
    json_key(&w, STR("changes"));
    if (!str_is_empty(file)) {
        if (!cli_read_value(arena, str_join2(arena, STR("@"), file), &text, err) ||
            !json_parse(arena, text, &list, err))
            return false;
        json_value(&w, list);
    } else {
        json_begin_array(&w);
        json_begin_object(&w);
        if (arguments->count == 0 || !write_change(&w, arena, arguments))
            return error_set(err, ERROR_INVALID, "CHANGE",
                             "expected assign|unassign KIND:WHOLE KIND:MEMBER, give KIND:OWNER "
                             "PERMISSION,… TYPE[:ID], take AUTHORIZATION-KEY or remove KIND:ID");
        json_end_object(&w);
        json_end_array(&w);
    }
    json_end_object(&w);
    *ret_body = strbuf_str(&out);
    return true;
}

int command_auth_simulate(int argc, char **argv)
{
    static const struct resource_listing listing = {
        {"effect", "ownerType", "ownerId", "permissionType", "resourceType", "resourceId"}, 6};
    struct client_options client = {0};
    str file = STR_EMPTY;
    const struct cli_option options[] = {
        {"file", "FILE", "changes as POST /v2/authorizations/simulation has them", &file, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {
        "baton auth simulate CHANGE… [options]",
        "Lists who would win and lose what by a change, and does nothing. The change is written as "
        "the command that would make it.",
        "baton auth simulate unassign role:clerk group:crew",
        options,
        COUNT_OF(options),
        0,
        4};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str body;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    code =
        write_changes(&arena, file, &arguments, &body, &err)
            ? resource_list(&client, "POST", STR("/v2/authorizations/simulation"), body, &listing)
            : cli_complain(&err);
    arena_done(&arena);
    return code;
}
