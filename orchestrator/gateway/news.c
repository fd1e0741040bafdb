// SPDX-License-Identifier: Apache-2.0
#include "gateway/news.h"

#include "base/log.h"
#include "gateway/gateway_private.h"
#include "store/query.h"
#include "store/read/news.h"

#include <stdlib.h>

enum { LOOK_MS = 500, FAILED_MS = 5000, MAX_SHARDS = 1024 };

struct mark {
    uint32_t shard;
    uint64_t batch;
};

// Owned by the query until it is answered: it may outlive the reader.
struct look {
    struct news *news; // NULL: nobody waits any more
};

struct news {
    struct gateway *gateway;
    news_call *call;
    void *context;
    struct timer *timer;
    struct look *look; // under way; NULL: none
    bool is_watched;
    struct arena arena; // as long as what was seen last: marks and place
    struct mark marks[MAX_SHARDS];
    size_t mark_count;
    str place; // "12.7.40": the last batch of each shard
};

static str array_of(struct arena *arena, const struct news *news, bool of_batches)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add_char(&out, '{');
    for (size_t i = 0; i < news->mark_count; i++)
        strbuf_format(&out, "%s%llu", i > 0 ? "," : "",
                      of_batches ? (unsigned long long)news->marks[i].batch
                                 : (unsigned long long)news->marks[i].shard);
    strbuf_add_char(&out, '}');
    return strbuf_str(&out);
}

static void remember(struct news *news, const struct query_rows *rows)
{
    arena_done(&news->arena);
    news->arena = (struct arena)ARENA_EMPTY;
    struct strbuf place = strbuf_new(&news->arena);
    news->mark_count = 0;
    for (size_t i = 0; i < query_row_count(rows) && news->mark_count < MAX_SHARDS; i++) {
        uint32_t shard = (uint32_t)query_u64(rows, i, 0);
        if (news->mark_count > 0 && news->marks[news->mark_count - 1].shard == shard)
            continue;
        news->marks[news->mark_count++] = (struct mark){shard, query_u64(rows, i, 1)};
        strbuf_format(&place, "%s%llu", place.len > 0 ? "." : "",
                      (unsigned long long)query_u64(rows, i, 1));
    }
    news->place = strbuf_str(&place);
}

static void tell(struct news *news, const struct query_rows *rows)
{
    struct arena arena = ARENA_EMPTY;
    size_t count = 0;
    struct news_item *items = ARENA_ARRAY(&arena, struct news_item,
                                          query_row_count(rows) > 0 ? query_row_count(rows) : 1);
    for (size_t i = 0; i < query_row_count(rows); i++)
        if (!query_is_null(rows, i, 2))
            items[count++] =
                (struct news_item){.is_instance = query_i64(rows, i, 2) == NEWS_INSTANCE,
                                   .is_mailbox = query_i64(rows, i, 2) == NEWS_MAILBOX,
                                   .stream = query_u64(rows, i, 3)};
    news->call(news->context, items, count, news->place);
    arena_done(&arena);
}

static void on_looked(void *context, const struct query_rows *rows, const struct error *err)
{
    struct look *look = context;
    struct news *news = look->news;
    free(look);
    if (news == NULL)
        return;
    news->look = NULL;
    if (rows == NULL) {
        log_debug("gateway", "what has changed could not be read: %s", err->text);
        if (news->is_watched)
            timer_set(news->timer, FAILED_MS);
        return;
    }
    remember(news, rows);
    if (news->is_watched)
        timer_set(news->timer, LOOK_MS);
    tell(news, rows);
}

static void on_time(void *context)
{
    struct news *news = context;
    if (news->look != NULL || !news->is_watched)
        return;
    struct arena arena = ARENA_EMPTY;
    news->look = calloc(1, sizeof *news->look);
    check(news->look != NULL);
    news->look->news = news;
    query_statement(news->gateway->options.reader,
                    read_news(&arena, array_of(&arena, news, false), array_of(&arena, news, true)),
                    on_looked, news->look);
    arena_done(&arena);
}

struct news *news_new(struct gateway *gateway, news_call *call, void *context)
{
    struct news *news = calloc(1, sizeof *news);
    check(news != NULL);
    news->gateway = gateway;
    news->call = call;
    news->context = context;
    news->timer = timer_new(gateway->options.loop, on_time, news);
    return news;
}

void news_free(struct news *news)
{
    if (news == NULL)
        return;
    if (news->look != NULL)
        news->look->news = NULL;
    timer_free(news->timer);
    arena_done(&news->arena);
    free(news);
}

void news_watch(struct news *news, bool is_watched)
{
    if (is_watched && !news->is_watched)
        timer_set(news->timer, 0);
    if (!is_watched)
        timer_stop(news->timer);
    news->is_watched = is_watched;
}

str news_place(const struct news *news)
{
    return news->place;
}
