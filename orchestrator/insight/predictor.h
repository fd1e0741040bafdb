// SPDX-License-Identifier: Apache-2.0
//
// Predicts how a running case goes on: its next activity, how long it still takes and how it ends,
// from what cases in the same state did (annotated transition system; van der Aalst, Schonenberg,
// Song, 2011), or in states that are less and less specific (Markov with back-off). A state is what
// an abstraction leaves of a prefix (prefix.h) and has counts of next activities, a sketch of
// remaining times and counts of the outcome; so models learn event by event, and merge.
//
// Which abstraction is used for which target, and how figures are calibrated, backtest.h finds out.
// Pure: the same lessons in the same order give the same bytes.
#ifndef BATON_INSIGHT_PREDICTOR_H
#define BATON_INSIGHT_PREDICTOR_H

#include "base/array.h"
#include "base/error.h"
#include "insight/calibration.h"
#include "insight/prefix.h"
#include "insight/sketch.h"

enum {
    PREDICT_LEVELS = 8, // of one candidate, with the prior
    PREDICT_TABLES = 24,
    PREDICT_SUPPORT = 10, // times that a state was seen before its remaining times count
    PREDICT_CASES = 100,  // that must have ended before anything is said
};

// The first row of predict_candidates.def.
enum { PREDICT_PRIOR = 0 };

enum predict_target {
    PREDICT_NEXT,      // the next activity, or the end
    PREDICT_REMAINING, // how long until the case has ended
    PREDICT_OUTCOME,   // whether what was asked for will be true
    PREDICT_TARGETS
};

const char *predict_target_name(enum predict_target target);
size_t predict_candidate_count(void);
const char *predict_candidate_name(size_t candidate);

// Label 0 is the end of the case.
enum { LABEL_END = 0 };

struct next_count {
    uint32_t label;
    uint64_t count;
};

struct predict_state {
    uint64_t key;
    uint64_t next_total;
    ARRAY(struct next_count) next;
    struct sketch remaining; // microseconds
    uint64_t outcomes[2];    // false, true: of cases that went on
    uint64_t over[2];        // the same of cases that ended here
    uint64_t settled;        // remaining.count for which the next line was made
    double low, median, high;
};

struct predict_table {
    struct abstraction abstraction;
    struct idmap by_key;
    ARRAY(struct predict_state *) states;
    uint64_t unkept; // lessons of states beyond PREDICT_STATES
};

// Tables from the most specific to the prior, which is always table 0.
struct rung {
    uint8_t candidate, count;
    uint8_t tables[PREDICT_LEVELS];
};

// What a back-test said of a target on the newest cases, which nothing was learned from.
struct target_score {
    uint64_t prefixes, cases;
    double loss, prior_loss; // NEXT: log loss; REMAINING: mean absolute error (s); OUTCOME: Brier
    double also, prior_also; // NEXT: accuracy; REMAINING: coverage of the interval; OUTCOME: AUC
    double width;            // REMAINING: of the interval, mean (s)
    bool is_fallen_back;     // the champion of older cases was behind the prior: the prior it is
};

struct predictor {
    struct arena *arena;
    ARRAY(str) labels; // by label; that of LABEL_END is empty
    struct idmap by_hash;
    struct predict_table tables[PREDICT_TABLES];
    size_t table_count;
    struct rung rungs[PREDICT_TARGETS];
    str outcome; // what is predicted, for people; empty: nothing

    uint64_t cases; // that were learned from
    int64_t until;  // when the newest of them ended

    uint64_t calibrated; // predictions that the following was learned from; 0: no interval
    double shift_low, shift_high;
    struct isotonic isotonic;
    struct target_score scores[PREDICT_TARGETS];
};

// Knows nothing, and has the prior for each target. Memory comes from the arena.
struct predictor *predictor_new(struct arena *arena);

// The tables that the candidate needs are added; to be called before the first lesson.
struct rung predictor_rung(struct predictor *predictor, size_t candidate);

// The label of an activity, which is new or not. False when there are too many.
MUST_CHECK bool predictor_label(struct predictor *predictor, str activity, uint32_t *ret_label,
                                struct error *err);

// What is learned of a prefix: all of it at once or, as events come, the next activity first and
// the rest when the case has ended. The next activity is a hash that has a label.
struct lesson {
    bool has_next, has_remaining, has_outcome;
    bool outcome, is_over; // is_over: the case ended here; the others are of cases that went on
    uint64_t next;         // 0: the case ended
    int64_t remaining_us;
};

void predictor_learn(struct predictor *predictor, const struct prefix *prefix,
                     const struct lesson *lesson);

// Brings the figures of states up to date. Predictions are those of the last time.
void predictor_settle(struct predictor *predictor);

// The same for the states of one prefix alone.
void predictor_settle_at(struct predictor *predictor, const struct prefix *prefix);

// Adds what the other learned. False when they are of different tables or outcomes, or labels are
// too many. Calibration and scores stay: they are the champion's.
MUST_CHECK bool predictor_merge(struct predictor *predictor, const struct predictor *other,
                                struct error *err);

struct prediction {
    double remaining_us, low_us, high_us; // NaN: not known
    double outcome;                       // calibrated; NaN: not known
    uint64_t seen;                        // so many cases are behind the first three
};

// ret_next gets a probability for each label (labels.count), or is NULL.
struct prediction predictor_predict(const struct predictor *predictor, const struct prefix *prefix,
                                    double *ret_next);

// The same of a case that has waited for so long since its last step: of the times that remained
// then, only those that are longer count, less what has passed. Unknown when it has waited for
// longer than any before it.
struct prediction predictor_predict_waiting(const struct predictor *predictor,
                                            const struct prefix *prefix, int64_t waited_us,
                                            double *ret_next);

// -- For back-tests: parts of a prediction, not calibrated --------------------------------

struct found_states {
    const struct predict_state *of[PREDICT_TABLES]; // NULL: was never seen
};

struct found_states predictor_find(const struct predictor *predictor, const struct prefix *prefix);
void rung_next(const struct predictor *predictor, const struct rung *rung,
               const struct found_states *found, double *ret_next);
// One in which every case ended has 0 for all figures. NULL when nothing was learned yet.
const struct predict_state *rung_remaining(const struct rung *rung,
                                           const struct found_states *found);
double rung_outcome(const struct rung *rung, const struct found_states *found);

// Remaining times are compared by their ratio: this is the scale on which the interval is widened.
double remaining_scale(double us);

// -- As bytes -----------------------------------------------------------------------------

enum { PREDICT_FORMAT = 1 };

// What tells a model's bytes from every other's: the beginning of their digest. In the arena.
str predictor_version(struct arena *arena, str bytes);

// A file: what it is, its format, the model, and a digest over all of it. Of the same meaning on
// every machine. False when it would be larger than PREDICT_BYTES.
MUST_CHECK bool predictor_write(const struct predictor *predictor, struct strbuf *out,
                                struct error *err);

// What is no model, is of another format, cut or damaged is refused, and it is said which. Nothing
// is settled yet.
MUST_CHECK bool predictor_read(struct arena *arena, str bytes, struct predictor **ret_predictor,
                               struct error *err);

#endif
