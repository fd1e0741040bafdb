// SPDX-License-Identifier: Apache-2.0
#include "engine/step.h"

enum {
    GENERATION_TURNS = 8,   // an owner commits one batch while it computes the next
    PAGE_TURNS = 2,         // an owner may load before the turn begins
    GENERATION_SIZE = 2000, // changes, at least
    NUMBER = sizeof(uint64_t),
    WAITING_NUMBERS = 3,
};

struct waiting_list { // for one signal: opened, in the order of their keys
    ARRAY(struct waiting) items;
    size_t closed; // of the signal, opened here or before
};

struct generation {
    struct arena arena; // it lives in it
    struct map remembered;
    struct map lists;    // name of a signal -> waiting_list
    struct idmap closed; // key -> itself
    size_t count;
    uint64_t first_turn;
};

struct page { // what the store had, from `after` on
    const struct waiting *items;
    size_t count;
    bool is_last; // there are no more
};

// -- Generations ------------------------------------------------------------------------

static struct generation *generation_new(uint64_t turn)
{
    struct arena arena = ARENA_EMPTY;
    struct generation *g = ARENA_NEW(&arena, struct generation);
    g->arena = arena;
    g->remembered = map_new(&g->arena);
    g->lists = map_new(&g->arena);
    g->closed = idmap_new(&g->arena);
    g->first_turn = turn;
    return g;
}

static void generation_free(struct generation *g)
{
    struct arena arena = g->arena;
    arena_done(&arena);
}

void entries_init(struct engine *engine)
{
    engine->entries.young = generation_new(engine->turn_number);
    engine->entries.old = generation_new(engine->turn_number);
}

void entries_done(struct engine *engine)
{
    if (engine->entries.young == NULL)
        return;
    generation_free(engine->entries.young);
    generation_free(engine->entries.old);
    arena_done(&engine->entries.pages_arena);
}

static void forget_pages(struct entries *e)
{
    arena_done(&e->pages_arena);
    e->pages = (struct map){0};
}

void entries_begin_turn(struct engine *engine)
{
    struct entries *e = &engine->entries;
    if (e->pages.count > 0 && engine->turn_number - e->pages_turn >= PAGE_TURNS)
        forget_pages(e);
    if (engine->environment.keeps_entries || e->young->count < GENERATION_SIZE ||
        engine->turn_number - e->young->first_turn < GENERATION_TURNS)
        return;
    generation_free(e->old);
    e->old = e->young;
    e->young = generation_new(engine->turn_number);
}

static str name_of(struct arena *arena, str tenant, str name)
{
    return str_format(arena, "%zu\n%.*s%.*s", tenant.len, STR_ARG(tenant), STR_ARG(name));
}

static uint64_t get_number(str image, size_t index)
{
    uint64_t number = 0;
    for (size_t i = 0; i < NUMBER; i++)
        number = number << 8 | (unsigned char)image.data[index * NUMBER + i];
    return number;
}

// -- Remembered ids ---------------------------------------------------------------------

static const struct remembered *find_remembered(const struct engine *engine, str tenant, str id)
{
    struct arena scratch = ARENA_EMPTY;
    str name = name_of(&scratch, tenant, id);
    const struct remembered *found = map_get(&engine->entries.young->remembered, name);
    if (found == NULL)
        found = map_get(&engine->entries.old->remembered, name);
    arena_done(&scratch);
    return found;
}

static void put_remembered(struct engine *engine, str tenant, str id, struct remembered entry)
{
    struct generation *g = engine->entries.young;
    map_put(&g->remembered, name_of(&g->arena, tenant, id),
            arena_copy(&g->arena, &entry, sizeof entry));
    g->count++;
}

const struct remembered *entries_find_remembered(const struct engine *engine, str id)
{
    const struct remembered *found =
        str_is_empty(id) ? NULL : find_remembered(engine, engine->command->tenant, id);
    return found != NULL && found->until_ms > engine->clock_ms ? found : NULL;
}

