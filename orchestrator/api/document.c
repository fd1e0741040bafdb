// SPDX-License-Identifier: Apache-2.0
//
// Documents: uploaded as form parts, kept in PostgreSQL, fetched by their ids.
#include "store/catalogue/document.h"

#include "api/api_private.h"
#include "api/document.h"
#include "base/utf8.h"
#include "http/multipart.h"
#include "record/limits.h"
#include "store/read/time_text.h"

static const char store[] = "postgresql"; // the one that there is

// -- What is uploaded -------------------------------------------------------------------

struct upload {
    size_t count;
    size_t next; // that is stored
    struct document_row *rows;
    bool is_batch;
    bool has_failed;
    struct strbuf created; // JSON, items of arrays
    struct strbuf failed;
};

static bool complain(struct request *request, const char *what)
{
    request_problem_format(request, 400, "INVALID_ARGUMENT", "the metadata: %s", what);
    return false;
}

static str text_of(const struct json *object, const char *name, str fallback)
{
    str text = json_get_str(object, str_of(name), STR_EMPTY);
    return text.len > 0 ? text : fallback;
}

// False after answering.
static bool read_metadata(struct request *request, const struct json *metadata,
                          struct document_row *row)
{
    int64_t time_ms;
    const struct json *key = json_get(metadata, STR("processInstanceKey"));
    const struct json *properties = json_get(metadata, STR("customProperties"));
    if (metadata->type != JSON_OBJECT)
        return complain(request, "a JSON object is expected");
    row->content_type = text_of(metadata, "contentType", row->content_type);
    row->file_name = text_of(metadata, "fileName", row->file_name);
    row->expires = text_of(metadata, "expiresAt", STR_EMPTY);
    row->process_id = text_of(metadata, "processDefinitionId", STR_EMPTY);
    row->properties = request_member_json(request, metadata, STR("customProperties"));
    if (row->expires.len > 0 && !time_text_parse(row->expires, &time_ms))
        return complain(request, "\"expiresAt\" must be a date-time");
    if (properties != NULL && properties->type != JSON_OBJECT && properties->type != JSON_NULL)
        return complain(request, "\"customProperties\" must be an object");
    bool has_key = key != NULL && key->type != JSON_NULL;
    bool is_readable = has_key && (key->type == JSON_STRING || key->type == JSON_NUMBER) &&
                       str_to_u64(key->text, &row->instance) && row->instance <= INT64_MAX;
    return !has_key || is_readable ||
           complain(request, "\"processInstanceKey\" must be a key: a string of digits");
}

// The metadata of the nth file, or of all of them in one array.
static bool add_metadata(struct request *request, struct upload *upload, size_t *next, str text)
{
    struct json *value;
    struct error err;
    if (!json_parse(&request->arena, text, &value, &err))
        return complain(request, err.text);
    const struct json *items = value->type == JSON_ARRAY ? value->items : value;
    size_t count = value->type == JSON_ARRAY ? value->count : 1;
    for (size_t i = 0; i < count; i++) {
        if (*next >= upload->count)
            return complain(request, "there is more of it than there are files");
        if (!read_metadata(request, &items[i], &upload->rows[(*next)++]))
            return false;
    }
    return true;
}

// It becomes a header, or a name that people see.
static bool is_line(str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 127)
            return false;
    return utf8_is_valid(text) && text.len <= LIMIT_NAME_BYTES;
}

static bool is_metadata(const struct multipart_part *part)
{
    return str_equal(part->name, STR("metadata")) || str_equal(part->name, STR("metadataList"));
}

// False after answering.
static bool read_upload(struct request *request, struct upload *upload)
{
    struct multipart_part *parts;
    size_t count;
    struct error err;
    size_t next = 0;
    if (!multipart_parse(&request->arena, request_header(request, "Content-Type"),
                         request->raw_body, &parts, &count, &err)) {
        request_failed(request, &err);
        return false;
    }
    upload->rows = ARENA_ARRAY(&request->arena, struct document_row, count);
    for (size_t i = 0; i < count; i++)
        if (!is_metadata(&parts[i]))
            upload->rows[upload->count++] = (struct document_row){
                .tenant = caller_of(request)->tenant,
                .is_of_instance = request_query(request, "tenantId").len == 0,
                .bytes = parts[i].data,
                .content_type = parts[i].content_type.len > 0 ? parts[i].content_type
                                                              : STR("application/octet-stream"),
                .file_name = parts[i].file_name.len > 0 ? parts[i].file_name : STR("document")};
    if (upload->count == 0 || (!upload->is_batch && upload->count > 1)) {
        request_problem_format(
            request, 400, "INVALID_ARGUMENT", "expected %s, found %zu form parts that are files",
            upload->is_batch ? "form parts 'files'" : "one form part 'file'", upload->count);
        return false;
    }
    for (size_t i = 0; i < count; i++)
        if (is_metadata(&parts[i]) && !add_metadata(request, upload, &next, parts[i].data))
            return false;
    for (size_t i = 0; i < upload->count; i++)
        if (!is_line(upload->rows[i].content_type) || !is_line(upload->rows[i].file_name))
            return complain(request, "types and names of files are a line of UTF-8");
    return true;
}

