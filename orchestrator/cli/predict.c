// SPDX-License-Identifier: Apache-2.0
//
// `baton predict train|models`: makes prediction models, and says what they are worth.
#include "cli/predict.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/mine.h"
#include "cli/options.h"

static const char *const loss_names[PREDICT_TARGETS] = {"log_loss", "mae_s", "brier"};
static const char *const also_names[PREDICT_TARGETS] = {"accuracy", "coverage", "auc"};

static bool is_predicted(const struct predictor *p, size_t target)
{
    return target != PREDICT_OUTCOME || p->outcome.len > 0;
}

// -- What a model is ----------------------------------------------------------------------

bool predict_open(struct arena *arena, const char *path, struct predictor **ret_predictor,
                  str *ret_version, struct error *err)
{
    str bytes;
    if (!cli_read_file(arena, path, &bytes, err))
        return false;
    *ret_version = predictor_version(arena, bytes);
    if (predictor_read(arena, bytes, ret_predictor, err)) {
        predictor_settle(*ret_predictor);
        return true;
    }
    struct error inner = *err;
    return error_set(err, inner.kind, path, "%s", inner.text);
}

static void write_score(struct json_writer *json, const struct predictor *p, size_t target)
{
    const struct target_score *score = &p->scores[target];
    mine_text(json, "model", str_of(predict_candidate_name(p->rungs[target].candidate)));
    if (target == PREDICT_OUTCOME)
        mine_text(json, "of", p->outcome);
    mine_count(json, "cases", score->cases);
    mine_count(json, "prefixes", score->prefixes);
    mine_number(json, loss_names[target], score->loss);
    mine_number(json, also_names[target], score->also);
    json_key(json, STR("baseline"));
    json_begin_object(json);
    mine_number(json, loss_names[target], score->prior_loss);
    if (target != PREDICT_REMAINING)
        mine_number(json, also_names[target], score->prior_also);
    json_end_object(json);
    if (target == PREDICT_REMAINING)
        mine_number(json, "interval_width_s", score->width);
    json_key(json, STR("fallen_back"));
    json_bool(json, score->is_fallen_back);
}

void predict_write_model(struct json_writer *json, struct arena *arena, const struct predictor *p)
{
    mine_count(json, "format", PREDICT_FORMAT);
    mine_count(json, "cases", p->cases);
    mine_text(json, "until", instant_text(arena, p->until));
    mine_count(json, "activities", p->labels.count - 1);
    for (size_t t = 0; t < PREDICT_TARGETS; t++) {
        json_key(json, str_of(predict_target_name((enum predict_target)t)));
        if (!is_predicted(p, t)) {
            json_null(json);
            continue;
        }
        json_begin_object(json);
        write_score(json, p, t);
        json_end_object(json);
    }
    json_key(json, STR("tables"));
    json_begin_array(json);
    for (size_t i = 0; i < p->table_count; i++) {
        json_begin_object(json);
        mine_text(json, "states_by", abstraction_text(arena, p->tables[i].abstraction));
        mine_count(json, "states", p->tables[i].states.count);
        mine_count(json, "lessons_not_kept", p->tables[i].unkept);
        json_end_object(json);
    }
    json_end_array(json);
}

static void print_target(struct arena *arena, const struct predictor *p, size_t target)
{
    const struct target_score *score = &p->scores[target];
    printf("%-10s %-24s ", predict_target_name((enum predict_target)target),
           predict_candidate_name(p->rungs[target].candidate));
    if (target == PREDICT_NEXT)
        printf("right %.1f %% (baseline %.1f %%), log loss %.3f (%.3f)", 100 * score->also,
               100 * score->prior_also, score->loss, score->prior_loss);
    else if (target == PREDICT_REMAINING && p->calibrated > 0)
        printf("off by %.*s on average (baseline %.*s), 90 %% interval holds %.1f %%",
               STR_ARG(instant_span_text(arena, score->loss)),
               STR_ARG(instant_span_text(arena, score->prior_loss)), 100 * score->also);
    else if (target == PREDICT_REMAINING)
        printf("off by %.*s on average (baseline %.*s), no interval: not enough cases yet",
               STR_ARG(instant_span_text(arena, score->loss)),
               STR_ARG(instant_span_text(arena, score->prior_loss)));
    else
        printf("of %.*s: AUC %.3f, Brier %.4f (baseline %.4f)", STR_ARG(p->outcome), score->also,
               score->loss, score->prior_loss);
    printf("%s\n", score->is_fallen_back ? "; its model was behind the baseline" : "");
}

