// SPDX-License-Identifier: Apache-2.0
//
// A block is an edge between two places; transitions with several places on a side are forks. Rules
// put two edges together until one is left from the source to the sink, or none applies:
//   two edges between the same places              a choice
//   one into a place and one out of it             a sequence
//   one there and the only one back                a loop
//   one from a place to itself                     a loop that may be left out, on the way through
//   it two between the same fork and the same join    a parallel
#include "insight/blocks.h"

#include <stdlib.h>

#include "base/array.h"
#include "insight/align.h"

enum { NODES_MOST = 20000 }; // places and transitions

struct edge {
    const struct block *block; // NULL: gone
    uint32_t from, to;
};

struct fork {
    uint32_t transition;
    bool is_gone;
    uint32_t in_count, out_count;
    uint32_t *ins, *outs;
};

// Of a place: what leads in and out.
struct ways {
    uint32_t in, out;           // edges and forks
    uint32_t edge_in, edge_out; // the last of them
    uint32_t fork_in, fork_out; // + 1
};

struct reducer {
    struct arena *arena;
    const uint32_t *label_of;
    size_t words;
    ARRAY(struct edge) edges;
    ARRAY(struct fork) forks;
    ARRAY(struct ways) places;
    uint32_t source, sink;
};

// -- Blocks -------------------------------------------------------------------------------

static struct block *new_block(struct reducer *r, enum block_kind kind)
{
    struct block *block = ARENA_NEW(r->arena, struct block);
    block->kind = kind;
    return block;
}

static const struct block *leaf(struct reducer *r, uint32_t label)
{
    bool is_label = label != UINT32_MAX;
    struct block *block = new_block(r, is_label ? BLOCK_LABEL : BLOCK_SILENT);
    uint64_t *alphabet = ARENA_ARRAY(r->arena, uint64_t, r->words);
    if (is_label)
        alphabet[label / 64] |= UINT64_C(1) << label % 64;
    block->label = label;
    block->alphabet = alphabet;
    block->least = is_label ? ALIGN_DEVIATION : ALIGN_SILENT;
    return block;
}

static const struct block *nothing(struct reducer *r)
{
    struct block *block = new_block(r, BLOCK_NOTHING);
    block->alphabet = ARENA_ARRAY(r->arena, uint64_t, r->words);
    return block;
}

static const struct block *pair(struct reducer *r, enum block_kind kind, const struct block *a,
                                const struct block *b)
{
    if (kind == BLOCK_SEQUENCE && b->kind == BLOCK_SEQUENCE) // the long part first
        return pair(r, kind, pair(r, kind, a, b->first), b->second);
    struct block *block = new_block(r, kind);
    uint64_t *alphabet = arena_copy(r->arena, a->alphabet, sizeof *alphabet * r->words);
    for (size_t w = 0; w < r->words; w++)
        alphabet[w] |= b->alphabet[w];
    block->first = a;
    block->second = b;
    block->alphabet = alphabet;
    block->least = kind == BLOCK_LOOP     ? a->least
                   : kind == BLOCK_CHOICE ? (a->least < b->least ? a->least : b->least)
                                          : a->least + b->least;
    return block;
}

static bool is_disjoint(const struct reducer *r, const struct block *a, const struct block *b)
{
    for (size_t w = 0; w < r->words; w++)
        if ((a->alphabet[w] & b->alphabet[w]) != 0)
            return false;
    return true;
}

// -- Rules --------------------------------------------------------------------------------

static void add_edge(struct reducer *r, const struct block *block, uint32_t from, uint32_t to)
{
    *ARRAY_PUSH(r->arena, &r->edges) = (struct edge){block, from, to};
}

static void count_ways(struct reducer *r)
{
    memset(r->places.items, 0, sizeof *r->places.items * r->places.count);
    for (uint32_t e = 0; e < r->edges.count; e++) {
        const struct edge *edge = &r->edges.items[e];
        if (edge->block == NULL)
            continue;
        r->places.items[edge->from].out++;
        r->places.items[edge->from].edge_out = e + 1;
        r->places.items[edge->to].in++;
        r->places.items[edge->to].edge_in = e + 1;
    }
    for (uint32_t f = 0; f < r->forks.count; f++) {
        const struct fork *fork = &r->forks.items[f];
        for (uint32_t i = 0; !fork->is_gone && i < fork->in_count; i++) {
            r->places.items[fork->ins[i]].out++;
            r->places.items[fork->ins[i]].fork_out = f + 1;
        }
        for (uint32_t i = 0; !fork->is_gone && i < fork->out_count; i++) {
            r->places.items[fork->outs[i]].in++;
            r->places.items[fork->outs[i]].fork_in = f + 1;
        }
    }
}

struct numbered {
    uint32_t from, to, edge;
};

static int by_ends(const void *a, const void *b)
{
    const struct numbered *x = a, *y = b;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    return x->edge < y->edge ? -1 : x->edge > y->edge;
}

