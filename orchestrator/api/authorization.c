// SPDX-License-Identifier: Apache-2.0
//
// Authorizations: what is given to an owner on a resource.
#include "api/directory.h"

#include "access/identity.h"

static const struct {
    const char *name;
    enum owner_kind kind;
} owners[] = {{"USER", OWNER_USER},
              {"CLIENT", OWNER_CLIENT},
              {"GROUP", OWNER_GROUP},
              {"ROLE", OWNER_ROLE},
              {"MAPPING_RULE", OWNER_MAPPING_RULE}};

static bool read_permissions(struct arena *arena, const struct json *body, enum resource_type type,
                             struct authorization *authorization, struct error *err)
{
    const struct json *list = json_get(body, STR("permissionTypes"));
    if (list->count == 0)
        return error_set(err, ERROR_INVALID, "permissionTypes", "at least one of: %s",
                         resource_type_permissions(type));
    str *permissions = ARENA_ARRAY(arena, str, list->count);
    for (size_t i = 0; i < list->count; i++) {
        permissions[i] = list->items[i].text;
        if (!resource_type_has(type, permissions[i]))
            return error_set(err, ERROR_INVALID, "permissionTypes",
                             "%s has no permission '%.*s': %s", resource_type_name(type),
                             STR_ARG(permissions[i]), resource_type_permissions(type));
    }
    authorization->permissions = permissions;
    authorization->permission_count = list->count;
    return true;
}

static str optional(const struct json *body, const char *name)
{
    str text = json_get_str(body, str_of(name), STR_EMPTY);
    return str_is_empty(text) ? (str){NULL, 0} : text;
}

static bool is_property(str name)
{
    return str_equal(name, STR("assignee")) || str_equal(name, STR("candidateUsers")) ||
           str_equal(name, STR("candidateGroups"));
}

bool authorization_read(struct arena *arena, const struct json *body,
                        struct authorization *authorization, struct error *err)
{
    enum resource_type type;
    str owner = json_get_str(body, STR("ownerType"), STR_EMPTY);
    str resource = json_get_str(body, STR("resourceType"), STR_EMPTY);
    *authorization =
        (struct authorization){.owner = json_get_str(body, STR("ownerId"), STR_EMPTY),
                               .resource_type = resource,
                               .resource_id = optional(body, "resourceId"),
                               .resource_property = optional(body, "resourcePropertyName")};
    for (size_t i = 0; i < COUNT_OF(owners); i++)
        if (str_equal(owner, str_of(owners[i].name)))
            authorization->owner_kind = (int)owners[i].kind;
    if (authorization->owner_kind == 0)
        return error_set(err, ERROR_INVALID, "ownerType",
                         "one of USER, CLIENT, GROUP, ROLE, MAPPING_RULE");
    if (!resource_type_find(resource, &type))
        return error_set(err, ERROR_INVALID, "resourceType", "there is no such resource type");
    bool has_id = authorization->resource_id.data != NULL;
    bool has_property = authorization->resource_property.data != NULL;
    if (has_id == has_property)
        return error_set(err, ERROR_INVALID, "resourceId",
                         "an authorization has a resourceId or a resourcePropertyName");
    if (has_property && type != RESOURCE_USER_TASK)
        return error_set(err, ERROR_INVALID, "resourcePropertyName", "only USER_TASK has such");
    if (has_property && !is_property(authorization->resource_property))
        return error_set(err, ERROR_INVALID, "resourcePropertyName",
                         "one of assignee, candidateUsers, candidateGroups");
    return read_permissions(arena, body, type, authorization, err);
}

static void on_created(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        request_problem(request, 409, "ALREADY_EXISTS",
                        STR("its owner has an authorization on this resource already: change it"));
        return;
    }
    directory_changed(request);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("authorizationKey"), query_u64(rows, 0, 0));
    json_end_object(&w);
    request_answer_json(request, 201, strbuf_str(&out));
}

void handle_authorization_create(struct request *request)
{
    struct error err;
    struct authorization authorization;
    if (!authorization_read(&request->arena, request->body, &authorization, &err))
        request_failed(request, &err);
    else
        read_change(caller_of(request), directory_authorize(&request->arena, &authorization),
                    on_created, NULL);
}

