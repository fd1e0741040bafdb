// SPDX-License-Identifier: Apache-2.0
//
// What counters say: figures, what follows what, variants, elements on the diagram, why it waits.
// Units and shapes are in schemas/openapi/insight.yaml, definitions in docs/insight.md.
#include <math.h>
#include <stdlib.h>

#include "api/insight_cells.h"
#include "insight/instant.h"

#define MICROS 1e6
#define S_PER_MS 1e-3

static struct json_writer writer_of(struct caller *caller)
{
    struct strbuf *out = ARENA_NEW(caller->arena, struct strbuf);
    *out = strbuf_new(caller->arena);
    return json_writer_new(out);
}

static void write_moment(struct json_writer *w, const char *name, int64_t ms)
{
    json_key(w, str_of(name));
    if (ms == 0)
        json_null(w);
    else
        json_string(w, str_format(w->out->arena, "%.*s.%03dZ", 19,
                                  instant_text(w->out->arena, ms / 1000 * 1000000).data,
                                  (int)(ms % 1000)));
}

static uint64_t sum_of(const struct cell *cell, enum element_counter counter)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < cell->elements.count; i++)
        if (cell->elements.items[i]->waits_for != ACTIVITY_NONE)
            sum += cell->elements.items[i]->counters[counter];
    return sum;
}

// -- Figures ------------------------------------------------------------------------------

static double rolled_yield(const struct cell *cell)
{
    double yield = 1;
    for (size_t i = 0; i < cell->elements.count; i++) {
        const struct cell_element *element = cell->elements.items[i];
        const uint64_t *counters = element->counters;
        if (element->waits_for != ACTIVITY_NONE && counters[ELEMENT_CASES] > 0)
            yield *= 1 - (double)counters[ELEMENT_CASES_AGAIN] / (double)counters[ELEMENT_CASES];
    }
    return yield;
}

static void write_quality(struct json_writer *w, const struct cell *cell)
{
    const uint64_t *c = cell->counters;
    uint64_t cases = c[CELL_COMPLETED];
    insight_share(w, "flowEfficiency", c[CELL_TOUCH_MS], c[CELL_CYCLE_MS]);
    insight_share(w, "straightThroughRate", c[CELL_STRAIGHT], cases);
    insight_share(w, "automationRate", c[CELL_AUTOMATIC], c[CELL_EVENTS]);
    insight_share(w, "firstPassYield", c[CELL_CLEAN], cases);
    insight_number_of(w, "rolledYield", cases > 0 ? rolled_yield(cell) : NAN);
    insight_share(w, "reworkRate", c[CELL_AGAIN], c[CELL_EVENTS]);
    insight_share(w, "handoversPerCase", c[CELL_HANDOVERS], cases);
    insight_number_of(w, "people", round(distinct_count(&cell->people)));
    insight_number_of(w, "costPerCase", (double)c[CELL_COST_MICROS] / MICROS / (double)cases);
    insight_share(w, "incidentsPerCase", c[CELL_INCIDENTS], cases);
    insight_share(w, "incidentFreeRate", cases - c[CELL_INCIDENT_CASES], cases);
    insight_share(w, "slaHitRate", cases - c[CELL_BREACHED_CASES], cases);
}

static void write_rates(struct json_writer *w, const struct insight_group *group)
{
    const uint64_t *c = group->cell->counters;
    double days = (double)(group->to_ms - group->from_ms) / MS_PER_DAY;
    double arrivals = (double)group->started / days;
    double cycle_days = (double)c[CELL_CYCLE_MS] / (double)c[CELL_COMPLETED] / MS_PER_DAY;
    insight_number_of(w, "throughputPerDay", (double)c[CELL_COMPLETED] / days);
    insight_number_of(w, "arrivalsPerDay", arrivals);
    insight_number_of(w, "workInProgress", group->in_progress);
    json_key(w, STR("inProgress"));
    json_i64(w, group->now_in_progress);
    insight_number_of(w, "littlesLaw", arrivals * cycle_days);
}

