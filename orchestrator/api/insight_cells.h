// SPDX-License-Identifier: Apache-2.0
//
// Counters of a process, merged for an answer: by range of days and version, in groups.
#ifndef BATON_API_INSIGHT_CELLS_H
#define BATON_API_INSIGHT_CELLS_H

#include "api/insight.h"
#include "insight/cell.h"

enum insight_by { BY_NOTHING, BY_VERSION, BY_DAY, BY_WEEK, BY_MONTH };

struct insight_group {
    int64_t version;        // 0: all that are wanted
    int64_t from_ms, to_ms; // the first day's begin; the end, or now
    struct cell *cell;
    uint64_t started;
    int64_t now_in_progress; // at its end
    double in_progress;      // mean over its time
};

struct insight_flow {
    int64_t version, day;
    int64_t started, entered, gone, entered_ms, gone_ms;
};

struct insight_cells;
typedef void insight_answer(struct caller *caller, struct insight_cells *cells);

struct insight_cells {
    struct insight_wanted wanted;
    enum insight_by by;
    unsigned sections;
    insight_answer *answer;
    int64_t now_ms;
    int64_t from_ms, to_ms;               // of all
    ARRAY(struct insight_group *) groups; // by time, then by version; one at least unless by days
    ARRAY(struct insight_flow) flows;
    struct insight_place place; // of the cell that was read last
    size_t read, bytes;
};

// Reads what the query wants, merges it, and calls `answer`.
void insight_read(struct request *request, unsigned sections, insight_answer *answer);

// -- Writing ------------------------------------------------------------------------------

void insight_begin(struct json_writer *w, const struct insight_cells *cells);
void insight_end(struct caller *caller, struct json_writer *w);

void insight_count(struct json_writer *w, const char *name, uint64_t value);
void insight_number_of(struct json_writer *w, const char *name, double value); // null: not finite
void insight_share(struct json_writer *w, const char *name, uint64_t part, uint64_t whole);

// {"n", "mean", "p50" … "max", "notes"} in seconds, of a sketch of milliseconds and their sum.
void insight_distribution(struct json_writer *w, const char *name, const struct sketch *sketch,
                          uint64_t sum_ms);

// The same of one quantile: null where there are too few.
double insight_quantile(struct arena *arena, const struct sketch *sketch, double share);

#endif
