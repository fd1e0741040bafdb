// SPDX-License-Identifier: Apache-2.0
//
// The private PostgreSQL of `baton dev`: a cluster in the data directory that listens on a socket
// there and on no network address, so it can stand beside any other. PostgreSQL refuses to run as
// root; root runs it as the user "postgres", or "nobody".
#ifndef BATON_CLI_DEV_POSTGRES_H
#define BATON_CLI_DEV_POSTGRES_H

#include "base/error.h"

#include <sys/types.h>

struct dev_postgres {
    struct arena *arena;
    const char *directory; // of the cluster
    const char *sockets;   // directory of the socket
    const char *log;
    const char *url;     // conninfo of the database "baton"
    const char *api_url; // the same as the API's role
    uid_t user;
    gid_t group;
    bool is_other;
    pid_t pid;
};

// Makes the cluster when there is none, starts it, waits until it answers, and makes the database.
MUST_CHECK bool dev_postgres_start(struct dev_postgres *postgres, struct arena *arena,
                                   const char *data, struct error *err);
// Makes the API's role and gives it what it needs; once the schema is there.
MUST_CHECK bool dev_postgres_make_roles(struct dev_postgres *postgres, struct error *err);

void dev_postgres_stop(struct dev_postgres *postgres);

#endif
