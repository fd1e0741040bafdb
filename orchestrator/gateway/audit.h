// SPDX-License-Identifier: Apache-2.0
//
// The audit log of this node: who makes a change of what is administered, and what somebody did or
// was refused that no statement and no command tells of. What a command did is history's to tell.
//
// Changes are noted in their own transaction (schemas/0210_audit.sql). Refusals and the like are
// kept for a moment and written together; the same that comes again meanwhile is counted, so that
// whoever tries thousands of passwords makes a few rows a second. At most AUDIT_MAX_WAITING are
// kept: what comes beyond is counted, and the count is a row of its own.
#ifndef BATON_GATEWAY_AUDIT_H
#define BATON_GATEWAY_AUDIT_H

#include "gateway/caller.h"

struct audit_desk;

enum {
    AUDIT_MAX_WAITING = 1000,
    AUDIT_WRITE_MS = 500,   // between two writes
    AUDIT_AGAIN_MS = 3000,  // after one that failed
    AUDIT_SETTLE_MS = 3000, // that a stopping node waits for PostgreSQL to take the last ones
    AUDIT_TEXT_BYTES = 300, // of a text: longer ones are cut
    AUDIT_SEEN_S = 3600,    // one credential of a caller is noted once in this time, …
    AUDIT_MAX_SEEN = 10000, // … and so many of them are remembered
};

struct audit_desk *audit_desk_new(struct gateway *gateway);

// Writes what waits and calls `done`, from the loop: AUDIT_SETTLE_MS later at the latest.
void audit_desk_settle(struct audit_desk *desk, void (*done)(void *context), void *context);

// What could not be written is logged.
void audit_desk_free(struct audit_desk *desk);

// Something that was done or refused, as the columns of audit_entries have it.
struct audit_event {
    const char *operation;   // "READ"
    const char *entity_type; // "USER"
    const char *category;    // NULL: ADMIN
    str entity;              // empty: none
    str permission;          // that was missing; empty: none
    str description;
    bool has_tenant; // of what it was done to
    str tenant;
    uint64_t instance; // 0: none
    bool has_failed;
};

void audit_tell(struct caller *caller, const struct audit_event *event);

// The caller was refused: by name and password, for want of a permission (as x-baton-permission
// says it), or of whatever `why` says. `named` is what it asked for; empty: nothing in particular.
// One that history tells of already is not told again.
void audit_tell_refusal(struct caller *caller, const char *permission, str named, str why);

// The caller has shown who it is. Sessions have told that when they began.
void audit_tell_seen(struct caller *caller);

// For query_change.
str audit_author(const struct caller *caller);

// For commands: the caller's address and its request's id, with a space between.
str audit_origin(const struct caller *caller);

#endif
