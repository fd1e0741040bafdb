// SPDX-License-Identifier: Apache-2.0
//
// What was given to whoever asks. Read by the platform itself, before there is a scope.
#ifndef BATON_STORE_READ_GIVEN_H
#define BATON_STORE_READ_GIVEN_H

#include "store/read/scope.h"
#include "store/statement.h"

// Whose: a user or client, the groups that its token names, and the mapping rules that fit it.
struct given_to {
    int kind; // 1 user, 2 client
    str id;
    const str *groups;
    size_t group_count;
    const str *rules;
    size_t rule_count;
};

// kind of what is given (3 group, 4 role, 5 mapping rule, 6 tenant, 0 an authorization), its id;
// of an authorization the resource's type, its id or "=PROPERTY", the permissions with spaces.
struct statement read_given(struct arena *arena, const struct given_to *to);

// One row: whether there is such a user, whether it is locked, whether there is such a client (it
// has a key, belongs to something or owns something), the tenants that it belongs to with commas.
// `at`: as it was then, a time; data == NULL: as it is.
struct statement read_standing(struct arena *arena, const struct given_to *to, str at);

// Every authorization of a resource type that comes to it, and how: key, the way to its owner such
// as "user ann → group crew → role clerk", resource's id or "=PROPERTY", the permissions with
// spaces.
struct statement read_way_of_grants(struct arena *arena, const struct given_to *to,
                                    str resource_type, str at);

struct who_question {
    str resource_type, permission, resource_id;
    str at; // data == NULL: now
};

// Everybody who has the permission there, and how: USER, CLIENT, or GROUP and MAPPING_RULE (whoever
// a token puts into it), name, way, authorization's key, resource's id or "=PROPERTY".
struct statement read_who(struct arena *arena, const struct who_question *question);

// What changes (JSON, see access_simulate in schemas) would give and take: whether it is won, kind
// of owner, owner, resource's type and id, permission.
// At most one row more than is answered. The last column is not null in the only row where one of
// the changes would be refused: it says why. `has_providers`: users and groups may be theirs.
struct statement read_simulation(struct arena *arena, str changes, bool has_providers);

// id, claim's name, claim's value.
struct statement read_mapping_rules(struct arena *arena);

// Those of the scope that have a row: id, name, description. Everything: none, as without tenants.
struct statement read_tenants(struct arena *arena, struct scope scope);

// What grows whenever something is given or taken.
struct statement read_access_version(struct arena *arena);

#endif
