// SPDX-License-Identifier: Apache-2.0
//
// A quantile sketch: of any number of whole values it keeps some hundreds, each of which stands for
// 2^level of them (Karnin, Lang, Liberty, 2016). Sketches of parts merge into one of the whole.
// Up to SKETCH_EXACT values nothing is lost; beyond that the rank of a quantile is off by less than
// 1 %. Deterministic: the same values in the same order give the same bytes.
#ifndef BATON_INSIGHT_SKETCH_H
#define BATON_INSIGHT_SKETCH_H

#include "base/array.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { SKETCH_EXACT = 400, SKETCH_LEVELS = 40 };

struct sketch_level {
    ARRAY(int64_t) values;
    bool is_rough;     // they are in no order
    bool takes_second; // of each pair, when it is halved next
};

struct sketch {
    uint64_t count;
    int64_t min, max; // of all values, exactly; meaningless when count is 0
    ARRAY(struct sketch_level) levels;
};

// Empty is {0}. Memory comes from the arena.
void sketch_add(struct sketch *sketch, struct arena *arena, int64_t value);
void sketch_merge(struct sketch *sketch, struct arena *arena, const struct sketch *other);

// The quantiles of these shares (0 to 1, rising), between the two nearest values by distance. False
// when the sketch is empty.
bool sketch_quantiles(const struct sketch *sketch, struct arena *arena, const double *shares,
                      size_t count, double *ret_values);

// The share of values that are not above this one; 1 when the sketch is empty.
double sketch_share(const struct sketch *sketch, int64_t value);

// As bytes, of the same meaning on every machine. Reading merges into what is there; false when the
// bytes are no sketch. *rest goes on behind it.
void sketch_write(struct strbuf *out, const struct sketch *sketch, struct arena *scratch);
MUST_CHECK bool sketch_read(struct sketch *sketch, struct arena *arena, str *rest);

#endif
