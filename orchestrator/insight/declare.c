// SPDX-License-Identifier: Apache-2.0
#include "insight/declare.h"

#include <stdlib.h>

#include "base/array.h"
#include "insight/limits.h"

enum occasion { ALWAYS, FIRST, SECOND, EITHER };

static const struct {
    const char *name;
    enum occasion occasion;
} templates[] = {
#define DECLARE_TEMPLATE(name, occasion) {name, occasion},
#include "insight/declare_templates.def"
#undef DECLARE_TEMPLATE
};

_Static_assert(COUNT_OF(templates) == DECLARE_TEMPLATES, "each template has a row");

enum template {
    EXISTENCE,
    ABSENCE,
    EXACTLY_ONE,
    INIT,
    RESPONDED_EXISTENCE,
    COEXISTENCE,
    RESPONSE,
    PRECEDENCE,
    SUCCESSION,
    ALT_RESPONSE,
    ALT_PRECEDENCE,
    ALT_SUCCESSION,
    CHAIN_RESPONSE,
    CHAIN_PRECEDENCE,
    CHAIN_SUCCESSION,
    NON_COEXISTENCE,
    NON_SUCCESSION,
    NON_CHAIN_SUCCESSION,
};

const char *declare_name(uint32_t template)
{
    return templates[template].name;
}

bool declare_is_unary(uint32_t template)
{
    return templates[template].occasion == ALWAYS;
}

uint32_t declare_template(str name)
{
    for (uint32_t t = 0; t < DECLARE_TEMPLATES; t++)
        if (str_equal(name, str_of(templates[t].name)))
            return t;
    return UINT32_MAX;
}

// -- A trace ------------------------------------------------------------------------------

struct trace {
    const uint32_t *activities;
    uint32_t length;
};

static void judge_one(const struct trace *trace, uint32_t a, bool *keeps)
{
    uint32_t times = 0;
    for (uint32_t i = 0; i < trace->length; i++)
        times += trace->activities[i] == a;
    keeps[EXISTENCE] = times > 0;
    keeps[ABSENCE] = times == 0;
    keeps[EXACTLY_ONE] = times == 1;
    keeps[INIT] = trace->length > 0 && trace->activities[0] == a;
}

// What one walk over the trace tells of two activities.
struct pair {
    bool has_a, has_b;
    bool awaits_b;    // since the last a
    bool has_fresh_a; // since the last b
    bool alt_response, precedence, alt_precedence, chain_response, chain_precedence;
    bool succeeds, chain_succeeds; // some b after an a; right after it
};

static void walk(const struct trace *trace, uint32_t a, uint32_t b, struct pair *p)
{
    *p = (struct pair){.alt_response = true,
                       .precedence = true,
                       .alt_precedence = true,
                       .chain_response = true,
                       .chain_precedence = true};
    for (uint32_t i = 0; i < trace->length; i++) {
        uint32_t it = trace->activities[i];
        if (it == a) {
            bool is_next = i + 1 < trace->length && trace->activities[i + 1] == b;
            p->alt_response &= !p->awaits_b;
            p->chain_response &= is_next;
            p->chain_succeeds |= is_next;
            p->has_a = p->awaits_b = p->has_fresh_a = true;
        } else if (it == b) {
            p->succeeds |= p->has_a;
            p->precedence &= p->has_a;
            p->alt_precedence &= p->has_fresh_a;
            p->chain_precedence &= i > 0 && trace->activities[i - 1] == a;
            p->awaits_b = p->has_fresh_a = false;
            p->has_b = true;
        }
    }
}

static void judge_two(const struct pair *p, bool *keeps)
{
    bool response = p->has_b && !p->awaits_b;
    bool precedence = p->has_a && p->precedence;
    keeps[RESPONDED_EXISTENCE] = keeps[COEXISTENCE] = p->has_a && p->has_b;
    keeps[RESPONSE] = response;
    keeps[PRECEDENCE] = precedence;
    keeps[SUCCESSION] = response && precedence && p->has_b;
    keeps[ALT_RESPONSE] = response && p->alt_response;
    keeps[ALT_PRECEDENCE] = precedence && p->alt_precedence;
    keeps[ALT_SUCCESSION] = keeps[ALT_RESPONSE] && keeps[ALT_PRECEDENCE];
    keeps[CHAIN_RESPONSE] = p->has_a && p->chain_response;
    keeps[CHAIN_PRECEDENCE] = p->has_b && p->chain_precedence;
    keeps[CHAIN_SUCCESSION] = keeps[CHAIN_RESPONSE] && keeps[CHAIN_PRECEDENCE];
    keeps[NON_COEXISTENCE] = !(p->has_a && p->has_b);
    keeps[NON_SUCCESSION] = !p->succeeds;
    keeps[NON_CHAIN_SUCCESSION] = !p->chain_succeeds;
}

static bool has_occasion(uint32_t template, const struct pair *p)
{
    switch (templates[template].occasion) {
    case ALWAYS:
        return true;
    case FIRST:
        return p->has_a;
    case SECOND:
        return p->has_b;
    case EITHER:
        return p->has_a || p->has_b;
    }
    check_unreachable();
}

