// SPDX-License-Identifier: Apache-2.0
//
// The markings of a net, numbered as they are found, with the steps that lead from each; and, where
// there are not too many, what has to happen from each to the end. Inside of alignment only.
#ifndef BATON_INSIGHT_SPACE_H
#define BATON_INSIGHT_SPACE_H

#include "insight/net.h"
#include "insight/variants.h"

#define NO_MARKING UINT32_MAX
#define SILENT_LABEL UINT32_MAX // of a step
#define NO_LABEL UINT32_MAX     // of an activity that the net does not have

struct space_step {
    uint32_t transition, label, target;
};

struct space_steps {
    uint32_t count;
    const struct space_step *steps;
    bool is_known;
};

struct space {
    const struct net *net;
    struct arena arena;
    uint32_t limit;
    uint32_t count, capacity, slot_count;
    uint8_t **markings;
    struct space_steps *steps;
    uint32_t *slots; // marking + 1
    uint32_t initial, final;

    uint32_t label_count;
    const str *labels;
    const uint32_t *label_of_transition, *label_of_activity;

    // By marking and label, when all markings are known (has_bounds): how often it has to happen
    // from there to the end, UINT8_MAX: the end cannot be reached; and whether it can.
    bool has_bounds;
    const uint8_t *needed;
    const uint64_t *possible;     // bits
    const uint8_t *needed_silent; // by marking
    size_t words;
};

void space_init(struct space *space, const struct net *net, const struct event_log *log,
                uint32_t limit);
void space_done(struct space *space);

// The steps from a marking; is_known is false when there are more markings than the limit.
struct space_steps space_steps_from(struct space *space, uint32_t marking);

// Explores everything within the limit and finds the bounds, if that is all.
void space_find_bounds(struct space *space);

#endif
