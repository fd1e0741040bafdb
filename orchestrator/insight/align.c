// SPDX-License-Identifier: Apache-2.0
//
// A*: states are a place in the trace and a marking. What a state still costs at least is known
// from the bounds of its marking (space.h): activities of the rest of the trace that cannot happen
// any more, and those that have to happen more often than the rest has them. The queue is a heap by
// cost; of equal costs the state that has come farther goes first.
#include "insight/align.h"

#include <stdlib.h>

#include "base/array.h"
#include "insight/blocks.h"
#include "insight/space.h"

#define NO_STATE UINT32_MAX
#define BLOCK_STEPS_OF_TRACE UINT64_C(400000000)
#define BLOCK_STEPS UINT64_C(4000000000)

struct state {
    uint64_t key; // marking and place in the trace
    uint64_t cost;
    uint32_t parent; // state
    uint32_t label;  // of the step to it: of the log's or the net's part
    uint8_t kind;    // of the step to it
    bool is_done;
};

enum step_kind { STEP_TOGETHER, STEP_SILENT, STEP_OF_LOG, STEP_OF_NET };

struct waiting {
    uint64_t least; // cost so far and to come
    uint32_t state;
    uint32_t place; // in the trace
};

struct aligner {
    struct space space;
    struct arena turn; // of one variant
    struct align_limits limits;
    uint64_t states_left, block_steps_left;
    const struct block *blocks; // NULL: the net is not of blocks
    bool has_tried_bounds;
    const uint32_t *labels; // of the trace's events
    uint32_t length;
    const uint16_t *rest; // by place in the trace and label: how often it comes from there on
    ARRAY(struct state) states;
    uint32_t *slots; // state + 1
    size_t slot_count;
    ARRAY(struct waiting) heap;
};

// -- The heap -----------------------------------------------------------------------------

static bool is_before(const struct waiting *a, const struct waiting *b)
{
    return a->least != b->least ? a->least < b->least : a->place > b->place;
}

static void push(struct aligner *a, struct waiting waiting)
{
    ARRAY_PUSH(&a->turn, &a->heap);
    size_t at = a->heap.count - 1;
    for (; at > 0 && is_before(&waiting, &a->heap.items[(at - 1) / 2]); at = (at - 1) / 2)
        a->heap.items[at] = a->heap.items[(at - 1) / 2];
    a->heap.items[at] = waiting;
}

static struct waiting pop(struct aligner *a)
{
    struct waiting top = a->heap.items[0], last = a->heap.items[--a->heap.count];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < a->heap.count) {
        bool is_right = child + 1 < a->heap.count &&
                        is_before(&a->heap.items[child + 1], &a->heap.items[child]);
        child += is_right;
        if (!is_before(&a->heap.items[child], &last))
            break;
        a->heap.items[at] = a->heap.items[child];
        at = child;
    }
    if (a->heap.count > 0)
        a->heap.items[at] = last;
    return top;
}

// -- States -------------------------------------------------------------------------------

static uint64_t key_of(const struct aligner *a, uint32_t marking, uint32_t place)
{
    return (uint64_t)marking * (a->length + 1) + place;
}

static uint32_t marking_of(const struct aligner *a, uint64_t key)
{
    return (uint32_t)(key / (a->length + 1));
}

static uint32_t place_of(const struct aligner *a, uint64_t key)
{
    return (uint32_t)(key % (a->length + 1));
}

static uint32_t *slot_of(struct aligner *a, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 24) & (a->slot_count - 1);
    while (a->slots[at] != 0 && a->states.items[a->slots[at] - 1].key != key)
        at = (at + 1) & (a->slot_count - 1);
    return &a->slots[at];
}

static void grow_slots(struct aligner *a)
{
    a->slot_count = a->slot_count == 0 ? 1024 : a->slot_count * 4;
    a->slots = ARENA_ARRAY(&a->turn, uint32_t, a->slot_count);
    for (size_t i = 0; i < a->states.count; i++)
        *slot_of(a, a->states.items[i].key) = (uint32_t)i + 1;
}

