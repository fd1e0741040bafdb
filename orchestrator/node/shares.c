// SPDX-License-Identifier: Apache-2.0
//
// Fair shares of what the engine gives out, policies that keep user tasks apart, and listeners of
// all user tasks: what is set
// in PostgreSQL is brought to each shard by commands of the node's own, and a shard counts what its
// tenants have alive while somebody needs to know. What is lost on the way is found again at the
// next look.
#include "engine/engine.h"
#include "node/internal.h"

enum {
    SHARES_LOOK_MS = 1000,
    SHARES_AGAIN_MS = 5000, // a command that was sent is not sent again before
};

static void on_counted(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    if (shard != NULL && outcome != STORE_DONE)
        node_shard_restart(shard, err->text);
}

static void bring(struct shard *shard, struct brought *brought, const struct command *command,
                  int64_t uptime_ms)
{
    int64_t version = shard->node->shares.version;
    if (brought->sent_ms > 0 && uptime_ms - brought->sent_ms < SHARES_AGAIN_MS &&
        brought->version == version)
        return;
    *brought = (struct brought){uptime_ms, version};
    publish_own(shard, command);
}

static void follow(struct shard *shard, int64_t uptime_ms)
{
    const struct known_shares *known = &shard->node->shares;
    if (known->counts_usage != shard->counts_usage) {
        shard->counts_usage = known->counts_usage;
        store_count_usage(shard->node->store, shard->number, shard->epoch, known->counts_usage,
                          on_counted, pending_new(&shard->calls, shard));
    }
    const struct command shares = {.type = COMMAND_SET_SHARES, .set_shares.shares = known->windows};
    const struct command policies = {.type = COMMAND_SET_POLICIES,
                                     .set_policies.policies = known->policies};
    const struct command listeners = {.type = COMMAND_SET_LISTENERS,
                                      .set_listeners.listeners = known->listeners};
    if (!str_equal(known->listeners, engine_listeners(shard->engine)))
        bring(shard, &shard->listeners, &listeners, uptime_ms);
    if (!str_equal(known->policies, engine_policies(shard->engine)))
        bring(shard, &shard->policies, &policies, uptime_ms);
    if (!str_equal(known->windows, engine_shares(shard->engine)))
        bring(shard, &shard->shares, &shares, uptime_ms);
}

static void on_shares(void *context, enum store_outcome outcome, const struct store_shares *found)
{
    struct shard *shard = pending_end(context);
    if (shard == NULL || outcome != STORE_DONE || found == NULL)
        return;
    struct known_shares *known = &shard->node->shares;
    arena_reset(&known->arena);
    known->version = found->version;
    known->windows = str_copy(&known->arena, found->windows);
    known->policies = str_copy(&known->arena, found->policies);
    known->listeners = str_copy(&known->arena, found->listeners);
    known->counts_usage = found->counts_usage;
}

void shares_remind(struct shard *shard, int64_t uptime_ms)
{
    struct known_shares *known = &shard->node->shares;
    if (known->asked_ms == 0 || uptime_ms - known->asked_ms >= SHARES_LOOK_MS) {
        known->asked_ms = uptime_ms;
        store_find_shares(shard->node->store, shard->number, known->version, on_shares,
                          pending_new(&shard->calls, shard));
    }
    if (known->version > 0)
        follow(shard, uptime_ms);
}
