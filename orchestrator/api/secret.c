// SPDX-License-Identifier: Apache-2.0
//
// Secrets of models: written, listed, deleted; told to whoever may have them revealed. A value is
// never part of any other answer.
#include "api/api_private.h"

#include "access/identity.h"
#include "base/secret_reference.h"
#include "bpmn/process.h"
#include "gateway/audit.h"
#include "gateway/process_cache.h"
#include "store/catalogue/secret.h"
#include "store/read/secret.h"
#include "vault/secret.h"
#include "vault/vault.h"

#include <string.h>

enum { MAX_LIST = 100, MAX_REFERENCES = 20 };

static const struct vault *vault_of(struct request *request)
{
    return api_of(request)->options.vault;
}

// What a client sent, and the copy that was read of it, are not left in memory.
static void wipe(str secret)
{
    if (secret.len > 0)
        explicit_bzero((char *)secret.data, secret.len);
}

// -- Writing ----------------------------------------------------------------------------

// A list of texts in the body; NULL when it is not there.
static const str *texts_of(struct request *request, str name, size_t *ret_count)
{
    const struct json *list = json_get(request->body, name);
    *ret_count = 0;
    if (!json_is(list, JSON_ARRAY))
        return NULL;
    str *texts = ARENA_ARRAY(&request->arena, str, list->count + 1);
    for (size_t i = 0; i < list->count; i++)
        texts[(*ret_count)++] = list->items[i].text;
    return texts;
}

static bool seal(struct request *request, struct secret_row *row, str value)
{
    struct arena *arena = &request->arena;
    const struct vault *vault = vault_of(request);
    struct vault_key key;
    if (vault == NULL) {
        request_problem(request, 409, "INVALID_STATE",
                        STR("secrets are sealed by keys of a vault: set vault.key_file, vault.keys "
                            "or vault.key_command (baton vault key makes a key)"));
        return false;
    }
    str bound = secret_bound(arena, row->tenant, row->name);
    row->wrapped = vault_wrap_new(arena, vault, bound, &key);
    row->sealed = vault_seal(arena, &key, STR_EMPTY, bound, value);
    row->vault_key = vault_current(vault);
    vault_key_wipe(&key);
    return true;
}

// What the body says of a secret of this name. False after answering.
static bool read_row(struct request *request, str name, struct secret_row *ret_row)
{
    struct caller *caller = caller_of(request);
    struct secret_row row = {.tenant = caller->tenant, .name = name, .note = {NULL, 0}};
    row.changed_by = caller->principal;
    row.vault_key = STR_EMPTY;
    row.hosts = texts_of(request, STR("hosts"), &row.host_count);
    row.processes = texts_of(request, STR("processDefinitionIds"), &row.process_count);
    const struct json *note = json_get(request->body, STR("note"));
    if (json_is(note, JSON_STRING))
        row.note = note->text;
    if (!secret_is_name(name)) {
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "a secret's name has 1 to %d letters, digits, '_', '-' and '.'",
                               SECRET_MAX_NAME_BYTES);
        return false;
    }
    *ret_row = row;
    return request_has_tenant(request, row.tenant);
}

static void on_made(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem(request_of(caller), 409, "ALREADY_EXISTS",
                        STR("there is a secret of that name"));
}

static void on_changed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem(request_of(caller), 404, "NOT_FOUND", STR("there is no such secret"));
}

// The value, when there is one, is sealed and then wiped wherever it lies. False after answering.
static bool take_value(struct request *request, struct secret_row *row)
{
    const struct json *value = json_get(request->body, STR("value"));
    if (!json_is(value, JSON_STRING))
        return true;
    bool good = seal(request, row, value->text);
    if (good) {
        wipe(value->text);
        wipe(request->raw_body);
    }
    return good;
}

void handle_secret_create(struct request *request)
{
    struct secret_row row;
    str name;
    if (!request_text(request, STR("name"), &name) || !read_row(request, name, &row))
        return;
    if (take_value(request, &row))
        read_change(request->asker, catalogue_secret_add(&request->arena, &row), on_made, NULL);
}

