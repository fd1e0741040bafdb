// SPDX-License-Identifier: Apache-2.0
#include "insight/filter.h"

#include <math.h>
#include <stdlib.h>

#include "insight/instant.h"
#include "insight/limits.h"
#include "insight/variants.h"

#define US 1e6

struct condition {
    const struct event_log *log;
    str a, b;          // what it names
    uint32_t activity; // of them; NAME_NONE: the log does not have it
    uint32_t other;
    int op; // one of enum op
    double number;
    bool is_number;
    int64_t time;
    bool is_direct;
    const struct variants *variants;
    uint32_t key;
};

enum op { OP_EQUAL, OP_NOT_EQUAL, OP_LESS_EQUAL, OP_GREATER_EQUAL, OP_LESS, OP_GREATER, OPS };

static const char *const op_names[OPS] = {"=", "!=", "<=", ">=", "<", ">"};

typedef bool test_trace(const struct condition *c, uint32_t trace);
typedef bool read_condition(struct condition *c, str rest, struct error *err);

static bool holds(int op, double order)
{
    return op == OP_EQUAL           ? order == 0
           : op == OP_NOT_EQUAL     ? order != 0
           : op == OP_LESS_EQUAL    ? order <= 0
           : op == OP_GREATER_EQUAL ? order >= 0
           : op == OP_LESS          ? order < 0
                                    : order > 0;
}

static str plain(str text)
{
    text = str_trim(text);
    bool is_quoted = text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"';
    return is_quoted ? str_sub(text, 1, text.len - 2) : text;
}

static uint32_t activity_of(const struct event_log *log, str name)
{
    for (uint32_t a = 0; a < log->activity_count; a++)
        if (str_equal(event_log_activity(log, a), name))
            return a;
    return NAME_NONE;
}

static bool refuse(struct error *err, str text, const char *expected)
{
    return error_set(err, ERROR_INVALID, "--filter", "'%.*s': expected %s", STR_ARG(text),
                     expected);
}

// -- Reading conditions -------------------------------------------------------------------

// The first operator of the text outside of quotes, the longer one where two begin alike.
static bool find_op(str text, size_t *ret_at, int *ret_op)
{
    bool is_quoted = false;
    for (size_t at = 0; at < text.len; at++) {
        is_quoted ^= text.data[at] == '"';
        for (int op = 0; !is_quoted && op < OPS; op++)
            if (str_starts_with(str_from_index(text, at), str_of(op_names[op]))) {
                *ret_at = at;
                *ret_op = op;
                return true;
            }
    }
    return false;
}

static bool read_double(str text, double *ret_value)
{
    struct attribute value;
    if (!attribute_read(text, ATTRIBUTE_FLOAT, &value))
        return false;
    *ret_value = value.real;
    return true;
}

static bool read_span(str text, double *ret_seconds)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"min", 60}, {"s", 1}, {"h", 3600}, {"d", 86400}, {"w", 604800}};
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        str unit = str_of(units[i].unit);
        if (!str_ends_with(text, unit) ||
            !read_double(str_trim(str_sub(text, 0, text.len - unit.len)), ret_seconds))
            continue;
        *ret_seconds *= units[i].seconds;
        return true;
    }
    return read_double(text, ret_seconds);
}

static bool read_time(struct condition *c, str rest, struct error *err)
{
    struct instant instant;
    if (!instant_parse(plain(rest), &instant))
        return refuse(err, rest, "a time such as 2026-11-22T17:00:00Z");
    c->time = instant.us;
    return true;
}

static bool read_compared(struct condition *c, str rest, struct error *err)
{
    size_t at;
    if (!find_op(rest, &at, &c->op) || str_trim(str_sub(rest, 0, at)).len > 0)
        return refuse(err, rest, "=, !=, <, <=, > or >= and a number");
    c->a = str_trim(str_from_index(rest, at + str_of(op_names[c->op]).len));
    return read_span(c->a, &c->number) || refuse(err, c->a, "a number, or a time such as 2 d");
}

