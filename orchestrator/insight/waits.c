// SPDX-License-Identifier: Apache-2.0
//
// One sweep over each wait: what its resource did meanwhile, hour by hour of its calendar where it
// did nothing. Calendars are learned: an hour of the week is a working hour of a resource when it
// worked in it in at least a tenth of the weeks that it is seen in.
#include "insight/waits.h"

#include <stdlib.h>

#include "base/array.h"

#define HOUR INT64_C(3600000000)
#define WEEK (168 * HOUR)
#define MONDAY (INT64_C(4) * 24 * HOUR) // 1970-01-05, so that hour 0 of a week is Monday's first

enum { WEEK_HOURS = 168, CROWD_MOST = 20000, BATCH_LEAST = 2 };

static const char *const cause_names[] = {"batching",       "contention", "prioritisation",
                                          "unavailability", "external",   "handling"};

const char *wait_cause_name(enum wait_cause cause)
{
    return cause_names[cause];
}

struct work {
    int64_t enabled, started, completed;
    int64_t batch_ready; // when the last of its batch could be begun; NO_TIME: it is in none
    uint32_t event, trace, activity, resource;
};

struct hours {
    uint32_t weeks;
    uint32_t seen[WEEK_HOURS]; // weeks in which it worked in that hour
    int64_t last[WEEK_HOURS];  // the week that was counted last, + 1
    int64_t first_week, last_week;
    bool works[WEEK_HOURS];
};

// A piece of time in which the resource worked on something else.
struct mark {
    int64_t time;
    int8_t earlier, later; // +1 or -1: work on what could be begun earlier, or later
};

struct analysis {
    struct arena arena;
    const struct event_log *log;
    struct work *works; // by resource and start
    size_t count;
    struct hours *hours; // by resource's number
    uint32_t *resource_number, resource_count;
    size_t *first_of; // works of a resource
    int64_t *longest; // by resource's number
    ARRAY(struct mark) marks;
    struct waits result;
    double (*of_event)[WAIT_CAUSE_COUNT]; // seconds, by work
};

// -- Gathering ----------------------------------------------------------------------------

// The last completion of the case that is not behind the start; the start where there is none.
static int64_t enabled_of(const struct event_log *log, uint32_t trace, uint32_t event,
                          int64_t start)
{
    const int64_t *known = log->moments[MOMENT_ENABLED];
    int64_t enabled = NO_TIME;
    if (known != NULL && known[event] != NO_TIME)
        return known[event] < start ? known[event] : start;
    for (uint32_t e = event; e-- > log->first[trace];)
        if (log->time[e] <= start) {
            enabled = log->time[e];
            break;
        }
    return enabled == NO_TIME ? start : enabled;
}

static int by_resource(const void *a, const void *b)
{
    const struct work *x = a, *y = b;
    if (x->resource != y->resource)
        return x->resource < y->resource ? -1 : 1;
    if (x->started != y->started)
        return x->started < y->started ? -1 : 1;
    return x->event < y->event ? -1 : x->event > y->event;
}

static void gather(struct analysis *a)
{
    const struct event_log *log = a->log;
    a->works = ARENA_ARRAY(&a->arena, struct work, log->event_count);
    a->resource_number = ARENA_ARRAY(&a->arena, uint32_t, log->names->count + 1);
    for (uint32_t t = 0; t < log->trace_count; t++)
        for (uint32_t e = log->first[t]; e < log->first[t + 1]; e++) {
            int64_t started = log->moments[MOMENT_STARTED][e], completed = log->time[e];
            if (started == NO_TIME || completed == NO_TIME || completed < started)
                continue;
            uint32_t name = log->resource[e];
            if (name != NAME_NONE && a->resource_number[name] == 0)
                a->resource_number[name] = ++a->resource_count;
            a->works[a->count++] =
                (struct work){.enabled = enabled_of(log, t, e, started),
                              .started = started,
                              .completed = completed,
                              .batch_ready = NO_TIME,
                              .event = e,
                              .trace = t,
                              .activity = log->activity[e],
                              .resource = name == NAME_NONE ? 0 : a->resource_number[name]};
        }
    qsort(a->works, a->count, sizeof *a->works, by_resource);
    a->first_of = ARENA_ARRAY(&a->arena, size_t, a->resource_count + 2);
    a->longest = ARENA_ARRAY(&a->arena, int64_t, a->resource_count + 1);
    for (size_t i = 0; i < a->count; i++) {
        int64_t length = a->works[i].completed - a->works[i].started;
        a->first_of[a->works[i].resource + 1] = i + 1;
        if (length > a->longest[a->works[i].resource])
            a->longest[a->works[i].resource] = length;
    }
    for (uint32_t r = 1; r <= a->resource_count + 1; r++)
        if (a->first_of[r] < a->first_of[r - 1])
            a->first_of[r] = a->first_of[r - 1];
}

// -- Calendars ----------------------------------------------------------------------------

static int64_t hours_since_monday(int64_t time)
{
    int64_t since = time - MONDAY;
    return since / HOUR - (since % HOUR < 0);
}

