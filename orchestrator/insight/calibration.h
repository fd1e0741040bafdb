// SPDX-License-Identifier: Apache-2.0
//
// What makes the figures of a prediction honest, learned from predictions whose truth is known by
// now: probabilities that are as high as things are frequent, intervals that hold what they
// promise.
#ifndef BATON_INSIGHT_CALIBRATION_H
#define BATON_INSIGHT_CALIBRATION_H

#include "base/arena.h"
#include "base/str.h"

// A probability that was told, and what came.
struct told {
    double probability;
    bool is_true;
};

// A curve that rises: what was told -> how often it came true (isotonic regression, pool adjacent
// violators). Between two points by distance. No point: what was told stands.
struct isotonic {
    size_t count;
    struct isotonic_point {
        double told, came;
    } * points; // both rising
};

enum { ISOTONIC_POINTS = 200 };

// Sorts `items`. At most ISOTONIC_POINTS points, in the arena.
struct isotonic isotonic_of(struct arena *arena, struct told *items, size_t count);
double isotonic_at(const struct isotonic *curve, double probability);

struct survived {
    double score;
    bool is_at_least; // it is this or more: the rest is not known yet
};

// Split conformal (Vovk et al., 2005): the bound that a further score does not exceed with this
// share, when it is exchangeable with these. Scores that are known to be at least so large count as
// Kaplan and Meier (1958) have it. Sorts them. The largest score when they are too few to say.
double conformal_bound(struct survived *scores, size_t count, double share);

// The share of pairs, one that came true and one that did not, in which the former was told to be
// likelier (ties count half). Sorts `items`. NaN when all came, or none.
double auc_of(struct told *items, size_t count);

#endif
