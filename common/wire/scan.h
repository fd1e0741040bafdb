// SPDX-License-Identifier: Apache-2.0
//
// The look at a protobuf message before protobuf-c unpacks it. protobuf-c recurses without a limit
// (28 KB of nesting overflow its stack), takes any bytes for a string, and cuts strings at a NUL.
// The scan walks the bytes once along the message's descriptor and refuses all three, as well as
// groups, broken varints and lengths beyond the end. (Encoding:
// https://protobuf.dev/programming-guides/encoding/)
#ifndef BATON_WIRE_SCAN_H
#define BATON_WIRE_SCAN_H

#include "base/error.h"

struct ProtobufCMessageDescriptor;

MUST_CHECK bool scan_message(const struct ProtobufCMessageDescriptor *descriptor, str bytes,
                             struct error *err);

#endif
