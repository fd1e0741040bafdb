// SPDX-License-Identifier: Apache-2.0
//
// Options of a command: `--name value`, `--name=value`, `--flag`, `--help`, and what is left as
// arguments.
#ifndef BATON_CLI_OPTIONS_H
#define BATON_CLI_OPTIONS_H

#include "base/str.h"

// One option. With `text` it takes a value, with `flag` it takes none.
struct cli_option {
    const char *name;  // "context"
    const char *value; // "JSON", for the help; "table|json": one of these, others are refused
    const char *help;
    str *text;
    bool *flag;
};

struct cli_usage {
    const char *synopsis; // "baton feel eval EXPRESSION [options]"
    const char *summary;
    const char *example;
    const struct cli_option *options;
    size_t option_count;
    size_t arguments_min, arguments_max;
    const char *choices; // of the first argument: "instances|tasks"; NULL: it can be anything
};

struct cli_arguments {
    char **items;
    size_t count;
};

// Reads the options into their targets and moves the other words to the front of argv. False: leave
// with *ret_exit, which is EXIT_OK after
// --help and EXIT_USAGE after a message on standard error.
MUST_CHECK bool cli_parse(const struct cli_usage *usage, int argc, char **argv,
                          struct cli_arguments *ret_arguments, int *ret_exit);

// From now on a command that is asked for help prints what can come after `last`, a word of it or
// empty, for a shell that completes words: a line each, `word TAB what it is`.
void cli_list_words(str last);

// False: help is wanted as text. True: the words are printed.
bool cli_print_words(const struct cli_usage *usage);

// Takes `--output table|json` out of the arguments, for commands whose other options are settings.
// False after a message on standard error.
MUST_CHECK bool cli_take_output(int *argc, char **argv, bool *ret_as_json);

#endif
