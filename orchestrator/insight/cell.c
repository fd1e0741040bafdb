// SPDX-License-Identifier: Apache-2.0
//
// A completed case goes into its cell: what is over is sorted by its end, activities are counted,
// and what follows what.
#include "insight/cell.h"

#include <math.h>
#include <stdlib.h>

#include "insight/limits.h"

enum { MICROS = 1000000, EDGE_SHIFT = 32 };

struct cell *cell_new(struct arena *arena)
{
    struct cell *cell = ARENA_NEW(arena, struct cell);
    cell->arena = arena;
    cell->element_of_id = map_new(arena);
    cell->edge_of_ends = idmap_new(arena);
    cell->variant_of_hash = idmap_new(arena);
    return cell;
}

// -- Its parts ----------------------------------------------------------------------------

struct cell_element *cell_element_of(struct cell *cell, str id, str name, str type)
{
    struct cell_element *element = map_get(&cell->element_of_id, id);
    if (element != NULL)
        return element;
    element = ARENA_NEW(cell->arena, struct cell_element);
    element->number = (uint32_t)cell->elements.count;
    element->id = str_copy(cell->arena, id);
    element->name = str_copy(cell->arena, name);
    element->type = str_copy(cell->arena, type);
    element->waits_for = activity_waits_for(type);
    *ARRAY_PUSH(cell->arena, &cell->elements) = element;
    map_put(&cell->element_of_id, element->id, element);
    return element;
}

struct cell_edge *cell_edge_of(struct cell *cell, const struct cell_element *from,
                               const struct cell_element *to)
{
    uint64_t ends = (uint64_t)(from->number + 1) << EDGE_SHIFT | (to->number + 1);
    struct cell_edge *edge = idmap_get(&cell->edge_of_ends, ends);
    if (edge != NULL || cell->edges.count >= INSIGHT_MOST_EDGES)
        return edge;
    edge = ARENA_NEW(cell->arena, struct cell_edge);
    edge->from = from;
    edge->to = to;
    *ARRAY_PUSH(cell->arena, &cell->edges) = edge;
    idmap_put(&cell->edge_of_ends, ends, edge);
    return edge;
}

struct cell_variant *cell_variant_of(struct cell *cell, uint64_t hash, bool *ret_is_new)
{
    hash += hash == 0; // no key of a map
    struct cell_variant *variant = idmap_get(&cell->variant_of_hash, hash);
    *ret_is_new = variant == NULL;
    if (variant != NULL || cell->variants.count >= INSIGHT_MOST_VARIANTS)
        return variant;
    variant = ARENA_NEW(cell->arena, struct cell_variant);
    variant->hash = hash;
    *ARRAY_PUSH(cell->arena, &cell->variants) = variant;
    idmap_put(&cell->variant_of_hash, hash, variant);
    return variant;
}

// -- A case -------------------------------------------------------------------------------

struct adding {
    struct cell *cell;
    const struct cell_case *of;
    struct cell_element **elements; // by step
    const struct cell_step **activities;
    struct cell_element **activity_elements;
    size_t activity_count;
    uint64_t again, by_people, cost_micros;
};

static int by_end(const void *a, const void *b)
{
    const struct cell_step *x = a, *y = b;
    if (x->times.completed != y->times.completed)
        return x->times.completed < y->times.completed ? -1 : 1;
    return (x->key > y->key) - (x->key < y->key);
}

static uint64_t span(int64_t from, int64_t to)
{
    return to > from ? (uint64_t)(to - from) : 0;
}

static uint64_t micros_of(str cost)
{
    char digits[48];
    if (cost.len == 0 || cost.len >= sizeof digits)
        return 0;
    memcpy(digits, cost.data, cost.len);
    digits[cost.len] = '\0';
    double value = strtod(digits, NULL);
    return value > 0 && value < 1e12 ? (uint64_t)llround(value * MICROS) : 0;
}

// What every element that was completed counts.
static void count_element(struct adding *a, struct cell_element *element,
                          const struct cell_step *step)
{
    uint64_t *counters = element->counters, cost = micros_of(step->cost);
    counters[ELEMENT_INCIDENTS] += step->incidents;
    counters[ELEMENT_BREACHED] += step->is_breached;
    counters[ELEMENT_ATTEMPTS] += step->attempts;
    counters[ELEMENT_COST_MICROS] += cost;
    a->cost_micros += cost;
    if (step->is_cancelled) {
        counters[ELEMENT_CANCELLED]++;
        return;
    }
    element->times++;
    counters[ELEMENT_COUNT]++;
    counters[ELEMENT_CASES] += element->times == 1;
    counters[ELEMENT_CASES_AGAIN] += element->times == 2;
    counters[ELEMENT_AGAIN] += element->times > 1;
    counters[ELEMENT_DURATION_MS] += span(step->times.enabled, step->times.completed);
}

