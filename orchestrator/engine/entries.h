// SPDX-License-Identifier: Apache-2.0
//
// Entries: what may become very many and so lives as rows, never in an image that is written as a
// whole: the remembered ids of starts, and the subscriptions that wait for a signal.
//
// The engine asks for what a command needs: the one id, or the next piece of those that wait. The
// store answers with what was committed at some moment. What has changed since is kept here: all
// changes of the last turns, in two generations of which the older is forgotten when the younger is
// full. Together they are the truth at this command, whatever the moment.
#ifndef BATON_ENGINE_ENTRIES_H
#define BATON_ENGINE_ENTRIES_H

#include "engine/state.h"

struct engine;
struct generation;

struct entries {
    struct generation *young, *old;
    struct arena pages_arena;
    struct map pages; // what the store had of those that wait
    uint64_t pages_turn;
};

struct remembered {
    uint64_t made; // 0: the store has none
    int64_t until_ms;
};

// Who waits for a signal.
struct waiting {
    uint64_t key; // of the subscription
    uint64_t instance;
    uint64_t element_instance;
};

void entries_init(struct engine *engine);
void entries_done(struct engine *engine);
void entries_begin_turn(struct engine *engine);

// For STREAM_REMEMBERED and STREAM_WAITING. Is it not there, or not enough of it?
bool entries_are_missing(const struct engine *engine, struct stream_ref *ref);
MUST_CHECK bool entries_load(struct engine *engine, const struct stream_ref *ref, str image,
                             struct error *err);

// What an id of the running command's tenant made; NULL: it is not remembered (any more).
const struct remembered *entries_find_remembered(const struct engine *engine, str id);
void entries_remember(struct engine *engine, str id, uint64_t made);

void entries_opened(struct engine *engine, const struct instance *instance,
                    const struct subscription *subscription);
void entries_closed(struct engine *engine, const struct instance *instance,
                    const struct subscription *subscription);

// The first that wait with a key above `after` and below `until`, in the order of their keys, at
// most `most`. The page for it is there.
struct wanted_piece {
    str name;
    uint64_t after, until;
    size_t most;
};
size_t entries_piece(const struct engine *engine, struct wanted_piece wanted,
                     struct waiting *ret_waiting);

#endif
