// SPDX-License-Identifier: Apache-2.0
//
// A statement with its parameters, ready to be run (query.h). The folders read/ and catalogue/ make
// them; whoever runs them writes no SQL.
#ifndef BATON_STORE_STATEMENT_H
#define BATON_STORE_STATEMENT_H

#include "base/arena.h"
#include "base/str.h"

enum { STATEMENT_MAX_PARAMETERS = 128 };

struct statement {
    const char *sql;
    const str *parameters; // as text, $1, $2, …, by the type that the statement gives: $1::bigint;
                           // data == NULL: SQL null
    size_t count;
    bool is_fixed; // always the same text
    str tenants;   // whose rows it reaches, as row-level security has them: an array's text, as
                   // statement_array makes it; data == NULL: all
};

// For those who make statements: parameters are copied into the arena, their bytes are not.
struct statement statement_new(struct arena *arena, const char *sql, const str *parameters,
                               size_t count);

// One whose text is always the same.
struct statement statement_fixed(struct arena *arena, const char *sql, const str *parameters,
                                 size_t count);

#define STATEMENT(arena, sql, ...)                                                                 \
    statement_fixed((arena), (sql), (const str[]){__VA_ARGS__},                                    \
                    sizeof((const str[]){__VA_ARGS__}) / sizeof(str))

// Numbers as parameters.
str statement_u64(struct arena *arena, uint64_t number);
str statement_i64(struct arena *arena, int64_t number);

// Texts as one parameter of an array type: $n::text[], $n::bigint[].
str statement_array(struct arena *arena, const str *texts, size_t count);

#endif