static void time_activity(struct cell *cell, struct cell_element *element,
                          const struct cell_step *step)
{
    const struct activity_times *t = &step->times;
    int64_t started = activity_started(element->waits_for, t);
    uint64_t *counters = element->counters;
    bool is_offered = t->offered > t->enabled && t->offered <= started;
    int64_t offered = is_offered ? t->offered : t->enabled;
    if (element->waits_for == ACTIVITY_OUTSIDE) {
        counters[ELEMENT_EXTERNAL_MS] += span(t->enabled, started);
    } else {
        counters[ELEMENT_QUEUE_MS] += span(t->enabled, offered);
        counters[ELEMENT_HANDLING_MS] += span(offered, started);
    }
    counters[ELEMENT_WORK_MS] += span(started, t->completed);
    sketch_add(&element->duration, cell->arena, (int64_t)span(t->enabled, t->completed));
    sketch_add(&element->wait, cell->arena, (int64_t)span(t->enabled, started));
    sketch_add(&element->work, cell->arena, (int64_t)span(started, t->completed));
}

static str person_of(const struct adding *a, size_t i)
{
    return a->activity_elements[i]->waits_for == ACTIVITY_PERSON ? a->activities[i]->actor
                                                                 : STR_EMPTY;
}

static void count_activity(struct adding *a, size_t i)
{
    struct cell *cell = a->cell;
    struct cell_element *element = a->activity_elements[i];
    str person = person_of(a, i), before = i > 0 ? person_of(a, i - 1) : STR_EMPTY;
    bool is_person = element->waits_for == ACTIVITY_PERSON;
    bool is_again = element->last_actor.data != NULL;
    cell->counters[CELL_EVENTS]++;
    cell->counters[CELL_AUTOMATIC] += !is_person;
    cell->counters[CELL_HANDOVERS] +=
        person.len > 0 && before.len > 0 && !str_equal(person, before);
    a->again += is_again;
    a->by_people += is_person;
    element->counters[ELEMENT_BY_ANOTHER] += is_again && !str_equal(element->last_actor, person);
    element->counters[ELEMENT_AGAIN_DIRECT] += i > 0 && a->activity_elements[i - 1] == element;
    element->last_actor = person.data != NULL ? person : STR("");
    if (person.len > 0)
        distinct_add(&cell->people, cell->arena, distinct_hash(0, person));
    time_activity(cell, element, a->activities[i]);
}

static void count_edge(struct adding *a, size_t i)
{
    struct cell *cell = a->cell;
    struct cell_edge *edge =
        cell_edge_of(cell, a->activity_elements[i - 1], a->activity_elements[i]);
    const struct activity_times *before = &a->activities[i - 1]->times;
    const struct activity_times *after = &a->activities[i]->times;
    int64_t started = activity_started(a->activity_elements[i]->waits_for, after);
    uint64_t between = span(before->completed, after->completed);
    uint64_t waiting = span(before->completed, started);
    if (edge == NULL) {
        cell->other_edges++;
        return;
    }
    edge->count++;
    edge->cases += edge->last_case != cell->counters[CELL_COMPLETED];
    edge->last_case = cell->counters[CELL_COMPLETED];
    edge->between_ms += between;
    edge->waiting_ms += waiting;
    sketch_add(&edge->between, cell->arena, (int64_t)between);
    sketch_add(&edge->waiting, cell->arena, (int64_t)waiting);
}

static void count_variant(struct adding *a, uint64_t cycle_ms)
{
    struct cell *cell = a->cell;
    uint64_t hash = 0;
    bool is_new;
    for (size_t i = 0; i < a->activity_count; i++)
        hash = distinct_hash(hash, a->activity_elements[i]->id);
    distinct_add(&cell->distinct_variants, cell->arena, distinct_hash(hash, STR("variant")));
    struct cell_variant *variant = cell_variant_of(cell, hash, &is_new);
    if (variant == NULL) {
        cell->other_variants++;
        return;
    }
    if (is_new) {
        size_t shown =
            a->activity_count < CELL_VARIANT_STEPS ? a->activity_count : CELL_VARIANT_STEPS;
        variant->length = (uint32_t)a->activity_count;
        variant->shown = (uint32_t)shown;
        variant->steps = ARENA_ARRAY(cell->arena, const struct cell_element *, shown);
        for (size_t i = 0; i < shown; i++)
            variant->steps[i] = a->activity_elements[i];
    }
    variant->count++;
    variant->cycle_ms += cycle_ms;
    sketch_add(&variant->cycle, cell->arena, (int64_t)cycle_ms);
}

struct stretch {
    int64_t from, to;
};

