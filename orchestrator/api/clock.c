// SPDX-License-Identifier: Apache-2.0
//
// The clock of tests and the deletion of everything between them: Camunda's /v2/clock, and the part
// of its management API that its process tests call.
#include "api/api_private.h"
#include "gateway/test_clock.h"

static void answer_no_content(struct caller *caller, const struct clock_row *now)
{
    (void)now;
    request_answer_empty(request_of(caller));
}

static void answer_time(struct caller *caller, const struct clock_row *now)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("epochMilli"));
    json_i64(&w, now->now_ms);
    write_text(&w, STR("instant"), now->now);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static struct test_clock pinned(const struct request *request, str name)
{
    return (struct test_clock){.pinned_ms = json_get_i64(request->body, name, 0),
                               .is_pinned = true};
}

void handle_clock_pin(struct request *request)
{
    const struct test_clock clock = pinned(request, STR("timestamp"));
    gateway_set_clock(caller_of(request), &clock, answer_no_content);
}

void handle_clock_reset(struct request *request)
{
    gateway_set_clock(caller_of(request), &(struct test_clock){0}, answer_no_content);
}

void handle_management_clock_get(struct request *request)
{
    gateway_clock(caller_of(request), answer_time);
}

void handle_management_clock_pin(struct request *request)
{
    const struct test_clock clock = pinned(request, STR("epochMilli"));
    gateway_set_clock(caller_of(request), &clock, answer_time);
}

void handle_management_clock_add(struct request *request)
{
    gateway_move_clock(caller_of(request), json_get_i64(request->body, STR("offsetMilli"), 0),
                       answer_time);
}

void handle_management_clock_reset(struct request *request)
{
    gateway_set_clock(caller_of(request), &(struct test_clock){0}, answer_time);
}

static void answer_purged(struct caller *caller, uint64_t number)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("changeId"));
    json_u64(&w, number);
    write_json(&w, STR("currentTopology"), STR("[]"));
    write_json(&w, STR("plannedChanges"), STR("[]"));
    write_json(&w, STR("expectedTopology"), STR("[]"));
    json_end_object(&w);
    request_answer_json(request, 202, strbuf_str(&out));
}

void handle_management_purge(struct request *request)
{
    gateway_purge(caller_of(request), answer_purged);
}