static void write_split(struct json_writer *w, const struct cell *cell)
{
    json_key(w, STR("waitSplit"));
    json_begin_object(w);
    insight_number_of(w, "queueSeconds", (double)sum_of(cell, ELEMENT_QUEUE_MS) * S_PER_MS);
    insight_number_of(w, "handlingSeconds", (double)sum_of(cell, ELEMENT_HANDLING_MS) * S_PER_MS);
    insight_number_of(w, "externalSeconds", (double)sum_of(cell, ELEMENT_EXTERNAL_MS) * S_PER_MS);
    insight_number_of(w, "workSeconds", (double)sum_of(cell, ELEMENT_WORK_MS) * S_PER_MS);
    json_end_object(w);
}

static void write_figures(struct json_writer *w, const struct insight_group *group)
{
    const struct cell *cell = group->cell;
    json_begin_object(w);
    json_key(w, STR("version"));
    if (group->version > 0)
        json_i64(w, group->version);
    else
        json_null(w);
    write_moment(w, "from", group->from_ms);
    write_moment(w, "to", group->to_ms);
    insight_count(w, "cases", cell->counters[CELL_COMPLETED]);
    insight_count(w, "terminated", cell->counters[CELL_TERMINATED]);
    insight_count(w, "withoutSteps", cell->counters[CELL_CUT]);
    insight_count(w, "started", group->started);
    insight_count(w, "events", cell->counters[CELL_EVENTS]);
    insight_distribution(w, "cycleTime", &cell->cycle, cell->counters[CELL_CYCLE_MS]);
    insight_distribution(w, "touchTime", &cell->touch, cell->counters[CELL_TOUCH_MS]);
    insight_distribution(w, "waitTime", &cell->wait, cell->counters[CELL_WAIT_MS]);
    write_split(w, cell);
    write_quality(w, cell);
    write_rates(w, group);
    json_end_object(w);
}

static void answer_kpi(struct caller *caller, struct insight_cells *cells)
{
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t i = 0; i < cells->groups.count; i++)
        write_figures(&w, cells->groups.items[i]);
    json_end_array(&w);
    insight_end(caller, &w);
}

void handle_insight_kpi(struct request *request)
{
    insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_ELEMENTS, answer_kpi);
}

// -- How much there is --------------------------------------------------------------------

static void write_element(struct json_writer *w, const struct cell_element *element)
{
    write_text(w, STR("elementId"), element->id);
    write_text(w, STR("activity"), element->name);
    write_text(w, STR("type"), element->type);
    insight_count(w, "n", element->counters[ELEMENT_COUNT]);
    insight_count(w, "cases", element->counters[ELEMENT_CASES]);
    insight_count(w, "first", element->counters[ELEMENT_FIRST]);
    insight_count(w, "last", element->counters[ELEMENT_LAST]);
}

static void write_activities(struct json_writer *w, const struct cell *cell)
{
    json_key(w, STR("activities"));
    json_begin_array(w);
    for (size_t i = 0; i < cell->elements.count; i++) {
        if (cell->elements.items[i]->waits_for == ACTIVITY_NONE)
            continue;
        json_begin_object(w);
        write_element(w, cell->elements.items[i]);
        json_end_object(w);
    }
    json_end_array(w);
}

// Exact as long as every variant is kept.
static double variants_of(const struct cell *cell)
{
    return cell->other_variants == 0 ? (double)cell->variants.count
                                     : round(distinct_count(&cell->distinct_variants));
}

