// SPDX-License-Identifier: Apache-2.0
//
// How long things took, in Prometheus' buckets.
#ifndef BATON_BASE_HISTOGRAM_H
#define BATON_BASE_HISTOGRAM_H

#include "base/strbuf.h"

enum { HISTOGRAM_BUCKETS = 12 };

struct histogram { // zero: nothing was counted
    uint64_t buckets[HISTOGRAM_BUCKETS];
    uint64_t count;
    int64_t sum_ns;
};

void histogram_add(struct histogram *histogram, int64_t duration_ns);

// Prometheus' text format, in seconds: a name that ends with "_seconds".
void histogram_print(const struct histogram *histogram, const char *name, const char *help,
                     struct strbuf *out);

#endif