// What it costs at least from here to the end; UINT64_MAX: there is no way.
static uint64_t least_from(const struct aligner *a, uint32_t marking, uint32_t place)
{
    const struct space *s = &a->space;
    uint64_t deviations = 0;
    if (!s->has_bounds)
        return 0;
    const uint8_t *needed = s->needed + (size_t)marking * (s->label_count + 1);
    const uint64_t *possible = s->possible + s->words * marking;
    const uint16_t *rest = a->rest + (size_t)place * s->label_count;
    if (s->needed_silent[marking] == UINT8_MAX)
        return UINT64_MAX;
    for (uint32_t label = 0; label < s->label_count; label++) {
        if (needed[label] > rest[label])
            deviations += needed[label] - rest[label];
        else if (rest[label] > 0 && (possible[label / 64] >> label % 64 & 1) == 0)
            deviations += rest[label];
    }
    return deviations * ALIGN_DEVIATION + (uint64_t)s->needed_silent[marking] * ALIGN_SILENT;
}

static void reach(struct aligner *a, struct state next)
{
    if (a->states.count * 2 >= a->slot_count)
        grow_slots(a);
    uint32_t *slot = slot_of(a, next.key), number = *slot - 1;
    if (*slot != 0 && a->states.items[number].cost <= next.cost)
        return;
    uint32_t marking = marking_of(a, next.key), place = place_of(a, next.key);
    uint64_t least = least_from(a, marking, place);
    if (least == UINT64_MAX)
        return;
    if (*slot == 0) {
        number = (uint32_t)a->states.count;
        *slot = number + 1;
        ARRAY_PUSH(&a->turn, &a->states);
    }
    a->states.items[number] = next;
    push(a, (struct waiting){next.cost + least, number, place});
}

// False when the net has more markings than the limit.
static bool expand(struct aligner *a, uint32_t number)
{
    struct state here = a->states.items[number];
    uint32_t marking = marking_of(a, here.key), place = place_of(a, here.key);
    struct space_steps steps = space_steps_from(&a->space, marking);
    if (!steps.is_known)
        return false;
    a->states_left -= steps.count + 1 < a->states_left ? steps.count + 1 : a->states_left;
    if (place < a->length)
        reach(a, (struct state){.key = here.key + 1,
                                .cost = here.cost + ALIGN_DEVIATION,
                                .parent = number,
                                .label = a->labels[place],
                                .kind = STEP_OF_LOG});
    for (uint32_t i = 0; i < steps.count; i++) {
        const struct space_step *step = &steps.steps[i];
        bool is_silent = step->label == SILENT_LABEL;
        struct state next = {.key = key_of(a, step->target, place),
                             .cost = here.cost + (is_silent ? ALIGN_SILENT : ALIGN_DEVIATION),
                             .parent = number,
                             .label = step->label,
                             .kind = is_silent ? STEP_SILENT : STEP_OF_NET};
        reach(a, next);
        if (place == a->length || is_silent || step->label != a->labels[place])
            continue;
        next.key++;
        next.cost = here.cost;
        next.kind = STEP_TOGETHER;
        reach(a, next);
    }
    return true;
}

// The final state, or NO_STATE with what the alignment costs at least.
static uint32_t search(struct aligner *a, uint64_t *ret_least)
{
    a->states.items = NULL;
    a->heap.items = NULL;
    a->states.count = a->states.capacity = a->heap.count = a->heap.capacity = a->slot_count = 0;
    reach(a, (struct state){.key = key_of(a, a->space.initial, 0), .parent = NO_STATE});
    *ret_least = 0;
    while (a->heap.count > 0) {
        struct waiting first = pop(a);
        struct state *state = &a->states.items[first.state];
        if (state->is_done)
            continue;
        state->is_done = true;
        *ret_least = first.least;
        if (state->key == key_of(a, a->space.final, a->length))
            return first.state;
        if (a->states.count >= a->limits.states_of_trace || a->states_left == 0 ||
            !expand(a, first.state))
            return NO_STATE;
    }
    return NO_STATE;
}

// -- Traces -------------------------------------------------------------------------------

// The labels of a trace. Events that the net does not have are left out; returns how many.
static uint32_t set_trace(struct aligner *a, const uint32_t *activities, uint32_t count)
{
    uint32_t *list = ARENA_ARRAY(&a->turn, uint32_t, count + 1);
    a->length = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t label = a->space.label_of_activity[activities[i]];
        if (label != NO_LABEL)
            list[a->length++] = label;
    }
    a->labels = list;
    return count - a->length;
}

