// SPDX-License-Identifier: Apache-2.0
//
// Breakers of job types and credentials that are open, for people.
#ifndef BATON_STORE_READ_BREAKER_H
#define BATON_STORE_READ_BREAKER_H

#include "record/command.h"
#include "store/read/scope.h"
#include "store/statement.h"

// As the answer has them (schemas/openapi/shared.yaml, Breakers), in its order. `kind` 0: of both;
// `name` empty: any.
enum { BREAKERS_MOST = 1000 };
struct statement read_breakers(struct arena *arena, struct scope scope, int kind, str name);

// What it takes to open or close one of a tenant: on how many shards it is open, how many processes
// have jobs that wait for it, and one of these on which the scope has nothing (NULL: none).
enum { BREAKER_SHARDS, BREAKER_PROCESSES, BREAKER_DENIED };
struct breaker_name {
    enum breaker_kind kind;
    str tenant, name;
};
struct statement read_breaker_reach(struct arena *arena, struct scope scope,
                                    const struct breaker_name *breaker);

#endif
