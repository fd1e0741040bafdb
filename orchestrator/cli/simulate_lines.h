// SPDX-License-Identifier: Apache-2.0
//
// A simulation's events and its end as lines of JSON: what `baton simulate --trace jsonl` and
// `--batch` print.
#ifndef BATON_CLI_SIMULATE_LINES_H
#define BATON_CLI_SIMULATE_LINES_H

#include "sim/sim.h"

str simulate_time(struct arena *arena, int64_t ms);

// A sim_observer; the context is an arena for scratch.
void simulate_print_event(void *context, const struct sim_event *event);

// `failure`: why the run was stopped; NULL: it was not.
void simulate_print_end(struct arena *arena, const struct sim_result *result, const char *failure);

// `--batch`: runs the lines of a file ("-": standard input). Returns the exit code.
int simulate_batch(const char *path);

#endif
