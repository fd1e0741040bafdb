// SPDX-License-Identifier: Apache-2.0
//
// Fair shares: what was set, and the buckets that nodes lease from (schemas/0214_shares.sql).
#ifndef BATON_STORE_CATALOGUE_SHARE_H
#define BATON_STORE_CATALOGUE_SHARE_H

#include "store/statement.h"

struct share_row {
    str kind;   // TENANT, USER, CLIENT
    str owner;  // a tenant as it is stored; "*": each without one of its own
    str name;   // gateway/shares.def
    str amount; // a number; data == NULL: no share
    str by;
};

struct statement catalogue_share_set(struct arena *arena, const struct share_row *row);
struct statement catalogue_share_remove(struct arena *arena, const struct share_row *row);

// How many other tenants have a weight or a number of jobs of their own.
struct statement catalogue_shared_windows(struct arena *arena, str owner);

// kind, owner as it is outside, name, amount, used (of what is alive, else NULL), changed, by.
struct statement catalogue_shares(struct arena *arena);

// version, kind, owner, name, amount: one row at least; none where the version is the one known.
struct statement catalogue_shares_seen(struct arena *arena, int64_t known_version);

struct share_lease {
    str kind, owner, name;
    int64_t amount;
    int64_t wanted;
};

// How many were given, in how many milliseconds to ask again, whether more was taken than there is.
struct statement catalogue_share_lease(struct arena *arena, const struct share_lease *lease);

#endif
