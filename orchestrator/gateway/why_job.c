// SPDX-License-Identifier: Apache-2.0
//
// Why nobody does a job.
#include "gateway/why_cause.h"
#include "gateway/why_text.h"

static struct why_finding *find(struct why_findings *findings, enum why_cause cause,
                                const struct why_job *job, str sentence)
{
    struct why_finding *found = ARRAY_PUSH(findings->arena, &findings->list);
    *found = (struct why_finding){.cause = cause,
                                  .sentence = sentence,
                                  .element_id = job->element_id,
                                  .element_instance = job->element_instance,
                                  .key = job->key,
                                  .name = job->type};
    return found;
}

static str ago(struct arena *arena, const struct why_job *job, int64_t time_ms)
{
    return str_format(arena, "%.*s (%.*s ago)", STR_ARG(why_time(arena, time_ms)),
                      STR_ARG(why_span(arena, job->now_ms - time_ms)));
}

static str by_worker(struct arena *arena, str worker)
{
    return str_is_empty(worker) ? STR("a worker that gives no name")
                                : str_format(arena, "the worker '%.*s'", STR_ARG(worker));
}

// -- It is over ---------------------------------------------------------------------------

static void of_end(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    str when = job->ended_ms != 0 ? why_time(arena, job->ended_ms) : STR("a moment ago");
    if (job->end == JOB_END_COMPLETED)
        find(findings, WHY_JOB_COMPLETED, job,
             str_format(arena, "the job was completed at %.*s by %.*s, in attempt %u",
                        STR_ARG(when), STR_ARG(by_worker(arena, job->worker)), job->attempt));
    else if (job->end == JOB_END_ERROR)
        find(findings, WHY_JOB_ERROR_THROWN, job,
             str_format(arena,
                        "the job ended at %.*s with the BPMN error that a worker threw: %.*s",
                        STR_ARG(when), STR_ARG(job->message)));
    else
        find(findings, WHY_JOB_CANCELED, job,
             str_format(arena, "the job was canceled at %.*s: its element or its instance ended",
                        STR_ARG(when)));
}

// -- Who could do it ------------------------------------------------------------------------

static bool is_recent(const struct why_job *job, int64_t seen_ms)
{
    return seen_ms != 0 && job->now_ms - seen_ms < WHY_RECENT_MS;
}

static bool has_members(const struct why_job *job)
{
    return job->is_group_known && job->member_count > 0;
}

static bool is_share_used_up(const struct why_job *job)
{
    return job->state == JOB_WAITING && job->share >= 0 && job->in_flight >= job->part;
}

// Those who ask and may not have this one. Who serves another tenant is no cause where somebody
// serves this one.
static void of_others(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    if (is_recent(job, job->abroad.seen_ms) && !is_recent(job, job->fit.seen_ms))
        find(
            findings, WHY_OTHER_TENANT, job,
            str_format(arena,
                       "the job is of the tenant %.*s; %.*s asks for the tenant %.*s, last at %.*s",
                       STR_ARG(why_quoted(arena, job->tenant)),
                       STR_ARG(by_worker(arena, job->abroad.worker)),
                       STR_ARG(why_quoted(arena, job->abroad.tenant)),
                       STR_ARG(ago(arena, job, job->abroad.seen_ms))));
    if (job->barred.seen_ms != 0)
        find(findings, WHY_NOT_ALLOWED, job,
             str_format(arena, "%.*s asked at %.*s, but may not have jobs of the process '%.*s'",
                        STR_ARG(by_worker(arena, job->barred.worker)),
                        STR_ARG(ago(arena, job, job->barred.seen_ms)), STR_ARG(job->process_id)));
    if (is_recent(job, job->unleased.seen_ms) && !is_recent(job, job->fit.seen_ms))
        find(findings, WHY_NEEDS_LEASE, job,
             str_format(arena,
                        "a worker had a lease of the job: it goes to who asks with one, or to its "
                        "topic; %.*s asks without, last at %.*s",
                        STR_ARG(by_worker(arena, job->unleased.worker)),
                        STR_ARG(ago(arena, job, job->unleased.seen_ms))));
}

