// SPDX-License-Identifier: Apache-2.0
// Models as other tools export them, and everything that is said about them: tests/golden/lint. To
// add one, put NAME.bpmn there and run this with GOLDEN=write.
#include "bpmn/bpmn.h"
#include "bpmn/golden.h"

static str told(struct arena *arena, str model)
{
    struct arena scratch = ARENA_EMPTY;
    struct strbuf out = strbuf_new(arena);
    struct bpmn_resource *resource;
    struct error err;
    if (!bpmn_parse(arena, &scratch, model, &resource, &err)) {
        strbuf_format(&out, "unreadable: %s: %s\n", err.place, err.text);
        arena_done(&scratch);
        return strbuf_str(&out);
    }
    strbuf_format(&out, "%s\n", resource->is_executable ? "executable" : "not executable");
    for (size_t i = 0; i < resource->problem_count; i++) {
        const struct bpmn_problem *p = &resource->problems[i];
        strbuf_format(&out, "%u %s %s %.*s: %.*s\n", p->line, bpmn_severity_name(p->severity),
                      bpmn_code_name(p->code), STR_ARG(p->element), STR_ARG(p->message));
    }
    arena_done(&scratch);
    return strbuf_str(&out);
}

static void what_other_tools_export_is_told_about(void **state)
{
    (void)state;
    golden_check("tests/golden/lint/*.bpmn", told);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_other_tools_export_is_told_about)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
