// SPDX-License-Identifier: Apache-2.0
#include "grpc/connection.h"

#include "base/clock.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "gateway/job_gateway.h"
#include "loop/timer.h"
#include "loop/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LOOK_MS = 1000,
    HANDSHAKE_MS = 10000,    // from the connection to its first call
    RESET_PERIOD_MS = 10000, // in which GRPC_MAX_RESETS are counted
    WINDOW_BYTES = 1 << 20,
    OUTPUT_BYTES = 256 << 10, // in the socket's buffer; nghttp2 keeps the rest
    NS_PER_MS = 1000000,
};

// A job that was written and not confirmed. ping 0: its bytes may not have left yet.
struct sent_job {
    TAILQ_ENTRY(sent_job) link;
    struct grpc_call *call; // NULL: it has ended
    struct released_job job;
    uint64_t ping;
    int64_t since_ms; // when it was promised
};

struct grpc_connection {
    TAILQ_ENTRY(grpc_connection) link;
    struct grpc_server *server;
    struct bufferevent *socket;
    nghttp2_session *session;
    TAILQ_HEAD(, grpc_call) calls; // whose streams are open
    TAILQ_HEAD(, sent_job) sent;
    size_t bytes;         // of requests of its open calls
    int64_t heard_ms;     // when the client last said anything
    uint64_t pings;       // sent
    uint64_t answered;    // up to this one
    int64_t pinged_ms;    // when the oldest unanswered one was sent; 0: none
    int64_t began_ms;     // 0: it had a call
    int64_t resets_since; // ms
    uint32_t resets;
    char peer[INET6_ADDRSTRLEN];
    bool is_asked; // for jobs whose bytes have not left
    bool is_flushing;
    bool is_over;
};

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / NS_PER_MS;
}

struct grpc_server *grpc_connection_server(const struct grpc_connection *connection)
{
    return connection->server;
}

str grpc_connection_peer(const struct grpc_connection *connection)
{
    return str_of(connection->peer);
}

static void name_peer(struct grpc_connection *connection, const struct sockaddr *address)
{
    const void *number = NULL;
    if (address->sa_family == AF_INET)
        number = &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    else if (address->sa_family == AF_INET6)
        number = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    if (number != NULL)
        (void)inet_ntop(address->sa_family, number, connection->peer, sizeof connection->peer);
}

// -- Jobs on their way --------------------------------------------------------------------

void grpc_connection_note_job(struct grpc_connection *connection, struct grpc_call *call,
                              const struct released_job *job)
{
    struct sent_job *sent = calloc(1, sizeof *sent);
    check(sent != NULL);
    sent->call = call;
    sent->job = *job;
    sent->since_ms = now_ms();
    TAILQ_INSERT_TAIL(&connection->sent, sent, link);
}

static void forget(struct grpc_connection *connection, struct sent_job *sent)
{
    TAILQ_REMOVE(&connection->sent, sent, link);
    free(sent);
}

static void give_back(struct grpc_connection *connection, struct sent_job *sent)
{
    job_gateway_give_back(connection->server->options.gateway, &sent->job);
    forget(connection, sent);
}

static void send_ping(struct grpc_connection *connection)
{
    uint8_t payload[8];
    connection->pings++;
    memcpy(payload, &connection->pings, sizeof payload);
    if (nghttp2_submit_ping(connection->session, NGHTTP2_FLAG_NONE, payload) == 0 &&
        connection->pinged_ms == 0)
        connection->pinged_ms = now_ms();
}

// Jobs whose bytes have left are confirmed by the answer to a ping that follows them. Others tell,
// too, whether the client is there.
static void ping(struct grpc_connection *connection)
{
    struct sent_job *sent;
    bool follows = false, waits = false;
    TAILQ_FOREACH(sent, &connection->sent, link)
    if (sent->ping == 0 && (sent->call == NULL || grpc_call_unsent(sent->call) == 0)) {
        sent->ping = connection->pings + 1;
        follows = true;
    } else if (sent->ping == 0) {
        waits = true;
    }
    if (follows || (waits && connection->pinged_ms == 0 && !connection->is_asked))
        send_ping(connection);
    connection->is_asked = waits;
}

static void take_answer(struct grpc_connection *connection, const uint8_t *payload)
{
    uint64_t number;
    struct sent_job *next;
    memcpy(&number, payload, sizeof number);
    if (number > connection->pings || number <= connection->answered)
        return;
    connection->answered = number;
    connection->pinged_ms = number == connection->pings ? 0 : now_ms();
    for (struct sent_job *sent = TAILQ_FIRST(&connection->sent); sent != NULL; sent = next) {
        next = TAILQ_NEXT(sent, link);
        if (sent->ping != 0 && sent->ping <= number)
            forget(connection, sent);
    }
}

