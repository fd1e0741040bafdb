// SPDX-License-Identifier: Apache-2.0
//
// What evaluating on the command line takes from the machine: the clock, a random seed and the time
// zones.
#ifndef BATON_CLI_FEEL_RUN_H
#define BATON_CLI_FEEL_RUN_H

#include "feel/feel.h"

struct feel_run cli_feel_run(struct arena *arena, const feel_value *variables);

// NULL when the machine has no tzdata: zones by name are then unknown.
const struct zone_db *cli_zones(struct arena *arena);

#endif
