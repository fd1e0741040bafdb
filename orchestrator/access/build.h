// SPDX-License-Identifier: Apache-2.0
//
// An identity, made from a subject and what rows give it, one at a time.
#ifndef BATON_ACCESS_BUILD_H
#define BATON_ACCESS_BUILD_H

#include "access/identity.h"

// A group, role, mapping rule or tenant that it belongs to, or an authorization (kind 0).
struct gift {
    int kind;
    str id;
    str resource_type; // of an authorization, as all that follows
    str resource_id;
    str permissions; // with spaces between
};

enum { GIFT_AUTHORIZATION = 0, GIFT_TENANT = 6 };

// Room for `most` gifts.
void identity_begin(struct arena *arena, const struct subject *subject, size_t most,
                    struct identity *ret_identity);
void identity_give(struct arena *arena, struct identity *identity, const struct gift *gift);

// Once all was given. Without tenants it belongs to the default tenant alone.
void identity_end(struct arena *arena, struct identity *identity, bool has_tenants);

void subject_copy(struct arena *arena, const struct subject *from, struct subject *to);

#endif
