// SPDX-License-Identifier: Apache-2.0
#include "connector_http/http.h"

#include "base/clock.h"
#include "connector/input.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

const char *const http_types[2] = {"io.camunda:http-json:1", "baton:http"};

struct reading {
    struct input input;
    struct arena *arena;
    struct fetch_header headers[FETCH_MAX_HEADERS];
    struct fetch_request request;
    struct strbuf url;
    struct error *err;
};

static const char place[] = "http connector";

static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"};

static bool read_method(struct reading *r)
{
    str method = json_get_str(r->input.object, STR("method"), STR("GET"));
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_equal_ignoring_case(method, str_of(methods[i]))) {
            r->request.method = methods[i];
            return true;
        }
    return error_set(r->err, ERROR_INVALID, place, "\"method\" is '%.*s', not an HTTP method",
                     STR_ARG(method));
}

static bool is_token(str name)
{
    for (size_t i = 0; i < name.len; i++)
        if ((unsigned char)name.data[i] <= ' ' || (unsigned char)name.data[i] >= 0x7F ||
            strchr("()<>@,;:\\\"/[]?={}", name.data[i]) != NULL)
            return false;
    return name.len > 0;
}

static bool add_header(struct reading *r, str name, str value)
{
    if (!is_token(name) || !input_is_one_line(value))
        return error_set(r->err, ERROR_INVALID, place, "the header '%.*s' is malformed",
                         STR_ARG(name));
    if (r->request.header_count == FETCH_MAX_HEADERS)
        return error_set(r->err, ERROR_LIMIT, place, "more than FETCH_MAX_HEADERS (%d) headers",
                         FETCH_MAX_HEADERS);
    r->headers[r->request.header_count++] = (struct fetch_header){name, value};
    return true;
}

static bool has_header(const struct reading *r, str name)
{
    for (size_t i = 0; i < r->request.header_count; i++)
        if (str_equal_ignoring_case(r->headers[i].name, name))
            return true;
    return false;
}

// How a request is framed and where it goes is not for data to say: with these a model's header
// would smuggle a second request past whoever stands before the service (RFC 9112, 11.2).
static bool is_ours(str name)
{
    static const char *const names[] = {
        "Host",       "Content-Length", "Transfer-Encoding", "TE",         "Trailer",
        "Connection", "Upgrade",        "Proxy-Connection",  "Keep-Alive", "Expect"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal_ignoring_case(name, str_of(names[i])))
            return true;
    return false;
}

static bool read_headers(struct reading *r)
{
    const struct json *headers = json_get(r->input.object, STR("headers"));
    for (size_t i = 0; json_is(headers, JSON_OBJECT) && i < headers->count; i++) {
        str name = headers->members[i].name;
        if (is_ours(name))
            return error_set(r->err, ERROR_INVALID, place,
                             "the header '%.*s' is the connector's own: leave it out",
                             STR_ARG(name));
        if (!add_header(r, name, input_text(r->arena, &headers->members[i].value)))
            return false;
    }
    return true;
}

static void add_escaped(struct strbuf *out, str text)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] != '\0' && strchr(plain, text.data[i]) != NULL)
            strbuf_add_char(out, text.data[i]);
        else
            strbuf_format(out, "%%%02X", (unsigned char)text.data[i]);
}

static void add_parameter(struct reading *r, str name, str value)
{
    bool has_query = str_find_char(strbuf_str(&r->url), '?') != SIZE_MAX;
    strbuf_add_char(&r->url, has_query ? '&' : '?');
    add_escaped(&r->url, name);
    strbuf_add_char(&r->url, '=');
    add_escaped(&r->url, value);
}

static bool read_url(struct reading *r)
{
    str url = json_get_str(r->input.object, STR("url"), STR_EMPTY);
    const struct json *parameters = json_get(r->input.object, STR("queryParameters"));
    if (!str_starts_with(url, STR("http://")) && !str_starts_with(url, STR("https://")))
        return error_set(r->err, ERROR_INVALID, place,
                         "\"url\" must begin with http:// or https://%.*s",
                         STR_ARG(input_found(r->arena, url)));
    strbuf_add(&r->url, str_sub(url, 0, str_find_char(url, '#')));
    for (size_t i = 0; json_is(parameters, JSON_OBJECT) && i < parameters->count; i++)
        add_parameter(r, parameters->members[i].name,
                      input_text(r->arena, &parameters->members[i].value));
    return true;
}

