// SPDX-License-Identifier: Apache-2.0
//
// API keys of Baton, for programs: baton_ID_SECRET. The id names the key wherever it is listed; the
// secret is 256 random bits, shown once and kept as a digest.
#ifndef BATON_ACCESS_API_KEY_H
#define BATON_ACCESS_API_KEY_H

#include "base/digest.h"

#define API_KEY_PREFIX "baton_"

enum { API_KEY_ID_BYTES = 8, API_KEY_SECRET_BYTES = 32 }; // each twice as many hexadecimal digits

struct api_key {
    str id;
    str text; // the whole key, for its holder
    struct digest digest;
};

struct api_key api_key_new(struct arena *arena);

// False: it is none of Baton's.
MUST_CHECK bool api_key_read(str text, str *ret_id, str *ret_secret);

#endif
