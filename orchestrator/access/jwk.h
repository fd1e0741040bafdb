// SPDX-License-Identifier: Apache-2.0
//
// Public keys of a provider: a JSON Web Key Set (RFC 7517). Keys that are not for signatures, are
// of a kind that no algorithm here uses, are weak, or are secrets are left out.
#ifndef BATON_ACCESS_JWK_H
#define BATON_ACCESS_JWK_H

#include "base/error.h"

struct evp_pkey_st;

enum { JWK_MAX_KEYS = 64, JWK_MAX_SET_BYTES = 256 << 10 };

enum jwk_kind { JWK_RSA, JWK_P256, JWK_P384, JWK_P521, JWK_ED25519 };

struct jwk {
    enum jwk_kind kind;
    str id;        // `kid`; empty: it has none
    str algorithm; // the only one it is for; empty: any of its kind
    struct evp_pkey_st *key;
};

struct jwk_set; // immutable

// NULL and *err when it is no key set, or has no key that can be used. Safe on any thread.
MUST_CHECK struct jwk_set *jwk_set_parse(str text, struct error *err);
void jwk_set_free(struct jwk_set *set);

size_t jwk_set_count(const struct jwk_set *set);
const struct jwk *jwk_set_at(const struct jwk_set *set, size_t index);

#endif