static bool read_body(struct reading *r)
{
    const struct json *body = json_get(r->input.object, STR("body"));
    if (body == NULL || body->type == JSON_NULL)
        return true;
    r->request.body = input_text(r->arena, body);
    if (has_header(r, STR("Content-Type")))
        return true;
    bool is_text = body->type == JSON_STRING;
    return add_header(r, STR("Content-Type"),
                      is_text ? STR("text/plain; charset=utf-8") : STR("application/json"));
}

static bool read_api_key(struct reading *r, const struct json *authentication)
{
    str name = json_get_str(authentication, STR("name"), STR("X-API-Key"));
    str value = json_get_str(authentication, STR("value"), STR_EMPTY);
    str location = json_get_str(authentication, STR("apiKeyLocation"), STR("headers"));
    if (!str_equal(location, STR("query")))
        return add_header(r, name, value);
    add_parameter(r, name, value);
    return true;
}

static bool read_authentication(struct reading *r)
{
    const struct json *authentication = json_get(r->input.object, STR("authentication"));
    str type = json_get_str(authentication, STR("type"), STR("noAuth"));
    if (str_equal(type, STR("noAuth")))
        return true;
    if (str_equal(type, STR("apiKey")))
        return read_api_key(r, authentication);
    if (str_equal(type, STR("bearer"))) {
        str token = json_get_str(authentication, STR("token"), STR_EMPTY);
        return add_header(r, STR("Authorization"), str_join2(r->arena, STR("Bearer "), token));
    }
    if (!str_equal(type, STR("basic")))
        return error_set(r->err, ERROR_UNSUPPORTED, place,
                         "authentication \"type\" must be noAuth, basic, bearer or apiKey, found "
                         "'%.*s'",
                         STR_ARG(type));
    r->request.user = str_cstr(r->arena, json_get_str(authentication, STR("username"), STR_EMPTY));
    r->request.password =
        str_cstr(r->arena, json_get_str(authentication, STR("password"), STR_EMPTY));
    return true;
}

static bool read_request(struct reading *r, str variables)
{
    if (!input_open(&r->input, variables))
        return false;
    r->url = strbuf_new(r->arena);
    if (!read_method(r) || !read_url(r) || !read_headers(r) || !read_authentication(r) ||
        !read_body(r) ||
        !input_seconds(&r->input, STR("connectionTimeoutInSeconds"),
                       &r->request.connect_timeout_ms) ||
        !input_seconds(&r->input, STR("readTimeoutInSeconds"), &r->request.timeout_ms))
        return false;
    r->request.url = strbuf_cstr(&r->url);
    r->request.headers = r->headers;
    r->request.timeout_ms += r->request.connect_timeout_ms;
    return true;
}

// -- The response -----------------------------------------------------------------------

// {"status", "headers", "body"}: the body as JSON when it is JSON, else as text.
static str response_json(struct arena *arena, const struct fetch_answer *answer)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *body;
    struct error ignored;
    json_begin_object(&w);
    json_key(&w, STR("status"));
    json_i64(&w, answer->status);
    json_key(&w, STR("headers"));
    json_begin_object(&w);
    for (size_t i = 0; i < answer->header_count; i++) {
        bool is_repeated = false;
        for (size_t j = 0; j < i; j++)
            is_repeated |= str_equal(answer->headers[j].name, answer->headers[i].name);
        if (is_repeated)
            continue;
        json_key(&w, answer->headers[i].name);
        json_string(&w, outcome_valid_text(arena, answer->headers[i].value));
    }
    json_end_object(&w);
    json_key(&w, STR("body"));
    if (answer->body.len == 0)
        json_null(&w);
    else if (json_parse(arena, answer->body, &body, &ignored))
        json_value(&w, body);
    else
        json_string(&w, outcome_valid_text(arena, answer->body));
    json_end_object(&w);
    return strbuf_str(&out);
}