static bool join_choices(struct reducer *r)
{
    struct arena scratch = ARENA_EMPTY;
    struct numbered *sorted = ARENA_ARRAY(&scratch, struct numbered, r->edges.count + 1);
    size_t count = 0;
    bool has_changed = false;
    for (uint32_t e = 0; e < r->edges.count; e++)
        if (r->edges.items[e].block != NULL)
            sorted[count++] = (struct numbered){r->edges.items[e].from, r->edges.items[e].to, e};
    qsort(sorted, count, sizeof *sorted, by_ends);
    for (size_t i = 0, first = 0; i < count; i++) {
        if (sorted[i].from != sorted[first].from || sorted[i].to != sorted[first].to)
            first = i;
        if (i == first)
            continue;
        struct edge *kept = &r->edges.items[sorted[first].edge];
        struct edge *gone = &r->edges.items[sorted[i].edge];
        kept->block = pair(r, BLOCK_CHOICE, kept->block, gone->block);
        gone->block = NULL;
        has_changed = true;
    }
    arena_done(&scratch);
    return has_changed;
}

static bool is_border(const struct reducer *r, uint32_t place)
{
    return place == r->source || place == r->sink;
}

static bool join_sequences(struct reducer *r)
{
    bool has_changed = false;
    for (uint32_t p = 0; p < r->places.count; p++) {
        const struct ways *ways = &r->places.items[p];
        if (ways->in != 1 || ways->out != 1 || is_border(r, p) || ways->edge_in == 0 ||
            ways->edge_out == 0 || ways->edge_in == ways->edge_out)
            continue;
        struct edge *in = &r->edges.items[ways->edge_in - 1];
        struct edge *out = &r->edges.items[ways->edge_out - 1];
        if (in->from == p || out->to == p)
            continue;
        in->block = pair(r, BLOCK_SEQUENCE, in->block, out->block);
        in->to = out->to;
        out->block = NULL;
        struct ways *behind = &r->places.items[in->to];
        if (behind->edge_in == ways->edge_out)
            behind->edge_in = ways->edge_in;
        has_changed = true;
    }
    return has_changed;
}

static bool join_loops(struct reducer *r)
{
    bool has_changed = false;
    for (uint32_t b = 0; b < r->edges.count; b++) {
        struct edge *body = &r->edges.items[b];
        if (body->block == NULL || body->from == body->to || r->places.items[body->from].out != 1 ||
            r->places.items[body->to].in != 1)
            continue;
        for (uint32_t e = 0; e < r->edges.count; e++) {
            struct edge *back = &r->edges.items[e];
            if (back->block == NULL || back->from != body->to || back->to != body->from)
                continue;
            body->block = pair(r, BLOCK_LOOP, body->block, back->block);
            back->block = NULL;
            count_ways(r);
            has_changed = true;
        }
    }
    return has_changed;
}

// Whatever left the place leaves another behind the loop.
static void leave_behind(struct reducer *r, uint32_t place, uint32_t behind)
{
    for (uint32_t e = 0; e < r->edges.count; e++)
        if (r->edges.items[e].block != NULL && r->edges.items[e].from == place)
            r->edges.items[e].from = behind;
    for (uint32_t f = 0; f < r->forks.count; f++)
        for (uint32_t i = 0; i < r->forks.items[f].in_count; i++)
            if (r->forks.items[f].ins[i] == place)
                r->forks.items[f].ins[i] = behind;
    r->sink = r->sink == place ? behind : r->sink;
}

static bool join_self_loops(struct reducer *r)
{
    for (uint32_t e = 0; e < r->edges.count; e++) {
        struct edge edge = r->edges.items[e];
        if (edge.block == NULL || edge.from != edge.to)
            continue;
        uint32_t behind = (uint32_t)r->places.count;
        ARRAY_PUSH(r->arena, &r->places);
        r->edges.items[e].block = NULL;
        leave_behind(r, edge.from, behind);
        add_edge(r, pair(r, BLOCK_LOOP, nothing(r), edge.block), edge.from, behind);
        return true;
    }
    return false;
}

// A place right between two forks gets an edge that does nothing.
static bool fill_empty_branches(struct reducer *r)
{
    for (uint32_t p = 0; p < r->places.count; p++) {
        const struct ways *ways = &r->places.items[p];
        if (ways->in != 1 || ways->out != 1 || ways->fork_in == 0 || ways->fork_out == 0)
            continue;
        uint32_t behind = (uint32_t)r->places.count;
        ARRAY_PUSH(r->arena, &r->places);
        leave_behind(r, p, behind);
        add_edge(r, nothing(r), p, behind);
        return true;
    }
    return false;
}

static void remove_place(uint32_t *places, uint32_t *count, uint32_t place)
{
    for (uint32_t i = 0; i < *count; i++)
        if (places[i] == place) {
            places[i] = places[--*count];
            return;
        }
}

