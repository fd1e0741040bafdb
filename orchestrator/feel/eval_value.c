// SPDX-License-Identifier: Apache-2.0
//
// Operators over two values (DMN 10.3.2.7 and 10.3.2.8), paths (10.3.2.5) and unary tests
// (10.3.2.11).
#include "feel/eval.h"
#include "feel/number.h"
#include "feel/run.h"
#include "feel/temporal.h"
#include "feel/value.h"

// ---- arithmetic ----

enum { POWER_STEPS = 200, DIVIDE_STEPS = 4, COPIED_BYTES_PER_STEP = 256 };

static inline feel_value of_numbers(struct feel_run *run, enum node_kind operator, feel_value a,
                                    feel_value b)
{
    switch ((int)operator) {
    case NODE_ADD:
        return number_add(a, b);
    case NODE_SUBTRACT:
        return number_subtract(a, b);
    case NODE_MULTIPLY:
        return number_multiply(a, b);
    case NODE_DIVIDE:
        return run_spend(run, DIVIDE_STEPS) ? number_divide(a, b) : feel_null();
    default:
        return run_spend(run, POWER_STEPS) ? number_power(a, b) : feel_null();
    }
}

static feel_value concatenate(struct feel_run *run, feel_value a, feel_value b)
{
    size_t len = a.string.len + b.string.len;
    if (len > run->limits.string_bytes)
        return run_warn(run, POSITION_UNKNOWN,
                        "a string of %zu bytes is longer than the limit of %zu", len,
                        run->limits.string_bytes);
    char *text = run_spend(run, len / COPIED_BYTES_PER_STEP) ? run_alloc(run, len) : NULL;
    if (!text)
        return feel_null();
    memcpy(text, a.string.data, a.string.len);
    memcpy(text + a.string.len, b.string.data, b.string.len);
    return feel_string(str_from(text, len));
}

static feel_value of_temporals(const struct node *node, feel_value a, feel_value b)
{
    switch (node->kind) {
    case NODE_ADD:
        return temporal_add(a, b);
    case NODE_SUBTRACT:
        return temporal_subtract(a, b);
    case NODE_MULTIPLY:
    case NODE_NEGATE:
        if (a.kind == FEEL_NUMBER && temporal_is_duration(b))
            return temporal_multiply(b, a);
        return temporal_is_duration(a) && b.kind == FEEL_NUMBER ? temporal_multiply(a, b)
                                                                : feel_null();
    case NODE_DIVIDE:
        return temporal_is_duration(a) ? temporal_divide(a, b) : feel_null();
    default:
        return feel_null();
    }
}

static feel_value of_others(struct feel_run *run, const struct node *node, feel_value a,
                            feel_value b)
{
    if (a.kind == FEEL_STRING && b.kind == FEEL_STRING && node->kind == NODE_ADD)
        return concatenate(run, a, b);
    if (temporal_is(a) || temporal_is(b))
        return of_temporals(node, a, b);
    return feel_null();
}

static feel_value no_value(struct feel_run *run, const struct node *node, feel_value a,
                           feel_value b)
{
    static const char *const signs[] = {
        [NODE_NEGATE] = "-",   [NODE_ADD] = "+",    [NODE_SUBTRACT] = "-",
        [NODE_MULTIPLY] = "*", [NODE_DIVIDE] = "/", [NODE_POWER] = "**",
    };
    return run_warn(run, node->position, "%s %s %s has no value", feel_kind_name(a.kind),
                    signs[node->kind], feel_kind_name(b.kind));
}

feel_value eval_arithmetic(struct feel_run *run, const struct node *node, feel_value a,
                           feel_value b)
{
    feel_value result;
    if (a.kind == FEEL_NUMBER && b.kind == FEEL_NUMBER && node->kind != NODE_NEGATE)
        result = of_numbers(run, (enum node_kind)node->kind, a, b);
    else
        result = of_others(run, node, a, b);
    return feel_is_null(result) ? no_value(run, node, a, b) : result;
}

// ---- comparison ----

static feel_value of_equality(struct feel_run *run, const struct node *node, feel_value a,
                              feel_value b)
{
    int equal = run_equal(run, a, b);
    if (equal < 0)
        return run_warn(run, node->position, "%s and %s cannot be compared", feel_kind_name(a.kind),
                        feel_kind_name(b.kind));
    return feel_bool(equal == (node->kind == NODE_EQUAL));
}

