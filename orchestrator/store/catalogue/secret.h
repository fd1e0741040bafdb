// SPDX-License-Identifier: Apache-2.0
//
// Secrets of models, as they are stored: sealed. Names of tenants are as they are inside.
#ifndef BATON_STORE_CATALOGUE_SECRET_H
#define BATON_STORE_CATALOGUE_SECRET_H

#include "store/statement.h"

struct secret_row {
    str tenant, name;
    str wrapped, sealed; // bytes; empty: the value stays as it is
    str vault_key;
    const str *hosts; // NULL: they stay as they are
    size_t host_count;
    const str *processes; // likewise
    size_t process_count;
    str note; // data == NULL: it stays as it is
    str changed_by;
};

// A row; none when there is one of the name.
struct statement catalogue_secret_add(struct arena *arena, const struct secret_row *row);

// A row when there is one of the name.
struct statement catalogue_secret_change(struct arena *arena, const struct secret_row *row);
struct statement catalogue_secret_delete(struct arena *arena, str tenant, str name);

// The sealed ones of these names, and notes that they were told to somebody (to the minute).
// Whoever asks has decided who is told what it opens.
enum {
    SEALED_NAME,
    SEALED_WRAPPED, // bytes
    SEALED_VALUE,   // bytes
    SEALED_HOSTS,   // JSON
    SEALED_PROCESSES
};
struct statement catalogue_secrets_tell(struct arena *arena, str tenant, const str *names,
                                        size_t count);

// The data key, wrapped anew: a row unless it was changed meanwhile.
struct statement catalogue_secret_rewrap(struct arena *arena, const struct secret_row *row,
                                         str old_wrapped);

#endif
