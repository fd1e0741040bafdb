// SPDX-License-Identifier: Apache-2.0
#include "loop/syslog.h"

#include "base/check.h"
#include "base/strbuf.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

enum { FACILITY = 13, FACILITIES = 8, LOOK_MS = 20, MS_PER_S = 1000, MAX_HOST = 256 };

enum transport { UDP, TCP, TLS, LOCAL };

struct address {
    enum transport transport;
    char host[MAX_HOST]; // or the path
    char port[8];
};

struct syslog {
    struct address address;
    int fd;
    bool is_datagram;
    SSL_CTX *context;
    SSL *ssl; // NULL: without TLS
    char host[MAX_HOST];
};

// -- Addresses ----------------------------------------------------------------------------

static bool read_host(str rest, struct address *ret_address)
{
    size_t colon = rest.len;
    while (colon > 0 && rest.data[colon - 1] != ':')
        colon--;
    if (colon < 2 || rest.len - colon == 0 || rest.len - colon >= sizeof ret_address->port ||
        colon > sizeof ret_address->host)
        return false;
    str host = str_sub(rest, 0, colon - 1);
    if (host.data[0] == '[' && host.data[host.len - 1] == ']')
        host = str_sub(host, 1, host.len - 2);
    snprintf(ret_address->host, sizeof ret_address->host, "%.*s", STR_ARG(host));
    snprintf(ret_address->port, sizeof ret_address->port, "%.*s",
             STR_ARG(str_from_index(rest, colon)));
    uint64_t port;
    return str_to_u64(str_of(ret_address->port), &port) && port > 0 && port <= UINT16_MAX;
}

static bool read_address(const char *text, struct address *ret_address, struct error *err)
{
    static const char *const schemes[] = {
        [UDP] = "udp://", [TCP] = "tcp://", [TLS] = "tls://", [LOCAL] = "unix:"};
    str address = str_of(text);
    *ret_address = (struct address){.transport = UDP};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (!str_starts_with(address, str_of(schemes[i])))
            continue;
        str rest = str_from_index(address, strlen(schemes[i]));
        ret_address->transport = (enum transport)i;
        snprintf(ret_address->host, sizeof ret_address->host, "%.*s", STR_ARG(rest));
        if (i == LOCAL ? rest.len > 0 && rest.len < sizeof((struct sockaddr_un *)0)->sun_path
                       : read_host(rest, ret_address))
            return true;
    }
    return error_set(err, ERROR_INVALID, "audit.syslog",
                     "expected udp://host:port, tcp://host:port, tls://host:port or unix:/path, "
                     "found '%.100s'",
                     text);
}

bool syslog_check_address(const char *address, struct error *err)
{
    struct address read;
    return address[0] == '\0' || read_address(address, &read, err);
}

// -- Connecting ---------------------------------------------------------------------------

static bool fail(struct error *err, const char *what)
{
    return error_set(err, ERROR_UNAVAILABLE, "audit.syslog", "%s: %s", what, strerror(errno));
}

static void limit_time(int fd)
{
    const struct timeval limit = {SYSLOG_TIMEOUT_S, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit); // it bounds connect, too
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

static bool connect_host(struct syslog *log, struct error *err)
{
    const struct addrinfo hints = {.ai_socktype = log->is_datagram ? SOCK_DGRAM : SOCK_STREAM};
    struct addrinfo *found;
    int failure = getaddrinfo(log->address.host, log->address.port, &hints, &found);
    if (failure != 0)
        return error_set(err, ERROR_UNAVAILABLE, "audit.syslog", "%s: %s", log->address.host,
                         gai_strerror(failure));
    for (const struct addrinfo *one = found; one != NULL && log->fd < 0; one = one->ai_next) {
        log->fd = socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol);
        if (log->fd < 0)
            continue;
        limit_time(log->fd);
        if (connect(log->fd, one->ai_addr, one->ai_addrlen) != 0) {
            int why = errno;
            close(log->fd);
            log->fd = -1;
            errno = why;
        }
    }
    freeaddrinfo(found);
    return log->fd >= 0 || fail(err, log->address.host);
}

// Some daemons take datagrams, others a stream.
static bool connect_local(struct syslog *log, struct error *err)
{
    const int types[] = {SOCK_DGRAM, SOCK_STREAM};
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, log->address.host,
           strlen(log->address.host)); // read_address has seen to it
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        log->fd = socket(AF_UNIX, types[i] | SOCK_CLOEXEC, 0);
        if (log->fd < 0)
            break;
        limit_time(log->fd);
        log->is_datagram = types[i] == SOCK_DGRAM;
        if (connect(log->fd, (const struct sockaddr *)&name, sizeof name) == 0)
            return true;
        int why = errno;
        close(log->fd);
        log->fd = -1;
        errno = why;
    }
    return fail(err, log->address.host);
}

static bool fail_tls(struct error *err, const char *what)
{
    unsigned long code = ERR_get_error();
    ERR_clear_error();
    return error_set(err, ERROR_UNAVAILABLE, "audit.syslog", "%s: %s", what,
                     code != 0 ? ERR_reason_error_string(code) : strerror(errno));
}