// -- Finding ------------------------------------------------------------------------------

struct finding {
    struct arena *arena;
    const struct event_log *log;
    const struct variants *variants;
    uint64_t activated[DECLARE_TEMPLATES], kept[DECLARE_TEMPLATES];
    ARRAY(struct declare_constraint) found;
};

static void count_pair(struct finding *f, uint32_t a, uint32_t b)
{
    bool keeps[DECLARE_TEMPLATES];
    struct pair p;
    memset(f->activated, 0, sizeof f->activated);
    memset(f->kept, 0, sizeof f->kept);
    for (uint32_t v = 0; v < f->variants->count; v++) {
        struct trace trace = {variant_activities(f->variants, v), variant_length(f->variants, v)};
        walk(&trace, a, b, &p);
        judge_one(&trace, a, keeps);
        judge_two(&p, keeps);
        for (uint32_t t = 0; t < DECLARE_TEMPLATES; t++) {
            bool has = has_occasion(t, &p);
            f->activated[t] += has ? f->variants->frequency[v] : 0;
            f->kept[t] += has && keeps[t] ? f->variants->frequency[v] : 0;
        }
    }
}

static void keep_good(struct finding *f, uint32_t a, uint32_t b, double support, double confidence)
{
    double traces = (double)f->variants->trace_count;
    for (uint32_t t = 0; t < DECLARE_TEMPLATES; t++) {
        double activated = (double)f->activated[t];
        if (declare_is_unary(t) != (a == b) || activated == 0 || activated < support * traces ||
            (double)f->kept[t] < confidence * activated)
            continue;
        *ARRAY_PUSH(f->arena, &f->found) = (struct declare_constraint){
            .template = t,
            .a = event_log_activity(f->log, a),
            .b = a == b ? STR_EMPTY : event_log_activity(f->log, b),
            .activated = f->activated[t],
            .kept = f->kept[t],
        };
    }
}

static int by_template(const void *left, const void *right)
{
    const struct declare_constraint *x = left, *y = right;
    if (x->template != y->template)
        return x->template <y->template ? -1 : 1;
    int order = str_compare(x->a, y->a);
    return order != 0 ? order : str_compare(x->b, y->b);
}

// Each pair walks through each variant.
static bool is_within(const struct finding *f, struct error *err)
{
    uint64_t steps = 0, pairs = (uint64_t)f->log->activity_count * f->log->activity_count;
    for (uint32_t v = 0; v < f->variants->count; v++)
        steps += variant_length(f->variants, v) + 1;
    return insight_within(INSIGHT_LIMIT_DECLARE_MILLIONS, (size_t)(pairs * steps / 1000000), err);
}

bool declare_discover(struct arena *arena, const struct event_log *log, double support,
                      double confidence, struct declare_constraint **ret_found, size_t *ret_count,
                      struct error *err)
{
    struct finding f = {.arena = arena, .log = log, .variants = variants_new(arena, log)};
    if (log->activity_count > DECLARE_ACTIVITIES_MOST)
        return error_set(err, ERROR_LIMIT, "declare", "%u activities: it takes at most %d",
                         log->activity_count, DECLARE_ACTIVITIES_MOST);
    if (!is_within(&f, err))
        return false;
    for (uint32_t a = 0; a < log->activity_count; a++)
        for (uint32_t b = 0; b < log->activity_count; b++) {
            count_pair(&f, a, b);
            keep_good(&f, a, b, support, confidence);
        }
    if (f.found.count > 0)
        qsort(f.found.items, f.found.count, sizeof *f.found.items, by_template);
    *ret_found = f.found.items;
    *ret_count = f.found.count;
    return true;
}

// -- Checking -----------------------------------------------------------------------------

// An activity that the log does not have is in no trace.
static uint32_t activity_of(const struct event_log *log, str name)
{
    for (uint32_t a = 0; a < log->activity_count; a++)
        if (str_equal(event_log_activity(log, a), name))
            return a;
    return UINT32_MAX;
}

uint32_t *declare_check(struct arena *arena, const struct event_log *log,
                        const struct variants *variants, struct declare_constraint *constraints,
                        size_t count)
{
    uint32_t *violated = ARENA_ARRAY(arena, uint32_t, variants->count + 1);
    bool keeps[DECLARE_TEMPLATES];
    for (size_t i = 0; i < count; i++) {
        struct declare_constraint *c = &constraints[i];
        uint32_t a = activity_of(log, c->a), b = activity_of(log, c->b);
        b = b == UINT32_MAX ? b - 1 : b; // not the same as an a that is not there either
        c->activated = c->kept = 0;
        for (uint32_t v = 0; v < variants->count; v++) {
            struct trace trace = {variant_activities(variants, v), variant_length(variants, v)};
            struct pair p;
            walk(&trace, a, b, &p);
            judge_one(&trace, a, keeps);
            judge_two(&p, keeps);
            if (!has_occasion(c->template, &p))
                continue;
            c->activated += variants->frequency[v];
            c->kept += keeps[c->template] ? variants->frequency[v] : 0;
            violated[v] += !keeps[c->template];
        }
    }
    return violated;
}
