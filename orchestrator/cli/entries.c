// SPDX-License-Identifier: Apache-2.0
#include "cli/entries.h"

#include "cli/command.h"
#include "cli/directory.h"
#include "cli/request.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
#define COMMAND(name, function, summary) {name, function, summary},
#include "cli/commands.def"
#undef COMMAND
};

static bool command_at(size_t n, struct cli_entry *ret_entry)
{
    if (n < COUNT_OF(commands))
        *ret_entry = (struct cli_entry){commands[n].name, commands[n].summary};
    return n < COUNT_OF(commands);
}

static int command_run(size_t n, int argc, char **argv)
{
    return commands[n].run(argc, argv);
}

static bool request_at(size_t n, struct cli_entry *ret_entry)
{
    const struct cli_request *request = cli_request_at(n);
    if (request != NULL)
        *ret_entry = (struct cli_entry){request->name, request->summary};
    return request != NULL;
}

static bool directory_at(size_t n, struct cli_entry *ret_entry)
{
    const struct cli_directory *row = cli_directory_at(n);
    if (row != NULL)
        *ret_entry = (struct cli_entry){row->name, row->summary};
    return row != NULL;
}

// The tables of commands.
static const struct source {
    bool (*at)(size_t n, struct cli_entry *ret_entry); // false behind the last one
    int (*run)(size_t n, int argc, char **argv);
} sources[] = {
    {command_at, command_run}, {request_at, cli_request_run}, {directory_at, cli_directory_run}};

// The table of the nth command, and its row there. NULL behind the last one.
static const struct source *source_of(size_t *n, struct cli_entry *ret_entry)
{
    for (size_t s = 0; s < COUNT_OF(sources); s++) {
        if (sources[s].at(*n, ret_entry))
            return &sources[s];
        struct cli_entry row;
        size_t count = 0;
        while (sources[s].at(count, &row))
            count++;
        *n -= count;
    }
    return NULL;
}

bool cli_entry_at(size_t n, struct cli_entry *ret_entry)
{
    return source_of(&n, ret_entry) != NULL;
}

// How many words of the command line the name takes; 0: it is another.
static int match(str name, int argc, char **argv)
{
    str word;
    int words = 0;
    while (str_split(&name, ' ', &word)) {
        if (words >= argc || !str_equal(word, str_of(argv[words])))
            return 0;
        words++;
    }
    return words;
}

bool cli_entry_find(int argc, char **argv, size_t *ret_n, int *ret_words)
{
    struct cli_entry entry;
    *ret_words = 0;
    for (size_t i = 0; cli_entry_at(i, &entry); i++) {
        int words = match(str_of(entry.name), argc, argv);
        if (words <= *ret_words)
            continue;
        *ret_words = words;
        *ret_n = i;
    }
    return *ret_words > 0;
}

int cli_entry_run(size_t n, int argc, char **argv)
{
    struct cli_entry entry;
    const struct source *source = source_of(&n, &entry);
    check(source != NULL);
    return source->run(n, argc, argv);
}