void entries_remember(struct engine *engine, str id, uint64_t made)
{
    struct remembered entry = {made, border_after(engine->clock_ms, LIMIT_DEDUPLICATION_MS)};
    put_remembered(engine, engine->command->tenant, id, entry);
    *ARRAY_PUSH(engine->turn, &engine->remembered) =
        (struct remembered_row){engine->command->tenant, id, made, entry.until_ms};
}

static bool load_remembered(struct engine *engine, const struct stream_ref *ref, str image,
                            struct error *err)
{
    struct remembered entry = {0};
    if (!str_is_empty(image) && image.len != 2 * NUMBER)
        return error_set(err, ERROR_INVALID, "entries", "a remembered id of %zu bytes", image.len);
    if (!str_is_empty(image))
        entry = (struct remembered){get_number(image, 0), (int64_t)get_number(image, 1)};
    put_remembered(engine, ref->tenant, ref->name, entry);
    return true;
}

// -- Waiting for a signal ---------------------------------------------------------------

static struct waiting_list *list_of(struct generation *g, str tenant, str name)
{
    str key = name_of(&g->arena, tenant, name);
    struct waiting_list *list = map_get(&g->lists, key);
    if (list == NULL)
        map_put(&g->lists, key, list = ARENA_NEW(&g->arena, struct waiting_list));
    return list;
}

void entries_opened(struct engine *engine, const struct instance *instance,
                    const struct subscription *s)
{
    struct generation *g = engine->entries.young;
    struct waiting_list *list = list_of(g, instance->tenant, s->name);
    uint64_t key = s->attachment.entity.key;
    check(list->items.count == 0 || list->items.items[list->items.count - 1].key < key);
    *ARRAY_PUSH(&g->arena, &list->items) =
        (struct waiting){key, instance->stream.key, s->attachment.owner->entity.key};
    g->count++;
}

void entries_closed(struct engine *engine, const struct instance *instance,
                    const struct subscription *s)
{
    struct generation *g = engine->entries.young;
    uint64_t key = s->attachment.entity.key;
    idmap_put(&g->closed, key, g);
    list_of(g, instance->tenant, s->name)->closed++;
    g->count++;
}

static bool is_closed(const struct engine *engine, uint64_t key)
{
    return idmap_get(&engine->entries.young->closed, key) != NULL ||
           idmap_get(&engine->entries.old->closed, key) != NULL;
}

static str page_name(struct arena *arena, const struct stream_ref *ref)
{
    return str_format(arena, "%llu\n%zu\n%.*s%.*s", (unsigned long long)ref->instance,
                      ref->tenant.len, STR_ARG(ref->tenant), STR_ARG(ref->name));
}

static const struct page *find_page(const struct engine *engine, const struct stream_ref *ref)
{
    struct arena scratch = ARENA_EMPTY;
    const struct page *page = map_get(&engine->entries.pages, page_name(&scratch, ref));
    arena_done(&scratch);
    return page;
}

static bool load_page(struct engine *engine, const struct stream_ref *ref, str image,
                      struct error *err)
{
    struct entries *e = &engine->entries;
    struct page *page = ARENA_NEW(&e->pages_arena, struct page);
    page->count = image.len / (WAITING_NUMBERS * NUMBER);
    struct waiting *items = ARENA_ARRAY(&e->pages_arena, struct waiting, page->count);
    if (image.len % (WAITING_NUMBERS * NUMBER) != 0)
        return error_set(err, ERROR_INVALID, "entries", "a list of %zu bytes of who waits",
                         image.len);
    for (size_t i = 0; i < page->count; i++)
        items[i] = (struct waiting){get_number(image, i * WAITING_NUMBERS),
                                    get_number(image, i * WAITING_NUMBERS + 1),
                                    get_number(image, i * WAITING_NUMBERS + 2)};
    page->items = items;
    page->is_last = page->count < ref->most;
    if (e->pages.count == 0) {
        e->pages = map_new(&e->pages_arena);
        e->pages_turn = engine->turn_number;
    }
    map_put(&e->pages, page_name(&e->pages_arena, ref), page);
    return true;
}

