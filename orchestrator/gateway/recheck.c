// SPDX-License-Identifier: Apache-2.0
#include "gateway/recheck.h"

#include "access/access.h"
#include "base/clock.h"
#include "gateway/gateway.h"

#include <stdlib.h>

enum { NS_PER_MS = 1000000 };

struct recheck { // owned by the question until it is answered: it may outlive the caller
    struct pending *pending;
    struct arena arena;
    struct caller *caller;
    recheck_done *done;
};

static struct credential *copy(struct arena *arena, const struct credential *credential)
{
    struct credential *kept = ARENA_NEW(arena, struct credential);
    *kept = (struct credential){.kind = credential->kind,
                                .user = str_copy(arena, credential->user),
                                .secret = str_copy(arena, credential->secret),
                                .address = str_copy(arena, credential->address)};
    return kept;
}

void recheck_remember(struct caller *caller, const struct credential *credential)
{
    caller->credential = copy(caller->arena, credential);
}

bool recheck_is_due(const struct caller *caller)
{
    const struct access *access = gateway_access(caller->gateway);
    return access != NULL && caller->credential != NULL &&
           (access_epoch(access) != caller->allowed_epoch ||
            clock_monotonic_ns() - caller->allowed_ns > (int64_t)RECHECK_MS * NS_PER_MS);
}

static void on_identified(void *context, const struct identity *identity, const struct error *err)
{
    struct recheck *recheck = context;
    void *owner = pending_end(recheck->pending);
    struct error refused;
    if (owner != NULL) {
        struct caller now = *recheck->caller;
        now.arena = &recheck->arena;
        bool is_allowed =
            identity != NULL && caller_allow(&now, identity, now.permission, now.named, &refused);
        if (is_allowed) {
            recheck->caller->allowed_epoch = now.allowed_epoch;
            recheck->caller->allowed_ns = now.allowed_ns;
        }
        recheck->done(owner, is_allowed ? &now : NULL, identity == NULL ? err : &refused);
    }
    arena_done(&recheck->arena);
    free(recheck);
}

void recheck_begin(struct caller *caller, struct pending_list *list, void *owner,
                   recheck_done *done)
{
    struct recheck *recheck = calloc(1, sizeof *recheck);
    check(recheck != NULL);
    recheck->pending = pending_new(list, owner);
    recheck->caller = caller;
    recheck->done = done;
    const struct credential *credential = copy(&recheck->arena, caller->credential);
    access_identify(gateway_access(caller->gateway), &recheck->arena, credential, on_identified,
                    recheck);
}
