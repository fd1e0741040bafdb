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
