// SPDX-License-Identifier: Apache-2.0
//
// What faults do to a node's connections.
#ifndef BATON_CLUSTER_FAKE_STORE_H
#define BATON_CLUSTER_FAKE_STORE_H

#include "store/store.h"

// Cuts the connections: what is out may be done, may be done a little later, or never is; nobody
// learns which.
void fake_store_cut(struct store *store, uint32_t connection);
void fake_store_cut_all(struct store *store); // NULL is fine

// The machine stands still in the middle of sending its transactions, which hold their shards'
// rows.
void fake_store_stick(struct store *store);

#endif
