// SPDX-License-Identifier: Apache-2.0
#include "bus/lane.h"

struct lanes lanes_new(struct arena *arena, size_t limit)
{
    return (struct lanes){.arena = arena, .limit = limit};
}

struct lane *lanes_get(struct lanes *lanes, struct idmap *partitions, int32_t partition)
{
    uint64_t key = (uint64_t)(uint32_t)partition + 1;
    struct lane *lane = idmap_get(partitions, key);
    if (lane == NULL) {
        lane = ARENA_NEW(lanes->arena, struct lane);
        idmap_put(partitions, key, lane);
    }
    return lane;
}

static void make_ready(struct lanes *lanes, struct lane *lane)
{
    if (lane->ready || lane->under_way > 0 || lane->first == NULL)
        return;
    lane->ready = true;
    lane->next = NULL;
    if (lanes->ready_last != NULL)
        lanes->ready_last->next = lane;
    else
        lanes->ready_first = lane;
    lanes->ready_last = lane;
}

void lane_add(struct lanes *lanes, struct lane *lane, struct letter *letter)
{
    letter->lane = lane;
    letter->next = NULL;
    if (lane->last != NULL)
        lane->last->next = letter;
    else
        lane->first = letter;
    lane->last = letter;
    make_ready(lanes, lane);
}

static struct lane *first_ready(struct lanes *lanes)
{
    struct lane *lane = lanes->ready_first;
    lane->ready = false;
    lanes->ready_first = lane->next;
    if (lanes->ready_first == NULL)
        lanes->ready_last = NULL;
    return lane;
}

// The one that makes it too much stays behind, except the first.
static struct letter *cut(struct lane *lane)
{
    struct letter *taken = lane->first, *last = taken;
    size_t bytes = taken->bytes;
    bool single = lane->single > 0;
    lane->single -= single;
    lane->under_way = 1;
    while (!single && last->next != NULL && lane->under_way < LANE_MOST_LETTERS &&
           bytes + last->next->bytes <= LANE_MOST_BYTES) {
        last = last->next;
        bytes += last->bytes;
        lane->under_way++;
    }
    lane->first = last->next;
    if (lane->first == NULL)
        lane->last = NULL;
    last->next = NULL;
    taken->alone = taken == last;
    return taken;
}

struct letter *lanes_take(struct lanes *lanes)
{
    if (lanes->ready_first == NULL || lanes->busy >= lanes->limit)
        return NULL;
    lanes->busy++;
    return cut(first_ready(lanes));
}

// What came back is in front of what waits.
static void join_back(struct lane *lane)
{
    if (lane->back_first == NULL)
        return;
    lane->back_last->next = lane->first;
    if (lane->first == NULL)
        lane->last = lane->back_last;
    lane->first = lane->back_first;
    lane->single += lane->back;
    lane->back = 0;
    lane->back_first = lane->back_last = NULL;
}

void lane_delivered(struct lanes *lanes, const struct letter *letter)
{
    struct lane *lane = letter->lane;
    if (--lane->under_way > 0)
        return;
    join_back(lane);
    lanes->busy--;
    make_ready(lanes, lane);
}

void lane_back(struct lanes *lanes, struct letter *letter)
{
    struct lane *lane = letter->lane;
    letter->next = NULL;
    letter->alone = false;
    if (lane->back_last != NULL)
        lane->back_last->next = letter;
    else
        lane->back_first = letter;
    lane->back_last = letter;
    lane->back++;
    lane_delivered(lanes, letter);
}

struct letter *lane_refused(struct lanes *lanes, const struct letter *letter)
{
    struct lane *lane = letter->lane;
    join_back(lane);
    struct letter *behind = lane->first;
    lane->single = 0;
    lane->first = lane->last = NULL;
    lane_delivered(lanes, letter);
    return behind;
}
