// SPDX-License-Identifier: Apache-2.0
//
// Mapping rules: from the claims of a token to names that own and belong. A claim's name is the
// literal name of a member, or a FEEL expression over the claims, such as realm_access.roles; a
// "$." before it is left out. It fits when the value is the rule's, or a list that has it. A value
// that is not a text is compared as JSON writes it.
#ifndef BATON_ACCESS_RULES_H
#define BATON_ACCESS_RULES_H

#include "access/identity.h"

struct rule {
    str id;
    str claim_name;
    str claim_value;
};

// The ids of the rules that fit. What cannot be evaluated does not fit.
struct names rules_that_fit(struct arena *arena, const struct rule *rules, size_t count,
                            const struct json *claims);

#endif
