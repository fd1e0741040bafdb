// SPDX-License-Identifier: Apache-2.0
//
// Proves history: the chain of digests over all batches, and every stored state as what its history
// folds into, byte for byte. Blocks and reads everything: for the command line. Run it while no
// node writes, or what is written meanwhile is reported as a difference.
#ifndef BATON_CLI_AUDIT_H
#define BATON_CLI_AUDIT_H

#include "base/error.h"
#include "base/str.h"

struct audit_result {
    uint64_t batches;
    uint64_t rows;
    uint64_t streams;
    uint64_t entries; // of the audit log that are no command's
    uint64_t retired; // batches and entries that retention has taken
    uint64_t heads;   // of checkpoints that were found as they were signed
    uint64_t problems;
};

struct audit_heads;

// What an installation is held against.
struct audit_wanted {
    const char *url;
    struct audit_heads *heads;   // NULL: no checkpoints
    bool history_may_be_retired; // history.retention_days, audit.retention_days
    bool entries_may_be_retired;
};

// One line a problem.
typedef void audit_tell(void *context, str problem);

// False when it could not be done; problems found are no failure.
MUST_CHECK bool node_audit(const struct audit_wanted *wanted, audit_tell *tell, void *context,
                           struct audit_result *ret_result, struct error *err);

// The part of it that checks the chains of entries; adds to *result.
MUST_CHECK bool audit_check_entries(const struct audit_wanted *wanted, audit_tell *tell,
                                    void *context, struct audit_result *result, struct error *err);

#endif
