// SPDX-License-Identifier: Apache-2.0
//
// Of a choice only those parts have a table that the word has labels of: of all others the one that
// costs least with nothing is enough.
//
// A block and a word — the part of the trace that has its labels — have a table: what each piece of
// the word costs with the block. A block's table is made of those of its two parts, each with the
// word of its own labels; what of a piece is of the other part only is beyond the net. Where a
// block stands at the beginning of the trace, only pieces that begin there are needed.
#include "insight/blocks.h"

#include "insight/align.h"

struct table {
    const struct block *block;
    uint32_t length;
    const uint32_t *word;
    uint64_t *costs; // by beginning and end
    struct table *parts[2];
    uint32_t *places[2];           // in the words of the parts, by place in this one
    const struct block *blocks[2]; // of the parts; NULL: there is none
    const struct block *passed;    // of a choice: what costs least with nothing, of all others
    uint64_t *again;               // of a loop: what the second part and the first cost together
};

enum { STEPS_OF_TABLE = 100 };

struct filling {
    struct arena *arena;
    uint64_t steps_left;
};

static size_t at(const struct table *t, uint32_t from, uint32_t to)
{
    return (size_t)from * (t->length + 1) + to;
}

static bool is_of(const struct block *block, uint32_t label)
{
    return block->alphabet[label / 64] >> label % 64 & 1;
}