void handle_secret_update(struct request *request)
{
    struct secret_row row;
    if (read_row(request, request->arguments[0], &row) && take_value(request, &row))
        read_change(request->asker, catalogue_secret_change(&request->arena, &row), on_changed,
                    NULL);
}

void handle_secret_delete(struct request *request)
{
    str tenant = tenant_inside(request_query(request, "tenantId"));
    if (request_has_tenant(request, tenant))
        read_change(caller_of(request),
                    catalogue_secret_delete(&request->arena, tenant, request->arguments[0]),
                    on_changed, NULL);
}

// -- Reading what they are --------------------------------------------------------------

static void write_secret(struct json_writer *w, const struct query_rows *rows, size_t i)
{
    json_begin_object(w);
    write_text(w, STR("name"), query_value(rows, i, SECRET_NAME));
    write_text(w, STR("reference"),
               str_format(w->out->arena, "camunda.secrets.%.*s",
                          STR_ARG(query_value(rows, i, SECRET_NAME))));
    write_tenant(w, query_value(rows, i, SECRET_TENANT));
    write_json(w, STR("hosts"), query_value(rows, i, SECRET_HOSTS));
    write_json(w, STR("processDefinitionIds"), query_value(rows, i, SECRET_PROCESSES));
    write_optional(w, STR("note"), query_value(rows, i, SECRET_NOTE));
    write_text(w, STR("creationTime"), query_value(rows, i, SECRET_CREATED));
    write_text(w, STR("lastChangedTime"), query_value(rows, i, SECRET_CHANGED));
    write_text(w, STR("lastChangedBy"), query_value(rows, i, SECRET_CHANGED_BY));
    write_optional(w, STR("lastUsedTime"), query_value(rows, i, SECRET_USED));
    write_text(w, STR("vaultKeyId"), query_value(rows, i, SECRET_VAULT_KEY));
    json_end_object(w);
}

static void on_found(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    (void)context;
    if (query_row_count(rows) == 0) {
        request_problem(request, 404, "NOT_FOUND", STR("there is no such secret"));
        return;
    }
    write_secret(&w, rows, 0);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_secret_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    str tenant = tenant_inside(request_query(request, "tenantId"));
    if (request_has_tenant(request, tenant))
        read_run(caller, read_secret(caller->arena, caller->scope, tenant, request->arguments[0]),
                 on_found, NULL);
}

static void on_all(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    (void)context;
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t i = 0; i < query_row_count(rows); i++)
        write_secret(&w, rows, i);
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

void handle_secret_search(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_secrets(caller->arena, caller->scope), on_all, NULL);
}

// Camunda's list: of the default tenant, those outside of Baton as well.
static void on_listed(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    size_t count;
    const str *outside =
        secret_outside_names(api_of(request)->options.config, caller->arena, STR_EMPTY, &count);
    (void)context;
    json_begin_object(&w);
    json_key(&w, STR("references"));
    json_begin_array(&w);
    for (size_t i = 0; i < query_row_count(rows); i++)
        if (str_is_empty(query_value(rows, i, SECRET_TENANT)))
            json_string(&w, str_format(caller->arena, "camunda.secrets.%.*s",
                                       STR_ARG(query_value(rows, i, SECRET_NAME))));
    for (size_t i = 0; i < count; i++)
        if (identity_may(caller->identity, RESOURCE_SECRET, STR("READ"), outside[i]))
            json_string(&w, str_format(caller->arena, "camunda.secrets.%.*s", STR_ARG(outside[i])));
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_secret_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_secrets(caller->arena, caller->scope), on_listed, NULL);
}

// -- Telling values ---------------------------------------------------------------------

struct wish {
    str reference;
    str name;          // empty: the reference is none
    const char *code;  // NULL: not decided yet
    const char *error; // for people
    str value;
    str hosts; // JSON; empty: none named
};

struct resolution {
    str tenant;
    uint64_t job;
    str process; // of the job
    str element;
    size_t count;
    struct wish wishes[MAX_REFERENCES];
};

