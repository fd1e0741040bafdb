// SPDX-License-Identifier: Apache-2.0
//
// Changes the JSON texts inside of a record without knowing its message: objects and arrays are
// told from nested messages by their first byte, which no field of ours begins with, and where
// space stands before it by being JSON.
#ifndef BATON_WIRE_TEXTS_H
#define BATON_WIRE_TEXTS_H

#include "base/arena.h"
#include "base/str.h"

struct wire_replacing {
    void *context;
    bool (*wants)(str bytes); // false: nothing inside of these is to be changed
    str (*replace)(void *context, str json);
};

// `bytes` are of a message of ours. What is no message is left as it is.
str wire_replace_texts(struct arena *arena, str bytes, const struct wire_replacing *replacing);

#endif
