// SPDX-License-Identifier: Apache-2.0
//
// From a request to a caller: who asks, and how the gateway's failures are answered.
#include "api/api_private.h"

#include "access/access.h"
#include "base/digest.h"
#include "base/endpoint.h"
#include "gateway/audit.h"
#include "gateway/credential.h"
#include "gateway/recheck.h"
#include "gateway/share.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

// -- What it shows ----------------------------------------------------------------------

// *ret_problem: why a certificate that was shown proves nothing; NULL: there is none such.
static struct credential credential_of(struct request *request, const char **ret_problem)
{
    str header = request_header(request, "Authorization");
    struct credential credential = credential_read(&request->arena, header);
    str key = request_header(request, "X-API-Key");
    if (credential.kind == CREDENTIAL_NONE && !str_is_empty(key)) {
        credential.kind = CREDENTIAL_BEARER;
        credential.secret = key;
    }
    str session = browser_cookie(request, COOKIE_SESSION);
    if (credential.kind == CREDENTIAL_NONE && str_is_empty(header) && !str_is_empty(session)) {
        credential.kind = CREDENTIAL_SESSION;
        credential.secret = session;
    }
    const char *problem = NULL;
    str claims;
    if (credential.kind == CREDENTIAL_NONE && str_is_empty(header) &&
        request_certificate(request, &claims, &problem) && problem == NULL)
        credential = credential_of_certificate(claims);
    *ret_problem = problem;
    credential.address = request_peer(request);
    return credential;
}

// Browsers send Origin with whatever may change something, and newer ones say of every request
// whose page made it.
bool caller_is_of_other_origin(struct request *request)
{
    str origin = request_header(request, "Origin"), host = request_header(request, "Host"),
        site = request_header(request, "Sec-Fetch-Site");
    size_t slashes = str_find(origin, STR("://"));
    bool is_ours =
        str_is_empty(origin) || str_equal_ignoring_case(origin, browser_public_url(request)) ||
        (slashes != SIZE_MAX && str_equal_ignoring_case(str_from_index(origin, slashes + 3), host));
    if (!is_ours)
        return true;
    return request->route->method != ROUTE_GET && !str_is_empty(site) &&
           !str_equal(site, STR("same-origin")) && !str_equal(site, STR("none"));
}

// -- Audit ------------------------------------------------------------------------------

// As its sender named it; else one of our own.
static str request_id_of(struct request *request)
{
    enum { MOST_BYTES = 64, RANDOM_BYTES = 8 };
    static const char others[] = "-_.:";
    str id = request_header(request, "X-Request-Id");
    bool is_good = id.len > 0 && id.len <= MOST_BYTES;
    for (size_t i = 0; i < id.len && is_good; i++)
        is_good = isalnum((unsigned char)id.data[i]) != 0 ||
                  memchr(others, id.data[i], sizeof others - 1) != NULL;
    if (!is_good) {
        unsigned char bytes[RANDOM_BYTES];
        random_bytes(bytes, sizeof bytes);
        id = digest_hex(&request->arena, str_from(bytes, sizeof bytes));
    }
    request_add_header(request, "X-Request-Id", str_cstr(&request->arena, id));
    return id;
}

void caller_refused(struct request *request, int status, str why)
{
    (void)status;
    if (request->asker != NULL && request->route != NULL)
        audit_tell_refusal(request->asker, request->route->permission, request->arguments[0], why);
}

// -- Admission --------------------------------------------------------------------------

static bool is_public(const struct request *request)
{
    return strcmp(request->route->permission, "none") == 0;
}

// Whoever may not see everything learns nothing from how it is said that something is not there.
static bool is_hidden(const struct caller *caller, const struct failure *failure)
{
    const struct request *request = request_of(caller);
    bool is_missing =
        failure->kind == FAILURE_ERROR
            ? failure->err->kind == ERROR_NOT_FOUND
            : failure->kind == FAILURE_REJECTED && failure->rejection == REJECTION_NOT_FOUND;
    return is_missing && caller->identity != NULL && !caller->identity->is_everything &&
           strstr(request->route->permission, "MESSAGE") == NULL; // nobody waits for it
}

static void answer_share(struct request *request, const struct failure *failure)
{
    enum { MS = 1000 };
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)((failure->wait_ms + MS - 1) / MS));
    request_add_header(request, "Retry-After", seconds);
    request_add_header(request, "Baton-Share", str_cstr(&request->arena, failure->reason));
    request_problem(request, 429, "RESOURCE_EXHAUSTED", str_of(failure->err->text));
}

