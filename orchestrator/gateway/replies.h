// SPDX-License-Identifier: Apache-2.0
//
// This node's partition of the reply topic: found when the node begins, looked after while calls
// wait, and found or made again when somebody has deleted the topic.
//
//   FINDING ──► READING ◄──► CHECKING    calls wait and nothing comes: is it still the same topic?
//      ▲ │          ▲           │
//      │ └► MAKING ─┘           │        there is no such topic
//      └────────────────────────┘        it is another one
#ifndef BATON_GATEWAY_REPLIES_H
#define BATON_GATEWAY_REPLIES_H

#include "bus/bus.h"
#include "gateway/gateway.h"

struct replies;

struct replies_handler {
    void *context;
    void (*record)(void *context, const struct bus_record *record);
    size_t (*waiting)(void *context); // calls that wait for a reply
};

struct replies *replies_new(struct gateway *gateway, const struct replies_handler *handler);
void replies_free(struct replies *replies);

// Whether a reply would be heard: false while the topic is looked for.
bool replies_are_heard(const struct replies *replies);

int32_t replies_partition(const struct replies *replies);

#endif
