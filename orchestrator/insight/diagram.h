// SPDX-License-Identifier: Apache-2.0
//
// A diagram as mining has it: activities, gateways and flows, with places on a sheet where it was
// made here. Between BPMN files and the rest of this layer. What BPMN knows beyond that is bpmn's
// business, not this one's.
#ifndef BATON_INSIGHT_DIAGRAM_H
#define BATON_INSIGHT_DIAGRAM_H

#include "insight/net.h"

enum diagram_kind {
    DIAGRAM_START,
    DIAGRAM_END,
    DIAGRAM_TASK,
    DIAGRAM_EXCLUSIVE,
    DIAGRAM_PARALLEL,
    DIAGRAM_INCLUSIVE,
    DIAGRAM_KIND_COUNT
};

struct diagram_node {
    enum diagram_kind kind;
    str id, name; // a task without a name is silent
    int32_t x, y, width, height;
    uint32_t in_count, out_count; // flows
};

struct diagram_point {
    int32_t x, y;
};

enum { DIAGRAM_POINTS_MOST = 6 };

struct diagram_flow {
    uint32_t from, to; // nodes
    str label;         // in pictures alone
    int32_t weight;    // how thick it is drawn: 0 as usual, to 10
    uint32_t point_count;
    struct diagram_point points[DIAGRAM_POINTS_MOST];
};

struct diagram {
    struct arena *arena;
    size_t node_count, flow_count, node_capacity, flow_capacity;
    struct diagram_node *nodes;
    struct diagram_flow *flows;
};

struct diagram *diagram_new(struct arena *arena);
uint32_t diagram_add_node(struct diagram *diagram, enum diagram_kind kind, str name);
uint32_t diagram_add_flow(struct diagram *diagram, uint32_t from, uint32_t to);

// The tree as a diagram, laid out from left to right.
struct diagram *diagram_of_tree(struct arena *arena, const struct tree *tree);

// Gives places to the nodes and points to the flows of any diagram: in layers from left to right.
void diagram_layout(struct diagram *diagram);

// BPMN 2.0 with its picture. It opens in modelers and can be deployed: a way of a gateway other
// than that which leads on is taken when the variable of the gateway's id is its number: 2, 3 …
str diagram_write_bpmn(const struct diagram *diagram, str process_id, str name);

// As a picture.
str diagram_write_svg(const struct diagram *diagram);

// Tasks, events and gateways of the first process of a file, and the flows between them.
// Sub-processes are opened up; events between are steps without a name. What a trace cannot tell of
// is refused.
MUST_CHECK bool diagram_read_bpmn(struct arena *arena, str text, struct diagram **ret_diagram,
                                  struct error *err);

MUST_CHECK bool net_of_diagram(struct arena *arena, const struct diagram *diagram,
                               struct net **ret_net, struct error *err);

#endif