static void refuse(struct wish *wish, const char *code, const char *error)
{
    wish->code = code;
    wish->error = error;
}

static void answer(struct request *request, const struct resolution *resolution)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("resolved"));
    json_begin_array(&w);
    for (size_t i = 0; i < resolution->count; i++) {
        const struct wish *wish = &resolution->wishes[i];
        if (wish->code != NULL)
            continue;
        json_begin_object(&w);
        write_text(&w, STR("reference"), wish->reference);
        write_text(&w, STR("value"), wish->value);
        if (wish->hosts.len > 2)
            write_json(&w, STR("hosts"), wish->hosts);
        json_end_object(&w);
        wipe(wish->value);
    }
    json_end_array(&w);
    json_key(&w, STR("errors"));
    json_begin_array(&w);
    for (size_t i = 0; i < resolution->count; i++) {
        const struct wish *wish = &resolution->wishes[i];
        if (wish->code == NULL)
            continue;
        json_begin_object(&w);
        write_text(&w, STR("reference"), wish->reference);
        write_text(&w, STR("code"), str_of(wish->code));
        write_text(&w, STR("message"), str_of(wish->error));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_add_header(request, "Cache-Control", "no-store");
    request_answer_json(request, 200, strbuf_str(&out));
    wipe(strbuf_str(&out));
}

static bool has_text(struct arena *arena, str list, str text)
{
    struct json *texts;
    struct error err;
    if (!json_parse(arena, list, &texts, &err))
        return false;
    for (size_t i = 0; i < texts->count; i++)
        if (str_equal(texts->items[i].text, text))
            return true;
    return false;
}

static void open_one(struct request *request, const struct resolution *resolution,
                     struct wish *wish, const struct query_rows *rows, size_t i)
{
    struct arena *arena = &request->arena;
    const struct vault *vault = vault_of(request);
    str processes = query_value(rows, i, SEALED_PROCESSES);
    str bound = secret_bound(arena, resolution->tenant, wish->name);
    struct vault_key key;
    struct error err;
    if (processes.len > 2 && !has_text(arena, processes, resolution->process)) {
        refuse(wish, "ACCESS_DENIED",
               resolution->job == 0 ? "the secret is for jobs of some processes: name the job "
                                      "(jobKey)"
                                    : "the secret is not for this process");
        return;
    }
    if (vault == NULL ||
        !vault_unwrap(vault, query_bytes(rows, i, SEALED_WRAPPED, arena), bound, &key, &err)) {
        refuse(wish, "UNREADABLE", "the vault of this node cannot open it");
        return;
    }
    if (!vault_unseal(arena, &key, bound, query_bytes(rows, i, SEALED_VALUE, arena), &wish->value,
                      &err))
        refuse(wish, "UNREADABLE", "what is stored was changed");
    vault_key_wipe(&key);
    wish->hosts = str_copy(arena, query_value(rows, i, SEALED_HOSTS));
}

static void look_outside(struct request *request, const struct resolution *resolution,
                         struct wish *wish)
{
    struct error err;
    if (secret_outside(api_of(request)->options.config, &request->arena, resolution->tenant,
                       wish->name, &wish->value, &err))
        return;
    if (err.kind == ERROR_NOT_FOUND)
        refuse(wish, "NOT_FOUND", "there is no such secret");
    else
        refuse(wish, "UNREADABLE", "its file cannot be read");
}

// Which secrets were told to whom; how often, where it is often.
static void note_told(struct caller *caller, const struct resolution *resolution)
{
    for (size_t i = 0; i < resolution->count; i++)
        if (resolution->wishes[i].code == NULL)
            audit_tell(caller, &(struct audit_event){.operation = "READ",
                                                     .entity_type = "SECRET",
                                                     .entity = resolution->wishes[i].name});
}

