// SPDX-License-Identifier: Apache-2.0
//
// Walks the tree of a program. Results that the standard calls null are null with a warning; what a
// run may use is counted as it goes.
#ifndef BATON_FEEL_EVAL_H
#define BATON_FEEL_EVAL_H

#include "feel/node.h"

// The variables of one function call, and the frames around the place where the function was
// written.
struct frame {
    feel_value *slots;
    size_t count;
    const struct frame *outer;
};

enum { CALL_DEPTH = 4 }; // a call takes as much stack as this many nodes

feel_value eval_inner(struct feel_run *run, struct frame *frame, const struct node *node);

static inline feel_value eval_node(struct feel_run *run, struct frame *frame,
                                   const struct node *node)
{
    if (node->kind == NODE_CONSTANT)
        return node->constant;
    if (node->kind == NODE_SLOT)
        return frame->slots[node->slot];
    return eval_inner(run, frame, node);
}

// Where a path in the program keeps its guess.
static inline uint8_t *eval_hint(struct feel_run *run, const struct node *node)
{
    return &run->hints[node->position % sizeof run->hints];
}

// The node, or the constant it always evaluates to.
struct node *eval_fold(struct arena *arena, const struct zone_db *zones, struct node *node);

// ---- parts, by file ----

feel_value eval_arithmetic(struct feel_run *run, const struct node *node, feel_value a,
                           feel_value b);
feel_value eval_comparison(struct feel_run *run, const struct node *node, feel_value a,
                           feel_value b);
feel_value eval_loop(struct feel_run *run, struct frame *frame, const struct node *node);
feel_value eval_filter(struct feel_run *run, struct frame *frame, const struct node *node);
feel_value eval_path(struct feel_run *run, const struct node *node, feel_value base);
feel_value eval_tests(struct feel_run *run, struct frame *frame, const struct node *tests);

#endif
