// SPDX-License-Identifier: Apache-2.0
#include "insight/space.h"

#include <stdlib.h>

#include "base/array.h"

enum { LABELS_MOST = 500 }; // beyond that, bounds cost more than they save

static uint64_t hash_bytes(const uint8_t *bytes, size_t count)
{
    uint64_t hash = count;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * UINT64_C(0x9E3779B97F4A7C15) + (hash >> 29);
    return hash ^ hash >> 32;
}

static void grow(struct space *s)
{
    size_t old = s->capacity, new = old == 0 ? 1024 : old * 2;
    s->markings =
        arena_grow(&s->arena, s->markings, old * sizeof *s->markings, new * sizeof *s->markings);
    s->steps = arena_grow(&s->arena, s->steps, old * sizeof *s->steps, new * sizeof *s->steps);
    s->capacity = (uint32_t) new;
    s->slot_count = s->capacity * 2;
    s->slots = ARENA_ARRAY(&s->arena, uint32_t, s->slot_count);
    for (uint32_t i = 0; i < s->count; i++) {
        uint32_t at = (uint32_t)hash_bytes(s->markings[i], s->net->place_count);
        for (at &= s->slot_count - 1; s->slots[at] != 0;)
            at = (at + 1) & (s->slot_count - 1);
        s->slots[at] = i + 1;
    }
}

// The number of a marking; NO_MARKING when it would be one too many.
static uint32_t number_of(struct space *s, const uint8_t *marking)
{
    size_t places = s->net->place_count;
    if (s->count == s->capacity)
        grow(s);
    uint32_t at = (uint32_t)hash_bytes(marking, places) & (s->slot_count - 1);
    for (; s->slots[at] != 0; at = (at + 1) & (s->slot_count - 1))
        if (memcmp(s->markings[s->slots[at] - 1], marking, places) == 0)
            return s->slots[at] - 1;
    if (s->count >= s->limit)
        return NO_MARKING;
    s->slots[at] = s->count + 1;
    s->markings[s->count] = arena_copy(&s->arena, marking, places);
    s->steps[s->count] = (struct space_steps){0};
    return s->count++;
}

static uint32_t number_marking_of_net(struct space *s, bool is_final)
{
    uint8_t *marking = ARENA_ARRAY(&s->arena, uint8_t, s->net->place_count + 1);
    for (uint32_t p = 0; p < s->net->place_count; p++) {
        uint32_t tokens = is_final ? s->net->places[p].final : s->net->places[p].initial;
        marking[p] = (uint8_t)(tokens < UINT8_MAX ? tokens : UINT8_MAX);
    }
    return number_of(s, marking);
}

void space_init(struct space *s, const struct net *net, const struct event_log *log, uint32_t limit)
{
    *s = (struct space){.net = net, .limit = limit < 2 ? 2 : limit};
    struct names labels = names_new(&s->arena);
    uint32_t *of_transition = ARENA_ARRAY(&s->arena, uint32_t, net->transition_count + 1);
    uint32_t *of_activity = ARENA_ARRAY(&s->arena, uint32_t, log->activity_count + 1);
    for (uint32_t t = 0; t < net->transition_count; t++)
        of_transition[t] = net->transitions[t].is_silent
                               ? SILENT_LABEL
                               : names_add(&labels, net->transitions[t].label);
    for (uint32_t a = 0; a < log->activity_count; a++)
        of_activity[a] = names_find(&labels, event_log_activity(log, a));
    s->label_count = labels.count;
    s->labels = labels.items;
    s->label_of_transition = of_transition;
    s->label_of_activity = of_activity;
    s->initial = number_marking_of_net(s, false);
    s->final = number_marking_of_net(s, true);
}

void space_done(struct space *s)
{
    arena_done(&s->arena);
}

// Takes the transition's tokens away and puts new ones; false, with the marking as it was, when it
// cannot fire or a place would hold too many.
static bool fire(const struct net_transition *t, uint8_t *marking)
{
    uint32_t taken = 0, put = 0;
    while (taken < t->input_count && marking[t->inputs[taken]] > 0)
        marking[t->inputs[taken++]]--;
    bool can = taken == t->input_count;
    while (can && put < t->output_count && marking[t->outputs[put]] < UINT8_MAX)
        marking[t->outputs[put++]]++;
    if (can && put == t->output_count)
        return true;
    while (put > 0)
        marking[t->outputs[--put]]--;
    while (taken > 0)
        marking[t->inputs[--taken]]++;
    return false;
}

struct space_steps space_steps_from(struct space *s, uint32_t marking)
{
    if (s->steps[marking].is_known)
        return s->steps[marking];
    ARRAY(struct space_step) list = {0};
    size_t places = s->net->place_count;
    struct arena scratch = ARENA_EMPTY;
    uint8_t *next = arena_copy(&scratch, s->markings[marking], places + 1);
    bool is_known = true;
    for (uint32_t t = 0; t < s->net->transition_count && is_known; t++) {
        if (!fire(&s->net->transitions[t], next))
            continue;
        uint32_t target = number_of(s, next);
        is_known = target != NO_MARKING;
        *ARRAY_PUSH(&scratch, &list) = (struct space_step){t, s->label_of_transition[t], target};
        memcpy(next, s->markings[marking], places);
    }
    struct space_steps steps = {(uint32_t)list.count, NULL, is_known};
    if (is_known) {
        steps.steps = arena_copy(&s->arena, list.items, list.count * sizeof *list.items);
        s->steps[marking] = steps;
    }
    arena_done(&scratch);
    return steps;
}

