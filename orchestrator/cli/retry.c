// SPDX-License-Identifier: Apache-2.0
//
// `baton retry`: retries for a job, and the resolution of its incident.
#include <stdio.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"

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
