// SPDX-License-Identifier: Apache-2.0
//
// Batch operations and their items, as rows.
#ifndef BATON_STORE_CATALOGUE_BATCH_H
#define BATON_STORE_CATALOGUE_BATCH_H

#include "store/read/search.h"

enum batch_type {
#define BATCH(name, number, wanted) BATCH_##name = number,
#include "store/catalogue/batches.def"
#undef BATCH
};

const char *batch_type_name(enum batch_type type);

struct batch_row {
    enum batch_type type;
    str parameters; // the request, JSON
    str tenant;
    str principal;
};

// Makes the operation and an item for each thing that the request's filter finds: key. False when
// the filter is wrong.
MUST_CHECK bool catalogue_batch_begin(struct arena *arena, struct scope scope,
                                      const struct batch_row *row, const struct json *query,
                                      struct statement *ret_statement, struct error *err);

// Each: whether the operation was in a state that allows it; no row when there is none.
struct statement catalogue_batch_stop(struct arena *arena, struct scope scope, uint64_t key);
struct statement catalogue_batch_pause(struct arena *arena, struct scope scope, uint64_t key);
struct statement catalogue_batch_continue(struct arena *arena, struct scope scope, uint64_t key);

// For whoever works on them all. Take: shard, key, instance, item, type, parameters, tenant,
// principal. Fail: an item that cannot be sent.
struct statement catalogue_batch_delete(struct arena *arena, int64_t most); // how many
struct statement catalogue_batch_take(struct arena *arena, int64_t most);
struct statement catalogue_batch_fail(struct arena *arena, uint64_t shard, uint64_t key, str why);
struct statement catalogue_batch_close(struct arena *arena);

#endif