static void on_failed(struct caller *caller, const struct failure *failure)
{
    struct request *request = request_of(caller);
    if (is_hidden(caller, failure)) {
        request_problem(request, 404, "NOT_FOUND",
                        STR("there is no such thing, or the caller may not see it"));
        return;
    }
    caller->is_in_history = failure->kind == FAILURE_REJECTED;
    switch (failure->kind) {
    case FAILURE_ERROR:
        request_failed(request, failure->err);
        return;
    case FAILURE_REJECTED:
        request_problem(request, rejection_http_status(failure->rejection),
                        rejection_title(failure->rejection), failure->reason);
        return;
    case FAILURE_SHARE:
        answer_share(request, failure);
        return;
    case FAILURE_DEADLINE:
        request_problem(
            request, 504, "DEADLINE_EXCEEDED",
            STR("the engine did not answer in time; the request may still take effect"));
        return;
    }
    check_unreachable();
}

struct caller *caller_of(struct request *request)
{
    struct caller *caller = request->asker;
    if (request->body != NULL)
        caller->tenant = tenant_inside(json_get_str(request->body, STR("tenantId"), STR_EMPTY));
    int64_t reference = json_get_i64(request->body, STR("operationReference"), 0);
    caller->reference = reference > 0 ? (uint64_t)reference : 0;
    return caller;
}

bool request_has_tenant(struct request *request, str tenant)
{
    if (caller_has_tenant(request->asker, tenant))
        return true;
    request_problem_format(request, 404, "NOT_FOUND", "there is no tenant '%.*s'",
                           STR_ARG(tenant_outside(tenant)));
    return false;
}

static void on_gone(struct request *request)
{
    caller_leave(caller_of(request));
}

static struct caller *make_caller(struct request *request)
{
    struct caller *caller = ARENA_NEW(&request->arena, struct caller);
    *caller = (struct caller){.gateway = api_of(request)->options.gateway,
                              .arena = &request->arena,
                              .tenant = STR_EMPTY,
                              .principal = STR_EMPTY,
                              .claimed = STR_EMPTY,
                              .address = request_peer(request),
                              .request_id = request_id_of(request),
                              .traceparent = request_header(request, "traceparent"),
                              .context = request,
                              .failed = on_failed};
    return caller;
}

static enum admission refuse(struct request *request, str why)
{
    bool has_users = gateway_access(api_of(request)->options.gateway) != NULL;
    str mode = request_header(request, "Sec-Fetch-Mode");
    bool is_script = mode.len > 0 && !str_equal(mode, STR("navigate"));
    // A browser would ask for a password in a window of its own, over the page that asked.
    request_add_header(request, "WWW-Authenticate",
                       has_users && !is_script ? "Bearer realm=\"baton\", Basic realm=\"baton\""
                                               : "Bearer");
    request_problem(request, 401, "UNAUTHENTICATED", why);
    return REFUSED;
}

// A call of the API takes from the caller's share of them, before its body is read.
struct taking_call {
    struct request *request;
    enum admission *inside; // of take_call, while it has not returned; NULL then
};

static void on_call_granted(struct caller *caller, void *context)
{
    struct taking_call *taking = context;
    (void)caller;
    if (taking->inside != NULL)
        *taking->inside = ADMITTED;
    else
        route_admitted(taking->request);
}

static enum admission take_call(struct request *request)
{
    enum admission admission = REFUSED;
    if (is_public(request))
        return ADMITTED;
    struct taking_call *taking = ARENA_NEW(&request->arena, struct taking_call);
    *taking = (struct taking_call){request, &admission};
    if (share_take(request->asker, SHARE_USE_CALL, on_call_granted, taking))
        return admission; // where it was refused, the request is gone
    taking->inside = NULL;
    return DECIDING;
}

// `principal`: of whoever has the key that opens everything; empty: the identity says it.
static enum admission allow(struct request *request, const struct identity *identity, str principal)
{
    struct error err;
    struct caller *caller = request->asker;
    if (!caller_allow(caller, identity, request->route->permission, request->arguments[0], &err)) {
        request_failed(request, &err);
        return REFUSED;
    }
    if (!str_is_empty(principal))
        caller->principal = principal;
    audit_tell_seen(caller);
    request->on_gone = on_gone;
    return take_call(request);
}

// Lives as the request does: once that has been answered, it is gone.
struct asking {
    struct request *request;
    enum admission *inside; // of ask, while it has not returned; NULL then
};

static void on_identified(void *context, const struct identity *identity, const struct error *err)
{
    struct asking *asking = context;
    struct request *request = asking->request;
    enum admission *inside = asking->inside, admission = REFUSED;
    if (identity != NULL)
        admission = allow(request, identity, STR_EMPTY);
    else if (err->kind == ERROR_DENIED)
        admission = refuse(request, str_of(err->text));
    else
        request_failed(request, err);
    if (inside != NULL)
        *inside = admission;
    else if (admission == ADMITTED)
        route_admitted(request);
}