static bool begin_tls(struct syslog *log, const char *ca, struct error *err)
{
    log->context = SSL_CTX_new(TLS_client_method());
    check(log->context != NULL);
    SSL_CTX_set_min_proto_version(log->context, TLS1_2_VERSION);
    SSL_CTX_set_verify(log->context, SSL_VERIFY_PEER, NULL);
    bool has_ca = ca[0] != '\0' ? SSL_CTX_load_verify_locations(log->context, ca, NULL) == 1
                                : SSL_CTX_set_default_verify_paths(log->context) == 1;
    if (!has_ca)
        return fail_tls(err, ca);
    log->ssl = SSL_new(log->context);
    check(log->ssl != NULL);
    X509_VERIFY_PARAM *param = SSL_get0_param(log->ssl);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, log->address.host) != 1)
        check(SSL_set1_host(log->ssl, log->address.host) == 1 &&
              SSL_set_tlsext_host_name(log->ssl, log->address.host) == 1);
    ERR_clear_error();
    return (SSL_set_fd(log->ssl, log->fd) == 1 && SSL_connect(log->ssl) == 1) ||
           fail_tls(err, log->address.host);
}

struct syslog *syslog_new(const struct syslog_options *options, struct error *err)
{
    struct syslog *log = calloc(1, sizeof *log);
    check(log != NULL);
    log->fd = -1;
    snprintf(log->host, sizeof log->host, "%s", options->host);
    bool good = read_address(options->address, &log->address, err);
    log->is_datagram = log->address.transport == UDP;
    if (good && log->address.transport == LOCAL)
        good = connect_local(log, err);
    else if (good)
        good = connect_host(log, err);
    if (good && log->address.transport == TLS)
        good = begin_tls(log, options->ca, err);
    if (good)
        return log;
    syslog_free(log);
    return NULL;
}

void syslog_free(struct syslog *log)
{
    if (log == NULL)
        return;
    if (log->ssl != NULL)
        (void)SSL_shutdown(log->ssl);
    SSL_free(log->ssl);
    SSL_CTX_free(log->context);
    if (log->fd >= 0)
        close(log->fd);
    free(log);
}

// -- Messages -----------------------------------------------------------------------------

static bool write_all(struct syslog *log, str bytes, struct error *err)
{
    while (bytes.len > 0) {
        ssize_t written = log->ssl != NULL ? SSL_write(log->ssl, bytes.data, (int)bytes.len)
                                           : send(log->fd, bytes.data, bytes.len, MSG_NOSIGNAL);
        if (written <= 0)
            return log->ssl != NULL ? fail_tls(err, log->address.host)
                                    : fail(err, log->address.host);
        bytes = str_from_index(bytes, (size_t)written);
    }
    return true;
}

// Whether the other side has closed: what is written then is lost, though writing succeeds.
static bool is_closed(const struct syslog *log)
{
    char byte;
    struct pollfd poll_for = {.fd = log->fd, .events = POLLIN};
    if (log->is_datagram || poll(&poll_for, 1, 0) <= 0)
        return false;
    return (poll_for.revents & (POLLERR | POLLHUP)) != 0 ||
           recv(log->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static bool fail_closed(const struct syslog *log, struct error *err)
{
    return error_set(err, ERROR_UNAVAILABLE, "audit.syslog", "%s has closed the connection",
                     log->address.host);
}

bool syslog_send(struct syslog *log, const struct syslog_message *message, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    size_t len = message->text.len < SYSLOG_MAX_BYTES ? message->text.len : SYSLOG_MAX_BYTES;
    strbuf_format(&out, "<%d>1 %.*s %s baton %d %s - %.*s",
                  FACILITY * FACILITIES + message->severity, STR_ARG(message->timestamp),
                  log->host[0] != '\0' ? log->host : "-", (int)getpid(), message->id, (int)len,
                  message->text.data);
    str text = strbuf_str(&out);
    bool counts = !log->is_datagram;
    bool good = !is_closed(log) || fail_closed(log, err);
    good = good && (!counts || write_all(log, str_format(&arena, "%zu ", text.len), err)) &&
           write_all(log, text, err);
    arena_done(&arena);
    return good;
}

bool syslog_flush(struct syslog *log, struct error *err)
{
    int waiting = 1;
    for (int waited_ms = 0; waiting > 0 && waited_ms < SYSLOG_TIMEOUT_S * MS_PER_S;
         waited_ms += LOOK_MS) {
        if (is_closed(log))
            return fail_closed(log, err);
        if (log->is_datagram || log->address.transport == LOCAL)
            return true;
        if (ioctl(log->fd, SIOCOUTQ, &waiting) != 0)
            return fail(err, log->address.host);
        if (waiting > 0)
            (void)poll(NULL, 0, LOOK_MS);
    }
    if (is_closed(log))
        return fail_closed(log, err);
    return waiting == 0 || error_set(err, ERROR_UNAVAILABLE, "audit.syslog",
                                     "%s does not take what was sent", log->address.host);
}
