// SPDX-License-Identifier: Apache-2.0
//
// Somebody who is known, with all that was given to them; and the decision whether that is enough.
// The decision is pure: it depends on nothing but the identity and the question.
#ifndef BATON_ACCESS_IDENTITY_H
#define BATON_ACCESS_IDENTITY_H

#include "access/subject.h"
#include "record/command.h"

// Who may own permissions, and be a member. The numbers are those of the tables.
enum owner_kind {
    OWNER_USER = SUBJECT_USER,
    OWNER_CLIENT = SUBJECT_CLIENT,
    OWNER_GROUP = 3,
    OWNER_ROLE = 4,
    OWNER_MAPPING_RULE = 5,
};

struct names {
    const str *items; // sorted, each once
    size_t count;
};

struct identity {
    bool is_everything; // whoever has api.key, or everybody where auth.enabled is off
    enum subject_kind kind;
    str id; // username or client id; empty: nobody in particular
    str proof;
    struct names groups, roles, rules;
    struct names tenants; // the default tenant is the empty string
    // By resource type and id, each pair once. An id "=NAME" stands for the property NAME.
    struct grant *grants;
    size_t grant_count;
};

// What there is to be given.
enum resource_type {
#define RESOURCE(name, permissions) RESOURCE_##name,
#include "access/resources.def"
#undef RESOURCE
    RESOURCE_TYPE_COUNT
};

const char *resource_type_name(enum resource_type type);
const char *resource_type_permissions(enum resource_type type); // with spaces between
MUST_CHECK bool resource_type_find(str name, enum resource_type *ret_type);
bool resource_type_has(enum resource_type type, str permission); // whether there is such a one

// Whether it may do this to the resource with this id. An identity without an id or without
// anything given may do nothing.
bool identity_may(const struct identity *identity, enum resource_type type, str permission,
                  str resource_id);

// The ids of the resources on which it has a permission: each once, in the arena. *ret_all: on all.
struct names identity_resources(struct arena *arena, const struct identity *identity,
                                enum resource_type type, str permission, bool *ret_all);

// With all that it points to.
struct identity *identity_copy(struct arena *arena, const struct identity *identity);

bool names_have(struct names names, str name);

// Sorts in place, and leaves out what is there twice.
struct names names_sorted(str *items, size_t count);

#endif
