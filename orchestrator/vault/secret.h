// SPDX-License-Identifier: Apache-2.0
//
// Secrets that lie outside of Baton: in files that are mounted, in variables of the environment.
#ifndef BATON_VAULT_SECRET_H
#define BATON_VAULT_SECRET_H

#include "base/config.h"

enum { SECRET_MAX_VALUE_BYTES = 16 << 10 };

// Whether there is such a one by the settings secrets.directory and secrets.environment. A line end
// at the end of a file is left out. Read anew each time: who rotates a file needs no restart.
// ERROR_NOT_FOUND: there is none; ERROR_INVALID: it cannot be read, or is too large; err never has
// its value. `tenant` is empty for the default tenant; `name` a name by secret_is_name. The value
// lies in the arena: wipe it.
MUST_CHECK bool secret_outside(const struct config *config, struct arena *arena, str tenant,
                               str name, str *ret_value, struct error *err);

// The names of those for a tenant, in the arena, without order.
const str *secret_outside_names(const struct config *config, struct arena *arena, str tenant,
                                size_t *ret_count);

// What is bound to a stored secret's place: nobody can move one to another name or tenant.
str secret_bound(struct arena *arena, str tenant, str name);

#endif
