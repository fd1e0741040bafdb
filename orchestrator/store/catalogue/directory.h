// SPDX-License-Identifier: Apache-2.0
//
// Who there is, who belongs to what, and what is given: users, groups, roles, mapping rules,
// tenants, their members, and authorizations. The numbers of the kinds are those of the tables.
#ifndef BATON_STORE_CATALOGUE_DIRECTORY_H
#define BATON_STORE_CATALOGUE_DIRECTORY_H

#include "store/statement.h"

enum directory_kind {
    DIRECTORY_USER = 1,
    DIRECTORY_CLIENT = 2, // has no row of its own
    DIRECTORY_GROUP = 3,
    DIRECTORY_ROLE = 4,
    DIRECTORY_RULE = 5,
    DIRECTORY_TENANT = 6,
};

// Texts with data == NULL are null.
struct directory_entry {
    str id;
    str name;
    str description; // of groups, roles and tenants
    str email;       // of users, as the password
    str password;    // as it is stored; null: it stays
    str claim_name;  // of mapping rules
    str claim_value;
};

// Each touches a row when it did what it says: none when there is one already, or none.
struct statement directory_create(struct arena *arena, enum directory_kind kind,
                                  const struct directory_entry *entry);
struct statement directory_update(struct arena *arena, enum directory_kind kind,
                                  const struct directory_entry *entry);
// With its memberships, its members and what it owns.
struct statement directory_delete(struct arena *arena, enum directory_kind kind, str id);

struct membership {
    enum directory_kind whole_kind; // group, role or tenant
    str whole;
    enum directory_kind member_kind;
    str member;
};

// One row: whether the whole is there, whether the member is (users and clients: always, when they
// may be others'), whether it was added.
struct statement directory_add_member(struct arena *arena, const struct membership *membership,
                                      bool has_other_users);
struct statement directory_remove_member(struct arena *arena, const struct membership *membership);

struct authorization {
    int owner_kind;
    str owner;
    str resource_type;
    str resource_id; // null: a property
    str resource_property;
    const str *permissions;
    size_t permission_count;
};

// One row with its key; none when there is one on the same resource already.
struct statement directory_authorize(struct arena *arena, const struct authorization *wanted);
struct statement directory_reauthorize(struct arena *arena, uint64_t key,
                                       const struct authorization *wanted);
struct statement directory_unauthorize(struct arena *arena, uint64_t key);

#endif
