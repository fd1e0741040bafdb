// SPDX-License-Identifier: Apache-2.0
//
// Topic subscriptions: which user topics become messages and instances, and how
// (ingress/mapping.h). Nodes with the role ingress take changes up within seconds.
#include "api/api_private.h"
#include "ingress/mapping.h"
#include "store/catalogue/catalogue.h"

static void on_list(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {
        {"name"}, {"topic"}, {"settings", ITEM_JSON}, {"enabled", ITEM_TRUTH}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_topic_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_subscriptions(caller->arena), on_list, NULL);
}

static void on_done(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    if (query_touched(rows) == 0)
        request_problem_format(request, 404, "NOT_FOUND", "there is no subscription '%.*s'",
                               STR_ARG(request->arguments[0]));
    else
        request_answer_empty(request);
}

// {"topic", "settings": {…}, "enabled"}; the name stands in the path and becomes part of a consumer
// group's name.
void handle_topic_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct mapping *mapping;
    struct error err;
    struct topic_subscription row = {
        .name = request->arguments[0],
        .settings = request_member_json(request, request->body, STR("settings")),
        .is_enabled = json_get_bool(request->body, STR("enabled"), true),
    };
    if (!request_text(request, STR("topic"), &row.topic))
        return;
    if (row.settings.len == 0)
        row.settings = STR("{}");
    if (!mapping_compile(&request->arena, row.settings, &mapping, &err))
        request_failed(request, &err);
    else
        read_change(caller, catalogue_put_subscription(caller->arena, &row), on_done, NULL);
}

void handle_topic_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_drop_subscription(caller->arena, request->arguments[0]), on_done,
                NULL);
}
