// SPDX-License-Identifier: Apache-2.0
//
// Reads the files of a deployment: what each defines, and everything that is wrong with any of
// them. Nothing is deployed unless all are right.
#ifndef BATON_API_DEPLOYMENT_H
#define BATON_API_DEPLOYMENT_H

#include "base/array.h"
#include "base/strbuf.h"
#include "record/command.h"

struct deployment_file {
    str name;
    str bytes;
    str digest; // SHA-256
};

struct deployment {
    struct arena *arena;
    ARRAY(struct deployment_file) files;
    ARRAY(struct deployed_resource) resources; // one a definition: a file may hold several
    struct strbuf problems; // "file: element (line n): what", a line each; empty: none
};

struct deployment deployment_new(struct arena *arena);
void deployment_add_file(struct deployment *deployment, str name, str bytes);

#endif
