// SPDX-License-Identifier: Apache-2.0
#include "record/command.h"

#include "record/limits.h"

const char *command_type_name(enum command_type type)
{
    switch ((int)type) {
#define COMMAND(name, number, need, process, senders)                                              \
    case number:                                                                                   \
        return #name;
#include "record/commands.def"
#undef COMMAND
    default:
        return "UNKNOWN";
    }
}

static const struct {
    enum failure_class class;
    const char *name;
} failure_classes[] = {
#define FAILURE(name, number, retries, rest, incident, meaning) {FAILURE_##name, #name},
#include "record/failure_classes.def"
#undef FAILURE
};

str failure_class_name(enum failure_class class)
{
    for (size_t i = 1; i < COUNT_OF(failure_classes); i++)
        if (failure_classes[i].class == class)
            return str_of(failure_classes[i].name);
    return STR_EMPTY;
}

bool failure_class_find(str name, enum failure_class *ret_class)
{
    for (size_t i = 1; i < COUNT_OF(failure_classes); i++)
        if (str_equal_ignoring_case(name, str_of(failure_classes[i].name))) {
            *ret_class = failure_classes[i].class;
            return true;
        }
    return false;
}

bool command_type_is_known(int number)
{
    switch (number) {
#define COMMAND(name, number_, need, process, senders) case number_:
#include "record/commands.def"
#undef COMMAND
        return true;
    default:
        return false;
    }
}

enum command_senders command_senders_of(enum command_type type)
{
    switch ((int)type) {
#define COMMAND(name, number, need, process, senders)                                              \
    case number:                                                                                   \
        return SENDERS_##senders;
#include "record/commands.def"
#undef COMMAND
    default:
        return SENDERS_NODE;
    }
}

static const struct {
    const char *name;
    const char *title;
    int http;
} rejections[] = {
#define REJECTION(name, http, title) {#name, title, http},
#include "record/rejections.def"
#undef REJECTION
};

const char *rejection_name(enum rejection rejection)
{
    check((size_t)rejection < COUNT_OF(rejections));
    return rejections[rejection].name;
}

const char *rejection_title(enum rejection rejection)
{
    check((size_t)rejection < COUNT_OF(rejections));
    return rejections[rejection].title;
}

int rejection_http_status(enum rejection rejection)
{
    check((size_t)rejection < COUNT_OF(rejections));
    return rejections[rejection].http;
}

int64_t test_clock_time(const struct test_clock *clock, int64_t time_ms)
{
    int64_t moved_ms = clock->pinned_ms;
    if (!clock->is_pinned && clock->offset_ms == 0)
        return time_ms;
    if (!clock->is_pinned && __builtin_add_overflow(time_ms, clock->offset_ms, &moved_ms))
        moved_ms = clock->offset_ms;
    if (moved_ms < 1) // 0 is no time
        return 1;
    return moved_ms < LIMIT_LAST_MS ? moved_ms : LIMIT_LAST_MS;
}

bool process_list_has(str processes, str process_id)
{
    if (str_is_empty(processes))
        return true;
    for (str rest = processes; !str_is_empty(rest);) {
        str id;
        if (str_split(&rest, '\n', &id) && !str_is_empty(id) && str_equal(id, process_id))
            return true;
    }
    return false;
}
