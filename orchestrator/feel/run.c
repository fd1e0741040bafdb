// SPDX-License-Identifier: Apache-2.0
#include "feel/run.h"

#include <stdarg.h>
#include <stdio.h>

#include "feel/node.h"
#include "feel/value.h"

static const struct feel_limits default_limits = {
#define LIMIT(name, value, text) .name = value,
#include "feel/limits.def"
#undef LIMIT
};

struct feel_limits feel_limits_default(void)
{
    return default_limits;
}

static bool lookup_in_context(void *context, str name, feel_value *ret_value)
{
    const feel_value *found = feel_context_get(*(const feel_value *)context, name);
    if (found)
        *ret_value = *found;
    return found != NULL;
}

struct feel_run feel_run_new(struct arena *arena, const feel_value *variables)
{
    struct feel_run run = {.arena = arena, .limits = default_limits};
    run.lookup = variables ? lookup_in_context : NULL;
    run.lookup_context = (void *)variables;
    run.fuel = run.limits.fuel;
    run.bytes_start = arena->used;
    return run;
}

void feel_run_stop(struct feel_run *run, enum feel_stop why)
{
    if (run->stopped == FEEL_RUNNING) {
        run->stopped = why;
        run->fuel_left = why == FEEL_OUT_OF_FUEL ? 0 : run->fuel;
    }
    run->fuel = 0;
}

feel_value run_stop(struct feel_run *run, enum feel_stop why)
{
    feel_run_stop(run, why);
    return feel_null();
}

void feel_run_fail(struct feel_run *run, str failure)
{
    if (run->stopped == FEEL_RUNNING)
        run->failure = failure;
    feel_run_stop(run, FEEL_FAILED);
}

feel_value run_fail(struct feel_run *run, str failure)
{
    feel_run_fail(run, failure);
    return feel_null();
}

void *run_alloc(struct feel_run *run, size_t size)
{
    size_t used = run->arena->used - run->bytes_start;
    if (used > run->limits.bytes || size > run->limits.bytes - used) {
        run_stop(run, FEEL_OUT_OF_BYTES);
        return NULL;
    }
    return arena_alloc(run->arena, size);
}

enum { WARNING_TEXT_MAX = 256 };

feel_value run_warn(struct feel_run *run, uint32_t position, const char *format, ...)
{
    struct feel_warnings *warnings = run->warnings;
    if (!warnings || run->stopped || warnings->count++ >= FEEL_WARNINGS_MAX)
        return feel_null();
    char text[WARNING_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    struct feel_warning *w = &warnings->items[warnings->count - 1];
    *w = (struct feel_warning){0};
    size_t kept = len < 0 ? 0 : len < WARNING_TEXT_MAX ? (size_t)len : WARNING_TEXT_MAX - 1;
    w->text = str_copy(run->arena, str_from(text, kept));
    if (run->program && position != POSITION_UNKNOWN)
        program_locate(run->program->source, position, &w->line, &w->column);
    return feel_null();
}

struct list_builder list_builder_new(struct feel_run *run)
{
    return (struct list_builder){.run = run};
}

static bool list_grow(struct list_builder *list)
{
    struct feel_run *run = list->run;
    if (list->count >= run->limits.list_items) {
        run_warn(run, POSITION_UNKNOWN, "the list is longer than the limit of %zu items",
                 run->limits.list_items);
        run_stop(run, FEEL_OUT_OF_BYTES);
        return false;
    }
    size_t capacity = list->capacity ? list->capacity * 2 : 8;
    feel_value *items = run_alloc(run, capacity * sizeof *items);
    if (!items)
        return false;
    if (list->count)
        memcpy(items, list->items, list->count * sizeof *items);
    list->items = items;
    list->capacity = capacity;
    return true;
}

bool list_add(struct list_builder *list, feel_value value)
{
    if (list->count == list->capacity && !list_grow(list))
        return false;
    list->items[list->count++] = value;
    return true;
}

feel_value list_value(const struct list_builder *list)
{
    return list->run->stopped ? feel_null() : feel_list(list->items, list->count);
}

feel_value run_string(struct feel_run *run, const struct strbuf *text)
{
    if (text->len > run->limits.string_bytes)
        return run_warn(run, POSITION_UNKNOWN,
                        "a string of %zu bytes is longer than the limit of %zu", text->len,
                        run->limits.string_bytes);
    return feel_string(strbuf_str(text));
}

enum { VALUES_PER_STEP = 8, BYTES_PER_STEP = 1024 };

int run_equal(struct feel_run *run, feel_value a, feel_value b)
{
    uint64_t budget = run->fuel < UINT32_MAX ? run->fuel * VALUES_PER_STEP : UINT32_MAX;
    uint64_t left = budget;
    int result = value_equal(a, b, &left);
    return run_spend(run, (budget - left) / VALUES_PER_STEP) ? result : -1;
}

int run_compare(struct feel_run *run, feel_value a, feel_value b)
{
    bool are_strings = a.kind == FEEL_STRING && b.kind == FEEL_STRING;
    if (are_strings && !run_spend(run, a.string.len / BYTES_PER_STEP))
        return ORDER_NONE;
    return value_compare(a, b);
}

uint64_t feel_run_left(const struct feel_run *run)
{
    return run->stopped == FEEL_RUNNING ? run->fuel : run->fuel_left;
}

bool feel_run_finished(const struct feel_run *run, struct error *err)
{
    switch (run->stopped) {
    case FEEL_RUNNING:
        return true;
    case FEEL_OUT_OF_FUEL:
        return error_set(err, ERROR_LIMIT, "feel", "out of fuel: the limit is %llu steps",
                         (unsigned long long)run->limits.fuel);
    case FEEL_TOO_DEEP:
        return error_set(err, ERROR_LIMIT, "feel", "nested too deep: the limit is %u levels",
                         run->limits.depth);
    case FEEL_OUT_OF_BYTES:
        return error_set(err, ERROR_LIMIT, "feel",
                         "out of memory: the limits are %zu bytes and %zu list items",
                         run->limits.bytes, run->limits.list_items);
    case FEEL_FAILED:
        return error_set(err, ERROR_INVALID, "feel", "%.*s", STR_ARG(run->failure));
    }
    check_unreachable();
}
