// SPDX-License-Identifier: Apache-2.0
//
// A FEEL expression that somebody wants to try: evaluated here, with variables that they bring and
// those that a scope sees.
#ifndef BATON_GATEWAY_EXPRESSION_H
#define BATON_GATEWAY_EXPRESSION_H

#include "base/json.h"
#include "feel/feel.h"
#include "gateway/caller.h"

enum {
    EXPRESSION_MAX_STEPS = 200000, // of one evaluation: nobody else is served meanwhile
};

struct expression {
    str text;                     // "=1 + 2" is FEEL, all else is that text
    uint64_t scope;               // process or element instance whose variables it sees; 0: none
    const struct json *variables; // an object, before those of the scope; NULL: none
};

typedef void expression_answer(struct caller *caller, feel_value result,
                               const struct feel_warnings *warnings);

// `expression` lives in the caller's arena.
void gateway_evaluate_expression(struct caller *caller, const struct expression *expression,
                                 expression_answer *answer);

#endif
