// SPDX-License-Identifier: Apache-2.0
//
// Whole numbers as few bytes, as protobuf writes them: seven bits a byte, least first; at most 10.
#ifndef BATON_BASE_VARINT_H
#define BATON_BASE_VARINT_H

#include "base/str.h"
#include "base/strbuf.h"

void varint_write(struct strbuf *out, uint64_t value);
void varint_write_signed(struct strbuf *out, int64_t value); // zigzag
void varint_write_text(struct strbuf *out, str text);        // length and bytes

// False when the bytes end before. *rest goes on behind it.
MUST_CHECK bool varint_read(str *rest, uint64_t *ret_value);
MUST_CHECK bool varint_read_signed(str *rest, int64_t *ret_value);
MUST_CHECK bool varint_read_text(str *rest, str *ret_text); // points into the bytes

#endif
