// SPDX-License-Identifier: Apache-2.0
#include "store/installation.h"

#include "base/digest.h"
#include "store/query.h"

struct reading {
    struct installation installation;
    bool found;
};

static void on_row(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)err;
    struct reading *reading = context;
    struct installation *installation = &reading->installation;
    struct arena arena = ARENA_EMPTY;
    str secret;
    if (rows == NULL || query_row_count(rows) == 0)
        return;
    str id = query_value(rows, 0, 0);
    check(id.len < sizeof installation->id);
    memcpy(installation->id, id.data, id.len);
    installation->feature_level = (int32_t)query_i64(rows, 0, 1);
    installation->shards = (uint32_t)query_i64(rows, 0, 2);
    installation->partitions = (uint32_t)query_i64(rows, 0, 3);
    str prefix = query_value(rows, 0, 5);
    check(prefix.len < sizeof installation->topic_prefix);
    memcpy(installation->topic_prefix, prefix.data, prefix.len);
    check(digest_from_hex(&arena, query_value(rows, 0, 4), &secret));
    installation->secret_len = secret.len < STORE_MAX_SECRET ? secret.len : STORE_MAX_SECRET;
    memcpy(installation->secret, secret.data, installation->secret_len);
    arena_done(&arena);
    reading->found = true;
}

bool store_read_installation(const char *url, struct installation *ret_installation,
                             struct error *err)
{
    struct reading reading = {0};
    if (!query_run_blocking(url,
                            STR("SELECT id::text, feature_level, shards, partitions, "
                                "encode(secret, 'hex'), topic_prefix FROM installation"),
                            NULL, 0, on_row, &reading, err))
        return false;
    if (!reading.found)
        return error_set(err, ERROR_NOT_FOUND, "installation",
                         "no node of this installation has started yet");
    *ret_installation = reading.installation;
    return true;
}

static void on_made(void *context, const struct query_rows *rows, const struct error *err)
{
    (void)context, (void)rows, (void)err;
}

static bool make(const char *url, const struct installation_proposal *proposal, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    const str params[] = {
        str_format(&arena, "%d", STORE_FEATURE_LEVEL),
        str_format(&arena, "%u", proposal->partitions),
        digest_hex(&arena, proposal->secret),
        str_of(proposal->topic_prefix),
    };
    bool done = query_run_blocking(
        url,
        STR("WITH made AS (INSERT INTO installation (feature_level, shards, partitions, secret, "
            "topic_prefix) VALUES ($1::integer, $2::integer, $2::integer, decode($3, 'hex'), $4) "
            "ON CONFLICT DO NOTHING RETURNING shards) "
            "INSERT INTO shard_places SELECT 1, n, n FROM made, generate_series(0, shards - 1) n"),
        params, COUNT_OF(params), on_made, NULL, err);
    arena_done(&arena);
    return done;
}

bool store_check_prefix(const struct installation *installation, const char *prefix,
                        struct error *err)
{
    return strcmp(installation->topic_prefix, prefix) == 0 ||
           error_set(err, ERROR_CONFLICT, "kafka.topic_prefix",
                     "is '%s', but the topics of the installation in this PostgreSQL have the "
                     "prefix '%s': set that, or another postgres.url",
                     prefix, installation->topic_prefix);
}

bool store_open_installation(const char *url, const struct installation_proposal *proposal,
                             struct installation *ret_installation, struct error *err)
{
    struct installation found;
    if (!make(url, proposal, err) || !store_read_installation(url, &found, err) ||
        !store_check_prefix(&found, proposal->topic_prefix, err))
        return false;
    if (found.partitions != proposal->partitions)
        return error_set(err, ERROR_CONFLICT, "commands topic",
                         "has %u partitions, but this installation was made with %u: partitions "
                         "must not be added or taken away by hand, since keys and messages are "
                         "bound to them; make the topic anew with %u partitions and run `baton "
                         "repair`",
                         proposal->partitions, found.partitions, found.partitions);
    if (found.feature_level > STORE_FEATURE_LEVEL)
        return error_set(err, ERROR_CONFLICT, "installation",
                         "uses feature level %d, and this version knows %d: start a newer one",
                         (int)found.feature_level, STORE_FEATURE_LEVEL);
    *ret_installation = found;
    return true;
}
