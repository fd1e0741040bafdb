// SPDX-License-Identifier: Apache-2.0
//
// Fair shares: how many calls and starts a second a tenant, a user or a client has, and how much a
// tenant may have alive, in the whole cluster (schemas/0214_shares.sql, 0215_usage.sql,
// shares.def). Where nobody has set any, nothing is asked.
//
// A node leases what its callers take: all nodes take from one bucket a share, so together they
// give no more than it gets in a second, and one second's worth at once after a rest. A caller
// whose shares are there goes on; one whose bucket is empty is refused, and told which share it
// is and when to come again.
#ifndef BATON_GATEWAY_SHARE_H
#define BATON_GATEWAY_SHARE_H

#include "gateway/caller.h"

struct gateway;
struct share_desk;

enum share {
#define SHARE(name, kind, text, unit, about) SHARE_##name,
#include "gateway/shares.def"
#undef SHARE
    SHARES
};

enum {
    SHARE_LOOK_MS = 1000,     // after a change elsewhere a node follows within this time
    SHARE_AGAIN_MS = 20,      // between two looks whether PostgreSQL is there
    SHARE_MAX_WAITING = 2000, // callers that wait for a lease; beyond, they are refused
    SHARE_MAX_BUCKETS = 20000 // owners that a node remembers; beyond, it forgets all
};

enum share_kind { SHARE_KIND_RATE, SHARE_KIND_STOCK, SHARE_KIND_WINDOW };

bool share_find(str name, enum share *ret_share);
enum share_kind share_kind_of(enum share share);

struct share_desk *share_desk_new(struct gateway *gateway);
void share_desk_stop(struct share_desk *desk); // fails those who wait
void share_desk_free(struct share_desk *desk); // stopped

// Changed on this node: read anew at once.
void share_desk_changed(struct share_desk *desk);

typedef void share_granted(struct caller *caller, void *context);

// What a caller is about to do.
enum share_use {
    SHARE_USE_CALL,    // takes one of calls
    SHARE_USE_START,   // takes one of starts and of what is alive, in caller->tenant
    SHARE_USE_MESSAGE, // may begin something in caller->tenant: refused while that has more than
                       // its shares, and what it begins is taken off them afterwards
};

// Takes what that needs from the shares of the caller and its tenant. `granted` is called, perhaps
// from inside; or else caller->failed with FAILURE_SHARE. True when either was done from inside.
bool share_take(struct caller *caller, enum share_use use, share_granted *granted, void *context);

#endif
