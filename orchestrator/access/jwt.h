// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens (RFC 7519) as RFC 8725 wants them read: one compact signature by an algorithm
// that is expected, with a key that was configured; whatever the token itself says about keys (jwk,
// jku, x5u, x5c) is not looked at. The order is: jwt_parse, jwt_verify, jwt_check.
#ifndef BATON_ACCESS_JWT_H
#define BATON_ACCESS_JWT_H

#include "access/jwk.h"
#include "base/json.h"

enum { JWT_MAX_BYTES = 16 << 10 };

enum jwt_algorithm {
#define ALGORITHM(name, key, digest, padding) JWT_##name,
#include "access/algorithms.def"
#undef ALGORITHM
    JWT_ALGORITHMS
};

const char *jwt_algorithm_name(enum jwt_algorithm algorithm);
MUST_CHECK bool jwt_algorithm_find(str name, enum jwt_algorithm *ret_algorithm);

struct jwt {
    enum jwt_algorithm algorithm;
    str key_id; // `kid`; empty: none
    str type;   // `typ`; empty: none
    const struct json *claims;
    str signed_part;
    str signature; // bytes
};

// Nothing in it is to be believed yet. ERROR_DENIED: it is no such token.
MUST_CHECK bool jwt_parse(struct arena *arena, str text, struct jwt *ret_jwt, struct error *err);

enum jwt_verdict { JWT_GOOD, JWT_NO_KEY, JWT_BAD };

// JWT_NO_KEY: the set has no key of its id that fits the algorithm.
enum jwt_verdict jwt_verify(const struct jwt *jwt, const struct jwk_set *keys);

enum jwt_use { JWT_ACCESS, JWT_IDENTITY, JWT_LOGOUT };

struct jwt_rules {
    enum jwt_use use;
    str issuer;
    const str *audiences; // one of them must be among the token's
    size_t audience_count;
    int64_t leeway_s;
    int64_t now_ms;
};

// Whether the claims of a verified token hold: ERROR_DENIED says which does not, to its holder.
MUST_CHECK bool jwt_check(struct arena *arena, const struct jwt *jwt, const struct jwt_rules *rules,
                          struct error *err);

// When it ends, leeway included; INT64_MAX: never.
int64_t jwt_until_ms(const struct jwt *jwt, int64_t leeway_s);

#endif