static bool read_top(struct condition *c, str rest, struct error *err)
{
    c->variants = variants_new(c->log->arena, c->log);
    return (read_double(rest, &c->number) && c->number >= 1) ||
           refuse(err, rest, "how many, such as 5");
}

static bool read_name(struct condition *c, str rest, struct error *err)
{
    c->a = plain(rest);
    c->activity = activity_of(c->log, c->a);
    return c->a.len > 0 || refuse(err, rest, "an activity");
}

static bool read_name_or_none(struct condition *c, str rest, struct error *err)
{
    (void)err;
    c->a = plain(rest);
    c->activity = activity_of(c->log, c->a);
    return true;
}

static bool read_two(struct condition *c, str rest, struct error *err)
{
    size_t at = str_find(rest, STR("->"));
    if (at == SIZE_MAX)
        return refuse(err, rest, "A -> B, or A ->> B");
    str behind = str_from_index(rest, at + 2);
    c->is_direct = behind.len == 0 || behind.data[0] != '>';
    c->activity = activity_of(c->log, plain(str_sub(rest, 0, at)));
    c->other = activity_of(c->log, plain(c->is_direct ? behind : str_from_index(behind, 1)));
    return true;
}

static bool read_attribute(struct condition *c, str text, struct error *err)
{
    size_t at;
    if (!find_op(text, &at, &c->op) || at == 0)
        return refuse(err, text, "a condition (baton mine --help, docs/insight.md)");
    c->a = plain(str_sub(text, 0, at));
    c->b = plain(str_from_index(text, at + str_of(op_names[c->op]).len));
    c->is_number = read_double(c->b, &c->number);
    c->key = names_find(c->log->names, c->a);
    return true;
}

// -- Testing cases ------------------------------------------------------------------------

static bool is_since(const struct condition *c, uint32_t t)
{
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++)
        if (c->log->time[e] != NO_TIME && event_log_started(c->log, e) < c->time)
            return false;
    return true;
}

static bool is_until(const struct condition *c, uint32_t t)
{
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++)
        if (c->log->time[e] != NO_TIME && c->log->time[e] > c->time)
            return false;
    return true;
}

static bool has_duration(const struct condition *c, uint32_t t)
{
    int64_t us;
    return trace_duration(c->log, t, &us) && holds(c->op, (double)us / US - c->number);
}

static bool has_events(const struct condition *c, uint32_t t)
{
    return holds(c->op, (double)(c->log->first[t + 1] - c->log->first[t]) - c->number);
}

static bool is_frequent(const struct condition *c, uint32_t t)
{
    return c->variants->of_trace[t] < c->number;
}

static uint32_t times_of(const struct condition *c, uint32_t t, uint32_t activity)
{
    uint32_t times = 0;
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++)
        times += c->log->activity[e] == activity;
    return times;
}

static bool has_rework(const struct condition *c, uint32_t t)
{
    if (c->a.len > 0)
        return times_of(c, t, c->activity) > 1;
    struct arena scratch = ARENA_EMPTY;
    bool *seen = ARENA_ARRAY(&scratch, bool, c->log->activity_count), has_again = false;
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++) {
        has_again |= seen[c->log->activity[e]];
        seen[c->log->activity[e]] = true;
    }
    arena_done(&scratch);
    return has_again;
}

static bool has_activity(const struct condition *c, uint32_t t)
{
    return times_of(c, t, c->activity) > 0;
}

static bool starts_with(const struct condition *c, uint32_t t)
{
    return c->log->activity[c->log->first[t]] == c->activity;
}

static bool ends_with(const struct condition *c, uint32_t t)
{
    return c->log->activity[c->log->first[t + 1] - 1] == c->activity;
}

static bool has_order(const struct condition *c, uint32_t t)
{
    bool was_there = false;
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++) {
        if (was_there && c->log->activity[e] == c->other)
            return true;
        was_there = c->log->activity[e] == c->activity || (was_there && !c->is_direct);
    }
    return false;
}

