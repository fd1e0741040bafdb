// SPDX-License-Identifier: Apache-2.0
//
// What commands for things of the API that have a name share: lists, and deletions.
#ifndef BATON_CLI_RESOURCE_H
#define BATON_CLI_RESOURCE_H

#include "cli/client.h"
#include "cli/options.h"

struct resource_listing {
    const char *columns[8]; // members of the items
    size_t count;
};

// Asks for a list and prints it. Returns the exit code.
int resource_list(struct client_options *client, const char *method, str path, str body,
                  const struct resource_listing *listing);

// A name as it stands in a path.
str resource_escaped(struct arena *arena, str text);

// A command that is one DELETE: {} in the path is its argument.
int resource_delete(int argc, char **argv, const struct cli_usage *usage,
                    struct client_options *client, const char *path);

#endif
