// SPDX-License-Identifier: Apache-2.0
//
// Prediction models that are served (schemas/0301_predictions.sql, 0310_prediction_about.sql).
#ifndef BATON_STORE_CATALOGUE_PREDICTION_H
#define BATON_STORE_CATALOGUE_PREDICTION_H

#include "store/read/scope.h"
#include "store/statement.h"

struct prediction_row {
    str tenant, process_id; // as they are stored
    str version, model;     // model: bytes
    uint64_t cases;
    str about; // JSON: what it is worth
    str by;
};

// A row when the tenant has a process of that id.
struct statement catalogue_prediction_put(struct arena *arena, const struct prediction_row *row);

// A row when there was a model.
struct statement catalogue_prediction_remove(struct arena *arena, str tenant, str process_id);

// Of one process, or of all when process_id is empty: process, tenant (as it is shown), version,
// cases, when it was changed and by whom; of `about`, NULL where it does not say: until, outcomeOf,
// nextActivity, remainingTime, outcome.
struct statement catalogue_predictions(struct arena *arena, struct scope scope, str process_id,
                                       unsigned most);

// version, model (bytea); no row when there is none that the scope sees.
struct statement catalogue_prediction(struct arena *arena, struct scope scope, str tenant,
                                      str process_id);

#endif
