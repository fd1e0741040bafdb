// SPDX-License-Identifier: Apache-2.0
//
// SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104), hex and base64 (RFC 4648), random bytes. Over
// OpenSSL.
#ifndef BATON_BASE_DIGEST_H
#define BATON_BASE_DIGEST_H

#include "base/str.h"
#include "base/strbuf.h"

enum { DIGEST_SIZE = 32 };

struct digest {
    unsigned char bytes[DIGEST_SIZE];
};

struct digest digest_sha256(str data);
struct digest digest_chain(struct digest previous, str data); // sha256(previous ‖ data)
struct digest digest_hmac(str key, str data);

// Takes the same time wherever the two differ.
bool digest_equal(str a, str b);

str digest_hex(struct arena *arena, str bytes);
MUST_CHECK bool digest_from_hex(struct arena *arena, str hex, str *ret_bytes);

void base64_encode(struct strbuf *out, str bytes);
MUST_CHECK bool base64_decode(struct arena *arena, str text, str *ret_bytes);

// The variant for URLs and file names (RFC 4648, 5), without padding, as JOSE writes it. Decoding
// refuses whatever encoding would not have written.
str base64url_encode(struct arena *arena, str bytes);
MUST_CHECK bool base64url_decode(struct arena *arena, str text, str *ret_bytes);

// From the system's source; aborts when there is none.
void random_bytes(void *data, size_t len);

#endif
