// SPDX-License-Identifier: Apache-2.0
//
// Why nothing happens, over REST: the causes that the gateway finds, as JSON.
#include "gateway/why.h"

#include "api/api_private.h"
#include "gateway/why_text.h"

static void write_finding(struct json_writer *w, struct arena *arena,
                          const struct why_finding *found)
{
    json_begin_object(w);
    write_text(w, STR("cause"), str_of(why_cause_name(found->cause)));
    write_text(w, STR("sentence"), found->sentence);
    write_optional(w, STR("remedy"), str_of(why_cause_remedy(found->cause)));
    write_optional(w, STR("elementId"), found->element_id);
    write_optional_key(w, STR("elementInstanceKey"), found->element_instance);
    write_optional_key(w, STR("key"), found->key);
    write_optional(w, STR("name"), found->name);
    write_optional(w, STR("until"),
                   found->until_ms != 0 ? why_time(arena, found->until_ms) : STR_EMPTY);
    json_end_object(w);
}

static void write_why(struct json_writer *w, struct arena *arena,
                      const struct why_findings *findings)
{
    check(findings->list.count > 0);
    const struct why_finding *first = &findings->list.items[0];
    json_begin_object(w);
    write_text(w, STR("answer"), first->sentence);
    write_optional(w, STR("remedy"), str_of(why_cause_remedy(first->cause)));
    json_key(w, STR("causes"));
    json_begin_array(w);
    for (size_t i = 0; i < findings->list.count; i++)
        write_finding(w, arena, &findings->list.items[i]);
    json_end_array(w);
    json_end_object(w);
}

static void answer(struct caller *caller, const struct why_findings *findings)
{
    struct request *request = request_of(caller);
    if (findings == NULL) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is nothing with the key %.*s that you may see",
                               STR_ARG(request->arguments[0]));
        return;
    }
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    write_why(&w, &request->arena, findings);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_why_job(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        why_ask_job(caller_of(request), key, answer);
}

void handle_why_instance(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        why_ask_instance(caller_of(request), key, answer);
}

void handle_why_worker(struct request *request)
{
    why_ask_worker(caller_of(request), request->arguments[0], answer);
}

void handle_why_message(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        why_ask_message(caller_of(request), key, answer);
}

void handle_why_event(struct request *request)
{
    str key = request_query(request, "correlationKey");
    why_ask_name(caller_of(request), request->arguments[0], key.len > 0 ? key : (str){0}, answer);
}
