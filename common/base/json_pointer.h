// SPDX-License-Identifier: Apache-2.0
//
// JSON pointers (RFC 6901): "/order/lines/0/price", with ~1 for a slash and ~0 for a tilde.
#ifndef BATON_BASE_JSON_POINTER_H
#define BATON_BASE_JSON_POINTER_H

#include "base/json.h"

// What it points to; NULL: there is nothing. The empty pointer is the value itself.
struct json *json_at(struct arena *scratch, struct json *value, str pointer);

// A step further: `name` escaped.
str json_pointer_step(struct arena *arena, str pointer, str name);

#endif
