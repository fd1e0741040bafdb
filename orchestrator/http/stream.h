// SPDX-License-Identifier: Apache-2.0
//
// An answer in pieces, as long as both sides want it: server-sent events. Nothing is kept for who
// takes too slowly.
#ifndef BATON_HTTP_STREAM_H
#define BATON_HTTP_STREAM_H

#include "http/request.h"

enum { STREAM_PENDING_BYTES = 64 << 10 }; // that a client may leave untaken

// Instead of an answer. The request stays until request_stream_end, which its `on_gone` has to call
// as well. False after answering: too many requests wait, or the method was HEAD.
MUST_CHECK bool request_stream_begin(struct request *request, const char *content_type);

// False, and nothing was sent: so much is left untaken that the piece has no room, or the client
// has gone.
MUST_CHECK bool request_stream_send(struct request *request, str piece);

// Hands the request over and frees it.
void request_stream_end(struct request *request);

#endif
