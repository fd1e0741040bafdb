// SPDX-License-Identifier: Apache-2.0
#include "grpc/call.h"

#include "access/access.h"
#include "base/clock.h"
#include "base/gzip.h"
#include "gateway/audit.h"
#include "gateway/credential.h"
#include "gateway/gateway.h"
#include "gateway/job_gateway.h"
#include "gateway/recheck.h"
#include "gateway/share.h"
#include "grpc/connection.h"
#include "wire/pack.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    FRAME_HEADER = 5,
    UNPACKED = 2,         // bytes of memory for one of a message, beside its copy
    MESSAGE_BYTES = 1000, // of a status; clients take 8 KiB of headers, and a byte may need three
    REQUEST_ID_BYTES = 64,
    MOST_TIMEOUT = 99999999,
    NS_PER_MS = 1000000,
};

// -- Life ---------------------------------------------------------------------------------

static enum grpc_status status_of_error(enum error_kind kind)
{
    switch ((int)kind) {
    case ERROR_INVALID:
    case ERROR_LIMIT:
        return GRPC_INVALID_ARGUMENT;
    case ERROR_NOT_FOUND:
        return GRPC_NOT_FOUND;
    case ERROR_CONFLICT:
        return GRPC_FAILED_PRECONDITION;
    case ERROR_UNSUPPORTED:
        return GRPC_UNIMPLEMENTED;
    case ERROR_UNAVAILABLE:
        return GRPC_UNAVAILABLE;
    case ERROR_DENIED:
        return GRPC_PERMISSION_DENIED;
    default:
        return GRPC_INTERNAL;
    }
}

static enum grpc_status status_of_rejection(enum rejection rejection)
{
    switch ((int)rejection) {
    case REJECTION_INVALID:
    case REJECTION_LIMIT:
        return GRPC_INVALID_ARGUMENT;
    case REJECTION_NOT_FOUND:
        return GRPC_NOT_FOUND;
    case REJECTION_ALREADY_EXISTS:
        return GRPC_ALREADY_EXISTS;
    case REJECTION_EXHAUSTED:
        return GRPC_RESOURCE_EXHAUSTED;
    case REJECTION_QUARANTINED:
        return GRPC_INTERNAL;
    case REJECTION_FORBIDDEN:
        return GRPC_PERMISSION_DENIED;
    default:
        return GRPC_FAILED_PRECONDITION;
    }
}

static void on_failed(struct caller *caller, const struct failure *failure)
{
    struct grpc_call *call = grpc_call_of(caller);
    caller->is_in_history = failure->kind == FAILURE_REJECTED;
    switch (failure->kind) {
    case FAILURE_ERROR:
        grpc_call_fail(call, status_of_error(failure->err->kind), "%s%s%s", failure->err->place,
                       failure->err->place[0] != '\0' ? ": " : "", failure->err->text);
        return;
    case FAILURE_REJECTED:
        grpc_call_end(call, status_of_rejection(failure->rejection), failure->reason);
        return;
    case FAILURE_SHARE:
        grpc_call_fail(call, GRPC_RESOURCE_EXHAUSTED, "%s", failure->err->text);
        return;
    case FAILURE_DEADLINE:
        grpc_call_fail(call, GRPC_DEADLINE_EXCEEDED,
                       "the engine did not answer in time; the request may still take effect");
        return;
    }
    check_unreachable();
}

struct grpc_call *grpc_call_new(struct grpc_connection *connection, int32_t stream)
{
    struct grpc_call *call = calloc(1, sizeof *call);
    check(call != NULL);
    call->server = grpc_connection_server(connection);
    call->connection = connection;
    call->stream = stream;
    call->in = evbuffer_new();
    call->out = evbuffer_new();
    check(call->in != NULL && call->out != NULL);
    call->message = call->authorization = call->encoding = STR_EMPTY;
    call->caller =
        (struct caller){.gateway = call->server->options.gateway,
                        .arena = &call->arena,
                        .tenant = STR_EMPTY,
                        .principal = STR_EMPTY,
                        .claimed = STR_EMPTY,
                        .address = str_copy(&call->arena, grpc_connection_peer(connection)),
                        .request_id = STR_EMPTY,
                        .traceparent = STR_EMPTY,
                        .context = call,
                        .failed = on_failed};
    call->began_ms = clock_monotonic_ns() / NS_PER_MS;
    call->server->call_count++;
    return call;
}

