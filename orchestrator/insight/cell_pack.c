// SPDX-License-Identifier: Apache-2.0
//
// Cells as bytes. Each section begins with the format. Elements are named once, in `names`; the
// others say the how manieth it is.
#include "insight/cell.h"

#include "base/varint.h"
#include "insight/limits.h"

#include <stdlib.h>

// -- Writing ------------------------------------------------------------------------------

static struct strbuf section(struct arena *scratch)
{
    struct strbuf out = strbuf_new(scratch);
    varint_write(&out, CELL_FORMAT);
    return out;
}

static str write_names(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    varint_write(&out, cell->elements.count);
    for (size_t i = 0; i < cell->elements.count; i++) {
        const struct cell_element *element = cell->elements.items[i];
        varint_write_text(&out, element->id);
        varint_write_text(&out, element->name);
        varint_write_text(&out, element->type);
    }
    return strbuf_str(&out);
}

static str write_head(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    for (size_t i = 0; i < CELL_COUNTERS; i++)
        varint_write(&out, cell->counters[i]);
    varint_write_signed(&out, cell->first_ms);
    varint_write_signed(&out, cell->last_ms);
    sketch_write(&out, &cell->cycle, scratch);
    sketch_write(&out, &cell->touch, scratch);
    sketch_write(&out, &cell->wait, scratch);
    distinct_write(&out, &cell->people);
    return strbuf_str(&out);
}

static str write_elements(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    for (size_t i = 0; i < cell->elements.count; i++) {
        const struct cell_element *element = cell->elements.items[i];
        for (size_t c = 0; c < ELEMENT_COUNTERS; c++)
            varint_write(&out, element->counters[c]);
    }
    return strbuf_str(&out);
}

static str write_times(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    for (size_t i = 0; i < cell->elements.count; i++) {
        const struct cell_element *element = cell->elements.items[i];
        sketch_write(&out, &element->duration, scratch);
        sketch_write(&out, &element->wait, scratch);
        sketch_write(&out, &element->work, scratch);
    }
    return strbuf_str(&out);
}

