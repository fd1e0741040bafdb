// SPDX-License-Identifier: Apache-2.0
//
// gzip (RFC 1952), whole texts at a time.
#ifndef BATON_BASE_GZIP_H
#define BATON_BASE_GZIP_H

#include "base/error.h"

// Into the arena. False when the bytes are not gzip's (or zlib's: "deflate" of HTTP), or come to
// more than `most` bytes: a few can come to very many.
MUST_CHECK bool gzip_unpack(struct arena *arena, str bytes, size_t most, str *ret_text,
                            struct error *err);

// Into the arena.
str gzip_pack(struct arena *arena, str text);

#endif