// What a service says may repeat what it was told.
static struct fetch_answer hidden(struct call *call, const struct fetch_answer *answer)
{
    struct fetch_header *headers =
        ARENA_ARRAY(call->arena, struct fetch_header, answer->header_count + 1);
    for (size_t i = 0; i < answer->header_count; i++)
        headers[i] = (struct fetch_header){answer->headers[i].name,
                                           call_hide(call, answer->headers[i].value)};
    return (struct fetch_answer){answer->status, call_hide(call, answer->body), headers,
                                 answer->header_count};
}

enum { MS_PER_SECOND = 1000, MOST_REST_MS = 86400000 };

enum failure_class http_failure_class(long status)
{
    static const struct {
        long status;
        enum failure_class class;
    } rows[] = {
#define STATUS(status, class) {status, FAILURE_##class},
#include "connector_http/failures.def"
#undef STATUS
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].status == status)
            return rows[i].class;
    return FAILURE_TRANSIENT;
}

int64_t http_retry_after_ms(str value, int64_t now_ms)
{
    uint64_t seconds;
    struct tm date = {0};
    char text[64];
    int64_t rest_ms = 0;
    value = str_trim(value);
    if (str_to_u64(value, &seconds)) {
        rest_ms = seconds > MOST_REST_MS / MS_PER_SECOND ? MOST_REST_MS
                                                         : (int64_t)seconds * MS_PER_SECOND;
    } else if (value.len > 0 && value.len < sizeof text) {
        snprintf(text, sizeof text, "%.*s", STR_ARG(value));
        const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &date);
        if (end != NULL && *end == '\0')
            rest_ms = (int64_t)timegm(&date) * MS_PER_SECOND - now_ms;
    }
    return rest_ms < 0 ? 0 : rest_ms < MOST_REST_MS ? rest_ms : MOST_REST_MS;
}

static int64_t rest_of(const struct fetch_answer *answer)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (str_equal_ignoring_case(answer->headers[i].name, STR("Retry-After")))
            return http_retry_after_ms(answer->headers[i].value, clock_now_ms());
    return 0;
}

// Headers stand in the job's inputs, too.
static void classify(struct call *call, const struct fetch_answer *answer, struct outcome *outcome)
{
    outcome->backoff_ms = rest_of(answer);
    outcome->class = http_failure_class(answer->status);
    if (outcome->class == FAILURE_TRANSIENT && outcome->backoff_ms > 0)
        outcome->class = FAILURE_THROTTLED; // 503 with a time, and its like
    if (outcome->class == FAILURE_AUTH)
        outcome->subject = call_credential(call, STR("/variables"), STR("authentication"));
}

static void on_answer(void *context, const struct fetch_answer *answer, const struct error *err)
{
    struct call *call = context;
    struct outcome outcome = {0};
    if (answer == NULL) {
        outcome.error_code = STR("CONNECTION");
        outcome.class = FAILURE_TRANSIENT;
        outcome.error_message = error_line(call->arena, err);
    } else {
        const struct fetch_answer shown = hidden(call, answer);
        outcome.response = response_json(call->arena, &shown);
        if (answer->status >= 400) {
            outcome.error_code = str_format(call->arena, "%d", answer->status);
            outcome.error_message = str_format(call->arena, "HTTP status %d", answer->status);
            classify(call, answer, &outcome);
        }
    }
    call_end(call, &outcome);
}

bool http_read(struct arena *arena, str variables, struct fetch_request *ret_request,
               struct error *err)
{
    struct reading *reading = ARENA_NEW(arena, struct reading);
    reading->input = (struct input){.connector = place, .arena = arena, .err = err};
    reading->arena = arena;
    reading->err = err;
    if (!read_request(reading, variables))
        return false;
    *ret_request = reading->request;
    return true;
}

static void begin(struct call *call)
{
    struct fetch_request request;
    struct error wrong;
    if (!http_read(call->arena, call->filled.variables, &request, &wrong) ||
        !secrets_may_go(&call->filled, request.url, &wrong)) {
        call_refuse(call, &wrong);
        return;
    }
    request.allowed = call->site->allowed;
    fetch_start(call->site->fetcher, &request, on_answer, call);
}

void http_handle(void *context, struct worker_task *task)
{
    call_open(context, task, begin, NULL);
}
