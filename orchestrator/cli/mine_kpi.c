// SPDX-License-Identifier: Apache-2.0
//
// `baton mine LOG kpi|waits`: figures of a process, and why it waits.
#include "cli/mine.h"

#include <math.h>
#include <stdio.h>

#include "cli/command.h"
#include "insight/kpi.h"
#include "insight/waits.h"

static void write_durations(struct json_writer *json, const char *name, const struct durations *d)
{
    json_key(json, str_of(name));
    json_begin_object(json);
    mine_durations(json, d);
    json_end_object(json);
}

static void write_steps(struct mine *m, struct json_writer *json, const struct kpi *k)
{
    json_key(json, STR("activities"));
    json_begin_array(json);
    for (uint32_t a = 0; a < m->log->activity_count; a++) {
        const struct kpi_step *step = &k->steps[a];
        json_begin_object(json);
        mine_text(json, "activity", event_log_activity(m->log, a));
        mine_count(json, "n", step->count);
        mine_count(json, "cases", step->cases);
        mine_count(json, "rework", step->again);
        mine_count(json, "self_loops", step->again_direct);
        mine_count(json, "redone_by_another", step->by_another);
        write_durations(json, "duration", &step->work);
        json_end_object(json);
    }
    json_end_array(json);
}

static void print_share(const char *name, double share)
{
    if (isfinite(share))
        printf("%-18s %.1f %%\n", name, 100 * share);
}

static void print_durations(struct mine *m, const char *name, const struct durations *d)
{
    if (d->count > 0)
        printf("%-18s median %.*s, P90 %.*s, P95 %.*s, mean %.*s\n", name,
               STR_ARG(instant_span_text(&m->arena, d->median)),
               STR_ARG(instant_span_text(&m->arena, d->p90)),
               STR_ARG(instant_span_text(&m->arena, d->p95)),
               STR_ARG(instant_span_text(&m->arena, d->mean)));
}

static int print_kpi(struct mine *m, const struct kpi *k)
{
    print_durations(m, "cycle time", &k->cycle);
    print_durations(m, "touch time", &k->touch);
    print_durations(m, "wait time", &k->wait);
    print_share("flow efficiency", k->flow_efficiency);
    print_share("rework", k->rework);
    print_share("first-pass yield", k->first_pass_yield);
    print_share("rolled yield", k->rolled_yield);
    print_share("automation", k->automation);
    print_share("straight through", k->straight_through);
    printf("%-18s %.2f a case\n", "handovers", k->handovers);
    printf("%-18s %.2f cases a day, %.2f in progress (Little's law: %.2f)\n", "throughput",
           k->throughput_per_day, k->work_in_progress, k->little);
    return EXIT_OK;
}

int mine_kpi(struct mine *m)
{
    struct kpi k = kpi_of(&m->arena, m->log);
    struct variability v = variability_of(variants_new(&m->arena, m->log));
    if (!m->is_json)
        return print_kpi(m, &k);
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_count(&json, "cases", m->log->trace_count);
    write_durations(&json, "cycle_time", &k.cycle);
    write_durations(&json, "touch_time", &k.touch);
    write_durations(&json, "wait_time", &k.wait);
    mine_number(&json, "flow_efficiency", k.flow_efficiency);
    mine_number(&json, "rework", k.rework);
    mine_number(&json, "first_pass_yield", k.first_pass_yield);
    mine_number(&json, "rolled_yield", k.rolled_yield);
    mine_number(&json, "automation_rate", k.automation);
    mine_number(&json, "straight_through_rate", k.straight_through);
    mine_number(&json, "handovers_per_case", k.handovers);
    mine_number(&json, "throughput_per_day", k.throughput_per_day);
    mine_number(&json, "arrivals_per_day", k.arrival_per_day);
    mine_number(&json, "work_in_progress", k.work_in_progress);
    mine_number(&json, "littles_law", k.little);
    mine_number(&json, "variant_entropy_bits", v.variant_entropy);
    write_steps(m, &json, &k);
    json_end_object(&json);
    return mine_print_json(&out);
}

