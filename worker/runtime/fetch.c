// SPDX-License-Identifier: Apache-2.0
#include "worker/fetch.h"

#include "base/array.h"
#include "worker/address.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct fetcher {
    struct event_base *loop;
    CURLM *multi;
    struct event *timer;
};

struct fetch {
    struct fetcher *fetcher;
    struct arena arena;
    CURL *curl;
    struct curl_slist *request_headers;
    struct strbuf body;
    ARRAY(struct fetch_header) headers;
    str allowed;
    str host;
    unsigned port;
    bool refused; // the address is not allowed
    bool too_large;
    char problem[CURL_ERROR_SIZE];
    fetch_done *done;
    void *context;
};

// -- Libcurl and libevent ---------------------------------------------------------------

static void finish(struct fetch *fetch, CURLcode code)
{
    struct error err = {0};
    long status = 0;
    curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, &status);
    struct fetch_answer answer = {(int)status, strbuf_str(&fetch->body), fetch->headers.items,
                                  fetch->headers.count};
    const char *host = str_cstr(&fetch->arena, fetch->host);
    if (fetch->refused)
        error_set(&err, ERROR_DENIED, host,
                  "the address is private, link-local or otherwise special; --allow %s permits it",
                  host);
    else if (fetch->too_large)
        error_set(&err, ERROR_LIMIT, host,
                  "the response is longer than FETCH_MAX_ANSWER (%d bytes)", FETCH_MAX_ANSWER);
    else if (code != CURLE_OK)
        error_set(&err, code == CURLE_OPERATION_TIMEDOUT ? ERROR_UNAVAILABLE : ERROR_IO, host, "%s",
                  fetch->problem[0] ? fetch->problem : curl_easy_strerror(code));
    curl_multi_remove_handle(fetch->fetcher->multi, fetch->curl);
    fetch->done(fetch->context, err.kind == ERROR_NONE ? &answer : NULL, &err);
    curl_easy_cleanup(fetch->curl);
    curl_slist_free_all(fetch->request_headers);
    struct arena arena = fetch->arena;
    arena_done(&arena);
}

static void finish_all(struct fetcher *fetcher)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(fetcher->multi, &left)) != NULL;) {
        struct fetch *fetch;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&fetch);
        finish(fetch, code);
    }
}

static void on_socket_event(evutil_socket_t fd, short events, void *context)
{
    struct fetcher *fetcher = context;
    int running;
    int action =
        (events & EV_READ ? CURL_CSELECT_IN : 0) | (events & EV_WRITE ? CURL_CSELECT_OUT : 0);
    curl_multi_socket_action(fetcher->multi, fd, action, &running);
    finish_all(fetcher);
}

static void on_timer_event(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct fetcher *fetcher = context;
    int running;
    curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_all(fetcher);
}

static int on_socket_wanted(CURL *curl, curl_socket_t fd, int what, void *context, void *old)
{
    (void)curl;
    struct fetcher *fetcher = context;
    struct event *event = old;
    if (event != NULL)
        event_free(event);
    if (what == CURL_POLL_REMOVE) {
        curl_multi_assign(fetcher->multi, fd, NULL);
        return 0;
    }
    short events = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
                           (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
    event = event_new(fetcher->loop, fd, events, on_socket_event, fetcher);
    check(event != NULL);
    event_add(event, NULL);
    curl_multi_assign(fetcher->multi, fd, event);
    return 0;
}

static int on_timer_wanted(CURLM *multi, long ms, void *context)
{
    (void)multi;
    struct fetcher *fetcher = context;
    struct timeval wait = {ms / 1000, ms % 1000 * 1000};
    if (ms < 0)
        evtimer_del(fetcher->timer);
    else
        evtimer_add(fetcher->timer, &wait);
    return 0;
}

struct fetcher *fetcher_new(struct event_base *loop)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);
    check(fetcher != NULL);
    fetcher->loop = loop;
    fetcher->multi = curl_multi_init();
    fetcher->timer = evtimer_new(loop, on_timer_event, fetcher);
    check(fetcher->multi != NULL && fetcher->timer != NULL);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
    curl_multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, on_timer_wanted);
    curl_multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
    return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
    if (fetcher == NULL)
        return;
    curl_multi_cleanup(fetcher->multi);
    event_free(fetcher->timer);
    free(fetcher);
}

