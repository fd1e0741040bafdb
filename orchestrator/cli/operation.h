// SPDX-License-Identifier: Apache-2.0
//
// What commands of those who run an installation share: they take the settings that an orchestrator
// takes, from the same places, and reach PostgreSQL and Kafka themselves.
#ifndef BATON_CLI_OPERATION_H
#define BATON_CLI_OPERATION_H

#include "base/config.h"

enum { OPERATION_MAX_ARGUMENTS = 64 };

struct operation {
    struct arena arena;
    struct config config;
    bool as_json;                            // --output json
    int argc;                                // what is left beside settings
    char *argv[OPERATION_MAX_ARGUMENTS + 2]; // [0] is the program
};

struct operation_help {
    const char *synopsis, *summary, *example;
};

// True after printing the help that was asked for.
bool operation_wants_help(int argc, char **argv, const struct operation_help *help);

// False: leave with *ret_exit.
MUST_CHECK bool operation_begin(struct operation *operation, int argc, char **argv, int *ret_exit);

// Returns the exit code that it was given.
int operation_end(struct operation *operation, int code);

// A failure on standard error; returns its exit code.
int operation_fail(const struct error *err);

// The same for a word that is one too many. Ends the operation.
int operation_too_many(struct operation *operation);

#endif
