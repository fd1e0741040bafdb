// SPDX-License-Identifier: Apache-2.0
//
// Values beyond what feel.h shows: building contexts whose names are known to differ, ordering,
// hashing.
#ifndef BATON_FEEL_VALUE_H
#define BATON_FEEL_VALUE_H

#include "feel/feel.h"

// Takes the entries over; their names differ from each other.
feel_value context_take(struct arena *arena, const struct feel_entry *entries, size_t count);

enum { ORDER_NONE = 2 };

// -1, 0, 1, or ORDER_NONE when `<` has no meaning for the two (DMN 10.3.2.7, Table 51).
int value_compare(feel_value a, feel_value b);

// Is the value in the range? 1, 0, or -1 when they cannot be compared.
int range_contains(const struct feel_range *range, feel_value value);

// Three-valued, as feel_equal, for `=` (10.3.2.7, Table 50).
int value_equal(feel_value a, feel_value b, int depth);

// "start", "end included", …; null when there is no such property.
feel_value range_property(const struct feel_range *range, str name);

#endif
