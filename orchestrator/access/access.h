// SPDX-License-Identifier: Apache-2.0
//
// Who asks. A credential is proved (proof.h), what was given to its subject is read from
// PostgreSQL, and both are remembered for a minute under a keyed digest of the credential. They are
// forgotten at once when something changes on this node, and within a second when on another.
#ifndef BATON_ACCESS_ACCESS_H
#define BATON_ACCESS_ACCESS_H

#include "access/identity.h"
#include "access/proof.h"

struct access;
struct vault;

enum {
    ACCESS_REMEMBERED_S = 60,
    ACCESS_MAX_REMEMBERED = 100000, // credentials; beyond, all are forgotten
    ACCESS_MAX_WAITING = 1000,      // that are being proved; beyond, ERROR_UNAVAILABLE
};

// `vault` opens secrets of second factors, and outlives it; NULL: none.
MUST_CHECK struct access *access_new(struct event_base *loop, const struct config *config,
                                     struct query_pool *pool, const struct vault *vault,
                                     struct error *err);
void access_free(struct access *access); // answers what is out with ERROR_UNAVAILABLE

// identity == NULL: refused, as proof_done says. It is in the arena given to access_identify.
typedef void access_answer(void *context, const struct identity *identity, const struct error *err);

// `answer` is called once, perhaps from inside. What it is given is in the arena, which must live
// until then.
void access_identify(struct access *access, struct arena *arena,
                     const struct credential *credential, access_answer *answer, void *context);

// Something has changed: nothing that is remembered counts any more.
void access_forget(struct access *access);

// Grows whenever something has changed.
uint64_t access_epoch(const struct access *access);

struct proof *access_proof(struct access *access);

#endif
