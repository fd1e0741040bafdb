// SPDX-License-Identifier: Apache-2.0
//
// Petri nets with an initial and a final marking: what conformance is checked against. Arcs have a
// weight of one; a marking counts tokens by place.
#ifndef BATON_INSIGHT_NET_H
#define BATON_INSIGHT_NET_H

#include "insight/tree.h"

struct net_transition {
    str id, label; // no label: silent
    bool is_silent;
    uint32_t input_count, output_count;
    uint32_t *inputs, *outputs; // places; one that is named twice has a weight of two
};

struct net_place {
    str id;
    uint32_t initial, final; // tokens
    uint32_t producer_count, consumer_count;
    uint32_t *producers, *consumers; // transitions
};

struct net {
    str name;
    uint32_t place_count, transition_count;
    struct net_place *places;
    struct net_transition *transitions;
};

// Makes a net piece by piece.
struct net_builder;

struct net_builder *net_builder_new(struct arena *arena);
uint32_t net_builder_place(struct net_builder *builder, str id);
uint32_t net_builder_transition(struct net_builder *builder, str id, str label, bool is_silent);
void net_builder_input(struct net_builder *builder, uint32_t transition, uint32_t place);
void net_builder_output(struct net_builder *builder, uint32_t transition, uint32_t place);
void net_builder_mark(struct net_builder *builder, uint32_t place, uint32_t initial,
                      uint32_t final);

// False when a limit was reached.
MUST_CHECK bool net_builder_finish(struct net_builder *builder, struct net **ret_net,
                                   struct error *err);

// The tree as a sound workflow net with few silent transitions.
MUST_CHECK bool net_of_tree(struct arena *arena, const struct tree *tree, struct net **ret_net,
                            struct error *err);

// PNML (ISO/IEC 15909-2), with final markings as ProM and PM4Py write them. A net without one ends
// where a place has no way out.
str net_write_pnml(struct arena *arena, const struct net *net);
MUST_CHECK bool net_read_pnml(struct arena *arena, str text, struct net **ret_net,
                              struct error *err);

#endif
