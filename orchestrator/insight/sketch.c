// SPDX-License-Identifier: Apache-2.0
//
// Level 0 has values as they came, level n those that stand for 2^n. A level that is full is sorted
// and every other value of it goes one level up; which half does alternates, so that errors cancel
// out. The highest level has the most room, lower ones two thirds of the next, as the paper has it.
#include "insight/sketch.h"

#include "base/varint.h"

#include <stdlib.h>

enum { LEAST_ROOM = 16 };

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static size_t top_of(const struct sketch *s)
{
    return s->levels.count > 0 ? s->levels.count - 1 : 0;
}

static struct sketch_level *level_of(struct sketch *s, struct arena *arena, size_t at)
{
    while (s->levels.count <= at)
        (void)ARRAY_PUSH(arena, &s->levels);
    return &s->levels.items[at];
}

static size_t room_of(size_t level, size_t top)
{
    size_t room = SKETCH_EXACT;
    for (size_t i = level; i < top && room > LEAST_ROOM; i++)
        room = room * 2 / 3;
    return room > LEAST_ROOM ? room : LEAST_ROOM;
}

static void make_room(struct sketch_level *level, struct arena *arena, size_t more)
{
    size_t count = level->values.count, capacity = level->values.capacity;
    if (count + more <= capacity)
        return;
    capacity = 2 * capacity > count + more ? 2 * capacity : count + more;
    int64_t *items = arena_alloc(arena, capacity * sizeof *items);
    if (count > 0)
        memcpy(items, level->values.items, count * sizeof *items);
    level->values.items = items;
    level->values.capacity = capacity;
}

// Values in order go to where they belong; where there is no order, to the end.
static void take_run(struct sketch_level *level, struct arena *arena, const int64_t *run,
                     size_t count)
{
    if (count == 0)
        return;
    make_room(level, arena, count);
    int64_t *values = level->values.items;
    size_t left = level->values.count, right = count, out = left + count;
    level->values.count = out;
    if (level->is_rough) {
        memcpy(values + left, run, count * sizeof *run);
        return;
    }
    while (right > 0)
        if (left > 0 && values[left - 1] > run[right - 1])
            values[--out] = values[--left];
        else
            values[--out] = run[--right];
}

// Half of the level goes up. Of an odd number, the last one stays.
static void halve(struct sketch *s, struct arena *arena, size_t at)
{
    struct sketch_level *above = level_of(s, arena, at + 1), *level = &s->levels.items[at];
    size_t count = level->values.count, pairs = count / 2;
    int64_t *values = level->values.items, last = values[count - 1];
    if (level->is_rough) {
        qsort(values, count, sizeof *values, by_value);
        last = values[count - 1];
    }
    for (size_t i = 0; i < pairs; i++)
        values[i] = values[2 * i + level->takes_second];
    take_run(above, arena, values, pairs);
    level->takes_second = !level->takes_second;
    level->is_rough = false;
    level->values.count = count % 2;
    if (count % 2 != 0)
        values[0] = last;
}

static void shrink(struct sketch *s, struct arena *arena)
{
    for (size_t at = 0; at + 1 < SKETCH_LEVELS; at++) {
        size_t top = top_of(s);
        if (at > top)
            return;
        if (s->levels.items[at].values.count > room_of(at, top))
            halve(s, arena, at);
    }
}

static void note(struct sketch *s, int64_t min, int64_t max, uint64_t count)
{
    s->min = s->count == 0 || min < s->min ? min : s->min;
    s->max = s->count == 0 || max > s->max ? max : s->max;
    s->count += count;
}

void sketch_add(struct sketch *s, struct arena *arena, int64_t value)
{
    note(s, value, value, 1);
    struct sketch_level *level = level_of(s, arena, 0);
    size_t count = level->values.count;
    make_room(level, arena, 1);
    level->is_rough |= count > 0 && level->values.items[count - 1] > value;
    level->values.items[level->values.count++] = value;
    if (s->levels.items[0].values.count > LEAST_ROOM)
        shrink(s, arena);
}

void sketch_merge(struct sketch *s, struct arena *arena, const struct sketch *other)
{
    if (other->count == 0)
        return;
    note(s, other->min, other->max, other->count);
    for (size_t at = 0; at < other->levels.count; at++) {
        const struct sketch_level *from = &other->levels.items[at];
        struct sketch_level *to = level_of(s, arena, at);
        to->is_rough |= from->is_rough;
        take_run(to, arena, from->values.items, from->values.count);
    }
    shrink(s, arena);
}

// -- Quantiles ----------------------------------------------------------------------------

struct weighed {
    int64_t value;
    uint64_t weight;
};

