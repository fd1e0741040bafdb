// SPDX-License-Identifier: Apache-2.0
//
// Keys that seal what must not be read where it is stored. A vault's keys come from outside (a
// file, the environment, a command, so that a key service fits) and never seal a value themselves:
// each thing has a data key of its own, which a key of the vault wraps. AES-256-GCM throughout,
// bound to where a thing belongs: what was moved elsewhere does not open.
//
//   vault key ── wraps ──► data key ── seals ──► value
//
// A new key is put first in the list; what the others wrap still opens, until it is wrapped anew.
#ifndef BATON_VAULT_VAULT_H
#define BATON_VAULT_VAULT_H

#include "base/config.h"

struct vault;

enum {
    VAULT_KEY_BYTES = 32,
    VAULT_NONCE_BYTES = 12,
    VAULT_TAG_BYTES = 16,
    VAULT_MAX_KEYS = 16,
    VAULT_MAX_ID_BYTES = 32,                                      // letters, digits, '-', '_', '.'
    VAULT_COMMAND_S = 30,                                         // what vault.key_command may take
    VAULT_SEALED_EXTRA = 1 + VAULT_NONCE_BYTES + VAULT_TAG_BYTES, // of a sealed value beside it
};

// A data key. Wipe it when it is done with.
struct vault_key {
    unsigned char bytes[VAULT_KEY_BYTES];
};

void vault_key_wipe(struct vault_key *key);

// By the settings vault.…; *ret_vault is NULL where they name no keys. False: err->place is the
// setting. Keys lie in memory that is locked, not dumped, and wiped at the end.
MUST_CHECK bool vault_open(const struct config *config, struct vault **ret_vault,
                           struct error *err);

void vault_close(struct vault *vault); // NULL is fine

// The key that wraps from now on; valid as long as the vault.
str vault_current(const struct vault *vault);

size_t vault_key_count(const struct vault *vault);
str vault_key_id(const struct vault *vault, size_t index); // the current one is the first
bool vault_has(const struct vault *vault, str id);

// A line for the list of keys: "ID BASE64", made of random bytes. False: the id cannot be one.
MUST_CHECK bool vault_make_line(struct arena *arena, str id, str *ret_line, struct error *err);

// -- Data keys --------------------------------------------------------------------------

// A new one, and how it is stored.
str vault_wrap_new(struct arena *arena, const struct vault *vault, str bound,
                   struct vault_key *ret_key);

// ERROR_INVALID: it was wrapped by a key that is not there (the text names it), or with another
// `bound`, or was changed.
MUST_CHECK bool vault_unwrap(const struct vault *vault, str wrapped, str bound,
                             struct vault_key *ret_key, struct error *err);

// The id of the key that wrapped it; empty: it is nothing wrapped.
str vault_wrapped_by(str wrapped);

// The same data key, wrapped by the current key.
MUST_CHECK bool vault_rewrap(struct arena *arena, const struct vault *vault, str wrapped, str bound,
                             str *ret_wrapped, struct error *err);

// -- Values -----------------------------------------------------------------------------

// `nonce`: VAULT_NONCE_BYTES that no other value under this key has; empty: random ones.
str vault_seal(struct arena *arena, const struct vault_key *key, str nonce, str bound, str plain);

// ERROR_INVALID: another key, another `bound`, or it was changed.
MUST_CHECK bool vault_unseal(struct arena *arena, const struct vault_key *key, str bound,
                             str sealed, str *ret_plain, struct error *err);

// What is known of a vault's key without telling it: HMAC-SHA-256 of a fixed text, hex. Kept beside
// what the key wrapped, so that another key of the same id is found out before it is used.
str vault_check_of(struct arena *arena, const struct vault *vault, str id);

#endif
