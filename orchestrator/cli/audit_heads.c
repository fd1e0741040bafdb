// SPDX-License-Identifier: Apache-2.0
#include "cli/audit_heads.h"

#include "base/json.h"

static bool add_heads(struct arena *arena, const struct json *list, enum audit_head_kind kind,
                      str time, struct audit_heads *heads)
{
    static const char *const ids[] = {"shard", "chain"}, *const numbers[] = {"batch", "number"};
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *item = &list->items[i];
        struct audit_head head = {
            .kind = kind, .id = json_get_i64(item, str_of(ids[kind]), -1), .time = time};
        int64_t number = json_get_i64(item, str_of(numbers[kind]), -1);
        str hex = json_get_str(item, STR("digest"), STR_EMPTY);
        if (head.id < 0 || number < 0 || !digest_from_hex(arena, hex, &head.digest))
            return false;
        head.number = (uint64_t)number;
        if (number > 0) // it had begun
            *ARRAY_PUSH(arena, &heads->list) = head;
    }
    return true;
}

static bool read_line(struct arena *arena, str line, const struct signature_key *key,
                      struct audit_heads *heads, struct error *err)
{
    str payload;
    struct json *json;
    if (!signature_verify(arena, key, line, &payload, err) ||
        !json_parse(arena, payload, &json, err))
        return false;
    str time = json_get_str(json, STR("time"), STR_EMPTY);
    heads->checkpoints++;
    return (str_equal(json_get_str(json, STR("kind"), STR_EMPTY), STR("checkpoint")) &&
            add_heads(arena, json_get(json, STR("shards")), HEAD_SHARD, time, heads) &&
            add_heads(arena, json_get(json, STR("chains")), HEAD_CHAIN, time, heads)) ||
           error_set(err, ERROR_INVALID, "checkpoint", "what was signed is no checkpoint");
}

bool audit_heads_read(struct arena *arena, str lines, const struct signature_key *key,
                      struct audit_heads *ret_heads, struct error *err)
{
    struct error why;
    str line;
    size_t number = 0;
    *ret_heads = (struct audit_heads){.checkpoints = 0};
    while (!str_is_empty(lines) && str_split(&lines, '\n', &line)) {
        line = str_trim(line);
        number++;
        if (!str_is_empty(line) && !read_line(arena, line, key, ret_heads, &why))
            return error_set(err, ERROR_INVALID, "checkpoint", "line %zu: %s", number, why.text);
    }
    return ret_heads->checkpoints > 0 ||
           error_set(err, ERROR_INVALID, "checkpoint", "there is none in the file");
}

const struct audit_head *audit_heads_differ(struct audit_heads *heads, enum audit_head_kind kind,
                                            int64_t id, uint64_t number, str digest)
{
    const struct audit_head *differs = NULL;
    for (size_t i = 0; i < heads->list.count; i++) {
        struct audit_head *head = &heads->list.items[i];
        if (head->kind != kind || head->id != id || head->number != number)
            continue;
        head->is_found = true;
        if (!str_equal(head->digest, digest))
            differs = head;
    }
    return differs;
}
