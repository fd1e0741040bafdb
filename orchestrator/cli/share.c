// SPDX-License-Identifier: Apache-2.0
//
// `baton share list`, `set`, `remove`.
#include <stdio.h>

#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"

int command_share_list(int argc, char **argv)
{
    static const struct resource_listing shares = {
        {"ownerType", "ownerId", "name", "amount", "used", "changedBy", "changeTime"}, 7};
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton share list [options]",
                                    "Lists how much tenants, users and clients may ask for.",
                                    "baton share list",
                                    options,
                                    COUNT_OF(options),
                                    0,
                                    0};
    struct cli_arguments arguments;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    return resource_list(&client, "GET", STR("/v2/shares"), STR_EMPTY, &shares);
}

static void print_done(struct arena *arena, const struct json *answer)
{
    (void)arena, (void)answer;
    puts("done: nodes follow within a second");
}

// {"ownerType","ownerId","name","amount"}; the amount null where it is empty.
static str share_of(struct arena *arena, const struct cli_arguments *arguments, str amount)
{
    struct strbuf out = strbuf_new(arena), kind = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    for (const char *c = arguments->items[0]; *c != '\0'; c++)
        strbuf_add_char(&kind, *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c);
    json_begin_object(&w);
    json_key(&w, STR("ownerType"));
    json_string(&w, strbuf_str(&kind));
    json_key(&w, STR("ownerId"));
    json_string(&w, str_of(arguments->items[1]));
    json_key(&w, STR("name"));
    json_string(&w, str_of(arguments->items[2]));
    json_key(&w, STR("amount"));
    if (amount.len > 0)
        json_raw(&w, amount);
    else
        json_null(&w);
    json_end_object(&w);
    return strbuf_str(&out);
}

static int put(const struct cli_usage *usage, struct client_options *client, int argc, char **argv)
{
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    uint64_t number;
    int code;
    if (!cli_parse(usage, argc, argv, &arguments, &code))
        return code;
    str amount = arguments.count > 3 ? str_of(arguments.items[3]) : STR_EMPTY;
    if (arguments.count > 3 && !str_to_u64(amount, &number)) {
        (void)error_set(&err, ERROR_INVALID, "AMOUNT", "expected a number");
        return cli_complain(&err);
    }
    bool sent = client_send(&arena, client, "PUT", STR("/v2/shares"),
                            share_of(&arena, &arguments, amount), &answer, &err);
    code = client_show(&arena, client, sent, &answer, &err, print_done);
    arena_done(&arena);
    return code;
}

int command_share_set(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {
        "baton share set tenant|user|client OWNER NAME AMOUNT [options]",
        "Says how much somebody may have, in the whole cluster. NAME: calls and starts, a second; "
        "of tenants also instances and bytes (of what is alive), jobs (of a type in flight) and "
        "weight (beside other tenants that have jobs of a type). OWNER * is each that has no share "
        "of its own.",
        "baton share set tenant north starts 50",
        options,
        COUNT_OF(options),
        4,
        4};
    return put(&usage, &client, argc, argv);
}

int command_share_remove(int argc, char **argv)
{
    struct client_options client = {0};
    const struct cli_option options[] = {CLIENT_OPTIONS(client)};
    const struct cli_usage usage = {"baton share remove tenant|user|client OWNER NAME [options]",
                                    "Takes a share away: nothing is held back, or what * says.",
                                    "baton share remove tenant north starts",
                                    options,
                                    COUNT_OF(options),
                                    3,
                                    3};
    return put(&usage, &client, argc, argv);
}
