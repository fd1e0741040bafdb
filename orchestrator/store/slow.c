// SPDX-License-Identifier: Apache-2.0
//
// What another thread writes down while the loop is busy.
#include "store/query.h"
#include "store/store.h"

static void on_noted(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)rows, (void)err;
}

bool store_note_slow(const char *url, uint32_t shard, uint64_t epoch, int64_t offset,
                     struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    const str params[] = {
        str_format(&arena, "%u", shard),
        str_format(&arena, "%llu", (unsigned long long)epoch),
        str_format(&arena, "%lld", (long long)offset),
    };
    bool noted = query_run_blocking(
        url,
        STR("UPDATE shards SET tries = CASE WHEN trying_offset = $3::bigint THEN tries + 1 ELSE 1 "
            "END, trying_offset = $3::bigint WHERE shard = $1::integer AND epoch = $2::bigint"),
        params, COUNT_OF(params), on_noted, NULL, err);
    arena_done(&arena);
    return noted;
}
