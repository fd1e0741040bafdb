// SPDX-License-Identifier: Apache-2.0
//
// Reading what the command line names: files, and standard input as "-".
#ifndef BATON_CLI_FILES_H
#define BATON_CLI_FILES_H

#include "base/error.h"

enum { CLI_FILE_MAX = 64 << 20 };

MUST_CHECK bool cli_read_file(struct arena *arena, const char *path, str *ret_text,
                              struct error *err);

// The text itself, or the file's behind an '@'.
MUST_CHECK bool cli_read_value(struct arena *arena, str value, str *ret_text, struct error *err);

// One line on standard error; returns EXIT_USAGE.
int cli_complain(const struct error *err);

#endif
