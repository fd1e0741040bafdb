// SPDX-License-Identifier: Apache-2.0
//
// The files of the console, as its build packs them (console/pack.py).
#ifndef BATON_API_CONSOLE_FILES_H
#define BATON_API_CONSOLE_FILES_H

#include <stddef.h>

struct console_file {
    const char *name; // "index.html", "assets/tasks-1a2b.js"
    const char *type;
    const char *etag;      // with its quotes
    size_t offset, length; // in console_bundle, as gzip
};

extern const struct console_file console_files[];
extern const size_t console_file_count; // 0: built without the console
extern const char console_bundle[];

#endif
