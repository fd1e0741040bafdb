// SPDX-License-Identifier: Apache-2.0
//
// Type names and conformance (DMN 10.3.2.9).
#ifndef BATON_FEEL_TYPE_H
#define BATON_FEEL_TYPE_H

#include "feel/lexer.h"

// The built-in type whose name stands at the offset, the longest; NULL when there is none.
const struct feel_type *type_match_name(const struct lexer *lexer, size_t at, size_t *ret_end);

const struct feel_type *type_unknown(struct arena *arena, str name);

// `value instance of type`: as feel_conforms, but null is an instance of Null alone.
bool type_has_instance(struct feel_run *run, feel_value value, const struct feel_type *type);

#endif
