// SPDX-License-Identifier: Apache-2.0
//
// Ed25519 signatures (RFC 8032) as compact JWS (RFC 7515, RFC 8037), over OpenSSL: what auditors
// verify with any library. The key's id is the start of the SHA-256 of its public half.
#ifndef BATON_BASE_SIGNATURE_H
#define BATON_BASE_SIGNATURE_H

#include "base/error.h"
#include "base/str.h"

struct signature_key;

// A private or a public key from a PEM file. NULL and *err where there is none.
MUST_CHECK struct signature_key *signature_key_read(const char *path, struct error *err);
void signature_key_free(struct signature_key *key);

// At the start: whether a setting names a key that can sign, or nothing.
MUST_CHECK bool signature_check_setting(const char *name, const char *path, struct error *err);

bool signature_key_can_sign(const struct signature_key *key);
const char *signature_key_id(const struct signature_key *key);

// HEADER.PAYLOAD.SIGNATURE, in the arena. The key can sign.
str signature_sign(struct arena *arena, const struct signature_key *key, str payload);

// The payload of what this key has signed. False and *err for anything else.
MUST_CHECK bool signature_verify(struct arena *arena, const struct signature_key *key, str jws,
                                 str *ret_payload, struct error *err);

#endif
