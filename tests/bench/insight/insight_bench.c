// SPDX-License-Identifier: Apache-2.0
// Times each step of mining on a log, in one process: insight-bench LOG MODEL.pnml. The model that
// is found (IMf, noise 0.2) is written to the second file. Prints JSON.
#include <stdio.h>

#include "base/clock.h"
#include "insight/align.h"
#include "insight/backtest.h"
#include "insight/inductive.h"
#include "insight/reader.h"
#include "insight/replay.h"

enum { CHUNK = 1 << 18 };

static const struct event_log *read_log(struct arena *arena, const char *path)
{
    static char chunk[CHUNK];
    struct log_mapping mapping = {0};
    struct error err = {0};
    const struct event_log *log;
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    FILE *file = fopen(path, "rb");
    check(file != NULL);
    for (size_t got; (got = fread(chunk, 1, CHUNK, file)) > 0;)
        check(log_reader_feed(reader, str_from(chunk, got), &err));
    check(log_reader_finish(reader, &log, &err));
    fclose(file);
    log_reader_free(reader);
    return log;
}

static int64_t begun;

static void lap(const char *name)
{
    int64_t now = clock_monotonic_ns();
    if (name != NULL)
        printf(", \"%s\": %.6f", name, (double)(now - begun) / 1e9);
    begun = clock_monotonic_ns();
}

// A model is trained, and says something of each prefix of the log; then learns each once more.
static void bench_prediction(struct arena *arena, const struct event_log *log)
{
    struct error err;
    struct past past;
    struct training training;
    struct training_options options = {0};
    struct prefix prefix = prefix_new(arena);
    lap(NULL);
    check(backtest_train(arena, log, &options, &training, &err));
    lap("predict_train");
    check(past_of(arena, log, &options.outcome, &past, &err));
    struct predictor *p = training.predictor;
    double *next = ARENA_ARRAY(arena, double, p->labels.count), sum = 0;
    int64_t from = clock_monotonic_ns();
    for (size_t c = 0; c < past.count; c++) {
        prefix_begin(&prefix);
        for (uint32_t i = 0; i < past.cases[c].count; i++) {
            prefix_add(&prefix, past.cases[c].steps[i].activity);
            sum += predictor_predict(p, &prefix, next).remaining_us;
        }
    }
    double scored = (double)(clock_monotonic_ns() - from) / 1e3 / log->event_count;
    check(sum >= 0);
    from = clock_monotonic_ns();
    for (size_t c = 0; c < past.count; c++)
        predictor_learn_case(p, &prefix, &past.cases[c]);
    double learned = (double)(clock_monotonic_ns() - from) / 1e3 / log->event_count;
    printf(", \"predict_score_us\": %.3f, \"predict_learn_us\": %.3f", scored, learned);
}

int main(int argc, char **argv)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    struct net *net;
    check(argc == 3);
    begun = clock_monotonic_ns();
    const struct event_log *log = read_log(&arena, argv[1]);
    int64_t read = clock_monotonic_ns() - begun;
    printf("{\"traces\": %u, \"events\": %u, \"read\": %.6f", log->trace_count, log->event_count,
           (double)read / 1e9);
    lap(NULL);
    struct follows *follows = follows_new(&arena, log, FOLLOWS_COMPLETED);
    lap("dfg");
    struct variants *variants = variants_new(&arena, log);
    lap("variants");
    check(follows->edge_count > 0);
    (void)inductive_mine(&arena, log, variants, (struct inductive_options){0});
    lap("im");
    struct inductive_result found =
        inductive_mine(&arena, log, variants, (struct inductive_options){.noise = 0.2});
    lap("imf");
    check(net_of_tree(&arena, found.tree, &net, &err));
    str text = net_write_pnml(&arena, net);
    FILE *file = fopen(argv[2], "wb");
    check(file != NULL && fwrite(text.data, 1, text.len, file) == text.len && fclose(file) == 0);
    bench_prediction(&arena, log);
    lap(NULL);
    struct replay replay = replay_log(&arena, log, variants, net);
    lap("replay");
    struct precision precision = precision_of(log, variants, net);
    lap("precision");
    struct alignments alignments;
    check(align_log(&arena, log, variants, net, &ALIGN_LIMITS_DEFAULT, &alignments, &err));
    lap("alignments");
    fprintf(stderr, "fitness %.4f, %llu traces bounded\n", alignments.fitness,
            (unsigned long long)alignments.bounded_traces);
    check(replay.fitness > 0 && precision.value > 0);
    printf(", \"variants_found\": %u, \"places\": %u}\n", variants->count, net->place_count);
    arena_done(&arena);
    return 0;
}
