// SPDX-License-Identifier: Apache-2.0
//
// Users, groups, roles, tenants, mapping rules: made, changed, deleted, found.
#include "api/directory.h"

#include "access/access.h"
#include "base/log.h"

#include <ctype.h>
#include <string.h>

enum { MAX_ID_BYTES = 256 };

static const struct directory directories[] = {
    {DIRECTORY_USER, "users", "user", "username", &collection_users, &collection_member_users},
    {DIRECTORY_CLIENT, "clients", "client", "clientId", NULL, &collection_member_clients},
    {DIRECTORY_GROUP, "groups", "group", "groupId", &collection_groups, &collection_member_groups},
    {DIRECTORY_ROLE, "roles", "role", "roleId", &collection_roles, &collection_member_roles},
    {DIRECTORY_RULE, "mapping-rules", "mapping rule", "mappingRuleId", &collection_rules,
     &collection_member_rules},
    {DIRECTORY_TENANT, "tenants", "tenant", "tenantId", &collection_tenants, NULL},
};

const struct directory *directory_of(const struct request *request, size_t part)
{
    str rest = str_from_index(str_of(request->route->path), 1), segment;
    for (size_t i = 0; i <= part; i++) {
        bool has_more = str_split(&rest, '/', &segment);
        check(has_more);
    }
    for (size_t i = 0; i < COUNT_OF(directories); i++)
        if (str_equal(segment, str_of(directories[i].segment)))
            return &directories[i];
    check_unreachable();
}

void directory_changed(struct request *request)
{
    str principal = caller_of(request)->principal;
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};
    log_info("access", "%s %s by '%.*s' from %.*s", methods[request->route->method],
             request_uri(request), STR_ARG(principal), STR_ARG(request_peer(request)));
    struct access *access = gateway_access(api_of(request)->options.gateway);
    if (access != NULL)
        access_forget(access);
}

// -- Changes ----------------------------------------------------------------------------

static const char *absent_remark(const struct request *request, enum directory_kind kind)
{
    if (kind == DIRECTORY_RULE)
        return ", or another one has the claim";
    return kind == DIRECTORY_TENANT && request->route->method == ROUTE_DELETE
               ? ", or something is deployed in it"
               : "";
}

static void on_changed(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct directory_change *change = context;
    struct request *request = request_of(caller);
    const struct directory *directory = change->directory;
    if (query_touched(rows) == 0 && change->is_new) {
        request_problem_format(request, 409, "ALREADY_EXISTS", "there is a %s '%.*s' already%s",
                               directory->noun, STR_ARG(change->name),
                               directory->kind == DIRECTORY_RULE ? ", or one with the same claim"
                                                                 : "");
        return;
    }
    if (query_touched(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no %s '%.*s'%s",
                               directory->noun, STR_ARG(change->name),
                               absent_remark(request, directory->kind));
        return;
    }
    directory_changed(request);
    change->done(request, change);
}

void directory_run(struct request *request, struct statement statement,
                   const struct directory_change *change)
{
    void *kept = arena_copy(&request->arena, change, sizeof *change);
    read_change(caller_of(request), statement, on_changed, kept);
}

static str text_of(struct request *request, const char *name)
{
    const struct json *value = json_get(request->body, str_of(name));
    return json_is(value, JSON_STRING) ? value->text : (str){NULL, 0};
}

static void write_entry(struct json_writer *w, const struct directory *directory,
                        const struct directory_entry *entry)
{
    write_text(w, str_of(directory->id), entry->id);
    if (directory->kind == DIRECTORY_USER) {
        write_optional(w, STR("name"), entry->name);
        write_optional(w, STR("email"), entry->email);
        return;
    }
    write_text(w, STR("name"), entry->name);
    if (directory->kind == DIRECTORY_RULE) {
        write_text(w, STR("claimName"), entry->claim_name);
        write_text(w, STR("claimValue"), entry->claim_value);
    } else {
        write_optional(w, STR("description"), entry->description);
    }
}

void directory_answer_entry(struct request *request, const struct directory_change *change,
                            int status)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_entry(&w, change->directory, &change->entry);
    json_end_object(&w);
    request_answer_json(request, status, strbuf_str(&out));
}

static void answer_created(struct request *request, const struct directory_change *change)
{
    directory_answer_entry(request, change, 201);
}

static void answer_updated(struct request *request, const struct directory_change *change)
{
    directory_answer_entry(request, change, 200);
}

static void answer_deleted(struct request *request, const struct directory_change *change)
{
    (void)change;
    request_answer_empty(request);
}