static enum admission ask(struct request *request, const struct credential *credential)
{
    struct access *access = gateway_access(api_of(request)->options.gateway);
    struct asking *asking = ARENA_NEW(&request->arena, struct asking);
    enum admission admission = DECIDING;
    str origin = request_header(request, "Origin");
    bool is_of_browser =
        credential->kind == CREDENTIAL_SESSION || credential->kind == CREDENTIAL_CERTIFICATE ||
        (credential->kind == CREDENTIAL_BASIC && !request_allows_origin(request, origin));
    if (is_of_browser && caller_is_of_other_origin(request)) {
        request_problem(request, 403, "FORBIDDEN",
                        STR("a page of another origin may not use what the browser remembers of "
                            "its user"));
        return REFUSED;
    }
    *asking = (struct asking){.request = request, .inside = &admission};
    recheck_remember(request->asker, credential);
    access_identify(access, &request->arena, credential, on_identified, asking);
    if (admission == DECIDING)
        asking->inside = NULL;
    return admission;
}

enum admission caller_admit(struct request *request)
{
    const struct api *api = api_of(request);
    str key = str_of(api->key);
    bool has_users = gateway_access(api->options.gateway) != NULL;
    struct caller *caller = make_caller(request);
    const char *problem;
    struct credential credential = credential_of(request, &problem);
    caller->claimed = credential.user;
    request->asker = caller;
    if (is_public(request) || (!has_users && key.len == 0) ||
        (!has_users && credential_is_key(&credential, key))) {
        return allow(request, caller_everybody(), credential.user);
    }
    if (has_users && credential.kind == CREDENTIAL_BEARER && credential_is_key(&credential, key)) {
        return allow(request, caller_everybody(), STR("api.key"));
    }
    if (!has_users)
        return refuse(request, STR("send the API key as 'Authorization: Bearer KEY'"));
    if (problem != NULL)
        return refuse(request,
                      str_format(&request->arena, "your certificate is not accepted: %s", problem));
    if (credential.kind == CREDENTIAL_NONE)
        return refuse(request, STR("send a token or an API key as 'Authorization: Bearer TOKEN', "
                                   "or a user's name and password as Basic"));
    return ask(request, &credential);
}
// -- Answers ----------------------------------------------------------------------------

void answer_done(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    request_answer_empty(request_of(caller));
}

void write_key(struct json_writer *writer, str name, uint64_t key)
{
    char digits[24];
    size_t len = sizeof digits;
    json_key(writer, name);
    do
        digits[--len] = (char)('0' + key % 10);
    while ((key /= 10) > 0);
    json_string(writer, str_from(digits + len, sizeof digits - len));
}

void write_optional_key(struct json_writer *writer, str name, uint64_t key)
{
    if (key != 0) {
        write_key(writer, name, key);
        return;
    }
    json_key(writer, name);
    json_null(writer);
}

void write_text(struct json_writer *writer, str name, str text)
{
    json_key(writer, name);
    json_string(writer, text);
}

void write_optional(struct json_writer *writer, str name, str text)
{
    json_key(writer, name);
    if (text.len > 0)
        json_string(writer, text);
    else
        json_null(writer);
}

void write_json(struct json_writer *writer, str name, str json)
{
    json_key(writer, name);
    json_raw(writer, json);
}

void write_tenant(struct json_writer *writer, str tenant)
{
    json_key(writer, STR("tenantId"));
    json_string(writer, tenant_outside(tenant));
}

static void write_item(struct json_writer *w, const struct item_column *columns, size_t count,
                       const struct query_rows *rows, size_t row)
{
    json_begin_object(w);
    for (size_t k = 0; k < count; k++) {
        str name = str_of(columns[k].name);
        if (columns[k].form == ITEM_TRUTH)
            write_json(w, name, query_bool(rows, row, k) ? STR("true") : STR("false"));
        else if (columns[k].form == ITEM_JSON)
            write_json(w, name,
                       query_is_null(rows, row, k) ? STR("null") : query_value(rows, row, k));
        else
            write_optional(w, name, query_value(rows, row, k));
    }
    json_end_object(w);
}

static void write_items(struct json_writer *w, const struct item_column *columns, size_t count,
                        const struct query_rows *rows, size_t most)
{
    json_key(w, STR("items"));
    json_begin_array(w);
    for (size_t i = 0; i < query_row_count(rows) && i < most; i++)
        write_item(w, columns, count, rows, i);
    json_end_array(w);
}

void answer_list(struct request *request, const struct item_column *columns, size_t count,
                 const struct query_rows *rows)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_items(&w, columns, count, rows, SIZE_MAX);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void answer_list_cut(struct request *request, const struct item_column *columns, size_t count,
                     const struct query_rows *rows, size_t most)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_items(&w, columns, count, rows, most);
    json_key(&w, STR("isTruncated"));
    json_bool(&w, query_row_count(rows) > most);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}
