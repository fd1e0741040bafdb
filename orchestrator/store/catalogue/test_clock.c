// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/test_clock.h"

#include "store/query.h"

enum { COLUMN_OFFSET, COLUMN_PINNED, COLUMN_NOW_MS, COLUMN_NOW };

#define NOW_MS                                                                                     \
    "coalesce(test_clock_pinned_ms, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + "     \
    "test_clock_offset_ms)"
#define COLUMNS                                                                                    \
    "test_clock_offset_ms, test_clock_pinned_ms, " NOW_MS ", to_char(to_timestamp(" NOW_MS         \
    " / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

void catalogue_clock_row(const struct query_rows *rows, struct clock_row *ret_row)
{
    check(query_row_count(rows) == 1);
    ret_row->clock.is_pinned = !query_is_null(rows, 0, COLUMN_PINNED);
    ret_row->clock.offset_ms = query_i64(rows, 0, COLUMN_OFFSET);
    ret_row->clock.pinned_ms = ret_row->clock.is_pinned ? query_i64(rows, 0, COLUMN_PINNED) : 0;
    ret_row->now_ms = query_i64(rows, 0, COLUMN_NOW_MS);
    ret_row->now = query_value(rows, 0, COLUMN_NOW);
}

struct statement catalogue_clock(struct arena *arena)
{
    return statement_new(arena, "SELECT " COLUMNS " FROM installation", NULL, 0);
}

struct statement catalogue_set_clock(struct arena *arena, const struct test_clock *clock)
{
    return STATEMENT(arena,
                     "UPDATE installation SET test_clock_offset_ms = $1::bigint, "
                     "test_clock_pinned_ms = $2::bigint RETURNING " COLUMNS,
                     statement_i64(arena, clock->is_pinned ? 0 : clock->offset_ms),
                     clock->is_pinned ? statement_i64(arena, clock->pinned_ms) : (str){NULL, 0});
}

struct statement catalogue_move_clock(struct arena *arena, int64_t by_ms)
{
    return STATEMENT(arena,
                     "UPDATE installation SET test_clock_pinned_ms = test_clock_pinned_ms + "
                     "$1::bigint, test_clock_offset_ms = CASE WHEN test_clock_pinned_ms IS NULL "
                     "THEN test_clock_offset_ms + $1::bigint ELSE 0 END RETURNING " COLUMNS,
                     statement_i64(arena, by_ms));
}

struct statement catalogue_purge(struct arena *arena)
{
    return statement_new(arena,
                         "WITH noted AS MATERIALIZED (SELECT "
                         "audit_note(jsonb_build_object('operation', 'DELETE', 'entity_type', "
                         "'SYSTEM', 'description', 'everything that ran or was deployed')), "
                         "set_config('baton.author', '', true)) SELECT purge_installation() FROM "
                         "noted",
                         NULL, 0);
}
