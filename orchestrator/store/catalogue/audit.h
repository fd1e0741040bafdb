// SPDX-License-Identifier: Apache-2.0
//
// What is written to the audit log beside what changes of administration write themselves
// (schemas/0210_audit.sql).
#ifndef BATON_STORE_CATALOGUE_AUDIT_H
#define BATON_STORE_CATALOGUE_AUDIT_H

#include "store/statement.h"

// Adds entries to a node's chain, in order: a JSON array of objects with members by the names of
// the columns.
struct statement catalogue_audit_add(struct arena *arena, str chain, str entries);

// Remembers that a principal is a client: a name in history alone does not tell.
struct statement catalogue_audit_client(struct arena *arena, str id);

// The heads of all chains as JSON to be signed; no row when the last checkpoint is younger.
struct statement catalogue_checkpoint_due(struct arena *arena, int64_t seconds);
// Keeps one unless another node was quicker: its text, when it did.
struct statement catalogue_checkpoint_keep(struct arena *arena, str jws, int64_t seconds);

// -- Streams: to a sink, by a node

struct audit_stream {
    str sink;
    str node;
};

// source, key, entry as JSON; so many of each source at most.
struct statement catalogue_audit_stream_take(struct arena *arena, const struct audit_stream *stream,
                                             int64_t most);
struct statement catalogue_audit_stream_done(struct arena *arena, const struct audit_stream *stream,
                                             const str *sources, const str *keys, size_t count);
struct statement catalogue_audit_stream_leave(struct arena *arena,
                                              const struct audit_stream *stream);

// -- Holds

struct hold_row {
    str kind;  // INSTANCE, TENANT, SUBJECT
    str value; // a tenant as it is stored
    str reason;
    str made_by;
};

// key; no row when there is the same already.
struct statement catalogue_hold_add(struct arena *arena, const struct hold_row *row);
// kind, value, reason, key, made, by, released, by; those that hold first, at most 1000.
struct statement catalogue_holds(struct arena *arena);
struct statement catalogue_hold_release(struct arena *arena, uint64_t key, str by); // a row: done

#endif
