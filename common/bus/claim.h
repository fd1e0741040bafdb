// SPDX-License-Identifier: Apache-2.0
//
// Whose topics these are: a topic of one partition that is kept for ever, whose first record names
// the owner. Whoever comes later and is somebody else must stay away. Blocks: for start-up and the
// command line.
#ifndef BATON_BUS_CLAIM_H
#define BATON_BUS_CLAIM_H

#include "bus/bus.h"

enum { BUS_OWNER_MAX = 128 };

struct bus_claim {
    const char *topic;
    const char *owner; // who asks
    int replicas;
    int timeout_ms; // of each request
    bool adopts;    // takes the topics over, whoever had them
};

// Makes the topic when it is missing, writes the owner when nobody has, and reads who it is: the
// last one that has adopted the topics, else the first one there is.
MUST_CHECK bool bus_claim(const struct bus_options *options, const struct bus_claim *claim,
                          char ret_owner[BUS_OWNER_MAX], struct error *err);

#endif
