// SPDX-License-Identifier: Apache-2.0
#include "access/rules.h"

#include "feel/feel.h"

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

static feel_value evaluate(struct arena *arena, str source, feel_value claims)
{
    struct error ignored;
    const struct feel_program *program;
    struct feel_compile_options options = feel_options_for(arena, claims);
    if (!feel_compile(arena, source, &options, &program, &ignored))
        return feel_null();
    struct feel_run run = feel_run_new(arena, &claims);
    run.limits.fuel = run.fuel = RULES_MAX_STEPS;
    feel_value value = feel_evaluate(program, &run);
    return feel_run_finished(&run, &ignored) ? value : feel_null();
}

static bool fits(struct arena *arena, const struct rule *rule, feel_value claims)
{
    str name = rule->claim_name;
    const feel_value *literal = feel_context_get(claims, name);
    if (literal != NULL)
        return is_wanted(arena, *literal, rule->claim_value);
    if (str_starts_with(name, STR("$.")))
        name = str_from_index(name, 2);
    return is_wanted(arena, evaluate(arena, name, claims), rule->claim_value);
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