static void free_when_over(struct grpc_call *call)
{
    if (call->connection != NULL || call->is_working || call->is_asking)
        return;
    if (call->on_free != NULL)
        call->on_free(call);
    call->server->bytes -= call->bytes;
    call->server->call_count--;
    evbuffer_free(call->in);
    evbuffer_free(call->out);
    arena_done(&call->arena);
    free(call);
}

void grpc_call_closed(struct grpc_call *call)
{
    call->connection = NULL;
    if (!call->is_working)
        free_when_over(call);
    else if (call->on_closed != NULL) // its end, now or later, frees the call
        call->on_closed(call);
    else
        caller_leave(&call->caller);
}

// -- The request --------------------------------------------------------------------------

static const struct grpc_method *find_method(str path)
{
    static const char service[] = "/gateway_protocol.Gateway/";
    if (!str_starts_with(path, str_of(service)))
        return NULL;
    str name = str_from_index(path, sizeof service - 1);
    for (size_t i = 0; i < grpc_method_count; i++)
        if (str_equal(name, str_of(grpc_methods[i].name)))
            return &grpc_methods[i];
    return NULL;
}

// "500m": at most eight digits and a unit.
static int64_t read_timeout_ms(str value)
{
    static const struct {
        char unit;
        int64_t us;
    } units[] = {{'H', 3600000000}, {'M', 60000000}, {'S', 1000000},
                 {'m', 1000},       {'u', 1},        {'n', 0}};
    int64_t number;
    if (value.len < 2 || !str_to_i64(str_sub(value, 0, value.len - 1), &number) || number < 0 ||
        number > MOST_TIMEOUT)
        return 0;
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (units[i].unit == value.data[value.len - 1])
            return number * units[i].us / 1000 + 1;
    return 0;
}

bool grpc_call_header(struct grpc_call *call, str name, str value)
{
    call->header_bytes += name.len + value.len;
    if (call->header_bytes > GRPC_MAX_HEADER_BYTES)
        return false;
    if (str_equal(name, STR(":path")))
        call->method = find_method(value);
    else if (str_equal(name, STR("content-type")))
        call->is_grpc = str_equal(value, STR("application/grpc")) ||
                        str_starts_with(value, STR("application/grpc+proto")) ||
                        str_starts_with(value, STR("application/grpc;"));
    else if (str_equal(name, STR("authorization")))
        call->authorization = str_copy(&call->arena, value);
    else if (str_equal(name, STR("x-request-id")) && value.len <= REQUEST_ID_BYTES)
        call->caller.request_id = str_copy(&call->arena, value);
    else if (str_equal(name, STR("traceparent")))
        call->caller.traceparent = str_copy(&call->arena, value);
    else if (str_equal(name, STR("grpc-encoding")))
        call->encoding = str_copy(&call->arena, value);
    else if (str_equal(name, STR("grpc-timeout")))
        call->caller.timeout_ms = read_timeout_ms(value);
    return true;
}

// False after failing.
static bool take(struct grpc_call *call, size_t more)
{
    if (call->connection == NULL || grpc_connection_take(call->connection, call, more))
        return true;
    grpc_call_fail(call, GRPC_RESOURCE_EXHAUSTED,
                   "requests of GRPC_CONNECTION_BYTES (%d) a connection or GRPC_MAX_BYTES (%d) in "
                   "all wait for their answers: try again later",
                   GRPC_CONNECTION_BYTES, GRPC_MAX_BYTES);
    return false;
}

bool grpc_call_data(struct grpc_call *call, str bytes)
{
    size_t len = evbuffer_get_length(call->in) + bytes.len;
    if (call->is_ending)
        return true;
    if (len > FRAME_HEADER + GRPC_MAX_MESSAGE) {
        grpc_call_fail(call, GRPC_RESOURCE_EXHAUSTED,
                       "a request has at most GRPC_MAX_MESSAGE (%d) bytes", GRPC_MAX_MESSAGE);
        return false;
    }
    if (!take(call, bytes.len))
        return false;
    check(evbuffer_add(call->in, bytes.data, bytes.len) == 0);
    return true;
}

static bool allow(struct grpc_call *call, const struct identity *identity, str principal)
{
    struct error err;
    if (!caller_allow(&call->caller, identity, call->method->permission, STR_EMPTY, &err)) {
        grpc_call_fail(call, GRPC_PERMISSION_DENIED, "%s", err.text);
        return false;
    }
    if (!str_is_empty(principal))
        call->caller.principal = principal;
    audit_tell_seen(&call->caller);
    return true;
}

