// SPDX-License-Identifier: Apache-2.0
//
// A timer on the loop, in milliseconds. It rings once each time it is set.
#ifndef BATON_LOOP_TIMER_H
#define BATON_LOOP_TIMER_H

#include "base/check.h"

#include <stdint.h>

struct event_base;
struct timer;

typedef void timer_call(void *context);

struct timer *timer_new(struct event_base *loop, timer_call *call, void *context);
void timer_free(struct timer *timer); // NULL is fine. Not from inside its own call.

// Rings after `delay_ms`; a time that was set before is forgotten.
void timer_set(struct timer *timer, int64_t delay_ms);
void timer_set_us(struct timer *timer, int64_t delay_us);

// Rings in this turn of the loop, before anything else is waited for. Keeps the time that was set.
void timer_ring(struct timer *timer);

void timer_stop(struct timer *timer);
bool timer_is_set(const struct timer *timer);

#endif
