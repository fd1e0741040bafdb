// SPDX-License-Identifier: Apache-2.0
//
// Messages to a syslog collector: RFC 5424 over UDP (RFC 5426), TCP and TLS (RFC 5425, RFC 6587
// with counted octets), or a local socket. Blocks, each call for some seconds at most: for a thread
// of its own, never on a loop.
#ifndef BATON_LOOP_SYSLOG_H
#define BATON_LOOP_SYSLOG_H

#include "base/error.h"
#include "base/str.h"

struct syslog;

enum { SYSLOG_TIMEOUT_S = 10, SYSLOG_MAX_BYTES = 60000 };

struct syslog_options {
    const char *address; // "udp://host:port", "tcp://host:port", "tls://host:port", "unix:/path"
    const char *ca;      // a PEM file of authorities for tls; "": the system's
    const char *host;    // who speaks: the node's name
};

// Whether an address is one, or empty.
MUST_CHECK bool syslog_check_address(const char *address, struct error *err);

// Connects. NULL and *err.
MUST_CHECK struct syslog *syslog_new(const struct syslog_options *options, struct error *err);
void syslog_free(struct syslog *log);

struct syslog_message {
    int severity;   // RFC 5424, 6.2.1; the facility is 13, log audit
    const char *id; // MSGID
    str timestamp;  // RFC 3339
    str text;
};

MUST_CHECK bool syslog_send(struct syslog *log, const struct syslog_message *message,
                            struct error *err);

// Waits until the other side has taken everything, as far as the protocol tells: by TCP's
// acknowledgements; UDP has none.
MUST_CHECK bool syslog_flush(struct syslog *log, struct error *err);

#endif
