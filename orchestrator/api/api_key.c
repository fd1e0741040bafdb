// SPDX-License-Identifier: Apache-2.0
//
// API keys of programs: made and shown once, listed, revoked.
#include "access/api_key.h"

#include "access/access.h"
#include "api/api_private.h"
#include "base/clock.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"
#include "store/read/time_text.h"

static void on_made(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct api_key *key = context;
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    (void)rows;
    json_begin_object(&w);
    write_text(&w, STR("keyId"), key->id);
    write_text(&w, STR("clientId"), json_get_str(request->body, STR("clientId"), STR_EMPTY));
    write_text(&w, STR("key"), key->text);
    json_end_object(&w);
    request_add_header(request, "Cache-Control", "no-store");
    request_answer_json(request, 201, strbuf_str(&out));
}

void handle_api_key_create(struct request *request)
{
    struct caller *caller = caller_of(request);
    int64_t ends_ms;
    str expires = json_get_str(request->body, STR("expiresAt"), STR_EMPTY);
    str client = json_get_str(request->body, STR("clientId"), STR_EMPTY);
    if (expires.len > 0 && (!time_text_parse(expires, &ends_ms) || ends_ms <= clock_now_ms())) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"expiresAt\" must be a date-time that is still to come"));
        return;
    }
    if (client.len == 0) {
        request_problem(request, 400, "INVALID_ARGUMENT", STR("\"clientId\" must not be empty"));
        return;
    }
    struct api_key *key = ARENA_NEW(caller->arena, struct api_key);
    *key = api_key_new(caller->arena);
    const struct api_key_row row = {.id = key->id,
                                    .client = client,
                                    .name = json_get_str(request->body, STR("name"), STR_EMPTY),
                                    .digest = str_from(key->digest.bytes, DIGEST_SIZE),
                                    .created_by = caller->principal,
                                    .expires = expires};
    read_change(caller, catalogue_api_key_add(caller->arena, &row), on_made, key);
}

static void on_keys(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"keyId"},        {"clientId"},      {"name"},
                                                 {"creationTime"}, {"createdBy"},     {"expiresAt"},
                                                 {"lastUsedTime"}, {"revocationTime"}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_api_key_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_api_keys(caller->arena, request_query(request, "clientId")), on_keys,
             NULL);
}

static void on_revoked(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct access *access = gateway_access(caller->gateway);
    (void)context;
    if (access != NULL)
        access_forget(access);
    if (query_row_count(rows) > 0)
        request_answer_empty(request);
    else
        request_problem(request, 404, "NOT_FOUND", STR("there is no such API key"));
}

void handle_api_key_revoke(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_api_key_revoke(caller->arena, request->arguments[0]), on_revoked,
                NULL);
}
