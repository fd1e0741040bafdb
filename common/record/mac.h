// SPDX-License-Identifier: Apache-2.0
//
// The MAC of a record on the commands topic: proves that a node of this installation wrote it, for
// this shard. Workers write to the same topic without one; what they may send carries the token of
// a job (record/token.h). The value holds principal, tenant and grants, so they are covered. An
// authentic record that is set aside keeps a MAC made anew without FROM_HEADER on its dead letter,
// so that it can be sent again.
#ifndef BATON_RECORD_MAC_H
#define BATON_RECORD_MAC_H

#include "base/error.h"
#include "base/strbuf.h"

#define MAC_HEADER "baton-mac"   // on records of the commands topic
#define FROM_HEADER "baton-from" // "shard:number": of which outbox, and the record's number in it

enum { MAC_LENGTH = 32 }; // hex digits

// Hex of the first 16 bytes of HMAC-SHA-256(secret, "baton-command\n" shard "\n" from "\n" value).
// shard: the logical shard that the record is for. from: the value of FROM_HEADER, empty without.
str mac_make(struct arena *arena, str secret, uint32_t shard, str from, str value);

// Takes the same time wherever the two differ.
MUST_CHECK bool mac_is_good(str mac, str secret, uint32_t shard, str from, str value);

#endif