static void of_nobody(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    str type = why_quoted(arena, job->type);
    bool had_members = job->is_group_known && job->member_seen_ms != 0;
    if (job->fit.seen_ms != 0)
        find(
            findings, WHY_NOBODY_ASKS, job,
            str_format(arena,
                       "nobody asks for jobs of the type %.*s any more: %.*s was the last, at %.*s",
                       STR_ARG(type), STR_ARG(by_worker(arena, job->fit.worker)),
                       STR_ARG(ago(arena, job, job->fit.seen_ms))));
    if (had_members)
        find(findings, WHY_NO_MEMBER, job,
             str_format(arena,
                        "the Kafka group of the type %.*s has had no member since %.*s; %lld "
                        "records lie on its topic",
                        STR_ARG(type), STR_ARG(ago(arena, job, job->member_seen_ms)),
                        (long long)job->lag));
    if (job->fit.seen_ms == 0 && !had_members)
        find(findings, WHY_NEVER_ASKED, job,
             str_format(arena, "no worker has asked in the last 3 days for jobs of the type %.*s%s",
                        STR_ARG(type),
                        job->is_group_known && job->member_count < 0
                            ? " over REST or gRPC; the brokers do not tell who reads its topic"
                            : ""));
}

// Its topic has readers.
static void of_group(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    str offered = ago(arena, job, job->offered_ms);
    bool is_passed = job->lag == 0 && job->looked_ms > job->offered_ms;
    if (is_passed)
        find(findings, WHY_PASSED_OVER, job,
             str_format(arena,
                        "the job was put on its topic at %.*s; its workers (%lld: %.*s) have gone "
                        "past it and have neither taken nor answered it so far",
                        STR_ARG(offered), (long long)job->member_count, STR_ARG(job->members)));
    else
        find(findings, WHY_BEHIND, job,
             str_format(arena,
                        "the job lies on its topic since %.*s; its workers (%lld: %.*s) are %lld "
                        "records behind, as of %.*s",
                        STR_ARG(offered), (long long)job->member_count, STR_ARG(job->members),
                        (long long)job->lag, STR_ARG(why_time(arena, job->looked_ms))));
}

// Nobody has it. One that waits for room is not on its topic: whoever polls may have it all the
// same, unless the tenant's share is used up.
static void of_untaken(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    of_others(findings, job);
    if (has_members(job) && job->state == JOB_OFFERED)
        of_group(findings, job);
    if (is_recent(job, job->fit.seen_ms) && !is_share_used_up(job))
        find(findings, WHY_ABOUT_TO_BE_TAKEN, job,
             str_format(arena, "%.*s asked for the type at %.*s and is about to get it",
                        STR_ARG(by_worker(arena, job->fit.worker)),
                        STR_ARG(ago(arena, job, job->fit.seen_ms))));
    if (!has_members(job) && !is_recent(job, job->fit.seen_ms))
        of_nobody(findings, job);
}

// -- By its state ---------------------------------------------------------------------------

static void of_incident(struct why_findings *findings, const struct why_job *job)
{
    struct why_finding *found =
        find(findings, WHY_INCIDENT, job,
             str_format(findings->arena, "the job has %d retries left and an incident, %.*s: %.*s",
                        job->retries, STR_ARG(job->incident_kind), STR_ARG(job->incident_message)));
    found->key = job->incident;
}

static void of_lease(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    struct why_finding *found =
        find(findings, WHY_LEASED, job,
             str_format(arena, "%.*s has the job, in attempt %u, and its lease %s %.*s",
                        STR_ARG(by_worker(arena, job->worker)), job->attempt,
                        job->due_ms > job->now_ms ? "ends at" : "ended at",
                        STR_ARG(why_time(arena, job->due_ms))));
    found->until_ms = job->due_ms;
}

static void of_rest(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    find(findings, WHY_BACKING_OFF, job,
         str_format(arena,
                    "attempt %u failed (%.*s); it rests until %.*s, and then %d retries are left",
                    job->attempt, STR_ARG(job->message), STR_ARG(why_time(arena, job->due_ms)),
                    job->retries))
        ->until_ms = job->due_ms;
}

