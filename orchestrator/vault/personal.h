// SPDX-License-Identifier: Apache-2.0
//
// Sealed values of persons. Each names the stream and the event it was made in, and the numbers of
// the keys that it takes; whose it is stands inside. Where it belongs to several, the key is made
// of all of theirs: without one of them it does not open.
//
//     version, stream, sequence, position, count, numbers | version, nonce, ciphertext, tag
//
// The nonce is an HMAC of place and value under the key: what is computed again is the same in
// bytes, and two values never share one.
#ifndef BATON_VAULT_PERSONAL_H
#define BATON_VAULT_PERSONAL_H

#include "base/personal.h"
#include "vault/vault.h"

// Where a value was made.
struct personal_place {
    str tenant;
    uint64_t stream;
    uint64_t sequence; // of the stream's step
    uint32_t position; // in the step
};

struct personal_keys {
    uint32_t count;
    uint32_t numbers[PERSONAL_MAX_SUBJECTS]; // in the stream, from 1
    const struct vault_key *keys[PERSONAL_MAX_SUBJECTS];
};

struct personal_header {
    struct personal_place place; // without the tenant
    uint32_t count;
    uint32_t numbers[PERSONAL_MAX_SUBJECTS];
};

// As JSON, with PERSONAL_SEALED before it.
str personal_seal(struct arena *arena, const struct personal_keys *keys,
                  const struct personal_place *place, const struct personal_subjects *subjects,
                  str json);

// What stands in the open. False: it is no sealed value.
MUST_CHECK bool personal_read(struct arena *arena, str sealed, struct personal_header *ret_header);

// `keys` are those that the header names, in its order. False: another key or tenant, or it was
// changed.
MUST_CHECK bool personal_open(struct arena *arena, const struct vault_key *const *keys, str tenant,
                              str sealed, struct personal_subjects *ret_subjects, str *ret_json);

// By what a person is known where nobody is to read who it is: DIGEST_SIZE bytes.
str personal_digest(struct arena *arena, const struct vault_key *index, str tenant, str subject);

// What somebody has typed into a task's form: BASE64URL, under a key made of the index's. False: it
// is of another task or person, or was changed.
struct personal_draft {
    uint64_t task;
    str owner;
};
str personal_seal_draft(struct arena *arena, const struct vault_key *index,
                        struct personal_draft draft, str json);
MUST_CHECK bool personal_open_draft(struct arena *arena, const struct vault_key *index,
                                    struct personal_draft draft, str sealed, str *ret_json);

// What the wrapped keys of a stream are bound to; `number` 0: the key of the index.
str personal_bound(struct arena *arena, str tenant, uint64_t stream, uint32_t number);

#endif
