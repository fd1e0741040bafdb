// SPDX-License-Identifier: Apache-2.0
//
// Personal values in answers. Whatever a route answers with, sealed values in it are opened here,
// and nowhere else, for who has READ_PERSONAL_DATA on their process; others see that there is
// something. What was shown is in the audit log.
#include "api/api_private.h"

#include "access/identity.h"
#include "base/array.h"
#include "base/map.h"
#include "gateway/audit.h"
#include "store/read/personal.h"
#include "vault/personal.h"

#include <string.h>

enum { MAX_KEYS = 20000, MAX_TOLD = 100 };

struct person_key {
    struct personal_key_name name;
    bool is_there;
    bool is_hidden;
    str tenant;
    struct vault_key key;
};

struct looking {
    struct request *request;
    struct arena *arena;
    int status;
    const char *content_type;
    str body;
    struct map known; // "STREAM NUMBER" -> struct person_key
    ARRAY(struct person_key *) keys;
    struct map told; // streams of which something is shown
};

static str name_of(struct arena *arena, struct personal_key_name name)
{
    return str_format(arena, "%llu %u", (unsigned long long)name.stream, name.number);
}

// -- What is asked for ------------------------------------------------------------------

static bool on_found(void *context, str sealed, str *ret_json)
{
    struct looking *looking = context;
    struct personal_header header;
    (void)ret_json;
    if (!personal_read(looking->arena, sealed, &header))
        return false;
    for (uint32_t i = 0; i < header.count && looking->keys.count < MAX_KEYS; i++) {
        struct personal_key_name name = {header.place.stream, header.numbers[i]};
        str text = name_of(looking->arena, name);
        if (map_get(&looking->known, text) != NULL)
            continue;
        struct person_key *key = ARENA_NEW(looking->arena, struct person_key);
        key->name = name;
        map_put(&looking->known, text, key);
        *ARRAY_PUSH(looking->arena, &looking->keys) = key;
    }
    return false;
}

// -- Opening ----------------------------------------------------------------------------

// The person themself is asked about: whoever may, reads all that is theirs.
static bool asks_about_person(const struct request *request)
{
    return request->route != NULL &&
           strstr(request->route->permission, "PERSONAL_DATA/READ") != NULL;
}

// Values in a mailbox are of no process: they take the permission on all.
static bool may_read(const struct looking *looking, const struct caller *caller, str process_id)
{
    return asks_about_person(looking->request) ||
           identity_may(caller->identity, RESOURCE_PROCESS_DEFINITION, STR("READ_PERSONAL_DATA"),
                        str_is_empty(process_id) ? STR("*") : process_id);
}

static void take_key(struct looking *looking, const struct caller *caller,
                     const struct query_rows *rows, size_t i)
{
    const struct vault *vault = api_of(looking->request)->options.vault;
    struct personal_key_name name = {query_u64(rows, i, PERSONAL_STREAM),
                                     (uint32_t)query_u64(rows, i, PERSONAL_NUMBER)};
    struct person_key *key = map_get(&looking->known, name_of(looking->arena, name));
    struct error err;
    if (key == NULL || query_is_null(rows, i, PERSONAL_WRAPPED))
        return;
    key->is_hidden =
        vault == NULL || !may_read(looking, caller, query_value(rows, i, PERSONAL_PROCESS));
    if (key->is_hidden)
        return;
    key->tenant = str_copy(looking->arena, query_value(rows, i, PERSONAL_TENANT));
    key->is_there = vault_unwrap(
        vault, query_bytes(rows, i, PERSONAL_WRAPPED, looking->arena),
        personal_bound(looking->arena, key->tenant, name.stream, name.number), &key->key, &err);
    key->is_hidden = !key->is_there; // there is one: it was not erased
}

static void note_shown(struct looking *looking, uint64_t stream, str tenant)
{
    str text = str_format(looking->arena, "%llu", (unsigned long long)stream);
    if (map_get(&looking->told, text) == NULL)
        map_put(&looking->told, text, arena_copy(looking->arena, &tenant, sizeof tenant));
}

