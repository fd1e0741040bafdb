// SPDX-License-Identifier: Apache-2.0
//
// Brings the schema up to date. Migrations are the numbered files of schemas/, embedded into the
// binary, applied in order under an advisory lock, each in a transaction of its own, remembered
// with the digest of its text. These calls block: they are for start-up and the command line.
#ifndef BATON_STORE_MIGRATE_H
#define BATON_STORE_MIGRATE_H

#include "base/error.h"
#include "base/str.h"

enum migration_state {
    MIGRATION_PENDING,
    MIGRATION_APPLIED,
    MIGRATION_CHANGED, // applied, but its text was another
    MIGRATION_UNKNOWN, // applied by a newer version of Baton
};

struct migration_status {
    int number;
    str name;
    enum migration_state state;
    str applied; // when, as text; empty when pending
};

const char *migration_state_name(enum migration_state state);

// Applies what is pending; *ret_applied says how many. Refuses a schema that is newer or changed.
MUST_CHECK bool store_migrate_up(const char *url, int *ret_applied, struct error *err);

MUST_CHECK bool store_migrate_status(const char *url, struct arena *arena,
                                     struct migration_status **ret_migrations, size_t *ret_count,
                                     struct error *err);

// True when the schema is exactly the one this binary was built with.
MUST_CHECK bool store_migrate_verify(const char *url, struct error *err);

// Whether libpq can read the setting postgres.url; asks no server.
MUST_CHECK bool store_check_url(const char *url, struct error *err);

// What every later connection to PostgreSQL begins with, where the URL names a server that is not
// on this machine and neither it nor the environment says how (sslmode, PGSSLMODE): TLS, with the
// server's name checked against the authorities of sslrootcert, else of this system. Before
// threads.
void store_default_to_tls(const char *url);

// ERROR_UNAVAILABLE when PostgreSQL cannot be reached: another try may help.
MUST_CHECK bool store_reachable(const char *url, struct error *err);

#endif
