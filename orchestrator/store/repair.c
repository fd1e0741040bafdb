// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include "store/query.h"

#include <stdio.h>

struct finding {
    store_halted_found *found;
    void *context;
};

static void on_halted(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    const struct finding *finding = context;
    for (size_t i = 0; rows != NULL && i < query_row_count(rows); i++) {
        const struct store_halted halted = {.shard = (uint32_t)query_u64(rows, i, 0),
                                            .next_offset = query_i64(rows, i, 1),
                                            .clock_ms = query_i64(rows, i, 2)};
        finding->found(finding->context, &halted);
    }
}

bool store_find_halted(const char *url, int64_t shard, store_halted_found *found, void *context,
                       struct error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)shard);
    const str params[] = {str_of(number)};
    struct finding finding = {found, context};
    return query_run_blocking(
        url,
        STR("SELECT shard, next_offset, coalesce((extract(epoch FROM clock) * 1000)::bigint, 0) "
            "FROM shards WHERE halted <> '' AND ($1::bigint < 0 OR shard = $1::bigint) "
            "ORDER BY shard"),
        params, 1, on_halted, &finding, err);
}

static void ignore_rows(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)rows, (void)err;
}

bool store_halt_all(const char *url, const char *why, struct error *err)
{
    const str params[] = {str_of(why)};
    return query_run_blocking(url, STR("UPDATE shards SET halted = $1"), params, 1, ignore_rows,
                              NULL, err);
}

static void on_repaired(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    *(bool *)context = rows != NULL && query_touched(rows) > 0;
}

// What was taken from other shards (senders) stays known: they send with the same numbers again.
bool store_repair(const char *url, uint32_t shard, int64_t next_offset, bool *ret_repaired,
                  struct error *err)
{
    char number[24], offset[24];
    snprintf(number, sizeof number, "%u", shard);
    snprintf(offset, sizeof offset, "%lld", (long long)next_offset);
    const str params[] = {str_of(number), str_of(offset)};
    *ret_repaired = false;
    return query_run_blocking(
        url,
        STR("UPDATE shards SET halted = '', next_offset = $2::bigint, last_record = '', "
            "failures = 0, trying_offset = -1, tries = 0, rebuild = true, epoch = epoch + 1, "
            "updated = now() WHERE halted <> '' AND shard = $1::bigint"),
        params, 2, on_repaired, ret_repaired, err);
}
