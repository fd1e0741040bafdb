// SPDX-License-Identifier: Apache-2.0
//
// `baton predict publish|withdraw`: which model the API predicts a process's instances by.
#include "cli/predict.h"

#include <stdio.h>

#include "base/digest.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/mine.h"
#include "cli/options.h"
#include "cli/resource.h"

static str model_path(struct arena *arena, const char *process)
{
    return str_format(arena, "/v2/insight/processes/%.*s/prediction-model",
                      STR_ARG(resource_escaped(arena, str_of(process))));
}

static bool publish(struct arena *arena, struct client_options *client, char **words,
                    struct error *err)
{
    struct client_answer answer;
    struct predictor *predictor;
    struct strbuf text = strbuf_new(arena), body = strbuf_new(arena);
    str bytes;
    if (!cli_read_file(arena, words[0], &bytes, err) ||
        !predictor_read(arena, bytes, &predictor, err))
        return false;
    str version = predictor_version(arena, bytes);
    base64_encode(&text, bytes);
    struct json_writer json = json_writer_new(&body);
    json_begin_object(&json);
    mine_text(&json, "model", strbuf_str(&text));
    if (client->tenant.len > 0)
        mine_text(&json, "tenantId", client->tenant);
    json_end_object(&json);
    return client_send(arena, client, "PUT", model_path(arena, words[1]), strbuf_str(&body),
                       &answer, err) &&
           (printf("version %.*s is served for %s\n", STR_ARG(version), words[1]), true);
}

static bool withdraw(struct arena *arena, struct client_options *client, char **words,
                     struct error *err)
{
    struct client_answer answer;
    str path = model_path(arena, words[0]);
    if (client->tenant.len > 0)
        path = str_format(arena, "%.*s?tenantId=%.*s", STR_ARG(path),
                          STR_ARG(resource_escaped(arena, client->tenant)));
    return client_send(arena, client, "DELETE", path, STR_EMPTY, &answer, err) &&
           (printf("no model is served for %s any more\n", words[0]), true);
}

typedef bool model_change(struct arena *arena, struct client_options *client, char **words,
                          struct error *err);

static int run(struct cli_usage usage, model_change *change, int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    struct client_options client = {0};
    const struct cli_option options[] = {
        {"tenant", "ID", "for instances of this tenant; else of the default tenant",
         .text = &client.tenant},
        CLIENT_OPTIONS(client),
    };
    struct cli_arguments words;
    struct error err;
    int code;
    usage.options = options;
    usage.option_count = COUNT_OF(options);
    if (cli_parse(&usage, argc, argv, &words, &code)) {
        code = EXIT_OK;
        if (!change(&arena, &client, words.items, &err))
            code = (cli_complain(&err), EXIT_FAILED);
    }
    arena_done(&arena);
    return code;
}

int command_predict_publish(int argc, char **argv)
{
    const struct cli_usage usage = {
        .synopsis = "baton predict publish MODEL PROCESS [options]",
        .summary = "Serves a model for a process: GET "
                   "/v2/insight/processes/PROCESS/instances/KEY/prediction says by it how a\n"
                   "running instance goes on. It takes the place of the one before. At most 1 MiB.",
        .example = "baton predict publish claims.model claims",
        .arguments_min = 2,
        .arguments_max = 2,
    };
    return run(usage, publish, argc, argv);
}

int command_predict_withdraw(int argc, char **argv)
{
    const struct cli_usage usage = {
        .synopsis = "baton predict withdraw PROCESS [options]",
        .summary = "Serves no model for a process any more.",
        .example = "baton predict withdraw claims",
        .arguments_min = 1,
        .arguments_max = 1,
    };
    return run(usage, withdraw, argc, argv);
}
