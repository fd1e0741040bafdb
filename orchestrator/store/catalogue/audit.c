// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/audit.h"

struct statement catalogue_audit_add(struct arena *arena, str chain, str entries)
{
    return STATEMENT(arena, "SELECT audit_add_all($1, $2::jsonb)", chain, entries);
}

struct statement catalogue_audit_client(struct arena *arena, str id)
{
    return STATEMENT(arena, "INSERT INTO audit_actors (id) VALUES ($1) ON CONFLICT DO NOTHING", id);
}

#define NONE_WITHIN(seconds)                                                                       \
    "NOT EXISTS (SELECT FROM audit_checkpoints WHERE made > now() - " seconds                      \
    "::bigint * interval '1 second')"

struct statement catalogue_checkpoint_due(struct arena *arena, int64_t seconds)
{
    return STATEMENT(arena, "SELECT audit_heads() WHERE " NONE_WITHIN("$1"),
                     statement_i64(arena, seconds));
}

struct statement catalogue_checkpoint_keep(struct arena *arena, str jws, int64_t seconds)
{
    return STATEMENT(
        arena,
        "INSERT INTO audit_checkpoints (jws) SELECT $1 WHERE " NONE_WITHIN("$2") " RETURNING jws",
        jws, statement_i64(arena, seconds));
}

// -- Streams ----------------------------------------------------------------------------

struct statement catalogue_audit_stream_take(struct arena *arena, const struct audit_stream *stream,
                                             int64_t most)
{
    return STATEMENT(arena, "SELECT source, key, entry FROM audit_stream_take($1, $2, $3::integer)",
                     stream->sink, stream->node, statement_i64(arena, most));
}

struct statement catalogue_audit_stream_done(struct arena *arena, const struct audit_stream *stream,
                                             const str *sources, const str *keys, size_t count)
{
    return STATEMENT(arena, "SELECT audit_stream_done($1, $2, $3::text[], $4::bigint[])",
                     stream->sink, stream->node, statement_array(arena, sources, count),
                     statement_array(arena, keys, count));
}

struct statement catalogue_audit_stream_leave(struct arena *arena,
                                              const struct audit_stream *stream)
{
    return STATEMENT(arena, "SELECT audit_stream_leave($1, $2)", stream->sink, stream->node);
}

// -- Holds ------------------------------------------------------------------------------

struct statement catalogue_hold_add(struct arena *arena, const struct hold_row *row)
{
    return STATEMENT(arena,
                     "INSERT INTO audit_holds (kind, value, reason, made_by) VALUES ($1, $2, $3, "
                     "$4) ON CONFLICT DO NOTHING RETURNING key",
                     row->kind, row->value, row->reason, row->made_by);
}

struct statement catalogue_holds(struct arena *arena)
{
    return statement_new(
        arena,
        "SELECT key, kind, CASE WHEN kind = 'TENANT' AND value = '' THEN '<default>' ELSE value "
        "END, reason, to_char(made AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
        "made_by, to_char(released AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), "
        "released_by FROM audit_holds ORDER BY released IS NOT NULL, key DESC LIMIT 1000",
        NULL, 0);
}

struct statement catalogue_hold_release(struct arena *arena, uint64_t key, str by)
{
    return STATEMENT(arena,
                     "UPDATE audit_holds SET released = now(), released_by = $2 WHERE key = "
                     "$1::bigint AND released IS NULL RETURNING key",
                     statement_u64(arena, key), by);
}