static bool meets(const struct condition *c, struct attribute_span span)
{
    const struct attribute *value = event_log_attribute(c->log, span, c->key);
    if (value == NULL)
        return false;
    bool is_whole = value->type == ATTRIBUTE_INT, is_real = value->type == ATTRIBUTE_FLOAT;
    if (c->is_number && (is_whole || is_real))
        return holds(c->op, (is_real ? value->real : (double)value->whole) - c->number);
    struct arena scratch = ARENA_EMPTY;
    str text = attribute_text(&scratch, c->log->names, value);
    bool does = holds(c->op, str_compare(text, c->b));
    arena_done(&scratch);
    return does;
}

static bool has_attribute(const struct condition *c, uint32_t t)
{
    if (c->key == NAME_NONE)
        return false;
    if (meets(c, c->log->case_attributes[t]))
        return true;
    for (uint32_t e = c->log->first[t]; e < c->log->first[t + 1]; e++)
        if (meets(c, c->log->event_attributes[e]))
            return true;
    return false;
}

static const struct {
    const char *word;
    read_condition *read;
    test_trace *test;
} kinds[] = {
    {"since", read_time, is_since},
    {"until", read_time, is_until},
    {"duration", read_compared, has_duration},
    {"events", read_compared, has_events},
    {"variants", read_top, is_frequent},
    {"rework", read_name_or_none, has_rework},
    {"has", read_name, has_activity},
    {"starts", read_name, starts_with},
    {"ends", read_name, ends_with},
    {"follows", read_two, has_order},
};

// -- The log of those that are kept -------------------------------------------------------

struct keeping {
    struct arena *arena;
    const struct event_log *log;
    const bool *keeps;
    uint32_t traces, events;
};

// Columns of 4 or 8 bytes and of spans, copied for the events or traces that are kept.
static void *kept_of(const struct keeping *k, const void *column, size_t size, bool of_events)
{
    if (column == NULL)
        return NULL;
    char *out = arena_alloc(k->arena, size * ((of_events ? k->events : k->traces) + 1)), *at = out;
    for (uint32_t t = 0; t < k->log->trace_count; t++) {
        uint32_t first = of_events ? k->log->first[t] : t;
        uint32_t end = of_events ? k->log->first[t + 1] : t + 1;
        if (!k->keeps[t])
            continue;
        memcpy(at, (const char *)column + first * size, (end - first) * size);
        at += (end - first) * size;
    }
    return out;
}

// Activities that nobody does any more are gone.
static void number_again(struct arena *arena, struct event_log *log, uint32_t *activity)
{
    uint32_t *number = ARENA_ARRAY(arena, uint32_t, log->activity_count + 1);
    uint32_t *names = ARENA_ARRAY(arena, uint32_t, log->activity_count + 1);
    uint32_t count = 0;
    for (uint32_t e = 0; e < log->event_count; e++)
        number[activity[e]] = 1;
    for (uint32_t a = 0; a < log->activity_count; a++)
        if (number[a] != 0) {
            names[count] = log->activity_name[a];
            number[a] = count++;
        }
    for (uint32_t e = 0; e < log->event_count; e++)
        activity[e] = number[activity[e]];
    log->activity_name = names;
    log->activity_count = count;
}

static const struct event_log *keep(struct keeping *k)
{
    struct event_log *log = ARENA_NEW(k->arena, struct event_log);
    const struct event_log *of = k->log;
    *log = *of;
    log->arena = k->arena;
    log->trace_count = k->traces;
    log->event_count = k->events;
    uint32_t *first = ARENA_ARRAY(k->arena, uint32_t, k->traces + 1), at = 0;
    for (uint32_t t = 0; t < of->trace_count; t++)
        if (k->keeps[t]) {
            first[at + 1] = first[at] + of->first[t + 1] - of->first[t];
            at++;
        }
    log->first = first;
    log->case_name = kept_of(k, of->case_name, sizeof *of->case_name, false);
    log->case_attributes = kept_of(k, of->case_attributes, sizeof *of->case_attributes, false);
    log->case_begun = kept_of(k, of->case_begun, sizeof *of->case_begun, false);
    log->case_ended = kept_of(k, of->case_ended, sizeof *of->case_ended, false);
    log->time = kept_of(k, of->time, sizeof *of->time, true);
    log->resource = kept_of(k, of->resource, sizeof *of->resource, true);
    log->lifecycle = kept_of(k, of->lifecycle, sizeof *of->lifecycle, true);
    log->event_attributes = kept_of(k, of->event_attributes, sizeof *of->event_attributes, true);
    for (int m = 0; m < MOMENT_COUNT; m++)
        log->moments[m] = kept_of(k, of->moments[m], sizeof *of->moments[m], true);
    uint32_t *activity = kept_of(k, of->activity, sizeof *of->activity, true);
    number_again(k->arena, log, activity);
    log->activity = activity;
    return log;
}