static void answer_stats(struct caller *caller, struct insight_cells *cells)
{
    const struct insight_group *group = cells->groups.items[0];
    const struct cell *cell = group->cell;
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    insight_count(&w, "cases", cell->counters[CELL_COMPLETED]);
    insight_count(&w, "terminated", cell->counters[CELL_TERMINATED]);
    insight_count(&w, "withoutSteps", cell->counters[CELL_CUT]);
    insight_count(&w, "started", group->started);
    json_key(&w, STR("inProgress"));
    json_i64(&w, group->now_in_progress);
    insight_count(&w, "events", cell->counters[CELL_EVENTS]);
    insight_number_of(&w, "variants", variants_of(cell));
    write_moment(&w, "start", cell->first_ms);
    write_moment(&w, "end", cell->last_ms);
    write_activities(&w, cell);
    insight_distribution(&w, "caseDuration", &cell->cycle, cell->counters[CELL_CYCLE_MS]);
    insight_end(caller, &w);
}

// Refuses groups where the answer has none.
static bool is_whole(struct request *request)
{
    if (request_query(request, "by").len == 0)
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("\"by\" of the query: only figures (kpi) are grouped"));
    return false;
}

void handle_insight_stats(struct request *request)
{
    if (is_whole(request))
        insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_ELEMENTS | INSIGHT_VARIANTS,
                     answer_stats);
}

// -- What follows what --------------------------------------------------------------------

enum { MOST_EDGES = 1000 }; // in an answer

static void write_edge(struct json_writer *w, const struct cell_edge *edge)
{
    json_begin_object(w);
    write_text(w, STR("from"), edge->from->id);
    write_text(w, STR("to"), edge->to->id);
    insight_count(w, "frequency", edge->count);
    insight_count(w, "cases", edge->cases);
    insight_distribution(w, "between", &edge->between, edge->between_ms);
    insight_distribution(w, "waiting", &edge->waiting, edge->waiting_ms);
    json_end_object(w);
}

static void answer_dfg(struct caller *caller, struct insight_cells *cells)
{
    struct cell *cell = cells->groups.items[0]->cell;
    uint64_t others = cell->other_edges;
    int64_t top = MOST_EDGES;
    if (!insight_number(request_of(caller), "top", MOST_EDGES, &top))
        return;
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    insight_count(&w, "cases", cell->counters[CELL_COMPLETED]);
    write_activities(&w, cell);
    json_key(&w, STR("edges"));
    json_begin_array(&w);
    if (cell->edges.count > 0)
        qsort(cell->edges.items, cell->edges.count, sizeof(struct cell_edge *), cell_edge_by_count);
    for (size_t i = 0; i < cell->edges.count; i++)
        if ((int64_t)i < top)
            write_edge(&w, cell->edges.items[i]);
        else
            others += cell->edges.items[i]->count;
    json_end_array(&w);
    insight_count(&w, "otherFrequency", others);
    insight_end(caller, &w);
}

void handle_insight_dfg(struct request *request)
{
    if (is_whole(request))
        insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_ELEMENTS | INSIGHT_EDGES,
                     answer_dfg);
}

// -- Variants -----------------------------------------------------------------------------

