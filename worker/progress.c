// SPDX-License-Identifier: Apache-2.0
#include "worker/progress.h"

#include "bus/consumer.h"

enum { COMPACT_AT = 1024 };

void progress_init(struct progress *progress)
{
    *progress = (struct progress){0};
}

void progress_done(struct progress *progress)
{
    arena_done(&progress->arena);
    progress_init(progress);
}

void progress_forget(struct progress *progress)
{
    progress_done(progress);
}

static struct progress_partition *find(struct progress *progress, int32_t partition)
{
    for (size_t i = 0; i < progress->partitions.count; i++)
        if (progress->partitions.items[i].partition == partition)
            return &progress->partitions.items[i];
    return NULL;
}

void progress_begin(struct progress *progress, int32_t partition, int64_t offset)
{
    struct progress_partition *p = find(progress, partition);
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

static size_t index_of(const struct progress_partition *p, int64_t offset)
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
static void compact(struct progress_partition *p)
{
    if (p->first < COMPACT_AT || p->first < p->begun.count / 2)
        return;
    size_t left = p->begun.count - p->first;
    memmove(p->begun.items, p->begun.items + p->first, left * sizeof *p->begun.items);
    p->begun.count = left;
    p->first = 0;
}

bool progress_end(struct progress *progress, int32_t partition, int64_t offset, int64_t *ret_next)
{
    struct progress_partition *p = find(progress, partition);
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

void progress_pause(struct progress *progress, struct bus_consumer *consumer, const char *topic,
                    int32_t partition)
{
    struct progress_partition *p = find(progress, partition);
    if (p == NULL || p->paused)
        return;
    p->paused = true;
    bus_consumer_pause(consumer, topic, partition);
}

void progress_resume_all(struct progress *progress, struct bus_consumer *consumer,
                         const char *topic)
{
    for (size_t i = 0; i < progress->partitions.count; i++) {
        struct progress_partition *p = &progress->partitions.items[i];
        if (p->paused)
            bus_consumer_resume(consumer, topic, p->partition);
        p->paused = false;
    }
}
