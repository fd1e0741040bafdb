// SPDX-License-Identifier: Apache-2.0
#include "access/rules.h"

#include "access/claims.h"

static str as_text(struct arena *arena, feel_value value)
{
    if (value.kind == FEEL_STRING)
        return value.string;
    struct strbuf out = strbuf_new(arena);
    feel_print(&out, value);
    return strbuf_str(&out);
}

static bool is_wanted(struct arena *arena, feel_value value, str wanted)
{
    if (feel_is_null(value))
        return false;
    if (value.kind != FEEL_LIST)
        return str_equal(as_text(arena, value), wanted);
    for (size_t i = 0; i < value.list.count; i++)
        if (str_equal(as_text(arena, value.list.items[i]), wanted))
            return true;
    return false;
}

static bool fits(struct arena *arena, const struct rule *rule, feel_value claims)
{
    str name = rule->claim_name;
    if (str_starts_with(name, STR("$.")) && feel_context_get(claims, name) == NULL)
        name = str_from_index(name, 2);
    return is_wanted(arena, claims_evaluate(arena, name, claims), rule->claim_value);
}

struct names rules_that_fit(struct arena *arena, const struct rule *rules, size_t count,
                            const struct json *claims)
{
    feel_value value;
    struct error ignored;
    size_t kept = 0;
    struct strbuf text = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&text);
    str *ids = ARENA_ARRAY(arena, str, count);
    if (claims == NULL || count == 0)
        return (struct names){NULL, 0};
    json_value(&writer, claims);
    if (!feel_from_json_text(arena, strbuf_str(&text), &value, &ignored))
        return (struct names){NULL, 0};
    for (size_t i = 0; i < count; i++)
        if (fits(arena, &rules[i], value))
            ids[kept++] = rules[i].id;
    return names_sorted(ids, kept);
}
