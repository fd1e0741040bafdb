// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/audit.h"

struct statement catalogue_audit_add(struct arena *arena, str chain, str entries)
{
    return STATEMENT(arena, "SELECT audit_add_all($1, $2::jsonb)", chain, entries);
}
