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

struct keyring;
struct vault;
struct vault_key;

// `vault` may be NULL: nothing is sealed or opened, and whoever asks is told so. Both outlive it.
struct keyring *keyring_new(const struct vault *vault, const struct vault_key *index);
void keyring_free(struct keyring *keyring); // NULL is fine; wipes the keys

// For the engine; valid as long as the keyring.
const struct engine_vault *keyring_vault(struct keyring *keyring);

// A key that is stored. False: the vault here is not the one that wrapped it, and may be tomorrow;
// the shard must not go on without it. A row that was changed is logged, and reads as erased.
MUST_CHECK bool keyring_add(struct keyring *keyring, const struct store_person *person,
                            struct error *err);

// The person is being erased (engine/engine.h): for a new owner, to whom nobody has said it. It
// ends when a command says so (gateway/erasure.h), and by no clock.
void keyring_bar(struct keyring *keyring, uint64_t erasure, str digest);

// Rows of the keys made since the last call.
void keyring_take_new(struct keyring *keyring, struct arena *arena, struct changes *changes);

// Takes marked values of persons who are being erased out of a command that passes them on.
void keyring_leave_out(struct keyring *keyring, struct arena *arena, str tenant,
                       struct outbox_record *record);

// A record as it is sent, from what the engine made or what is stored: jobs carry plain values,
// commands marked ones. What is opened is of the record's stream, or was sealed for this record;
// other sealed texts are just texts. False: nothing was. `number` is the record's in the outbox.
bool keyring_open_record(struct keyring *keyring, struct arena *arena, uint64_t number,
                         struct outbox_record *record);

// And as it is stored: what is marked in a command is sealed under keys of its own. False: it
// cannot be (*err says why), and the record must not go.
MUST_CHECK bool keyring_store_record(struct keyring *keyring, struct arena *arena, uint64_t number,
                                     str tenant, struct outbox_record *record, bool *ret_is_sealed,
                                     struct error *err);

// The keys of records below this number, which have been sent, go from memory.
void keyring_drop_sent(struct keyring *keyring, uint64_t published);

// A dead letter is stored sealed as a whole, whatever it says. Sealing does nothing without a
// vault. Opening fails with ERROR_UNAVAILABLE where the vault here lacks the key: the shard waits.
bool keyring_seal_letter(struct keyring *keyring, struct arena *arena,
                         struct outbox_record *record);
MUST_CHECK bool keyring_open_letter(struct keyring *keyring, struct arena *arena,
                                    struct outbox_record *record, struct error *err);

// The streams whose keys a packed outbox takes; each once, in the arena.
const uint64_t *keyring_streams(struct arena *arena, str packed, size_t *ret_count);

#endif
