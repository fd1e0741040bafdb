// SPDX-License-Identifier: Apache-2.0
//
// Whether somebody who waits may still: an operation that waits long was allowed when it began, and
// since then a key may have been revoked, a session have ended, a grant have been taken away. What
// it is remembered by is asked for again, so that most of the time nothing is proved anew.
#ifndef BATON_GATEWAY_RECHECK_H
#define BATON_GATEWAY_RECHECK_H

#include "gateway/caller.h"
#include "loop/pending.h"

struct credential;

enum { RECHECK_MS = 5000 }; // what ends by itself is noticed so late; what was changed, in a second

// For the protocol, when it knows by what the caller proves who it is: copied into its arena.
void recheck_remember(struct caller *caller, const struct credential *credential);

// Whether something has changed since it was allowed, or some time has passed.
bool recheck_is_due(const struct caller *caller);

// `now`: the caller as it is allowed now, valid during the call; NULL: refused, and *err says why
// (ERROR_UNAVAILABLE: it cannot be checked now, which takes nothing from who was allowed). Called
// once, perhaps from inside; not at all when the list was cancelled. The owner outlives the list.
typedef void recheck_done(void *owner, struct caller *now, const struct error *err);
void recheck_begin(struct caller *caller, struct pending_list *list, void *owner,
                   recheck_done *done);

#endif
