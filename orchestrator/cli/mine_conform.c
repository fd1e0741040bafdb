// SPDX-License-Identifier: Apache-2.0
//
// `baton mine LOG conform|precision --model M`: a log beside a model.
#include "cli/mine.h"

#include <stdio.h>

#include "cli/command.h"
#include "cli/files.h"
#include "insight/align.h"
#include "insight/diagram.h"
#include "insight/replay.h"

// A net of what the file holds: PNML, PTML or BPMN, told apart by the root element's name.
static bool net_of_text(struct mine *m, str text, struct net **ret_net, struct error *err)
{
    struct tree *tree;
    struct diagram *diagram;
    if (str_find(text, STR("<pnml")) != SIZE_MAX)
        return net_read_pnml(&m->arena, text, ret_net, err);
    if (str_find(text, STR("<ptml")) != SIZE_MAX)
        return tree_read_ptml(&m->arena, text, &tree, err) &&
               net_of_tree(&m->arena, tree, ret_net, err);
    return diagram_read_bpmn(&m->arena, text, &diagram, err) &&
           net_of_diagram(&m->arena, diagram, ret_net, err);
}

static bool read_model(struct mine *m, struct net **ret_net, struct error *err)
{
    str text;
    const char *path = str_cstr(&m->arena, m->model);
    if (m->model.len == 0)
        return error_set(err, ERROR_INVALID, "--model", "is missing: a file of PNML, PTML or BPMN");
    if (!cli_read_file(&m->arena, path, &text, err))
        return false;
    if (net_of_text(m, text, ret_net, err))
        return true;
    struct error inner = *err;
    return error_set(err, inner.kind, path, "%s: %s", inner.place, inner.text);
}

void mine_print_trace(struct mine *m, uint32_t trace, bool fits, double fitness)
{
    struct arena_mark mark = arena_mark(&m->arena);
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "case", event_log_case(m->log, trace));
    json_key(&json, STR("fits"));
    json_bool(&json, fits);
    mine_number(&json, "fitness", fitness);
    json_end_object(&json);
    printf("%s\n", strbuf_cstr(&out));
    arena_rewind(&m->arena, mark);
}

static int conform_by_replay(struct mine *m, const struct variants *variants, const struct net *net)
{
    struct replay replay = replay_log(&m->arena, m->log, variants, net);
    for (uint32_t t = 0; m->is_per_trace && t < m->log->trace_count; t++) {
        const struct replay_trace *trace = &replay.traces[variants->of_trace[t]];
        mine_print_trace(m, t, trace->fits, trace->fitness);
    }
    if (m->is_per_trace)
        return EXIT_OK;
    if (!m->is_json) {
        printf("fitness   %.6f\nfitting   %llu of %llu traces\n", replay.fitness,
               (unsigned long long)replay.fitting_traces, (unsigned long long)replay.trace_count);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "method", STR("replay"));
    mine_number(&json, "fitness", replay.fitness);
    mine_number(&json, "average_fitness", replay.average_fitness);
    mine_count(&json, "fitting_traces", replay.fitting_traces);
    mine_count(&json, "traces", replay.trace_count);
    mine_count(&json, "unknown_events", replay.unknown_events);
    json_end_object(&json);
    return mine_print_json(&out);
}

static void write_deviations(struct json_writer *json, const struct alignments *alignments)
{
    json_key(json, STR("deviations"));
    json_begin_array(json);
    for (size_t i = 0; i < alignments->deviation_count; i++) {
        const struct align_deviation *d = &alignments->deviations[i];
        json_begin_object(json);
        mine_text(json, "kind", d->is_in_log ? STR("log") : STR("model"));
        mine_text(json, "activity", d->activity);
        mine_count(json, "count", d->count);
        mine_count(json, "traces", d->traces);
        json_end_object(json);
    }
    json_end_array(json);
}

static void print_alignments(const struct alignments *a)
{
    printf("fitness   %.6f\nfitting   %llu of %llu traces\n", a->fitness,
           (unsigned long long)a->fitting_traces, (unsigned long long)a->trace_count);
    if (a->bounded_traces > 0)
        printf("bounded   %llu traces: a limit was reached, they fit at most so well\n",
               (unsigned long long)a->bounded_traces);
    for (size_t i = 0; i < a->deviation_count; i++)
        printf("%9llu  %s  %.*s\n", (unsigned long long)a->deviations[i].count,
               a->deviations[i].is_in_log ? "beyond the model " : "left out of the log",
               STR_ARG(a->deviations[i].activity));
}

static int conform_by_alignment(struct mine *m, const struct variants *variants,
                                const struct net *net)
{
    struct alignments alignments;
    struct error err;
    if (!align_log(&m->arena, m->log, variants, net, &ALIGN_LIMITS_DEFAULT, &alignments, &err))
        return cli_complain(&err), EXIT_FAILED;
    for (uint32_t t = 0; m->is_per_trace && t < m->log->trace_count; t++) {
        const struct align_trace *trace = &alignments.traces[variants->of_trace[t]];
        mine_print_trace(m, t, trace->fitness == 1 && !trace->is_bounded, trace->fitness);
    }
    if (m->is_per_trace)
        return EXIT_OK;
    if (!m->is_json) {
        print_alignments(&alignments);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "method", STR("align"));
    mine_number(&json, "fitness", alignments.fitness);
    mine_number(&json, "average_fitness", alignments.average_fitness);
    mine_count(&json, "fitting_traces", alignments.fitting_traces);
    mine_count(&json, "traces", alignments.trace_count);
    mine_count(&json, "bounded_traces", alignments.bounded_traces);
    write_deviations(&json, &alignments);
    json_end_object(&json);
    return mine_print_json(&out);
}

int mine_conform(struct mine *m)
{
    struct net *net;
    struct error err;
    if (str_equal(m->method, STR("declare")))
        return mine_conform_declare(m);
    if (!read_model(m, &net, &err))
        return cli_complain(&err);
    struct variants *variants = variants_new(&m->arena, m->log);
    return str_equal(m->method, STR("align")) ? conform_by_alignment(m, variants, net)
                                              : conform_by_replay(m, variants, net);
}

int mine_precision(struct mine *m)
{
    struct net *net;
    struct error err;
    if (!read_model(m, &net, &err))
        return cli_complain(&err);
    struct variants *variants = variants_new(&m->arena, m->log);
    struct precision precision = precision_of(m->log, variants, net);
    struct replay replay = replay_log(&m->arena, m->log, variants, net);
    double generalization = generalization_of(net, &replay), simplicity = simplicity_of(net);
    if (!m->is_json) {
        printf("precision       %.6f\ngeneralization  %.6f\nsimplicity      %.6f\n",
               precision.value, generalization, simplicity);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_number(&json, "precision", precision.value);
    mine_number(&json, "generalization", generalization);
    mine_number(&json, "simplicity", simplicity);
    json_end_object(&json);
    return mine_print_json(&out);
}
