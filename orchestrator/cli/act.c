// SPDX-License-Identifier: Apache-2.0
//
// A JSON body that is put together, sent, and said to be done.
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
