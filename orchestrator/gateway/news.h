// SPDX-License-Identifier: Apache-2.0
//
// The one reader of history for live views: while anybody watches, it looks twice a second what has
// been committed since, in one statement for all, and says so.
#ifndef BATON_GATEWAY_NEWS_H
#define BATON_GATEWAY_NEWS_H

#include "gateway/gateway.h"

struct news;

struct news_item {
    bool is_instance; // else a message's mailbox, or a shard's own doings
    bool is_mailbox;
    uint64_t stream; // the instance's key; 0: more than can be named
};

// `place` says how far history was read: who comes back with another one has missed something.
// Valid during the call. No items: nothing has happened since.
typedef void news_call(void *context, const struct news_item *items, size_t count, str place);

struct news *news_new(struct gateway *gateway, news_call *call, void *context);
void news_free(struct news *news); // NULL is fine

// Looks from here on, or rests.
void news_watch(struct news *news, bool is_watched);

// How far history was read; empty: it was not yet.
str news_place(const struct news *news);

#endif
