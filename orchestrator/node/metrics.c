// SPDX-License-Identifier: Apache-2.0
#include "node/metrics.h"

enum scale { ONES, THOUSANDTHS, MILLIONTHS };

static const struct {
    const char *type;
    enum scale scale;
    const char *key;
    const char *help;
} rows[] = {
#define COUNTER "counter", ONES
#define GAUGE "gauge", ONES
#define MILLIS "gauge", THOUSANDTHS
#define MICROS "counter", MILLIONTHS
#define METRIC(name, type, key, help) {type, key, help},
#include "node/metrics.def"
#undef METRIC
};

_Static_assert(COUNT_OF(rows) == METRIC_COUNT, "one row a metric");

// What is counted in parts is told in seconds.
static void print_value(struct strbuf *out, enum scale scale, uint64_t value)
{
    if (scale == ONES)
        strbuf_add_u64(out, value);
    else
        strbuf_format(out, "%.6f", (double)value / (scale == MILLIONTHS ? 1e6 : 1e3));
}

void metrics_print(const struct metrics *metrics, struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        strbuf_format(out, "# HELP baton_%s %s\n# TYPE baton_%s %s\nbaton_%s ", rows[i].key,
                      rows[i].help, rows[i].key, rows[i].type, rows[i].key);
        print_value(out, rows[i].scale, metrics->values[i]);
        strbuf_add_char(out, '\n');
    }
    histogram_print(&metrics->commits, "baton_commit_seconds",
                    "Time from sending a transaction to its commit", out);
}
