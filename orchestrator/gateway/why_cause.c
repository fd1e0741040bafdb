// SPDX-License-Identifier: Apache-2.0
#include "gateway/why_cause.h"

#include <stdlib.h>

static const struct {
    const char *name, *remedy;
} causes[] = {
#define CAUSE(name, remedy) {#name, remedy},
#include "gateway/why_causes.def"
#undef CAUSE
};

const char *why_cause_name(enum why_cause cause)
{
    return causes[cause].name;
}

const char *why_cause_remedy(enum why_cause cause)
{
    return causes[cause].remedy;
}

// Stable: findings of one cause stay in their order.
void why_sort(struct why_findings *findings)
{
    struct why_finding *items = findings->list.items;
    for (size_t i = 1; i < findings->list.count; i++) {
        struct why_finding moved = items[i];
        size_t at = i;
        for (; at > 0 && items[at - 1].cause > moved.cause; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}
