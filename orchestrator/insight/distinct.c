// SPDX-License-Identifier: Apache-2.0
#include "insight/distinct.h"

#include "base/varint.h"

#include <math.h>

enum { HASH_BITS = 64 };

// FNV-1a, then the finish of MurmurHash3: all bits depend on all.
uint64_t distinct_hash(uint64_t before, str text)
{
    uint64_t hash = before ^ 0xCBF29CE484222325U;
    for (size_t i = 0; i < text.len; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001B3U;
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDU;
    hash ^= hash >> 33;
    hash *= 0xC4CEB9FE1A85EC53U;
    return hash ^ hash >> 33;
}

static void raise_to(struct distinct *d, struct arena *arena, size_t at, uint8_t value)
{
    if (d->registers == NULL)
        d->registers = ARENA_ARRAY(arena, uint8_t, DISTINCT_REGISTERS);
    if (d->registers[at] < value)
        d->registers[at] = value;
}

void distinct_add(struct distinct *d, struct arena *arena, uint64_t hash)
{
    uint64_t rest = hash << DISTINCT_BITS | (uint64_t)1 << (DISTINCT_BITS - 1);
    raise_to(d, arena, hash >> (HASH_BITS - DISTINCT_BITS), (uint8_t)(__builtin_clzll(rest) + 1));
}

double distinct_count(const struct distinct *d)
{
    double sum = 0, empty = 0, m = DISTINCT_REGISTERS;
    if (d->registers == NULL)
        return 0;
    for (size_t i = 0; i < DISTINCT_REGISTERS; i++) {
        sum += 1.0 / (double)((uint64_t)1 << d->registers[i]);
        empty += d->registers[i] == 0;
    }
    double estimate = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    return estimate <= 2.5 * m && empty > 0 ? m * log(m / empty) : estimate;
}

// The registers that are not 0: how many, then the distance to the one before, and what it has.
void distinct_write(struct strbuf *out, const struct distinct *d)
{
    uint64_t count = 0;
    size_t before = 0;
    for (size_t i = 0; d->registers != NULL && i < DISTINCT_REGISTERS; i++)
        count += d->registers[i] != 0;
    varint_write(out, count);
    for (size_t i = 0; count > 0 && i < DISTINCT_REGISTERS; i++) {
        if (d->registers[i] == 0)
            continue;
        varint_write(out, i - before);
        strbuf_add_char(out, (char)d->registers[i]);
        before = i;
    }
}

bool distinct_read(struct distinct *d, struct arena *arena, str *rest)
{
    uint64_t count, step, value, at = 0;
    if (!varint_read(rest, &count) || count > DISTINCT_REGISTERS)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        if (!varint_read(rest, &step) || !varint_read(rest, &value) || value >= HASH_BITS)
            return false;
        at += step;
        if (at >= DISTINCT_REGISTERS)
            return false;
        raise_to(d, arena, at, (uint8_t)value);
    }
    return true;
}
