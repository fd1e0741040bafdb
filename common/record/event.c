// SPDX-License-Identifier: Apache-2.0
#include "record/event.h"

const char *event_type_name(enum event_type type)
{
    switch ((int)type) {
#define EVENT(name, number, entity)                                                                \
    case number:                                                                                   \
        return #name;
#include "record/events.def"
#undef EVENT
    default:
        return "UNKNOWN";
    }
}
