// SPDX-License-Identifier: Apache-2.0
//
// `baton`: runs the command that its first words name, or says what there is.
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"
#include "cli/command.h"
#include "cli/entries.h"
#include "cli/guess.h"

static char help_word[] = "--help";

// Prints the commands whose names begin so. Returns how many there are.
static int list_commands(FILE *out, str beginning)
{
    struct cli_entry entry;
    int listed = 0;
    for (size_t i = 0; cli_entry_at(i, &entry); i++)
        if (str_starts_with(str_of(entry.name), beginning))
            listed += fprintf(out, "  %-18s %s\n", entry.name, entry.summary) > 0;
    return listed;
}

static int help(FILE *out, int code)
{
    fprintf(out, "baton %s\n\nusage: baton COMMAND [arguments]\n\n", BATON_VERSION);
    list_commands(out, STR_EMPTY);
    fprintf(out,
            "\nbaton COMMAND --help, -h or baton help COMMAND shows a command's options and an "
            "example.\nA command ends with 0: done; 1: it failed, the reason is on standard "
            "error; 2: it was called wrongly,\nor what it was given cannot be read.\n");
    return code;
}

// `baton dlq` lists the commands of two words that begin with this one.
static bool list_group(FILE *out, const char *word)
{
    char beginning[GUESS_MOST_BYTES];
    snprintf(beginning, sizeof beginning, "%s ", word);
    return list_commands(out, str_of(beginning)) > 0;
}

// What one word, or two, may have been meant to be.
static struct guess guess_command(const char *first, const char *second)
{
    char words[GUESS_MOST_BYTES + 1];
    struct cli_entry entry;
    snprintf(words, sizeof words, "%s%s%s", first, second != NULL ? " " : "",
             second != NULL ? second : "");
    struct guess guess = guess_new(str_of(words));
    for (size_t i = 0; cli_entry_at(i, &entry); i++) {
        bool is_two = strchr(entry.name, ' ') != NULL;
        if (is_two == (second != NULL))
            guess_offer(&guess, str_of(entry.name));
    }
    guess.word = STR_EMPTY; // of this function
    return guess;
}

static int refuse(int argc, char **argv)
{
    const char *second = argc > 1 && argv[1][0] != '-' ? argv[1] : NULL;
    struct guess guess = guess_command(argv[0], second);
    if (guess.best.len == 0)
        guess = guess_command(argv[0], NULL);
    fprintf(stderr, "baton: there is no command '%s%s%s'; ", argv[0], second != NULL ? " " : "",
            second != NULL ? second : "");
    if (guess.best.len > 0)
        fprintf(stderr, "did you mean `baton %.*s`? ", STR_ARG(guess.best));
    fprintf(stderr, "`baton --help` lists them\n");
    return EXIT_USAGE;
}

static bool is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

// `baton help start` is `baton start --help`.
static int explain(int argc, char **argv)
{
    char *words[] = {help_word, NULL};
    size_t n;
    int taken;
    if (cli_entry_find(argc, argv, &n, &taken))
        return cli_entry_run(n, 1, words);
    return list_group(stdout, argv[0]) ? EXIT_OK : refuse(argc, argv);
}

int main(int argc, char **argv)
{
    size_t n;
    int words;
    log_configure(LOG_WARNING, false, ""); // a command says itself what went wrong
    argc--;
    argv++;
    if (argc == 0)
        return help(stderr, EXIT_USAGE);
    if (strcmp(argv[0], "--version") == 0)
        return printf("baton %s\n", BATON_VERSION) < 0;
    if (cli_entry_find(argc, argv, &n, &words))
        return cli_entry_run(n, argc - words, argv + words);
    bool asks = strcmp(argv[0], "help") == 0;
    if (is_help(argv[0]) || (asks && (argc == 1 || is_help(argv[1]))))
        return help(stdout, EXIT_OK);
    if (asks)
        return explain(argc - 1, argv + 1);
    if (argc == 1 && list_group(stderr, argv[0]))
        return EXIT_USAGE;
    if (argc > 1 && is_help(argv[1]) && list_group(stdout, argv[0]))
        return EXIT_OK;
    return refuse(argc, argv);
}
