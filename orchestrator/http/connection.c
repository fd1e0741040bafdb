// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/server_private.h"
#include "loop/timer.h"
#include "loop/tls.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { SWEEP_MS = 1000, PAUSE_MS = 200 };

// libevent hands a listener's callbacks evhttp only: by it a pool is found again.
static TAILQ_HEAD(, connection_pool) pools = TAILQ_HEAD_INITIALIZER(pools);

static const int64_t NS_PER_SECOND = 1000000000;

static const int64_t state_seconds[] = {
#define CONNECTION_STATE(name, seconds, what) seconds,
#include "http/connection_states.def"
#undef CONNECTION_STATE
};

// -- States -----------------------------------------------------------------------------

static bool may_enter(enum connection_state from, enum connection_state to)
{
    switch (to) {
    case CONNECTION_ACCEPTED:
        return false;
    case CONNECTION_IDLE:
        return from == CONNECTION_ACCEPTED || from == CONNECTION_SENDING;
    case CONNECTION_READING:
        return from == CONNECTION_IDLE || from == CONNECTION_ACCEPTED || from == CONNECTION_SENDING;
    case CONNECTION_WORKING:
        return from != CONNECTION_REFUSED && from != CONNECTION_WORKING;
    case CONNECTION_SENDING:
        return from == CONNECTION_WORKING;
    case CONNECTION_REFUSED:
        return from != CONNECTION_WORKING && from != CONNECTION_SENDING;
    case CONNECTION_STATES:
        return false;
    }
    check_unreachable();
}

static void enter(struct connection *connection, enum connection_state state)
{
    struct connection_pool *pool = connection->pool;
    check(may_enter(connection->state, state));
    TAILQ_REMOVE(&pool->lists[connection->state], connection, link);
    TAILQ_INSERT_TAIL(&pool->lists[state], connection, link);
    connection->state = state;
    connection->since_ns = connection->moved_ns = clock_monotonic_ns();
    connection->moved = connection->arrived;
}

static bool is_between_requests(const struct connection *connection)
{
    return connection->guard.state == GUARD_REQUEST_LINE && connection->guard.line_len == 0;
}

// -- Bytes in flight --------------------------------------------------------------------

static enum http_share share_of(size_t len)
{
    return len > HTTP_SMALL_BYTES ? HTTP_LARGE : HTTP_SMALL;
}

static size_t share_limit(const struct connection_pool *pool, enum http_share share)
{
    size_t small = pool->limits.bytes / 4;
    return share == HTTP_SMALL ? small : pool->limits.bytes - small;
}

// Something that counted as `from` bytes counts as `to` bytes now.
static void count_bytes(struct connection_pool *pool, size_t from, size_t to)
{
    check(pool->bytes[share_of(from)] >= from);
    pool->bytes[share_of(from)] -= from;
    pool->bytes[share_of(to)] += to;
}

void connection_release(struct connection_pool *pool, size_t len)
{
    count_bytes(pool, len, 0);
}

// One that is alone is let through, however large.
static bool fits(const struct connection_pool *pool, size_t from, size_t to)
{
    enum http_share share = share_of(to);
    size_t others = pool->bytes[share] - (share_of(from) == share ? from : 0);
    return others == 0 || others + to <= share_limit(pool, share);
}

static void note_moved(struct connection *connection, size_t now, int64_t now_ns)
{
    size_t was = connection->moved;
    if ((now > was ? now - was : was - now) < HTTP_SMALL_BYTES)
        return;
    connection->moved = now;
    connection->moved_ns = now_ns;
}

// What the client has taken of its answer does not count any more.
static void note_taken(struct connection *connection, int64_t now_ns)
{
    size_t left = evbuffer_get_length(bufferevent_get_output(connection->buffer));
    if (left >= connection->answer)
        return;
    count_bytes(connection->pool, connection->answer, left);
    connection->answer = left;
    connection->taken_ns = now_ns;
    note_moved(connection, left, now_ns);
}

// The first of the list that moves too slowly is cut off. False when there is none.
static bool cut_off_slow(struct connection_pool *pool, enum connection_state state,
                         enum http_share share, const struct connection *but)
{
    int64_t now_ns = clock_monotonic_ns();
    struct connection *at;
    TAILQ_FOREACH(at, &pool->lists[state], link)
    {
        if (state == CONNECTION_SENDING)
            note_taken(at, now_ns);
        size_t len = at->arrived + at->answer;
        bool is_slow = now_ns - at->moved_ns > HTTP_YIELD_SECONDS * NS_PER_SECOND;
        if (at == but || len == 0 || share_of(len) != share || !is_slow)
            continue;
        pool->cut_off++;
        evhttp_connection_free(at->http);
        return true;
    }
    return false;
}

