// SPDX-License-Identifier: Apache-2.0
#include "node/due_list.h"

#include "base/map.h"
#include "loop/retry.h"

#include <stdlib.h>

struct entry {
    struct store_due due;
    int64_t rested_ms; // taken: not before this time again
    uint32_t tries;    // how often it was taken
    bool in_heap;
    bool removed; // while in the heap: freed when it comes to the top
    struct arena texts;
};

// A binary heap by time, and all entries by key: those that were taken are in the map alone, until
// what they asked for has changed their row.
struct due_list {
    struct arena arena; // of the map
    struct idmap entries;
    struct entry **heap;
    size_t count;
    size_t capacity;
    size_t taken;
};

struct due_list *due_list_new(void)
{
    struct due_list *list = calloc(1, sizeof *list);
    check(list != NULL);
    list->entries = idmap_new(&list->arena);
    return list;
}

static void entry_free(struct entry *entry)
{
    arena_done(&entry->texts);
    free(entry);
}

void due_list_free(struct due_list *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        if (list->heap[i]->removed)
            entry_free(list->heap[i]); // not in the map any more
    size_t cursor = 0;
    uint64_t key;
    void *entry;
    while (idmap_next(&list->entries, &cursor, &key, &entry))
        entry_free(entry);
    free(list->heap);
    arena_done(&list->arena);
    free(list);
}

static void swap(struct due_list *list, size_t a, size_t b)
{
    struct entry *held = list->heap[a];
    list->heap[a] = list->heap[b];
    list->heap[b] = held;
}

static bool is_before(const struct due_list *list, size_t a, size_t b)
{
    return list->heap[a]->due.due_ms < list->heap[b]->due.due_ms;
}

static void push(struct due_list *list, struct entry *entry)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 64;
        list->heap = realloc(list->heap, list->capacity * sizeof *list->heap);
        check(list->heap != NULL);
    }
    size_t at = list->count++;
    entry->in_heap = true;
    list->heap[at] = entry;
    for (; at > 0 && is_before(list, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(list, at, (at - 1) / 2);
}

static struct entry *pop(struct due_list *list)
{
    struct entry *first = list->heap[0];
    first->in_heap = false;
    list->heap[0] = list->heap[--list->count];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < list->count; child++)
            if (is_before(list, child, least))
                least = child;
        if (least == at)
            return first;
        swap(list, at, least);
        at = least;
    }
}

static struct entry *entry_new(const struct store_due *due)
{
    struct entry *entry = calloc(1, sizeof *entry);
    check(entry != NULL);
    entry->due = *due;
    if (due->type != COMMAND_EXPIRE_MESSAGE)
        entry->due.name = entry->due.correlation_key = STR_EMPTY;
    if (due->type == COMMAND_EXPIRE_MESSAGE || due->tenant.len > 0) {
        entry->due.name = str_copy(&entry->texts, entry->due.name);
        entry->due.correlation_key = str_copy(&entry->texts, entry->due.correlation_key);
        entry->due.tenant = str_copy(&entry->texts, due->tenant);
    }
    return entry;
}

void due_list_remove(struct due_list *list, uint64_t key)
{
    struct entry *entry = idmap_remove(&list->entries, key);
    if (entry == NULL)
        return;
    entry->removed = true;
    if (entry->in_heap)
        return;
    list->taken--;
    entry_free(entry);
}

void due_list_add(struct due_list *list, const struct store_due *due, int64_t now_ms)
{
    struct entry *known = idmap_get(&list->entries, due->key);
    bool is_same =
        known != NULL && known->due.due_ms == due->due_ms && known->due.attempt == due->attempt;
    if (is_same && (known->in_heap || now_ms < known->rested_ms))
        return;
    uint32_t tries = is_same ? known->tries : 0;
    due_list_remove(list, due->key);
    struct entry *entry = entry_new(due);
    entry->tries = tries;
    idmap_put(&list->entries, due->key, entry);
    push(list, entry);
}

static void apply_timers(struct due_list *list, const struct changes *changes, int64_t now_ms)
{
    for (size_t i = 0; i < changes->timers.count; i++) {
        const struct timer_row *row = &changes->timers.items[i];
        const struct store_due due = {.type = COMMAND_FIRE_TIMER,
                                      .key = row->key,
                                      .instance = row->instance,
                                      .due_ms = row->due_ms};
        due_list_remove(list, row->key);
        if (row->change != ROW_DELETE && row->due_ms < now_ms + DUE_HORIZON_MS)
            due_list_add(list, &due, now_ms);
    }
}

static void apply_jobs(struct due_list *list, const struct changes *changes, int64_t now_ms)
{
    for (size_t i = 0; i < changes->jobs.count; i++) {
        const struct job_row *row = &changes->jobs.items[i];
        bool backing_off = row->state == JOB_BACKING_OFF;
        const struct store_due due = {.type =
                                          backing_off ? COMMAND_RETRY_JOB : COMMAND_TIME_OUT_JOB,
                                      .key = row->key,
                                      .instance = row->instance,
                                      .due_ms = row->due_ms,
                                      .attempt = row->attempt,
                                      .tenant = row->tenant};
        due_list_remove(list, row->key);
        if (row->change != ROW_DELETE && row->due_ms > 0 && row->due_ms < now_ms + DUE_HORIZON_MS)
            due_list_add(list, &due, now_ms);
    }
}

static void apply_messages(struct due_list *list, const struct changes *changes, int64_t now_ms)
{
    for (size_t i = 0; i < changes->messages.count; i++) {
        const struct message_row *row = &changes->messages.items[i];
        const struct store_due due = {.type = COMMAND_EXPIRE_MESSAGE,
                                      .key = row->key,
                                      .due_ms = row->expires_ms,
                                      .name = row->name,
                                      .correlation_key = row->correlation_key,
                                      .tenant = row->tenant};
        due_list_remove(list, row->key);
        if (row->change != ROW_DELETE && row->expires_ms > 0 &&
            row->expires_ms < now_ms + DUE_HORIZON_MS)
            due_list_add(list, &due, now_ms);
    }
}

void due_list_apply(struct due_list *list, const struct changes *changes, int64_t now_ms)
{
    apply_timers(list, changes, now_ms);
    apply_jobs(list, changes, now_ms);
    apply_messages(list, changes, now_ms);
}

static void drop_removed(struct due_list *list)
{
    while (list->count > 0 && list->heap[0]->removed)
        entry_free(pop(list));
}

// What was asked for in vain is asked for again after a rest that grows.
static int64_t rest_of(const struct entry *entry)
{
    const struct retry_rule rule = {.first_ms = DUE_RETRY_MS, .longest_ms = DUE_LONGEST_RETRY_MS};
    struct retry retry = {.failures = entry->tries};
    int64_t rest_ms;
    check(retry_next(&retry, &rule, &rest_ms));
    return rest_ms;
}

bool due_list_take(struct due_list *list, int64_t now_ms, struct store_due *ret_due)
{
    drop_removed(list);
    if (list->count == 0 || list->heap[0]->due.due_ms > now_ms)
        return false;
    struct entry *entry = pop(list);
    entry->rested_ms = now_ms + rest_of(entry);
    entry->tries++;
    list->taken++;
    *ret_due = entry->due;
    return true;
}

size_t due_list_taken(const struct due_list *list)
{
    return list->taken;
}

int64_t due_list_next_ms(const struct due_list *list)
{
    return list->count > 0 ? list->heap[0]->due.due_ms : INT64_MAX;
}
