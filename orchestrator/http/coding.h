// SPDX-License-Identifier: Apache-2.0
//
// Content codings of bodies: gzip, both ways. The only file with zlib is coding.c. Private to the
// layer.
#ifndef BATON_HTTP_CODING_H
#define BATON_HTTP_CODING_H

#include "base/arena.h"
#include "base/check.h"
#include "base/str.h"

enum {
    CODING_MIN_BYTES = 1024,    // below that an answer is sent as it is
    CODING_MAX_BYTES = 1 << 20, // above too: nobody else is served meanwhile
};

// An item of a header such as Accept: its name, and whether its weight is more than 0.
bool coding_is_wanted(str item, str *ret_name);

// Whether a header Accept-Encoding takes gzip.
bool coding_takes_gzip(str header);

// False where it would not get smaller.
MUST_CHECK bool coding_pack(struct arena *arena, str plain, str *ret_packed);

// False when it is no gzip, ends early, or has more than `most` bytes.
MUST_CHECK bool coding_unpack(struct arena *arena, str packed, size_t most, str *ret_plain);

#endif
