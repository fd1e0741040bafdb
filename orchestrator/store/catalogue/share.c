// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/share.h"

struct statement catalogue_share_set(struct arena *arena, const struct share_row *row)
{
    return STATEMENT(arena,
                     "INSERT INTO shares (owner_kind, owner, name, amount, changed_by) VALUES ($1, "
                     "$2, $3, $4::bigint, $5) ON CONFLICT (owner_kind, owner, name) DO UPDATE SET "
                     "amount = excluded.amount, changed = now(), changed_by = excluded.changed_by",
                     row->kind, row->owner, row->name, row->amount, row->by);
}

struct statement catalogue_share_remove(struct arena *arena, const struct share_row *row)
{
    return STATEMENT(arena, "DELETE FROM shares WHERE owner_kind = $1 AND owner = $2 AND name = $3",
                     row->kind, row->owner, row->name);
}

struct statement catalogue_shared_windows(struct arena *arena, str owner)
{
    return STATEMENT(
        arena,
        "SELECT count(DISTINCT owner) FROM shares WHERE owner_kind = 'TENANT' AND name "
        "IN ('jobs', 'weight') AND owner <> $1",
        owner);
}

struct statement catalogue_shares(struct arena *arena)
{
    return statement_new(
        arena,
        "SELECT owner_kind, CASE WHEN owner_kind = 'TENANT' AND owner = '' THEN '<default>' ELSE "
        "owner END, name, amount, CASE WHEN owner <> '*' AND name IN ('instances', 'bytes') THEN "
        "(SELECT coalesce(CASE WHEN s.name = 'bytes' THEN sum(u.bytes) ELSE sum(u.instances) END, "
        "0) FROM tenant_usage u WHERE u.tenant = s.owner) END, to_char(changed AT TIME ZONE 'UTC', "
        "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), changed_by FROM shares s ORDER BY 1, 2, 3",
        NULL, 0);
}

struct statement catalogue_shares_seen(struct arena *arena, int64_t known_version)
{
    return STATEMENT(arena,
                     "SELECT v.version, s.owner_kind, s.owner, s.name, s.amount FROM share_version "
                     "v LEFT JOIN shares s ON true WHERE v.version <> $1::bigint",
                     statement_i64(arena, known_version));
}

struct statement catalogue_share_lease(struct arena *arena, const struct share_lease *lease)
{
    return STATEMENT(
        arena,
        "SELECT given, next_ms, is_beyond FROM share_lease($1, $2, $3, $4::bigint, $5::bigint)",
        lease->kind, lease->owner, lease->name, statement_i64(arena, lease->amount),
        statement_i64(arena, lease->wanted));
}
