// SPDX-License-Identifier: Apache-2.0
//
// `baton mine LOG stats|dfg|variants|export`: what is in the log.
#include "cli/mine.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/files.h"
#include "insight/follows_svg.h"
#include "insight/instant.h"
#include "insight/variants.h"

// -- stats --------------------------------------------------------------------------------

static struct durations case_durations(struct mine *m)
{
    const struct event_log *log = m->log;
    int64_t *values = ARENA_ARRAY(&m->arena, int64_t, log->trace_count);
    size_t known = 0;
    for (uint32_t t = 0; t < log->trace_count; t++)
        known += trace_duration(log, t, &values[known]);
    return durations_of(values, known);
}

static void write_counts(struct json_writer *json, const struct event_log *log, const char *name,
                         const uint32_t *counts)
{
    json_key(json, str_of(name));
    json_begin_object(json);
    for (uint32_t a = 0; a < log->activity_count; a++) {
        if (counts[a] == 0)
            continue;
        json_key(json, event_log_activity(log, a));
        json_u64(json, counts[a]);
    }
    json_end_object(json);
}

static void write_time(struct mine *m, struct json_writer *json, const char *name, bool is_known,
                       int64_t time)
{
    json_key(json, str_of(name));
    if (is_known)
        json_string(json, instant_text(&m->arena, time));
    else
        json_null(json);
}

static void write_notes(struct json_writer *json, const struct log_notes *notes)
{
    json_key(json, STR("notes"));
    json_begin_object(json);
    mine_count(json, "empty_traces", notes->empty_traces);
    mine_count(json, "events_without_activity", notes->events_without_activity);
    mine_count(json, "events_without_case", notes->events_without_case);
    mine_count(json, "events_without_time", notes->events_without_time);
    mine_count(json, "events_not_wanted", notes->events_not_wanted);
    mine_count(json, "unreadable_times", notes->unreadable_times);
    mine_count(json, "unreadable_values", notes->unreadable_values);
    mine_count(json, "traces_of_same_name", notes->traces_of_same_name);
    mine_count(json, "traces_out_of_order", notes->traces_out_of_order);
    mine_count(json, "times_without_zone", notes->times_without_zone);
    json_end_object(json);
}

static void write_variability(struct json_writer *json, const struct variants *variants)
{
    struct variability v = variability_of(variants);
    json_key(json, STR("variability"));
    json_begin_object(json);
    mine_number(json, "variant_entropy_bits", v.variant_entropy);
    mine_number(json, "sequence_entropy_bits", v.sequence_entropy);
    mine_number(json, "effective_variants", v.effective_variants);
    mine_count(json, "variants_covering_half", v.covering_half);
    mine_count(json, "variants_covering_80_percent", v.covering_80);
    json_end_object(json);
}

static void print_stats(struct mine *m, const struct variants *variants, const str times[2],
                        const struct durations *cases)
{
    const struct event_log *log = m->log;
    struct variability v = variability_of(variants);
    printf("traces      %u\nevents      %u\nactivities  %u\nvariants    %u\n", log->trace_count,
           log->event_count, log->activity_count, variants->count);
    printf("start       %.*s\nend         %.*s\n", STR_ARG(times[0]), STR_ARG(times[1]));
    if (cases->count > 0)
        printf("a case      median %.*s, P90 %.*s, P95 %.*s, mean %.*s\n",
               STR_ARG(instant_span_text(&m->arena, cases->median)),
               STR_ARG(instant_span_text(&m->arena, cases->p90)),
               STR_ARG(instant_span_text(&m->arena, cases->p95)),
               STR_ARG(instant_span_text(&m->arena, cases->mean)));
    printf("varies      like %.1f equally frequent variants; %u of them are half of the traces\n",
           v.effective_variants, v.covering_half);
}

