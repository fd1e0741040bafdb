// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints as `baton audit verify --since` reads them: where each chain ended, signed. A line of
// the file is one, as the node appends them (gateway/audit_checkpoint.h).
#ifndef BATON_CLI_AUDIT_HEADS_H
#define BATON_CLI_AUDIT_HEADS_H

#include "base/array.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/signature.h"

enum audit_head_kind { HEAD_SHARD, HEAD_CHAIN };

struct audit_head {
    enum audit_head_kind kind;
    int64_t id;      // of the shard, of the chain of entries
    uint64_t number; // of the last batch, of the last entry
    str digest;      // of it
    str time;        // of the checkpoint
    bool is_found;
};

struct audit_heads {
    ARRAY(struct audit_head) list;
    size_t checkpoints;
};

// False and *err (with the line) when one is not signed by the key.
MUST_CHECK bool audit_heads_read(struct arena *arena, str lines, const struct signature_key *key,
                                 struct audit_heads *ret_heads, struct error *err);

// Whoever walks along a chain asks at each of its places. NULL: what was signed there, if anything,
// is what is there; else the head that says something else.
const struct audit_head *audit_heads_differ(struct audit_heads *heads, enum audit_head_kind kind,
                                            int64_t id, uint64_t number, str digest);

#endif
