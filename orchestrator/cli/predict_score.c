// SPDX-License-Identifier: Apache-2.0
//
// `baton predict score`: what a model says of cases, and which of their steps made it so.
#include "cli/predict.h"

#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/mine.h"
#include "cli/options.h"
#include "insight/reasons.h"

static const double US_PER_S = 1e6;

enum { NEXT_SHOWN = 5 };

struct scoring {
    struct mine *mine;
    struct predictor *predictor;
    str version;
    bool is_per_prefix, is_running_only;
    int64_t now;
    double *next;        // by label
    struct arena memory; // of one case
    struct strbuf line;
};

// -- One prediction -----------------------------------------------------------------------

static uint32_t likeliest(const struct scoring *s)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < s->predictor->labels.count; i++)
        best = s->next[i] > s->next[best] ? i : best;
    return best;
}

static void write_label(const struct scoring *s, struct json_writer *json, const char *name,
                        uint32_t label)
{
    json_key(json, str_of(name));
    if (label == LABEL_END)
        json_null(json);
    else
        json_string(json, s->predictor->labels.items[label]);
}

// The likeliest ones; what is shown is taken out of `next`.
static void write_next(struct scoring *s, struct json_writer *json)
{
    json_key(json, STR("next"));
    json_begin_array(json);
    for (uint32_t i = 0; i < NEXT_SHOWN && i < s->predictor->labels.count; i++) {
        uint32_t label = likeliest(s);
        json_begin_object(json);
        write_label(s, json, "activity", label);
        mine_number(json, "probability", s->next[label]);
        json_end_object(json);
        s->next[label] = -1;
    }
    json_end_array(json);
}

static void write_prediction(struct scoring *s, struct json_writer *json,
                             const struct prediction *told)
{
    mine_number(json, "remaining_s", told->remaining_us / US_PER_S);
    mine_number(json, "low_s", told->low_us / US_PER_S);
    mine_number(json, "high_s", told->high_us / US_PER_S);
    mine_count(json, "seen", told->seen);
    mine_number(json, "outcome", told->outcome);
    write_next(s, json);
}

static void begin_line(struct scoring *s, struct json_writer *ret_json,
                       const struct past_case *item, uint32_t steps)
{
    bool is_now = !s->is_per_prefix && item->ended == NO_TIME;
    s->line = strbuf_new(&s->memory);
    *ret_json = json_writer_new(&s->line);
    json_begin_object(ret_json);
    mine_text(ret_json, "case", event_log_case(s->mine->log, item->trace));
    mine_text(ret_json, "model", s->version);
    mine_count(ret_json, "steps", steps);
    mine_text(ret_json, "at", instant_text(&s->memory, is_now ? s->now : past_moment(item, steps)));
}

static str activity_of(const struct scoring *s, const struct past_case *item, uint32_t step)
{
    const struct event_log *log = s->mine->log;
    return event_log_activity(log, log->activity[log->first[item->trace] + step]);
}

static int end_line(struct scoring *s, struct json_writer *json)
{
    json_end_object(json);
    return mine_print_json(&s->line);
}

// -- The last prefix of each case, with reasons -------------------------------------------

static void write_reasons(struct scoring *s, struct json_writer *json, const struct past_case *item,
                          const struct reasons *reasons)
{
    mine_number(json, "expected_at_begin_s", reasons->before.remaining_us / US_PER_S);
    mine_number(json, "outcome_at_begin", reasons->before.outcome);
    json_key(json, STR("reasons"));
    json_begin_array(json);
    for (uint32_t i = 0; i < item->count; i++) {
        json_begin_object(json);
        mine_text(json, "activity", activity_of(s, item, i));
        mine_number(json, "added_s", reasons->of[i].added_us / US_PER_S);
        mine_number(json, "added_outcome", reasons->of[i].added_outcome);
        json_end_object(json);
    }
    json_end_array(json);
    mine_number(json, "waited_s", reasons->waited_us / US_PER_S);
    mine_number(json, "waiting_added_s", reasons_waiting_us(reasons) / US_PER_S);
}

static str span_or_dash(struct scoring *s, double us)
{
    return isfinite(us) ? instant_span_text(&s->memory, us / US_PER_S) : STR("-");
}

// The step that made the end later by most; NULL when none did.
static const struct reason *largest(const struct reasons *reasons, uint32_t count)
{
    const struct reason *found = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (reasons->of[i].added_us > (found != NULL ? found->added_us : 0))
            found = &reasons->of[i];
    return found;
}

static void print_case(struct scoring *s, const struct past_case *item,
                       const struct reasons *reasons)
{
    uint32_t next = likeliest(s);
    const struct prediction *now = &reasons->now;
    const struct reason *why = largest(reasons, item->count);
    printf("%-20.*s %6u %10.*s %10.*s %10.*s ", STR_ARG(event_log_case(s->mine->log, item->trace)),
           item->count, STR_ARG(span_or_dash(s, now->remaining_us)),
           STR_ARG(span_or_dash(s, now->low_us)), STR_ARG(span_or_dash(s, now->high_us)));
    if (isfinite(now->outcome))
        printf("%8.1f %% ", 100 * now->outcome);
    printf(" %.*s (%.0f %%)",
           STR_ARG(next == LABEL_END ? STR("the end") : s->predictor->labels.items[next]),
           100 * s->next[next]);
    if (why != NULL)
        printf("; later by %.*s for %.*s", STR_ARG(span_or_dash(s, why->added_us)),
               STR_ARG(activity_of(s, item, (uint32_t)(why - reasons->of))));
    printf("\n");
}

