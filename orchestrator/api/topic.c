// SPDX-License-Identifier: Apache-2.0
//
// Topic subscriptions: which user topics become messages and instances, and how
// (ingress/mapping.h). Nodes with the role ingress take changes up within seconds.
#include "api/api_private.h"
#include "api/read.h"
#include "api/route.h"
#include "ingress/mapping.h"
#include "store/query.h"

static void on_list(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t row = 0; row < rows->row_count; row++) {
        json_begin_object(&w);
        json_key(&w, STR("name"));
        json_string(&w, read_cell(rows, row, 0));
        json_key(&w, STR("topic"));
        json_string(&w, read_cell(rows, row, 1));
        json_key(&w, STR("settings"));
        json_raw(&w, read_cell(rows, row, 2));
        json_key(&w, STR("enabled"));
        json_bool(&w, str_equal(read_cell(rows, row, 3), STR("t")));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_topic_list(struct request *request)
{
    read_run(request,
             &(struct read){"SELECT name, topic, settings::text, enabled FROM topic_subscriptions "
                            "ORDER BY name",
                            NULL, 0},
             on_list, NULL);
}

static void on_done(struct request *request, void *context, const struct read_result *rows)
{
    (void)context;
    if (query_touched(rows->rows) == 0)
        request_problem_format(request, 404, "NOT_FOUND", "there is no subscription '%.*s'",
                               STR_ARG(request->arguments[0]));
    else
        request_answer_empty(request);
}

// {"topic", "settings": {…}, "enabled"}; the name stands in the path and becomes part of a consumer
// group's name.
void handle_topic_put(struct request *request)
{
    const struct mapping *mapping;
    struct error err;
    str *parameters = ARENA_ARRAY(&request->arena, str, 4);
    parameters[0] = request->arguments[0];
    parameters[2] = request_member_json(request, request->body, STR("settings"));
    parameters[3] = json_get_bool(request->body, STR("enabled"), true) ? STR("true") : STR("false");
    if (!request_text(request, STR("topic"), &parameters[1]))
        return;
    if (parameters[2].len == 0)
        parameters[2] = STR("{}");
    if (!mapping_compile(&request->arena, parameters[2], &mapping, &err)) {
        request_failed(request, &err);
        return;
    }
    read_run(
        request,
        &(struct read){"INSERT INTO topic_subscriptions (name, topic, settings, enabled) VALUES "
                       "($1, $2, $3::json, $4::boolean) ON CONFLICT (name) DO UPDATE SET topic "
                       "= excluded.topic, settings = excluded.settings, enabled = "
                       "excluded.enabled",
                       parameters, 4},
        on_done, NULL);
}

void handle_topic_delete(struct request *request)
{
    read_run(
        request,
        &(struct read){"DELETE FROM topic_subscriptions WHERE name = $1", request->arguments, 1},
        on_done, NULL);
}
