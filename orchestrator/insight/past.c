// SPDX-License-Identifier: Apache-2.0
#include "insight/past.h"

#include <stdlib.h>

struct looking {
    const struct event_log *log;
    const struct outcome_wanted *wanted;
    uint32_t key, end_activity;
    struct arena *arena;
    struct error *err;
};

// -- The outcome --------------------------------------------------------------------------

static const struct attribute *newest(const struct event_log *log, uint32_t trace, uint32_t key)
{
    const struct attribute *found = event_log_attribute(log, log->case_attributes[trace], key);
    for (uint32_t e = log->first[trace + 1]; found == NULL && e-- > log->first[trace];)
        found = event_log_attribute(log, log->event_attributes[e], key);
    return found;
}

static bool read_truth(str text, enum past_outcome *ret_outcome)
{
    static const char *const words[2][3] = {{"false", "no", "0"}, {"true", "yes", "1"}};
    for (int truth = 0; truth < 2; truth++)
        for (size_t i = 0; i < COUNT_OF(words[truth]); i++)
            if (str_equal_ignoring_case(text, str_of(words[truth][i]))) {
                *ret_outcome = (enum past_outcome)truth;
                return true;
            }
    return false;
}

static bool outcome_of(const struct looking *l, uint32_t trace, enum past_outcome *ret_outcome)
{
    const struct event_log *log = l->log;
    *ret_outcome = OUTCOME_UNKNOWN;
    if (l->wanted->end_activity.len > 0) {
        uint32_t last = log->activity[log->first[trace + 1] - 1];
        *ret_outcome = last == l->end_activity ? OUTCOME_TRUE : OUTCOME_FALSE;
        return true;
    }
    if (l->wanted->attribute.len == 0)
        return true;
    const struct attribute *attribute = newest(log, trace, l->key);
    str text = attribute != NULL ? attribute_text(l->arena, log->names, attribute) : STR_EMPTY;
    if (text.len == 0)
        return true;
    if (l->wanted->value.len > 0) {
        *ret_outcome = str_equal(text, l->wanted->value) ? OUTCOME_TRUE : OUTCOME_FALSE;
        return true;
    }
    return read_truth(text, ret_outcome) ||
           error_set(l->err, ERROR_INVALID, "outcome",
                     "'%.*s' is '%.*s' in case %.*s, neither true nor false: say which value is "
                     "meant, as %.*s=%.*s",
                     STR_ARG(l->wanted->attribute), STR_ARG(text),
                     STR_ARG(event_log_case(log, trace)), STR_ARG(l->wanted->attribute),
                     STR_ARG(text));
}

static bool find_wanted(struct looking *l)
{
    const struct event_log *log = l->log;
    str attribute = l->wanted->attribute, end = l->wanted->end_activity;
    l->key = names_find(log->names, attribute);
    bool is_there = attribute.len == 0;
    for (uint32_t t = 0; !is_there && l->key != NAME_NONE && t < log->trace_count; t++)
        is_there = newest(log, t, l->key) != NULL;
    if (!is_there)
        return error_set(l->err, ERROR_NOT_FOUND, "outcome", "no case has an attribute '%.*s'",
                         STR_ARG(attribute));
    for (uint32_t a = 0; a < log->activity_count; a++)
        if (str_equal(event_log_activity(log, a), end))
            l->end_activity = a;
    return end.len == 0 || l->end_activity != NAME_NONE ||
           error_set(l->err, ERROR_NOT_FOUND, "outcome", "the log has no activity '%.*s'",
                     STR_ARG(end));
}

// -- Cases --------------------------------------------------------------------------------

static bool has_times(const struct event_log *log, uint32_t trace)
{
    for (uint32_t e = log->first[trace]; e < log->first[trace + 1]; e++)
        if (log->time[e] == NO_TIME)
            return false;
    return true;
}

static void set_span(const struct event_log *log, struct past_case *item)
{
    uint32_t first = log->first[item->trace], end = log->first[item->trace + 1];
    if (log->case_begun != NULL && log->case_begun[item->trace] != NO_TIME) {
        item->begun = log->case_begun[item->trace];
        item->ended = log->case_ended[item->trace];
        return;
    }
    item->begun = INT64_MAX;
    item->ended = log->time[end - 1];
    for (uint32_t e = first; e < end; e++) {
        int64_t started = event_log_started(log, e);
        item->begun = started < item->begun ? started : item->begun;
    }
}

static int by_begin(const void *a, const void *b)
{
    const struct past_case *x = a, *y = b;
    if (x->begun != y->begun)
        return x->begun < y->begun ? -1 : 1;
    return x->trace < y->trace ? -1 : x->trace > y->trace;
}

bool past_of(struct arena *arena, const struct event_log *log, const struct outcome_wanted *wanted,
             struct past *ret_past, struct error *err)
{
    struct past past = {.log = log};
    struct looking l = {log, wanted, NAME_NONE, NAME_NONE, arena, err};
    if (!find_wanted(&l))
        return false;
    uint64_t *hashes = ARENA_ARRAY(arena, uint64_t, log->activity_count);
    struct past_step *steps = ARENA_ARRAY(arena, struct past_step, log->event_count);
    struct past_case *cases = ARENA_ARRAY(arena, struct past_case, log->trace_count);
    for (uint32_t a = 0; a < log->activity_count; a++)
        hashes[a] = activity_hash(event_log_activity(log, a));
    for (uint32_t e = 0; e < log->event_count; e++)
        steps[e] = (struct past_step){hashes[log->activity[e]], log->time[e]};
    for (uint32_t t = 0; t < log->trace_count; t++) {
        struct past_case *item = &cases[past.count];
        *item = (struct past_case){
            .trace = t, .count = log->first[t + 1] - log->first[t], .steps = steps + log->first[t]};
        if (!has_times(log, t)) {
            past.without_times++;
            continue;
        }
        if (!outcome_of(&l, t, &item->outcome))
            return false;
        set_span(log, item);
        past.outcomes[item->outcome] += item->ended != NO_TIME;
        past.count++;
    }
    if (past.count > 0)
        qsort(cases, past.count, sizeof *cases, by_begin);
    past.cases = cases;
    *ret_past = past;
    return true;
}
