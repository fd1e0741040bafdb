// SPDX-License-Identifier: Apache-2.0
//
// What node calls of libevent, the clock and the log, over virtual time. An event_base is a
// machine.
#include "world.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/zone.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { SLOW_STEP_NS = 60000000 };

struct event {
    struct machine *machine;
    event_callback_fn call;
    void *context;
    struct action *timer;  // it is pending
    struct action *active; // it was made active
};

// -- Events -----------------------------------------------------------------------------

static void on_timer(void *context)
{
    struct event *event = context;
    event->timer = NULL;
    event->call(-1, EV_TIMEOUT, event->context);
}

static void on_active(void *context)
{
    struct event *event = context;
    event->active = NULL;
    event->call(-1, EV_TIMEOUT, event->context);
}

struct event *event_new(struct event_base *base, evutil_socket_t fd, short what,
                        event_callback_fn call, void *context)
{
    check(fd == -1 && (what & EV_PERSIST) == 0); // timers and hand-made activity only
    struct event *event = calloc(1, sizeof *event);
    check(event != NULL);
    event->machine = base->machine;
    event->call = call;
    event->context = context;
    return event;
}

int event_del(struct event *event)
{
    if (event->timer != NULL)
        world_cancel(event->timer);
    if (event->active != NULL)
        world_cancel(event->active);
    event->timer = event->active = NULL;
    return 0;
}

void event_free(struct event *event)
{
    event_del(event);
    free(event);
}

int event_add(struct event *event, const struct timeval *delay)
{
    if (event->timer != NULL)
        world_cancel(event->timer);
    event->timer = NULL;
    if (event->machine->state == MACHINE_UP)
        event->timer = world_later((int64_t)delay->tv_sec * WORLD_SECOND + delay->tv_usec,
                                   event->machine, on_timer, event);
    return 0;
}

void event_active(struct event *event, int what, short calls)
{
    (void)what, (void)calls;
    if (event->active == NULL && event->machine->state == MACHINE_UP)
        event->active = world_later(0, event->machine, on_active, event);
}

int event_pending(const struct event *event, short what, struct timeval *ret_when)
{
    (void)ret_when;
    return event->timer != NULL ? what & EV_TIMEOUT : 0;
}

// -- Clock ------------------------------------------------------------------------------

int64_t clock_now_us(void)
{
    return world->now_us + (world->current ? world->current->skew_ms * WORLD_MS : 0);
}

int64_t clock_now_ms(void)
{
    return clock_now_us() / WORLD_MS;
}

// Virtual time stands still while a machine computes; its monotonic clock sometimes does not, so
// that batches run out of time and end early.
int64_t clock_monotonic_ns(void)
{
    if (world_chance(1))
        world->spent_ns += world_between(0, SLOW_STEP_NS);
    return world->now_us * 1000 + world->spent_ns;
}

// -- Log --------------------------------------------------------------------------------

void log_configure(enum log_level lowest, bool as_json, const char *node)
{
    (void)lowest, (void)as_json, (void)node;
}

void log_write(enum log_level level, const char *component, const char *format, ...)
{
    char text[600];
    if (!world->options.verbose || level < LOG_INFO)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    world_tell("[%s] %s", component, text);
}

void log_failure(const char *component, const struct error *err)
{
    log_error(component, "%s: %s", err->place, err->text);
}

// -- Zones ------------------------------------------------------------------------------

// Reading every zone of the system takes longer than simulating a minute; these processes name
// none.
bool __wrap_zone_db_load(struct arena *arena, const char *directory, const struct zone_db **ret_db,
                         struct error *err);
bool __wrap_zone_db_load(struct arena *arena, const char *directory, const struct zone_db **ret_db,
                         struct error *err)
{
    (void)arena, (void)ret_db;
    return error_set(err, ERROR_NOT_FOUND, directory, "no zones are simulated");
}
