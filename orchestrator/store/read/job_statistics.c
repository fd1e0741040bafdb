// SPDX-License-Identifier: Apache-2.0
#include "store/read/job_statistics.h"

#include "record/records.h"
#include "record/rows.h"
#include "store/read/time_text.h"

_Static_assert(JOB_BACKING_OFF == 3 && JOB_FAILED == 4 && JOB_END_COMPLETED == 5 &&
                   JOB_END_ERROR == 7,
               "the numbers in the conditions");

// A job has failed that did so once, whatever became of it.
#define HAS_FAILED "(j.state IN (3, 4, 7) OR coalesce(j.error_message, '') <> '')"
#define COUNTS                                                                                     \
    "count(*) AS created, max(j.created) AS created_at, count(*) FILTER (WHERE j.state = 5) AS "   \
    "completed, max(j.ended) FILTER (WHERE j.state = 5) AS completed_at, count(*) FILTER (WHERE "  \
    "" HAS_FAILED ") AS failed, max(coalesce(j.ended, j.offered, j.created)) FILTER (WHERE "       \
    "" HAS_FAILED ") AS failed_at, count(DISTINCT nullif(j.worker, '')) AS workers"
#define METRIC(name)                                                                               \
    "json_build_object('count', v." name ", 'lastUpdatedAt', " RFC3339("v." name "_at") ")"
#define METRICS                                                                                    \
    {"created", METRIC("created"), FIELD_JSON}, {"completed", METRIC("completed"), FIELD_JSON},    \
    {                                                                                              \
        "failed", METRIC("failed"), FIELD_JSON                                                     \
    }
#define TYPE_FIELD                                                                                 \
    {                                                                                              \
        "jobType", "v.type", FIELD_TEXT, .is_hidden = true                                         \
    }

// Jobs that are alike in these columns, which `by` names by their numbers, are a row. $1 is the
// scope.
struct grouping {
    const char *columns;
    const char *by;
    const char *more; // a condition; "": none
};

static const struct collection *grouped(struct arena *arena, const struct job_window *window,
                                        const struct collection *like, struct grouping grouping)
{
    struct collection *collection = arena_copy(arena, like, sizeof *like);
    struct strbuf sql = strbuf_new(arena);
    strbuf_format(&sql,
                  "(SELECT %s, " COUNTS " FROM jobs_found j WHERE j.created >= to_timestamp(%lld / "
                  "1000.0) AND j.created < to_timestamp(%lld / 1000.0)%s AND " SCOPE_SEES(
                      "j.tenant", "j.process_id") " GROUP BY %s) v",
                  grouping.columns, (long long)window->from_ms, (long long)window->to_ms,
                  grouping.more, grouping.by);
    collection->from = strbuf_cstr(&sql);
    return collection;
}

#define GROUPS(of, text_key)                                                                       \
    .noun = "job statistics", .fields = of, .field_count = COUNT_OF(of), .key = text_key,          \
    .key_is_text = true, .sees = "true" /* by those that it counts */, .is_record = true

static const struct field type_fields[] = {
    {"jobType", "v.type", FIELD_TEXT, .is_present = true},
    METRICS,
    {"workers", "v.workers", FIELD_INTEGER, .is_present = true},
};

const struct collection *job_statistics_by_type(struct arena *arena,
                                                const struct job_window *window)
{
    static const struct collection like = {GROUPS(type_fields, "v.type")};
    return grouped(arena, window, &like, (struct grouping){"j.type AS type", "1", ""});
}

static const struct field worker_fields[] = {
    TYPE_FIELD,
    {"worker", "v.worker", FIELD_TEXT, .is_present = true},
    METRICS,
};

const struct collection *job_statistics_by_worker(struct arena *arena,
                                                  const struct job_window *window)
{
    static const struct collection like = {GROUPS(worker_fields, "v.worker")};
    return grouped(
        arena, window, &like,
        (struct grouping){"j.type AS type, j.worker AS worker", "1, 2", " AND j.worker <> ''"});
}

static const struct field error_fields[] = {
    TYPE_FIELD,
    {"errorCode", "v.code", FIELD_TEXT, .is_present = true},
    {"errorMessage", "v.message", FIELD_TEXT, .is_present = true},
    {"workers", "v.workers", FIELD_INTEGER, .is_present = true},
};

const struct collection *job_statistics_by_error(struct arena *arena,
                                                 const struct job_window *window)
{
    static const struct collection like = {
        GROUPS(error_fields, "json_build_array(v.code, v.message)::text")};
    return grouped(arena, window, &like,
                   (struct grouping){"j.type AS type, coalesce(j.error_code, '') AS code, "
                                     "coalesce(j.error_message, '') AS message",
                                     "1, 2, 3", " AND " HAS_FAILED});
}

static const struct field time_fields[] = {
    TYPE_FIELD,
    {"time", "v.time", FIELD_TIME, .is_present = true},
    METRICS,
};

const struct collection *job_statistics_by_time(struct arena *arena,
                                                const struct job_window *window)
{
    static const struct collection like = {GROUPS(time_fields, RFC3339("v.time"))};
    str columns = str_format(arena,
                             "j.type AS type, date_bin(interval '%lld milliseconds', j.created, "
                             "to_timestamp(%lld / 1000.0)) AS time",
                             (long long)window->bucket_ms, (long long)window->from_ms);
    return grouped(arena, window, &like, (struct grouping){str_cstr(arena, columns), "1, 2", ""});
}

struct statement job_statistics_of_all(struct arena *arena, struct scope scope,
                                       const struct job_window *window, str type)
{
    static const char sql[] =
        "SELECT json_build_object('created', " METRIC("created") ", 'completed', " METRIC(
            "completed") ", 'failed', " METRIC("failed") ", 'isIncomplete', false) FROM "
                                                         "(SELECT " COUNTS
                                                         " FROM jobs_found j WHERE j.created >= "
                                                         "to_timestamp($2::bigint / 1000.0) AND "
                                                         "j.created < to_timestamp($3::bigint / "
                                                         "1000.0) AND ($4::text IS NULL OR j.type "
                                                         "= "
                                                         "$4::text) AND " SCOPE_SEES(
                                                             "j.tenant", "j.process_id") ") v";
    return STATEMENT(arena, sql, scope_parameter(arena, scope),
                     statement_i64(arena, window->from_ms), statement_i64(arena, window->to_ms),
                     type);
}