static void on_sealed(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct resolution *resolution = context;
    struct request *request = request_of(caller);
    for (size_t k = 0; k < resolution->count; k++) {
        struct wish *wish = &resolution->wishes[k];
        size_t at = 0;
        while (at < query_row_count(rows) &&
               !str_equal(query_value(rows, at, SEALED_NAME), wish->name))
            at++;
        if (wish->code == NULL && at < query_row_count(rows))
            open_one(request, resolution, wish, rows, at);
        else if (wish->code == NULL)
            look_outside(request, resolution, wish);
    }
    note_told(caller, resolution);
    answer(request, resolution);
}

static void read_sealed(struct caller *caller, struct resolution *resolution)
{
    str *names = ARENA_ARRAY(caller->arena, str, MAX_REFERENCES);
    size_t count = 0;
    for (size_t i = 0; i < resolution->count; i++)
        if (resolution->wishes[i].code == NULL)
            names[count++] = resolution->wishes[i].name;
    read_run(caller, catalogue_secrets_tell(caller->arena, resolution->tenant, names, count),
             on_sealed, resolution);
}

static bool names_secret(const struct bpmn_element *element, str name)
{
    for (uint32_t i = 0; element != NULL && i < element->secret_count; i++)
        if (str_equal(element->secrets[i].name, name))
            return true;
    return false;
}

// A job has the secrets that its model names, and no others.
static void on_process(struct caller *caller, void *context, const struct bpmn_process *process)
{
    struct resolution *resolution = context;
    const struct bpmn_element *element = NULL;
    for (uint32_t i = 0; process != NULL && i < process->element_count; i++)
        if (str_equal(process->elements[i].id, resolution->element))
            element = &process->elements[i];
    for (size_t i = 0; i < resolution->count; i++)
        if (resolution->wishes[i].code == NULL &&
            !names_secret(element, resolution->wishes[i].name))
            refuse(&resolution->wishes[i], "ACCESS_DENIED", "the job's model does not refer to it");
    read_sealed(caller, resolution);
}

static void on_job(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct resolution *resolution = context;
    if (query_row_count(rows) == 0) {
        request_problem(request_of(caller), 404, "NOT_FOUND",
                        STR("there is no such job that is worked on"));
        return;
    }
    resolution->tenant = str_copy(caller->arena, query_value(rows, 0, SECRET_JOB_TENANT));
    resolution->process = str_copy(caller->arena, query_value(rows, 0, SECRET_JOB_PROCESS));
    resolution->element = str_copy(caller->arena, query_value(rows, 0, SECRET_JOB_ELEMENT));
    process_find(caller, query_u64(rows, 0, SECRET_JOB_DEFINITION), on_process, resolution);
}

static void judge(const struct caller *caller, struct wish *wish)
{
    wish->name = secret_whole(wish->reference);
    if (str_is_empty(wish->name))
        refuse(wish, "INVALID_REFERENCE", "a reference is camunda.secrets.NAME");
    else if (!identity_may(caller->identity, RESOURCE_SECRET, STR("REVEAL"), wish->name))
        refuse(wish, "ACCESS_DENIED", "this takes REVEAL on SECRET of that name");
}

static bool is_there(const struct resolution *resolution, str reference)
{
    for (size_t i = 0; i < resolution->count; i++)
        if (str_equal(resolution->wishes[i].reference, reference))
            return true;
    return false;
}

void handle_secret_resolve(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct resolution *resolution = ARENA_NEW(caller->arena, struct resolution);
    const struct json *references = json_get(request->body, STR("references"));
    resolution->tenant = caller->tenant;
    if (!request_body_key(request, STR("jobKey"), &resolution->job))
        return;
    for (size_t i = 0; i < references->count; i++) {
        if (is_there(resolution, references->items[i].text))
            continue;
        struct wish *wish = &resolution->wishes[resolution->count++];
        wish->reference = references->items[i].text;
        judge(caller, wish);
    }
    if (!request_has_tenant(request, resolution->tenant))
        return;
    caller_widen(caller);
    if (resolution->job != 0)
        read_run(caller, read_job_place(caller->arena, caller->scope, resolution->job), on_job,
                 resolution);
    else
        read_sealed(caller, resolution);
}