// -- Bounds -------------------------------------------------------------------------------

struct backward {
    struct space *s;
    uint32_t *first, *from, *label; // steps into each marking
    uint32_t *queue;                // twice as long as there are markings: both ends are used
};

static void turn_around(struct backward *b, struct arena *scratch)
{
    struct space *s = b->s;
    b->first = ARENA_ARRAY(scratch, uint32_t, s->count + 1);
    for (uint32_t m = 0; m < s->count; m++)
        for (uint32_t i = 0; i < s->steps[m].count; i++)
            b->first[s->steps[m].steps[i].target + 1]++;
    for (uint32_t m = 0; m < s->count; m++)
        b->first[m + 1] += b->first[m];
    b->from = ARENA_ARRAY(scratch, uint32_t, b->first[s->count] + 1);
    b->label = ARENA_ARRAY(scratch, uint32_t, b->first[s->count] + 1);
    uint32_t *next = arena_copy(scratch, b->first, sizeof *next * (s->count + 1));
    for (uint32_t m = 0; m < s->count; m++)
        for (uint32_t i = 0; i < s->steps[m].count; i++) {
            uint32_t at = next[s->steps[m].steps[i].target]++;
            b->from[at] = m;
            b->label[at] = s->steps[m].steps[i].label;
        }
    b->queue = ARENA_ARRAY(scratch, uint32_t, s->count + 1);
}

// The label whose need is asked for, and what was found so far.
struct need {
    uint32_t label;
    uint8_t *needed; // by marking, so many bytes apart
    size_t stride;
    uint32_t count; // of markings in the queue
};

// Markings from which a step leads to this one, by the label or by any other, need so much.
static void need_before(struct backward *b, struct need *n, uint32_t marking, bool by_label,
                        uint8_t needed)
{
    for (uint32_t i = b->first[marking]; i < b->first[marking + 1]; i++) {
        uint8_t *before = &n->needed[b->from[i] * n->stride];
        if ((b->label[i] == n->label) != by_label || *before != UINT8_MAX)
            continue;
        *before = needed;
        b->queue[n->count++] = b->from[i];
    }
}

// How often a label has to happen from each marking to the end: rounds of markings that need one
// more than the last.
static void find_needed(struct backward *b, uint32_t label, uint8_t *needed, size_t stride)
{
    struct need n = {label, needed, stride, 0};
    uint32_t begun = 0;
    for (uint32_t m = 0; m < b->s->count; m++)
        needed[m * stride] = UINT8_MAX;
    needed[b->s->final * stride] = 0;
    b->queue[n.count++] = b->s->final;
    for (uint8_t round = 0; begun < n.count && round < UINT8_MAX - 1; round++) {
        for (uint32_t head = begun; head < n.count; head++) // what needs no more than this round
            need_before(b, &n, b->queue[head], false, round);
        uint32_t end = n.count;
        for (uint32_t head = begun; head < end; head++)
            need_before(b, &n, b->queue[head], true, (uint8_t)(round + 1));
        begun = end;
    }
}

// From which markings a label can happen on a way to the end.
static void find_possible(struct backward *b, uint32_t label, const uint8_t *needed, uint64_t *bits)
{
    struct space *s = b->s;
    uint32_t count = 0;
    size_t stride = s->label_count + 1;
    for (uint32_t m = 0; m < s->count; m++)
        for (uint32_t i = b->first[m]; i < b->first[m + 1]; i++) {
            uint64_t *row = bits + s->words * b->from[i];
            bool is_new = b->label[i] == label && needed[m * stride] != UINT8_MAX &&
                          (row[label / 64] >> label % 64 & 1) == 0;
            if (is_new) {
                row[label / 64] |= UINT64_C(1) << label % 64;
                b->queue[count++] = b->from[i];
            }
        }
    for (uint32_t head = 0; head < count; head++)
        for (uint32_t i = b->first[b->queue[head]]; i < b->first[b->queue[head] + 1]; i++) {
            uint64_t *row = bits + s->words * b->from[i];
            if ((row[label / 64] >> label % 64 & 1) != 0)
                continue;
            row[label / 64] |= UINT64_C(1) << label % 64;
            b->queue[count++] = b->from[i];
        }
}

void space_find_bounds(struct space *s)
{
    if (s->label_count > LABELS_MOST)
        return;
    for (uint32_t m = 0; m < s->count; m++)
        if (!space_steps_from(s, m).is_known)
            return; // too many
    struct arena scratch = ARENA_EMPTY;
    struct backward b = {.s = s};
    size_t stride = s->label_count + 1; // one more for silent steps
    turn_around(&b, &scratch);
    uint8_t *needed = arena_alloc(&s->arena, stride * s->count + 1);
    uint8_t *silent = arena_alloc(&s->arena, s->count + 1);
    s->words = (s->label_count + 63) / 64 + 1;
    uint64_t *bits = ARENA_ARRAY(&s->arena, uint64_t, s->words * s->count);
    find_needed(&b, SILENT_LABEL, silent, 1);
    for (uint32_t label = 0; label < s->label_count; label++) {
        find_needed(&b, label, needed + label, stride);
        find_possible(&b, label, needed + label, bits);
    }
    s->needed = needed;
    s->needed_silent = silent;
    s->possible = bits;
    s->has_bounds = true;
    arena_done(&scratch);
}
