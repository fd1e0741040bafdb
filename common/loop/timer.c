// SPDX-License-Identifier: Apache-2.0
#include "loop/timer.h"

#include <event2/event.h>
#include <stdlib.h>

enum { US_PER_MS = 1000, US_PER_SECOND = 1000000 };

struct timer {
    struct event *event;
    timer_call *call;
    void *context;
};

static void on_event(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct timer *timer = context;
    timer->call(timer->context);
}

struct timer *timer_new(struct event_base *loop, timer_call *call, void *context)
{
    struct timer *timer = calloc(1, sizeof *timer);
    check(timer != NULL);
    *timer = (struct timer){.call = call, .context = context};
    timer->event = evtimer_new(loop, on_event, timer);
    check(timer->event != NULL);
    return timer;
}

void timer_free(struct timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    free(timer);
}

void timer_set_us(struct timer *timer, int64_t delay_us)
{
    check(delay_us >= 0);
    const struct timeval delay = {.tv_sec = (time_t)(delay_us / US_PER_SECOND),
                                  .tv_usec = (suseconds_t)(delay_us % US_PER_SECOND)};
    event_add(timer->event, &delay);
}

void timer_set(struct timer *timer, int64_t delay_ms)
{
    timer_set_us(timer, delay_ms * US_PER_MS);
}

void timer_ring(struct timer *timer)
{
    event_active(timer->event, EV_TIMEOUT, 0);
}

void timer_stop(struct timer *timer)
{
    event_del(timer->event);
}

bool timer_is_set(const struct timer *timer)
{
    return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}
