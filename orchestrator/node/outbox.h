// SPDX-License-Identifier: Apache-2.0
//
// Records on their way out, packed into bytes: what is stored in the outbox with a commit is what
// is published after it, by the one who committed or by whoever takes the shard over. Stored,
// values of persons are sealed; they are opened as it goes (node/keyring.h).
#ifndef BATON_NODE_OUTBOX_H
#define BATON_NODE_OUTBOX_H

#include "base/strbuf.h"

enum outbox_kind {
    OUTBOX_COMMAND,
    OUTBOX_JOB,
    OUTBOX_REPLY,
    OUTBOX_DEAD_LETTER,
    OUTBOX_SIGNED_LETTER, // a dead letter that a node had written: it may be sent again
};

struct outbox_record {
    enum outbox_kind kind;
    int32_t partition;
    str topic; // after the prefix: "commands", "jobs.pay"
    str key;
    str value;
    str note;        // dead letters: why
    uint64_t stream; // whose sealed values it shows; 0: of nobody, or of its own
    bool is_sealed;  // as a whole: a dead letter, as it is stored
};

void outbox_pack(struct strbuf *out, const struct outbox_record *record);

// Takes the first record off *bytes; slices into them. False at the end or when they are damaged.
MUST_CHECK bool outbox_unpack(str *bytes, struct outbox_record *ret_record);

#endif
