// SPDX-License-Identifier: Apache-2.0
//
// Commands for groups, roles, tenants, mapping rules and authorizations: rows of directory.def.
#ifndef BATON_CLI_DIRECTORY_H
#define BATON_CLI_DIRECTORY_H

#include <stddef.h>

struct cli_directory {
    const char *name, *summary;
};

// The nth row; NULL behind the last one.
const struct cli_directory *cli_directory_at(size_t n);

// Runs it with the words after its name. Returns the exit code.
int cli_directory_run(size_t n, int argc, char **argv);

#endif
