// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a job that failed: by the class of the failure (failure_classes.def), never by
// its text. And of one that is given to workers again and again without any answer.
#include "engine/breaker.h"
#include "engine/window.h"

#include "record/command.h"

enum {
    FIRST_REST_MS = 1000,
    LAST_REST_MS = 300000,
    MOST_DOUBLED = 9,
    SPREAD = 16, // jobs that failed together do not come back together: up to a quarter more
};

enum retries { RETRIES_SAID, RETRIES_SPENT, RETRIES_KEPT, RETRIES_NONE };
enum rest { REST_SAID, REST_GROWING, REST_AT_LEAST };

struct class_row {
    enum failure_class class;
    enum retries retries;
    enum rest rest;
    const char *incident; // empty: by the kind of the job
};

static const struct class_row *row_of(enum failure_class class)
{
    static const struct class_row rows[] = {
#define FAILURE(name, number, retries, rest, incident, meaning)                                    \
    {FAILURE_##name, RETRIES_##retries, REST_##rest, incident},
#include "record/failure_classes.def"
#undef FAILURE
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].class == class)
            return &rows[i];
    return &rows[0];
}

// Longer with each attempt; the same each time it is computed.
static int64_t growing_rest(const struct job *job)
{
    uint32_t doubled = job->attempt > MOST_DOUBLED ? MOST_DOUBLED : job->attempt;
    int64_t rest_ms = (int64_t)FIRST_REST_MS << (doubled > 0 ? doubled - 1 : 0);
    if (rest_ms > LAST_REST_MS)
        rest_ms = LAST_REST_MS;
    return rest_ms + rest_ms * (int64_t)(job->attachment.entity.key % SPREAD) / (4 * SPREAD);
}

static int64_t rest_of(const struct class_row *row, const struct job *job, int64_t said_ms)
{
    if (row->rest == REST_GROWING && said_ms == 0)
        return growing_rest(job);
    return row->rest == REST_AT_LEAST && said_ms < FIRST_REST_MS ? FIRST_REST_MS : said_ms;
}

// Whoever is throttled for ever uses retries in the end.
static int32_t retries_of(const struct class_row *row, const struct job *job, int32_t said)
{
    bool is_kept = row->retries == RETRIES_KEPT && job->throttled < LIMIT_JOB_THROTTLED;
    switch (row->retries) {
    case RETRIES_SAID:
        return said;
    case RETRIES_SPENT:
    case RETRIES_KEPT:
        return is_kept ? job->retries : job->retries - 1;
    case RETRIES_NONE:
        return 0;
    }
    check_unreachable();
}

static str text_of(struct arena *arena, const struct job_failure *failure)
{
    if (failure->class == FAILURE_AUTH && !str_is_empty(failure->subject))
        return str_format(arena, "the credential '%.*s' was refused: %.*s",
                          STR_ARG(failure->subject), STR_ARG(failure->message));
    if (failure->class == FAILURE_POISON && !str_is_empty(failure->subject))
        return str_format(arena, "the input '%.*s' cannot be worked on: %.*s",
                          STR_ARG(failure->subject), STR_ARG(failure->message));
    return failure->message;
}

void job_failed(struct engine *engine, instance_ref instance, const struct job *job,
                const struct job_failure *failure)
{
    const struct class_row *row = row_of(failure->class);
    const struct breaker *breaker = breaker_failed(engine, instance, job, failure);
    int32_t retries = breaker != NULL ? job->retries : retries_of(row, job, failure->retries);
    int64_t rest_ms = rest_of(row, job, failure->backoff_ms);
    bool is_kept = row->retries == RETRIES_KEPT && retries == job->retries;
    bool rests = (retries > 0 || is_kept) && rest_ms > 0 && breaker == NULL;
    str message = text_of(engine->turn, failure);
    window_leave(engine, instance, job);
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_FAILED,
                             .key = job->attachment.entity.key,
                             .scope = job->attachment.owner->entity.key,
                             .number = retries > 0 ? retries : 0,
                             .due_ms = rests ? border_after(engine->clock_ms, rest_ms) : 0,
                             .code = failure_class_name(row->class),
                             .name = border_text(failure->subject),
                             .value = border_text(message)});
    if (breaker != NULL)
        breaker_hold(engine, instance, job, breaker);
    else if (job->state == JOB_FAILED && row->incident[0] != '\0')
        incident_raise_kind_for_job(engine, instance, job,
                                    (struct incident_text){row->incident, message});
    else if (job->state == JOB_FAILED)
        incident_raise_for_job(engine, instance, job, message);
    else if (job->state == JOB_WAITING)
        job_offer_or_wait(engine, instance, job);
}

// -- Without an answer ------------------------------------------------------------------

static int64_t most_deliveries(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    int64_t most = engine->environment.max_deliveries;
    str why;
    if (extras != NULL && extras->max_deliveries != NULL &&
        !expression_i64(engine, ei, extras->max_deliveries, most, &most, &why))
        return engine->environment.max_deliveries;
    return most;
}

bool job_gives_up(struct engine *engine, instance_ref instance, const struct job *job)
{
    int64_t most = most_deliveries(engine, instance, job->attachment.owner);
    if (most <= 0 || job->unanswered < most)
        return false;
    str workers = job->unanswered_by;
    str message = str_format(
        engine->turn,
        "the job was given to workers %u times in a row and none answered: their leases ended, or "
        "its record was passed over%s%.*s%s",
        job->unanswered, str_is_empty(workers) ? "" : " (workers: ", STR_ARG(workers),
        str_is_empty(workers) ? "" : ")");
    step_emit(engine, instance,
              (struct event){.type = EVENT_JOB_FAILED,
                             .key = job->attachment.entity.key,
                             .scope = job->attachment.owner->entity.key,
                             .number = job->retries,
                             .code = STR("UNANSWERED"),
                             .value = message});
    incident_raise_kind_for_job(engine, instance, job,
                                (struct incident_text){"JOB_UNANSWERED", message});
    return true;
}
