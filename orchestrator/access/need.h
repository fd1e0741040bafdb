// SPDX-License-Identifier: Apache-2.0
//
// What an operation takes to be allowed, as its description says: "none", "self", or needs with
// commas between, such as "engine PROCESS_DEFINITION/CANCEL_PROCESS_INSTANCE" (schemas/openapi).
#ifndef BATON_ACCESS_NEED_H
#define BATON_ACCESS_NEED_H

#include "access/identity.h"

// What a permission must be on, and who decides.
enum need_check {
    NEED_ROWS,   // the resource of each row: SQL
    NEED_ENGINE, // what the command reaches: the engine
    NEED_PATH,   // what the path's first argument names
    NEED_ALL,    // all resources of the kind
};

struct need {
    enum need_check check;
    enum resource_type type;
    str permissions; // with | between; one is enough
};

// The next need; false after the last. What is no need aborts: permissions come from our own build.
MUST_CHECK bool need_next(str *rest, struct need *ret_need);

// Whether one of its permissions is had on the resource.
bool need_is_met(const struct identity *identity, const struct need *need, str resource_id);

// The ids on which one of its permissions is had: each once. *ret_all: on all.
struct names need_resources(struct arena *arena, const struct identity *identity,
                            const struct need *need, bool *ret_all);

// The permissions, one by one: how many.
size_t need_permissions(struct arena *arena, const struct need *need, str **ret_permissions);

#endif
