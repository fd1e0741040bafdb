// SPDX-License-Identifier: Apache-2.0
//
// Values beyond what feel.h shows: building contexts whose names are known to differ, ordering,
// hashing.
#ifndef BATON_FEEL_VALUE_H
#define BATON_FEEL_VALUE_H

#include <stddef.h>

#include "feel/feel.h"

// Takes the entries over; their names differ from each other.
feel_value context_take(struct arena *arena, const struct feel_entry *entries, size_t count);

// Names are short: eight bytes from both ends tell two apart without a call.
static inline bool name_equal(str a, str b)
{
    uint64_t x, y, z, w;
    if (a.len != b.len)
        return false;
    if (a.data == b.data || a.len == 0)
        return true;
    if (a.len > 16)
        return memcmp(a.data, b.data, a.len) == 0;
    if (a.len >= 8) {
        memcpy(&x, a.data, 8);
        memcpy(&y, b.data, 8);
        memcpy(&z, a.data + a.len - 8, 8);
        memcpy(&w, b.data + b.len - 8, 8);
        return x == y && z == w;
    }
    for (size_t i = 0; i < a.len; i++)
        if (a.data[i] != b.data[i])
            return false;
    return true;
}

const feel_value *context_find(const struct feel_context *context, str name);

// The entry, looked for first where it was found last time: contexts in lists mostly look alike.
static inline const feel_value *context_guess(feel_value value, str name, uint8_t *hint)
{
    if (value.kind != FEEL_CONTEXT)
        return NULL;
    const struct feel_context *context = value.context;
    if (*hint < context->count && name_equal(context->entries[*hint].name, name))
        return &context->entries[*hint].value;
    const feel_value *found = context_find(context, name);
    if (found) {
        const struct feel_entry *entry =
            (const struct feel_entry *)((const char *)found - offsetof(struct feel_entry, value));
        size_t at = (size_t)(entry - context->entries);
        *hint = at < UINT8_MAX ? (uint8_t)at : 0;
    }
    return found;
}

enum { ORDER_NONE = 2 };

// -1, 0, 1, or ORDER_NONE when `<` has no meaning for the two (DMN 10.3.2.7, Table 51).
int value_compare(feel_value a, feel_value b);

// Is the value in the range? 1, 0, or -1 when they cannot be compared.
int range_contains(const struct feel_range *range, feel_value value);

// As feel_equal, looking at no more than *budget values (and 64 bytes of text each), which it takes
// what it used from; -1 when that is not enough. Values may share parts so often that looking at
// all would never end.
int value_equal(feel_value a, feel_value b, uint64_t *budget);

// "start", "end included", …; null when there is no such property.
feel_value range_property(const struct feel_range *range, str name);

#endif