// The call has ended. A client that gave it up may not have looked at what had come.
static void settle_jobs(struct grpc_connection *connection, const struct grpc_call *call,
                        bool given_up)
{
    struct sent_job *next;
    for (struct sent_job *sent = TAILQ_FIRST(&connection->sent); sent != NULL; sent = next) {
        next = TAILQ_NEXT(sent, link);
        if (sent->call != call)
            continue;
        if (given_up)
            give_back(connection, sent);
        else
            sent->call = NULL;
    }
}

// -- Sending ------------------------------------------------------------------------------

static void close_connection(struct grpc_connection *connection);

static bool write_some(struct grpc_connection *connection)
{
    struct evbuffer *output = bufferevent_get_output(connection->socket);
    while (evbuffer_get_length(output) < OUTPUT_BYTES) {
        const uint8_t *data;
        ssize_t len = nghttp2_session_mem_send(connection->session, &data);
        if (len < 0)
            return false;
        if (len == 0)
            return true;
        check(evbuffer_add(output, data, (size_t)len) == 0);
    }
    return true;
}

// Everything that can be sent now. The connection may be gone afterwards.
static void flush(struct grpc_connection *connection)
{
    if (connection->is_flushing || connection->is_over)
        return;
    connection->is_flushing = true;
    bool good = write_some(connection);
    ping(connection);
    good = good && write_some(connection);
    connection->is_flushing = false;
    bool done = nghttp2_session_want_read(connection->session) == 0 &&
                nghttp2_session_want_write(connection->session) == 0 &&
                evbuffer_get_length(bufferevent_get_output(connection->socket)) == 0;
    if (!good || done)
        close_connection(connection);
}

// What a handler did from inside of reading is flushed when reading has ended.
static void flush_later(struct grpc_connection *connection)
{
    bufferevent_trigger(connection->socket, EV_WRITE,
                        BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}

static ssize_t read_out(nghttp2_session *session, int32_t stream, uint8_t *buffer, size_t length,
                        uint32_t *data_flags, nghttp2_data_source *source, void *context)
{
    struct grpc_call *call = source->ptr;
    (void)context;
    int taken = evbuffer_remove(call->out, buffer, length);
    if (grpc_call_unsent(call) > 0)
        return taken;
    if (call->is_ending) {
        char status[12];
        snprintf(status, sizeof status, "%d", (int)call->status);
        const nghttp2_nv trailers[] = {
            {(uint8_t *)(uintptr_t) "grpc-status", (uint8_t *)status, 11, strlen(status), 0},
            {(uint8_t *)(uintptr_t) "grpc-message", (uint8_t *)(uintptr_t)call->message.data, 12,
             call->message.len, 0}};
        *data_flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(session, stream, trailers, call->message.len > 0 ? 2 : 1) != 0)
            return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        return taken > 0 ? taken : 0;
    }
    if (taken > 0)
        return taken;
    call->is_deferred = true;
    return NGHTTP2_ERR_DEFERRED;
}

// Percent-encoded, as gRPC wants its messages.
static str encoded(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < ' ' || c > '~' || c == '%')
            strbuf_format(&out, "%%%02X", c);
        else
            strbuf_add_char(&out, (char)c);
    }
    return strbuf_str(&out);
}

#define NV(name, value)                                                                            \
    {                                                                                              \
        (uint8_t *)(uintptr_t)(name), (uint8_t *)(uintptr_t)(value).data, sizeof(name) - 1,        \
            (value).len, 0                                                                         \
    }

void grpc_connection_respond(struct grpc_connection *connection, struct grpc_call *call)
{
    const nghttp2_data_provider provider = {.source = {.ptr = call}, .read_callback = read_out};
    char status[12];
    snprintf(status, sizeof status, "%d", (int)call->status);
    if (call->is_ending)
        call->message = encoded(&call->arena, call->message);
    const nghttp2_nv headers[] = {
        NV(":status", STR("200")), NV("content-type", STR("application/grpc")),
        NV("grpc-accept-encoding", STR("identity,gzip,deflate")), NV("grpc-status", str_of(status)),
        NV("grpc-message", call->message)};
    size_t count = COUNT_OF(headers) - (call->message.len > 0 ? 0 : 1);
    bool is_short = call->is_ending && grpc_call_unsent(call) == 0;
    int code = nghttp2_submit_response(connection->session, call->stream, headers,
                                       is_short ? count : 3, is_short ? NULL : &provider);
    if (code != 0)
        grpc_connection_reset(connection, call->stream);
    flush_later(connection);
}