static int by_cases(const void *a, const void *b)
{
    const struct cell_variant *x = *(struct cell_variant *const *)a;
    const struct cell_variant *y = *(struct cell_variant *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static void write_variant(struct json_writer *w, const struct cell_variant *variant, uint64_t cases)
{
    json_begin_object(w);
    json_key(w, STR("elements"));
    json_begin_array(w);
    for (uint32_t i = 0; i < variant->shown; i++)
        json_string(w, variant->steps[i]->id);
    json_end_array(w);
    json_key(w, STR("activities"));
    json_begin_array(w);
    for (uint32_t i = 0; i < variant->shown; i++)
        json_string(w, variant->steps[i]->name);
    json_end_array(w);
    insight_count(w, "length", variant->length);
    insight_count(w, "frequency", variant->count);
    insight_share(w, "share", variant->count, cases);
    insight_distribution(w, "cycleTime", &variant->cycle, variant->cycle_ms);
    json_end_object(w);
}

// Of the variants that are kept.
static double entropy_of(const struct cell *cell)
{
    double sum = 0, bits = 0;
    for (size_t i = 0; i < cell->variants.count; i++)
        sum += (double)cell->variants.items[i]->count;
    for (size_t i = 0; i < cell->variants.count; i++) {
        double share = (double)cell->variants.items[i]->count / sum;
        bits -= share * log2(share);
    }
    return bits;
}

static void answer_variants(struct caller *caller, struct insight_cells *cells)
{
    struct cell *cell = cells->groups.items[0]->cell;
    uint64_t cases = cell->counters[CELL_COMPLETED];
    int64_t top = 20;
    if (!insight_number(request_of(caller), "top", 1000, &top))
        return;
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    insight_count(&w, "cases", cases);
    insight_number_of(&w, "count", variants_of(cell));
    insight_count(&w, "otherCases", cell->other_variants);
    insight_number_of(&w, "entropyBits", cases > 0 ? entropy_of(cell) : NAN);
    insight_number_of(&w, "effectiveVariants", cases > 0 ? exp2(entropy_of(cell)) : NAN);
    json_key(&w, STR("variants"));
    json_begin_array(&w);
    if (cell->variants.count > 0)
        qsort(cell->variants.items, cell->variants.count, sizeof(struct cell_variant *), by_cases);
    for (size_t i = 0; i < cell->variants.count && (int64_t)i < top; i++)
        write_variant(&w, cell->variants.items[i], cases);
    json_end_array(&w);
    insight_end(caller, &w);
}

void handle_insight_variants(struct request *request)
{
    if (is_whole(request))
        insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_VARIANTS, answer_variants);
}

// -- Elements -----------------------------------------------------------------------------

static double per(uint64_t sum_ms, uint64_t count)
{
    return count > 0 ? (double)sum_ms * S_PER_MS / (double)count : NAN;
}

static void write_overlay(struct json_writer *w, const struct cell_element *element)
{
    const uint64_t *c = element->counters;
    uint64_t wait_ms = c[ELEMENT_QUEUE_MS] + c[ELEMENT_HANDLING_MS] + c[ELEMENT_EXTERNAL_MS];
    bool is_activity = element->waits_for != ACTIVITY_NONE;
    json_key(w, element->id);
    json_begin_object(w);
    insight_count(w, "n", c[ELEMENT_COUNT]);
    insight_count(w, "cancelled", c[ELEMENT_CANCELLED]);
    insight_number_of(w, "mean", per(c[ELEMENT_DURATION_MS], c[ELEMENT_COUNT]));
    insight_number_of(w, "p50", insight_quantile(w->out->arena, &element->duration, 0.5));
    insight_number_of(w, "p95", insight_quantile(w->out->arena, &element->duration, 0.95));
    insight_number_of(w, "wait", is_activity ? per(wait_ms, c[ELEMENT_COUNT]) : NAN);
    insight_number_of(w, "work", is_activity ? per(c[ELEMENT_WORK_MS], c[ELEMENT_COUNT]) : NAN);
    insight_number_of(w, "cost", (double)c[ELEMENT_COST_MICROS] / MICROS);
    insight_count(w, "incidents", c[ELEMENT_INCIDENTS]);
    insight_count(w, "breached", c[ELEMENT_BREACHED]);
    insight_count(w, "rework", c[ELEMENT_AGAIN]);
    json_end_object(w);
}

static void answer_overlay(struct caller *caller, struct insight_cells *cells)
{
    const struct cell *cell = cells->groups.items[0]->cell;
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    insight_count(&w, "cases", cell->counters[CELL_COMPLETED]);
    json_key(&w, STR("elements"));
    json_begin_object(&w);
    for (size_t i = 0; i < cell->elements.count; i++)
        write_overlay(&w, cell->elements.items[i]);
    json_end_object(&w);
    insight_end(caller, &w);
}

void handle_insight_overlay(struct request *request)
{
    if (is_whole(request))
        insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_ELEMENTS | INSIGHT_TIMES,
                     answer_overlay);
}

