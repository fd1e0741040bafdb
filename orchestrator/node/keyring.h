// SPDX-License-Identifier: Apache-2.0
//
// The keys of persons of one shard's streams, as long as these are in memory. They come with a
// stream when it is loaded, or are made when something is sealed for a person for the first time;
// then their row goes with the commit that has the value. Only the shard's owner makes them, and
// nobody else keeps any: what PostgreSQL has lost is lost.
//
// Records on their way have streams of their own, numbered below 0, for what came marked and goes
// on: -(number of the batch's first record) - 1.
#ifndef BATON_NODE_KEYRING_H
#define BATON_NODE_KEYRING_H

#include "engine/engine.h"
#include "node/outbox.h"
#include "store/store.h"

enum { KEYRING_MAX_PERSONS = 1000 }; // of one stream

struct keyring;
struct vault;
struct vault_key;

// `vault` may be NULL: nothing is sealed or opened, and whoever asks is told so. Both outlive it.
struct keyring *keyring_new(const struct vault *vault, const struct vault_key *index);
void keyring_free(struct keyring *keyring); // NULL is fine; wipes the keys

// For the engine; valid as long as the keyring.
const struct engine_vault *keyring_vault(struct keyring *keyring);

// A key that is stored. What cannot be unwrapped is logged, and reads as erased.
void keyring_add(struct keyring *keyring, const struct store_person *person);

// Rows of the keys made since the last call.
void keyring_take_new(struct keyring *keyring, struct arena *arena, struct changes *changes);

// A record as it is stored, and as it is sent: jobs carry plain values, commands marked ones.
// False: both are the same.
bool keyring_store_record(struct keyring *keyring, struct arena *arena, uint64_t first_outbound,
                          str tenant, struct outbox_record *record);
bool keyring_open_record(struct keyring *keyring, struct arena *arena,
                         struct outbox_record *record);

// The streams whose keys a packed outbox takes; each once, in the arena.
const uint64_t *keyring_streams(struct arena *arena, str packed, size_t *ret_count);

#endif
