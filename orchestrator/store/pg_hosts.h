// SPDX-License-Identifier: Apache-2.0
//
// The servers that a PostgreSQL URL names. libpq goes on to the next one when a server refuses, but
// not when it is silent, and knows no deadline when it is not to block: so each attempt begins with
// the next server. Private to store.
#ifndef BATON_STORE_PG_HOSTS_H
#define BATON_STORE_PG_HOSTS_H

#include "base/check.h"

#include <stddef.h>

struct pg_hosts {
    char *host; // comma-separated, as in the URL; NULL: not named
    char *hostaddr;
    char *port;
    size_t count;
};

struct pg_hosts pg_hosts_new(const char *url);
void pg_hosts_done(struct pg_hosts *hosts);

// The first server becomes the last one.
void pg_hosts_next(struct pg_hosts *hosts);

#endif
