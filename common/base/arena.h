// SPDX-License-Identifier: Apache-2.0
//
// An arena hands out memory that is given back all at once. Every piece of memory in Baton's core
// belongs to one of four lifetimes — process, deployment, step, turn — and each is an arena that is
// passed in explicitly. Running out of memory aborts here and nowhere else; sizes that come from
// outside are bounded before they reach an arena.
//
// Addresses stay valid until arena_reset, arena_rewind or arena_done. Not thread-safe.
#ifndef BATON_BASE_ARENA_H
#define BATON_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *block; // the newest; older ones are linked behind it
    size_t used;               // bytes handed out since the last reset
    size_t reserved;           // bytes held from the system
};

struct arena_mark {
    struct arena_block *block;
    size_t offset;
    size_t used;
};

#define ARENA_EMPTY                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

// Aligned to 16 bytes, not cleared. A size of 0 gives a valid address.
void *arena_alloc(struct arena *arena, size_t size);

// The same, cleared to zero.
void *arena_zalloc(struct arena *arena, size_t size);

// `count` items of `size` bytes, cleared; aborts when the product overflows.
void *arena_calloc(struct arena *arena, size_t count, size_t size);

// Makes the allocation `old` of `old_size` bytes `new_size` bytes long: in place when it is the
// newest and fits, else by copying.
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);

void *arena_copy(struct arena *arena, const void *data, size_t size);

// Everything allocated after the mark can be taken back by rewinding to it.
struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

// Takes everything back and keeps one block for the next turn.
void arena_reset(struct arena *arena);

// Gives everything back to the system. The arena is empty and usable afterwards.
void arena_done(struct arena *arena);

#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_calloc((arena), (count), sizeof(type)))

#endif
