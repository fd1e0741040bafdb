// SPDX-License-Identifier: Apache-2.0
//
// What the files of the projector's transactions share.
#ifndef BATON_STORE_RECORDS_PRIVATE_H
#define BATON_STORE_RECORDS_PRIVATE_H

#include "store/param.h"
#include "store/record_names.h"
#include "store/records.h"

enum records_statement {
#define RECORDS_STATEMENT(name, sql) RECORDS_##name,
#include "store/records.def"
#undef RECORDS_STATEMENT
    RECORDS_STATEMENTS
};

struct records {
    char *url;
    PGconn *conn; // NULL: not connected
    int32_t rows; // of a turn: fewer after one that failed
    // What should be new is there: the next turn looks before it writes.
    bool is_careful;
    // PostgreSQL copies into no table whose rows it holds against a policy of this role.
    bool may_copy;
    struct record_names names;
};

// NULL after *err says why.
PGresult *records_run(struct records *records, enum records_statement statement,
                      const struct params *params, struct error *err);
MUST_CHECK bool records_run_only(struct records *records, enum records_statement statement,
                                 const struct params *params, struct error *err);

// False after *err has what libpq says; a lost connection is given up.
bool records_fail(struct records *records, struct error *err);

// With the shard as $1.
struct params records_params(const struct records_turn *turn);

// Writes the turn's entries of the audit log (records_audit.c).
MUST_CHECK bool records_write_audit(struct records *records, const struct records_turn *turn,
                                    const struct record_changes *changes, struct error *err);

// Writes what the turn came to (records_write.c).
MUST_CHECK bool records_write(struct records *records, const struct records_turn *turn,
                              const struct record_changes *changes, struct error *err);

#endif
