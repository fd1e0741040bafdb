// SPDX-License-Identifier: Apache-2.0
#include "store/repair.h"

#include "store/query.h"

#include <stdio.h>

static void on_repaired(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    *(int *)context = (int)query_touched(rows);
}

bool store_repair(const char *url, int64_t shard, int *ret_repaired, struct error *err)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)shard);
    const str params[] = {str_of(number)};
    *ret_repaired = 0;
    return query_run_blocking(
        url,
        STR("UPDATE shards SET halted = '', next_offset = 0, last_record = '', senders = '{}', "
            "failures = 0, trying_offset = -1, tries = 0, rebuild = true, epoch = epoch + 1, "
            "updated = now() WHERE halted <> '' AND "
            "($1::bigint < 0 OR shard = $1::bigint)"),
        params, 1, on_repaired, ret_repaired, err);
}