// -- One request ------------------------------------------------------------------------

// The address is checked when the socket is opened, after the name was resolved: a name that
// changes its address between check and use gains nothing.
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct fetch *fetch = context;
    (void)purpose;
    if (address_is_special(&address->addr) &&
        !address_is_allowed(fetch->allowed, fetch->host, fetch->port)) {
        fetch->refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t on_body(char *data, size_t size, size_t count, void *context)
{
    struct fetch *fetch = context;
    fetch->too_large = fetch->body.len + size * count > FETCH_MAX_ANSWER;
    if (fetch->too_large)
        return 0;
    strbuf_add(&fetch->body, str_from(data, size * count));
    return size * count;
}

static str lower_case(struct arena *arena, str text)
{
    char *copy = str_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + 32);
    return str_from(copy, text.len);
}

static size_t on_header(char *data, size_t size, size_t count, void *context)
{
    struct fetch *fetch = context;
    str line = str_trim(str_from(data, size * count));
    size_t colon = str_find_char(line, ':');
    if (str_starts_with(line, STR("HTTP/")))
        fetch->headers.count = 0;
    else if (colon != SIZE_MAX)
        *ARRAY_PUSH(&fetch->arena, &fetch->headers) = (struct fetch_header){
            lower_case(&fetch->arena, str_sub(line, 0, colon)),
            str_copy(&fetch->arena, str_trim(str_from_index(line, colon + 1)))};
    return size * count;
}

str fetch_target(struct arena *arena, const char *url, unsigned *ret_port)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    char *port = NULL;
    uint64_t number = 0;
    str found = STR_EMPTY;
    check(parts != NULL);
    *ret_port = 0;
    if (curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        found = str_copy(arena, str_of(host));
    if (curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
        str_to_u64(str_of(port), &number))
        *ret_port = (unsigned)number;
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return found;
}

static void add_headers(struct fetch *fetch, const struct fetch_request *request)
{
    for (size_t i = 0; i < request->header_count; i++) {
        str line = str_format(&fetch->arena, "%.*s: %.*s", STR_ARG(request->headers[i].name),
                              STR_ARG(request->headers[i].value));
        fetch->request_headers =
            curl_slist_append(fetch->request_headers, str_cstr(&fetch->arena, line));
    }
    fetch->request_headers = curl_slist_append(fetch->request_headers, "Expect:");
    curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, fetch->request_headers);
}

static void set_options(struct fetch *fetch, const struct fetch_request *request)
{
    CURL *curl = fetch->curl;
    curl_easy_setopt(curl, CURLOPT_PRIVATE, fetch);
    curl_easy_setopt(curl, CURLOPT_URL, request->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, request->connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, request->timeout_ms);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetch->problem);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, fetch);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "baton/" BATON_VERSION);
    if (request->authorities != NULL && request->authorities[0] != '\0')
        curl_easy_setopt(curl, CURLOPT_CAINFO, request->authorities);
    if (strcmp(request->method, "HEAD") == 0)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    if (request->body.data != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)request->body.len);
        curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->body.data);
    }
    if (request->user != NULL) {
        curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        curl_easy_setopt(curl, CURLOPT_PASSWORD, request->password);
    }
}

void fetch_start(struct fetcher *fetcher, const struct fetch_request *request, fetch_done *done,
                 void *context)
{
    struct arena arena = ARENA_EMPTY;
    struct fetch *fetch = ARENA_NEW(&arena, struct fetch);
    fetch->arena = arena;
    fetch->fetcher = fetcher;
    fetch->body = strbuf_new(&fetch->arena);
    fetch->allowed = str_copy(&fetch->arena, request->allowed);
    fetch->done = done;
    fetch->context = context;
    fetch->curl = curl_easy_init();
    check(fetch->curl != NULL);
    fetch->host = fetch_target(&fetch->arena, request->url, &fetch->port);
    set_options(fetch, request);
    add_headers(fetch, request);
    check(curl_multi_add_handle(fetcher->multi, fetch->curl) == CURLM_OK);
}
