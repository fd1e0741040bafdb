// SPDX-License-Identifier: Apache-2.0
//
// A model file together with the models beside it, which it may import.
#ifndef BATON_CLI_DMN_LOAD_H
#define BATON_CLI_DMN_LOAD_H

#include "dmn/dmn.h"

enum { CLI_MODELS_MAX = 256 };

// Compiles the file with every other *.dmn of its folder. NULL with *err when it cannot be read;
// problems of the model are in *problems, those of its neighbours are not.
const struct dmn_model *cli_load_model(struct arena *arena, const char *path,
                                       const struct zone_db *zones, struct dmn_problems *problems,
                                       struct error *err);

// "file:line: error [code] element: text"
void cli_print_problems(const struct dmn_problems *problems);

#endif