void grpc_connection_resume(struct grpc_connection *connection, struct grpc_call *call)
{
    if (call->is_ending)
        call->message = encoded(&call->arena, call->message);
    if (call->is_deferred)
        (void)nghttp2_session_resume_data(connection->session, call->stream);
    call->is_deferred = false;
    flush_later(connection);
}

bool grpc_connection_take(struct grpc_connection *connection, struct grpc_call *call, size_t more)
{
    struct grpc_server *server = connection->server;
    if (connection->bytes + more > GRPC_CONNECTION_BYTES || server->bytes + more > GRPC_MAX_BYTES)
        return false;
    connection->bytes += more;
    server->bytes += more;
    call->bytes += more;
    return true;
}

void grpc_connection_reset(struct grpc_connection *connection, int32_t stream)
{
    (void)nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, stream,
                                    NGHTTP2_REFUSED_STREAM);
    flush_later(connection);
}

// -- nghttp2's callbacks ------------------------------------------------------------------

static struct grpc_call *call_of(nghttp2_session *session, int32_t stream)
{
    return nghttp2_session_get_stream_user_data(session, stream);
}

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct grpc_connection *connection = context;
    int32_t stream = frame->hd.stream_id;
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    connection->began_ms = 0;
    struct grpc_call *call = grpc_call_new(connection, stream);
    TAILQ_INSERT_TAIL(&connection->calls, call, link);
    nghttp2_session_set_stream_user_data(session, stream, call);
    return 0;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_len, const uint8_t *value, size_t value_len, uint8_t flags,
                     void *context)
{
    struct grpc_call *call = call_of(session, frame->hd.stream_id);
    (void)flags, (void)context;
    if (call == NULL || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    bool fits = grpc_call_header(call, str_from(name, name_len), str_from(value, value_len));
    return fits ? 0 : NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE; // the stream is reset
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data,
                   size_t len, void *context)
{
    struct grpc_call *call = call_of(session, stream);
    (void)flags, (void)context;
    if (call != NULL && !grpc_call_data(call, str_from(data, len)))
        flush_later(context);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    struct grpc_connection *connection = context;
    bool is_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0)
        take_answer(connection, frame->ping.opaque_data);
    if (is_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) {
        struct grpc_call *call = call_of(session, frame->hd.stream_id);
        if (call != NULL)
            grpc_call_begin(call);
    } else if (frame->hd.type == NGHTTP2_HEADERS) {
        struct grpc_call *call = call_of(session, frame->hd.stream_id);
        if (call != NULL)
            grpc_call_admit(call);
    }
    return 0;
}

static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *context)
{
    (void)context;
    struct grpc_call *call =
        frame->hd.type == NGHTTP2_DATA ? call_of(session, frame->hd.stream_id) : NULL;
    if (call != NULL && call->on_sent != NULL && grpc_call_unsent(call) == 0)
        call->on_sent(call);
    return 0;
}

// A client that opens and gives up streams without end costs more than it may (CVE-2023-44487).
static bool resets_too_often(struct grpc_connection *connection)
{
    int64_t now = now_ms();
    if (now - connection->resets_since > RESET_PERIOD_MS) {
        connection->resets_since = now;
        connection->resets = 0;
    }
    return ++connection->resets > GRPC_MAX_RESETS;
}

static int on_closed(nghttp2_session *session, int32_t stream, uint32_t code, void *context)
{
    struct grpc_connection *connection = context;
    struct grpc_call *call = call_of(session, stream);
    if (call == NULL)
        return 0;
    bool given_up = code != NGHTTP2_NO_ERROR || !call->is_ending;
    settle_jobs(connection, call, given_up);
    TAILQ_REMOVE(&connection->calls, call, link);
    connection->bytes -= call->bytes;
    grpc_call_closed(call);
    if (given_up && !connection->is_over && resets_too_often(connection)) {
        log_warning("grpc", "a client opens and gives up calls without end: its connection ends");
        (void)nghttp2_session_terminate_session(session, NGHTTP2_ENHANCE_YOUR_CALM);
    }
    return 0;
}

static nghttp2_session *session_new(struct grpc_connection *connection)
{
    nghttp2_session_callbacks *callbacks;
    nghttp2_session *session;
    check(nghttp2_session_callbacks_new(&callbacks) == 0);
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_closed);
    check(nghttp2_session_server_new(&session, callbacks, connection) == 0);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_MAX_STREAMS},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, WINDOW_BYTES},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, GRPC_MAX_HEADER_BYTES},
    };
    check(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, COUNT_OF(settings)) == 0);
    check(nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 4 * WINDOW_BYTES) ==
          0);
    return session;
}

