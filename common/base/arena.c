// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include "base/check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20 };

struct arena_block {
    struct arena_block *older;
    size_t size; // of data
    size_t offset;
    size_t padding;
    char data[];
};

static size_t aligned(size_t size)
{
    check(size <= SIZE_MAX / 2);
    return (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
}

// The one place where running out of memory is noticed.
static struct arena_block *block_new(size_t size, struct arena_block *older)
{
    struct arena_block *block = malloc(sizeof *block + size);
    check(block != NULL && "out of memory");
    block->older = older;
    block->size = size;
    block->offset = 0;
    return block;
}

static void add_block(struct arena *arena, size_t need)
{
    size_t size = arena->block ? arena->block->size * 2 : FIRST_BLOCK;
    if (size > LARGEST_STEP)
        size = LARGEST_STEP;
    if (size < need)
        size = need;
    arena->block = block_new(size, arena->block);
    arena->reserved += size;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t need = aligned(size);
    if (arena->block == NULL || arena->block->size - arena->block->offset < need)
        add_block(arena, need);
    void *result = arena->block->data + arena->block->offset;
    arena->block->offset += need;
    arena->used += need;
    return result;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    check(!__builtin_mul_overflow(count, size, &bytes));
    return arena_zalloc(arena, bytes);
}

static bool grows_in_place(const struct arena *arena, const char *old, size_t old_need,
                           size_t new_need)
{
    const struct arena_block *block = arena->block;
    return block != NULL && block->offset >= old_need &&
           old == block->data + block->offset - old_need &&
           block->size - block->offset >= new_need - old_need;
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size)
{
    size_t old_need = aligned(old_size);
    size_t new_need = aligned(new_size);
    if (old != NULL && new_need <= old_need)
        return old;
    if (old != NULL && old_need > 0 && grows_in_place(arena, old, old_need, new_need)) {
        arena->block->offset += new_need - old_need;
        arena->used += new_need - old_need;
        return old;
    }
    void *result = arena_alloc(arena, new_size);
    if (old_size > 0)
        memcpy(result, old, old_size);
    return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *result = arena_alloc(arena, size);
    if (size > 0)
        memcpy(result, data, size);
    return result;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){arena->block, arena->block ? arena->block->offset : 0, arena->used};
}

static void drop_newest(struct arena *arena)
{
    struct arena_block *block = arena->block;
    arena->block = block->older;
    arena->reserved -= block->size;
    free(block);
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    while (arena->block != mark.block)
        drop_newest(arena);
    if (arena->block != NULL)
        arena->block->offset = mark.offset;
    arena->used = mark.used;
}

void arena_reset(struct arena *arena)
{
    while (arena->block != NULL && arena->block->older != NULL) {
        struct arena_block *older = arena->block->older;
        arena->block->older = older->older;
        arena->reserved -= older->size;
        free(older);
    }
    if (arena->block != NULL)
        arena->block->offset = 0;
    arena->used = 0;
}

void arena_done(struct arena *arena)
{
    while (arena->block != NULL)
        drop_newest(arena);
    *arena = (struct arena)ARENA_EMPTY;
}
