// SPDX-License-Identifier: Apache-2.0
//
// FEEL in a program of your own: compile once, evaluate with variables from JSON, print the result.
// See README.md for how to build.
#include <stdio.h>

#include "feel/feel.h"

int main(void)
{
    struct arena arena = ARENA_EMPTY;
    struct error err;
    const struct feel_program *program;
    feel_value variables;
    if (!feel_compile(&arena, STR("sum(prices[item > 1]) * 1.19"), NULL, &program, &err) ||
        !feel_from_json_text(&arena, STR("{\"prices\": [1.20, 0.5, 3]}"), &variables, &err))
        return fprintf(stderr, "%s\n", err.text), 1;
    struct feel_run run = feel_run_new(&arena, &variables);
    struct strbuf out = strbuf_new(&arena);
    if (!feel_to_json(&out, feel_evaluate(program, &run)))
        return fprintf(stderr, "the result is too large\n"), 1;
    printf("%s\n", strbuf_cstr(&out)); // 4.998
    arena_done(&arena);
    return 0;
}