// What deviates, over all traces; and the variant that is being counted.
struct counts {
    uint32_t variant;
    uint64_t weight;
    uint64_t *of_log, *of_net;               // by activity; by label
    uint64_t *traces_of_log, *traces_of_net; // with at least one
    uint32_t *seen_of_log, *seen_of_net;     // the last variant that had one, + 1
};

static void count_of_log(void *context, uint32_t label)
{
    struct counts *c = context;
    c->of_log[label] += c->weight;
    c->traces_of_log[label] += c->seen_of_log[label] == c->variant + 1 ? 0 : c->weight;
    c->seen_of_log[label] = c->variant + 1;
}

static void count_of_net(void *context, uint32_t label)
{
    struct counts *c = context;
    c->of_net[label] += c->weight;
    c->traces_of_net[label] += c->seen_of_net[label] == c->variant + 1 ? 0 : c->weight;
    c->seen_of_net[label] = c->variant + 1;
}

static void count_alignment(const struct aligner *a, struct counts *c, uint32_t state)
{
    for (; state != NO_STATE; state = a->states.items[state].parent) {
        const struct state *s = &a->states.items[state];
        if (s->parent == NO_STATE || s->label == SILENT_LABEL)
            continue;
        if (s->kind == STEP_OF_LOG)
            count_of_log(c, s->label);
        else if (s->kind == STEP_OF_NET)
            count_of_net(c, s->label);
    }
}

static struct counts counts_new(struct arena *arena, uint32_t n)
{
    struct counts c = {.of_log = ARENA_ARRAY(arena, uint64_t, n + 1)};
    c.of_net = ARENA_ARRAY(arena, uint64_t, n + 1);
    c.traces_of_log = ARENA_ARRAY(arena, uint64_t, n + 1);
    c.traces_of_net = ARENA_ARRAY(arena, uint64_t, n + 1);
    c.seen_of_log = ARENA_ARRAY(arena, uint32_t, n + 1);
    c.seen_of_net = ARENA_ARRAY(arena, uint32_t, n + 1);
    return c;
}

static int by_count(const void *a, const void *b)
{
    const struct align_deviation *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    int order = str_compare(x->activity, y->activity);
    return order != 0 ? order : x->is_in_log - y->is_in_log;
}

// Labels of the net, and behind them activities that it does not have.
static void list_deviations(struct arena *arena, const struct event_log *log, const struct space *s,
                            const struct counts *c, struct alignments *result)
{
    uint32_t all = s->label_count + log->activity_count;
    struct align_deviation *list = ARENA_ARRAY(arena, struct align_deviation, 2 * all + 1);
    size_t count = 0;
    for (uint32_t i = 0; i < all; i++) {
        bool is_label = i < s->label_count;
        str name =
            is_label ? str_copy(arena, s->labels[i]) : event_log_activity(log, i - s->label_count);
        if (c->of_log[i] > 0)
            list[count++] = (struct align_deviation){true, name, c->of_log[i], c->traces_of_log[i]};
        if (c->of_net[i] > 0)
            list[count++] =
                (struct align_deviation){false, name, c->of_net[i], c->traces_of_net[i]};
    }
    qsort(list, count, sizeof *list, by_count);
    result->deviations = list;
    result->deviation_count = count;
}

static const uint16_t *count_rest(struct aligner *a)
{
    uint32_t labels = a->space.label_count;
    uint16_t *rest = ARENA_ARRAY(&a->turn, uint16_t, (size_t)(a->length + 1) * labels + 1);
    for (uint32_t i = a->length; i-- > 0;) {
        uint16_t *here = rest + (size_t)i * labels;
        memcpy(here, here + labels, sizeof *rest * labels);
        if (here[a->labels[i]] < UINT16_MAX)
            here[a->labels[i]]++;
    }
    return rest;
}

