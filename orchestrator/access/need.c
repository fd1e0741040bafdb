// SPDX-License-Identifier: Apache-2.0
#include "access/need.h"

bool need_next(str *rest, struct need *ret_need)
{
    static const char *const checks[] = {"rows", "engine", "path", "all"};
    str text, name, type;
    if (str_is_empty(*rest) || !str_split(rest, ',', &text))
        return false;
    text = str_trim(text);
    bool has_check = str_split(&text, ' ', &name);
    bool has_type = str_split(&text, '/', &type);
    size_t place = 0;
    while (place < COUNT_OF(checks) && !str_equal(name, str_of(checks[place])))
        place++;
    check(has_check && has_type && place < COUNT_OF(checks));
    bool is_known = resource_type_find(type, &ret_need->type);
    check(is_known);
    ret_need->check = (enum need_check)place;
    ret_need->permissions = text;
    return true;
}

bool need_is_met(const struct identity *identity, const struct need *need, str resource_id)
{
    str rest = need->permissions, permission;
    while (!str_is_empty(rest) && str_split(&rest, '|', &permission))
        if (identity_may(identity, need->type, permission, resource_id))
            return true;
    return false;
}

size_t need_permissions(struct arena *arena, const struct need *need, str **ret_permissions)
{
    size_t count = 0;
    str rest = need->permissions, permission;
    *ret_permissions = ARENA_ARRAY(arena, str, need->permissions.len / 2 + 1);
    while (!str_is_empty(rest) && str_split(&rest, '|', &permission))
        (*ret_permissions)[count++] = permission;
    return count;
}

struct names need_resources(struct arena *arena, const struct identity *identity,
                            const struct need *need, bool *ret_all)
{
    size_t count = 0;
    str rest = need->permissions, permission;
    str *ids = ARENA_ARRAY(arena, str, (need->permissions.len / 2 + 1) * identity->grant_count);
    *ret_all = false;
    while (!*ret_all && !str_is_empty(rest) && str_split(&rest, '|', &permission)) {
        struct names some = identity_resources(arena, identity, need->type, permission, ret_all);
        for (size_t i = 0; i < some.count; i++)
            ids[count++] = some.items[i];
    }
    return *ret_all ? (struct names){NULL, 0} : names_sorted(ids, count);
}
