// SPDX-License-Identifier: Apache-2.0
//
// The files of schemas/, embedded by embed_migrations.cmake. Private to store.
#ifndef BATON_STORE_MIGRATIONS_H
#define BATON_STORE_MIGRATIONS_H

#include "base/str.h"

struct migration {
    int number;
    const char *name;
    str sql;
};

extern const struct migration migrations[]; // by number
extern const size_t migration_count;

#endif
