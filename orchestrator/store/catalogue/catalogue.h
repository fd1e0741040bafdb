// SPDX-License-Identifier: Apache-2.0
//
// What an installation keeps beside its shards: deployed files, topic subscriptions, settings, and
// what has to be made and dropped from time to time.
#ifndef BATON_STORE_CATALOGUE_CATALOGUE_H
#define BATON_STORE_CATALOGUE_CATALOGUE_H

#include "store/read/scope.h"
#include "store/statement.h"

struct resource_row {
    str digest;
    str bytes;
    str imports; // digests, one after the other
    str namespace;
    // The elements of its processes: a JSON array of {process_id, element, id, name, type,
    // listeners}; empty: no process.
    str elements;
};

// Stores a deployed file; one that is there stays.
struct statement catalogue_store_resource(struct arena *arena, const struct resource_row *row);

// Takes an ended instance out of the current picture: whether it was there and had ended; then the
// hold that keeps it, null: none does.
struct statement catalogue_delete_instance(struct arena *arena, struct scope scope, uint64_t key);

// Forgets an evaluation of a decision with all decisions on its way. A row when it was there.
struct statement catalogue_delete_evaluation(struct arena *arena, struct scope scope, uint64_t key);

// -- Topic subscriptions: of the whole installation -----------------------------------------------

struct topic_subscription {
    str name;
    str topic;
    str settings; // JSON
    bool is_enabled;
};

// name, topic, settings, whether enabled.
struct statement catalogue_subscriptions(struct arena *arena);
struct statement catalogue_enabled_subscriptions(struct arena *arena, int64_t most);
struct statement catalogue_put_subscription(struct arena *arena,
                                            const struct topic_subscription *row);
struct statement catalogue_drop_subscription(struct arena *arena, str name);

// Makes and drops partitions of history, and drops ended instances and entries of the audit log,
// where nobody else does just now: how many made, dropped, instances dropped, entries dropped.
struct statement catalogue_upkeep(struct arena *arena, int64_t history_days, int64_t audit_days,
                                  int64_t most);

#endif
