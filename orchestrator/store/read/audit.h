// SPDX-License-Identifier: Apache-2.0
//
// What an audit reads: the whole installation, for its operator. No caller asks for it, so nothing
// here takes a scope.
#ifndef BATON_STORE_READ_AUDIT_H
#define BATON_STORE_READ_AUDIT_H

#include "record/rows.h"
#include "store/statement.h"

struct statement read_all_shards(struct arena *arena); // shard

// Every definition: key, kind, id, bytes, imports.
struct statement read_all_definitions(struct arena *arena);

// Columns of a step of history, in this order after those that a statement has before them.
enum audit_column {
    AUDIT_KIND,
    AUDIT_STREAM,
    AUDIT_SEQUENCE,
    AUDIT_TIME_MS,
    AUDIT_OFFSET,
    AUDIT_CAUSE,
    AUDIT_PRINCIPAL,
    AUDIT_ORIGIN,
    AUDIT_EVENTS,
    AUDIT_COLUMNS,
};

// The batches of a shard's chain above one and up to another: batch, digest, number of its rows,
// whether retention may have taken them; then its steps, one a row.
enum { AUDIT_OF_BATCH = 4 };
struct statement read_chain(struct arena *arena, uint32_t shard, uint64_t above, uint64_t last);

// -- Of one case (cli/evidence.h)

// Its steps: batch, place in it, and the columns of a step.
struct statement read_evidence_steps(struct arena *arena, uint32_t shard, uint64_t instance);

// One column: the digest of a batch; no row before the first.
struct statement read_batch_digest(struct arena *arena, uint32_t shard, uint64_t batch);

// batch, body; above one and up to another.
struct statement read_batch_bodies(struct arena *arena, uint32_t shard, uint64_t above,
                                   uint64_t last, int64_t most);

// One column: everything else that is known of it, as JSON.
struct statement read_evidence_case(struct arena *arena, uint32_t shard, uint64_t instance);

// Where the chain ends: batch, digest.
struct statement read_chain_end(struct arena *arena, uint32_t shard);

// -- Entries that are no command's (schemas/0210_audit.sql)

enum audit_chain_column {
    AUDIT_CHAIN_ID,
    AUDIT_CHAIN_NAME,
    AUDIT_CHAIN_NUMBER, // of the last entry
    AUDIT_CHAIN_DIGEST, // likewise
    AUDIT_CHAIN_FIRST,  // number of the first that is kept
    AUDIT_CHAIN_BASE,   // digest of the one before it
};

struct statement read_audit_chains(struct arena *arena);

// Where all chains end, as JSON to be signed.
struct statement read_audit_heads(struct arena *arena);

// The entries of a chain above one: number, digest, and then the AUDIT_ENTRY_TEXTS that are
// digested, in their order.
enum { AUDIT_ENTRY_NUMBER, AUDIT_ENTRY_DIGEST, AUDIT_ENTRY_FIRST_TEXT, AUDIT_ENTRY_TEXTS = 21 };
struct statement read_audit_entries(struct arena *arena, int64_t chain, uint64_t above,
                                    int64_t most);

struct audit_place {
    uint64_t stream;
    uint64_t sequence;
};

// The steps of all streams of a kind behind a place, in order: a step, then the stream's image.
struct statement read_streams(struct arena *arena, enum stream_kind kind, uint32_t shard,
                              struct audit_place behind, int64_t most);

// What should have been sent or opened long ago: shard, key, what.
struct statement read_overdue(struct arena *arena);

#endif