// -- Storing, one after the other -------------------------------------------------------

static void write_metadata(struct json_writer *w, const struct query_rows *rows)
{
    str properties = query_value(rows, 0, DOCUMENT_PROPERTIES);
    json_begin_object(w);
    write_text(w, STR("contentType"), query_value(rows, 0, DOCUMENT_TYPE));
    write_text(w, STR("fileName"), query_value(rows, 0, DOCUMENT_NAME));
    write_optional(w, STR("expiresAt"), query_value(rows, 0, DOCUMENT_EXPIRES));
    write_json(w, STR("size"), query_value(rows, 0, DOCUMENT_SIZE));
    write_optional(w, STR("processDefinitionId"), query_value(rows, 0, DOCUMENT_PROCESS));
    write_optional(w, STR("processInstanceKey"), query_value(rows, 0, DOCUMENT_INSTANCE));
    write_json(w, STR("customProperties"), properties.len > 0 ? properties : STR("{}"));
    json_end_object(w);
}

static void add_created(struct upload *upload, const struct query_rows *rows)
{
    if (upload->created.len > 0)
        strbuf_add_char(&upload->created, ',');
    struct json_writer w = json_writer_new(&upload->created);
    json_begin_object(&w);
    write_text(&w, STR("camunda.document.type"), STR("camunda"));
    write_text(&w, STR("storeId"), str_of(store));
    write_text(&w, STR("documentId"), query_value(rows, 0, DOCUMENT_ID));
    write_text(&w, STR("contentHash"), query_value(rows, 0, DOCUMENT_HASH));
    json_key(&w, STR("metadata"));
    write_metadata(&w, rows);
    json_end_object(&w);
}

static void add_failed(struct upload *upload, const struct document_row *row)
{
    if (upload->failed.len > 0)
        strbuf_add_char(&upload->failed, ',');
    struct json_writer w = json_writer_new(&upload->failed);
    json_begin_object(&w);
    write_text(&w, STR("fileName"), row->file_name);
    write_json(&w, STR("status"), STR("409"));
    write_text(&w, STR("title"), STR("ALREADY_EXISTS"));
    write_text(&w, STR("detail"), STR("there is a document with this id"));
    json_end_object(&w);
}

static void answer_upload(struct request *request, const struct upload *upload)
{
    str created = strbuf_str(&upload->created);
    if (!upload->is_batch && upload->has_failed)
        request_problem(request, 409, "ALREADY_EXISTS", STR("there is a document with this id"));
    else if (!upload->is_batch)
        request_answer_json(request, 201, created);
    else
        request_answer_json(request, upload->has_failed ? 207 : 201,
                            str_format(&request->arena,
                                       "{\"createdDocuments\":[%.*s],\"failedDocuments\":[%.*s]}",
                                       STR_ARG(created), STR_ARG(strbuf_str(&upload->failed))));
}

static void store_next(struct caller *caller, struct upload *upload);

static void on_stored(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct upload *upload = context;
    bool is_there = query_row_count(rows) > 0;
    if (is_there)
        add_created(upload, rows);
    else
        add_failed(upload, &upload->rows[upload->next - 1]);
    upload->has_failed |= !is_there;
    store_next(caller, upload);
}

static void store_next(struct caller *caller, struct upload *upload)
{
    if (upload->next == upload->count) {
        answer_upload(request_of(caller), upload);
        return;
    }
    const struct document_row *row = &upload->rows[upload->next++];
    read_change(caller, catalogue_document_insert(caller->arena, caller->scope, row), on_stored,
                upload);
}

// -- Its tenant -------------------------------------------------------------------------

static bool no_such_tenant(struct request *request, str asked)
{
    request_problem_format(request, 404, "NOT_FOUND", "there is no tenant '%.*s'", STR_ARG(asked));
    return false;
}

