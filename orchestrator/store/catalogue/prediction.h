// SPDX-License-Identifier: Apache-2.0
//
// Prediction models that are served (schemas/0301_predictions.sql).
#ifndef BATON_STORE_CATALOGUE_PREDICTION_H
#define BATON_STORE_CATALOGUE_PREDICTION_H

#include "store/read/scope.h"
#include "store/statement.h"

struct prediction_row {
    str tenant, process_id; // as they are stored
    str version, model;     // model: bytes
    uint64_t cases;
    str by;
};

// A row when the tenant has a process of that id.
struct statement catalogue_prediction_put(struct arena *arena, const struct prediction_row *row);

// A row when there was a model.
struct statement catalogue_prediction_remove(struct arena *arena, str tenant, str process_id);

// version, model (bytea); no row when there is none that the scope sees.
struct statement catalogue_prediction(struct arena *arena, struct scope scope, str tenant,
                                      str process_id);

#endif