feel_value eval_comparison(struct feel_run *run, const struct node *node, feel_value a,
                           feel_value b)
{
    if (node->kind == NODE_EQUAL || node->kind == NODE_NOT_EQUAL)
        return of_equality(run, node, a, b);
    int order = run_compare(run, a, b);
    if (order == ORDER_NONE)
        return run_warn(run, node->position, "%s and %s have no order", feel_kind_name(a.kind),
                        feel_kind_name(b.kind));
    switch (node->kind) {
    case NODE_LESS:
        return feel_bool(order < 0);
    case NODE_LESS_EQUAL:
        return feel_bool(order <= 0);
    case NODE_GREATER:
        return feel_bool(order > 0);
    default:
        return feel_bool(order >= 0);
    }
}

// ---- paths ----

static feel_value project(struct feel_run *run, const struct node *node, feel_value base)
{
    feel_value *items = run_alloc(run, (base.list.count + 1) * sizeof *items);
    if (!items || !run_spend(run, base.list.count))
        return feel_null();
    for (size_t i = 0; i < base.list.count; i++) {
        const feel_value *found =
            context_guess(base.list.items[i], node->member, eval_hint(run, node));
        items[i] = found ? *found : eval_path(run, node, base.list.items[i]);
    }
    return feel_list(items, base.list.count);
}

static bool is_property(feel_value base, str name)
{
    bool is_offset = str_equal(name, STR("time offset")) || str_equal(name, STR("timezone"));
    return is_offset && (base.kind == FEEL_TIME || base.kind == FEEL_DATE_TIME);
}

// Lists within lists are projected as they are nested; the run's depth bounds that.
feel_value eval_path(struct feel_run *run, const struct node *node, feel_value base)
{
    const feel_value *found = context_guess(base, node->member, eval_hint(run, node));
    if (found)
        return *found;
    if (base.kind == FEEL_LIST && run->depth < run->limits.depth) {
        run->depth++;
        feel_value list = project(run, node, base);
        run->depth--;
        return list;
    }
    feel_value value = base.kind == FEEL_RANGE ? range_property(base.range, node->member)
                       : temporal_is(base)     ? temporal_property(base, node->member)
                                               : feel_null();
    if (feel_is_null(value) && base.kind != FEEL_RANGE && !is_property(base, node->member))
        return run_warn(run, node->position, "%s has no entry '%.*s'", feel_kind_name(base.kind),
                        STR_ARG(node->member));
    return value;
}

// ---- unary tests ----

static int in_range(struct feel_run *run, const struct feel_range *range, feel_value value)
{
    if (value.kind == FEEL_STRING && !run_spend(run, value.string.len / COPIED_BYTES_PER_STEP))
        return -1;
    return range_contains(range, value);
}

static int list_has(struct feel_run *run, feel_value list, feel_value input)
{
    run_spend(run, list.list.count / 4);
    for (size_t i = 0; i < list.list.count && !run->stopped; i++) {
        feel_value item = list.list.items[i];
        if (run_equal(run, input, item) == 1)
            return 1;
        if (item.kind == FEEL_RANGE && in_range(run, item.range, input) == 1)
            return 1;
    }
    return 0;
}

// Does the input pass the test whose value this is? A test that speaks of `?` says so itself.
static int passes(struct feel_run *run, const struct node *test, feel_value value, feel_value input)
{
    bool is_written = test->kind == NODE_CONSTANT; // compared, not obeyed
    bool is_answer = test->uses_input || (input.kind != FEEL_BOOLEAN && !is_written);
    if (value.kind == FEEL_BOOLEAN && is_answer)
        return value.boolean;
    bool is_failed = value.kind == FEEL_NULL && !is_written;
    if (is_failed && (test->uses_input || input.kind != FEEL_NULL))
        return -1;
    if (value.kind == FEEL_RANGE && input.kind != FEEL_RANGE)
        return in_range(run, value.range, input);
    if (value.kind == FEEL_LIST) {
        bool is_equal = input.kind == FEEL_LIST && run_equal(run, input, value) == 1;
        return is_equal || list_has(run, value, input);
    }
    if (input.kind == FEEL_LIST && input.list.count == 1 && value.kind != FEEL_NULL)
        return list_has(run, input, value); // a singleton list is its item
    return run_equal(run, input, value);
}

feel_value eval_tests(struct feel_run *run, struct frame *frame, const struct node *tests)
{
    feel_value input = frame->slots[tests->slot];
    bool is_unknown = false;
    for (size_t i = 0; i < tests->count; i++) {
        int passed = passes(run, tests->items[i], eval_node(run, frame, tests->items[i]), input);
        if (passed == 1)
            return feel_bool(!tests->negated);
        is_unknown |= passed < 0;
    }
    if (is_unknown)
        return run_warn(run, tests->position, "the test says nothing about a %s",
                        feel_kind_name(input.kind));
    return feel_bool(tests->negated);
}
