// SPDX-License-Identifier: Apache-2.0
//
// Token replay: each trace is played on the net; tokens that are missing are put there, those that
// are left over are counted (Rozinat, van der Aalst, 2008; with silent steps as Berti and van der
// Aalst, 2019, take them, so that numbers are PM4Py's).
#ifndef BATON_INSIGHT_REPLAY_H
#define BATON_INSIGHT_REPLAY_H

#include "insight/net.h"
#include "insight/variants.h"

struct replay_trace {
    uint32_t missing, consumed, remaining, produced;
    bool fits;
    double fitness;
};

struct replay {
    const struct replay_trace *traces; // by variant
    const uint64_t *fired;             // by transition: how often, over all traces
    uint64_t fitting_traces, trace_count;
    double fitness;          // of the log: from the sums of tokens
    double average_fitness;  // of traces
    uint64_t unknown_events; // of activities that the model does not have: they are passed over
};

struct replay replay_log(struct arena *arena, const struct event_log *log,
                         const struct variants *variants, const struct net *net);

struct precision {
    double
        value; // ETC (Munoz-Gama, Carmona, 2010), over prefixes that replay without a missing token
    uint64_t escaping, allowed; // weighted by traces
};

struct precision precision_of(const struct event_log *log, const struct variants *variants,
                              const struct net *net);

// 1 less the mean over transitions of 1 / sqrt(how often they fired) (Buijs et al., 2014).
double generalization_of(const struct net *net, const struct replay *replay);

// 1 / (1 + the mean degree of places and transitions beyond 2) (Vazquez-Barreiros et al., 2015).
double simplicity_of(const struct net *net);

#endif