// -- Waits --------------------------------------------------------------------------------

// The largest part of what an activity waits, in words.
static const char *cause_of(const uint64_t *counters, uint64_t *ret_ms)
{
    static const struct {
        enum element_counter counter;
        const char *words;
    } causes[] = {{ELEMENT_QUEUE_MS, "before it is offered"},
                  {ELEMENT_HANDLING_MS, "until somebody takes it"},
                  {ELEMENT_EXTERNAL_MS, "for a message or a time"}};
    size_t most = 0;
    for (size_t i = 1; i < COUNT_OF(causes); i++)
        if (counters[causes[i].counter] > counters[causes[most].counter])
            most = i;
    *ret_ms = counters[causes[most].counter];
    return causes[most].words;
}

static str sentence_of(struct arena *arena, const struct cell_element *element, uint64_t wait_ms)
{
    uint64_t n = element->counters[ELEMENT_COUNT], most_ms;
    const char *words = cause_of(element->counters, &most_ms);
    if (n < 2 || wait_ms == 0)
        return n < 2 ? str_format(arena, "not enough cases yet (n = %llu, needs 2)",
                                  (unsigned long long)n)
                     : str_format(arena, "%.*s does not wait.", STR_ARG(element->name));
    return str_format(
        arena, "%.*s waits %.*s on average (median %.*s), %.0f %% of it %s.",
        STR_ARG(element->name), STR_ARG(instant_span_text(arena, per(wait_ms, n))),
        STR_ARG(instant_span_text(arena, insight_quantile(arena, &element->wait, 0.5))),
        100 * (double)most_ms / (double)wait_ms, words);
}

static void write_waits(struct json_writer *w, const struct cell_element *element)
{
    const uint64_t *c = element->counters;
    uint64_t wait_ms = c[ELEMENT_QUEUE_MS] + c[ELEMENT_HANDLING_MS] + c[ELEMENT_EXTERNAL_MS];
    json_begin_object(w);
    write_text(w, STR("elementId"), element->id);
    write_text(w, STR("activity"), element->name);
    write_text(w, STR("type"), element->type);
    insight_count(w, "n", c[ELEMENT_COUNT]);
    insight_number_of(w, "queueSeconds", (double)c[ELEMENT_QUEUE_MS] * S_PER_MS);
    insight_number_of(w, "handlingSeconds", (double)c[ELEMENT_HANDLING_MS] * S_PER_MS);
    insight_number_of(w, "externalSeconds", (double)c[ELEMENT_EXTERNAL_MS] * S_PER_MS);
    insight_number_of(w, "workSeconds", (double)c[ELEMENT_WORK_MS] * S_PER_MS);
    insight_distribution(w, "wait", &element->wait, wait_ms);
    insight_distribution(w, "work", &element->work, c[ELEMENT_WORK_MS]);
    write_text(w, STR("sentence"), sentence_of(w->out->arena, element, wait_ms));
    json_end_object(w);
}

static void answer_waits(struct caller *caller, struct insight_cells *cells)
{
    const struct cell *cell = cells->groups.items[0]->cell;
    struct json_writer w = writer_of(caller);
    insight_begin(&w, cells);
    insight_count(&w, "cases", cell->counters[CELL_COMPLETED]);
    write_split(&w, cell);
    json_key(&w, STR("activities"));
    json_begin_array(&w);
    for (size_t i = 0; i < cell->elements.count; i++)
        if (cell->elements.items[i]->waits_for != ACTIVITY_NONE)
            write_waits(&w, cell->elements.items[i]);
    json_end_array(&w);
    insight_end(caller, &w);
}

void handle_insight_waits(struct request *request)
{
    if (is_whole(request))
        insight_read(request, INSIGHT_NAMES | INSIGHT_HEAD | INSIGHT_ELEMENTS | INSIGHT_TIMES,
                     answer_waits);
}
