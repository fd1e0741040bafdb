// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#ifndef BATON_BASE_UTF8_H
#define BATON_BASE_UTF8_H

#include "base/str.h"
#include "base/strbuf.h"

bool utf8_is_valid(str text);

// Decodes the code point at the front and returns its length in bytes; 0 when the text is empty or
// invalid there.
size_t utf8_decode(str text, uint32_t *ret_code_point);

// Appends the code point. It must be a Unicode scalar value.
void utf8_add(struct strbuf *buf, uint32_t code_point);

// The longest beginning of at most so many bytes that ends between two code points.
str utf8_cut(str text, size_t most);

// Code points in valid text.
size_t utf8_length(str text);

// The byte index of the code point with this index in valid text; text.len when there are fewer.
size_t utf8_offset(str text, size_t index);

#endif
