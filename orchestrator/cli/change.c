// SPDX-License-Identifier: Apache-2.0
//
// Commands that change one running instance: `baton suspend`, `resume`, `modify`,
// `migrate-instance`, `restart`, `delete`, `retry`.
#include <stdio.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"

int command_suspend(int argc, char **argv)
{
    const struct cli_usage usage = {"baton suspend INSTANCE-KEY [options]",
                                    "Holds an instance and what it called: timers and messages "
                                    "wait, jobs are not offered, until it resumes.",
                                    "baton suspend 2251799813685250"};
    return act_on_key(argc, argv, &usage,
                      (struct act_place){"process-instances", "suspension", "suspended"});
}

int command_resume(int argc, char **argv)
{
    const struct cli_usage usage = {"baton resume INSTANCE-KEY [options]",
                                    "Lets a suspended instance go on.",
                                    "baton resume 2251799813685250"};
    return act_on_key(argc, argv, &usage,
                      (struct act_place){"process-instances", "resumption", "resumed"});
}

int command_delete(int argc, char **argv)
{
    const struct cli_usage usage = {"baton delete INSTANCE-KEY [options]",
                                    "Deletes an ended instance; its history stays until retention "
                                    "drops it.",
                                    "baton delete 2251799813685250"};
    return act_on_key(argc, argv, &usage,
                      (struct act_place){"process-instances", "deletion", "deleted"});
}

static void add_ids(struct act *act, const char *name, str text)
{
    str id;
    if (text.len == 0)
        return;
    json_key(&act->writer, str_of(name));
    json_begin_array(&act->writer);
    while (str_split(&text, ',', &id)) {
        json_begin_object(&act->writer);
        json_key(&act->writer, STR("elementId"));
        json_string(&act->writer, str_trim(id));
        json_end_object(&act->writer);
    }
    json_end_array(&act->writer);
}

int command_modify(int argc, char **argv)
{
    struct act act = {0};
    str move = STR_EMPTY, activate = STR_EMPTY, terminate = STR_EMPTY, variables = STR_EMPTY;
    const struct cli_option options[] = {
        {"move", "FROM=TO,…", "tokens at one element go to another", &move, NULL},
        {"activate", "ID,…", "begin these elements", &activate, NULL},
        {"terminate", "ID,…", "end whatever runs of these elements", &terminate, NULL},
        {"variables", "JSON", "set in the instance; @file reads a file", &variables, NULL},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {"baton modify INSTANCE-KEY [options]",
                                    "Changes where an instance stands.",
                                    "baton modify 2251799813685250 --move review=archive",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    if (!act_add_json(&act, "variables", variables, &err))
        return act_finish(&act, cli_complain(&err));
    add_ids(&act, "activateInstructions", activate);
    add_ids(&act, "terminateInstructions", terminate);
    if (!act_add_pairs(&act, "moveInstructions", move))
        return act_finish(&act, act_complain_pairs("--move"));
    str path = str_format(&act.arena, "/v2/process-instances/%s/modification", arguments.items[0]);
    return act_finish(&act, act_send(&act, path, "modified"));
}

int command_migrate_instance(int argc, char **argv)
{
    struct act act = {0};
    str target = STR_EMPTY, map = STR_EMPTY;
    bool dry_run = false;
    const struct cli_option options[] = {
        {"to", "DEFINITION-KEY", "the version to move to", &target, NULL},
        {"map", "FROM=TO,…", "elements that have another id there", &map, NULL},
        {"dry-run", NULL, "say whether it could be done, change nothing", NULL, &dry_run},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {
        "baton migrate-instance INSTANCE-KEY --to DEFINITION-KEY [options]",
        "Moves an instance to another version of its process: timers and subscriptions are made "
        "anew.",
        "baton migrate-instance 2251799813685250 --to 2251799813685300 --map review=check",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    act_add_text(&act, "targetProcessDefinitionKey", target);
    json_key(&act.writer, STR("dryRun"));
    json_bool(&act.writer, dry_run);
    if (!act_add_pairs(&act, "mappingInstructions", map))
        return act_finish(&act, act_complain_pairs("--map"));
    str path = str_format(&act.arena, "/v2/process-instances/%s/migration", arguments.items[0]);
    return act_finish(&act, act_send(&act, path, dry_run ? "it could be migrated" : "migrated"));
}

int command_restart(int argc, char **argv)
{
    struct act act = {0};
    str at = STR_EMPTY, variables = STR_EMPTY;
    uint64_t number;
    const struct cli_option options[] = {
        {"at", "SEQUENCE", "the last step that counts, of `baton history`; all without it", &at,
         NULL},
        {"variables", "JSON", "other values; @file reads a file", &variables, NULL},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {
        "baton restart INSTANCE-KEY [options]",
        "Starts a new instance where this one stood at a point of its history; the old one stays "
        "as it is.",
        "baton restart 2251799813685250 --at 7",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    if (at.len > 0 && !str_to_u64(at, &number)) {
        error_set(&err, ERROR_INVALID, "--at", "expected the number of a step");
        return act_finish(&act, cli_complain(&err));
    }
    if (at.len > 0) {
        json_key(&act.writer, STR("sequence"));
        json_raw(&act.writer, at);
    }
    if (!act_add_json(&act, "variables", variables, &err))
        return act_finish(&act, cli_complain(&err));
    str path = str_format(&act.arena, "/v2/process-instances/%s/restart", arguments.items[0]);
    return act_finish(&act, act_send(&act, path, NULL));
}

// The incident of the job, and its resolution.
static int resolve_of_job(struct act *act, const char *job)
{
    struct client_answer answer;
    struct error err;
    str filter =
        str_format(&act->arena, "{\"filter\":{\"jobKey\":\"%s\",\"state\":\"ACTIVE\"}}", job);
    if (!client_send(&act->arena, &act->client, "POST", STR("/v2/incidents/search"), filter,
                     &answer, &err))
        return client_fail(&err);
    const struct json *items = json_get(answer.json, STR("items"));
    for (size_t i = 0; json_is(items, JSON_ARRAY) && i < items->count; i++) {
        str key = json_get_str(&items->items[i], STR("incidentKey"), STR_EMPTY);
        str path = str_format(&act->arena, "/v2/incidents/%.*s/resolution", STR_ARG(key));
        if (!client_send(&act->arena, &act->client, "POST", path, STR("{}"), &answer, &err))
            return client_fail(&err);
    }
    printf("the job is tried again\n");
    return EXIT_OK;
}

int command_retry(int argc, char **argv)
{
    struct act act = {0};
    str retries = STR("1");
    uint64_t number;
    const struct cli_option options[] = {
        {"retries", "N", "how often it may fail from now on (1)", &retries, NULL},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {"baton retry JOB-KEY [options]",
                                    "Gives a job retries and resolves the incident that it has.",
                                    "baton retry 2251799813685260 --retries 3",
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
    if (!str_to_u64(retries, &number) || number == 0) {
        error_set(&err, ERROR_INVALID, "--retries", "expected a number from 1");
        return act_finish(&act, cli_complain(&err));
    }
    str body =
        str_format(&act.arena, "{\"changeset\":{\"retries\":%llu}}", (unsigned long long)number);
    str path = str_format(&act.arena, "/v2/jobs/%s", arguments.items[0]);
    if (!client_send(&act.arena, &act.client, "PATCH", path, body, &answer, &err))
        return act_finish(&act, client_fail(&err));
    return act_finish(&act, resolve_of_job(&act, arguments.items[0]));
}
