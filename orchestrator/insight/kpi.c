// SPDX-License-Identifier: Apache-2.0
#include "insight/kpi.h"

#include <math.h>
#include <stdlib.h>

#define DAY_US 86400e6

struct counting {
    struct arena arena;
    const struct event_log *log;
    struct kpi_step *steps;
    uint32_t *times;     // by activity: in this case
    uint32_t *resource;  // by activity: of the last time in this case
    int64_t (*spans)[2]; // of work in this case
    uint64_t again, handovers, automatic;
    uint32_t clean_cases, straight_cases;
    int64_t *cycle, *touch, *wait;
    uint32_t cycle_count, touch_count;
    double cycle_sum, touch_sum;
};

static int by_start(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return x[0] < y[0] ? -1 : x[0] > y[0];
}

// Time in which somebody worked on the case: overlaps count once.
static int64_t touched(int64_t (*spans)[2], size_t count)
{
    int64_t sum = 0, until = INT64_MIN;
    qsort(spans, count, sizeof *spans, by_start);
    for (size_t i = 0; i < count; i++) {
        int64_t from = spans[i][0] > until ? spans[i][0] : until;
        if (spans[i][1] > from)
            sum += spans[i][1] - from;
        until = spans[i][1] > until ? spans[i][1] : until;
    }
    return sum;
}

static void time_case(struct counting *c, uint32_t trace)
{
    const struct event_log *log = c->log;
    size_t count = 0;
    int64_t cycle;
    if (!trace_duration(log, trace, &cycle))
        return;
    c->cycle[c->cycle_count++] = cycle;
    c->cycle_sum += (double)cycle;
    if (log->moments[MOMENT_STARTED] == NULL)
        return;
    for (uint32_t e = log->first[trace]; e < log->first[trace + 1]; e++)
        if (log->time[e] != NO_TIME && event_log_started(log, e) < log->time[e]) {
            c->spans[count][0] = event_log_started(log, e);
            c->spans[count++][1] = log->time[e];
        }
    int64_t touch = touched(c->spans, count);
    c->touch[c->touch_count] = touch;
    c->wait[c->touch_count++] = cycle - touch;
    c->touch_sum += (double)touch;
}

static void count_event(struct counting *c, uint32_t e, bool is_first)
{
    const struct event_log *log = c->log;
    uint32_t activity = log->activity[e], resource = log->resource[e];
    struct kpi_step *step = &c->steps[activity];
    step->count++;
    step->cases += c->times[activity] == 0;
    if (c->times[activity]++ > 0) {
        step->again++;
        step->again_direct += !is_first && log->activity[e - 1] == activity;
        step->by_another += c->resource[activity] != resource;
        c->again++;
    }
    c->resource[activity] = resource;
    c->automatic += resource == NAME_NONE;
    c->handovers += !is_first && resource != NAME_NONE && log->resource[e - 1] != NAME_NONE &&
                    log->resource[e - 1] != resource;
}

static void count_case(struct counting *c, uint32_t trace)
{
    const struct event_log *log = c->log;
    uint64_t again = c->again, automatic = c->automatic;
    uint32_t first = log->first[trace], end = log->first[trace + 1];
    for (uint32_t e = first; e < end; e++)
        count_event(c, e, e == first);
    bool is_clean = c->again == again;
    c->clean_cases += is_clean;
    c->straight_cases += is_clean && c->automatic - automatic == end - first;
    for (uint32_t e = first; e < end; e++)
        c->times[log->activity[e]] = 0;
    time_case(c, trace);
}

static void time_steps(struct counting *c)
{
    const struct event_log *log = c->log;
    uint32_t n = log->activity_count;
    size_t *first = ARENA_ARRAY(&c->arena, size_t, n + 1);
    int64_t *work = ARENA_ARRAY(&c->arena, int64_t, log->event_count + 1);
    size_t *known = ARENA_ARRAY(&c->arena, size_t, n + 1);
    for (uint32_t a = 0; a < n; a++)
        first[a + 1] = first[a] + c->steps[a].count;
    for (uint32_t e = 0; log->moments[MOMENT_STARTED] != NULL && e < log->event_count; e++)
        if (log->moments[MOMENT_STARTED][e] != NO_TIME && log->time[e] != NO_TIME) {
            uint32_t a = log->activity[e];
            work[first[a] + known[a]++] = log->time[e] - log->moments[MOMENT_STARTED][e];
        }
    for (uint32_t a = 0; a < n; a++)
        c->steps[a].work = durations_of(work + first[a], known[a]);
}

static void rate(const struct counting *c, struct kpi *k)
{
    int64_t first, last;
    if (!event_log_range(c->log, &first, &last) || last <= first)
        return;
    double days = (double)(last - first) / DAY_US;
    k->throughput_per_day = k->arrival_per_day = c->cycle_count / days;
    k->work_in_progress = c->cycle_sum / (double)(last - first);
    k->little = k->arrival_per_day * k->cycle.mean / 86400;
}

static struct kpi figures(struct counting *c)
{
    const struct event_log *log = c->log;
    double cases = log->trace_count, events = log->event_count;
    bool has_people = c->automatic < log->event_count;
    struct kpi k = {.steps = c->steps, .rolled_yield = 1};
    k.cycle = durations_of(c->cycle, c->cycle_count);
    k.touch = durations_of(c->touch, c->touch_count);
    k.wait = durations_of(c->wait, c->touch_count);
    k.flow_efficiency = c->touch_count > 0 && c->cycle_sum > 0 ? c->touch_sum / c->cycle_sum : NAN;
    k.rework = (double)c->again / events;
    k.first_pass_yield = c->clean_cases / cases;
    k.handovers = (double)c->handovers / cases;
    k.automation = has_people ? (double)c->automatic / events : NAN;
    k.straight_through = has_people ? c->straight_cases / cases : NAN;
    rate(c, &k);
    return k;
}

struct kpi kpi_of(struct arena *arena, const struct event_log *log)
{
    uint32_t n = log->activity_count;
    struct counting c = {.log = log, .steps = ARENA_ARRAY(arena, struct kpi_step, n)};
    uint32_t *cases_again = ARENA_ARRAY(&c.arena, uint32_t, n + 1);
    c.times = ARENA_ARRAY(&c.arena, uint32_t, n + 1);
    c.resource = ARENA_ARRAY(&c.arena, uint32_t, n + 1);
    c.spans = arena_calloc(&c.arena, log->event_count + 1, sizeof *c.spans);
    c.cycle = ARENA_ARRAY(&c.arena, int64_t, log->trace_count + 1);
    c.touch = ARENA_ARRAY(&c.arena, int64_t, log->trace_count + 1);
    c.wait = ARENA_ARRAY(&c.arena, int64_t, log->trace_count + 1);
    for (uint32_t t = 0; t < log->trace_count; t++) {
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++) // its second time in the case
            cases_again[log->activity[e]] += ++c.times[log->activity[e]] == 2;
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++)
            c.times[log->activity[e]] = 0;
        count_case(&c, t);
    }
    time_steps(&c);
    struct kpi k = figures(&c);
    for (uint32_t a = 0; a < n; a++)
        k.rolled_yield *= 1 - cases_again[a] / (double)c.steps[a].cases;
    arena_done(&c.arena);
    return k;
}