static bool make_bytes_fit(struct connection_pool *pool, const struct connection *for_whom,
                           size_t from, size_t to)
{
    enum http_share share = share_of(to);
    while (!fits(pool, from, to))
        if (!cut_off_slow(pool, CONNECTION_READING, share, for_whom) &&
            !cut_off_slow(pool, CONNECTION_SENDING, share, for_whom))
            return fits(pool, from, to);
    return true;
}

bool connection_has_room(struct connection_pool *pool, size_t len)
{
    return make_bytes_fit(pool, NULL, 0, len);
}

bool connection_grow(struct connection *connection, struct request *request, size_t len)
{
    struct connection_pool *pool = connection->pool;
    if (!make_bytes_fit(pool, connection, request->counted, request->counted + len))
        return false;
    count_bytes(pool, request->counted, request->counted + len);
    request->counted += len;
    return true;
}

// -- Refusing ---------------------------------------------------------------------------

static void refuse(struct connection *connection, int status, const char *title, const char *detail)
{
    connection->refusal = (struct refusal){status, title, detail};
    connection->pool->refused++;
    timer_ring(connection->pool->settle);
}

static void drop_input(struct bufferevent *buffer, void *context)
{
    (void)context;
    struct evbuffer *input = bufferevent_get_input(buffer);
    evbuffer_drain(input, evbuffer_get_length(input));
}

static void on_end_of_refused(struct bufferevent *buffer, short what, void *context)
{
    (void)buffer;
    (void)what;
    evhttp_connection_free(((struct connection *)context)->http);
}

static void on_refusal_sent(struct bufferevent *buffer, void *context)
{
    tls_end(buffer);
    if (shutdown(bufferevent_getfd(buffer), SHUT_WR) != 0)
        evhttp_connection_free(((struct connection *)context)->http);
}

// evhttp would read the whole request first. It sees no more of this connection: the answer goes
// to the buffer, and the connection stays until the client has closed it, so that the
// answer is not lost to a reset.
static void send_refusal(struct connection *connection)
{
    const struct refusal *refusal = &connection->refusal;
    struct arena arena = ARENA_EMPTY;
    struct strbuf body = strbuf_new(&arena);
    struct json_writer w = json_writer_new(&body);
    json_begin_object(&w);
    json_key(&w, STR("type"));
    json_string(&w, STR("about:blank"));
    json_key(&w, STR("title"));
    json_string(&w, str_of(refusal->title));
    json_key(&w, STR("status"));
    json_i64(&w, refusal->status);
    json_key(&w, STR("detail"));
    json_string(&w, str_of(refusal->detail));
    json_end_object(&w);
    str answer = str_format(&arena,
                            "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\n"
                            "Content-Length: %zu\r\nRetry-After: 1\r\nConnection: close\r\n\r\n%s",
                            refusal->status, refusal->title, body.len, strbuf_cstr(&body));
    enter(connection, CONNECTION_REFUSED);
    bufferevent_setcb(connection->buffer, drop_input, on_refusal_sent, on_end_of_refused,
                      connection);
    bufferevent_enable(connection->buffer, EV_READ | EV_WRITE);
    bufferevent_write(connection->buffer, answer.data, answer.len);
    drop_input(connection->buffer, NULL);
    arena_done(&arena);
}

// -- What arrives -----------------------------------------------------------------------

// A body is counted as it arrives: what was only announced costs nothing.
static void count_body(struct connection *connection)
{
    struct connection_pool *pool = connection->pool;
    struct guard *guard = &connection->guard;
    size_t now = connection->arrived + guard->arrived;
    if (guard->body_total > REQUEST_MAX_BODY)
        refuse(connection, 413, "CONTENT_TOO_LARGE",
               "the body is larger than 16777216 bytes (REQUEST_MAX_BODY)");
    else if (guard->arrived > 0 && !make_bytes_fit(pool, connection, connection->arrived, now))
        refuse(connection, 503, "RESOURCE_EXHAUSTED",
               "too many bytes of requests and answers are in flight (api.max_bytes)");
    guard->arrived = 0;
    count_bytes(pool, connection->arrived, now);
    connection->arrived = now;
    if (connection->state == CONNECTION_READING)
        note_moved(connection, now, clock_monotonic_ns());
}