// What a piece costs with one part: what is not of its labels is beyond it.
static uint64_t part_cost(const struct table *t, int part, uint32_t from, uint32_t to)
{
    uint32_t a = t->places[part][from], b = t->places[part][to];
    uint64_t beyond = (uint64_t)(to - from) - (b - a);
    return t->parts[part]->costs[at(t->parts[part], a, b)] + beyond * ALIGN_DEVIATION;
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void fill_leaf(struct table *t, uint32_t from, uint32_t to)
{
    uint64_t events = to - from;
    uint64_t cost = t->block->kind == BLOCK_SILENT    ? ALIGN_SILENT
                    : t->block->kind == BLOCK_NOTHING ? 0
                    : events == 0                     ? ALIGN_DEVIATION
                                                      : (events - 1) * ALIGN_DEVIATION;
    t->costs[at(t, from, to)] = cost;
}

static void fill_sequence(struct table *t, uint32_t from, uint32_t to)
{
    uint64_t best = UINT64_MAX;
    for (uint32_t middle = from; middle <= to; middle++)
        best = least(best, part_cost(t, 0, from, middle) + part_cost(t, 1, middle, to));
    t->costs[at(t, from, to)] = best;
}

static void fill_loop(struct table *t, uint32_t from, uint32_t to)
{
    uint64_t best = part_cost(t, 0, from, to);
    for (uint32_t middle = from; middle < to; middle++)
        best = least(best, t->costs[at(t, from, middle)] + t->again[at(t, middle, to)]);
    t->costs[at(t, from, to)] = best;
}

static void fill_again(struct table *t, uint32_t from, uint32_t to)
{
    uint64_t best = UINT64_MAX;
    for (uint32_t middle = from; middle <= to; middle++)
        best = least(best, part_cost(t, 1, from, middle) + part_cost(t, 0, middle, to));
    t->again[at(t, from, to)] = best;
}

// The cheapest of a choice for a piece: a part, or 2 for what is passed by.
static int cheapest(const struct table *t, uint32_t from, uint32_t to, uint64_t *ret_cost)
{
    uint64_t beyond = (uint64_t)(to - from) * ALIGN_DEVIATION;
    int found = 2;
    *ret_cost = t->passed != NULL ? t->passed->least + beyond : UINT64_MAX;
    for (int part = 0; part < 2; part++) {
        uint64_t cost = t->blocks[part] != NULL ? part_cost(t, part, from, to) : UINT64_MAX;
        if (cost >= *ret_cost)
            continue;
        *ret_cost = cost;
        found = part;
    }
    return found;
}

static void fill_piece(struct table *t, uint32_t from, uint32_t to)
{
    switch (t->block->kind) {
    case BLOCK_LABEL:
    case BLOCK_SILENT:
    case BLOCK_NOTHING:
        fill_leaf(t, from, to);
        break;
    case BLOCK_SEQUENCE:
        fill_sequence(t, from, to);
        break;
    case BLOCK_CHOICE:
        cheapest(t, from, to, &t->costs[at(t, from, to)]);
        break;
    case BLOCK_PARALLEL: // nothing is beyond either: each has its own
        t->costs[at(t, from, to)] =
            t->parts[0]->costs[at(t->parts[0], t->places[0][from], t->places[0][to])] +
            t->parts[1]->costs[at(t->parts[1], t->places[1][from], t->places[1][to])];
        break;
    case BLOCK_LOOP:
        fill_loop(t, from, to);
        break;
    }
}

static struct table *fill(struct filling *f, const struct block *block, const uint32_t *word,
                          uint32_t length, bool is_from_start);

// The table of a part, with the word of its labels.
static bool fill_part(struct filling *f, struct table *t, int part, bool is_from_start)
{
    const struct block *block = t->blocks[part];
    if (block == NULL)
        return true;
    uint32_t *word = ARENA_ARRAY(f->arena, uint32_t, t->length + 1), length = 0;
    t->places[part] = ARENA_ARRAY(f->arena, uint32_t, t->length + 1);
    for (uint32_t i = 0; i < t->length; i++) {
        t->places[part][i] = length;
        if (is_of(block, t->word[i]))
            word[length++] = t->word[i];
    }
    t->places[part][t->length] = length;
    t->parts[part] = fill(f, block, word, length, is_from_start);
    return t->parts[part] != NULL;
}

static bool has_label_of(const struct block *block, const uint32_t *word, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (is_of(block, word[i]))
            return true;
    return false;
}

// Passes by the parts of a choice that the word has no label of.
static void narrow_choice(struct filling *f, struct table *t)
{
    const struct block *block = t->block;
    while (block->kind == BLOCK_CHOICE) {
        bool first = has_label_of(block->first, t->word, t->length);
        bool second = has_label_of(block->second, t->word, t->length);
        f->steps_left -= f->steps_left > t->length ? t->length : 0;
        if (first && second)
            break;
        const struct block *passed = first ? block->second : block->first;
        if (t->passed == NULL || passed->least < t->passed->least)
            t->passed = passed;
        block = first ? block->first : block->second;
    }
    bool is_choice = block->kind == BLOCK_CHOICE;
    t->blocks[0] = is_choice ? block->first : block;
    t->blocks[1] = is_choice ? block->second : NULL;
}

static uint64_t steps_of(const struct table *t, uint64_t pieces)
{
    uint64_t length = (uint64_t)t->length + 1;
    return t->block->kind == BLOCK_LOOP       ? 2 * length * length * length
           : t->block->kind == BLOCK_SEQUENCE ? pieces * length
                                              : pieces;
}

// NULL when it would take too long.
static struct table *fill(struct filling *f, const struct block *block, const uint32_t *word,
                          uint32_t length, bool is_from_start)
{
    struct table *t = ARENA_NEW(f->arena, struct table);
    bool is_loop = block->kind == BLOCK_LOOP, is_sequence = block->kind == BLOCK_SEQUENCE;
    uint64_t rows = is_from_start ? 1 : length + 1, pieces = rows * (length + 1);
    *t = (struct table){
        .block = block, .length = length, .word = word, .blocks = {block->first, block->second}};
    uint64_t steps = steps_of(t, pieces);
    if (steps + STEPS_OF_TABLE >= f->steps_left)
        return NULL;
    f->steps_left -= steps + STEPS_OF_TABLE;
    t->costs = ARENA_ARRAY(f->arena, uint64_t, pieces);
    if (length == 0) {
        t->costs[0] = block->least;
        return t;
    }
    if (block->kind == BLOCK_CHOICE)
        narrow_choice(f, t);
    if (block->first != NULL && (!fill_part(f, t, 0, is_from_start && !is_loop) ||
                                 !fill_part(f, t, 1, is_from_start && !is_loop && !is_sequence)))
        return NULL;
    if (is_loop)
        t->again = ARENA_ARRAY(f->arena, uint64_t, (size_t)(length + 1) * (length + 1));
    for (uint32_t from = 0; is_loop && from <= length; from++)
        for (uint32_t to = from; to <= length; to++)
            fill_again(t, from, to);
    for (uint32_t from = 0; from < rows; from++)
        for (uint32_t to = from; to <= length; to++)
            fill_piece(t, from, to);
    return t;
}

// -- The way back -------------------------------------------------------------------------

static void tell(const struct table *t, uint32_t from, uint32_t to,
                 const struct block_deviations *d);

// What a block lacks when there is nothing.
static void tell_nothing(const struct block *block, const struct block_deviations *d)
{
    bool has_both = block->kind == BLOCK_SEQUENCE || block->kind == BLOCK_PARALLEL;
    if (block->kind == BLOCK_LABEL)
        d->of_net(d->context, block->label);
    if (has_both || block->kind == BLOCK_LOOP)
        tell_nothing(block->first, d);
    if (has_both)
        tell_nothing(block->second, d);
    if (block->kind == BLOCK_CHOICE)
        tell_nothing(block->first->least <= block->second->least ? block->first : block->second, d);
}

static void tell_part(const struct table *t, int part, uint32_t from, uint32_t to,
                      const struct block_deviations *d)
{
    const struct table *inner = t->parts[part];
    for (uint32_t i = from; i < to; i++)
        if (t->block->kind != BLOCK_PARALLEL && !is_of(inner->block, t->word[i]))
            d->of_log(d->context, t->word[i]);
    tell(inner, t->places[part][from], t->places[part][to], d);
}

// Where the second of two parts begins.
static uint32_t middle_of(const struct table *t, int first, uint32_t from, uint32_t to)
{
    uint64_t best = UINT64_MAX;
    uint32_t found = from;
    for (uint32_t middle = from; middle <= to; middle++) {
        uint64_t cost = part_cost(t, first, from, middle) + part_cost(t, 1 - first, middle, to);
        found = cost < best ? middle : found;
        best = least(best, cost);
    }
    return found;
}

static void tell_loop(const struct table *t, uint32_t from, uint32_t to,
                      const struct block_deviations *d)
{
    uint64_t cost;
    while ((cost = t->costs[at(t, from, to)]) != part_cost(t, 0, from, to)) {
        uint32_t last = from; // where the last round begins
        while (t->costs[at(t, from, last)] + t->again[at(t, last, to)] != cost)
            last++;
        uint32_t middle = middle_of(t, 1, last, to);
        tell_part(t, 1, last, middle, d);
        tell_part(t, 0, middle, to, d);
        to = last;
    }
    tell_part(t, 0, from, to, d);
}

static void tell_choice(const struct table *t, uint32_t from, uint32_t to,
                        const struct block_deviations *d)
{
    uint64_t cost;
    int part = cheapest(t, from, to, &cost);
    if (part < 2) {
        tell_part(t, part, from, to, d);
        return;
    }
    for (uint32_t i = from; i < to; i++)
        d->of_log(d->context, t->word[i]);
    tell_nothing(t->passed, d);
}

static void tell(const struct table *t, uint32_t from, uint32_t to,
                 const struct block_deviations *d)
{
    uint32_t middle;
    if (t->length == 0) {
        tell_nothing(t->block, d);
        return;
    }
    switch (t->block->kind) {
    case BLOCK_LABEL:
        if (from == to)
            d->of_net(d->context, t->block->label);
        for (uint32_t i = from + 1; i < to; i++)
            d->of_log(d->context, t->block->label);
        break;
    case BLOCK_SILENT:
    case BLOCK_NOTHING:
        break;
    case BLOCK_SEQUENCE:
        middle = middle_of(t, 0, from, to);
        tell_part(t, 0, from, middle, d);
        tell_part(t, 1, middle, to, d);
        break;
    case BLOCK_CHOICE:
        tell_choice(t, from, to, d);
        break;
    case BLOCK_PARALLEL:
        tell_part(t, 0, from, to, d);
        tell_part(t, 1, from, to, d);
        break;
    case BLOCK_LOOP:
        tell_loop(t, from, to, d);
        break;
    }
}

bool blocks_align(struct arena *arena, const struct block *block, const struct block_trace *trace,
                  const struct block_deviations *deviations, uint64_t *ret_cost)
{
    uint64_t most = trace->steps_most < *trace->steps_left ? trace->steps_most : *trace->steps_left;
    struct filling f = {.arena = arena, .steps_left = most};
    uint32_t *word = ARENA_ARRAY(arena, uint32_t, trace->length + 1), count = 0;
    for (uint32_t i = 0; i < trace->length; i++)
        if (is_of(block, trace->labels[i]))
            word[count++] = trace->labels[i];
    struct table *t = fill(&f, block, word, count, true);
    *trace->steps_left -= most - f.steps_left;
    if (t == NULL)
        return false;
    *ret_cost = t->costs[at(t, 0, count)] + (uint64_t)(trace->length - count) * ALIGN_DEVIATION;
    for (uint32_t i = 0; i < trace->length; i++) // labels of transitions that lead nowhere
        if (!is_of(block, trace->labels[i]))
            deviations->of_log(deviations->context, trace->labels[i]);
    tell(t, 0, count, deviations);
    return true;
}