// Aligns the trace that was set. False when a limit was reached; the cost is then the least
// possible.
static bool align_trace(struct aligner *a, struct counts *counts, uint64_t *ret_cost)
{
    struct block_deviations told = {counts, count_of_log, count_of_net};
    struct block_trace trace = {a->labels, a->length, BLOCK_STEPS_OF_TRACE, &a->block_steps_left};
    if (a->blocks != NULL && blocks_align(&a->turn, a->blocks, &trace, &told, ret_cost))
        return true;
    if (!a->has_tried_bounds)
        space_find_bounds(&a->space);
    a->has_tried_bounds = true;
    a->rest = a->space.has_bounds ? count_rest(a) : NULL;
    uint32_t state = search(a, ret_cost);
    count_alignment(a, counts, state);
    return state != NO_STATE;
}

// What the empty trace costs: so much of the worst case is the net's.
static bool cost_of_nothing(struct aligner *a, struct counts *counts, uint64_t *ret_cost,
                            struct error *err)
{
    set_trace(a, NULL, 0);
    bool is_aligned = align_trace(a, counts, ret_cost);
    arena_reset(&a->turn);
    return is_aligned ||
           error_set(err, ERROR_LIMIT, "alignments",
                     "the final marking of the net cannot be reached, or not within %u markings",
                     a->limits.markings);
}

struct sums {
    double cost, worst, fitness;
};

static struct align_trace align_variant(struct aligner *a, const struct variants *variants,
                                        uint32_t v, uint64_t nothing, struct counts *counts)
{
    uint32_t length = variant_length(variants, v);
    const uint32_t *activities = variant_activities(variants, v);
    uint64_t least, unknown = set_trace(a, activities, length);
    counts->variant = v;
    counts->weight = variants->frequency[v];
    struct align_trace trace = {.is_bounded = !align_trace(a, counts, &least)};
    uint64_t worst = (nothing + (uint64_t)length * ALIGN_DEVIATION) / ALIGN_DEVIATION;
    trace.cost = least + unknown * ALIGN_DEVIATION;
    trace.fitness = worst > 0 ? 1 - (double)(trace.cost / ALIGN_DEVIATION) / (double)worst : 0;
    for (uint32_t i = 0; unknown > 0 && i < length; i++)
        if (a->space.label_of_activity[activities[i]] == NO_LABEL)
            count_of_log(counts, a->space.label_count + activities[i]);
    arena_reset(&a->turn);
    return trace;
}

bool align_log(struct arena *arena, const struct event_log *log, const struct variants *variants,
               const struct net *net, const struct align_limits *limits,
               struct alignments *ret_alignments, struct error *err)
{
    struct aligner a = {.limits = *limits, .states_left = limits->states};
    struct align_trace *traces = ARENA_ARRAY(arena, struct align_trace, variants->count);
    struct alignments result = {.traces = traces, .trace_count = variants->trace_count};
    struct sums sums = {0};
    uint64_t nothing;
    space_init(&a.space, net, log, limits->markings);
    struct counts counts = counts_new(&a.space.arena, a.space.label_count + log->activity_count);
    a.block_steps_left = BLOCK_STEPS;
    if (!limits->without_blocks)
        a.blocks =
            blocks_of_net(&a.space.arena, net, a.space.label_of_transition, a.space.label_count);
    bool is_aligned = cost_of_nothing(&a, &counts, &nothing, err);
    for (uint32_t v = 0; is_aligned && v < variants->count; v++) {
        double weight = variants->frequency[v];
        traces[v] = align_variant(&a, variants, v, nothing, &counts);
        bool fits = traces[v].fitness == 1 && !traces[v].is_bounded;
        result.fitting_traces += fits ? variants->frequency[v] : 0;
        result.bounded_traces += traces[v].is_bounded ? variants->frequency[v] : 0;
        sums.cost += weight * (double)traces[v].cost;
        sums.worst +=
            weight * (double)(nothing + (uint64_t)variant_length(variants, v) * ALIGN_DEVIATION);
        sums.fitness += weight * traces[v].fitness;
    }
    result.fitness = sums.worst > 0 ? 1 - sums.cost / sums.worst : 0;
    result.average_fitness = sums.fitness / (double)variants->trace_count;
    if (is_aligned)
        list_deviations(arena, log, &a.space, &counts, &result);
    space_done(&a.space);
    arena_done(&a.turn);
    *ret_alignments = result;
    return is_aligned;
}
