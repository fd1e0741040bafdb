// SPDX-License-Identifier: Apache-2.0
#include "cli/directory.h"

#include <ctype.h>
#include <stdio.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/resource.h"
#include "cli/table.h"

enum verb { LIST, SHOW, ADD, REMOVE, MEMBERS, ASSIGN, UNASSIGN };
enum noun { GROUP, ROLE, TENANT, MAPPING_RULE, AUTHORIZATION };

struct row {
    struct cli_directory shown;
    enum verb verb;
    enum noun noun;
    const char *example;
};

static const struct row rows[] = {
#define DIRECTORY(name, verb, noun, summary, example) {{name, summary}, verb, noun, example},
#include "cli/directory.def"
#undef DIRECTORY
};

static const struct noun_info {
    const char *path;
    const char *id; // member of the body and of items
    struct resource_listing listing;
    const char *members[5]; // last parts of paths
} nouns[] = {
    [GROUP] = {"/v2/groups",
               "groupId",
               {{"groupId", "name", "description"}, 3},
               {"users", "clients", "mapping-rules", "roles"}},
    [ROLE] = {"/v2/roles",
              "roleId",
              {{"roleId", "name", "description"}, 3},
              {"users", "clients", "groups", "mapping-rules"}},
    [TENANT] = {"/v2/tenants",
                "tenantId",
                {{"tenantId", "name", "description"}, 3},
                {"users", "clients", "groups", "roles", "mapping-rules"}},
    [MAPPING_RULE] = {"/v2/mapping-rules",
                      "mappingRuleId",
                      {{"mappingRuleId", "name", "claimName", "claimValue"}, 4},
                      {NULL}},
    [AUTHORIZATION] = {"/v2/authorizations",
                       "authorizationKey",
                       {{"authorizationKey", "ownerType", "ownerId", "resourceType", "resourceId",
                         "resourcePropertyName", "permissionTypes"},
                        7},
                       {NULL}},
};

// Kinds of members: the word of the command line, and where such ones stand in paths and items.
static const struct {
    const char *word, *path, *id;
} kinds[] = {{"user", "users", "username"},
             {"client", "clients", "clientId"},
             {"group", "groups", "groupId"},
             {"role", "roles", "roleId"},
             {"mapping-rule", "mapping-rules", "mappingRuleId"}};

struct job {
    struct act act;
    const struct row *row;
    const struct noun_info *noun;
    struct cli_arguments arguments;
    str name, description, claim, value, of;
};

const struct cli_directory *cli_directory_at(size_t n)
{
    return n < COUNT_OF(rows) ? &rows[n].shown : NULL;
}

static str path_of(struct job *job, const char *id)
{
    return str_format(&job->act.arena, "%s/%.*s", job->noun->path,
                      STR_ARG(resource_escaped(&job->act.arena, str_of(id))));
}

static int complain(const char *place, const char *why, const char *found)
{
    struct error err;
    (void)error_set(&err, ERROR_INVALID, place, "%s, found '%s'", why, found);
    return cli_complain(&err);
}

// "role:clerk" into the row of kinds and its id. COUNT_OF(kinds): it is written otherwise.
static size_t kind_of(str word, str *ret_id)
{
    size_t colon = str_find_char(word, ':');
    size_t kind = 0;
    str name = str_sub(word, 0, colon == SIZE_MAX ? 0 : colon);
    while (kind < COUNT_OF(kinds) && !str_equal(name, str_of(kinds[kind].word)))
        kind++;
    if (kind < COUNT_OF(kinds))
        *ret_id = str_from_index(word, colon + 1);
    return kind;
}

// MAPPING_RULE for mapping-rule.
static str in_capitals(struct arena *arena, const char *word)
{
    char *text = str_cstr(arena, str_of(word));
    for (char *c = text; *c != '\0'; c++)
        *c = *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return str_of(text);
}

static int send(struct job *job, const char *method, str path, str body, const char *done)
{
    struct client_answer answer;
    struct error err;
    bool as_json = client_wants_json(&job->act.client);
    if (!client_send(&job->act.arena, &job->act.client, method, path, body, &answer, &err))
        return client_fail(&err);
    if (as_json)
        printf("%.*s\n", STR_ARG(answer.text.len > 0 ? answer.text : STR("{\"done\":true}")));
    else
        puts(done);
    return EXIT_OK;
}

// -- Verbs ------------------------------------------------------------------------------

