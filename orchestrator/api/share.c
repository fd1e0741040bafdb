// SPDX-License-Identifier: Apache-2.0
//
// Fair shares: what tenants, users and clients may ask for.
#include "api/api_private.h"

#include "gateway/share.h"
#include "store/catalogue/share.h"

static void on_shares(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    (void)context;
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t i = 0; i < query_row_count(rows); i++) {
        json_begin_object(&w);
        write_text(&w, STR("ownerType"), query_value(rows, i, 0));
        write_text(&w, STR("ownerId"), query_value(rows, i, 1));
        write_text(&w, STR("name"), query_value(rows, i, 2));
        write_json(&w, STR("amount"), query_value(rows, i, 3));
        write_text(&w, STR("changeTime"), query_value(rows, i, 4));
        write_optional(&w, STR("changedBy"), query_value(rows, i, 5));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_share_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_shares(caller->arena), on_shares, NULL);
}

static void on_changed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context, (void)rows;
    gateway_shares_changed(caller->gateway);
    request_answer_empty(request_of(caller));
}

// False after answering.
static bool check_row(struct request *request, const struct share_row *row)
{
    enum share share;
    const bool is_kind = str_equal(row->kind, STR("TENANT")) || str_equal(row->kind, STR("USER")) ||
                         str_equal(row->kind, STR("CLIENT"));
    if (is_kind && share_find(row->name, &share))
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    is_kind ? STR("\"name\" must be calls or starts")
                            : STR("\"ownerType\" must be TENANT, USER or CLIENT"));
    return false;
}

void handle_share_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct json *amount = json_get(request->body, STR("amount"));
    struct share_row row = {.kind = json_get_str(request->body, STR("ownerType"), STR_EMPTY),
                            .owner = json_get_str(request->body, STR("ownerId"), STR_EMPTY),
                            .name = json_get_str(request->body, STR("name"), STR_EMPTY),
                            .by = caller->principal.len > 0 ? caller->principal : STR_EMPTY};
    if (!check_row(request, &row))
        return;
    if (str_equal(row.kind, STR("TENANT")))
        row.owner = tenant_inside(row.owner);
    if (json_is(amount, JSON_NUMBER)) {
        row.amount = amount->text;
        read_change(caller, catalogue_share_set(caller->arena, &row), on_changed, NULL);
    } else {
        read_change(caller, catalogue_share_remove(caller->arena, &row), on_changed, NULL);
    }
}