int mine_stats(struct mine *m)
{
    const struct event_log *log = m->log;
    struct variants *variants = variants_new(&m->arena, log);
    struct follows *follows = follows_new(&m->arena, log, FOLLOWS_COMPLETED);
    struct durations cases = case_durations(m);
    int64_t first, last;
    bool is_known = event_log_range(log, &first, &last);
    if (!m->is_json) {
        const str times[] = {is_known ? instant_text(&m->arena, first) : STR("unknown"),
                             is_known ? instant_text(&m->arena, last) : STR("unknown")};
        print_stats(m, variants, times, &cases);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_count(&json, "traces", log->trace_count);
    mine_count(&json, "events", log->event_count);
    mine_count(&json, "activities", log->activity_count);
    mine_count(&json, "variants", variants->count);
    write_time(m, &json, "start", is_known, first);
    write_time(m, &json, "end", is_known, last);
    write_counts(&json, log, "start_activities", follows->starts);
    write_counts(&json, log, "end_activities", follows->ends);
    write_counts(&json, log, "activity_counts", follows->events);
    json_key(&json, STR("case_duration"));
    json_begin_object(&json);
    mine_durations(&json, &cases);
    json_end_object(&json);
    write_variability(&json, variants);
    write_notes(&json, &log->notes);
    json_end_object(&json);
    return mine_print_json(&out);
}

// -- dfg ----------------------------------------------------------------------------------

static void print_edges(struct mine *m, const struct follows *follows)
{
    printf("%9s  %9s  %9s  %s\n", "frequency", "median", "P95", "from -> to");
    for (size_t i = 0; i < follows->edge_count; i++) {
        const struct follows_edge *e = &follows->edges[i];
        bool is_known = e->between.count > 0;
        str median = is_known ? instant_span_text(&m->arena, e->between.median) : STR("-");
        str p95 = is_known ? instant_span_text(&m->arena, e->between.p95) : STR("-");
        printf("%9u  %9.*s  %9.*s  %.*s -> %.*s\n", e->frequency, STR_ARG(median), STR_ARG(p95),
               STR_ARG(event_log_activity(m->log, e->from)),
               STR_ARG(event_log_activity(m->log, e->to)));
    }
}

static enum follows_time chosen_times(const struct mine *m)
{
    return str_equal(m->times, STR("waiting"))   ? FOLLOWS_COMPLETED_STARTED
           : str_equal(m->times, STR("started")) ? FOLLOWS_STARTED
                                                 : FOLLOWS_COMPLETED;
}

static int write_picture(struct mine *m, const struct follows *follows)
{
    struct mine_out out;
    struct error err;
    size_t left_out;
    str svg = follows_write_svg(&m->arena, m->log, follows, &left_out);
    if (!mine_out_open(m, &out, &err))
        return cli_complain(&err);
    strbuf_add(&out.buffer, svg);
    struct error closing;
    bool is_written = mine_out_write(&out, &out.buffer, &err);
    if (!mine_out_close(&out, is_written ? &err : &closing) || !is_written)
        return cli_complain(&err), EXIT_FAILED;
    if (left_out > 0)
        fprintf(stderr, "baton: note: %zu rarer ways are not in the picture\n", left_out);
    return EXIT_OK;
}

int mine_dfg(struct mine *m)
{
    const struct event_log *log = m->log;
    struct follows *follows = follows_new(&m->arena, log, chosen_times(m));
    if (str_ends_with(m->out, STR(".svg")))
        return write_picture(m, follows);
    if (!m->is_json) {
        print_edges(m, follows);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    json_key(&json, STR("edges"));
    json_begin_array(&json);
    for (size_t i = 0; i < follows->edge_count; i++) {
        const struct follows_edge *e = &follows->edges[i];
        json_begin_object(&json);
        mine_text(&json, "from", event_log_activity(log, e->from));
        mine_text(&json, "to", event_log_activity(log, e->to));
        mine_count(&json, "frequency", e->frequency);
        mine_count(&json, "cases", e->cases);
        mine_durations(&json, &e->between);
        json_end_object(&json);
    }
    json_end_array(&json);
    write_counts(&json, log, "start_activities", follows->starts);
    write_counts(&json, log, "end_activities", follows->ends);
    write_counts(&json, log, "activities", follows->events);
    json_end_object(&json);
    return mine_print_json(&out);
}

// -- variants -----------------------------------------------------------------------------

static void write_variant(struct mine *m, struct json_writer *json, const struct variants *variants,
                          uint32_t v)
{
    const uint32_t *activities = variant_activities(variants, v);
    json_key(json, STR("activities"));
    json_begin_array(json);
    for (uint32_t i = 0; i < variant_length(variants, v); i++)
        json_string(json, event_log_activity(m->log, activities[i]));
    json_end_array(json);
    mine_count(json, "frequency", variants->frequency[v]);
    mine_number(json, "share", variants->frequency[v] / (double)variants->trace_count);
}

static void print_variant(struct mine *m, const struct variants *variants, uint32_t v,
                          const struct durations *duration)
{
    str median = duration->count > 0 ? instant_span_text(&m->arena, duration->median) : STR("-");
    printf("%7u  %5.1f %%  %9.*s  ", variants->frequency[v],
           100.0 * variants->frequency[v] / (double)variants->trace_count, STR_ARG(median));
    for (uint32_t i = 0; i < variant_length(variants, v); i++)
        printf("%s%.*s", i > 0 ? ", " : "",
               STR_ARG(event_log_activity(m->log, variant_activities(variants, v)[i])));
    printf("\n");
}

int mine_variants(struct mine *m)
{
    struct variants *variants = variants_new(&m->arena, m->log);
    struct durations *durations = variants_durations(&m->arena, m->log, variants);
    struct error err;
    uint64_t top = variants->count;
    if (m->top.len > 0 && !str_to_u64(m->top, &top)) {
        error_set(&err, ERROR_INVALID, "--top", "'%.*s' is not a number", STR_ARG(m->top));
        return cli_complain(&err);
    }
    top = top < variants->count ? top : variants->count;
    if (!m->is_json)
        printf("%7s  %7s  %9s  %s\n", "traces", "share", "median", "activities");
    for (uint32_t v = 0; v < top && !m->is_json; v++)
        print_variant(m, variants, v, &durations[v]);
    if (!m->is_json)
        return EXIT_OK;
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_count(&json, "traces", variants->trace_count);
    mine_count(&json, "count", variants->count);
    json_key(&json, STR("variants"));
    json_begin_array(&json);
    for (uint32_t v = 0; v < top; v++) {
        json_begin_object(&json);
        write_variant(m, &json, variants, v);
        mine_durations(&json, &durations[v]);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    return mine_print_json(&out);
}

// -- export -------------------------------------------------------------------------------

static str format_of(const struct mine *m)
{
    static const char *const ends[][2] = {
        {".xes", "xes"}, {".csv", "csv"}, {".jsonocel", "ocel"}, {".json", "ocel"}};
    if (m->format.len > 0)
        return m->format;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        if (str_ends_with(m->out, str_of(ends[i][0])))
            return str_of(ends[i][1]);
    return STR("xes");
}

int mine_export(struct mine *m)
{
    struct mine_out out;
    struct error err;
    str format = format_of(m);
    if (!mine_out_open(m, &out, &err))
        return cli_complain(&err);
    bool is_written = str_equal(format, STR("csv"))
                          ? csv_write(m->log, &out.buffer, mine_out_write, &out, &err)
                      : str_equal(format, STR("ocel"))
                          ? ocel_write(m->log, &out.buffer, mine_out_write, &out, &err)
                          : xes_write(m->log, &out.buffer, mine_out_write, &out, &err);
    struct error closing;
    bool is_closed = mine_out_close(&out, &closing);
    if (is_written && is_closed)
        return EXIT_OK;
    cli_complain(is_written ? &closing : &err);
    return EXIT_FAILED;
}