static int list(struct job *job)
{
    struct act *act = &job->act;
    str id = STR_EMPTY;
    act_begin(act);
    if (!str_is_empty(job->of)) {
        size_t kind = kind_of(job->of, &id);
        if (kind == COUNT_OF(kinds))
            return complain("--of", "expected user:, client:, group:, role: or mapping-rule:ID",
                            str_cstr(&act->arena, job->of));
        json_key(&act->writer, STR("filter"));
        json_begin_object(&act->writer);
        act_add_text(act, "ownerType", in_capitals(&act->arena, kinds[kind].word));
        act_add_text(act, "ownerId", id);
        json_end_object(&act->writer);
    }
    json_key(&act->writer, STR("page"));
    json_raw(&act->writer, STR("{\"limit\":1000}"));
    json_end_object(&act->writer);
    return resource_list(&act->client, "POST",
                         str_format(&act->arena, "%s/search", job->noun->path),
                         strbuf_str(&act->body), &job->noun->listing);
}

static int show(struct job *job)
{
    struct arena *arena = &job->act.arena;
    struct client_answer answer;
    struct error err;
    if (!client_send(arena, &job->act.client, "GET", path_of(job, job->arguments.items[0]),
                     STR_EMPTY, &answer, &err))
        return client_fail(&err);
    if (client_wants_json(&job->act.client)) {
        printf("%.*s\n", STR_ARG(answer.text));
        return EXIT_OK;
    }
    const struct resource_listing *listing = &job->noun->listing;
    str one = str_format(arena, "{\"items\":[%.*s]}", STR_ARG(answer.text));
    struct json *items;
    if (!json_parse(arena, one, &items, &err))
        return client_fail(&err);
    table_print_items(arena, listing->columns, listing->count, items);
    return EXIT_OK;
}

// OWNER PERMISSION,… TYPE[:ID], where ID is * when it is left out and =PROPERTY of user tasks.
static bool add_authorization(struct job *job, int *ret_code)
{
    struct act *act = &job->act;
    str id, resource = str_of(job->arguments.items[2]);
    str permissions = str_of(job->arguments.items[1]), permission;
    size_t kind = kind_of(str_of(job->arguments.items[0]), &id);
    size_t colon = str_find_char(resource, ':');
    *ret_code = EXIT_USAGE;
    if (kind == COUNT_OF(kinds)) {
        *ret_code = complain("OWNER", "expected user:, client:, group:, role: or mapping-rule:ID",
                             job->arguments.items[0]);
        return false;
    }
    act_add_text(act, "ownerType", in_capitals(&act->arena, kinds[kind].word));
    act_add_text(act, "ownerId", id);
    act_add_text(act, "resourceType",
                 str_sub(resource, 0, colon == SIZE_MAX ? resource.len : colon));
    str of = colon == SIZE_MAX ? STR("*") : str_from_index(resource, colon + 1);
    if (str_starts_with(of, STR("=")))
        act_add_text(act, "resourcePropertyName", str_from_index(of, 1));
    else
        act_add_text(act, "resourceId", of);
    json_key(&act->writer, STR("permissionTypes"));
    json_begin_array(&act->writer);
    while (str_split(&permissions, ',', &permission))
        json_string(&act->writer, str_trim(permission));
    json_end_array(&act->writer);
    return true;
}

static int add(struct job *job)
{
    struct act *act = &job->act;
    int code;
    act_begin(act);
    if (job->row->noun == AUTHORIZATION) {
        if (!add_authorization(job, &code))
            return code;
    } else {
        str id = str_of(job->arguments.items[0]);
        act_add_text(act, job->noun->id, id);
        act_add_text(act, "name", str_is_empty(job->name) ? id : job->name);
        act_add_text(act, "description", job->description);
        act_add_text(act, "claimName", job->claim);
        act_add_text(act, "claimValue", job->value);
    }
    json_end_object(&act->writer);
    return send(job, "POST", str_of(job->noun->path), strbuf_str(&act->body), "made");
}

static void add_members(struct job *job, struct table *table, struct json_writer *w,
                        const struct json *items, size_t kind)
{
    json_key(w, str_of(kinds[kind].path));
    json_begin_array(w);
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        str id = json_get_str(&items->items[i], str_of(kinds[kind].id), STR_EMPTY);
        json_string(w, id);
        table_add(table, str_of(kinds[kind].word));
        table_add(table, str_copy(&job->act.arena, id));
    }
    json_end_array(w);
}

static int members(struct job *job)
{
    static const char *const titles[] = {"kind", "id"};
    struct arena *arena = &job->act.arena;
    struct table table = table_new(arena, titles, COUNT_OF(titles));
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct client_answer answer;
    struct error err;
    str base = path_of(job, job->arguments.items[0]);
    json_begin_object(&w);
    for (size_t i = 0; i < COUNT_OF(job->noun->members) && job->noun->members[i] != NULL; i++) {
        str path = str_format(arena, "%.*s/%s/search", STR_ARG(base), job->noun->members[i]);
        size_t kind = 0;
        while (!str_equal(str_of(kinds[kind].path), str_of(job->noun->members[i])))
            kind++;
        if (!client_send(arena, &job->act.client, "POST", path, STR("{\"page\":{\"limit\":1000}}"),
                         &answer, &err))
            return client_fail(&err);
        add_members(job, &table, &w, json_get(answer.json, STR("items")), kind);
    }
    json_end_object(&w);
    if (client_wants_json(&job->act.client))
        printf("%.*s\n", STR_ARG(strbuf_str(&out)));
    else
        table_print(&table);
    return EXIT_OK;
}