static void on_identified(void *context, const struct identity *identity, const struct error *err)
{
    struct grpc_call *call = context;
    bool is_late = call->is_waiting;
    call->is_asking = call->is_waiting = false;
    if (call->connection == NULL) {
        free_when_over(call);
        return;
    }
    if (call->is_ending)
        return;
    if (identity == NULL)
        grpc_call_fail(
            call, err->kind == ERROR_DENIED ? GRPC_UNAUTHENTICATED : status_of_error(err->kind),
            "%s", err->text);
    else
        call->is_admitted = allow(call, identity, STR_EMPTY);
    if (call->is_admitted && is_late && call->has_ended)
        grpc_call_begin(call);
}

// Whether the caller is known by now. It is asked for where it is not; false after failing, too.
static bool identify(struct grpc_call *call)
{
    str key = str_of(call->server->key);
    struct access *access = gateway_access(call->server->options.gateway);
    struct credential credential = credential_read(&call->arena, call->authorization);
    const char *problem = NULL;
    str claims;
    if (str_is_empty(call->authorization) &&
        grpc_connection_certificate(call->connection, &call->arena, &claims, &problem) &&
        problem == NULL)
        credential = credential_of_certificate(claims);
    call->caller.claimed = credential.user;
    if (access == NULL && key.len == 0)
        return allow(call, caller_everybody(), credential.user);
    if (credential_is_key(&credential, key) &&
        (access == NULL || credential.kind == CREDENTIAL_BEARER))
        return allow(call, caller_everybody(), access == NULL ? credential.user : STR("api.key"));
    if (problem != NULL) {
        grpc_call_fail(call, GRPC_UNAUTHENTICATED, "your certificate is not accepted: %s", problem);
        return false;
    }
    if (access == NULL || credential.kind == CREDENTIAL_NONE) {
        grpc_call_fail(call, GRPC_UNAUTHENTICATED, "send %s as metadata authorization: Bearer …",
                       access == NULL ? "the API key" : "a token or an API key");
        return false;
    }
    call->is_asking = true;
    recheck_remember(&call->caller, &credential);
    access_identify(access, &call->arena, &credential, on_identified, call);
    call->is_waiting = call->is_asking;
    return call->is_admitted;
}

static bool admit(struct grpc_call *call)
{
    if (!call->is_grpc)
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "the content type must be application/grpc");
    else if (call->server->is_draining)
        grpc_call_fail(call, GRPC_UNAVAILABLE, "this node is stopping");
    else if (call->method == NULL)
        grpc_call_fail(call, GRPC_UNIMPLEMENTED,
                       "there is no such call: see gateway_protocol.Gateway, up to Camunda 8.9");
    else
        return identify(call);
    return false;
}

// A packed message; false after answering.
static bool unpack(struct grpc_call *call, str packed, str *ret_bytes)
{
    struct error err;
    if (!str_equal(call->encoding, STR("gzip")) && !str_equal(call->encoding, STR("deflate"))) {
        grpc_call_fail(call, GRPC_UNIMPLEMENTED,
                       "grpc-encoding '%.*s' is not known: identity, gzip or deflate",
                       STR_ARG(call->encoding));
        return false;
    }
    if (gzip_unpack(&call->arena, packed, GRPC_MAX_MESSAGE, ret_bytes, &err))
        return take(call, ret_bytes->len);
    grpc_call_fail(call, err.kind == ERROR_LIMIT ? GRPC_RESOURCE_EXHAUSTED : GRPC_INVALID_ARGUMENT,
                   "the message: %s (GRPC_MAX_MESSAGE)", err.text);
    return false;
}

// The one message; false after answering.
static bool read_message(struct grpc_call *call, str *ret_bytes)
{
    size_t len = evbuffer_get_length(call->in);
    const unsigned char *data = evbuffer_pullup(call->in, -1);
    if (len < FRAME_HEADER) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "the request has no message");
        return false;
    }
    size_t size = (size_t)data[1] << 24 | (size_t)data[2] << 16 | (size_t)data[3] << 8 | data[4];
    if (size != len - FRAME_HEADER) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT,
                       "expected one message of %zu bytes, found %zu bytes", size,
                       len - FRAME_HEADER);
        return false;
    }
    bool good = data[0] == 0 || unpack(call, str_from(data + FRAME_HEADER, size), ret_bytes);
    if (data[0] == 0)
        *ret_bytes = str_copy(&call->arena, str_from(data + FRAME_HEADER, size));
    evbuffer_drain(call->in, len);
    return good;
}

