// SPDX-License-Identifier: Apache-2.0
//
// What the commands of `baton predict` share: model files.
#ifndef BATON_CLI_PREDICT_H
#define BATON_CLI_PREDICT_H

#include "base/json.h"
#include "insight/backtest.h"

// Reads the file. *ret_version is what tells this model from every other: the beginning of its
// digest. In the arena.
MUST_CHECK bool predict_open(struct arena *arena, const char *path,
                             struct predictor **ret_predictor, str *ret_version, struct error *err);

// Members of an object: what the model was learned from, and what it is worth.
void predict_write_model(struct json_writer *json, struct arena *arena,
                         const struct predictor *predictor);
// The same for people, on standard output.
void predict_print_model(struct arena *arena, const struct predictor *predictor);

#endif