static int64_t hour_of_week(int64_t hour)
{
    return (hour % WEEK_HOURS + WEEK_HOURS) % WEEK_HOURS;
}

static int64_t week_of(int64_t hour)
{
    return (hour - hour_of_week(hour)) / WEEK_HOURS;
}

static void note_hour(struct hours *h, int64_t hour)
{
    int64_t of_week = hour_of_week(hour), week = week_of(hour);
    if (h->last[of_week] == week + 1 && h->seen[of_week] > 0)
        return;
    h->last[of_week] = week + 1;
    h->seen[of_week]++;
}

// Its days and its hours of the day: few works do not fill every hour of a week.
static void settle_hours(struct hours *h)
{
    double least = 0.1 * (double)(h->last_week - h->first_week + 1);
    uint32_t of_day[7] = {0}, of_hour[24] = {0};
    for (int i = 0; i < WEEK_HOURS; i++) {
        of_day[i / 24] += h->seen[i];
        of_hour[i % 24] += h->seen[i];
    }
    for (int i = 0; i < WEEK_HOURS; i++)
        h->works[i] = of_day[i / 24] > 0 && of_hour[i % 24] > 0 && of_day[i / 24] >= least &&
                      of_hour[i % 24] >= least;
}

// A resource is at work when it starts and when it completes something, and between, where that is
// within a day.
static void learn_hours(struct analysis *a)
{
    a->hours = ARENA_ARRAY(&a->arena, struct hours, a->resource_count + 1);
    for (size_t i = 0; i < a->count; i++) {
        struct hours *h = &a->hours[a->works[i].resource];
        int64_t first = hours_since_monday(a->works[i].started);
        int64_t last = hours_since_monday(a->works[i].completed);
        int64_t week = week_of(first), end = week_of(last);
        bool is_new = h->weeks == 0;
        h->weeks = 1;
        h->first_week = is_new || week < h->first_week ? week : h->first_week;
        h->last_week = is_new || end > h->last_week ? end : h->last_week;
        note_hour(h, first);
        note_hour(h, last);
        for (int64_t hour = first + 1; last - first < 24 && hour < last; hour++)
            note_hour(h, hour);
    }
    for (uint32_t r = 0; r <= a->resource_count; r++)
        settle_hours(&a->hours[r]);
}

// -- Batches ------------------------------------------------------------------------------

// Works of one activity that follow each other at once — each starts when the one before ends, or
// with it — and could all be begun before the first was.
static void find_batches(struct analysis *a)
{
    for (size_t i = a->first_of[1]; i < a->count;) {
        const struct work *first = &a->works[i];
        int64_t ready = first->enabled, end = first->completed;
        size_t next = i + 1;
        for (; next < a->count; next++) {
            const struct work *w = &a->works[next];
            bool is_next = w->resource == first->resource && w->activity == first->activity &&
                           (w->started == first->started || w->started <= end + HOUR / 3600) &&
                           w->enabled <= first->started;
            if (!is_next)
                break;
            ready = w->enabled > ready ? w->enabled : ready;
            end = w->completed > end ? w->completed : end;
        }
        for (size_t k = i; next - i >= BATCH_LEAST && k < next; k++)
            a->works[k].batch_ready = ready;
        i = next;
    }
}

// -- Waits --------------------------------------------------------------------------------

static void add_mark(struct analysis *a, int64_t time, bool is_earlier, int8_t by)
{
    *ARRAY_PUSH(&a->arena, &a->marks) =
        (struct mark){time, is_earlier ? by : 0, is_earlier ? 0 : by};
}

static int by_time(const void *a, const void *b)
{
    const struct mark *x = a, *y = b;
    return x->time < y->time ? -1 : x->time > y->time;
}

// What the resource did while this waited. False when that is more than can be looked at.
static bool mark_works(struct analysis *a, size_t which)
{
    const struct work *w = &a->works[which];
    a->marks.count = 0;
    for (size_t i = which; i-- > a->first_of[w->resource];) {
        const struct work *other = &a->works[i];
        if (other->started + a->longest[w->resource] <= w->enabled)
            break;
        if (other->completed <= w->enabled || other->started >= w->started)
            continue;
        bool is_earlier = other->enabled <= w->enabled;
        int64_t from = other->started > w->enabled ? other->started : w->enabled;
        int64_t to = other->completed < w->started ? other->completed : w->started;
        add_mark(a, from, is_earlier, 1);
        add_mark(a, to, is_earlier, -1);
        if (a->marks.count > CROWD_MOST)
            return false;
    }
    add_mark(a, w->enabled, true, 0);
    add_mark(a, w->started, true, 0);
    qsort(a->marks.items, a->marks.count, sizeof *a->marks.items, by_time);
    return true;
}

static double seconds(int64_t us)
{
    return (double)us / 1e6;
}