static void feed(struct connection *connection, str bytes)
{
    struct guard *guard = &connection->guard;
    guard_feed(guard, bytes);
    bool rests = connection->state == CONNECTION_IDLE || connection->state == CONNECTION_ACCEPTED;
    if (rests && !is_between_requests(connection))
        enter(connection, CONNECTION_READING);
    count_body(connection);
    if (guard->objection == NULL || connection->refusal.status != 0)
        return;
    if (guard->has_long_uri)
        refuse(connection, 414, "URI_TOO_LONG", guard->objection);
    else if (guard->has_strange_method)
        refuse(connection, 501, "NOT_IMPLEMENTED", guard->objection);
    else
        refuse(connection, 400, "INVALID_ARGUMENT", guard->objection);
}

static void on_bytes(struct evbuffer *input, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;
    size_t len = evbuffer_get_length(input);
    size_t left = info->n_added;
    if (connection->refusal.status != 0 || left == 0 || left > len)
        return;
    while (left > 0) {
        struct evbuffer_ptr at;
        struct evbuffer_iovec parts[16];
        if (evbuffer_ptr_set(input, &at, len - left, EVBUFFER_PTR_SET) != 0)
            return;
        int count = evbuffer_peek(input, (ev_ssize_t)left, &at, parts, 16);
        for (int i = 0; i < count && i < 16 && left > 0; i++) {
            size_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
            feed(connection, str_from(parts[i].iov_base, size));
            left -= size;
        }
    }
}

// -- Coming and going -------------------------------------------------------------------

// evhttp asks for the buffer of a connection that it has accepted.
static struct bufferevent *new_buffer(struct event_base *loop, void *context)
{
    struct connection_pool *pool = context;
    struct connection *connection = calloc(1, sizeof *connection);
    struct bufferevent *buffer =
        tls_accept(pool->server->options.tls, loop, -1, BEV_OPT_CLOSE_ON_FREE);
    check(connection != NULL);
    connection->pool = pool;
    connection->buffer = buffer;
    connection->since_ns = clock_monotonic_ns();
    TAILQ_INSERT_TAIL(&pool->lists[CONNECTION_ACCEPTED], connection, link);
    pool->count++;
    evbuffer_add_cb(bufferevent_get_input(buffer), on_bytes, connection);
    timer_ring(pool->settle);
    return buffer;
}

static void on_closed(struct evhttp_connection *http, void *context)
{
    struct connection *connection = context;
    struct connection_pool *pool = connection->pool;
    struct request *request = connection->request;
    if (connection->state == CONNECTION_SENDING)
        connection_end_answer(connection);
    idmap_remove(&pool->by_http, (uint64_t)(uintptr_t)http);
    TAILQ_REMOVE(&pool->lists[connection->state], connection, link);
    event_free(connection->hang_up);
    pool->count--;
    pool->waiting -= connection->waits;
    connection_release(pool, connection->arrived);
    free(connection);
    if (request != NULL)
        request_hang_up(request);
}

// It may have closed its side only, and wait for the answer: who waits long is told, the answer is
// sent all the same.
static void on_hang_up(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct connection *connection = context;
    if (connection->state == CONNECTION_WORKING)
        request_leave(connection->request);
}

// evhttp is the context of its buffer's callbacks once it has taken the connection over.
static void take_over(struct connection *connection)
{
    void *http = NULL;
    bufferevent_getcb(connection->buffer, NULL, NULL, NULL, &http);
    check(http != NULL);
    connection->http = http;
    idmap_put(&connection->pool->by_http, (uint64_t)(uintptr_t)http, connection);
    evhttp_connection_set_closecb(http, on_closed, connection);
    connection->hang_up =
        event_new(connection->pool->server->options.loop, bufferevent_getfd(connection->buffer),
                  EV_CLOSED, on_hang_up, connection);
    check(connection->hang_up != NULL && event_add(connection->hang_up, NULL) == 0);
    enter(connection, CONNECTION_IDLE);
}

static bool has_rested(const struct connection *connection)
{
    return connection != NULL &&
           clock_monotonic_ns() - connection->since_ns > HTTP_YIELD_SECONDS * NS_PER_SECOND;
}

