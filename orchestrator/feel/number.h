// SPDX-License-Identifier: Apache-2.0
//
// FEEL numbers: IEEE 754 decimal128 with 34 digits, rounding half to even (DMN 10.3.2.3.1). Most
// numbers people write fit an int64 and a power of ten: those are kept so and calculated without
// the library, with the same results.
#ifndef BATON_FEEL_NUMBER_H
#define BATON_FEEL_NUMBER_H

#include "feel/feel.h"

enum number_rounding {
    ROUND_HALF_EVEN,
    ROUND_DOWN,
    ROUND_UP,
    ROUND_HALF_UP,
    ROUND_HALF_DOWN,
    ROUND_FLOOR,
    ROUND_CEILING
};

// An integer in an int64: what most numbers of most models are.
static inline bool number_is_plain(const feel_value *a)
{
    return a->kind == FEEL_NUMBER && !(a->flags & FEEL_DECIMAL) && a->scale == 0;
}

// Results are null where decimal128 has no finite one: overflow, division by zero, roots and
// logarithms outside their domain.
feel_value number_add(feel_value a, feel_value b);
feel_value number_subtract(feel_value a, feel_value b);
feel_value number_multiply(feel_value a, feel_value b);
feel_value number_divide(feel_value a, feel_value b);
feel_value number_power(feel_value a, feel_value b);
feel_value number_modulo(feel_value a, feel_value b); // a - b * floor(a / b)
feel_value number_negate(feel_value a);
feel_value number_sqrt(feel_value a);
feel_value number_exp(feel_value a);
feel_value number_log(feel_value a);

// Rounded to `scale` digits after the point; a negative scale rounds before it.
feel_value number_round(feel_value a, int64_t scale, enum number_rounding rounding);

int number_compare(feel_value a, feel_value b);
bool number_is_integer(feel_value a);

// The integer part, toward zero; false when it does not fit.
MUST_CHECK bool number_truncate(feel_value a, int64_t *ret_value);

// The nearest decimal to coefficient / 10^scale.
feel_value number_scaled(int64_t coefficient, int scale);

// Plain digits without trailing zeros; exponent form only beyond 34 digits.
void number_format(struct strbuf *out, feel_value a);

#endif
