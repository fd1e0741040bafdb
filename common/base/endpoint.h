// SPDX-License-Identifier: Apache-2.0
//
// Where a server listens or is found, as settings say it: "host:port", "[v6]:port".
#ifndef BATON_BASE_ENDPOINT_H
#define BATON_BASE_ENDPOINT_H

#include "base/arena.h"
#include "base/str.h"

struct endpoint {
    const char *host; // in the arena, without brackets
    uint16_t port;
};

MUST_CHECK bool endpoint_parse(struct arena *arena, str text, struct endpoint *ret_endpoint);

// True when only this machine can reach it.
bool endpoint_is_loopback(const struct endpoint *endpoint);

#endif