int cell_edge_by_count(const void *a, const void *b)
{
    const struct cell_edge *x = *(struct cell_edge *const *)a;
    const struct cell_edge *y = *(struct cell_edge *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = str_compare(x->from->id, y->from->id);
    return order != 0 ? order : str_compare(x->to->id, y->to->id);
}

// The most frequent ones; of the others, how often they were.
static str write_edges(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    size_t count = cell->edges.count;
    size_t kept = count < INSIGHT_MOST_CELL_EDGES ? count : INSIGHT_MOST_CELL_EDGES;
    struct cell_edge **sorted = ARENA_ARRAY(scratch, struct cell_edge *, count);
    uint64_t others = cell->other_edges;
    if (count > 0)
        memcpy(sorted, cell->edges.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, cell_edge_by_count);
    for (size_t i = kept; i < count; i++)
        others += sorted[i]->count;
    varint_write(&out, others);
    varint_write(&out, kept);
    for (size_t i = 0; i < kept; i++) {
        const struct cell_edge *edge = sorted[i];
        varint_write(&out, edge->from->number);
        varint_write(&out, edge->to->number);
        varint_write(&out, edge->count);
        varint_write(&out, edge->cases);
        varint_write(&out, edge->between_ms);
        varint_write(&out, edge->waiting_ms);
        sketch_write(&out, &edge->between, scratch);
        sketch_write(&out, &edge->waiting, scratch);
    }
    return strbuf_str(&out);
}

static int by_count(const void *a, const void *b)
{
    const struct cell_variant *x = *(struct cell_variant *const *)a;
    const struct cell_variant *y = *(struct cell_variant *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

// The most frequent ones; of the others, how many cases they are.
static str write_variants(const struct cell *cell, struct arena *scratch)
{
    struct strbuf out = section(scratch);
    size_t count = cell->variants.count;
    size_t kept = count < INSIGHT_MOST_CELL_VARIANTS ? count : INSIGHT_MOST_CELL_VARIANTS;
    struct cell_variant **sorted = ARENA_ARRAY(scratch, struct cell_variant *, count);
    uint64_t others = cell->other_variants;
    if (count > 0)
        memcpy(sorted, cell->variants.items, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_count);
    for (size_t i = kept; i < count; i++)
        others += sorted[i]->count;
    varint_write(&out, others);
    distinct_write(&out, &cell->distinct_variants);
    varint_write(&out, kept);
    for (size_t i = 0; i < kept; i++) {
        const struct cell_variant *variant = sorted[i];
        varint_write(&out, variant->hash);
        varint_write(&out, variant->length);
        varint_write(&out, variant->shown);
        for (uint32_t s = 0; s < variant->shown; s++)
            varint_write(&out, variant->steps[s]->number);
        varint_write(&out, variant->count);
        varint_write(&out, variant->cycle_ms);
        sketch_write(&out, &variant->cycle, scratch);
    }
    return strbuf_str(&out);
}

struct cell_pack cell_write(const struct cell *cell, struct arena *scratch)
{
    return (struct cell_pack){.names = write_names(cell, scratch),
                              .head = write_head(cell, scratch),
                              .elements = write_elements(cell, scratch),
                              .times = write_times(cell, scratch),
                              .edges = write_edges(cell, scratch),
                              .variants = write_variants(cell, scratch)};
}

// -- Reading ------------------------------------------------------------------------------

struct reading {
    struct cell *cell;
    struct arena *scratch;
    struct cell_element **elements; // by their number in the bytes
    size_t count;
};

static bool begin(str *rest)
{
    uint64_t format;
    return varint_read(rest, &format) && format == CELL_FORMAT;
}

static bool add_number(str *rest, uint64_t *sum)
{
    uint64_t value;
    if (!varint_read(rest, &value))
        return false;
    *sum += value;
    return true;
}

static bool read_names(struct reading *r, str rest)
{
    uint64_t count;
    if (!begin(&rest) || !varint_read(&rest, &count) || count > rest.len)
        return false;
    r->elements = ARENA_ARRAY(r->scratch, struct cell_element *, count);
    r->count = count;
    for (uint64_t i = 0; i < count; i++) {
        str id, name, type;
        if (!varint_read_text(&rest, &id) || !varint_read_text(&rest, &name) ||
            !varint_read_text(&rest, &type))
            return false;
        r->elements[i] = cell_element_of(r->cell, id, name, type);
        if (!str_equal(r->elements[i]->name, name)) // the newest one's
            r->elements[i]->name = str_copy(r->cell->arena, name);
    }
    return true;
}

static bool read_head(struct cell *cell, str rest)
{
    int64_t first, last;
    if (!begin(&rest))
        return false;
    for (size_t i = 0; i < CELL_COUNTERS; i++)
        if (!add_number(&rest, &cell->counters[i]))
            return false;
    if (!varint_read_signed(&rest, &first) || !varint_read_signed(&rest, &last))
        return false;
    if (first != 0 && (cell->first_ms == 0 || first < cell->first_ms))
        cell->first_ms = first;
    cell->last_ms = last > cell->last_ms ? last : cell->last_ms;
    return sketch_read(&cell->cycle, cell->arena, &rest) &&
           sketch_read(&cell->touch, cell->arena, &rest) &&
           sketch_read(&cell->wait, cell->arena, &rest) &&
           distinct_read(&cell->people, cell->arena, &rest);
}

static bool read_elements(struct reading *r, str rest)
{
    if (!begin(&rest))
        return false;
    for (size_t i = 0; i < r->count; i++)
        for (size_t c = 0; c < ELEMENT_COUNTERS; c++)
            if (!add_number(&rest, &r->elements[i]->counters[c]))
                return false;
    return true;
}

static bool read_times(struct reading *r, str rest)
{
    struct arena *arena = r->cell->arena;
    if (!begin(&rest))
        return false;
    for (size_t i = 0; i < r->count; i++) {
        struct cell_element *element = r->elements[i];
        if (!sketch_read(&element->duration, arena, &rest) ||
            !sketch_read(&element->wait, arena, &rest) ||
            !sketch_read(&element->work, arena, &rest))
            return false;
    }
    return true;
}

static bool read_element(const struct reading *r, str *rest, struct cell_element **ret_element)
{
    uint64_t number;
    if (!varint_read(rest, &number) || number >= r->count)
        return false;
    *ret_element = r->elements[number];
    return true;
}

static bool read_edge(struct reading *r, str *rest)
{
    struct arena *arena = r->cell->arena;
    struct cell_element *from, *to;
    if (!read_element(r, rest, &from) || !read_element(r, rest, &to))
        return false;
    struct cell_edge unwanted = {0}, *edge = cell_edge_of(r->cell, from, to);
    uint64_t count = 0;
    bool is_kept = edge != NULL;
    edge = is_kept ? edge : &unwanted;
    arena = is_kept ? arena : r->scratch;
    if (!add_number(rest, &count) || !add_number(rest, &edge->cases) ||
        !add_number(rest, &edge->between_ms) || !add_number(rest, &edge->waiting_ms) ||
        !sketch_read(&edge->between, arena, rest) || !sketch_read(&edge->waiting, arena, rest))
        return false;
    *(is_kept ? &edge->count : &r->cell->other_edges) += count;
    return true;
}

static bool read_edges(struct reading *r, str rest)
{
    uint64_t count;
    if (!begin(&rest) || !add_number(&rest, &r->cell->other_edges) || !varint_read(&rest, &count))
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (!read_edge(r, &rest))
            return false;
    return true;
}

static bool read_steps(struct reading *r, str *rest, struct cell_variant *variant, bool is_new)
{
    uint64_t length, shown;
    struct cell_element *element;
    if (!varint_read(rest, &length) || !varint_read(rest, &shown) || shown > CELL_VARIANT_STEPS)
        return false;
    if (is_new) {
        variant->length = (uint32_t)length;
        variant->shown = (uint32_t)shown;
        variant->steps = ARENA_ARRAY(r->cell->arena, const struct cell_element *, shown);
    }
    for (uint64_t i = 0; i < shown; i++) {
        if (!read_element(r, rest, &element))
            return false;
        if (is_new)
            variant->steps[i] = element;
    }
    return true;
}

static bool read_variant(struct reading *r, str *rest)
{
    struct cell *cell = r->cell;
    struct cell_variant unwanted = {0};
    uint64_t hash, count = 0;
    bool is_new;
    if (!varint_read(rest, &hash))
        return false;
    struct cell_variant *variant = cell_variant_of(cell, hash, &is_new);
    bool is_kept = variant != NULL;
    variant = is_kept ? variant : &unwanted;
    if (!read_steps(r, rest, variant, is_new && is_kept) || !add_number(rest, &count) ||
        !add_number(rest, &variant->cycle_ms) ||
        !sketch_read(&variant->cycle, is_kept ? cell->arena : r->scratch, rest))
        return false;
    variant->count += count;
    cell->other_variants += is_kept ? 0 : count;
    return true;
}

static bool read_variants(struct reading *r, str rest)
{
    uint64_t count;
    if (!begin(&rest) || !add_number(&rest, &r->cell->other_variants) ||
        !distinct_read(&r->cell->distinct_variants, r->cell->arena, &rest) ||
        !varint_read(&rest, &count))
        return false;
    for (uint64_t i = 0; i < count; i++)
        if (!read_variant(r, &rest))
            return false;
    return true;
}

bool cell_read(struct cell *cell, const struct cell_pack *pack, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    struct reading r = {.cell = cell, .scratch = &scratch};
    bool is_read = (pack->names.len == 0 || read_names(&r, pack->names)) &&
                   (pack->head.len == 0 || read_head(cell, pack->head)) &&
                   (pack->elements.len == 0 || read_elements(&r, pack->elements)) &&
                   (pack->times.len == 0 || read_times(&r, pack->times)) &&
                   (pack->edges.len == 0 || read_edges(&r, pack->edges)) &&
                   (pack->variants.len == 0 || read_variants(&r, pack->variants));
    arena_done(&scratch);
    return is_read || error_set(err, ERROR_UNAVAILABLE, "insight",
                                "counters are damaged or of another format: count them again");
}
