// SPDX-License-Identifier: Apache-2.0
//
// Child processes of `baton dev`. They end when we do, however we end.
#ifndef BATON_CLI_CHILD_H
#define BATON_CLI_CHILD_H

#include "base/error.h"

#include <sys/types.h>

enum { CHILD_MAX_ARGUMENTS = 32 };

struct child_spec {
    const char *name;                           // for messages
    const char *arguments[CHILD_MAX_ARGUMENTS]; // the program first; NULL ends
    uid_t user;                                 // runs as; 0 with is_other false: as we do
    gid_t group;
    bool is_other;
    const char *log; // output is appended to this file; NULL: ours
};

// Starts it. The pid in *ret_pid.
MUST_CHECK bool child_start(const struct child_spec *spec, pid_t *ret_pid, struct error *err);

// Starts it and waits for its end; an exit code other than 0 is an error that names the log.
MUST_CHECK bool child_run(const struct child_spec *spec, struct error *err);

// Sends the signal and waits up to `timeout_ms`, then SIGKILL. Does nothing when pid is 0 or it has
// ended.
void child_stop(pid_t pid, int signal, int timeout_ms);

// True when it has ended; collects it.
bool child_has_ended(pid_t pid);

// A program that stands beside our own binary, or on the PATH.
const char *child_beside(struct arena *arena, const char *name);

#endif
