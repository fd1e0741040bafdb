// SPDX-License-Identifier: Apache-2.0
//
// Trains a predictor, and finds out which model of the ladder is best for each target by going
// through the past as it came: cases in the order in which they began, in blocks; a block is
// predicted by what had ended before its first case began, prefix by prefix, and nothing else.
//
//     |— 30 % learned first —|— ten blocks: the champion is chosen —|— newest 20 %: five blocks,
//     held out —|
//
// A model is champion when it is ahead of the prior by more than chance (three standard errors over
// cases) and has the least loss of those: mean absolute error of the remaining time, log loss of
// the next activity, Brier score of the outcome. One that is behind the prior on what was held out
// is none: the prior is. The interval and the probability are calibrated on predictions whose truth
// was known by then, so that what is measured on the held-out cases holds for the next ones.
#ifndef BATON_INSIGHT_BACKTEST_H
#define BATON_INSIGHT_BACKTEST_H

#include "insight/past.h"
#include "insight/predictor.h"

enum { PREDICT_CANDIDATES_MOST = 32 };

struct training_options {
    struct outcome_wanted outcome;
    void (*tell)(void *context, const char *what, size_t done, size_t of); // NULL: nobody asks
    void *context;
};

// What a model of the ladder was worth in the ten blocks.
struct rung_score {
    double loss[PREDICT_TARGETS]; // as in target_score; NaN: not measured
    size_t states;
    bool is_too_large; // it has more than PREDICT_STATES states: not chosen
};

struct training {
    struct predictor *predictor;
    uint64_t cases, running, without_times, without_outcome;
    size_t held_out, tested; // cases that were predicted, newest 20 % and before
    struct rung_score rungs[PREDICT_CANDIDATES_MOST];
};

// All cases of the log that have ended are learned from. False, with "not enough cases yet", when
// they are too few, or too many of them ran at the same time. In the arena.
MUST_CHECK bool backtest_train(struct arena *arena, const struct event_log *log,
                               const struct training_options *options,
                               struct training *ret_training, struct error *err);

// The labels of the log's activities are known, then this.
void predictor_learn_case(struct predictor *predictor, struct prefix *prefix,
                          const struct past_case *item);

#endif