// A role belongs to a group as a group's member does to a role: the same row, named from there.
static int assign(struct job *job)
{
    struct arena *arena = &job->act.arena;
    const char *method = job->row->verb == ASSIGN ? "PUT" : "DELETE";
    str id, base = path_of(job, job->arguments.items[0]);
    size_t kind = kind_of(str_of(job->arguments.items[1]), &id);
    bool fits = false;
    for (size_t i = 0; kind < COUNT_OF(kinds) && i < COUNT_OF(job->noun->members); i++)
        fits |= job->noun->members[i] != NULL &&
                str_equal(str_of(job->noun->members[i]), str_of(kinds[kind].path));
    if (!fits || (job->row->noun == GROUP && str_equal(str_of(kinds[kind].word), STR("role"))))
        return complain("MEMBER", "expected what can belong to it, such as user:NAME",
                        job->arguments.items[1]);
    str path = str_format(arena, "%.*s/%s/%.*s", STR_ARG(base), kinds[kind].path,
                          STR_ARG(resource_escaped(arena, id)));
    return send(job, method, path, STR_EMPTY, job->row->verb == ASSIGN ? "assigned" : "taken out");
}

static int act_on(struct job *job)
{
    switch (job->row->verb) {
    case LIST:
        return list(job);
    case SHOW:
        return show(job);
    case ADD:
        return add(job);
    case REMOVE:
        return send(job, "DELETE", path_of(job, job->arguments.items[0]), STR_EMPTY, "removed");
    case MEMBERS:
        return members(job);
    case ASSIGN:
    case UNASSIGN:
        return assign(job);
    }
    check_unreachable();
}

// -- The command ------------------------------------------------------------------------

static const char *arguments_of(const struct row *row, size_t *ret_count)
{
    bool is_authorization = row->noun == AUTHORIZATION;
    *ret_count = row->verb == LIST                              ? 0
                 : row->verb == ASSIGN || row->verb == UNASSIGN ? 2
                 : row->verb == ADD && is_authorization         ? 3
                                                                : 1;
    static const char *const texts[] = {"", " ID", " ID KIND:MEMBER",
                                        " KIND:OWNER PERMISSION,… TYPE[:ID]"};
    return texts[*ret_count];
}

static size_t options_of(struct job *job, struct cli_option *ret_options)
{
    const struct row *row = job->row;
    size_t count = 0;
    if (row->verb == ADD && row->noun != AUTHORIZATION)
        ret_options[count++] =
            (struct cli_option){"name", "TEXT", "for people (the id)", &job->name, NULL};
    if (row->verb == ADD && row->noun <= TENANT)
        ret_options[count++] =
            (struct cli_option){"description", "TEXT", "what it is for", &job->description, NULL};
    if (row->verb == ADD && row->noun == MAPPING_RULE) {
        ret_options[count++] = (struct cli_option){
            "claim", "FEEL", "a claim's name, or an expression over all", &job->claim, NULL};
        ret_options[count++] = (struct cli_option){
            "value", "TEXT", "what it must be, or a list must have", &job->value, NULL};
    }
    if (row->verb == LIST && row->noun == AUTHORIZATION)
        ret_options[count++] =
            (struct cli_option){"of", "KIND:OWNER", "of this owner alone", &job->of, NULL};
    return count;
}

int cli_directory_run(size_t n, int argc, char **argv)
{
    struct job job = {.row = &rows[n], .noun = &nouns[rows[n].noun]};
    const struct cli_option client[] = {CLIENT_OPTIONS(job.act.client)};
    struct cli_option options[4 + COUNT_OF(client)];
    size_t wanted, own = options_of(&job, options);
    const char *words = arguments_of(job.row, &wanted);
    int code;
    memcpy(options + own, client, sizeof client);
    str synopsis = str_format(&job.act.arena, "baton %s%s [options]", job.row->shown.name, words);
    str summary = str_format(&job.act.arena, "%c%s.", toupper(job.row->shown.summary[0]),
                             job.row->shown.summary + 1);
    const struct cli_usage usage = {str_cstr(&job.act.arena, synopsis),
                                    str_cstr(&job.act.arena, summary),
                                    job.row->example,
                                    options,
                                    own + COUNT_OF(client),
                                    wanted,
                                    wanted};
    if (cli_parse(&usage, argc, argv, &job.arguments, &code))
        code = act_on(&job);
    return act_finish(&job.act, code);
}
