// SPDX-License-Identifier: Apache-2.0
//
// Somebody who asks for something, whichever protocol they speak: an HTTP request, a call or a
// stream of gRPC, the batch runner. The protocol makes a caller and says how it is answered; the
// gateway knows no more of it than this.
//
// An operation that is begun for a caller ends with exactly one call: the operation's own answer,
// or `failed`. Operations of streams say themselves how often they call before that. When the end
// has been called the gateway forgets the caller, and its arena may go.
#ifndef BATON_GATEWAY_CALLER_H
#define BATON_GATEWAY_CALLER_H

#include "access/need.h"
#include "base/arena.h"
#include "base/error.h"
#include "record/command.h"
#include "store/read/scope.h"

struct credential;
struct gateway;

// Why an operation did not do what was asked.
enum failure_kind {
    FAILURE_ERROR,    // before the engine was asked: *err
    FAILURE_REJECTED, // by the engine: rejection and reason
    FAILURE_SHARE,    // a share of the caller's is used up (share.h): *err, its name, wait_ms
    FAILURE_DEADLINE, // the engine did not answer in time; the command may still take effect
};

struct failure {
    enum failure_kind kind;
    const struct error *err;
    enum rejection rejection;
    str reason;      // of a share: its name
    int64_t wait_ms; // until the share has more
};

struct caller {
    struct gateway *gateway;
    struct arena *arena; // as long as the operation
    str tenant;          // of what the operation makes or asks for; empty: the default tenant
    const struct identity *identity; // who asks, and what they were given
    struct scope scope;              // what its reads may see
    str principal;                   // who asks, for the audit; empty without authentication
    str claimed;        // whom it said to be, until that is proved; empty: nobody by name
    str address;        // of the peer; empty: not known
    str request_id;     // for the audit; empty: none
    bool is_in_history; // its refusal is a row of history
    // What it was allowed by, for those who wait long (recheck.h); filled in by caller_allow, but
    // for the credential.
    const struct credential *credential; // NULL: nobody was asked
    const char *permission;
    str named;
    uint64_t allowed_epoch; // of access
    int64_t allowed_ns;
    str traceparent;    // W3C trace context; empty: none
    uint64_t reference; // the caller's own number for the operation; 0: none
    int64_t timeout_ms; // how long the engine may take; 0: api.timeout_ms
    void *context;      // of the protocol
    void (*failed)(struct caller *caller, const struct failure *failure);
    bool is_gone; // nobody waits for the answer any more; it is given all the same
    // Set by an operation that waits long: called once when the caller goes; it may answer.
    void (*on_gone)(struct caller *caller);
    void *waiting; // of that operation
};

// Whoever may do everything: with api.key, or where nobody is asked who they are.
const struct identity *caller_everybody(void);

// For the protocol, once it is known who asks: what the operation takes (need.h) decides what the
// caller's reads see and its commands reach. `named` is what the operation names at once; empty:
// nothing. False and *err (ERROR_DENIED) when it may not be asked at all.
MUST_CHECK bool caller_allow(struct caller *caller, const struct identity *identity,
                             const char *permission, str named, struct error *err);

// Sees all of its tenants: for operations that have seen to what is asked for in another way.
void caller_widen(struct caller *caller);

// Narrows its reads to the process definitions on which it has another permission than the one that
// the operation takes: to tell what may not be done from what may not be seen.
void caller_narrow(struct caller *caller, const char *permission);

// What its commands may reach.
void caller_restrict(const struct caller *caller, struct command *command);

// Whether it belongs to the tenant.
bool caller_has_tenant(const struct caller *caller, str tenant);

// For the protocol: the client has gone away.
void caller_leave(struct caller *caller);

// For operations: the end of one that failed.
void caller_fail(struct caller *caller, const struct error *err);
void caller_fail_format(struct caller *caller, enum error_kind kind, const char *place,
                        const char *format, ...) PRINTF_LIKE(4, 5);
void caller_reject(struct caller *caller, enum rejection rejection, str reason);
void caller_fail_deadline(struct caller *caller);

#endif
