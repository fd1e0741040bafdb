// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/listener.h"

#include "record/limits.h"

#define VALUES(arena, row)                                                                         \
    (row)->id, (row)->type, statement_i64(arena, (row)->retries),                                  \
        (row)->runs_last ? STR("true") : STR("false"), statement_i64(arena, (row)->priority),      \
        statement_array(arena, (row)->events, (row)->event_count)

struct statement catalogue_listener_create(struct arena *arena, const struct listener_row *row)
{
    return STATEMENT(arena,
                     "WITH made AS (INSERT INTO global_listeners (id, type, retries, runs_last, "
                     "priority, events) SELECT $1, $2, $3::integer, $4::boolean, $5::integer, "
                     "$6::text[] WHERE (SELECT count(*) FROM global_listeners) < $7::bigint ON "
                     "CONFLICT (id) DO NOTHING RETURNING id) SELECT EXISTS (SELECT FROM made), "
                     "EXISTS (SELECT FROM global_listeners WHERE id = $1)",
                     VALUES(arena, row), statement_i64(arena, LIMIT_GLOBAL_LISTENERS));
}

struct statement catalogue_listener_update(struct arena *arena, const struct listener_row *row)
{
    return STATEMENT(arena,
                     "UPDATE global_listeners SET type = $2, retries = $3::integer, runs_last = "
                     "$4::boolean, priority = $5::integer, events = $6::text[], changed = now() "
                     "WHERE id = $1 RETURNING id",
                     VALUES(arena, row));
}

struct statement catalogue_listener_delete(struct arena *arena, str id)
{
    return STATEMENT(arena, "DELETE FROM global_listeners WHERE id = $1 RETURNING id", id);
}
