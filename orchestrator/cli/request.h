// SPDX-License-Identifier: Apache-2.0
//
// Commands that are one request to the API: rows of requests.def.
#ifndef BATON_CLI_REQUEST_H
#define BATON_CLI_REQUEST_H

#include <stddef.h>

struct cli_request {
    const char *name;
    const char *argument; // its noun, for the help
    const char *path;     // {}: the argument
    const char *member;   // of the body that the argument is; empty: it is in the path
    const char *done;     // what is said then; NULL: the answer
    const char *summary;
    const char *example;
};

// The nth row; NULL behind the last one.
const struct cli_request *cli_request_at(size_t n);

// Runs it with the words after its name. Returns the exit code.
int cli_request_run(size_t n, int argc, char **argv);

#endif