static bool on_sealed(void *context, str sealed, str *ret_json)
{
    struct looking *looking = context;
    const struct vault_key *keys[PERSONAL_MAX_SUBJECTS];
    struct personal_header header;
    struct personal_subjects subjects;
    str tenant = STR_EMPTY;
    *ret_json = STR(PERSONAL_ERASED);
    if (!personal_read(looking->arena, sealed, &header))
        return false;
    for (uint32_t i = 0; i < header.count; i++) {
        struct personal_key_name name = {header.place.stream, header.numbers[i]};
        const struct person_key *key = map_get(&looking->known, name_of(looking->arena, name));
        if (key == NULL || key->is_hidden) {
            *ret_json = STR(PERSONAL_HIDDEN);
            return true;
        }
        if (!key->is_there)
            return true;
        keys[i] = &key->key;
        tenant = key->tenant;
    }
    if (personal_open(looking->arena, keys, tenant, sealed, &subjects, ret_json))
        note_shown(looking, header.place.stream, tenant);
    return true;
}

// Every read is in the log, by the instance; what is beyond many of one answer, together.
static void tell(struct caller *caller, const struct looking *looking)
{
    size_t cursor = 0, count = 0;
    void *tenant;
    str stream;
    while (map_next(&looking->told, &cursor, &stream, &tenant) && count++ < MAX_TOLD) {
        struct audit_event event = {.operation = "READ",
                                    .entity_type = "PERSONAL_DATA",
                                    .category = "DEPLOYED_RESOURCES",
                                    .entity = stream,
                                    .has_tenant = true,
                                    .tenant = *(const str *)tenant};
        check(str_to_u64(stream, &event.instance));
        audit_tell(caller, &event);
    }
    if (looking->told.count > MAX_TOLD)
        audit_tell(caller, &(struct audit_event){.operation = "READ",
                                                 .entity_type = "PERSONAL_DATA",
                                                 .category = "DEPLOYED_RESOURCES",
                                                 .description =
                                                     str_format(caller->arena, "%zu more instances",
                                                                looking->told.count - MAX_TOLD)});
}

static void on_keys(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct looking *looking = context;
    const struct personal_replacing replacing = {looking, on_sealed};
    for (size_t i = 0; i < query_row_count(rows); i++)
        take_key(looking, caller, rows, i);
    str body = personal_replace(looking->arena, looking->body, &replacing);
    for (size_t i = 0; i < looking->keys.count; i++)
        vault_key_wipe(&looking->keys.items[i]->key);
    tell(caller, looking);
    request_add_header(looking->request, "Cache-Control", "no-store");
    request_answer_text(looking->request, looking->status, looking->content_type, body);
}

bool personal_look(struct request *request, int status, const char *content_type, str body)
{
    struct caller *caller = request->asker;
    if (caller == NULL || caller->identity == NULL || content_type == NULL ||
        !personal_has_sealed(body))
        return false;
    struct looking *looking = ARENA_NEW(&request->arena, struct looking);
    const struct personal_replacing finding = {looking, on_found};
    *looking = (struct looking){.request = request,
                                .arena = &request->arena,
                                .status = status,
                                .content_type = content_type,
                                .body = str_copy(&request->arena, body),
                                .known = map_new(&request->arena),
                                .told = map_new(&request->arena)};
    (void)personal_replace(looking->arena, looking->body, &finding);
    if (looking->keys.count == 0)
        return false;
    struct personal_key_name *names =
        ARENA_ARRAY(looking->arena, struct personal_key_name, looking->keys.count);
    for (size_t i = 0; i < looking->keys.count; i++)
        names[i] = looking->keys.items[i]->name;
    caller_widen(caller); // what was found was allowed; whether it may be read is asked below
    read_run(caller, read_personal_keys(caller->arena, caller->scope, names, looking->keys.count),
             on_keys, looking);
    return true;
}
