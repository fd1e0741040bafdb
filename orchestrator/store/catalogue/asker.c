// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/asker.h"

struct statement catalogue_askers_note(struct arena *arena, str askers, str node)
{
    return STATEMENT(arena, "SELECT job_askers_note($1::json, $2::text), job_askers_trim($1::json)",
                     askers, node);
}