// Idle time of the resource: hour by hour by its calendar; what is in working hours waits for the
// batch, or for nothing that can be seen.
static void split_idle(const struct analysis *a, const struct work *w, int64_t from, int64_t to,
                       double *causes)
{
    const struct hours *h = &a->hours[w->resource];
    while (from < to) {
        int64_t hour = hours_since_monday(from), end = (hour + 1) * HOUR + MONDAY;
        end = end < to ? end : to;
        if (from < w->batch_ready && w->batch_ready < end)
            end = w->batch_ready;
        enum wait_cause cause = !h->works[hour_of_week(hour)] ? WAIT_UNAVAILABILITY
                                : from < w->batch_ready       ? WAIT_BATCHING
                                                              : WAIT_HANDLING;
        causes[cause] += seconds(end - from);
        from = end;
    }
}

static void split_wait(struct analysis *a, size_t which)
{
    const struct work *w = &a->works[which];
    double *causes = a->of_event[which];
    int earlier = 0, later = 0;
    if (w->enabled >= w->started)
        return;
    if (w->resource == 0) {
        causes[WAIT_EXTERNAL] += seconds(w->started - w->enabled);
        return;
    }
    if (!mark_works(a, which)) {
        causes[WAIT_CONTENTION] += seconds(w->started - w->enabled);
        a->result.is_bounded = true;
        return;
    }
    for (size_t i = 0; i + 1 < a->marks.count; i++) {
        const struct mark *mark = &a->marks.items[i];
        int64_t from = mark->time, to = a->marks.items[i + 1].time;
        earlier += mark->earlier;
        later += mark->later;
        if (earlier > 0)
            causes[WAIT_CONTENTION] += seconds(to - from);
        else if (later > 0)
            causes[WAIT_PRIORITISATION] += seconds(to - from);
        else
            split_idle(a, w, from, to, causes);
    }
}

// -- Sums ---------------------------------------------------------------------------------

static void sum_steps(struct analysis *a, struct arena *arena)
{
    uint32_t n = a->log->activity_count;
    struct step_waits *steps = ARENA_ARRAY(arena, struct step_waits, n);
    size_t *first = ARENA_ARRAY(&a->arena, size_t, n + 1), *next;
    int64_t *wait = ARENA_ARRAY(&a->arena, int64_t, a->count + 1);
    int64_t *work = ARENA_ARRAY(&a->arena, int64_t, a->count + 1);
    for (size_t i = 0; i < a->count; i++)
        first[a->works[i].activity + 1]++;
    for (uint32_t s = 0; s < n; s++)
        first[s + 1] += first[s];
    next = arena_copy(&a->arena, first, sizeof *first * (n + 1));
    for (size_t i = 0; i < a->count; i++) {
        const struct work *w = &a->works[i];
        size_t place = next[w->activity]++;
        wait[place] = w->started - w->enabled;
        work[place] = w->completed - w->started;
        a->result.waiting += seconds(wait[place]);
        a->result.working += seconds(work[place]);
        for (int c = 0; c < WAIT_CAUSE_COUNT; c++) {
            steps[w->activity].causes[c] += a->of_event[i][c];
            a->result.causes[c] += a->of_event[i][c];
        }
    }
    for (uint32_t s = 0; s < n; s++) {
        steps[s].count = (uint32_t)(first[s + 1] - first[s]);
        steps[s].wait = durations_of(wait + first[s], steps[s].count);
        steps[s].work = durations_of(work + first[s], steps[s].count);
    }
    a->result.steps = steps;
}

// The works of each case from its last completion back: each was enabled by one that completed
// then. Only waits on that path make the case longer.
static void sum_gains(struct analysis *a)
{
    const struct event_log *log = a->log;
    size_t *of_event = ARENA_ARRAY(&a->arena, size_t, log->event_count + 1); // work + 1
    double total = 0;
    for (size_t i = 0; i < a->count; i++)
        of_event[a->works[i].event] = i + 1;
    for (uint32_t t = 0; t < log->trace_count; t++) {
        int64_t until = INT64_MAX, begun = NO_TIME, ended = NO_TIME;
        for (uint32_t e = log->first[t + 1]; e-- > log->first[t];) {
            const struct work *w = of_event[e] == 0 ? NULL : &a->works[of_event[e] - 1];
            if (w == NULL || w->completed > until)
                continue;
            for (int c = 0; c < WAIT_CAUSE_COUNT; c++)
                a->result.gain[c] += a->of_event[of_event[e] - 1][c];
            ended = ended == NO_TIME ? w->completed : ended;
            begun = w->enabled;
            until = w->enabled;
        }
        total += begun == NO_TIME ? 0 : seconds(ended - begun);
    }
    for (int c = 0; c < WAIT_CAUSE_COUNT; c++)
        a->result.gain[c] /= (double)log->trace_count;
    a->result.mean_case = total / (double)log->trace_count;
}

struct waits waits_of(struct arena *arena, const struct event_log *log)
{
    struct analysis a = {.log = log};
    if (log->moments[MOMENT_STARTED] == NULL)
        return a.result;
    a.result.is_known = true;
    gather(&a);
    learn_hours(&a);
    find_batches(&a);
    a.of_event = arena_calloc(&a.arena, a.count + 1, sizeof *a.of_event);
    for (size_t i = 0; i < a.count; i++)
        split_wait(&a, i);
    sum_steps(&a, arena);
    sum_gains(&a);
    struct waits result = a.result;
    arena_done(&a.arena);
    return result;
}
