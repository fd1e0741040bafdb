// SPDX-License-Identifier: Apache-2.0
//
// What has been committed since it was looked at last: for whoever shows what is there and wants to
// know when to look again. Names nothing that a caller might not see: that is up to who passes it
// on.
#ifndef BATON_STORE_READ_NEWS_H
#define BATON_STORE_READ_NEWS_H

#include "store/read/scope.h"
#include "store/statement.h"

enum { NEWS_STREAMS = 1000 }; // of a shard at a time; more are said by one row without a stream

// What history row is of, as its column `kind`.
enum news_kind { NEWS_SHARD, NEWS_INSTANCE, NEWS_MAILBOX };

// shard, its last batch, and for each stream that has moved since `batches`[i] of `shards`[i]: kind
// and stream (null: more than NEWS_STREAMS have). A shard that has not moved has one row, with
// nulls. Both arrays as PostgreSQL writes them; a shard that they lack has moved nothing.
struct statement read_news(struct arena *arena, str shards, str batches);

// Those of the instances, a JSON array of keys as texts, that the scope sees.
struct statement read_seen_instances(struct arena *arena, struct scope scope, str keys);

#endif
