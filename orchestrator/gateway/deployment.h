// SPDX-License-Identifier: Apache-2.0
//
// Reads the files of a deployment: what each defines, and everything that is wrong with any of
// them. Nothing is deployed unless all are right.
//
// A DMN file may import others: of the same deployment, else models deployed earlier, which the
// caller looks up (deployment_missing) and adds. What a file imports is bound here for good: its
// digest names the files that it was deployed with (schemas/0006_imports.sql).
#ifndef BATON_GATEWAY_DEPLOYMENT_H
#define BATON_GATEWAY_DEPLOYMENT_H

#include "base/array.h"
#include "base/strbuf.h"
#include "dmn/library.h"
#include "record/command.h"

enum { DEPLOYMENT_MAX_IMPORTS = 256 }; // models deployed earlier that one deployment may need

struct deployment_file {
    str name;
    str bytes;
    str content;      // SHA-256 of the bytes
    str digest;       // SHA-256 of content and imports; without imports: content
    str imports;      // contents of all files it imports, one after the other
    str namespace;    // of DMN
    str elements;     // of its processes (struct resource_row)
    size_t document;  // its place in the library; SIZE_MAX: no DMN
    bool is_imported; // by another, and so stored by its content too
    bool is_earlier;  // deployed earlier: not a part of this deployment
};

struct deployment_warning {
    str file;
    uint32_t line;
    str element; // empty: none
    const char *code;
    str text;
};

struct deployment {
    struct arena *arena;
    ARRAY(struct deployment_file) files;
    ARRAY(struct deployed_resource) resources; // one a definition: a file may hold several
    struct dmn_library library;                // the DMN files
    ARRAY(str) absent;                         // namespaces that nothing was deployed of
    struct strbuf problems; // "file: element (line n): what", a line each; empty: none
    ARRAY(struct deployment_warning) warnings;
};

struct deployment deployment_new(struct arena *arena);
void deployment_add_file(struct deployment *deployment, str name, str bytes);

// When all files are there: a namespace that one imports and none has. False: there is none.
bool deployment_missing(const struct deployment *deployment, str *ret_namespace);

// The answers: the newest file that was deployed of the namespace, or that there is none.
void deployment_add_earlier(struct deployment *deployment, str name, str bytes);
void deployment_add_absent(struct deployment *deployment, str namespace);

// When nothing is missing any more: fills resources, problems and warnings.
void deployment_read(struct deployment *deployment);

#endif
