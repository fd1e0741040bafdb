// SPDX-License-Identifier: Apache-2.0
#include "insight/activity.h"

static const struct {
    const char *type;
    enum activity_waits_for waits_for;
} types[] = {
#define ACTIVITY_TYPE(type, waits_for) {type, ACTIVITY_##waits_for},
#include "insight/activity_types.def"
#undef ACTIVITY_TYPE
};

enum activity_waits_for activity_waits_for(str type)
{
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if (str_equal(type, str_of(types[i].type)))
            return types[i].waits_for;
    return ACTIVITY_NONE;
}

const char *activity_type_at(size_t n)
{
    return n < COUNT_OF(types) ? types[n].type : NULL;
}

static int64_t begun(enum activity_waits_for waits_for, const struct activity_times *t)
{
    switch (waits_for) {
    case ACTIVITY_OUTSIDE:
        return t->completed;
    case ACTIVITY_PERSON:
        return t->claimed != 0 ? t->claimed : t->completed;
    case ACTIVITY_WORKER:
        return t->claimed != 0 ? t->claimed : t->offered != 0 ? t->offered : t->enabled;
    case ACTIVITY_NOBODY:
    case ACTIVITY_NONE:
        return t->enabled;
    }
    check_unreachable();
}

int64_t activity_started(enum activity_waits_for waits_for, const struct activity_times *t)
{
    int64_t started = begun(waits_for, t);
    started = started > t->completed ? t->completed : started;
    return started < t->enabled ? t->enabled : started;
}
