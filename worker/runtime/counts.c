// SPDX-License-Identifier: Apache-2.0
#include "worker/counts.h"

#include <stddef.h>

static const char *const class_names[FAILURE_CLASSES] = {
#define FAILURE(name, number, retries, rest, incident, meaning) [number] = #name,
#include "record/failure_classes.def"
#undef FAILURE
};

static const struct counter {
    const char *name, *help;
    size_t offset; // in struct type_counts
} counters[] = {
    {"received", "Jobs that came.", offsetof(struct type_counts, received)},
    {"completed", "Jobs that were completed.", offsetof(struct type_counts, completed)},
    {"thrown", "Jobs that ended in a BPMN error.", offsetof(struct type_counts, thrown)},
};

static void print_head(struct strbuf *out, const char *name, const char *help, const char *type)
{
    strbuf_format(out, "# HELP baton_worker_jobs_%s %s\n# TYPE baton_worker_jobs_%s %s\n", name,
                  help, name, type);
}

static void print_label(struct strbuf *out, const char *name, const char *type)
{
    strbuf_format(out, "baton_worker_jobs_%s{type=\"", name);
    for (const char *c = type; *c != '\0'; c++) {
        if (*c == '\\' || *c == '"')
            strbuf_add_char(out, '\\');
        strbuf_add(out, *c == '\n' ? STR("\\n") : str_from(c, 1));
    }
    strbuf_add_char(out, '"');
}

static void print_value(struct strbuf *out, uint64_t value)
{
    strbuf_add(out, STR("} "));
    strbuf_add_u64(out, value);
    strbuf_add_char(out, '\n');
}

static void print_failures(const struct type_counts *counts, struct strbuf *out)
{
    for (size_t i = 0; i < FAILURE_CLASSES; i++) {
        if (counts->failed[i] == 0)
            continue;
        print_label(out, "failed_total", counts->type);
        strbuf_format(out, ",class=\"%s\"", class_names[i]);
        print_value(out, counts->failed[i]);
    }
}

void type_counts_print(const struct type_counts *const *counts, size_t count, struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(counters); i++) {
        struct arena arena = ARENA_EMPTY;
        const char *name = str_cstr(&arena, str_format(&arena, "%s_total", counters[i].name));
        print_head(out, name, counters[i].help, "counter");
        for (size_t k = 0; k < count; k++) {
            print_label(out, name, counts[k]->type);
            print_value(out, *(const uint64_t *)((const char *)counts[k] + counters[i].offset));
        }
        arena_done(&arena);
    }
    print_head(out, "failed_total", "Jobs that failed, by class of the failure.", "counter");
    for (size_t k = 0; k < count; k++)
        print_failures(counts[k], out);
    print_head(out, "in_flight", "Jobs that are worked on.", "gauge");
    for (size_t k = 0; k < count; k++) {
        print_label(out, "in_flight", counts[k]->type);
        print_value(out, counts[k]->in_flight);
    }
}
