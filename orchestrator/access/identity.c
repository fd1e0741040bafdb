// SPDX-License-Identifier: Apache-2.0
#include "access/identity.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    const char *permissions;
} resources[] = {
#define RESOURCE(name, permissions) {#name, permissions},
#include "access/resources.def"
#undef RESOURCE
};

const char *resource_type_name(enum resource_type type)
{
    check(type < RESOURCE_TYPE_COUNT);
    return resources[type].name;
}

const char *resource_type_permissions(enum resource_type type)
{
    check(type < RESOURCE_TYPE_COUNT);
    return resources[type].permissions;
}

bool resource_type_find(str name, enum resource_type *ret_type)
{
    for (size_t i = 0; i < COUNT_OF(resources); i++)
        if (str_equal(name, str_of(resources[i].name))) {
            *ret_type = (enum resource_type)i;
            return true;
        }
    return false;
}

bool resource_type_has(enum resource_type type, str permission)
{
    str rest = str_of(resource_type_permissions(type)), name;
    while (!str_is_empty(rest) && str_split(&rest, ' ', &name))
        if (str_equal(name, permission))
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return str_compare(*(const str *)a, *(const str *)b);
}

struct names names_sorted(str *items, size_t count)
{
    size_t kept = 0;
    if (count > 0)
        qsort(items, count, sizeof *items, compare_names);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || !str_equal(items[kept - 1], items[i]))
            items[kept++] = items[i];
    return (struct names){items, kept};
}

bool names_have(struct names names, str name)
{
    return names.count > 0 &&
           bsearch(&name, names.items, names.count, sizeof name, compare_names) != NULL;
}

static bool gives(const struct grant *grant, enum resource_type type, str permission)
{
    if (!str_equal(grant->resource_type, str_of(resource_type_name(type))))
        return false;
    for (size_t i = 0; i < grant->permission_count; i++)
        if (str_equal(grant->permissions[i], permission))
            return true;
    return false;
}

// Whoever is nobody has nothing, whatever rows say.
static bool is_somebody(const struct identity *identity)
{
    return identity != NULL && !str_is_empty(identity->id);
}

bool identity_may(const struct identity *identity, enum resource_type type, str permission,
                  str resource_id)
{
    if (identity != NULL && identity->is_everything)
        return true;
    for (size_t i = 0; is_somebody(identity) && i < identity->grant_count; i++) {
        const struct grant *grant = &identity->grants[i];
        if ((str_equal(grant->resource_id, STR("*")) ||
             str_equal(grant->resource_id, resource_id)) &&
            gives(grant, type, permission))
            return true;
    }
    return false;
}

struct names identity_resources(struct arena *arena, const struct identity *identity,
                                enum resource_type type, str permission, bool *ret_all)
{
    size_t count = 0;
    *ret_all = identity != NULL && identity->is_everything;
    if (*ret_all || !is_somebody(identity))
        return (struct names){NULL, 0};
    str *ids = ARENA_ARRAY(arena, str, identity->grant_count);
    for (size_t i = 0; i < identity->grant_count; i++) {
        const struct grant *grant = &identity->grants[i];
        if (!gives(grant, type, permission))
            continue;
        if (str_equal(grant->resource_id, STR("*")))
            *ret_all = true;
        else
            ids[count++] = grant->resource_id;
    }
    return *ret_all ? (struct names){NULL, 0} : names_sorted(ids, count);
}
