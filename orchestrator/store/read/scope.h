// SPDX-License-Identifier: Apache-2.0
//
// Whose rows a read may see. Every statement of this folder takes one: there is no default, and a
// struct that nobody filled sees nothing. What is not narrowed says so: scope_everything().
#ifndef BATON_STORE_READ_SCOPE_H
#define BATON_STORE_READ_SCOPE_H

#include "base/arena.h"
#include "base/str.h"

struct scope {
    bool is_everything;
    const str *tenants; // as they are stored: the default tenant is the empty string
    size_t tenant_count;
};

struct scope scope_everything(void);
struct scope scope_tenants(const str *tenants, size_t count);

// The scope as parameter $1 of a statement that contains SCOPE_SEES.
str scope_parameter(struct arena *arena, struct scope scope);

// A condition on a tenant's column.
#define SCOPE_SEES(column) "($1::text[] IS NULL OR " column " = ANY ($1::text[]))"

// The default tenant is the empty string inside and "<default>" outside.
str tenant_outside(str tenant);
str tenant_inside(str tenant);

#endif
