// SPDX-License-Identifier: Apache-2.0
//
// Why a worker gets no jobs, and whom a message reached.
#include "gateway/why_cause.h"
#include "gateway/why_text.h"

static struct why_finding *find(struct why_findings *findings, enum why_cause cause, str name,
                                str sentence)
{
    struct why_finding *found = ARRAY_PUSH(findings->arena, &findings->list);
    *found = (struct why_finding){.cause = cause, .sentence = sentence, .name = name};
    return found;
}

// -- Workers --------------------------------------------------------------------------------

static bool is_silent(const struct why_service *service)
{
    return service->now_ms - service->seen_ms >= WHY_RECENT_MS * (service->is_kafka ? 4 : 1);
}

static str way_of(struct arena *arena, const struct why_service *service)
{
    if (service->is_kafka)
        return str_format(arena, "as a member of the Kafka group, which is %lld records behind",
                          (long long)service->lag);
    return str_format(arena, "for the tenant %.*s", STR_ARG(why_quoted(arena, service->tenant)));
}

void why_of_service(struct why_findings *findings, str worker, const struct why_service *service)
{
    struct arena *arena = findings->arena;
    str type = why_quoted(arena, service->type), seen = why_time(arena, service->seen_ms);
    str way = way_of(arena, service);
    enum why_cause cause = is_silent(service)  ? WHY_SILENT
                           : service->open > 0 ? WHY_JOBS_THERE
                                               : WHY_NO_JOBS;
    if (cause == WHY_SILENT)
        find(findings, cause, service->type,
             str_format(arena,
                        "'%.*s' does not ask for the type %.*s any more: it did so last at %.*s "
                        "(%.*s ago), %.*s",
                        STR_ARG(worker), STR_ARG(type), STR_ARG(seen),
                        STR_ARG(why_span(arena, service->now_ms - service->seen_ms)),
                        STR_ARG(way)));
    else if (cause == WHY_NO_JOBS)
        find(findings, cause, service->type,
             str_format(arena,
                        "'%.*s' asks for the type %.*s, %.*s, last at %.*s; there is no such job "
                        "that nobody has",
                        STR_ARG(worker), STR_ARG(type), STR_ARG(way), STR_ARG(seen)));
    else
        find(findings, cause, service->type,
             str_format(arena,
                        "'%.*s' asks for the type %.*s, %.*s, last at %.*s; %lld such jobs wait",
                        STR_ARG(worker), STR_ARG(type), STR_ARG(way), STR_ARG(seen),
                        (long long)service->open));
}

void why_of_held(struct why_findings *findings, str worker, const struct why_held *held)
{
    struct arena *arena = findings->arena;
    struct why_finding *found =
        find(findings, WHY_HOLDS, held->type,
             str_format(arena, "'%.*s' has the job %llu of the type %.*s, with a lease until %.*s",
                        STR_ARG(worker), (unsigned long long)held->key,
                        STR_ARG(why_quoted(arena, held->type)),
                        STR_ARG(why_time(arena, held->until_ms))));
    found->key = held->key;
    found->element_id = held->element_id;
    found->until_ms = held->until_ms;
}

void why_of_nobody(struct why_findings *findings, str worker)
{
    find(findings, WHY_WORKER_UNKNOWN, worker,
         str_format(
             findings->arena,
             "no worker of the name '%.*s' has asked for jobs in 30 days, and none has one now",
             STR_ARG(worker)));
}

// -- Messages -------------------------------------------------------------------------------

static str with_key(struct arena *arena, const struct why_news *news)
{
    return str_format(arena, "'%.*s'%s%.*s%s in the tenant %.*s", STR_ARG(news->name),
                      str_is_empty(news->correlation_key) ? "" : " with the key '",
                      STR_ARG(news->correlation_key),
                      str_is_empty(news->correlation_key) ? "" : "'",
                      STR_ARG(why_quoted(arena, news->tenant)));
}

static str sentence_of(struct arena *arena, const struct why_news *news, enum why_cause *ret_cause)
{
    str what = with_key(arena, news);
    str since = why_time(arena, news->since_ms), until = why_time(arena, news->until_ms);
    switch (news->kind) {
    case WHY_NEWS_REACHED:
        *ret_cause = WHY_REACHED;
        return str_format(arena, "the message %.*s reached the instance %llu at '%.*s', at %.*s",
                          STR_ARG(what), (unsigned long long)news->instance,
                          STR_ARG(news->element_id), STR_ARG(since));
    case WHY_NEWS_WAITS:
        *ret_cause = WHY_STILL_WAITS;
        return str_format(arena,
                          "the message %.*s, published at %.*s, waits for a receiver until %.*s",
                          STR_ARG(what), STR_ARG(since), STR_ARG(until));
    case WHY_NEWS_MISSED:
        *ret_cause = WHY_MISSED;
        return str_format(arena,
                          "the message %.*s, published at %.*s, reached nobody until %.*s, when "
                          "its time to live was over",
                          STR_ARG(what), STR_ARG(since), STR_ARG(until));
    case WHY_NEWS_WANTED:
        *ret_cause = WHY_WAITED_FOR;
        return str_format(arena, "the instance %llu waits at '%.*s' for a message %.*s since %.*s",
                          (unsigned long long)news->instance, STR_ARG(news->element_id),
                          STR_ARG(what), STR_ARG(since));
    case WHY_NEWS_SIGNAL:
        *ret_cause = WHY_SIGNAL_WAITED_FOR;
        return str_format(arena, "the instance %llu waits at '%.*s' for a signal '%.*s' since %.*s",
                          (unsigned long long)news->instance, STR_ARG(news->element_id),
                          STR_ARG(news->name), STR_ARG(since));
    }
    check_unreachable();
}

void why_of_news(struct why_findings *findings, const struct why_news *news)
{
    struct why_finding found = {.key = news->key,
                                .element_id = news->element_id,
                                .name = news->name,
                                .until_ms = news->until_ms};
    found.sentence = sentence_of(findings->arena, news, &found.cause);
    *ARRAY_PUSH(findings->arena, &findings->list) = found;
}

void why_of_silence(struct why_findings *findings, str name)
{
    find(findings, WHY_NOBODY_WAITS, name,
         str_format(findings->arena, "nobody waits for a message or a signal '%.*s'",
                    STR_ARG(name)));
}