static int score_case(struct scoring *s, const struct past_case *item)
{
    struct json_writer json;
    int64_t now = item->ended == NO_TIME ? s->now : NO_TIME;
    struct reasons reasons = reasons_of(&s->memory, s->predictor, item, now, s->next);
    if (!s->mine->is_json) {
        print_case(s, item, &reasons);
        return EXIT_OK;
    }
    begin_line(s, &json, item, item->count);
    write_prediction(s, &json, &reasons.now);
    write_reasons(s, &json, item, &reasons);
    return end_line(s, &json);
}

// -- Each prefix, beside what came --------------------------------------------------------

static void write_actual(struct scoring *s, struct json_writer *json, const struct past_case *item,
                         uint32_t steps)
{
    bool has_ended = item->ended != NO_TIME, has_next = steps < item->count;
    mine_number(json, "actual_remaining_s",
                has_ended && has_next ? (double)past_remaining(item, steps) / US_PER_S : NAN);
    json_key(json, STR("actual_next"));
    if (has_next)
        json_string(json, activity_of(s, item, steps));
    else
        json_null(json);
    json_key(json, STR("ended"));
    json_bool(json, has_ended && !has_next);
}

static int score_prefixes(struct scoring *s, const struct past_case *item)
{
    struct prefix prefix = prefix_new(&s->memory);
    struct prediction before = {0};
    int code = EXIT_OK;
    for (uint32_t steps = 0; steps <= item->count && code == EXIT_OK; steps++) {
        struct json_writer json;
        if (steps > 0)
            prefix_add(&prefix, item->steps[steps - 1].activity);
        struct prediction told = predictor_predict(s->predictor, &prefix, s->next);
        begin_line(s, &json, item, steps);
        write_prediction(s, &json, &told);
        if (steps > 0) {
            struct reason reason = reason_between(item, steps, &before, &told);
            mine_text(&json, "activity", activity_of(s, item, steps - 1));
            mine_number(&json, "added_s", reason.added_us / US_PER_S);
            mine_number(&json, "added_outcome", reason.added_outcome);
        }
        write_actual(s, &json, item, steps);
        code = end_line(s, &json);
        before = told;
    }
    return code;
}

// -- All cases ----------------------------------------------------------------------------

static int score_cases(struct scoring *s)
{
    struct mine *m = s->mine;
    struct past past;
    struct error err;
    struct outcome_wanted none = {0};
    int code = EXIT_OK;
    size_t scored = 0;
    if (!past_of(&m->arena, m->log, &none, &past, &err))
        return cli_complain(&err);
    s->next = ARENA_ARRAY(&m->arena, double, s->predictor->labels.count);
    if (!m->is_json && !s->is_per_prefix)
        printf("%-20s %6s %10s %10s %10s %s next\n", "case", "steps", "remaining", "5 %", "95 %",
               s->predictor->outcome.len > 0 ? "   outcome " : "");
    for (size_t i = 0; i < past.count && code == EXIT_OK; i++) {
        if (s->is_running_only && past.cases[i].ended != NO_TIME)
            continue;
        code = s->is_per_prefix ? score_prefixes(s, &past.cases[i]) : score_case(s, &past.cases[i]);
        scored++;
        arena_reset(&s->memory);
    }
    if (past.without_times > 0)
        fprintf(stderr, "baton: note: %llu cases were left out: not all of their times are known\n",
                (unsigned long long)past.without_times);
    if (scored == 0)
        fprintf(stderr, "baton: note: no case %s\n", s->is_running_only ? "is running" : "is left");
    arena_done(&s->memory);
    return code;
}

static int score(struct mine *m, struct scoring *s, const char *path)
{
    struct error err;
    struct predictor *predictor;
    if (!predict_open(&m->arena, path, &predictor, &s->version, &err))
        return cli_complain(&err);
    s->mine = m;
    s->now = clock_now_us();
    s->predictor = predictor;
    m->with_variables = m->filter.len > 0;
    if (s->is_running_only && m->wanted.cases.len == 0)
        m->wanted.cases = STR("all");
    int code = mine_open(m);
    return code == EXIT_OK ? score_cases(s) : code;
}

int command_predict_score(int argc, char **argv)
{
    struct mine m = {0};
    struct scoring s = {0};
    const struct cli_option options[] = {
        {"per-prefix", NULL,
         "a line of JSON for each prefix of each case, with what came beside what was told",
         .flag = &s.is_per_prefix},
        {"running", NULL, "only cases that have not ended (of a process's own history)",
         .flag = &s.is_running_only},
        MINE_SOURCE_OPTIONS(m),
    };
    const struct cli_usage usage = {
        .synopsis = "baton predict score MODEL LOG|PROCESS [options]",
        .summary = "Says of each case how long it still takes, how it ends and what comes next, as "
                   "if it had not ended\nwith the last step that the log has of it; of a case that "
                   "is running, as of now. And which of its steps\nmade it so. --output json: a "
                   "line a case.",
        .example = "baton predict score claims.model claims --running --output json",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 2,
        .arguments_max = 2,
    };
    struct cli_arguments words;
    int code;
    if (cli_parse(&usage, argc, argv, &words, &code)) {
        m.source = str_of(words.items[1]);
        code = score(&m, &s, words.items[0]);
    }
    arena_done(&m.arena);
    return code;
}
