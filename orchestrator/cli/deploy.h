// SPDX-License-Identifier: Apache-2.0
//
// Models from files and folders, for `baton deploy` and `baton dev`.
#ifndef BATON_CLI_DEPLOY_H
#define BATON_CLI_DEPLOY_H

#include "base/array.h"
#include "cli/client.h"

struct deploy_files {
    struct client_file *items;
    size_t count;
    size_t capacity;
};

// A file, or the models of a folder (*.bpmn, *.dmn, *.form) by name.
MUST_CHECK bool deploy_collect(struct arena *arena, struct deploy_files *files, const char *path,
                               struct error *err);

// The answer of /v2/deployments as a table; its warnings to standard error.
void deploy_print(struct arena *arena, const struct json *answer);

#endif
