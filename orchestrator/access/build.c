// SPDX-License-Identifier: Apache-2.0
#include "access/build.h"

#include "store/read/scope.h"

#include <stdlib.h>
#include <string.h>

static void add_name(struct arena *arena, struct names *names, str name)
{
    str *items = (str *)names->items; // ours until identity_end
    items[names->count++] = str_copy(arena, name);
}

void identity_begin(struct arena *arena, const struct subject *subject, size_t most,
                    struct identity *ret_identity)
{
    *ret_identity = (struct identity){.kind = subject->kind,
                                      .id = str_copy(arena, subject->id),
                                      .proof = str_copy(arena, subject->proof),
                                      .groups.items = ARENA_ARRAY(arena, str, most),
                                      .roles.items = ARENA_ARRAY(arena, str, most),
                                      .rules.items = ARENA_ARRAY(arena, str, most),
                                      .tenants.items = ARENA_ARRAY(arena, str, most + 1),
                                      .grants = ARENA_ARRAY(arena, struct grant, most)};
}

static void add_grant(struct arena *arena, struct identity *identity, const struct gift *gift)
{
    struct grant *grant = &identity->grants[identity->grant_count++];
    str rest = str_copy(arena, gift->permissions), permission;
    size_t most = gift->permissions.len / 2 + 1;
    *grant = (struct grant){.resource_type = str_copy(arena, gift->resource_type),
                            .resource_id = str_copy(arena, gift->resource_id),
                            .permissions = ARENA_ARRAY(arena, str, most)};
    while (!str_is_empty(rest) && str_split(&rest, ' ', &permission))
        grant->permissions[grant->permission_count++] = permission;
}

void identity_give(struct arena *arena, struct identity *identity, const struct gift *gift)
{
    switch (gift->kind) {
    case GIFT_AUTHORIZATION:
        add_grant(arena, identity, gift);
        return;
    case OWNER_GROUP:
        add_name(arena, &identity->groups, gift->id);
        return;
    case OWNER_ROLE:
        add_name(arena, &identity->roles, gift->id);
        return;
    case OWNER_MAPPING_RULE:
        add_name(arena, &identity->rules, gift->id);
        return;
    case GIFT_TENANT:
        add_name(arena, &identity->tenants, tenant_inside(gift->id));
        return;
    default:
        check_unreachable();
    }
}

static int compare_grants(const void *a, const void *b)
{
    const struct grant *left = a, *right = b;
    int types = str_compare(left->resource_type, right->resource_type);
    return types != 0 ? types : str_compare(left->resource_id, right->resource_id);
}

static struct grant merged(struct arena *arena, const struct grant *first,
                           const struct grant *second)
{
    size_t count = first->permission_count + second->permission_count;
    str *all = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < first->permission_count; i++)
        all[i] = first->permissions[i];
    for (size_t i = 0; i < second->permission_count; i++)
        all[first->permission_count + i] = second->permissions[i];
    struct grant grant = *first;
    grant.permissions = all;
    grant.permission_count = names_sorted(all, count).count;
    return grant;
}

static void merge_grants(struct arena *arena, struct identity *identity)
{
    size_t kept = 0;
    struct grant *grants = identity->grants;
    if (identity->grant_count > 0)
        qsort(grants, identity->grant_count, sizeof *grants, compare_grants);
    for (size_t i = 0; i < identity->grant_count; i++)
        if (kept > 0 && compare_grants(&grants[kept - 1], &grants[i]) == 0)
            grants[kept - 1] = merged(arena, &grants[kept - 1], &grants[i]);
        else
            grants[kept++] = grants[i];
    identity->grant_count = kept;
}

static void sort_names(struct names *names)
{
    *names = names_sorted((str *)names->items, names->count);
}

void identity_end(struct arena *arena, struct identity *identity, bool has_tenants)
{
    if (!has_tenants) {
        identity->tenants.count = 0;
        add_name(arena, &identity->tenants, STR_EMPTY);
    }
    sort_names(&identity->groups);
    sort_names(&identity->roles);
    sort_names(&identity->rules);
    sort_names(&identity->tenants);
    merge_grants(arena, identity);
}

// -- Copies -----------------------------------------------------------------------------

static str *copy_texts(struct arena *arena, const str *from, size_t count)
{
    str *to = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++)
        to[i] = str_copy(arena, from[i]);
    return to;
}

static struct names copy_names(struct arena *arena, struct names from)
{
    return (struct names){copy_texts(arena, from.items, from.count), from.count};
}

static const struct json *copy_json(struct arena *arena, const struct json *from)
{
    struct error err;
    struct json *to;
    struct strbuf text = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&text);
    json_value(&writer, from);
    bool is_json = json_parse(arena, strbuf_str(&text), &to, &err);
    check(is_json);
    return to;
}

void subject_copy(struct arena *arena, const struct subject *from, struct subject *to)
{
    *to = *from;
    to->id = str_copy(arena, from->id);
    to->proof = str_copy(arena, from->proof);
    to->groups = copy_texts(arena, from->groups, from->group_count);
    to->claims = from->claims == NULL ? NULL : copy_json(arena, from->claims);
}

struct identity *identity_copy(struct arena *arena, const struct identity *from)
{
    struct identity *to = arena_copy(arena, from, sizeof *from);
    to->id = str_copy(arena, from->id);
    to->proof = str_copy(arena, from->proof);
    to->groups = copy_names(arena, from->groups);
    to->roles = copy_names(arena, from->roles);
    to->rules = copy_names(arena, from->rules);
    to->tenants = copy_names(arena, from->tenants);
    to->grants = ARENA_ARRAY(arena, struct grant, from->grant_count);
    for (size_t i = 0; i < from->grant_count; i++) {
        const struct grant *grant = &from->grants[i];
        to->grants[i] = *grant;
        to->grants[i].resource_type = str_copy(arena, grant->resource_type);
        to->grants[i].resource_id = str_copy(arena, grant->resource_id);
        to->grants[i].permissions = copy_texts(arena, grant->permissions, grant->permission_count);
    }
    return to;
}