// -- The socket ---------------------------------------------------------------------------

// nghttp2 tells nobody of the streams of a session that is deleted.
static void close_connection(struct grpc_connection *connection)
{
    struct grpc_server *server = connection->server;
    struct grpc_call *call;
    struct sent_job *sent;
    connection->is_over = true;
    while ((call = TAILQ_FIRST(&connection->calls)) != NULL) {
        TAILQ_REMOVE(&connection->calls, call, link);
        settle_jobs(connection, call, true);
        grpc_call_closed(call);
    }
    while ((sent = TAILQ_FIRST(&connection->sent)) != NULL)
        give_back(connection, sent);
    nghttp2_session_del(connection->session);
    TAILQ_REMOVE(&server->connections, connection, link);
    server->connection_count--;
    bufferevent_free(connection->socket);
    free(connection);
}

static void on_readable(struct bufferevent *socket, void *context)
{
    struct grpc_connection *connection = context;
    struct evbuffer *input = bufferevent_get_input(socket);
    size_t len = evbuffer_get_length(input);
    const unsigned char *data = evbuffer_pullup(input, -1);
    connection->heard_ms = now_ms();
    connection->is_flushing = true; // not from inside of reading
    ssize_t taken = nghttp2_session_mem_recv(connection->session, data, len);
    connection->is_flushing = false;
    if (taken < 0) {
        log_debug("grpc", "a connection ends: %s", nghttp2_strerror((int)taken));
        close_connection(connection);
        return;
    }
    evbuffer_drain(input, (size_t)taken);
    flush(connection);
}

static void on_writable(struct bufferevent *socket, void *context)
{
    (void)socket;
    flush(context);
}

static void on_event(struct bufferevent *socket, short what, void *context)
{
    (void)socket;
    if ((what & (BEV_EVENT_EOF | BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT)) != 0)
        close_connection(context);
}

