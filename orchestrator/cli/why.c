// SPDX-License-Identifier: Apache-2.0
//
// `baton why job|instance|worker|event|message X`: why nothing happens.
#include <stdio.h>
#include <string.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/resource.h"

static const struct {
    const char *noun, *path;
} questions[] = {
    {"job", "/v2/why/jobs/"},         {"instance", "/v2/why/process-instances/"},
    {"worker", "/v2/why/workers/"},   {"event", "/v2/why/events/"},
    {"message", "/v2/why/messages/"},
};

static void print_place(const struct json *cause)
{
    str element = json_get_str(cause, STR("elementId"), STR_EMPTY);
    if (!str_is_empty(element))
        printf("at %.*s: ", STR_ARG(element));
}

static void print_key(const struct json *cause)
{
    str key = json_get_str(cause, STR("key"), STR_EMPTY);
    if (!str_is_empty(key))
        printf(" (key %.*s)", STR_ARG(key));
}

static void print_why(struct arena *arena, const struct json *answer)
{
    (void)arena;
    const struct json *causes = json_get(answer, STR("causes"));
    str said = STR_EMPTY; // a remedy is not said twice in a row
    for (size_t i = 0; json_is(causes, JSON_ARRAY) && i < causes->count; i++) {
        const struct json *cause = &causes->items[i];
        str remedy = json_get_str(cause, STR("remedy"), STR_EMPTY);
        printf("%.*s: ", STR_ARG(json_get_str(cause, STR("cause"), STR_EMPTY)));
        print_place(cause);
        printf("%.*s", STR_ARG(json_get_str(cause, STR("sentence"), STR_EMPTY)));
        print_key(cause);
        printf("\n");
        if (!str_is_empty(remedy) && !str_equal(remedy, said))
            printf("  -> %.*s\n", STR_ARG(remedy));
        said = remedy;
    }
}

static const char *path_of(const char *noun)
{
    for (size_t i = 0; i < COUNT_OF(questions); i++)
        if (strcmp(noun, questions[i].noun) == 0)
            return questions[i].path;
    return NULL;
}

int command_why(int argc, char **argv)
{
    struct client_options client = {0};
    str key = {0};
    const struct cli_option options[] = {
        {"key", "TEXT", "of an event: only messages with this correlation key", &key, NULL},
        CLIENT_OPTIONS(client),
    };
    const struct cli_usage usage = {
        "baton why job KEY | instance KEY | worker NAME | event NAME | message KEY [options]",
        "Says why nothing happens: why a job is not done, an instance stands still, a worker gets "
        "no jobs, whom a message reached, who waits for one of a name. The weightiest cause comes "
        "first.",
        "baton why job 2251799813685260",
        options,
        COUNT_OF(options),
        2,
        2};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    const char *path = path_of(arguments.items[0]);
    if (path == NULL) {
        (void)error_set(&err, ERROR_INVALID, arguments.items[0],
                        "expected job, instance, worker, event or message");
        return cli_complain(&err);
    }
    str url = str_join2(&arena, str_of(path), resource_escaped(&arena, str_of(arguments.items[1])));
    if (!str_is_empty(key))
        url = str_format(&arena, "%.*s?correlationKey=%.*s", STR_ARG(url),
                         STR_ARG(resource_escaped(&arena, key)));
    bool sent = client_send(&arena, &client, "GET", url, STR_EMPTY, &answer, &err);
    code = client_show(&arena, &client, sent, &answer, &err, print_why);
    arena_done(&arena);
    return code;
}
