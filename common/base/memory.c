// SPDX-License-Identifier: Apache-2.0
#include "base/memory.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void memory_is_private(void)
{
#if !defined(__SANITIZE_ADDRESS__)
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
