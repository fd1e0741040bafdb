// SPDX-License-Identifier: Apache-2.0
//
// A process that holds what nobody may read after it.
#ifndef BATON_BASE_MEMORY_H
#define BATON_BASE_MEMORY_H

// No core is written of this process, and others of the same user cannot look into it. Not in
// builds with sanitizers, which look into it themselves.
void memory_is_private(void);

#endif
