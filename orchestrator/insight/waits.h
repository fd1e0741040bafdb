// SPDX-License-Identifier: Apache-2.0
//
// Why it waits: the time between the moment when an activity could be begun and its start, split
// without a rest among causes. What the log must know: when activities were started and completed,
// and by whom. Where it does not say when one could be begun, that is the last completion before
// its start in its case.
#ifndef BATON_INSIGHT_WAITS_H
#define BATON_INSIGHT_WAITS_H

#include "insight/follows.h"

enum wait_cause {
    WAIT_BATCHING,       // its resource was there and idle until more of the same had come together
    WAIT_CONTENTION,     // its resource worked on what could be begun earlier
    WAIT_PRIORITISATION, // its resource worked on what could be begun later
    WAIT_UNAVAILABILITY, // outside of its resource's working hours
    WAIT_EXTERNAL,       // nobody of ours does it: a message, a timer, a system
    WAIT_HANDLING,       // its resource was there and idle
    WAIT_CAUSE_COUNT
};

const char *wait_cause_name(enum wait_cause cause);

struct step_waits {
    uint32_t count;                  // times that it was done
    double causes[WAIT_CAUSE_COUNT]; // seconds, in sum
    struct durations wait, work;     // of one
};

struct waits {
    bool is_known; // the log says when activities were started
    double causes[WAIT_CAUSE_COUNT];
    double waiting, working;        // seconds, in sum
    const struct step_waits *steps; // by activity
    // How much shorter the mean case would be without the cause: on each case's own path, waits of
    // one moment count once.
    double gain[WAIT_CAUSE_COUNT];
    double mean_case;
    bool is_bounded; // some waits were so crowded that all of them counts as contention
};

struct waits waits_of(struct arena *arena, const struct event_log *log);

#endif