// The one that is asked for, else the default tenant, else the only one; of one that is kept for an
// instance that comes first. False after answering.
static bool choose_tenant(struct request *request)
{
    struct caller *caller = caller_of(request);
    str asked = request_query(request, "tenantId");
    caller->tenant = tenant_inside(asked);
    if (caller_has_tenant(caller, caller->tenant))
        return true;
    if (asked.len > 0)
        return no_such_tenant(request, asked);
    if (caller->identity->tenants.count != 1) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("a document belongs to a tenant: say which (tenantId)"));
        return false;
    }
    caller->tenant = caller->identity->tenants.items[0];
    return true;
}

// False after answering.
bool document_name(struct request *request, struct document_name *ret_name)
{
    str asked = request_query(request, "tenantId"), tenant = tenant_inside(asked);
    *ret_name = (struct document_name){.id = request->arguments[0]};
    if (asked.len == 0)
        return true;
    ret_name->tenant = tenant.len > 0 ? tenant : STR_EMPTY;
    return caller_has_tenant(caller_of(request), tenant) || no_such_tenant(request, asked);
}

void document_say_which(struct request *request)
{
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "several tenants have a document with id '%.*s': say which (tenantId)",
                           STR_ARG(request->arguments[0]));
}

// False after answering 404: there is one store.
bool document_knows_store(struct request *request)
{
    str wanted = request_query(request, "storeId");
    if (wanted.len == 0 || str_equal(wanted, str_of(store)))
        return true;
    request_problem_format(request, 404, "NOT_FOUND",
                           "there is no document store '%.*s', only '%s'", STR_ARG(wanted), store);
    return false;
}

static void begin(struct request *request, bool is_batch)
{
    struct upload *upload = ARENA_NEW(&request->arena, struct upload);
    upload->is_batch = is_batch;
    upload->created = strbuf_new(&request->arena);
    upload->failed = strbuf_new(&request->arena);
    if (!document_knows_store(request) || !choose_tenant(request) || !read_upload(request, upload))
        return;
    if (!is_batch)
        upload->rows[0].id = request_query(request, "documentId");
    if (upload->rows[0].id.len > LIMIT_NAME_BYTES)
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "\"documentId\" has %zu bytes: at most NAME_BYTES (%d)",
                               upload->rows[0].id.len, LIMIT_NAME_BYTES);
    else
        store_next(caller_of(request), upload);
}

void handle_document_create(struct request *request)
{
    begin(request, false);
}

void handle_document_create_all(struct request *request)
{
    begin(request, true);
}

// -- Fetching and deleting --------------------------------------------------------------

static void no_such(struct request *request)
{
    request_problem_format(request, 404, "NOT_FOUND", "there is no document with id '%.*s'",
                           STR_ARG(request->arguments[0]));
}

// RFC 8187.
static const char *disposition(struct arena *arena, str name)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, STR("attachment"));
    if (name.len > 0)
        strbuf_add(&out, STR("; filename*=UTF-8''"));
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
        strbuf_format(&out, is_plain ? "%c" : "%%%02X", (unsigned char)c);
    }
    return strbuf_cstr(&out);
}

// Never shown as a page of this origin: it is whatever somebody uploaded.
void document_answer(struct request *request, str name, str type, str bytes)
{
    request_add_header(request, "Content-Disposition", disposition(&request->arena, name));
    request_answer_text(request, 200, str_cstr(&request->arena, type), bytes);
}

static void on_document(struct caller *caller, void *context, const struct query_rows *rows)
{
    enum { TYPE, NAME, HASH, BYTES };
    struct request *request = request_of(caller);
    (void)context;
    if (query_row_count(rows) == 0) {
        no_such(request);
        return;
    }
    if (query_row_count(rows) > 1) {
        document_say_which(request);
        return;
    }
    str wanted = request_query(request, "contentHash");
    if (wanted.len > 0 && !str_equal(wanted, query_value(rows, 0, HASH))) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("the document's content hash is another one"));
        return;
    }
    document_answer(request, STR_EMPTY, query_value(rows, 0, TYPE),
                    query_bytes(rows, 0, BYTES, caller->arena));
}

void handle_document_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct document_name name;
    if (document_knows_store(request) && document_name(request, &name))
        read_run(caller, catalogue_document_read(caller->arena, caller->scope, &name), on_document,
                 NULL);
}

static void on_deleted(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) == 1)
        request_answer_empty(request_of(caller));
    else if (query_row_count(rows) > 1)
        document_say_which(request_of(caller));
    else
        no_such(request_of(caller));
}

void handle_document_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct document_name name;
    if (document_knows_store(request) && document_name(request, &name))
        read_change(caller, catalogue_document_delete(caller->arena, caller->scope, &name),
                    on_deleted, NULL);
}
