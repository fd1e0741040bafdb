// SPDX-License-Identifier: Apache-2.0
//
// What changes, as server-sent events: names of what to look at again, never what is there. Who
// asks for an instance must be allowed to see it; "instances" and the like tell only that something
// has happened somewhere. A client that takes too slowly gets one event for all it has missed.
#include "api/api_private.h"

#include "gateway/news.h"
#include "gateway/recheck.h"
#include "http/stream.h"
#include "loop/timer.h"
#include "store/read/news.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>

enum { HEARTBEAT_MS = 15000, CHECK_MS = 500, MAX_INSTANCES = 20, MAX_TOPICS_BYTES = 2048 };

enum { EVERYTHING = 1 << 0, INSTANCES = 1 << 1, MESSAGES = 1 << 2, CLUSTER = 1 << 3 };

static const struct {
    const char *name;
    unsigned of; // what it is about: one of these has to have moved
} topics[] = {
    {"instances", INSTANCES},
    {"tasks", INSTANCES},
    {"incidents", INSTANCES},
    {"jobs", INSTANCES},
    {"decisions", INSTANCES | CLUSTER},
    {"batches", INSTANCES},
    {"messages", INSTANCES | MESSAGES},
    {"deployments", CLUSTER},
    {"cluster", CLUSTER},
};

struct watcher {
    TAILQ_ENTRY(watcher) link;
    struct live *live;
    struct request *request;
    uint64_t instances[MAX_INSTANCES];
    size_t instance_count;
    bool wants[COUNT_OF(topics)];
    bool has_missed;            // something for which there was no room
    struct pending_list checks; // whether its caller may still
    uint64_t epoch;             // of what it was allowed by
};

struct live {
    struct api *api;
    struct news *news;
    struct timer *heartbeat;
    struct timer *check;
    TAILQ_HEAD(, watcher) watchers;
    bool is_stopped;
};

// -- What is sent -----------------------------------------------------------------------

static void end(struct watcher *watcher)
{
    struct live *live = watcher->live;
    TAILQ_REMOVE(&live->watchers, watcher, link);
    pending_cancel(&watcher->checks);
    if (TAILQ_EMPTY(&live->watchers))
        news_watch(live->news, false);
    caller_of(watcher->request)->on_gone = NULL;
    request_stream_end(watcher->request); // the watcher goes with it
}

static void send_event(struct watcher *watcher, str names, str place)
{
    char text[1024];
    int len = snprintf(text, sizeof text, "id: %.*s\nevent: change\ndata: {\"topics\":[%.*s]}\n\n",
                       STR_ARG(place), STR_ARG(names));
    bool fits = len > 0 && (size_t)len < sizeof text;
    watcher->has_missed =
        !fits || !request_stream_send(watcher->request, str_from(text, (size_t)len));
}

struct moved {
    unsigned what;
    const struct news_item *items;
    size_t count;
};

static bool has_moved(const struct moved *moved, uint64_t instance)
{
    for (size_t i = 0; i < moved->count; i++)
        if (moved->items[i].is_instance &&
            (moved->items[i].stream == instance || moved->items[i].stream == 0))
            return true;
    return false;
}

static void add_name(struct strbuf *names, const char *prefix, uint64_t key)
{
    strbuf_format(names, names->len > 0 ? ",\"%s" : "\"%s", prefix);
    if (key != 0)
        strbuf_format(names, ":%llu", (unsigned long long)key);
    strbuf_add_char(names, '"');
}

static void tell(struct watcher *watcher, const struct moved *moved, str place)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf names = strbuf_new(&arena);
    for (size_t i = 0; i < COUNT_OF(topics); i++)
        if (watcher->wants[i] && (topics[i].of & moved->what) != 0)
            add_name(&names, topics[i].name, 0);
    for (size_t i = 0; i < watcher->instance_count; i++)
        if (has_moved(moved, watcher->instances[i]))
            add_name(&names, "instance", watcher->instances[i]);
    if (watcher->has_missed)
        send_event(watcher, STR("\"*\""), place);
    else if (names.len > 0)
        send_event(watcher, strbuf_str(&names), place);
    arena_done(&arena);
}

static void on_news(void *context, const struct news_item *items, size_t count, str place)
{
    struct live *live = context;
    struct moved moved = {.items = items, .count = count};
    for (size_t i = 0; i < count; i++)
        moved.what |= items[i].is_instance ? INSTANCES : items[i].is_mailbox ? MESSAGES : CLUSTER;
    struct watcher *watcher;
    TAILQ_FOREACH(watcher, &live->watchers, link)
    tell(watcher, &moved, place);
}

static void on_heartbeat(void *context)
{
    struct live *live = context;
    struct watcher *watcher;
    TAILQ_FOREACH(watcher, &live->watchers, link)
    if (!request_stream_send(watcher->request, STR(": here\n\n")))
        watcher->has_missed = true;
    timer_set(live->heartbeat, HEARTBEAT_MS);
}

// -- Whether they may still -------------------------------------------------------------

// Whoever looks at instances may see others now: the client comes again, and is judged anew.
static void on_checked(void *owner, struct caller *now, const struct error *err)
{
    struct watcher *watcher = owner;
    bool is_refused = now == NULL && err->kind != ERROR_UNAVAILABLE;
    bool has_changed = now != NULL && now->allowed_epoch != watcher->epoch;
    if (is_refused || (has_changed && watcher->instance_count > 0))
        end(watcher);
    else if (has_changed)
        watcher->epoch = now->allowed_epoch;
}

