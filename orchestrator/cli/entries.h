// SPDX-License-Identifier: Apache-2.0
//
// All commands of `baton`, whichever table they are a row of.
#ifndef BATON_CLI_ENTRIES_H
#define BATON_CLI_ENTRIES_H

#include "base/str.h"

struct cli_entry {
    const char *name, *summary; // a name may have two words
};

// The nth command. False behind the last one.
bool cli_entry_at(size_t n, struct cli_entry *ret_entry);

// The command with the longest name that the words begin with, and how many of them that takes.
// False: there is none.
bool cli_entry_find(int argc, char **argv, size_t *ret_n, int *ret_words);

// Runs the nth command with the words after its name. Returns the exit code.
int cli_entry_run(size_t n, int argc, char **argv);

#endif
