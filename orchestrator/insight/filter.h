// SPDX-License-Identifier: Apache-2.0
//
// Conditions on cases: the log of those that meet all of them, in order, so that "variants 5" after
// another one is of what that left.
//
//     since T · until T              the whole case lies there (T as ISO 8601)
//     duration < 2d                  s, min, h, d, w; also > <= >= =
//     events >= 3                    so many
//     variants 5                     it is of one of the most frequent ones
//     rework · rework A              an activity, or this one, was done again
//     has A · starts A · ends A
//     follows A -> B · A ->> B       directly; at some time after
//     KEY = VALUE                    of the case or of one of its events; also != < <= > >=
//
// "not" before one turns it around. Names may stand in double quotes.
#ifndef BATON_INSIGHT_FILTER_H
#define BATON_INSIGHT_FILTER_H

#include "base/error.h"
#include "insight/event_log.h"

// `text`: conditions with ';' between them. The new log is in the arena and shares what it can.
MUST_CHECK bool log_filter(struct arena *arena, const struct event_log *log, str text,
                           const struct event_log **ret_log, struct error *err);

#endif
