// SPDX-License-Identifier: Apache-2.0
#include "cli/resource.h"

#include <stdio.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/table.h"

int resource_list(struct client_options *client, const char *method, str path, str body,
                  const struct resource_listing *listing)
{
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code = EXIT_OK;
    if (!client_send(&arena, client, method, path, body, &answer, &err))
        code = client_fail(&err);
    else if (client_wants_json(client))
        printf("%.*s\n", STR_ARG(answer.text));
    else {
        table_print_items(&arena, listing->columns, listing->count, answer.json);
        if (json_get_bool(answer.json, STR("isTruncated"), false))
            fprintf(stderr, "there are more, which are not listed\n");
    }
    arena_done(&arena);
    return code;
}

str resource_escaped(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '_' ||
                        (c == '.' && text.len > 2); // not one that is a step of the path
        if (is_plain)
            strbuf_add_char(&out, (char)c);
        else
            strbuf_format(&out, "%%%02X", c);
    }
    return strbuf_str(&out);
}

int resource_delete(int argc, char **argv, const struct cli_usage *usage,
                    struct client_options *client, const char *path)
{
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct client_answer answer;
    struct error err;
    int code;
    if (!cli_parse(usage, argc, argv, &arguments, &code))
        return code;
    str name = resource_escaped(&arena, str_of(arguments.items[0])), before = str_of(path);
    size_t hole = str_find(before, STR("{}"));
    str whole = str_format(&arena, "%.*s%.*s%.*s", (int)hole, path, STR_ARG(name),
                           STR_ARG(str_from_index(before, hole + 2)));
    code = EXIT_OK;
    if (!client_send(&arena, client, "DELETE", whole, STR_EMPTY, &answer, &err))
        code = client_fail(&err);
    else
        printf(client_wants_json(client) ? "{\"done\":true}\n" : "%s done\n", arguments.items[0]);
    arena_done(&arena);
    return code;
}
