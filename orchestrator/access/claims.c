// SPDX-License-Identifier: Apache-2.0
#include "access/claims.h"

feel_value claims_evaluate(struct arena *arena, str expression, feel_value claims)
{
    struct error ignored;
    const struct feel_program *program;
    const feel_value *literal = feel_context_get(claims, expression);
    if (literal != NULL)
        return *literal;
    struct feel_compile_options options = feel_options_for(arena, claims);
    if (!feel_compile(arena, expression, &options, &program, &ignored))
        return feel_null();
    struct feel_run run = feel_run_new(arena, &claims);
    run.limits.fuel = run.fuel = CLAIMS_MAX_STEPS;
    feel_value value = feel_evaluate(program, &run);
    return feel_run_finished(&run, &ignored) ? value : feel_null();
}

static feel_value evaluate(struct arena *arena, str expression, const struct json *claims)
{
    return claims_evaluate(arena, expression, feel_from_json(arena, claims));
}

static str text_of(struct arena *arena, feel_value value)
{
    struct strbuf out = strbuf_new(arena);
    if (feel_is(value, FEEL_NUMBER))
        feel_print(&out, value);
    str text = feel_is(value, FEEL_STRING) ? value.string : strbuf_str(&out);
    return text.len <= CLAIMS_MAX_TEXT_BYTES ? text : STR_EMPTY;
}

// A name with characters that FEEL does not read may be the literal name of a claim.
bool claims_check(str expression, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    const struct feel_program *program;
    bool good = feel_compile(&arena, expression, NULL, &program, err) ||
                (expression.len > 0 && str_find_char(expression, ' ') == SIZE_MAX &&
                 str_find_char(expression, '(') == SIZE_MAX);
    arena_done(&arena);
    return good;
}

str claims_text(struct arena *arena, str expression, const struct json *claims)
{
    return expression.len > 0 ? text_of(arena, evaluate(arena, expression, claims)) : STR_EMPTY;
}

const str *claims_texts(struct arena *arena, str expression, const struct json *claims,
                        size_t *ret_count)
{
    *ret_count = 0;
    if (expression.len == 0)
        return NULL;
    feel_value value = evaluate(arena, expression, claims);
    bool is_list = feel_is(value, FEEL_LIST);
    size_t count = is_list ? value.list.count : 1;
    if (count > CLAIMS_MAX_TEXTS)
        count = CLAIMS_MAX_TEXTS;
    str *texts = ARENA_ARRAY(arena, str, count);
    for (size_t i = 0; i < count; i++) {
        str text = text_of(arena, is_list ? value.list.items[i] : value);
        if (text.len > 0)
            texts[(*ret_count)++] = text;
    }
    return texts;
}

bool claims_hold(struct arena *arena, str expression, const struct json *claims)
{
    return expression.len > 0 && feel_is_true(evaluate(arena, expression, claims));
}
