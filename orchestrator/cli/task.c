// SPDX-License-Identifier: Apache-2.0
//
// `baton claim`, `unclaim`, `my-tasks`: user tasks, for the person who asks.
#include <stdio.h>

#include "base/map.h"
#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/table.h"

enum { MOST_TASKS = 1000 };

// Who the caller is. Where nobody logs in, that is nobody.
static bool find_me(struct act *act, struct client_answer *ret_answer, str *ret_name,
                    struct error *err)
{
    if (!client_send(&act->arena, &act->client, "GET", STR("/v2/authentication/me"), STR_EMPTY,
                     ret_answer, err))
        return false;
    *ret_name = json_get_str(ret_answer->json, STR("username"), STR_EMPTY);
    return true;
}

// -- Claim ------------------------------------------------------------------------------

static int claim(struct act *act, const char *key, str assignee, bool takes)
{
    struct client_answer me;
    struct error err;
    if (assignee.len == 0 && !find_me(act, &me, &assignee, &err))
        return client_fail(&err);
    if (assignee.len == 0) {
        error_set(&err, ERROR_INVALID, "--assignee",
                  "this Baton knows no users: say who claims the task");
        return cli_complain(&err);
    }
    act_begin(act);
    act_add_text(act, "assignee", assignee);
    json_key(&act->writer, STR("allowOverride"));
    json_bool(&act->writer, takes);
    str path = str_format(&act->arena, "/v2/user-tasks/%s/assignment", key);
    return act_send(act, path, "claimed");
}

int command_claim(int argc, char **argv)
{
    struct act act = {0};
    str assignee = STR_EMPTY;
    bool takes = false;
    const struct cli_option options[] = {
        {"assignee", "NAME", "who claims it (you)", &assignee, NULL},
        {"take", NULL, "also from whoever has claimed it already", NULL, &takes},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {"baton claim TASK-KEY [options]",
                                    "Claims a user task.",
                                    "baton claim 2251799813685260",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return act_finish(&act, claim(&act, arguments.items[0], assignee, takes));
}

int command_unclaim(int argc, char **argv)
{
    struct act act = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(act.client)};
    const struct cli_usage usage = {"baton unclaim TASK-KEY [options]",
                                    "Gives a claimed user task back to those who could claim it.",
                                    "baton unclaim 2251799813685260",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    str path = str_format(&act.arena, "/v2/user-tasks/%s/assignee", arguments.items[0]);
    if (!client_send(&act.arena, &act.client, "DELETE", path, STR_EMPTY, &answer, &err))
        return act_finish(&act, client_fail(&err));
    printf("given back\n");
    return act_finish(&act, EXIT_OK);
}

// -- My tasks ---------------------------------------------------------------------------

struct tasks {
    struct act act;
    struct map seen; // of keys
    ARRAY(const struct json *) items;
};

// One more search: what it finds and is not there yet comes behind.
static bool add_tasks(struct tasks *tasks, str filter, struct error *err)
{
    struct arena *arena = &tasks->act.arena;
    struct client_answer answer;
    str body = str_format(arena,
                          "{\"filter\":{\"state\":\"CREATED\",%.*s},"
                          "\"sort\":[{\"field\":\"dueDate\"},{\"field\":\"userTaskKey\"}],"
                          "\"page\":{\"limit\":%d}}",
                          STR_ARG(filter), MOST_TASKS);
    if (!client_send(arena, &tasks->act.client, "POST", STR("/v2/user-tasks/search"), body, &answer,
                     err))
        return false;
    const struct json *found = json_get(answer.json, STR("items"));
    for (size_t i = 0; json_is(found, JSON_ARRAY) && i < found->count; i++) {
        str key = json_get_str(&found->items[i], STR("userTaskKey"), STR_EMPTY);
        if (map_get(&tasks->seen, key) != NULL)
            continue;
        map_put(&tasks->seen, key, tasks);
        *ARRAY_PUSH(arena, &tasks->items) = &found->items[i];
    }
    return true;
}

static str as_json(struct arena *arena, const struct json *value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

#define NOBODYS "\"assignee\":{\"$exists\":false},"

// Claimed by the caller, then what the caller could claim.
static bool find_tasks(struct tasks *tasks, str me, const struct json *groups, struct error *err)
{
    struct arena *arena = &tasks->act.arena;
    const struct json name = {.type = JSON_STRING, .text = me};
    str quoted = as_json(arena, &name);
    str mine = str_format(arena, "\"assignee\":%.*s", STR_ARG(quoted));
    str for_me = str_format(arena, NOBODYS "\"candidateUser\":%.*s", STR_ARG(quoted));
    if (!add_tasks(tasks, mine, err) || !add_tasks(tasks, for_me, err))
        return false;
    if (!json_is(groups, JSON_ARRAY) || groups->count == 0)
        return true;
    str for_groups = str_format(arena, NOBODYS "\"candidateGroup\":{\"$in\":%.*s}",
                                STR_ARG(as_json(arena, groups)));
    return add_tasks(tasks, for_groups, err);
}

static void print_tasks(struct tasks *tasks)
{
    static const char *const columns[] = {"userTaskKey",       "name",
                                          "assignee",          "dueDate",
                                          "candidateGroups",   "processDefinitionId",
                                          "processInstanceKey"};
    struct arena *arena = &tasks->act.arena;
    struct json items = {.type = JSON_ARRAY, .count = tasks->items.count};
    items.items = ARENA_ARRAY(arena, struct json, tasks->items.count);
    for (size_t i = 0; i < items.count; i++)
        items.items[i] = *tasks->items.items[i];
    struct json_member member = {STR("items"), items};
    const struct json answer = {.type = JSON_OBJECT, .count = 1, .members = &member};
    if (client_wants_json(&tasks->act.client))
        printf("%.*s\n", STR_ARG(as_json(arena, &answer)));
    else
        table_print_items(arena, columns, COUNT_OF(columns), &answer);
}

int command_my_tasks(int argc, char **argv)
{
    struct tasks tasks = {0};
    struct act *act = &tasks.act;
    str me = STR_EMPTY;
    const struct cli_option options[] = {
        {"assignee", "NAME", "whose (yours)", &me, NULL},
        CLIENT_OPTIONS(tasks.act.client),
    };
    const struct cli_usage usage = {
        "baton my-tasks [options]",
        "Lists the open user tasks that you have claimed, then those that you or your groups could "
        "claim:\nwhat is due first stands first, at most 1,000 of each.",
        "baton my-tasks --user anna",
        options,
        COUNT_OF(options),
        0,
        0};
    struct cli_arguments arguments;
    struct client_answer answer = {0};
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    tasks.seen = map_new(&act->arena);
    if (me.len == 0 && !find_me(act, &answer, &me, &err))
        return act_finish(act, client_fail(&err));
    if (me.len == 0) {
        error_set(&err, ERROR_INVALID, "--assignee", "this Baton knows no users: say whose");
        return act_finish(act, cli_complain(&err));
    }
    if (!find_tasks(&tasks, me, json_get(answer.json, STR("groups")), &err))
        return act_finish(act, client_fail(&err));
    print_tasks(&tasks);
    return act_finish(act, EXIT_OK);
}
