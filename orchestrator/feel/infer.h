// SPDX-License-Identifier: Apache-2.0
//
// Types before evaluation. The lattice: Any above everything, Null below; NULL stands for Any.
// What is "possible" is judged with the implicit conversions of 10.3.2.9.4, so that what is refused
// can never have a value.
#ifndef BATON_FEEL_INFER_H
#define BATON_FEEL_INFER_H

#include "feel/feel.h"

static inline bool type_is_any(const struct feel_type *type)
{
    return type == NULL || type->kind == FEEL_TYPE_ANY || type->kind == FEEL_TYPE_NULL ||
           type->kind == FEEL_TYPE_UNKNOWN;
}

// One value that is neither list, range, context nor function.
static inline bool type_is_scalar(const struct feel_type *type)
{
    return !type_is_any(type) && type->kind <= FEEL_TYPE_MONTHS_DURATION;
}

const struct feel_type *type_of_kind(enum feel_type_kind kind);
const struct feel_type *type_of_value(struct arena *arena, feel_value value);
const struct feel_type *type_list_of(struct arena *arena, const struct feel_type *element);

// The least type that holds values of both.
const struct feel_type *type_join(struct arena *arena, const struct feel_type *a,
                                  const struct feel_type *b);

// What a list holds, and a value that stands for a list of one; NULL: anything.
const struct feel_type *type_item(const struct feel_type *type);

// The member's type; false when a context of this type has none of the name.
bool type_member(const struct feel_type *context, str name, const struct feel_type **ret_type);

#endif
