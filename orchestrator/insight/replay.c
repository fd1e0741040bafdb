// SPDX-License-Identifier: Apache-2.0
#include "insight/replay.h"

#include <math.h>
#include <stdlib.h>

#include "insight/player.h"

// -- Fitness ------------------------------------------------------------------------------

static struct replay_trace play(struct player *p, const uint32_t *activities, uint32_t count,
                                uint64_t *unknown)
{
    uint32_t remaining, lacking;
    player_begin(p);
    for (uint32_t i = 0; i < count; i++) {
        if (player_knows(p, activities[i]))
            (void)!player_do(p, activities[i], false); // what was missing is counted
        else
            ++*unknown;
    }
    player_end(p);
    player_rest(p, &remaining, &lacking);
    struct replay_trace trace = {.missing = p->missing + lacking,
                                 .consumed = p->consumed,
                                 .remaining = remaining,
                                 .produced = p->produced,
                                 .fits = p->missing == 0 && remaining == 0};
    for (uint32_t i = 0; i < p->net->place_count; i++)
        trace.consumed += p->net->places[i].final;
    trace.fitness = trace.consumed == 0 || trace.produced == 0
                        ? 1
                        : 0.5 * (1 - (double)trace.missing / trace.consumed) +
                              0.5 * (1 - (double)trace.remaining / trace.produced);
    return trace;
}

struct replay replay_log(struct arena *arena, const struct event_log *log,
                         const struct variants *variants, const struct net *net)
{
    struct player p;
    struct replay_trace *traces = ARENA_ARRAY(arena, struct replay_trace, variants->count);
    uint64_t *fired = ARENA_ARRAY(arena, uint64_t, net->transition_count + 1);
    struct replay r = {.traces = traces, .fired = fired, .trace_count = variants->trace_count};
    double missing = 0, consumed = 0, remaining = 0, produced = 0, sum = 0;
    player_init(&p, net, log);
    for (uint32_t v = 0; v < variants->count; v++) {
        uint64_t unknown = 0;
        double weight = variants->frequency[v];
        traces[v] =
            play(&p, variant_activities(variants, v), variant_length(variants, v), &unknown);
        for (size_t i = 0; i < p.fired_count; i++)
            fired[p.fired[i]] += variants->frequency[v];
        missing += weight * traces[v].missing;
        consumed += weight * traces[v].consumed;
        remaining += weight * traces[v].remaining;
        produced += weight * traces[v].produced;
        sum += weight * traces[v].fitness;
        r.fitting_traces += traces[v].fits ? variants->frequency[v] : 0;
        r.unknown_events += unknown * variants->frequency[v];
    }
    player_done(&p);
    if (consumed > 0 && produced > 0)
        r.fitness = 0.5 * (1 - missing / consumed) + 0.5 * (1 - remaining / produced);
    r.average_fitness = r.trace_count > 0 ? sum / (double)r.trace_count : 0;
    return r;
}

double generalization_of(const struct net *net, const struct replay *replay)
{
    double sum = 0;
    for (uint32_t t = 0; t < net->transition_count; t++)
        sum += replay->fired[t] == 0 ? 1 : 1 / sqrt((double)replay->fired[t]);
    return net->transition_count == 0 ? 1 : 1 - sum / net->transition_count;
}

static uint32_t different(const uint32_t *list, uint32_t count)
{
    uint32_t result = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool is_new = true;
        for (uint32_t k = 0; k < i; k++)
            is_new &= list[k] != list[i];
        result += is_new;
    }
    return result;
}

double simplicity_of(const struct net *net)
{
    double degrees = 0, nodes = (double)net->place_count + net->transition_count;
    for (uint32_t t = 0; t < net->transition_count; t++)
        degrees += 2.0 * (different(net->transitions[t].inputs, net->transitions[t].input_count) +
                          different(net->transitions[t].outputs, net->transitions[t].output_count));
    double beyond = nodes > 0 ? degrees / nodes - 2 : 0; // an arc counts at both of its ends
    return 1 / (1 + (beyond > 0 ? beyond : 0));
}

// -- Precision ----------------------------------------------------------------------------

// So many markings that silent steps lead to are looked at one by one; beyond that steps are taken
// as independent of each other, which they are in sound free-choice nets, such as those of trees.
enum { CLOSURE_MOST = 5000, FREE_CHOICE_CLOSURE_MOST = 24 };