// The only edge of a branch: from a place that a fork alone fills to one that a join alone empties.
static bool is_branch(const struct reducer *r, const struct edge *edge)
{
    const struct ways *from = &r->places.items[edge->from], *to = &r->places.items[edge->to];
    return edge->block != NULL && from->in == 1 && from->fork_in != 0 && from->out == 1 &&
           to->in == 1 && to->out == 1 && to->fork_out != 0;
}

static bool join_branches(struct reducer *r)
{
    for (uint32_t a = 0; a < r->edges.count; a++) {
        struct edge *one = &r->edges.items[a];
        if (!is_branch(r, one))
            continue;
        for (uint32_t b = a + 1; b < r->edges.count; b++) {
            struct edge *other = &r->edges.items[b];
            if (!is_branch(r, other) || other->from == one->from ||
                r->places.items[other->from].fork_in != r->places.items[one->from].fork_in ||
                r->places.items[other->to].fork_out != r->places.items[one->to].fork_out ||
                !is_disjoint(r, one->block, other->block))
                continue;
            struct fork *fork = &r->forks.items[r->places.items[one->from].fork_in - 1];
            struct fork *join = &r->forks.items[r->places.items[one->to].fork_out - 1];
            remove_place(fork->outs, &fork->out_count, other->from);
            remove_place(join->ins, &join->in_count, other->to);
            one->block = pair(r, BLOCK_PARALLEL, one->block, other->block);
            other->block = NULL;
            return true;
        }
    }
    return false;
}

// A fork that is none any more is an edge.
static bool straighten_forks(struct reducer *r)
{
    bool has_changed = false;
    for (uint32_t f = 0; f < r->forks.count; f++) {
        struct fork *fork = &r->forks.items[f];
        if (fork->is_gone || fork->in_count != 1 || fork->out_count != 1)
            continue;
        fork->is_gone = true;
        add_edge(r, leaf(r, r->label_of[fork->transition]), fork->ins[0], fork->outs[0]);
        has_changed = true;
    }
    return has_changed;
}

// -- The net ------------------------------------------------------------------------------

static bool find_borders(struct reducer *r, const struct net *net)
{
    uint32_t initial = 0, final = 0;
    for (uint32_t p = 0; p < net->place_count; p++) {
        initial += net->places[p].initial;
        final += net->places[p].final;
        r->source = net->places[p].initial > 0 ? p : r->source;
        r->sink = net->places[p].final > 0 ? p : r->sink;
    }
    return initial == 1 && final == 1 && r->source != r->sink &&
           net->places[r->source].producer_count == 0 && net->places[r->sink].consumer_count == 0;
}

static bool has_twice(const uint32_t *places, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t k = 0; k < i; k++)
            if (places[i] == places[k])
                return true;
    return false;
}

static bool add_forks(struct reducer *r, const struct net *net)
{
    for (uint32_t t = 0; t < net->transition_count; t++) {
        const struct net_transition *from = &net->transitions[t];
        if (from->input_count == 0 || from->output_count == 0 ||
            has_twice(from->inputs, from->input_count) ||
            has_twice(from->outputs, from->output_count))
            return false;
        struct fork *fork = ARRAY_PUSH(r->arena, &r->forks);
        *fork = (struct fork){
            .transition = t, .in_count = from->input_count, .out_count = from->output_count};
        fork->ins = arena_copy(r->arena, from->inputs, sizeof *fork->ins * fork->in_count);
        fork->outs = arena_copy(r->arena, from->outputs, sizeof *fork->outs * fork->out_count);
    }
    return true;
}

static bool reduce_once(struct reducer *r)
{
    static bool (*const rules[])(struct reducer *) = {
        straighten_forks, join_choices,  join_sequences,      join_loops,
        join_self_loops,  join_branches, fill_empty_branches,
    };
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        count_ways(r);
        if (rules[i](r))
            return true;
    }
    return false;
}

const struct block *blocks_of_net(struct arena *arena, const struct net *net,
                                  const uint32_t *label_of_transition, uint32_t label_count)
{
    struct reducer r = {
        .arena = arena, .label_of = label_of_transition, .words = label_count / 64 + 1};
    const struct block *found = NULL;
    if (net->place_count + net->transition_count > NODES_MOST || !find_borders(&r, net) ||
        !add_forks(&r, net))
        return NULL;
    for (uint32_t p = 0; p < net->place_count; p++)
        ARRAY_PUSH(arena, &r.places);
    while (reduce_once(&r))
        ;
    for (uint32_t f = 0; f < r.forks.count; f++)
        if (!r.forks.items[f].is_gone)
            return NULL;
    for (uint32_t e = 0; e < r.edges.count; e++) {
        const struct edge *edge = &r.edges.items[e];
        if (edge->block == NULL)
            continue;
        if (found != NULL || edge->from != r.source || edge->to != r.sink)
            return NULL;
        found = edge->block;
    }
    return found;
}