void predict_print_model(struct arena *arena, const struct predictor *p)
{
    printf("learned from %llu cases until %.*s; measured on the newest %llu of them:\n",
           (unsigned long long)p->cases, STR_ARG(instant_text(arena, p->until)),
           (unsigned long long)p->scores[PREDICT_NEXT].cases);
    for (size_t t = 0; t < PREDICT_TARGETS; t++)
        if (is_predicted(p, t))
            print_target(arena, p, t);
}

// -- train --------------------------------------------------------------------------------

static void tell(void *context, const char *what, size_t done, size_t of)
{
    (void)context;
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[Kbaton: %s: %zu of %zu cases …", what, done, of);
}

static bool write_model(struct mine *m, str bytes, struct error *err)
{
    struct mine_out out;
    struct error closing;
    if (!mine_out_open(m, &out, err))
        return false;
    strbuf_add(&out.buffer, bytes);
    bool is_written = mine_out_write(&out, &out.buffer, err);
    return mine_out_close(&out, is_written ? err : &closing) && is_written;
}

static void write_ladder(struct json_writer *json, const struct training *training)
{
    json_key(json, STR("ladder"));
    json_begin_array(json);
    for (size_t i = 0; i < predict_candidate_count(); i++) {
        const struct rung_score *rung = &training->rungs[i];
        json_begin_object(json);
        mine_text(json, "model", str_of(predict_candidate_name(i)));
        mine_count(json, "states", rung->states);
        json_key(json, STR("too_large"));
        json_bool(json, rung->is_too_large);
        for (size_t t = 0; t < PREDICT_TARGETS; t++)
            mine_number(json, loss_names[t], rung->loss[t]);
        json_end_object(json);
    }
    json_end_array(json);
}

static int print_training(struct mine *m, const struct training *training, str version)
{
    const struct {
        uint64_t count;
        const char *what;
    } notes[] = {
        {training->running, "cases have not ended: nothing was learned from them"},
        {training->without_times, "cases were left out: not all of their times are known"},
        {training->without_outcome, "cases do not have the outcome's attribute"},
    };
    for (size_t i = 0; i < COUNT_OF(notes); i++)
        if (notes[i].count > 0)
            fprintf(stderr, "baton: note: %llu %s\n", (unsigned long long)notes[i].count,
                    notes[i].what);
    for (size_t i = 0; i < predict_candidate_count(); i++)
        if (training->rungs[i].is_too_large)
            fprintf(stderr, "baton: note: '%s' has more states than PREDICT_STATES: not taken\n",
                    predict_candidate_name(i));
    if (!m->is_json) {
        printf("model %.*s in %.*s, ", STR_ARG(version), STR_ARG(m->out));
        predict_print_model(&m->arena, training->predictor);
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "file", m->out);
    mine_text(&json, "version", version);
    predict_write_model(&json, &m->arena, training->predictor);
    mine_count(&json, "back_tested_cases", training->tested);
    mine_count(&json, "held_out_cases", training->held_out);
    write_ladder(&json, training);
    json_end_object(&json);
    return mine_print_json(&out);
}

// "approved" is an attribute that is true, "state=paid" one that has a value.
static struct outcome_wanted wanted_of(str outcome, str end_activity)
{
    size_t at = str_find_char(outcome, '=');
    struct outcome_wanted wanted = {.attribute = outcome, .end_activity = end_activity};
    if (at != SIZE_MAX) {
        wanted.attribute = str_sub(outcome, 0, at);
        wanted.value = str_from_index(outcome, at + 1);
    }
    return wanted;
}

static int train(struct mine *m, str outcome, str end_activity)
{
    struct error err;
    struct training training;
    struct training_options options = {wanted_of(outcome, end_activity), tell, NULL};
    struct strbuf bytes = strbuf_new(&m->arena);
    if (m->out.len == 0 || (outcome.len > 0 && end_activity.len > 0)) {
        error_set(&err, ERROR_INVALID, m->out.len == 0 ? "--out" : "--outcome-end",
                  m->out.len == 0 ? "names the file that the model is written to"
                                  : "a model has one outcome: this, or that of --outcome");
        return cli_complain(&err);
    }
    m->with_variables = outcome.len > 0 || m->filter.len > 0;
    int code = mine_open(m);
    if (code != EXIT_OK)
        return code;
    bool is_trained = backtest_train(&m->arena, m->log, &options, &training, &err);
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\r\033[K");
    if (!is_trained || !predictor_write(training.predictor, &bytes, &err) ||
        !write_model(m, strbuf_str(&bytes), &err)) {
        cli_complain(&err);
        return EXIT_FAILED;
    }
    return print_training(m, &training, predictor_version(&m->arena, strbuf_str(&bytes)));
}

int command_predict_train(int argc, char **argv)
{
    struct mine m = {0};
    str outcome = STR_EMPTY, end_activity = STR_EMPTY;
    const struct cli_option options[] = {
        {"out", "MODEL", "the file that the model is written to", .text = &m.out},
        {"outcome", "ATTRIBUTE[=VALUE]",
         "predict whether this attribute of the case (or of its newest event that has it) is true, "
         "or has the value",
         .text = &outcome},
        {"outcome-end", "ACTIVITY", "predict whether the case ends with this activity",
         .text = &end_activity},
        MINE_SOURCE_OPTIONS(m),
    };
    const struct cli_usage usage = {
        .synopsis = "baton predict train LOG|PROCESS --out MODEL [options]",
        .summary = "Learns from an event log (a file, or a process's own history; see `baton mine "
                   "--help`) how cases go on:\nthe next activity, the remaining time and an "
                   "outcome. Which model is best, a back-test over the\npast says; what it is "
                   "worth is measured on the newest fifth. It needs 100 cases that have ended.",
        .example = "baton predict train claims.xes.gz --outcome fraud --out claims.model",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 1,
        .arguments_max = 1,
    };
    struct cli_arguments words;
    int code;
    if (cli_parse(&usage, argc, argv, &words, &code)) {
        m.source = str_of(words.items[0]);
        code = train(&m, outcome, end_activity);
    }
    arena_done(&m.arena);
    return code;
}

// -- models -------------------------------------------------------------------------------

static bool show_model(struct arena *arena, const char *path, struct json_writer *json,
                       struct error *err)
{
    struct predictor *p;
    str version;
    if (!predict_open(arena, path, &p, &version, err))
        return false;
    if (json == NULL) {
        printf("%s, version %.*s: ", path, STR_ARG(version));
        predict_print_model(arena, p);
        return true;
    }
    json_begin_object(json);
    mine_text(json, "file", str_of(path));
    mine_text(json, "version", version);
    predict_write_model(json, arena, p);
    json_end_object(json);
    return true;
}

int command_predict_models(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    str output = STR_EMPTY;
    const struct cli_option options[] = {
        {"output", "table|json", "for people or for programs", .text = &output},
    };
    const struct cli_usage usage = {
        .synopsis = "baton predict models MODEL… [options]",
        .summary = "Shows of each model file what it was learned from, which model of the ladder "
                   "predicts what,\nand what that was worth on cases that it had not seen, beside "
                   "the baseline.",
        .example = "baton predict models claims.model --output json",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 1,
        .arguments_max = SIZE_MAX,
    };
    struct cli_arguments words;
    struct error err;
    int code;
    if (!cli_parse(&usage, argc, argv, &words, &code))
        return code;
    bool is_json = str_equal(output, STR("json"));
    struct strbuf out = strbuf_new(&arena);
    struct json_writer json = json_writer_new(&out);
    code = EXIT_OK;
    json_begin_array(&json);
    for (size_t i = 0; i < words.count && code == EXIT_OK; i++)
        if (!show_model(&arena, words.items[i], is_json ? &json : NULL, &err))
            code = cli_complain(&err);
    json_end_array(&json);
    if (is_json && code == EXIT_OK)
        code = mine_print_json(&out);
    arena_done(&arena);
    return code;
}
