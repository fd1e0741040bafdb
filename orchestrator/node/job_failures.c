// SPDX-License-Identifier: Apache-2.0
#include "node/job_failures.h"

#include "record/rows.h"

#include <string.h>

static const char *const classes[] = {
#define FAILURE(name, number, retries, rest, incident, meaning) #name,
#include "record/failure_classes.def"
#undef FAILURE
    "UNANSWERED", // as often as may be no worker answered
};

struct type_failures {
    str type;
    uint64_t counts[COUNT_OF(classes)];
};

void job_failures_done(struct job_failures *failures)
{
    arena_done(&failures->arena);
    *failures = (struct job_failures){0};
}

static struct type_failures *find(struct job_failures *failures, str type)
{
    if (failures->type_count == 0)
        failures->types = map_new(&failures->arena);
    struct type_failures *found = map_get(&failures->types, type);
    if (found == NULL && failures->type_count >= JOB_FAILURE_TYPES) {
        type = STR("(other)");
        found = map_get(&failures->types, type);
    }
    if (found != NULL)
        return found;
    found = ARENA_NEW(&failures->arena, struct type_failures);
    found->type = str_copy(&failures->arena, type);
    map_put(&failures->types, found->type, found);
    failures->type_count++;
    return found;
}

void job_failures_count(struct job_failures *failures, str type, str class)
{
    size_t at = 0;
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (str_equal(class, str_of(classes[i])))
            at = i;
    find(failures, type)->counts[at]++;
}

static str type_of(const struct changes *changes, uint64_t job)
{
    for (size_t i = 0; i < changes->jobs.count; i++)
        if (changes->jobs.items[i].key == job)
            return changes->jobs.items[i].type;
    return STR("(other)");
}

void job_failures_note(struct job_failures *failures, const struct changes *changes)
{
    for (size_t i = 0; i < changes->history.count; i++) {
        const struct history_row *row = &changes->history.items[i];
        for (size_t e = 0; row->stream_kind == STREAM_INSTANCE && e < row->count; e++)
            if (row->events[e].type == EVENT_JOB_FAILED)
                job_failures_count(failures, type_of(changes, row->events[e].key),
                                   row->events[e].code);
    }
}

static void print_escaped(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\' || c == '"')
            strbuf_add_char(out, '\\');
        strbuf_add(out, c == '\n' ? STR("\\n") : str_sub(text, i, 1));
    }
}

static void print_type(const struct type_failures *of, struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(classes); i++) {
        if (of->counts[i] == 0)
            continue;
        strbuf_add(out, STR("baton_jobs_failed_total{type=\""));
        print_escaped(out, of->type);
        strbuf_format(out, "\",class=\"%s\"} ", classes[i]);
        strbuf_add_u64(out, of->counts[i]);
        strbuf_add_char(out, '\n');
    }
}

void job_failures_print(const struct job_failures *failures, struct strbuf *out)
{
    size_t cursor = 0;
    str name;
    void *of;
    strbuf_add(out, STR("# HELP baton_jobs_failed_total Failures of jobs, by job type and class of "
                        "the failure\n"
                        "# TYPE baton_jobs_failed_total counter\n"));
    while (failures->type_count > 0 && map_next(&failures->types, &cursor, &name, &of))
        print_type(of, out);
}
