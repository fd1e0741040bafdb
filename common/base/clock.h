// SPDX-License-Identifier: Apache-2.0
//
// The only place that reads a clock. The pure core never includes this: its time comes with the
// record.
#ifndef BATON_BASE_CLOCK_H
#define BATON_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_ms(void);       // wall clock: milliseconds since 1970-01-01T00:00:00Z
int64_t clock_now_us(void);       // wall clock: microseconds
int64_t clock_monotonic_ns(void); // never goes back; for durations only

#endif
