// SPDX-License-Identifier: Apache-2.0
#include "http/server.h"

#include "base/endpoint.h"
#include "base/log.h"
#include "http/server_private.h"
#include "loop/timer.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { QUIET_SECONDS = 120, MAX_HEADER_BYTES = 64 << 10, SPARE_DESCRIPTORS = 256 };
enum {
    METHOD_UNKNOWN = 1 << 15
}; // evhttp's own bit: without it evhttp answers with a page of its own

void http_count_answer(struct http_server *server, int status, int64_t duration_ns)
{
    struct http_counts *counts = &server->counts;
    int hundreds = status / 100;
    if (hundreds >= 1 && hundreds < HTTP_STATUS_CLASSES)
        counts->answered[hundreds]++;
    histogram_add(&counts->durations, duration_ns);
}

// -- Listening --------------------------------------------------------------------------

static uint16_t bound_port(struct evhttp_bound_socket *socket)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    evutil_socket_t fd = evhttp_bound_socket_get_fd(socket);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
                                               : ((struct sockaddr_in *)&address)->sin_port);
}

static bool listen_on(struct http_server *server, struct error *err)
{
    const char *setting = server->options.listen;
    struct arena arena = ARENA_EMPTY;
    struct endpoint endpoint;
    check(endpoint_parse(&arena, str_of(setting), &endpoint));
    server->socket = evhttp_bind_socket_with_handle(server->http, endpoint.host, endpoint.port);
    if (server->socket != NULL)
        connection_pool_listen(&server->connections, server->socket);
    if (server->socket != NULL)
        snprintf(server->address, sizeof server->address, "%s:%u", endpoint.host,
                 bound_port(server->socket));
    arena_done(&arena);
    return server->socket != NULL ||
           error_set(err, ERROR_IO, "api.listen", "cannot listen on '%s': %s", setting,
                     strerror(errno));
}

static void on_request(struct evhttp_request *http, void *context)
{
    route_request(request_new(context, http));
}

static bool is_idle(const struct http_server *server)
{
    return server->counts.open_requests == 0 &&
           TAILQ_EMPTY(&server->connections.lists[CONNECTION_SENDING]);
}

static void on_drained(void *context)
{
    struct http_server *server = context;
    void (*drained)(void *context) = server->drained;
    if (drained == NULL || !is_idle(server))
        return;
    server->drained = NULL;
    drained(server->drained_context);
}

// Below the descriptors that this process may have: a connection that is not taken waits, a
// descriptor that is missing stops something else.
static size_t most_connections(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return wanted;
    size_t most = limit.rlim_cur > 2 * SPARE_DESCRIPTORS
                      ? (size_t)limit.rlim_cur - SPARE_DESCRIPTORS
                      : (size_t)limit.rlim_cur / 2;
    if (most < wanted)
        log_warning("http",
                    "api.max_connections is %zu, and %llu descriptors (ulimit -n) leave "
                    "room for %zu",
                    wanted, (unsigned long long)limit.rlim_cur, most);
    return most < wanted ? most : wanted;
}

// Connections on which nobody works yet are left when as many requests are open as may be.
static void keep_connections_back(struct http_server *server)
{
    size_t connections = server->connections.limits.connections;
    size_t most = connections - connections / 8;
    if (server->options.max_open_requests > most)
        server->options.max_open_requests = most;
}

struct http_server *http_server_new(const struct http_options *options, struct error *err)
{
    struct http_server *server = calloc(1, sizeof *server);
    check(server != NULL);
    server->options = *options;
    server->http = evhttp_new(options->loop);
    server->tell_drained = timer_new(options->loop, on_drained, server);
    check(server->http != NULL);
    evhttp_set_allowed_methods(server->http,
                               EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST | EVHTTP_REQ_PUT |
                                   EVHTTP_REQ_PATCH | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                   EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | METHOD_UNKNOWN);
    evhttp_set_max_headers_size(server->http, MAX_HEADER_BYTES);
    evhttp_set_max_body_size(server->http, REQUEST_MAX_BODY);
    evhttp_set_timeout(server->http, QUIET_SECONDS);
    evhttp_set_default_content_type(server->http, NULL);
    evhttp_set_gencb(server->http, on_request, server);
    connection_pool_init(
        &server->connections, server,
        (struct connection_limits){most_connections(options->max_connections), options->max_bytes},
        server->http);
    keep_connections_back(server);
    if (!listen_on(server, err)) {
        http_server_free(server);
        return NULL;
    }
    return server;
}

// -- Ending -----------------------------------------------------------------------------

void http_answer_sent(struct http_server *server)
{
    if (server->is_draining)
        timer_ring(server->tell_drained);
}

void http_server_drain(struct http_server *server, void (*done)(void *context), void *context)
{
    if (!server->is_draining)
        evconnlistener_disable(evhttp_bound_socket_get_listener(server->socket));
    server->is_draining = true;
    server->drained = done;
    server->drained_context = context;
    timer_ring(server->tell_drained);
}

void http_server_free(struct http_server *server)
{
    if (server == NULL)
        return;
    check(server->counts.open_requests == 0);
    evhttp_free(server->http);
    connection_pool_done(&server->connections);
    timer_free(server->tell_drained);
    free(server);
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

struct http_counts http_server_counts(const struct http_server *server)
{
    struct http_counts counts = server->counts;
    counts.connections = server->connections.count;
    counts.bytes = server->connections.bytes[HTTP_SMALL] + server->connections.bytes[HTTP_LARGE];
    counts.refused = server->connections.refused;
    counts.cut_off = server->connections.cut_off;
    return counts;
}
