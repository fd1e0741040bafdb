// SPDX-License-Identifier: Apache-2.0
//
// Whether a vault's keys are those that sealed what is stored.
#ifndef BATON_STORE_VAULT_KEYS_H
#define BATON_STORE_VAULT_KEYS_H

#include "vault/vault.h"

// Notes keys that are new, and refuses, by name, one that is another than it was, and to start
// without one that something is sealed under, or where it would seal what a node that runs cannot
// read, or the other way round. `node`: its name; empty: it is none. `vault` may be NULL. Blocks.
MUST_CHECK bool store_check_vault(const char *url, const char *node, const struct vault *vault,
                                  struct error *err);

// The key that persons are digested with; made where there is none yet. `vault` is not NULL.
// Blocks.
MUST_CHECK bool store_person_index(const char *url, const struct vault *vault,
                                   struct vault_key *ret_index, struct error *err);

#endif
