// SPDX-License-Identifier: Apache-2.0
//
// Which shard a message belongs to: murmur2 of name ‖ NUL ‖ correlation key, modulo the number of
// shards (docs/protocol.md). Publishers and subscribers meet there.
#ifndef BATON_RECORD_PARTITION_H
#define BATON_RECORD_PARTITION_H

#include "base/str.h"

uint32_t record_message_partition(str name, str correlation_key, uint32_t shard_count);

// The name under which the lock of a business id is kept, where only one instance may have it: on
// the shard of this name and the business id.
#define RECORD_BUSINESS_LOCK STR("baton:business-id")

#endif
