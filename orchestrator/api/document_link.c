// SPDX-License-Identifier: Apache-2.0
//
// Links to documents: who has one fetches the document without a credential, until it expires. A
// link says which document it is for, with its content, so that another one of the same id is not
// given out; nothing is kept of it.
#include "api/document.h"

#include "base/clock.h"
#include "gateway/link.h"

#include <time.h>

static const char purpose[] = "baton-document-link";
enum { LINK_MS = 3600000 }; // unless the request says how long

// -- Making -----------------------------------------------------------------------------

static str link_text(struct arena *arena, str id, const struct query_rows *rows, int64_t expires_ms)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    json_string(&w, id);
    json_string(&w, query_value(rows, 0, 0));
    json_string(&w, query_value(rows, 0, 1));
    json_i64(&w, expires_ms);
    json_end_array(&w);
    return strbuf_str(&out);
}

static str instant_text(struct arena *arena, int64_t time_ms)
{
    struct tm utc;
    time_t seconds = time_ms / 1000;
    char text[32];
    gmtime_r(&seconds, &utc);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    return str_format(arena, "%s.%03dZ", text, (int)(time_ms % 1000));
}

static void answer_link(struct request *request, str link, int64_t expires_ms)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("url"),
               str_format(&request->arena, "%.*s/v2/document-links/%.*s",
                          STR_ARG(browser_public_url(request)), STR_ARG(link)));
    write_text(&w, STR("expiresAt"), instant_text(&request->arena, expires_ms));
    json_end_object(&w);
    request_answer_json(request, 201, strbuf_str(&out));
}

static void on_looked(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    str id = request->arguments[0], hash = request_query(request, "contentHash");
    int64_t ttl_ms = json_get_i64(request->body, STR("timeToLive"), LINK_MS);
    int64_t expires_ms = clock_now_ms() + ttl_ms;
    (void)context;
    if (query_row_count(rows) > 1)
        document_say_which(request);
    else if (query_row_count(rows) == 0)
        request_problem_format(request, 404, "NOT_FOUND", "there is no document with id '%.*s'",
                               STR_ARG(id));
    else if (hash.len > 0 && !str_equal(hash, query_value(rows, 0, 0)))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("the document's content hash is another one"));
    else
        answer_link(request,
                    link_make(caller->gateway, caller->arena, purpose,
                              link_text(caller->arena, id, rows, expires_ms)),
                    expires_ms);
}

void handle_document_link(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct document_name name;
    if (document_knows_store(request) && document_name(request, &name))
        read_run(caller, catalogue_document_look(caller->arena, caller->scope, &name), on_looked,
                 NULL);
}

// -- Following --------------------------------------------------------------------------

struct linked {
    struct document_name name;
    str hash;
    int64_t expires_ms;
};

static bool read_link(struct request *request, struct linked *ret_linked)
{
    enum { ID, HASH, TENANT, EXPIRES, PARTS };
    struct caller *caller = request->asker;
    str text;
    struct json *list;
    struct error err;
    if (!link_read(caller->gateway, caller->arena, purpose, request->arguments[0], &text) ||
        !json_parse(caller->arena, text, &list, &err) || list->count != PARTS ||
        !str_to_i64(list->items[EXPIRES].text, &ret_linked->expires_ms))
        return false;
    ret_linked->hash = list->items[HASH].text;
    ret_linked->name.id = list->items[ID].text;
    ret_linked->name.tenant =
        list->items[TENANT].text.len > 0 ? list->items[TENANT].text : STR_EMPTY;
    return ret_linked->expires_ms > clock_now_ms();
}

// One answer for all that can be wrong with it.
static void answer_none(struct request *request)
{
    request_problem(request, 404, "NOT_FOUND",
                    STR("this link has expired, or the document is not there any more"));
}

static void on_document(struct caller *caller, void *context, const struct query_rows *rows)
{
    enum { TYPE, NAME, HASH, BYTES };
    const struct linked *linked = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0 || !str_equal(linked->hash, query_value(rows, 0, HASH)))
        answer_none(request);
    else
        document_answer(request, query_value(rows, 0, NAME), query_value(rows, 0, TYPE),
                        query_bytes(rows, 0, BYTES, caller->arena));
}

// The link is the permission: for this document of this tenant, and for nothing else.
void handle_document_follow(struct request *request)
{
    struct caller *caller = request->asker;
    struct linked *linked = ARENA_NEW(caller->arena, struct linked);
    struct identity *holder = ARENA_NEW(caller->arena, struct identity);
    if (!read_link(request, linked)) {
        answer_none(request);
        return;
    }
    holder->tenants = (struct names){&linked->name.tenant, 1};
    caller->identity = holder;
    caller->scope = scope_tenants(&linked->name.tenant, 1);
    read_run(caller, catalogue_document_read(caller->arena, caller->scope, &linked->name),
             on_document, linked);
}