enum { ALLOWED_BYTES_MOST = 1 << 30 }; // of markings that are remembered

// The activities that a marking allows, over silent steps; kept by marking, for most prefixes end
// in one of a few.
struct allowed {
    uint64_t hash;
    const uint32_t *marking;
    const uint64_t *labels; // bits, by the net's labels
    uint32_t count;
};

struct measuring {
    struct player player;
    struct arena arena, allowed_arena;
    const struct net *net;
    const struct event_log *log;
    const struct variants *variants;
    uint32_t *label_of; // by transition: its label's number
    uint32_t *label_of_activity;
    uint32_t label_count;
    size_t words;
    struct allowed *slots;
    size_t slot_count, used, closure_most;
    uint32_t *shared;  // by place in the order: activities shared with the variant before
    uint32_t **stack;  // the marking after each activity of the current trace; NULL: does not fit
    uint32_t **places; // where those markings are, by depth
    uint64_t escaping, allowed;
};

static void number_labels(struct measuring *m)
{
    struct names names = names_new(&m->arena);
    m->label_of = ARENA_ARRAY(&m->arena, uint32_t, m->net->transition_count + 1);
    for (uint32_t t = 0; t < m->net->transition_count; t++)
        if (!m->net->transitions[t].is_silent)
            m->label_of[t] = names_add(&names, m->net->transitions[t].label);
    m->label_count = names.count;
    m->words = (names.count + 63) / 64 + 1;
    m->label_of_activity = ARENA_ARRAY(&m->arena, uint32_t, m->log->activity_count + 1);
    for (uint32_t a = 0; a < m->log->activity_count; a++)
        m->label_of_activity[a] = names_find(&names, event_log_activity(m->log, a));
}

static uint64_t hash_marking(const uint32_t *marking, uint32_t count)
{
    uint64_t hash = count;
    for (uint32_t i = 0; i < count; i++)
        hash = (hash ^ marking[i]) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
    return (hash ^ hash >> 32) | 1;
}