// Who goes first: refused ones, those that have rested, and only then the newest.
static struct connection *dispensable(const struct connection_pool *pool)
{
    struct connection *refused = TAILQ_FIRST(&pool->lists[CONNECTION_REFUSED]);
    struct connection *idle = TAILQ_FIRST(&pool->lists[CONNECTION_IDLE]);
    struct connection *reading = TAILQ_FIRST(&pool->lists[CONNECTION_READING]);
    if (refused != NULL)
        return refused;
    if (has_rested(idle) || !has_rested(reading))
        return idle != NULL ? idle : reading;
    return reading;
}

static void say_full(struct connection_pool *pool)
{
    if (!pool->said_full)
        log_warning("http",
                    "%zu connections are open (api.max_connections): those that rest "
                    "longest are closed",
                    pool->count - 1);
    pool->said_full = true;
}

// How many beyond the limit may have a moment to say something: who has just come is not the one to
// go while all others are worked on.
static size_t newcomers(const struct connection_pool *pool)
{
    size_t share = pool->limits.connections / 8;
    return share < HTTP_MAX_NEWCOMERS ? share : HTTP_MAX_NEWCOMERS;
}

static bool may_stay(const struct connection_pool *pool, const struct connection *connection)
{
    return connection->state != CONNECTION_REFUSED && !has_rested(connection) &&
           pool->count <= pool->limits.connections + newcomers(pool);
}

// False when nobody can go.
static bool make_room(struct connection_pool *pool)
{
    struct connection *idle = TAILQ_FIRST(&pool->lists[CONNECTION_IDLE]);
    say_full(pool);
    if (!has_rested(idle) && (cut_off_slow(pool, CONNECTION_SENDING, HTTP_LARGE, NULL) ||
                              cut_off_slow(pool, CONNECTION_SENDING, HTTP_SMALL, NULL)))
        return true;
    struct connection *goes = dispensable(pool);
    if (goes == NULL || may_stay(pool, goes))
        return false;
    pool->cut_off++;
    evhttp_connection_free(goes->http);
    return true;
}

static void keep_to_limit(struct connection_pool *pool)
{
    while (pool->count > pool->limits.connections && make_room(pool))
        ;
}

static void on_settle(void *context)
{
    struct connection_pool *pool = context;
    struct connection *connection;
    while ((connection = TAILQ_FIRST(&pool->lists[CONNECTION_ACCEPTED])) != NULL)
        take_over(connection);
    keep_to_limit(pool);
    for (int state = CONNECTION_IDLE; state <= CONNECTION_READING; state++)
        for (struct connection *next, *at = TAILQ_FIRST(&pool->lists[state]); at != NULL;
             at = next) {
            next = TAILQ_NEXT(at, link);
            if (at->refusal.status != 0)
                send_refusal(at);
        }
}

// -- Requests ---------------------------------------------------------------------------

struct connection *connection_of(struct connection_pool *pool, struct evhttp_connection *http,
                                 struct request *request, size_t body_len)
{
    struct connection *connection = idmap_get(&pool->by_http, (uint64_t)(uintptr_t)http);
    check(connection != NULL);
    size_t counted = body_len < connection->arrived ? body_len : connection->arrived;
    count_bytes(pool, connection->arrived, connection->arrived - counted);
    connection->arrived -= counted;
    count_bytes(pool, 0, counted);
    request->counted = counted; // a refused request is not counted whole
    connection->request = request;
    enter(connection, CONNECTION_WORKING);
    return connection;
}

// The rest of the connections is for requests that are answered soon.
bool connection_begin_wait(struct connection *connection)
{
    struct connection_pool *pool = connection->pool;
    check(connection->state == CONNECTION_WORKING && !connection->waits);
    if (pool->waiting >= pool->limits.connections / 4 * 3)
        return false;
    connection->waits = true;
    pool->waiting++;
    return true;
}

void connection_begin_answer(struct connection *connection, size_t len)
{
    struct connection_pool *pool = connection->pool;
    connection->request = NULL;
    connection->answer = len;
    count_bytes(pool, 0, len);
    pool->waiting -= connection->waits;
    connection->waits = false;
    enter(connection, CONNECTION_SENDING);
    connection->moved = len;
    connection->taken_ns = connection->since_ns;
}

