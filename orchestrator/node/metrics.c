// SPDX-License-Identifier: Apache-2.0
#include "node/metrics.h"

static const struct {
    const char *type;
    const char *key;
    const char *help;
} rows[] = {
#define COUNTER "counter"
#define GAUGE "gauge"
#define METRIC(name, type, key, help) {type, key, help},
#include "node/metrics.def"
#undef METRIC
};

_Static_assert(COUNT_OF(rows) == METRIC_COUNT, "one row a metric");

void metrics_print(const struct metrics *metrics, struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        strbuf_format(out, "# HELP baton_%s %s\n# TYPE baton_%s %s\nbaton_%s ", rows[i].key,
                      rows[i].help, rows[i].key, rows[i].type, rows[i].key);
        strbuf_add_u64(out, metrics->values[i]);
        strbuf_add_char(out, '\n');
    }
}
