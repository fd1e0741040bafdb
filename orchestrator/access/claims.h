// SPDX-License-Identifier: Apache-2.0
//
// What is read out of a token's claims: by the literal name of a member, or by a FEEL expression
// over the claims, such as realm_access.roles.
#ifndef BATON_ACCESS_CLAIMS_H
#define BATON_ACCESS_CLAIMS_H

#include "base/error.h"
#include "base/json.h"
#include "feel/feel.h"

enum { CLAIMS_MAX_STEPS = 20000, CLAIMS_MAX_TEXTS = 1000, CLAIMS_MAX_TEXT_BYTES = 256 };

// Whether the expression can be one at all.
MUST_CHECK bool claims_check(str expression, struct error *err);

// Its value over the claims as a context; null when it cannot be evaluated.
feel_value claims_evaluate(struct arena *arena, str expression, feel_value claims);

// The text or number that it gives; empty: none, or another kind of value, or a text of more than
// CLAIMS_MAX_TEXT_BYTES.
str claims_text(struct arena *arena, str expression, const struct json *claims);

// The texts that it gives: one, or a list. What is no text is left out, and so is what is too long
// or more than CLAIMS_MAX_TEXTS.
const str *claims_texts(struct arena *arena, str expression, const struct json *claims,
                        size_t *ret_count);

// Whether it gives true.
bool claims_hold(struct arena *arena, str expression, const struct json *claims);

#endif
