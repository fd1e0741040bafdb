// SPDX-License-Identifier: Apache-2.0
//
// Fair shares: what tenants, users and clients may ask for.
#include "api/api_private.h"

#include "gateway/share.h"
#include "record/limits.h"
#include "store/catalogue/share.h"

static void on_shares(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {
        {"ownerType"},       {"ownerId"},    {"name"},     {"amount", ITEM_JSON},
        {"used", ITEM_JSON}, {"changeTime"}, {"changedBy"}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
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

// False after answering, as in all that check.
static bool check_names(struct request *request, const struct share_row *row, enum share *ret_share)
{
    const bool is_kind = str_equal(row->kind, STR("TENANT")) || str_equal(row->kind, STR("USER")) ||
                         str_equal(row->kind, STR("CLIENT"));
    if (is_kind && share_find(row->name, ret_share))
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    is_kind ? STR("\"name\" must be calls, starts, instances, bytes, jobs or "
                                  "weight")
                            : STR("\"ownerType\" must be TENANT, USER or CLIENT"));
    return false;
}

// What is alive is a tenant's; what is asked is also that of who asks.
static bool check_owner(struct request *request, const struct share_row *row, enum share share)
{
    bool is_tenant = str_equal(row->kind, STR("TENANT"));
    if (is_tenant || share_kind_of(share) == SHARE_KIND_RATE)
        return true;
    request_problem_format(request, 400, "INVALID_ARGUMENT",
                           "\"%.*s\" is a share of tenants: \"ownerType\" must be TENANT",
                           STR_ARG(row->name));
    return false;
}

static bool check_amount(struct request *request, enum share share, int64_t amount)
{
    uint32_t shards = gateway_shards(caller_of(request)->gateway);
    if (share == SHARE_WEIGHT && (amount < 1 || amount > LIMIT_SHARE_WEIGHT))
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "\"amount\" of a weight is 1 to %d, not %lld", LIMIT_SHARE_WEIGHT,
                               (long long)amount);
    else if (share == SHARE_JOBS && amount > 0 && amount < shards)
        request_problem_format(
            request, 400, "INVALID_ARGUMENT",
            "\"amount\" of jobs is 0 (none is given out) or at least %u, so that "
            "each shard can give out one; not %lld",
            shards, (long long)amount);
    else
        return true;
    return false;
}

static void on_windows(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct share_row *row = context;
    if (query_i64(rows, 0, 0) >= LIMIT_SHARED_WINDOWS)
        request_problem_format(request_of(caller), 400, "INVALID_ARGUMENT",
                               "%d tenants have a weight or a number of jobs already, which is the "
                               "most (SHARED_WINDOWS): \"*\" stands for all that have none",
                               LIMIT_SHARED_WINDOWS);
    else
        read_change(caller, catalogue_share_set(caller->arena, row), on_changed, NULL);
}

void handle_share_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct json *amount = json_get(request->body, STR("amount"));
    struct share_row *row = ARENA_NEW(caller->arena, struct share_row);
    *row = (struct share_row){.kind = json_get_str(request->body, STR("ownerType"), STR_EMPTY),
                              .owner = json_get_str(request->body, STR("ownerId"), STR_EMPTY),
                              .name = json_get_str(request->body, STR("name"), STR_EMPTY),
                              .by = caller->principal.len > 0 ? caller->principal : STR_EMPTY};
    enum share share;
    if (!check_names(request, row, &share) || !check_owner(request, row, share))
        return;
    if (str_equal(row->kind, STR("TENANT")))
        row->owner = tenant_inside(row->owner);
    if (!json_is(amount, JSON_NUMBER)) {
        read_change(caller, catalogue_share_remove(caller->arena, row), on_changed, NULL);
        return;
    }
    if (!check_amount(request, share, json_get_i64(request->body, STR("amount"), 0)))
        return;
    row->amount = amount->text;
    if (share_kind_of(share) == SHARE_KIND_WINDOW)
        read_run(caller, catalogue_shared_windows(caller->arena, row->owner), on_windows, row);
    else
        read_change(caller, catalogue_share_set(caller->arena, row), on_changed, NULL);
}
