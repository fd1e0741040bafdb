// SPDX-License-Identifier: Apache-2.0
#include "base/histogram.h"

static const double bounds_s[HISTOGRAM_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                                   0.1,   0.25,   0.5,   1,    2.5,   10};
static const double ns_per_s = 1e9;

void histogram_add(struct histogram *histogram, int64_t duration_ns)
{
    histogram->count++;
    histogram->sum_ns += duration_ns;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        histogram->buckets[i] += (double)duration_ns <= bounds_s[i] * ns_per_s;
}

void histogram_print(const struct histogram *histogram, const char *name, const char *help,
                     struct strbuf *out)
{
    strbuf_format(out, "# HELP %s %s\n# TYPE %s histogram\n", name, help, name);
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        strbuf_format(out, "%s_bucket{le=\"%g\"} %llu\n", name, bounds_s[i],
                      (unsigned long long)histogram->buckets[i]);
    strbuf_format(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %.6f\n%s_count %llu\n", name,
                  (unsigned long long)histogram->count, name, (double)histogram->sum_ns / ns_per_s,
                  name, (unsigned long long)histogram->count);
}
