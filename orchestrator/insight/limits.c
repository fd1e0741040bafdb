// SPDX-License-Identifier: Apache-2.0
#include "insight/limits.h"

static const struct {
    const char *name, *what;
    size_t most;
} limits[] = {
#define INSIGHT_LIMIT(name, most, what) {#name, what, most},
#include "insight/limits.def"
#undef INSIGHT_LIMIT
};

bool insight_within(enum insight_limit limit, size_t count, struct error *err)
{
    return count <= limits[limit].most ||
           error_set(err, ERROR_LIMIT, limits[limit].name, "more than %zu %s", limits[limit].most,
                     limits[limit].what);
}
