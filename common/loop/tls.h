// SPDX-License-Identifier: Apache-2.0
//
// TLS of listeners (1.2 and 1.3): a certificate and its key, read again when their files change. A
// connection keeps what it began with.
#ifndef BATON_LOOP_TLS_H
#define BATON_LOOP_TLS_H

#include "base/config.h"
#include "base/str.h"

#include <event2/util.h>

struct bufferevent;
struct event_base;
struct tls;

enum {
    TLS_RELOAD_MS = 5000, // how soon a changed file is seen
    TLS_MAX_NAMES = 32,   // of a kind in a client's certificate; more are left out
};

enum tls_clients {
    TLS_CLIENTS_NONE,     // no certificate is asked for
    TLS_CLIENTS_OPTIONAL, // one that does not fit is told to who looks (tls_peer_read)
    TLS_CLIENTS_REQUIRED, // the handshake ends without one that fits
};

// Texts outlive the listener.
struct tls_options {
    struct event_base *loop;
    const char *place;       // of errors and log lines: the settings' first word, "api"
    const char *certificate; // a PEM file: the chain, the listener's own first
    const char *key;         // a PEM file, not encrypted
    const char *client_ca;   // a PEM file of the authorities that clients' certificates come from
    enum tls_clients clients;
    const char *protocol; // that is spoken: "http/1.1" or "h2" (ALPN, RFC 7301)
};

// NULL and *err: a file cannot be read, is no certificate, or certificate and key are not a pair;
// err->place names the setting.
MUST_CHECK struct tls *tls_new(const struct tls_options *options, struct error *err);

// By the settings api.tls_…; *ret_tls is NULL where they name no certificate.
MUST_CHECK bool tls_start(const struct config *config, struct event_base *loop,
                          const char *protocol, struct tls **ret_tls, struct error *err);

// What was accepted must be closed.
void tls_free(struct tls *tls);

// The buffer of a connection that was accepted; fd -1: it is told later. `flags` are libevent's
// BEV_OPT_…. NULL as `tls`: without TLS.
struct bufferevent *tls_accept(struct tls *tls, struct event_base *loop, evutil_socket_t fd,
                               int flags);

// Says to the peer that nothing more comes, once everything is written.
void tls_end(struct bufferevent *buffer);

// Whether a connection's other side has shown a certificate. *ret_claims: what it says, as JSON:
// subject, issuer, cn, serial, fingerprint (SHA-256, hex), not_after (seconds since 1970), uris,
// dns, emails. *ret_problem: why it does not count, NULL: it does; static.
bool tls_peer_read(struct arena *arena, struct bufferevent *buffer, str *ret_claims,
                   const char **ret_problem);

// When the certificate that is shown now ends, in seconds since 1970, and how often it was read
// anew or could not be.
struct tls_counts {
    int64_t not_after;
    uint64_t reloads, failures;
};

struct tls_counts tls_counts(const struct tls *tls);

#endif