static void on_changed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    if (query_touched(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no authorization with key %.*s, or its owner has another "
                               "one on this resource",
                               STR_ARG(request->arguments[0]));
        return;
    }
    directory_changed(request);
    request_answer_empty(request);
}

void handle_authorization_update(struct request *request)
{
    uint64_t key;
    struct error err;
    struct authorization authorization;
    if (!request_key(request, 0, &key))
        return;
    if (!authorization_read(&request->arena, request->body, &authorization, &err))
        request_failed(request, &err);
    else
        read_change(caller_of(request), directory_reauthorize(&request->arena, key, &authorization),
                    on_changed, NULL);
}

void handle_authorization_delete(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        read_change(caller_of(request), directory_unauthorize(&request->arena, key), on_changed,
                    NULL);
}

void handle_authorization_get(struct request *request)
{
    answer_one(request, &collection_authorizations);
}

// -- Searches ---------------------------------------------------------------------------

// resourceIds and resourcePropertyNames are lists outside: one of each.
static void write_filter(struct json_writer *w, const struct json *filter)
{
    static const struct {
        const char *outside;
        const char *field;
    } lists[] = {{"resourceIds", "resourceId"}, {"resourcePropertyNames", "resourcePropertyName"}};
    json_begin_object(w);
    for (size_t i = 0; i < filter->count; i++) {
        const struct json_member *member = &filter->members[i];
        const char *field = NULL;
        for (size_t k = 0; k < COUNT_OF(lists); k++)
            if (str_equal(member->name, str_of(lists[k].outside)))
                field = lists[k].field;
        json_key(w, field != NULL ? str_of(field) : member->name);
        if (field != NULL && member->value.type == JSON_ARRAY) {
            json_begin_object(w);
            json_key(w, STR("$in"));
            json_value(w, &member->value);
            json_end_object(w);
        } else {
            json_value(w, &member->value);
        }
    }
    json_end_object(w);
}

static void rewrite_query(struct request *request)
{
    struct error err;
    struct json *query;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    if (!json_is(json_get(request->body, STR("filter")), JSON_OBJECT))
        return;
    json_begin_object(&w);
    for (size_t i = 0; i < request->body->count; i++) {
        const struct json_member *member = &request->body->members[i];
        json_key(&w, member->name);
        if (str_equal(member->name, STR("filter")))
            write_filter(&w, &member->value);
        else
            json_value(&w, &member->value);
    }
    json_end_object(&w);
    bool is_json = json_parse(&request->arena, strbuf_str(&out), &query, &err);
    check(is_json);
    request->body = query;
}

void handle_authorization_search(struct request *request)
{
    rewrite_query(request);
    answer_search(request, &collection_authorizations, (struct search_scope){0});
}

static void add_owners(struct arena *arena, str *texts, size_t *count, int kind, struct names names)
{
    for (size_t i = 0; i < names.count; i++)
        texts[(*count)++] = str_format(arena, "%d %.*s", kind, STR_ARG(names.items[i]));
}

void handle_own_authorizations(struct request *request)
{
    size_t count = 0;
    struct arena *arena = &request->arena;
    const struct identity *identity = caller_of(request)->identity;
    str *texts = ARENA_ARRAY(
        arena, str, identity->groups.count + identity->roles.count + identity->rules.count + 1);
    if (!identity->is_everything)
        texts[count++] = str_format(arena, "%d %.*s", (int)identity->kind, STR_ARG(identity->id));
    add_owners(arena, texts, &count, OWNER_GROUP, identity->groups);
    add_owners(arena, texts, &count, OWNER_ROLE, identity->roles);
    add_owners(arena, texts, &count, OWNER_MAPPING_RULE, identity->rules);
    const struct search_scope narrow = {.condition =
                                            "a.owner_kind || ' ' || a.owner = ANY (@::text[])",
                                        .text = statement_array(arena, texts, count)};
    rewrite_query(request);
    answer_search(request, &collection_authorizations, narrow);
}
