// SPDX-License-Identifier: Apache-2.0
//
// The small conversions that every codec of this layer needs. Private to wire.
#ifndef BATON_WIRE_PACK_H
#define BATON_WIRE_PACK_H

#include "base/error.h"
#include "base/strbuf.h"

#include <protobuf-c/protobuf-c.h>

// protobuf-c's strings end with a NUL: the scan has refused others on the way in, and on the way
// out it becomes U+FFFD.
char *pack_text(struct arena *arena, str text);
ProtobufCBinaryData pack_bytes(str bytes);

str unpack_text(const char *text);
str unpack_bytes(ProtobufCBinaryData bytes);

void pack_message(struct strbuf *out, const ProtobufCMessage *message);

// Scans and unpacks; NULL and *err when the bytes are no such message. The message lives in the
// arena.
void *unpack_message(struct arena *arena, const ProtobufCMessageDescriptor *descriptor, str bytes,
                     struct error *err);

#endif