// -- waits --------------------------------------------------------------------------------

static void write_causes(struct json_writer *json, const char *name, const double *causes)
{
    json_key(json, str_of(name));
    json_begin_object(json);
    for (int c = 0; c < WAIT_CAUSE_COUNT; c++)
        mine_number(json, wait_cause_name((enum wait_cause)c), causes[c]);
    json_end_object(json);
}

static enum wait_cause largest(const double *causes)
{
    enum wait_cause found = WAIT_BATCHING;
    for (int c = 1; c < WAIT_CAUSE_COUNT; c++)
        found = causes[c] > causes[found] ? (enum wait_cause)c : found;
    return found;
}

static double sum_of(const double *causes)
{
    double sum = 0;
    for (int c = 0; c < WAIT_CAUSE_COUNT; c++)
        sum += causes[c];
    return sum;
}

// "Assess waits 20.1 h (P95 3.0 d), 81 % of it for unavailability."
static str sentence(struct mine *m, uint32_t activity, const struct step_waits *step)
{
    enum wait_cause cause = largest(step->causes);
    double sum = sum_of(step->causes);
    if (sum <= 0)
        return str_format(&m->arena, "%.*s does not wait.",
                          STR_ARG(event_log_activity(m->log, activity)));
    return str_format(&m->arena,
                      "%.*s waits %.*s on average (median %.*s, P95 %.*s), %.0f %% of it: %s.",
                      STR_ARG(event_log_activity(m->log, activity)),
                      STR_ARG(instant_span_text(&m->arena, step->wait.mean)),
                      STR_ARG(instant_span_text(&m->arena, step->wait.median)),
                      STR_ARG(instant_span_text(&m->arena, step->wait.p95)),
                      100 * step->causes[cause] / sum, wait_cause_name(cause));
}

static int print_waits(struct mine *m, const struct waits *w)
{
    printf("%-16s %10s %7s  %s\n", "cause", "in sum", "share", "a mean case would be shorter by");
    for (int c = 0; c < WAIT_CAUSE_COUNT; c++)
        printf("%-16s %10.*s %5.1f %%  %.*s\n", wait_cause_name((enum wait_cause)c),
               STR_ARG(instant_span_text(&m->arena, w->causes[c])),
               w->waiting > 0 ? 100 * w->causes[c] / w->waiting : 0,
               STR_ARG(instant_span_text(&m->arena, w->gain[c])));
    for (uint32_t a = 0; a < m->log->activity_count; a++)
        printf("%.*s\n", STR_ARG(sentence(m, a, &w->steps[a])));
    return EXIT_OK;
}

int mine_waits(struct mine *m)
{
    struct waits w = waits_of(&m->arena, m->log);
    if (!w.is_known) {
        fprintf(stderr, "baton: waits: the log does not say when activities were started (a column "
                        "start_time, or --start COLUMN)\n");
        return EXIT_USAGE;
    }
    if (!m->is_json)
        return print_waits(m, &w);
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_number(&json, "waiting_s", w.waiting);
    mine_number(&json, "working_s", w.working);
    mine_number(&json, "mean_case_s", w.mean_case);
    write_causes(&json, "causes_s", w.causes);
    write_causes(&json, "gain_per_case_s", w.gain);
    json_key(&json, STR("bounded"));
    json_bool(&json, w.is_bounded);
    json_key(&json, STR("activities"));
    json_begin_array(&json);
    for (uint32_t a = 0; a < m->log->activity_count; a++) {
        const struct step_waits *step = &w.steps[a];
        json_begin_object(&json);
        mine_text(&json, "activity", event_log_activity(m->log, a));
        mine_count(&json, "n", step->count);
        write_durations(&json, "wait", &step->wait);
        write_durations(&json, "work", &step->work);
        write_causes(&json, "causes_s", step->causes);
        mine_text(&json, "sentence", sentence(m, a, step));
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    return mine_print_json(&out);
}
