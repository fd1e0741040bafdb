// SPDX-License-Identifier: Apache-2.0
//
// Element instances of our own history as activities: which count, and when work on one began.
// There is one rule for the log that is read over the API and for the counters that are kept live.
#ifndef BATON_INSIGHT_ACTIVITY_H
#define BATON_INSIGHT_ACTIVITY_H

#include "base/str.h"

enum activity_waits_for {
    ACTIVITY_NONE, // it is no activity
    ACTIVITY_PERSON,
    ACTIVITY_WORKER,
    ACTIVITY_NOBODY,
    ACTIVITY_OUTSIDE,
};

// By BPMN's name of the element's type.
enum activity_waits_for activity_waits_for(str type);

// The types that count; NULL behind the last one.
const char *activity_type_at(size_t n);

// Times in ms; 0: it was never offered, or claimed.
struct activity_times {
    int64_t enabled, offered, claimed, completed;
};

// When work began: between enabled and completed.
int64_t activity_started(enum activity_waits_for waits_for, const struct activity_times *times);

#endif