void grpc_call_admit(struct grpc_call *call)
{
    if (!call->is_admitted && !call->is_ending && !call->is_asking && admit(call))
        call->is_admitted = true;
}

void grpc_call_check(struct grpc_call *call, int64_t now_ms)
{
    if (!call->is_working && !call->is_ending && now_ms - call->began_ms > GRPC_REQUEST_MS)
        grpc_call_fail(call, GRPC_DEADLINE_EXCEEDED,
                       "the request did not arrive within GRPC_REQUEST_MS (%d)", GRPC_REQUEST_MS);
}

static void on_share(struct caller *caller, void *context)
{
    struct grpc_call *call = grpc_call_of(caller);
    if (call->connection == NULL)
        grpc_call_end(call, GRPC_UNAVAILABLE, STR_EMPTY);
    else
        call->method->handle(call, context);
}

void grpc_call_begin(struct grpc_call *call)
{
    str bytes;
    struct error err;
    call->has_ended = true;
    grpc_call_admit(call);
    if (!call->is_admitted || call->is_ending || !read_message(call, &bytes) ||
        !take(call, UNPACKED * bytes.len))
        return;
    const ProtobufCMessage *request =
        unpack_message(&call->arena, call->method->request, bytes, &err);
    if (request == NULL) {
        grpc_call_fail(call, GRPC_INVALID_ARGUMENT, "%s: %s", err.place, err.text);
        return;
    }
    call->is_working = true;
    (void)share_take(&call->caller, SHARE_USE_CALL, on_share, (void *)(uintptr_t)request);
}

// -- The answer ---------------------------------------------------------------------------

size_t grpc_call_unsent(const struct grpc_call *call)
{
    return evbuffer_get_length(call->out);
}

static void begin_answer(struct grpc_call *call)
{
    if (call->has_answered)
        grpc_connection_resume(call->connection, call);
    else
        grpc_connection_respond(call->connection, call);
    call->has_answered = true;
}

void grpc_call_send(struct grpc_call *call, const ProtobufCMessage *message)
{
    struct arena scratch = ARENA_EMPTY;
    struct strbuf bytes = strbuf_new(&scratch);
    if (call->connection != NULL && !call->is_ending) {
        pack_message(&bytes, message);
        const unsigned char header[FRAME_HEADER] = {
            0, (unsigned char)(bytes.len >> 24), (unsigned char)(bytes.len >> 16),
            (unsigned char)(bytes.len >> 8), (unsigned char)bytes.len};
        check(evbuffer_add(call->out, header, sizeof header) == 0);
        check(evbuffer_add(call->out, bytes.data, bytes.len) == 0);
        begin_answer(call);
    }
    arena_done(&scratch);
}

void grpc_call_promise_job(struct grpc_call *call, const struct released_job *job)
{
    if (call->connection != NULL)
        grpc_connection_note_job(call->connection, call, job);
    else
        job_gateway_give_back(call->server->options.gateway, job);
}

// At the border of a character.
static str cut(str text)
{
    size_t len = text.len < MESSAGE_BYTES ? text.len : MESSAGE_BYTES;
    while (len > 0 && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
        len--;
    return str_sub(text, 0, len);
}

void grpc_call_end(struct grpc_call *call, enum grpc_status status, str message)
{
    call->is_working = false;
    if (call->connection != NULL && !call->is_ending) {
        if (status == GRPC_UNAUTHENTICATED || status == GRPC_PERMISSION_DENIED)
            audit_tell_refusal(&call->caller, call->method->permission, STR_EMPTY, message);
        call->is_ending = true;
        call->status = status;
        call->message = str_copy(&call->arena, cut(message));
        call->server->calls_ended[status]++;
        begin_answer(call);
    }
    free_when_over(call);
}

void grpc_call_answer(struct grpc_call *call, const ProtobufCMessage *message)
{
    grpc_call_send(call, message);
    grpc_call_end(call, GRPC_OK, STR_EMPTY);
}

void grpc_call_fail(struct grpc_call *call, enum grpc_status status, const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    grpc_call_end(call, status, str_of(text));
}