static void of_window(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    const char *least = job->is_flight_cut ? "at least " : "";
    if (is_share_used_up(job))
        find(findings, WHY_SHARE_USED_UP, job,
             str_format(arena,
                        "the tenant %.*s may have %lld jobs of a type in flight in the whole "
                        "cluster, %lld of them on this shard; %s%lld of this type are, and %lld "
                        "wait before it",
                        STR_ARG(why_quoted(arena, job->tenant)), (long long)job->share,
                        (long long)job->part, least, (long long)job->in_flight,
                        (long long)job->ahead));
    else if (job->in_flight > 0 || job->is_flight_cut)
        find(findings, WHY_WINDOW_FULL, job,
             str_format(arena,
                        "%s%lld jobs of the type %.*s are in flight on this shard, as many as may "
                        "be, and %lld wait before it",
                        least, (long long)job->in_flight, STR_ARG(why_quoted(arena, job->type)),
                        (long long)job->ahead));
    else
        find(findings, WHY_ABOUT_TO_BE_OFFERED, job,
             str_format(arena,
                        "no job of the type %.*s is in flight on this shard: it is about to be "
                        "offered, after %lld that wait before it",
                        STR_ARG(why_quoted(arena, job->type)), (long long)job->ahead));
}

static str probes_of(struct arena *arena, const struct why_job *job)
{
    int64_t probes_ms = job->breaker.probes_ms;
    if (probes_ms == 0)
        return STR("it is closed by hand");
    if (probes_ms > job->now_ms)
        return str_format(arena, "probes at %.*s", STR_ARG(why_time(arena, probes_ms)));
    return str_format(arena,
                      "probes since %.*s: a few jobs at a time, and this one is not among them",
                      STR_ARG(ago(arena, job, probes_ms)));
}

static void of_breaker(struct why_findings *findings, const struct why_job *job)
{
    struct arena *arena = findings->arena;
    const struct why_breaker *breaker = &job->breaker;
    struct why_finding *found = find(
        findings, WHY_BREAKER_OPEN, job,
        str_format(
            arena,
            "the job is paused by a breaker, that of the %s %.*s, opened at %.*s (%.*s): %.*s",
            breaker->kind == BREAKER_TYPE ? "job type" : "credential",
            STR_ARG(why_quoted(arena, breaker->name)), STR_ARG(ago(arena, job, breaker->opened_ms)),
            STR_ARG(breaker->cause), STR_ARG(probes_of(arena, job))));
    found->name = breaker->name;
    found->until_ms = breaker->probes_ms;
}

static void of_waiting(struct why_findings *findings, const struct why_job *job)
{
    if (job->breaker.kind != 0) {
        of_breaker(findings, job);
        return;
    }
    of_window(findings, job);
    of_untaken(findings, job);
}

// Its breaker has closed, or is about to be seen.
static void of_held(struct why_findings *findings, const struct why_job *job)
{
    if (job->breaker.kind != 0)
        of_breaker(findings, job);
    else
        find(findings, WHY_ABOUT_TO_BE_OFFERED, job,
             STR("the breaker of its credential has closed: it is about to be offered"));
}

void why_of_job(struct why_findings *findings, const struct why_job *job)
{
    if (job->end != JOB_END_NONE) {
        of_end(findings, job);
        return;
    }
    if (job->is_suspended)
        find(findings, WHY_INSTANCE_SUSPENDED, job,
             STR("its instance is suspended: its jobs are not offered until it resumes"))
            ->key = job->instance;
    if (job->incident != 0)
        of_incident(findings, job);
    switch (job->state) {
    case JOB_WAITING:
        of_waiting(findings, job);
        break;
    case JOB_HELD:
        of_held(findings, job);
        break;
    case JOB_OFFERED:
        if (job->due_ms != 0)
            of_lease(findings, job);
        else
            of_untaken(findings, job);
        break;
    case JOB_BACKING_OFF:
        of_rest(findings, job);
        break;
    case JOB_FAILED:
        break; // the incident says it
    }
    if (findings->list.count == 0)
        find(findings, WHY_MOVING, job,
             STR("the job has failed, and its incident is being solved"));
}

void why_of_secret(struct why_findings *findings, const struct why_job *job,
                   const struct why_secret *secret)
{
    struct arena *arena = findings->arena;
    str name = why_quoted(arena, secret->name);
    if (!secret->is_there)
        find(findings, WHY_SECRET_MISSING, job,
             str_format(arena, "the job needs the secret %.*s, which the tenant %.*s does not have",
                        STR_ARG(name), STR_ARG(why_quoted(arena, job->tenant))))
            ->name = secret->name;
    else if (!secret->is_allowed)
        find(findings, WHY_SECRET_NOT_ALLOWED, job,
             str_format(
                 arena,
                 "the job needs the secret %.*s, which jobs of the process '%.*s' may not have",
                 STR_ARG(name), STR_ARG(job->process_id)))
            ->name = secret->name;
}