static int by_weighed_value(const void *a, const void *b)
{
    const struct weighed *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

static struct weighed *weigh(const struct sketch *s, struct arena *arena, size_t *ret_count)
{
    size_t count = 0;
    for (size_t at = 0; at < s->levels.count; at++)
        count += s->levels.items[at].values.count;
    struct weighed *items = ARENA_ARRAY(arena, struct weighed, count);
    count = 0;
    for (size_t at = 0; at < s->levels.count; at++)
        for (size_t i = 0; i < s->levels.items[at].values.count; i++)
            items[count++] =
                (struct weighed){s->levels.items[at].values.items[i], (uint64_t)1 << at};
    qsort(items, count, sizeof *items, by_weighed_value);
    *ret_count = count;
    return items;
}

bool sketch_quantiles(const struct sketch *s, struct arena *arena, const double *shares,
                      size_t count, double *ret_values)
{
    size_t items_count, at = 0;
    if (s->count == 0)
        return false;
    struct weighed *items = weigh(s, arena, &items_count);
    check(items_count > 0);          // sketch_read refuses others
    uint64_t upto = items[0].weight; // so many values are not above items[at]
    for (size_t q = 0; q < count; q++) {
        double place = shares[q] * (double)(s->count - 1);
        while (at + 1 < items_count && (double)upto <= place)
            upto += items[++at].weight;
        double low = (double)items[at].value, high = low;
        if (at + 1 < items_count && place > (double)(upto - 1))
            high = (double)items[at + 1].value;
        ret_values[q] = low + (place - (double)(upto - 1)) * (high - low);
    }
    return true;
}

double sketch_share(const struct sketch *s, int64_t value)
{
    double upto = 0, all = 0;
    for (size_t at = 0; at < s->levels.count; at++)
        for (size_t i = 0; i < s->levels.items[at].values.count; i++) {
            double weight = (double)((uint64_t)1 << at);
            all += weight;
            upto += s->levels.items[at].values.items[i] <= value ? weight : 0;
        }
    return all > 0 ? upto / all : 1;
}

// -- As bytes -----------------------------------------------------------------------------

static void write_level(struct strbuf *out, const struct sketch_level *level, struct arena *scratch)
{
    size_t count = level->values.count;
    int64_t *sorted = ARENA_ARRAY(scratch, int64_t, count);
    if (count > 0)
        memcpy(sorted, level->values.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_value);
    varint_write(out, (uint64_t)count << 1 | level->takes_second);
    for (size_t i = 0; i < count; i++)
        if (i == 0)
            varint_write_signed(out, sorted[0]);
        else
            varint_write(out, (uint64_t)sorted[i] - (uint64_t)sorted[i - 1]);
}

void sketch_write(struct strbuf *out, const struct sketch *s, struct arena *scratch)
{
    varint_write(out, s->count);
    if (s->count == 0)
        return;
    size_t top = top_of(s);
    varint_write_signed(out, s->min);
    varint_write_signed(out, s->max);
    varint_write(out, top + 1);
    for (size_t at = 0; at <= top; at++)
        write_level(out, &s->levels.items[at], scratch);
}

static bool read_level(struct sketch_level *level, struct arena *arena, str *rest, uint64_t *values)
{
    enum { RUN = 512 };
    int64_t run[RUN], value = 0;
    uint64_t head, step;
    if (!varint_read(rest, &head))
        return false;
    level->takes_second ^= (head & 1) != 0;
    uint64_t count = head >> 1;
    *values += count;
    if (count > rest->len || (count > 0 && !varint_read_signed(rest, &value)))
        return false;
    while (count > 0) {
        size_t some = count < RUN ? count : RUN;
        for (size_t i = 0; i < some; i++) {
            run[i] = value;
            count--;
            if (count > 0 && !varint_read(rest, &step))
                return false;
            int64_t next = count > 0 ? (int64_t)((uint64_t)value + step) : value;
            if (next < value)
                return false; // they are written in order
            value = next;
        }
        take_run(level, arena, run, some);
    }
    return true;
}

bool sketch_read(struct sketch *s, struct arena *arena, str *rest)
{
    uint64_t count, levels, values = 0;
    int64_t min, max;
    if (!varint_read(rest, &count))
        return false;
    if (count == 0)
        return true;
    if (!varint_read_signed(rest, &min) || !varint_read_signed(rest, &max) ||
        !varint_read(rest, &levels) || levels > SKETCH_LEVELS || min > max)
        return false;
    for (uint64_t at = 0; at < levels; at++)
        if (!read_level(level_of(s, arena, at), arena, rest, &values))
            return false;
    if (values == 0 || values > count)
        return false;
    note(s, min, max, count);
    shrink(s, arena);
    return true;
}
