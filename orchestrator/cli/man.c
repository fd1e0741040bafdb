// SPDX-License-Identifier: Apache-2.0
//
// `baton man`: the manual page, made of what the commands say of themselves.
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/command.h"
#include "cli/entries.h"
#include "cli/options.h"

// Runs the nth command with --help; what it prints goes to a file, which is at its beginning then.
// NULL: there is no place for one.
static FILE *help_of(size_t n)
{
    static char help_word[] = "--help";
    char *words[] = {help_word, NULL};
    FILE *file = tmpfile();
    fflush(stdout);
    int out = dup(STDOUT_FILENO);
    if (file == NULL || out < 0 || dup2(fileno(file), STDOUT_FILENO) < 0)
        return NULL;
    (void)cli_entry_run(n, 1, words);
    fflush(stdout);
    check(dup2(out, STDOUT_FILENO) >= 0);
    close(out);
    rewind(file);
    return file;
}

// As it stands: what roff would take for its own is escaped.
static void print_plain(FILE *file)
{
    int before = '\n';
    for (int c = getc(file); c != EOF; c = getc(file)) {
        if (before == '\n' && (c == '.' || c == '\''))
            printf("\\&");
        if (c == '\\')
            printf("\\e");
        else if (c == '-')
            printf("\\-");
        else if (c == '\'')
            printf("\\(aq");
        else
            putchar(c);
        before = c;
    }
}

static bool print_command(size_t n, const struct cli_entry *entry)
{
    FILE *file = help_of(n);
    if (file == NULL)
        return false;
    printf(".SS baton %s\n.nf\n", entry->name);
    print_plain(file);
    printf(".fi\n");
    fclose(file);
    return true;
}

int command_man(int argc, char **argv)
{
    const struct cli_usage usage = {"baton man", "Prints the manual page of baton, baton(1).",
                                    "baton man > /usr/local/share/man/man1/baton.1"};
    struct cli_arguments arguments;
    struct cli_entry entry;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    printf(".TH BATON 1 \"\" \"baton %s\" \"Baton\"\n"
           ".SH NAME\nbaton \\- deploys, starts, watches and mends processes\n"
           ".SH SYNOPSIS\n.B baton\n.I COMMAND\n[arguments]\n"
           ".SH EXIT STATUS\n0: done. 1: it failed; the reason is on standard error. 2: it was "
           "called wrongly, or what it was given cannot be read.\n.SH COMMANDS\n",
           BATON_VERSION);
    for (size_t i = 0; cli_entry_at(i, &entry); i++)
        if (!print_command(i, &entry)) {
            fprintf(stderr, "baton man: no room for temporary files\n");
            return EXIT_FAILED;
        }
    return EXIT_OK;
}