static struct allowed *find_slot(struct allowed *slots, size_t count, uint64_t hash,
                                 const uint32_t *marking, size_t bytes)
{
    size_t at = hash & (count - 1);
    while (slots[at].hash != 0 &&
           (slots[at].hash != hash || memcmp(slots[at].marking, marking, bytes) != 0))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

static void grow_slots(struct measuring *m)
{
    size_t bytes = sizeof(uint32_t) * m->net->place_count, old = m->slot_count;
    struct allowed *before = m->slots;
    m->slot_count = old == 0 ? 1024 : old * 4;
    m->slots = ARENA_ARRAY(&m->allowed_arena, struct allowed, m->slot_count);
    for (size_t i = 0; i < old; i++)
        if (before[i].hash != 0)
            *find_slot(m->slots, m->slot_count, before[i].hash, before[i].marking, bytes) =
                before[i];
}

static void allow(const struct measuring *m, uint32_t transition, uint64_t *labels)
{
    uint32_t label = m->label_of[transition];
    labels[label / 64] |= UINT64_C(1) << label % 64;
}

// What can happen when a token that could come to a place never goes away again.
static void allow_independently(struct measuring *m, const uint32_t *marking, uint64_t *labels)
{
    struct player *p = &m->player;
    bool has_changed = true;
    for (uint32_t i = 0; i < m->net->place_count; i++)
        p->marking[i] = marking[i];
    while (has_changed) {
        has_changed = false;
        for (uint32_t t = 0; t < m->net->transition_count; t++) {
            const struct net_transition *transition = &m->net->transitions[t];
            if (!player_can(p, t))
                continue;
            if (!transition->is_silent)
                allow(m, t, labels);
            for (uint32_t o = 0; transition->is_silent && o < transition->output_count; o++) {
                has_changed |= p->marking[transition->outputs[o]] == 0;
                p->marking[transition->outputs[o]] |= 1;
            }
        }
    }
}

// Everything that can happen first, over the markings that silent steps lead to; false when they
// are too many.
static bool allow_by_markings(struct measuring *m, const uint32_t *marking, uint64_t *labels)
{
    struct arena scratch = ARENA_EMPTY;
    size_t bytes = sizeof(uint32_t) * m->net->place_count, count = 0, slots = 64;
    struct player *p = &m->player;
    while (slots < m->closure_most * 2)
        slots *= 2;
    const uint32_t **queue = ARENA_ARRAY(&scratch, const uint32_t *, m->closure_most + 1);
    struct allowed *seen = ARENA_ARRAY(&scratch, struct allowed, slots);
    queue[count++] = marking;
    for (size_t head = 0; head < count && count < m->closure_most; head++) {
        memcpy(p->marking, queue[head], bytes);
        for (uint32_t t = 0; t < m->net->transition_count && count < m->closure_most; t++) {
            if (!player_can(p, t))
                continue;
            if (!m->net->transitions[t].is_silent) {
                allow(m, t, labels);
                continue;
            }
            p->fired_count = 0;
            player_fire(p, t);
            uint64_t hash = hash_marking(p->marking, m->net->place_count);
            struct allowed *slot = find_slot(seen, slots, hash, p->marking, bytes);
            if (slot->hash == 0) {
                queue[count] = arena_copy(&scratch, p->marking, bytes);
                *slot = (struct allowed){.hash = hash, .marking = queue[count++]};
            }
            memcpy(p->marking, queue[head], bytes);
        }
    }
    arena_done(&scratch);
    return count < m->closure_most;
}

// Places that share a transition behind them share all of them.
static bool is_free_choice(const struct net *net)
{
    for (uint32_t t = 0; t < net->transition_count; t++)
        for (uint32_t i = 0; i < net->transitions[t].input_count; i++) {
            const struct net_place *first = &net->places[net->transitions[t].inputs[0]];
            const struct net_place *other = &net->places[net->transitions[t].inputs[i]];
            if (other->consumer_count != first->consumer_count ||
                memcmp(other->consumers, first->consumers,
                       sizeof(uint32_t) * first->consumer_count) != 0)
                return false;
        }
    return true;
}

static void allow_all(struct measuring *m, const uint32_t *marking, uint64_t *labels)
{
    struct arena_mark mark = arena_mark(&m->arena);
    uint32_t *before =
        arena_copy(&m->arena, m->player.marking, sizeof(uint32_t) * m->net->place_count);
    if (!allow_by_markings(m, marking, labels))
        allow_independently(m, marking, labels);
    memcpy(m->player.marking, before, sizeof(uint32_t) * m->net->place_count);
    arena_rewind(&m->arena, mark);
}

static const struct allowed *allowed_by(struct measuring *m, const uint32_t *marking)
{
    uint32_t places = m->net->place_count;
    size_t bytes = sizeof(uint32_t) * places;
    if (m->used * (bytes + sizeof(struct allowed)) > ALLOWED_BYTES_MOST) {
        m->slots = NULL; // forgets all: some will be found again
        m->slot_count = m->used = 0;
        arena_reset(&m->allowed_arena);
    }
    if (m->used * 2 >= m->slot_count)
        grow_slots(m);
    uint64_t hash = hash_marking(marking, places);
    struct allowed *slot = find_slot(m->slots, m->slot_count, hash, marking, bytes);
    if (slot->hash != 0)
        return slot;
    uint64_t *labels = ARENA_ARRAY(&m->allowed_arena, uint64_t, m->words);
    m->used++;
    *slot = (struct allowed){hash, arena_copy(&m->allowed_arena, marking, bytes), labels, 0};
    allow_all(m, slot->marking, labels);
    for (size_t w = 0; w < m->words; w++)
        slot->count += (uint32_t)__builtin_popcountll(labels[w]);
    return slot;
}

static int by_activities(const void *a, const void *b, void *context)
{
    const struct variants *v = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    uint32_t m = variant_length(v, x), n = variant_length(v, y);
    const uint32_t *p = variant_activities(v, x), *q = variant_activities(v, y);
    for (uint32_t i = 0; i < m && i < n; i++)
        if (p[i] != q[i])
            return p[i] < q[i] ? -1 : 1;
    return m < n ? -1 : m > n;
}

// Sorted variants from..to-1 share `depth` activities and go on behind them: what they do next
// against what is allowed there.
static void measure_prefix(struct measuring *m, const uint32_t *order, uint32_t from, uint32_t to,
                           uint32_t depth)
{
    const struct variants *v = m->variants;
    const struct allowed *allowed = allowed_by(m, m->stack[depth]);
    uint64_t traces = 0, done = 0;
    uint32_t last = NAME_NONE;
    for (uint32_t i = from; i < to; i++) {
        uint32_t next = variant_activities(v, order[i])[depth];
        uint32_t label = m->label_of_activity[next];
        traces += v->frequency[order[i]];
        if (next == last)
            continue;
        last = next;
        done += label != NAME_NONE && (allowed->labels[label / 64] >> label % 64 & 1);
    }
    m->allowed += traces * allowed->count;
    m->escaping += traces * (allowed->count - done);
}

static uint32_t shared_prefix(const struct variants *v, uint32_t a, uint32_t b)
{
    uint32_t m = variant_length(v, a), n = variant_length(v, b), i = 0;
    const uint32_t *p = variant_activities(v, a), *q = variant_activities(v, b);
    while (i < m && i < n && p[i] == q[i])
        i++;
    return i;
}

// The markings along the variant, from where it parts from the one before.
static void play_variant(struct measuring *m, uint32_t variant, uint32_t from)
{
    struct player *p = &m->player;
    size_t bytes = sizeof(uint32_t) * m->net->place_count;
    uint32_t length = variant_length(m->variants, variant);
    const uint32_t *activities = variant_activities(m->variants, variant);
    for (uint32_t i = from; i + 1 < length; i++) {
        if (m->stack[i] == NULL) {
            m->stack[i + 1] = NULL;
            continue;
        }
        memcpy(p->marking, m->stack[i], bytes);
        p->fired_count = 0;
        bool fits = !player_knows(p, activities[i]) || player_do(p, activities[i], true);
        if (m->places[i + 1] == NULL)
            m->places[i + 1] = arena_alloc(&m->arena, bytes + 1);
        m->stack[i + 1] = fits ? memcpy(m->places[i + 1], p->marking, bytes) : NULL;
    }
}

// All prefixes that begin with variant `i` in the order: those that it does not share with the one
// before.
static void measure_variant(struct measuring *m, const uint32_t *order, uint32_t i)
{
    const struct variants *v = m->variants;
    uint32_t length = variant_length(v, order[i]);
    uint32_t shared = m->shared[i];
    uint32_t before = i == 0 ? 0 : variant_length(v, order[i - 1]);
    uint32_t known = shared < before ? shared : before == 0 ? 0 : before - 1;
    play_variant(m, order[i], known < length ? known : 0);
    uint32_t first = i == 0 ? 0 : shared + (shared < before);
    for (uint32_t depth = first; depth < length; depth++) {
        uint32_t end = i + 1;
        while (end < v->count && m->shared[end] >= depth)
            end++; // behind one that is a prefix of others, they are all longer
        if (m->stack[depth] != NULL)
            measure_prefix(m, order, i, end, depth);
    }
}

struct precision precision_of(const struct event_log *log, const struct variants *variants,
                              const struct net *net)
{
    struct measuring m = {.net = net, .log = log, .variants = variants};
    uint32_t longest = 0, *order = ARENA_ARRAY(&m.arena, uint32_t, variants->count + 1);
    for (uint32_t v = 0; v < variants->count; v++) {
        order[v] = v;
        longest = variant_length(variants, v) > longest ? variant_length(variants, v) : longest;
    }
    qsort_r(order, variants->count, sizeof *order, by_activities, (void *)(uintptr_t)variants);
    m.shared = ARENA_ARRAY(&m.arena, uint32_t, variants->count + 1);
    for (uint32_t i = 1; i < variants->count; i++)
        m.shared[i] = shared_prefix(variants, order[i - 1], order[i]);
    player_init(&m.player, net, log);
    number_labels(&m);
    m.closure_most = is_free_choice(net) ? FREE_CHOICE_CLOSURE_MOST : CLOSURE_MOST;
    m.stack = ARENA_ARRAY(&m.arena, uint32_t *, longest + 2);
    m.places = ARENA_ARRAY(&m.arena, uint32_t *, longest + 2);
    player_begin(&m.player);
    m.stack[0] = arena_copy(&m.arena, m.player.marking, sizeof(uint32_t) * net->place_count);
    for (uint32_t i = 0; i < variants->count; i++)
        measure_variant(&m, order, i);
    struct precision result = {1, m.escaping, m.allowed};
    if (m.allowed > 0)
        result.value = 1 - (double)m.escaping / (double)m.allowed;
    player_done(&m.player);
    arena_done(&m.allowed_arena);
    arena_done(&m.arena);
    return result;
}
