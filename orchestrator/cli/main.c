// SPDX-License-Identifier: Apache-2.0
//
// `baton`: finds the command that its first words name.
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
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

struct entry {
    const char *name, *summary;
};

static bool command_at(size_t n, struct entry *ret_entry)
{
    if (n < COUNT_OF(commands))
        *ret_entry = (struct entry){commands[n].name, commands[n].summary};
    return n < COUNT_OF(commands);
}

static int command_run(size_t n, int argc, char **argv)
{
    return commands[n].run(argc, argv);
}

static bool request_at(size_t n, struct entry *ret_entry)
{
    const struct cli_request *request = cli_request_at(n);
    if (request != NULL)
        *ret_entry = (struct entry){request->name, request->summary};
    return request != NULL;
}

static bool directory_at(size_t n, struct entry *ret_entry)
{
    const struct cli_directory *row = cli_directory_at(n);
    if (row != NULL)
        *ret_entry = (struct entry){row->name, row->summary};
    return row != NULL;
}

// The tables of commands.
static const struct source {
    bool (*at)(size_t n, struct entry *ret_entry); // false behind the last one
    int (*run)(size_t n, int argc, char **argv);
} sources[] = {
    {command_at, command_run}, {request_at, cli_request_run}, {directory_at, cli_directory_run}};

// Prints the commands whose names begin so. Returns how many there are.
static int list_commands(FILE *out, str beginning)
{
    struct entry entry;
    int listed = 0;
    for (size_t s = 0; s < COUNT_OF(sources); s++)
        for (size_t i = 0; sources[s].at(i, &entry); i++)
            if (str_starts_with(str_of(entry.name), beginning))
                listed += fprintf(out, "  %-18s %s\n", entry.name, entry.summary) > 0;
    return listed;
}

static int help(FILE *out, int code)
{
    fprintf(out, "baton %s\n\nusage: baton COMMAND [arguments]\n\n", BATON_VERSION);
    list_commands(out, STR_EMPTY);
    fprintf(out, "\nbaton COMMAND --help shows a command's options and an example.\n");
    return code;
}

// `baton dlq` and `baton dlq --help` list the commands of two words that begin with this one.
static bool help_with(int argc, char **argv, int *ret_exit)
{
    char beginning[32];
    bool is_help = argc > 1 && strcmp(argv[1], "--help") == 0;
    if (argc == 0 || (argc > 1 && !is_help))
        return false;
    *ret_exit = is_help ? EXIT_OK : EXIT_USAGE;
    snprintf(beginning, sizeof beginning, "%s ", argv[0]);
    return list_commands(is_help ? stdout : stderr, str_of(beginning)) > 0;
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

// Runs the command with the longest name that the words begin with. False: there is none.
static bool run(int argc, char **argv, int *ret_exit)
{
    const struct source *found = NULL;
    struct entry entry;
    int longest = 0;
    size_t asked = 0;
    for (const struct source *source = sources; source < sources + COUNT_OF(sources); source++)
        for (size_t i = 0; source->at(i, &entry); i++) {
            int words = match(str_of(entry.name), argc, argv);
            if (words <= longest)
                continue;
            longest = words;
            found = source;
            asked = i;
        }
    if (found != NULL)
        *ret_exit = found->run(asked, argc - longest, argv + longest);
    return found != NULL;
}

int main(int argc, char **argv)
{
    int code;
    log_configure(LOG_WARNING, false, ""); // a command says itself what went wrong
    argc--;
    argv++;
    if (argc > 0 && strcmp(argv[0], "--version") == 0)
        return printf("baton %s\n", BATON_VERSION) < 0;
    if (run(argc, argv, &code))
        return code;
    if (argc == 0)
        return help(stderr, EXIT_USAGE);
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "help") == 0)
        return help(stdout, EXIT_OK);
    if (help_with(argc, argv, &code))
        return code;
    bool two = argc > 1 && argv[1][0] != '-';
    fprintf(stderr, "baton: there is no command '%s%s%s'; `baton --help` lists them\n", argv[0],
            two ? " " : "", two ? argv[1] : "");
    return EXIT_USAGE;
}
