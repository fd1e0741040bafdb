// SPDX-License-Identifier: Apache-2.0
// Any bytes as a model: compiled, and every decision evaluated within small limits with a trace.
#include "dmn/dmn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void evaluate(struct arena *arena, const struct dmn_decision *decision)
{
    struct dmn_trace trace = {0};
    struct feel_entry entry = {STR("a"), feel_i64(1)};
    feel_value inputs = feel_context_new(arena, &entry, 1);
    struct feel_run run = feel_run_new(arena, &inputs);
    run.fuel = run.limits.fuel = 20000;
    run.limits.bytes = 8 << 20;
    feel_value value = dmn_evaluate(decision, &run, &trace);
    struct strbuf text = strbuf_new(arena);
    feel_print(&text, value);
    dmn_trace_to_json(&text, &trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_EMPTY;
    struct dmn_problems problems = {.arena = &arena};
    struct dmn_source source = {.file = "fuzz.dmn", .xml = str_from(data, size)};
    const struct dmn_model *model = dmn_compile(&arena, &source, 1, NULL, &problems);
    check(model != NULL || problems.list.count > 0);
    for (size_t i = 0; model && i < dmn_decision_count(model) && i < 20; i++)
        evaluate(&arena, dmn_decision_at(model, i));
    arena_done(&arena);
    return 0;
}