static int by_from(const void *a, const void *b)
{
    const struct stretch *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

// Time in which somebody worked on the case: overlaps count once.
static uint64_t touch_of(const struct adding *a, struct arena *scratch)
{
    struct stretch *work = ARENA_ARRAY(scratch, struct stretch, a->activity_count);
    uint64_t sum = 0;
    int64_t until = INT64_MIN;
    for (size_t i = 0; i < a->activity_count; i++)
        work[i] = (struct stretch){
            activity_started(a->activity_elements[i]->waits_for, &a->activities[i]->times),
            a->activities[i]->times.completed};
    qsort(work, a->activity_count, sizeof *work, by_from);
    for (size_t i = 0; i < a->activity_count; i++) {
        sum += span(work[i].from > until ? work[i].from : until, work[i].to);
        until = work[i].to > until ? work[i].to : until;
    }
    return sum;
}

static void note_times(struct cell *cell, const struct cell_case *of, uint64_t cycle_ms)
{
    cell->counters[CELL_CYCLE_MS] += cycle_ms;
    sketch_add(&cell->cycle, cell->arena, (int64_t)cycle_ms);
    if (cell->first_ms == 0 || of->begun_ms < cell->first_ms)
        cell->first_ms = of->begun_ms;
    if (of->ended_ms > cell->last_ms)
        cell->last_ms = of->ended_ms;
}

static void time_case(struct adding *a, struct arena *scratch)
{
    struct cell *cell = a->cell;
    const struct cell_case *of = a->of;
    uint64_t cycle = span(of->begun_ms, of->ended_ms), touch = touch_of(a, scratch);
    uint64_t wait = cycle > touch ? cycle - touch : 0;
    cell->counters[CELL_TOUCH_MS] += touch;
    cell->counters[CELL_WAIT_MS] += wait;
    sketch_add(&cell->touch, cell->arena, (int64_t)touch);
    sketch_add(&cell->wait, cell->arena, (int64_t)wait);
    note_times(cell, of, cycle);
    count_variant(a, cycle);
}

static void note_faults(struct adding *a)
{
    uint64_t incidents = 0;
    bool is_breached = false;
    for (size_t i = 0; i < a->of->count; i++) {
        incidents += a->of->steps[i].incidents;
        is_breached |= a->of->steps[i].is_breached;
    }
    a->cell->counters[CELL_INCIDENTS] += incidents;
    a->cell->counters[CELL_INCIDENT_CASES] += incidents > 0;
    a->cell->counters[CELL_BREACHED_CASES] += is_breached;
}

// Counts the elements and picks those that are activities.
static void count_elements(struct adding *a, struct arena *scratch)
{
    size_t count = a->of->count;
    a->elements = ARENA_ARRAY(scratch, struct cell_element *, count);
    a->activities = ARENA_ARRAY(scratch, const struct cell_step *, count);
    a->activity_elements = ARENA_ARRAY(scratch, struct cell_element *, count);
    for (size_t i = 0; i < count; i++) {
        const struct cell_step *step = &a->of->steps[i];
        if (step->times.completed == 0 || str_equal(step->type, STR("process")) ||
            str_equal(step->type, STR("multiInstanceBody")))
            continue;
        struct cell_element *element = cell_element_of(a->cell, step->id, step->name, step->type);
        a->elements[i] = element;
        count_element(a, element, step);
        if (step->is_cancelled || element->waits_for == ACTIVITY_NONE)
            continue;
        a->activity_elements[a->activity_count] = element;
        a->activities[a->activity_count++] = step;
    }
}

// All that is known of it is when it began and ended.
static void add_cut_case(struct cell *cell, const struct cell_case *of)
{
    uint64_t cycle = span(of->begun_ms, of->ended_ms);
    cell->counters[CELL_CUT]++;
    cell->other_variants++;
    note_times(cell, of, cycle);
}

void cell_add_case(struct cell *cell, const struct cell_case *of)
{
    struct arena scratch = ARENA_EMPTY;
    struct adding a = {.cell = cell, .of = of};
    if (of->is_terminated) {
        cell->counters[CELL_TERMINATED]++;
        return;
    }
    cell->counters[CELL_COMPLETED]++;
    if (of->is_cut) {
        add_cut_case(cell, of);
        return;
    }
    if (of->count > 0)
        qsort(of->steps, of->count, sizeof *of->steps, by_end);
    count_elements(&a, &scratch);
    for (size_t i = 0; i < a.activity_count; i++) {
        count_activity(&a, i);
        if (i > 0)
            count_edge(&a, i);
    }
    if (a.activity_count > 0) {
        a.activity_elements[0]->counters[ELEMENT_FIRST]++;
        a.activity_elements[a.activity_count - 1]->counters[ELEMENT_LAST]++;
    }
    time_case(&a, &scratch);
    note_faults(&a);
    cell->counters[CELL_AGAIN] += a.again;
    cell->counters[CELL_CLEAN] += a.again == 0;
    cell->counters[CELL_STRAIGHT] += a.again == 0 && a.by_people == 0;
    cell->counters[CELL_COST_MICROS] += a.cost_micros;
    for (size_t i = 0; i < of->count; i++)
        if (a.elements[i] != NULL) {
            a.elements[i]->times = 0;
            a.elements[i]->last_actor = (str){NULL, 0};
        }
    arena_done(&scratch);
}