// What conditions have left so far: of all but one it matters only what a case is, so the log is
// copied once for all of them.
struct filtering {
    struct arena *arena;
    const struct event_log *log;
    bool *keeps; // by trace
    bool is_less;
    size_t conditions;
};

static void begin_on(struct filtering *f, const struct event_log *log)
{
    f->log = log;
    f->keeps = ARENA_ARRAY(f->arena, bool, log->trace_count + 1);
    f->is_less = false;
    for (uint32_t t = 0; t < log->trace_count; t++)
        f->keeps[t] = true;
}

static void copy_rest(struct filtering *f)
{
    struct keeping k = {.arena = f->arena, .log = f->log, .keeps = f->keeps};
    if (!f->is_less)
        return;
    for (uint32_t t = 0; t < f->log->trace_count; t++) {
        k.traces += f->keeps[t];
        k.events += f->keeps[t] ? f->log->first[t + 1] - f->log->first[t] : 0;
    }
    begin_on(f, keep(&k));
}

static void narrow(struct filtering *f, const struct condition *c, test_trace *test, bool is_turned)
{
    for (uint32_t t = 0; t < f->log->trace_count; t++) {
        f->keeps[t] = f->keeps[t] && test(c, t) != is_turned;
        f->is_less |= !f->keeps[t];
    }
}

static bool take_word(str *text, str word)
{
    str rest = str_from_index(*text, word.len < text->len ? word.len : text->len);
    bool ends = rest.len == 0 || rest.data[0] == ' ' || rest.data[0] == '<' ||
                rest.data[0] == '>' || rest.data[0] == '=' || rest.data[0] == '!';
    if (!str_starts_with(*text, word) || !ends)
        return false;
    *text = str_trim(rest);
    return true;
}

static bool apply(struct filtering *f, str text, struct error *err)
{
    bool is_turned = take_word(&text, STR("not"));
    if (!insight_within(INSIGHT_LIMIT_FILTER_CONDITIONS, ++f->conditions, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!take_word(&text, str_of(kinds[i].word)))
            continue;
        if (kinds[i].test == is_frequent)
            copy_rest(f);
        struct condition c = {.log = f->log, .activity = NAME_NONE, .other = NAME_NONE};
        if (!kinds[i].read(&c, text, err))
            return false;
        narrow(f, &c, kinds[i].test, is_turned);
        return true;
    }
    struct condition c = {.log = f->log, .activity = NAME_NONE, .other = NAME_NONE};
    if (!read_attribute(&c, text, err))
        return false;
    narrow(f, &c, has_attribute, is_turned);
    return true;
}

bool log_filter(struct arena *arena, const struct event_log *log, str text,
                const struct event_log **ret_log, struct error *err)
{
    struct filtering f = {.arena = arena};
    size_t begin = 0;
    bool is_quoted = false;
    begin_on(&f, log);
    for (size_t at = 0; at <= text.len; at++) {
        is_quoted ^= at < text.len && text.data[at] == '"';
        if (at < text.len && (text.data[at] != ';' || is_quoted))
            continue;
        str one = str_trim(str_sub(text, begin, at - begin));
        if (one.len > 0 && !apply(&f, one, err))
            return false;
        begin = at + 1;
    }
    copy_rest(&f);
    *ret_log = f.log;
    return true;
}
