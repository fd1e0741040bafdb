// SPDX-License-Identifier: Apache-2.0
//
// `baton`: finds the command that its first words name.
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/request.h"

struct command {
    str name;
    int (*run)(int argc, char **argv);
    const char *summary;
};

static const struct command commands[] = {
#define COMMAND(name, function, summary) {{name, sizeof(name) - 1}, function, summary},
#include "cli/commands.def"
#undef COMMAND
};

// Prints the commands whose names begin so. Returns how many there are.
static int list_commands(FILE *out, str beginning)
{
    const struct cli_request *request;
    int listed = 0;
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (str_starts_with(commands[i].name, beginning))
            listed += fprintf(out, "  %-18s %s\n", commands[i].name.data, commands[i].summary) > 0;
    for (size_t i = 0; (request = cli_request_at(i)) != NULL; i++)
        if (str_starts_with(str_of(request->name), beginning))
            listed += fprintf(out, "  %-18s %s\n", request->name, request->summary) > 0;
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
    const struct command *found = NULL;
    const struct cli_request *request;
    int longest = 0;
    size_t asked = 0;
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        int words = match(commands[i].name, argc, argv);
        if (words > longest) {
            longest = words;
            found = &commands[i];
        }
    }
    for (size_t i = 0; (request = cli_request_at(i)) != NULL; i++) {
        int words = match(str_of(request->name), argc, argv);
        if (words > longest) {
            longest = words;
            found = NULL;
            asked = i;
        }
    }
    if (longest > 0)
        *ret_exit = found != NULL ? found->run(argc - longest, argv + longest)
                                  : cli_request_run(asked, argc - longest, argv + longest);
    return longest > 0;
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