static void check_watchers(void *context)
{
    struct live *live = context;
    struct watcher *next;
    for (struct watcher *watcher = TAILQ_FIRST(&live->watchers); watcher != NULL; watcher = next) {
        struct caller *caller = caller_of(watcher->request);
        next = TAILQ_NEXT(watcher, link);
        if (watcher->checks.count == 0 && recheck_is_due(caller))
            recheck_begin(caller, &watcher->checks, watcher, on_checked);
    }
    timer_set(live->check, CHECK_MS);
}

// -- Who watches ------------------------------------------------------------------------

static void on_gone(struct caller *caller)
{
    end(caller->waiting);
}

static void begin(struct watcher *watcher)
{
    struct request *request = watcher->request;
    struct live *live = watcher->live;
    struct caller *caller = caller_of(request);
    str place = news_place(live->news), last = request_header(request, "Last-Event-ID");
    if (live->is_stopped) {
        request_busy(request, "this node is stopping");
        return;
    }
    if (!request_stream_begin(request, "text/event-stream"))
        return;
    caller->waiting = watcher;
    caller->on_gone = on_gone;
    watcher->epoch = caller->allowed_epoch;
    TAILQ_INSERT_TAIL(&live->watchers, watcher, link);
    news_watch(live->news, true);
    if (!request_stream_send(request, STR("retry: 2000\n\n")))
        watcher->has_missed = true;
    if (last.len > 0 && !str_equal(last, place))
        watcher->has_missed = true; // said with the next look, which is at once where there is none
    if (caller->is_gone)
        end(watcher);
}

static void on_seen(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct watcher *watcher = context;
    if (query_row_count(rows) < watcher->instance_count)
        request_problem(request_of(caller), 404, "NOT_FOUND",
                        STR("there is no such instance, or the caller may not see it"));
    else
        begin(watcher);
}

// False when there is no such topic.
static bool add_topic(struct watcher *watcher, str topic)
{
    uint64_t key;
    for (size_t i = 0; i < COUNT_OF(topics); i++)
        if (str_equal(topic, str_of(topics[i].name))) {
            watcher->wants[i] = true;
            return true;
        }
    if (!str_starts_with(topic, STR("instance:")) || watcher->instance_count == MAX_INSTANCES ||
        !str_to_u64(str_from_index(topic, 9), &key) || key == 0 || key > INT64_MAX)
        return false;
    watcher->instances[watcher->instance_count++] = key;
    return true;
}

// The keys as JSON, without those that are there twice.
static str keys_of(struct arena *arena, struct watcher *watcher)
{
    struct strbuf out = strbuf_new(arena);
    size_t count = 0;
    for (size_t i = 0; i < watcher->instance_count; i++) {
        bool is_new = true;
        for (size_t j = 0; j < count; j++)
            is_new = is_new && watcher->instances[j] != watcher->instances[i];
        if (is_new)
            watcher->instances[count++] = watcher->instances[i];
    }
    watcher->instance_count = count;
    strbuf_add_char(&out, '[');
    for (size_t i = 0; i < count; i++)
        strbuf_format(&out, "%s\"%llu\"", i > 0 ? "," : "",
                      (unsigned long long)watcher->instances[i]);
    strbuf_add_char(&out, ']');
    return strbuf_str(&out);
}

void handle_live(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct watcher *watcher = ARENA_NEW(&request->arena, struct watcher);
    watcher->live = api_of(request)->live;
    watcher->request = request;
    str rest = request_query(request, "topics"), topic;
    if (rest.len == 0 || rest.len > MAX_TOPICS_BYTES) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("the query needs topics=NAME,…: see /openapi.json"));
        return;
    }
    while (str_split(&rest, ',', &topic))
        if (!add_topic(watcher, topic)) {
            request_problem_format(request, 400, "INVALID_ARGUMENT",
                                   "'%.*s' is no topic, or there are more than %d instances",
                                   STR_ARG(topic), MAX_INSTANCES);
            return;
        }
    str keys = keys_of(caller->arena, watcher);
    if (watcher->instance_count == 0)
        begin(watcher);
    else
        read_run(caller, read_seen_instances(caller->arena, caller->scope, keys), on_seen, watcher);
}

// -- Life -------------------------------------------------------------------------------

struct live *live_new(struct api *api)
{
    struct live *live = calloc(1, sizeof *live);
    check(live != NULL);
    live->api = api;
    TAILQ_INIT(&live->watchers);
    live->news = news_new(api->options.gateway, on_news, live);
    live->heartbeat = timer_new(api->options.loop, on_heartbeat, live);
    timer_set(live->heartbeat, HEARTBEAT_MS);
    live->check = timer_new(api->options.loop, check_watchers, live);
    timer_set(live->check, CHECK_MS);
    return live;
}

void live_stop(struct live *live)
{
    struct watcher *watcher;
    live->is_stopped = true;
    while ((watcher = TAILQ_FIRST(&live->watchers)) != NULL)
        end(watcher);
}

void live_free(struct live *live)
{
    if (live == NULL)
        return;
    check(TAILQ_EMPTY(&live->watchers));
    news_free(live->news);
    timer_free(live->heartbeat);
    timer_free(live->check);
    free(live);
}
