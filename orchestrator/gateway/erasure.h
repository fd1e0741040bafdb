// SPDX-License-Identifier: Apache-2.0
//
// Erasures of persons, until they are over, whoever began them: each node takes open ones
// (schemas/0250_personal.sql) and works on them; what a node leaves undone another takes half a
// minute later, from the beginning, which does no harm.
//
// An erasure is not one transaction: steps are being written, and values are on their way from one
// instance to another. So it goes in rounds:
//
//     take    the keys that are there, a page at a time
//     tell    shards that may have one of them in memory; and all shards that nothing of the person
//             is to be sealed or opened any more. What is answered after it was done before it
//     again   the keys that were made meanwhile: none is, once all have been told. While there are
//             some they are told, as above
//     wait    until what each shard had to send at that moment has been sent: then what comes to a
//             shard next comes behind it, and where it still had a value in the open, nobody took
//             it
//     lift    from here on the person may have values again, under new keys. It is settled; and
//     told
//             once more, to those who took a shard over before they could read that
//
// Whoever takes a shard over meanwhile reads the row. A hold that is placed meanwhile ends it.
#ifndef BATON_GATEWAY_ERASURE_H
#define BATON_GATEWAY_ERASURE_H

#include "gateway/read.h"

struct erasure_desk;
struct erasure_name;

struct erasure_desk *erasure_desk_new(struct gateway *gateway);
void erasure_desk_stop(struct erasure_desk *desk); // fails those who wait
void erasure_desk_free(struct erasure_desk *desk);

// For one that has just begun. Answers when it is settled, wherever that is done, with
// read_erasure_state's row; fails with ERROR_UNAVAILABLE when it lasts longer than api.timeout_ms:
// it goes on all the same.
void erasure_await(struct caller *caller, const struct erasure_name *name, read_answer *answer,
                   void *context);

#endif
