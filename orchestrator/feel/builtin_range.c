// SPDX-License-Identifier: Apache-2.0
//
// Relations between points and ranges (DMN 10.3.4.7, after Allen's interval algebra and HL7 CQL).
#include "feel/builtin.h"
#include "feel/run.h"
#include "feel/value.h"

static bool is_point(feel_value value)
{
    return value.kind != FEEL_RANGE && value_compare(value, value) != ORDER_NONE;
}

// A relation of two ends. Ends that have no order make the whole result null.
struct relation {
    bool unknown;
};

static int order(struct relation *r, feel_value a, feel_value b)
{
    int found = value_compare(a, b);
    r->unknown |= found == ORDER_NONE;
    return found;
}

static feel_value answer(const struct relation *r, bool yes)
{
    return r->unknown ? feel_null() : feel_bool(yes);
}

// a ends before b begins.
static bool ends_before(struct relation *r, const struct feel_range *a, const struct feel_range *b)
{
    int o = order(r, a->end, b->start);
    return o < 0 || (o == 0 && (!a->end_included || !b->start_included));
}

static feel_value precedes(feel_value a, feel_value b)
{
    struct relation r = {0};
    if (a.kind == FEEL_RANGE && b.kind == FEEL_RANGE)
        return answer(&r, ends_before(&r, a.range, b.range));
    if (a.kind == FEEL_RANGE) {
        int o = order(&r, a.range->end, b);
        return answer(&r, o < 0 || (o == 0 && !a.range->end_included));
    }
    if (b.kind == FEEL_RANGE) {
        int o = order(&r, a, b.range->start);
        return answer(&r, o < 0 || (o == 0 && !b.range->start_included));
    }
    int o = order(&r, a, b);
    return answer(&r, o < 0);
}

feel_value builtin_before(struct call *call)
{
    return precedes(call->args[0], call->args[1]);
}

feel_value builtin_after(struct call *call)
{
    return precedes(call->args[1], call->args[0]);
}

static feel_value touches(const struct feel_range *a, const struct feel_range *b)
{
    struct relation r = {0};
    int o = order(&r, a->end, b->start);
    return answer(&r, a->end_included && b->start_included && o == 0);
}

feel_value builtin_meets(struct call *call)
{
    return touches(call->args[0].range, call->args[1].range);
}

feel_value builtin_met_by(struct call *call)
{
    return touches(call->args[1].range, call->args[0].range);
}

feel_value builtin_overlaps(struct call *call)
{
    struct relation r = {0};
    const struct feel_range *a = call->args[0].range, *b = call->args[1].range;
    bool before = ends_before(&r, a, b), after = ends_before(&r, b, a);
    return answer(&r, !before && !after);
}

// a begins first, reaches into b, and does not go beyond it.
static feel_value overlaps_before(const struct feel_range *a, const struct feel_range *b)
{
    struct relation r = {0};
    int starts = order(&r, a->start, b->start), ends = order(&r, a->end, b->end);
    bool begins_first = starts < 0 || (starts == 0 && a->start_included && !b->start_included);
    bool ends_first = ends < 0 || (ends == 0 && (!a->end_included || b->end_included));
    bool reaches = !ends_before(&r, a, b);
    return answer(&r, begins_first && reaches && ends_first);
}

feel_value builtin_overlaps_before(struct call *call)
{
    return overlaps_before(call->args[0].range, call->args[1].range);
}

// The mirror of it: b begins first or together, a goes on longer.
feel_value builtin_overlaps_after(struct call *call)
{
    struct relation r = {0};
    const struct feel_range *a = call->args[0].range, *b = call->args[1].range;
    int starts = order(&r, b->start, a->start), ends = order(&r, b->end, a->end);
    bool begins_later = starts < 0 || (starts == 0 && b->start_included && !a->start_included);
    bool ends_later = ends < 0 || (ends == 0 && (a->end_included || !b->end_included));
    bool reaches = !ends_before(&r, b, a);
    return answer(&r, begins_later && reaches && ends_later);
}

// b lies within a.
static feel_value includes(feel_value a, feel_value b)
{
    struct relation r = {0};
    const struct feel_range *outer = a.range;
    if (b.kind != FEEL_RANGE) {
        int inside = range_contains(outer, b);
        return inside < 0 ? feel_null() : feel_bool(inside);
    }
    const struct feel_range *inner = b.range;
    int starts = order(&r, outer->start, inner->start), ends = order(&r, outer->end, inner->end);
    bool begins = starts < 0 || (starts == 0 && (outer->start_included || !inner->start_included));
    bool stops = ends > 0 || (ends == 0 && (outer->end_included || !inner->end_included));
    return answer(&r, begins && stops);
}

feel_value builtin_includes(struct call *call)
{
    return includes(call->args[0], call->args[1]);
}

feel_value builtin_during(struct call *call)
{
    return includes(call->args[1], call->args[0]);
}

// a begins where b begins and does not outlast it.
static feel_value starts(feel_value a, feel_value b)
{
    struct relation r = {0};
    const struct feel_range *outer = b.range;
    if (a.kind != FEEL_RANGE) {
        int o = order(&r, a, outer->start);
        return answer(&r, o == 0 && outer->start_included);
    }
    const struct feel_range *inner = a.range;
    int begin = order(&r, inner->start, outer->start), end = order(&r, inner->end, outer->end);
    bool stops = end < 0 || (end == 0 && (!inner->end_included || outer->end_included));
    return answer(&r, begin == 0 && inner->start_included == outer->start_included && stops);
}

feel_value builtin_starts(struct call *call)
{
    return starts(call->args[0], call->args[1]);
}

feel_value builtin_started_by(struct call *call)
{
    return starts(call->args[1], call->args[0]);
}

static feel_value finishes(feel_value a, feel_value b)
{
    struct relation r = {0};
    const struct feel_range *outer = b.range;
    if (a.kind != FEEL_RANGE) {
        int o = order(&r, a, outer->end);
        return answer(&r, o == 0 && outer->end_included);
    }
    const struct feel_range *inner = a.range;
    int begin = order(&r, inner->start, outer->start), end = order(&r, inner->end, outer->end);
    bool begins = begin > 0 || (begin == 0 && (!inner->start_included || outer->start_included));
    return answer(&r, end == 0 && inner->end_included == outer->end_included && begins);
}

feel_value builtin_finishes(struct call *call)
{
    return finishes(call->args[0], call->args[1]);
}

feel_value builtin_finished_by(struct call *call)
{
    return finishes(call->args[1], call->args[0]);
}

feel_value builtin_coincides(struct call *call)
{
    feel_value a = call->args[0], b = call->args[1];
    struct relation r = {0};
    if (a.kind == FEEL_RANGE && b.kind == FEEL_RANGE) {
        int begin = order(&r, a.range->start, b.range->start),
            end = order(&r, a.range->end, b.range->end);
        bool same_ends = a.range->start_included == b.range->start_included &&
                         a.range->end_included == b.range->end_included;
        return answer(&r, begin == 0 && end == 0 && same_ends);
    }
    if (!is_point(a) || !is_point(b))
        return feel_null();
    int o = order(&r, a, b);
    return answer(&r, o == 0);
}