void connection_end_answer(struct connection *connection)
{
    connection_release(connection->pool, connection->answer);
    connection->answer = 0;
    enter(connection, is_between_requests(connection) ? CONNECTION_IDLE : CONNECTION_READING);
    if (connection->refusal.status != 0)
        timer_ring(connection->pool->settle);
    http_answer_sent(connection->pool->server);
}

// -- Deadlines --------------------------------------------------------------------------

static int64_t deadline_ns(const struct connection *connection)
{
    int64_t seconds = state_seconds[connection->state];
    int reading_seconds = connection->pool->server->options.reading_seconds;
    if (connection->state == CONNECTION_READING && reading_seconds > 0)
        seconds = reading_seconds;
    if (connection->state == CONNECTION_READING)
        seconds += (int64_t)(connection->arrived / HTTP_BODY_BYTES_A_SECOND);
    int64_t end_ns = connection->since_ns + seconds * NS_PER_SECOND;
    int64_t still_ns = connection->taken_ns + HTTP_STILL_SECONDS * NS_PER_SECOND;
    return connection->state == CONNECTION_SENDING && still_ns < end_ns ? still_ns : end_ns;
}

static void cut_off_late(struct connection_pool *pool, enum connection_state state, int64_t now_ns)
{
    for (struct connection *next, *at = TAILQ_FIRST(&pool->lists[state]); at != NULL; at = next) {
        next = TAILQ_NEXT(at, link);
        if (state == CONNECTION_SENDING)
            note_taken(at, now_ns);
        if (deadline_ns(at) > now_ns)
            continue;
        pool->cut_off++;
        evhttp_connection_free(at->http);
    }
}

static void on_sweep(void *context)
{
    struct connection_pool *pool = context;
    int64_t now_ns = clock_monotonic_ns();
    keep_to_limit(pool);
    cut_off_late(pool, CONNECTION_IDLE, now_ns);
    cut_off_late(pool, CONNECTION_READING, now_ns);
    cut_off_late(pool, CONNECTION_SENDING, now_ns);
    cut_off_late(pool, CONNECTION_REFUSED, now_ns);
    if (pool->count < pool->limits.connections * 3 / 4)
        pool->said_full = false;
    timer_set(pool->sweep, SWEEP_MS);
}

// -- The listener -----------------------------------------------------------------------

static void on_pause_over(void *context)
{
    struct connection_pool *pool = context;
    evconnlistener_enable(evhttp_bound_socket_get_listener(pool->socket));
}

// accept() failed. Without a descriptor it would fail again at once, for as long as somebody waits.
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    struct connection_pool *pool = TAILQ_FIRST(&pools);
    int error = EVUTIL_SOCKET_ERROR();
    while (pool->evhttp != context)
        pool = TAILQ_NEXT(pool, link);
    if (!pool->said_full)
        log_warning("http", "cannot accept a connection: %s; trying again every %d ms",
                    strerror(error), PAUSE_MS);
    pool->said_full = true;
    evconnlistener_disable(listener);
    timer_set(pool->listen, PAUSE_MS);
}

void connection_pool_listen(struct connection_pool *pool, struct evhttp_bound_socket *socket)
{
    pool->socket = socket;
    evconnlistener_set_error_cb(evhttp_bound_socket_get_listener(socket), on_accept_error);
}

void connection_pool_init(struct connection_pool *pool, struct http_server *server,
                          struct connection_limits limits, struct evhttp *http)
{
    pool->limits = limits;
    pool->server = server;
    pool->evhttp = http;
    TAILQ_INSERT_TAIL(&pools, pool, link);
    pool->by_http = idmap_new(&pool->arena);
    for (int state = 0; state < CONNECTION_STATES; state++)
        TAILQ_INIT(&pool->lists[state]);
    pool->settle = timer_new(server->options.loop, on_settle, pool);
    pool->sweep = timer_new(server->options.loop, on_sweep, pool);
    pool->listen = timer_new(server->options.loop, on_pause_over, pool);
    evhttp_set_bevcb(http, new_buffer, pool);
    timer_set(pool->sweep, SWEEP_MS);
}

void connection_pool_done(struct connection_pool *pool)
{
    check(pool->count == 0);
    TAILQ_REMOVE(&pools, pool, link);
    timer_free(pool->settle);
    timer_free(pool->sweep);
    timer_free(pool->listen);
    arena_done(&pool->arena);
}
