// SPDX-License-Identifier: Apache-2.0
//
// From a request to a caller: who asks, and how the gateway's failures are answered.
#include "api/api_private.h"

#include "base/digest.h"
#include "gateway/credential.h"

static str credential_of(struct request *request, str *ret_principal)
{
    str header = request_header(request, "Authorization");
    return header.len > 0 ? credential_read(&request->arena, header, ret_principal)
                          : request_header(request, "X-API-Key");
}

static bool is_public(const struct request *request)
{
    return strcmp(request->route->permission, "none") == 0;
}

static void on_failed(struct caller *caller, const struct failure *failure)
{
    struct request *request = request_of(caller);
    switch (failure->kind) {
    case FAILURE_ERROR:
        request_failed(request, failure->err);
        return;
    case FAILURE_REJECTED:
        request_problem(request, rejection_http_status(failure->rejection),
                        rejection_title(failure->rejection), failure->reason);
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

static void on_gone(struct request *request)
{
    caller_leave(caller_of(request));
}

// One API key from the configuration; compared in constant time.
bool caller_admit(struct request *request)
{
    const struct api *api = api_of(request);
    struct caller *caller = ARENA_NEW(&request->arena, struct caller);
    str key = str_of(api->key);
    *caller = (struct caller){.gateway = api->options.gateway,
                              .arena = &request->arena,
                              .tenant = STR_EMPTY,
                              .scope = scope_everything(),
                              .principal = STR_EMPTY,
                              .traceparent = request_header(request, "traceparent"),
                              .context = request,
                              .failed = on_failed};
    str credential = credential_of(request, &caller->principal);
    if (key.len > 0 && !is_public(request) && !digest_equal(credential, key)) {
        request_add_header(request, "WWW-Authenticate", "Bearer");
        request_problem(request, 401, "UNAUTHENTICATED",
                        STR("send the API key as 'Authorization: Bearer KEY'"));
        return false;
    }
    request->asker = caller;
    request->on_gone = on_gone;
    return true;
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
