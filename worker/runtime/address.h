// SPDX-License-Identifier: Apache-2.0
//
// Which addresses a connector may call. A model decides where a request goes, so by default only
// public addresses are allowed: a process must not become a way into the network it runs in
// (server-side request forgery).
#ifndef BATON_WORKER_ADDRESS_H
#define BATON_WORKER_ADDRESS_H

#include "base/str.h"

#include <sys/socket.h>

// True for loopback, private, link-local, unique-local, multicast, unspecified and other
// special-purpose addresses (RFC 6890), also when an IPv4 address is dressed as an IPv6 one. True
// for families that are neither.
bool address_is_special(const struct sockaddr *address);

// A comma-separated list of "host" and "host:port" that are allowed all the same; "*" allows
// everything.
bool address_is_allowed(str list, str host, unsigned port);

#endif