static void take_connection(struct evconnlistener *listener, evutil_socket_t fd,
                            struct sockaddr *address, int len, void *context)
{
    struct grpc_server *server = context;
    const int yes = 1;
    (void)listener, (void)len;
    if (server->connection_count >= GRPC_MAX_CONNECTIONS) {
        server->refused++;
        evutil_closesocket(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct grpc_connection *connection = calloc(1, sizeof *connection);
    check(connection != NULL);
    connection->server = server;
    name_peer(connection, address);
    connection->began_ms = connection->heard_ms = now_ms();
    TAILQ_INIT(&connection->sent);
    TAILQ_INIT(&connection->calls);
    connection->socket = tls_accept(server->tls, server->options.loop, fd,
                                    BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
    connection->session = session_new(connection);
    TAILQ_INSERT_TAIL(&server->connections, connection, link);
    server->connection_count++;
    bufferevent_setcb(connection->socket, on_readable, on_writable, on_event, connection);
    bufferevent_enable(connection->socket, EV_READ | EV_WRITE);
    flush(connection);
}

// -- The server ---------------------------------------------------------------------------

// Requests that do not arrive, and jobs that a client leaves standing before its door.
static void look_at_calls(struct grpc_connection *connection, int64_t now)
{
    struct grpc_call *call, *next;
    const struct sent_job *sent;
    for (call = TAILQ_FIRST(&connection->calls); call != NULL; call = next) {
        next = TAILQ_NEXT(call, link);
        grpc_call_check(call, now);
    }
    TAILQ_FOREACH(sent, &connection->sent, link)
    if (sent->ping == 0 && sent->call != NULL && now - sent->since_ms > GRPC_PING_MS)
        (void)nghttp2_submit_rst_stream(connection->session, NGHTTP2_FLAG_NONE, sent->call->stream,
                                        NGHTTP2_CANCEL);
}

static bool is_gone(const struct grpc_connection *connection, int64_t now)
{
    bool is_silent = connection->pinged_ms != 0 && now - connection->pinged_ms > GRPC_SILENCE_MS;
    bool is_idle = connection->began_ms != 0 && now - connection->began_ms > HANDSHAKE_MS;
    if (is_silent)
        log_warning("grpc", "a client does not answer: its connection ends, and jobs that it "
                            "has not confirmed go back");
    return is_silent || is_idle;
}

static void on_look(void *context)
{
    struct grpc_server *server = context;
    struct grpc_connection *next;
    int64_t now = now_ms();
    for (struct grpc_connection *c = TAILQ_FIRST(&server->connections); c != NULL; c = next) {
        next = TAILQ_NEXT(c, link);
        if (is_gone(c, now)) {
            close_connection(c);
            continue;
        }
        look_at_calls(c, now);
        if (c->pinged_ms == 0 && now - c->heard_ms > GRPC_PING_MS)
            send_ping(c);
        flush(c);
    }
    timer_set(server->look, LOOK_MS);
}

static bool listen_on(struct grpc_server *server, const char *setting, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct endpoint endpoint;
    struct sockaddr_storage address;
    int len = sizeof address;
    check(endpoint_parse(&arena, str_of(setting), &endpoint));
    char text[160];
    snprintf(text, sizeof text, strchr(endpoint.host, ':') ? "[%s]:%u" : "%s:%u", endpoint.host,
             endpoint.port);
    bool is_address = evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &len) == 0;
    if (is_address)
        server->listener = evconnlistener_new_bind(server->options.loop, take_connection, server,
                                                   LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE |
                                                       LEV_OPT_CLOSE_ON_EXEC,
                                                   -1, (struct sockaddr *)&address, len);
    if (server->listener != NULL) {
        socklen_t size = sizeof address;
        getsockname(evconnlistener_get_fd(server->listener), (struct sockaddr *)&address, &size);
        uint16_t port = address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                                      : ((struct sockaddr_in *)&address)->sin_port;
        snprintf(server->address, sizeof server->address, "%s:%u", endpoint.host, ntohs(port));
    }
    arena_done(&arena);
    return server->listener != NULL ||
           error_set(err, ERROR_IO, "grpc.listen", "cannot listen on '%s': %s", setting,
                     is_address ? strerror(errno) : "expected an address of this machine");
}

struct grpc_server *grpc_server_new(const struct grpc_options *options, struct error *err)
{
    struct grpc_server *server = calloc(1, sizeof *server);
    check(server != NULL);
    server->options = *options;
    server->key = config_str(options->config, CONFIG_API_KEY);
    TAILQ_INIT(&server->connections);
    if (!tls_start(options->config, options->loop, "h2", &server->tls, err) ||
        !listen_on(server, config_str(options->config, CONFIG_GRPC_LISTEN), err)) {
        tls_free(server->tls);
        free(server);
        return NULL;
    }
    server->look = timer_new(options->loop, on_look, server);
    timer_set(server->look, LOOK_MS);
    log_info("grpc", "serving the Zeebe gateway protocol on %s", server->address);
    return server;
}

bool grpc_connection_certificate(const struct grpc_connection *connection, struct arena *arena,
                                 str *ret_claims, const char **ret_problem)
{
    return connection->server->tls != NULL &&
           tls_peer_read(arena, connection->socket, ret_claims, ret_problem);
}

void grpc_server_drain(struct grpc_server *server)
{
    struct grpc_connection *connection, *next;
    server->is_draining = true;
    evconnlistener_disable(server->listener);
    for (connection = TAILQ_FIRST(&server->connections); connection != NULL; connection = next) {
        next = TAILQ_NEXT(connection, link);
        (void)nghttp2_submit_shutdown_notice(connection->session);
        flush(connection);
    }
}

void grpc_server_free(struct grpc_server *server)
{
    if (server == NULL)
        return;
    while (!TAILQ_EMPTY(&server->connections))
        close_connection(TAILQ_FIRST(&server->connections));
    evconnlistener_free(server->listener);
    timer_free(server->look);
    tls_free(server->tls);
    free(server);
}

const char *grpc_server_address(const struct grpc_server *server)
{
    return server->address;
}

void grpc_server_print_metrics(const struct grpc_server *server, struct strbuf *out)
{
    strbuf_format(out,
                  "# HELP baton_grpc_connections Open gRPC connections.\n"
                  "# TYPE baton_grpc_connections gauge\nbaton_grpc_connections %zu\n"
                  "# HELP baton_grpc_calls Open gRPC calls.\n"
                  "# TYPE baton_grpc_calls gauge\nbaton_grpc_calls %zu\n"
                  "# HELP baton_grpc_refused_total gRPC connections that found no room.\n"
                  "# TYPE baton_grpc_refused_total counter\nbaton_grpc_refused_total %llu\n"
                  "# HELP baton_grpc_calls_total gRPC calls that have ended, by status.\n"
                  "# TYPE baton_grpc_calls_total counter\n",
                  server->connection_count, server->call_count,
                  (unsigned long long)server->refused);
    for (size_t i = 0; i < COUNT_OF(server->calls_ended); i++)
        if (server->calls_ended[i] > 0)
            strbuf_format(out, "baton_grpc_calls_total{status=\"%zu\"} %llu\n", i,
                          (unsigned long long)server->calls_ended[i]);
}