// Of those that the store had, how many wait still.
static size_t still_waiting(const struct engine *engine, const struct page *page)
{
    size_t count = 0;
    for (size_t i = 0; i < page->count; i++)
        count += !is_closed(engine, page->items[i].key);
    return count;
}

static size_t closed_of(const struct engine *engine, str tenant, str name)
{
    struct arena scratch = ARENA_EMPTY;
    str key = name_of(&scratch, tenant, name);
    const struct waiting_list *young = map_get(&engine->entries.young->lists, key);
    const struct waiting_list *old = map_get(&engine->entries.old->lists, key);
    arena_done(&scratch);
    return (young ? young->closed : 0) + (old ? old->closed : 0);
}

// The store may have some that are closed by now: so many more are asked for, so that a piece is as
// long whatever the moment was.
static bool page_is_missing(const struct engine *engine, struct stream_ref *ref)
{
    const struct page *page = find_page(engine, ref);
    if (page != NULL && (page->is_last || still_waiting(engine, page) >= LIMIT_SIGNAL_PIECE))
        return false;
    ref->most = LIMIT_SIGNAL_PIECE + (uint32_t)closed_of(engine, ref->tenant, ref->name);
    return true;
}

bool entries_are_missing(const struct engine *engine, struct stream_ref *ref)
{
    if (engine->environment.keeps_entries)
        return false;
    return ref->kind == STREAM_REMEMBERED ? find_remembered(engine, ref->tenant, ref->name) == NULL
                                          : page_is_missing(engine, ref);
}

bool entries_load(struct engine *engine, const struct stream_ref *ref, str image, struct error *err)
{
    return ref->kind == STREAM_REMEMBERED ? load_remembered(engine, ref, image, err)
                                          : load_page(engine, ref, image, err);
}

// -- A piece ----------------------------------------------------------------------------

struct source { // one of three that are merged
    const struct waiting *at, *end;
};

static struct source source_of(const struct generation *g, str key, uint64_t after)
{
    const struct waiting_list *list = map_get(&g->lists, key);
    size_t low = 0, high = list ? list->items.count : 0;
    const struct waiting *items = list ? list->items.items : NULL;
    size_t count = high;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (items[middle].key > after)
            high = middle;
        else
            low = middle + 1;
    }
    return list ? (struct source){items + low, items + count} : (struct source){NULL, NULL};
}

// The least of what is left, out of every source that has it; NULL at the end.
static const struct waiting *next(struct source *sources, size_t count)
{
    const struct waiting *least = NULL;
    for (size_t i = 0; i < count; i++)
        if (sources[i].at != sources[i].end && (least == NULL || sources[i].at->key < least->key))
            least = sources[i].at;
    for (size_t i = 0; least != NULL && i < count; i++)
        if (sources[i].at != sources[i].end && sources[i].at != least &&
            sources[i].at->key == least->key)
            sources[i].at++;
    for (size_t i = 0; least != NULL && i < count; i++)
        if (sources[i].at == least)
            sources[i].at++;
    return least;
}

size_t entries_piece(const struct engine *engine, struct wanted_piece wanted,
                     struct waiting *ret_waiting)
{
    const struct stream_ref ref = {.kind = STREAM_WAITING,
                                   .instance = wanted.after,
                                   .name = wanted.name,
                                   .tenant = engine->command->tenant};
    const struct page *page = find_page(engine, &ref);
    str key = name_of(engine->turn, ref.tenant, wanted.name);
    struct source sources[] = {page ? (struct source){page->items, page->items + page->count}
                                    : (struct source){NULL, NULL},
                               source_of(engine->entries.old, key, wanted.after),
                               source_of(engine->entries.young, key, wanted.after)};
    size_t count = 0;
    const struct waiting *w;
    while (count < wanted.most && (w = next(sources, COUNT_OF(sources))) != NULL &&
           w->key < wanted.until)
        if (!is_closed(engine, w->key))
            ret_waiting[count++] = *w;
    return count;
}
