// SPDX-License-Identifier: Apache-2.0
//
// gzip (RFC 1952): whole texts at a time, and a stream of pieces.
#ifndef BATON_BASE_GZIP_H
#define BATON_BASE_GZIP_H

#include "base/error.h"

// Into the arena. False when the bytes are not gzip's (or zlib's: "deflate" of HTTP), or come to
// more than `most` bytes: a few can come to very many.
MUST_CHECK bool gzip_unpack(struct arena *arena, str bytes, size_t most, str *ret_text,
                            struct error *err);

// Into the arena.
str gzip_pack(struct arena *arena, str text);

// Takes the next piece of an unpacked stream. False ends it, with its error.
typedef bool (*gzip_sink)(void *context, str piece, struct error *err);

struct gzip_stream;

struct gzip_stream *gzip_stream_new(void);
void gzip_stream_free(struct gzip_stream *stream); // NULL is fine

// Unpacks a piece of any size into the sink, in pieces of at most 64 KiB. Files of several members
// (RFC 1952, 2.2) are one stream.
MUST_CHECK bool gzip_stream_feed(struct gzip_stream *stream, str piece, gzip_sink sink,
                                 void *context, struct error *err);

// True when the stream stands at the end of a member: nothing was cut off.
bool gzip_stream_is_whole(const struct gzip_stream *stream);

#endif
