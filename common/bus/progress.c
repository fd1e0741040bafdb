// SPDX-License-Identifier: Apache-2.0
#include "bus/progress.h"

#include "bus/consumer.h"

enum { COMPACT_AT = 1024 };

void bus_progress_init(struct bus_progress *progress)
{
    *progress = (struct bus_progress){0};
}

void bus_progress_done(struct bus_progress *progress)
{
    arena_done(&progress->arena);
    bus_progress_init(progress);
}

void bus_progress_forget(struct bus_progress *progress)
{
    bus_progress_done(progress);
}

static struct bus_progress_partition *find(struct bus_progress *progress, int32_t partition)
{
    for (size_t i = 0; i < progress->partitions.count; i++)
        if (progress->partitions.items[i].partition == partition)
            return &progress->partitions.items[i];
    return NULL;
}

void bus_progress_begin(struct bus_progress *progress, int32_t partition, int64_t offset)
{
    struct bus_progress_partition *p = find(progress, partition);
    if (p == NULL) {
        p = ARRAY_PUSH(&progress->arena, &progress->partitions);
        p->partition = partition;
    }
    *ARRAY_PUSH(&progress->arena, &p->begun) = offset;
}

static int64_t ended(int64_t offset)
{
    return -offset - 1;
}

static size_t index_of(const struct bus_progress_partition *p, int64_t offset)
{
    size_t low = p->first;
    size_t high = p->begun.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int64_t at = p->begun.items[middle];
        if (at < 0)
            at = ended(at);
        if (at < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low < p->begun.count && p->begun.items[low] == offset ? low : SIZE_MAX;
}

// Moves what is open to the front once the ended ones are the larger part.
static void compact(struct bus_progress_partition *p)
{
    if (p->first < COMPACT_AT || p->first < p->begun.count / 2)
        return;
    size_t left = p->begun.count - p->first;
    memmove(p->begun.items, p->begun.items + p->first, left * sizeof *p->begun.items);
    p->begun.count = left;
    p->first = 0;
}

bool bus_progress_end(struct bus_progress *progress, int32_t partition, int64_t offset,
                      int64_t *ret_next)
{
    struct bus_progress_partition *p = find(progress, partition);
    size_t at = p ? index_of(p, offset) : SIZE_MAX;
    if (at == SIZE_MAX)
        return false;
    p->begun.items[at] = ended(offset);
    if (at != p->first)
        return false;
    while (p->first < p->begun.count && p->begun.items[p->first] < 0)
        *ret_next = ended(p->begun.items[p->first++]) + 1;
    compact(p);
    return true;
}

void bus_progress_pause(struct bus_progress *progress, struct bus_consumer *consumer,
                        const char *topic, int32_t partition)
{
    struct bus_progress_partition *p = find(progress, partition);
    if (p == NULL || p->paused)
        return;
    p->paused = true;
    bus_consumer_pause(consumer, topic, partition);
}

void bus_progress_resume_all(struct bus_progress *progress, struct bus_consumer *consumer,
                             const char *topic)
{
    for (size_t i = 0; i < progress->partitions.count; i++) {
        struct bus_progress_partition *p = &progress->partitions.items[i];
        if (p->paused)
            bus_consumer_resume(consumer, topic, p->partition);
        p->paused = false;
    }
}