static struct directory_entry entry_of(struct request *request, const struct directory *directory)
{
    return (struct directory_entry){.id = text_of(request, directory->id),
                                    .name = text_of(request, "name"),
                                    .description = text_of(request, "description"),
                                    .email = text_of(request, "email"),
                                    .password = (str){NULL, 0},
                                    .claim_name = text_of(request, "claimName"),
                                    .claim_value = text_of(request, "claimValue")};
}

// False after answering.
static bool check_id(struct request *request, const struct directory *directory)
{
    static const char others[] = "_@.+~-";
    str id = text_of(request, directory->id);
    bool is_good = id.len > 0 && id.len <= MAX_ID_BYTES;
    for (size_t i = 0; i < id.len; i++)
        is_good &= isalnum((unsigned char)id.data[i]) != 0 ||
                   memchr(others, id.data[i], sizeof others - 1) != NULL;
    if (!is_good)
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "%s: 1 to %d letters, digits and %s", directory->id, MAX_ID_BYTES,
                               others);
    return is_good;
}

void handle_directory_create(struct request *request)
{
    const struct directory *directory = directory_of(request, 1);
    if (!check_id(request, directory))
        return;
    struct directory_change change = {.directory = directory,
                                      .entry = entry_of(request, directory),
                                      .done = answer_created,
                                      .is_new = true};
    change.name = change.entry.id;
    directory_run(request, directory_create(&request->arena, directory->kind, &change.entry),
                  &change);
}

void handle_directory_update(struct request *request)
{
    const struct directory *directory = directory_of(request, 1);
    struct directory_change change = {.directory = directory,
                                      .entry = entry_of(request, directory),
                                      .done = answer_updated,
                                      .name = request->arguments[0]};
    change.entry.id = request->arguments[0];
    directory_run(request, directory_update(&request->arena, directory->kind, &change.entry),
                  &change);
}

void handle_directory_delete(struct request *request)
{
    const struct directory *directory = directory_of(request, 1);
    str name = request->arguments[0];
    const struct directory_change change = {
        .directory = directory, .done = answer_deleted, .name = name};
    if (directory->kind == DIRECTORY_TENANT && str_equal(name, STR("<default>")))
        request_problem(request, 409, "INVALID_STATE", STR("the default tenant cannot be deleted"));
    else
        directory_run(request, directory_delete(&request->arena, directory->kind, name), &change);
}

// -- Users: whose passwords take time ---------------------------------------------------

static void on_hashed(void *context, str stored, const struct error *err)
{
    struct directory_change *change = context;
    struct request *request = change->request;
    if (err != NULL) {
        request_failed(request, err);
        return;
    }
    change->entry.password = str_copy(&request->arena, stored);
    change->run(request, change);
}

static void create_user(struct request *request, const struct directory_change *change)
{
    directory_run(request, directory_create(&request->arena, DIRECTORY_USER, &change->entry),
                  change);
}

static void update_user(struct request *request, const struct directory_change *change)
{
    directory_run(request, directory_update(&request->arena, DIRECTORY_USER, &change->entry),
                  change);
}

// Nobody logs in where nobody is asked; users may be made all the same.
static void hash_then(struct request *request, struct directory_change *change)
{
    struct directory_change *kept = arena_copy(&request->arena, change, sizeof *change);
    str password = text_of(request, "password");
    kept->request = request;
    if (str_is_empty(password))
        kept->run(request, kept);
    else
        password_hash_async(api_of(request)->passwords, password, on_hashed, kept);
}

void handle_user_create(struct request *request)
{
    const struct directory *directory = directory_of(request, 1);
    if (!check_id(request, directory))
        return;
    struct directory_change change = {.directory = directory,
                                      .entry = entry_of(request, directory),
                                      .run = create_user,
                                      .done = answer_created,
                                      .is_new = true};
    change.name = change.entry.id;
    hash_then(request, &change);
}

void handle_user_update(struct request *request)
{
    const struct directory *directory = directory_of(request, 1);
    struct directory_change change = {.directory = directory,
                                      .entry = entry_of(request, directory),
                                      .run = update_user,
                                      .done = answer_updated,
                                      .name = request->arguments[0]};
    change.entry.id = request->arguments[0];
    hash_then(request, &change);
}

// -- Finding ----------------------------------------------------------------------------

void handle_directory_search(struct request *request)
{
    answer_search(request, directory_of(request, 1)->collection, (struct search_scope){0});
}

void handle_directory_get(struct request *request)
{
    answer_named(request, directory_of(request, 1)->collection);
}
