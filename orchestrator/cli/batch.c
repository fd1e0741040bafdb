// SPDX-License-Identifier: Apache-2.0
//
// Commands about many instances: `baton batch begin`, `list`, `items`.
#include <stdio.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/table.h"

static const struct {
    const char *name;
    const char *path;
} kinds[] = {
    {"cancel", "cancellation"}, {"resolve", "incident-resolution"},
    {"migrate", "migration"},   {"modify", "modification"},
    {"delete", "deletion"},     {"suspend", "suspension"},
    {"resume", "resumption"},
};

static const char *path_of(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].path;
    return NULL;
}

struct batch {
    struct act act;
    str process, filter, target, map, move;
    bool dry_run, all;
};

static bool add_filter(struct batch *batch, struct error *err)
{
    struct json_writer *w = &batch->act.writer;
    if (batch->filter.len > 0)
        return act_add_json(&batch->act, "filter", batch->filter, err);
    if (batch->all) {
        json_key(w, STR("allInstances"));
        json_bool(w, true);
        return true;
    }
    if (batch->process.len == 0)
        return error_set(err, ERROR_INVALID, "--filter",
                         "which instances? --process ID, --filter JSON, or --all");
    json_key(w, STR("filter"));
    json_begin_object(w);
    act_add_text(&batch->act, "processDefinitionId", batch->process);
    json_end_object(w);
    return true;
}

static bool add_plan(struct batch *batch)
{
    struct json_writer *w = &batch->act.writer;
    bool ok = true;
    if (batch->target.len > 0) {
        json_key(w, STR("migrationPlan"));
        json_begin_object(w);
        act_add_text(&batch->act, "targetProcessDefinitionKey", batch->target);
        ok = act_add_pairs(&batch->act, "mappingInstructions", batch->map);
        json_end_object(w);
    }
    if (batch->move.len > 0)
        ok = act_add_pairs(&batch->act, "moveInstructions", batch->move);
    json_key(w, STR("dryRun"));
    json_bool(w, batch->dry_run);
    return ok;
}

int command_batch_begin(int argc, char **argv)
{
    struct batch batch = {0};
    const struct cli_option options[] = {
        {"process", "ID", "all instances of this process", &batch.process, NULL},
        {"filter", "JSON", "any filter that the API's search of instances takes", &batch.filter,
         NULL},
        {"all", NULL, "every instance", NULL, &batch.all},
        {"to", "DEFINITION-KEY", "migrate: the version to move to", &batch.target, NULL},
        {"map", "FROM=TO,…", "migrate: elements that have another id there", &batch.map, NULL},
        {"move", "FROM=TO,…", "modify: tokens at one element go to another", &batch.move, NULL},
        {"dry-run", NULL, "migrate: say whether it could be done", NULL, &batch.dry_run},
        CLIENT_OPTIONS(batch.act.client),
    };
    const struct cli_usage usage = {
        "baton batch begin cancel|resolve|migrate|modify|delete|suspend|resume [options]",
        "Does something to all instances that a filter finds; `baton batch list` tells how far it "
        "is.",
        "baton batch begin migrate --process order --to 2251799813685300 --dry-run",
        options,
        COUNT_OF(options),
        1,
        1};
    struct cli_arguments arguments;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    const char *path = path_of(arguments.items[0]);
    act_begin(&batch.act);
    if (path == NULL) {
        error_set(&err, ERROR_INVALID, arguments.items[0],
                  "expected cancel, resolve, migrate, modify, delete, suspend or resume");
        return act_finish(&batch.act, cli_complain(&err));
    }
    if (!add_filter(&batch, &err))
        return act_finish(&batch.act, cli_complain(&err));
    if (!add_plan(&batch))
        return act_finish(&batch.act, act_complain_pairs("--map, --move"));
    return act_finish(
        &batch.act,
        act_send(&batch.act, str_format(&batch.act.arena, "/v2/process-instances/%s", path), NULL));
}

// -- Looking ----------------------------------------------------------------------------

static int search(struct act *act, const char *path, const char *const *columns, size_t count)
{
    struct client_answer answer;
    struct error err;
    json_end_object(&act->writer);
    if (!client_send(&act->arena, &act->client, "POST", str_of(path), strbuf_str(&act->body),
                     &answer, &err))
        return client_fail(&err);
    if (client_wants_json(&act->client))
        printf("%.*s\n", STR_ARG(answer.text));
    else
        table_print_items(&act->arena, columns, count, answer.json);
    return EXIT_OK;
}

int command_batch_list(int argc, char **argv)
{
    static const char *const columns[] = {
        "batchOperationKey",    "batchOperationType",       "state",
        "operationsTotalCount", "operationsCompletedCount", "operationsFailedCount"};
    struct act act = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(act.client)};
    const struct cli_usage usage = {"baton batch list [options]",
                                    "Lists batch operations and how far they are.",
                                    "baton batch list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    return act_finish(&act,
                      search(&act, "/v2/batch-operations/search", columns, COUNT_OF(columns)));
}

int command_batch_items(int argc, char **argv)
{
    static const char *const columns[] = {"processInstanceKey", "itemKey", "state", "processedDate",
                                          "errorMessage"};
    struct act act = {0};
    str state = STR_EMPTY;
    const struct cli_option options[] = {
        {"state", "STATE", "ACTIVE, COMPLETED, FAILED or CANCELED", &state, NULL},
        CLIENT_OPTIONS(act.client)};
    const struct cli_usage usage = {"baton batch items BATCH-KEY [options]",
                                    "Lists what a batch operation does, and what came of it.",
                                    "baton batch items 7530354210055913472 --state FAILED",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    json_key(&act.writer, STR("filter"));
    json_begin_object(&act.writer);
    act_add_text(&act, "batchOperationKey", str_of(arguments.items[0]));
    act_add_text(&act, "state", state);
    json_end_object(&act.writer);
    return act_finish(&act,
                      search(&act, "/v2/batch-operation-items/search", columns, COUNT_OF(columns)));
}
