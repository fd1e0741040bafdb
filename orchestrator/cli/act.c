// SPDX-License-Identifier: Apache-2.0
//
// Commands that ask for one change: `baton publish`, `complete`, `resolve`, `cancel`.
#include <stdio.h>

#include "cli/act.h"
#include "cli/command.h"
#include "cli/files.h"

void act_begin(struct act *act)
{
    act->body = strbuf_new(&act->arena);
    act->writer = json_writer_new(&act->body);
    json_begin_object(&act->writer);
}

void act_add_text(struct act *act, const char *name, str value)
{
    if (value.len == 0)
        return;
    json_key(&act->writer, str_of(name));
    json_string(&act->writer, value);
}

bool act_add_json(struct act *act, const char *name, str option, struct error *err)
{
    str text;
    struct json *value;
    if (option.len == 0)
        return true;
    if (!cli_read_value(&act->arena, option, &text, err) ||
        !json_parse(&act->arena, text, &value, err))
        return false;
    json_key(&act->writer, str_of(name));
    json_value(&act->writer, value);
    return true;
}

bool act_add_pairs(struct act *act, const char *name, str text)
{
    str pair;
    if (text.len == 0)
        return true;
    json_key(&act->writer, str_of(name));
    json_begin_array(&act->writer);
    while (str_split(&text, ',', &pair)) {
        str first, second = pair;
        if (!str_split(&second, '=', &first) || second.len == 0)
            return false;
        json_begin_object(&act->writer);
        act_add_text(act, "sourceElementId", str_trim(first));
        act_add_text(act, "targetElementId", str_trim(second));
        json_end_object(&act->writer);
    }
    json_end_array(&act->writer);
    return true;
}

int act_complain_pairs(const char *option)
{
    struct error err;
    error_set(&err, ERROR_INVALID, option, "expected FROM=TO, more separated by commas");
    return cli_complain(&err);
}

// Sends what has been put together and says that it is done.
int act_send(struct act *act, str path, const char *done)
{
    struct client_answer answer;
    struct error err;
    json_end_object(&act->writer);
    if (!client_send(&act->arena, &act->client, "POST", path, strbuf_str(&act->body), &answer,
                     &err))
        return client_fail(&err);
    if (done == NULL || client_wants_json(&act->client))
        printf("%.*s\n", STR_ARG(answer.text.len > 0 ? answer.text : STR("{}")));
    else
        printf("%s\n", done);
    return EXIT_OK;
}

int act_finish(struct act *act, int code)
{
    arena_done(&act->arena);
    return code;
}

int command_publish(int argc, char **argv)
{
    struct act act = {0};
    str key = STR_EMPTY;
    str variables = STR_EMPTY;
    str ttl = STR("3600000");
    str id = STR_EMPTY;
    const struct cli_option options[] = {
        {"key", "TEXT", "correlation key", &key, NULL},
        {"variables", "JSON", "what the message carries; @file reads a file", &variables, NULL},
        {"ttl", "MS", "how long it waits for a receiver (an hour)", &ttl, NULL},
        {"id", "TEXT", "a second message with this id is dropped", &id, NULL},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {"baton publish MESSAGE [options]",
                                    "Publishes a message to whoever waits for it, or will.",
                                    "baton publish document-received --key 4711",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1};
    struct cli_arguments arguments;
    struct error err;
    int code;
    uint64_t number;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    act_add_text(&act, "name", str_of(arguments.items[0]));
    act_add_text(&act, "correlationKey", key);
    act_add_text(&act, "messageId", id);
    if (!str_to_u64(ttl, &number)) {
        error_set(&err, ERROR_INVALID, "--ttl", "expected milliseconds");
        return act_finish(&act, cli_complain(&err));
    }
    json_key(&act.writer, STR("timeToLive"));
    json_raw(&act.writer, ttl);
    if (!act_add_json(&act, "variables", variables, &err))
        return act_finish(&act, cli_complain(&err));
    return act_finish(&act, act_send(&act, STR("/v2/messages/publication"), "published"));
}

int command_complete(int argc, char **argv)
{
    struct act act = {0};
    str variables = STR_EMPTY;
    bool is_job = false;
    const struct cli_option options[] = {
        {"variables", "JSON", "the result; @file reads a file", &variables, NULL},
        {"job", NULL, "KEY names a job, not a user task", NULL, &is_job},
        CLIENT_OPTIONS(act.client),
    };
    const struct cli_usage usage = {"baton complete KEY [options]",
                                    "Completes a user task, or a job in place of its worker.",
                                    "baton complete 2251799813685260 --variables '{\"ok\": true}'",
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
    str path = str_format(&act.arena, "/v2/%s/%s/completion", is_job ? "jobs" : "user-tasks",
                          arguments.items[0]);
    return act_finish(&act, act_send(&act, path, "completed"));
}

// The commands that need nothing but a key.
int act_on_key(int argc, char **argv, const struct cli_usage *shape, struct act_place place)
{
    struct act act = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(act.client)};
    struct cli_usage usage = *shape;
    struct cli_arguments arguments;
    int code;
    usage.options = options;
    usage.option_count = COUNT_OF(options);
    usage.arguments_min = usage.arguments_max = 1;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    act_begin(&act);
    str path =
        str_format(&act.arena, "/v2/%s/%s/%s", place.collection, arguments.items[0], place.action);
    return act_finish(&act, act_send(&act, path, place.done));
}

int command_resolve(int argc, char **argv)
{
    const struct cli_usage usage = {"baton resolve INCIDENT-KEY [options]",
                                    "Marks an incident as mended and tries again.",
                                    "baton resolve 2251799813685270"};
    return act_on_key(argc, argv, &usage,
                      (struct act_place){"incidents", "resolution", "resolved"});
}

int command_cancel(int argc, char **argv)
{
    const struct cli_usage usage = {"baton cancel INSTANCE-KEY [options]",
                                    "Ends an instance and everything it called.",
                                    "baton cancel 2251799813685250"};
    return act_on_key(argc, argv, &usage,
                      (struct act_place){"process-instances", "cancellation", "canceled"});
}
