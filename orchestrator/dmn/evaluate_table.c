// SPDX-License-Identifier: Apache-2.0
//
// Decision tables: which rules match, and what the hit policy makes of them (DMN 8.2.8
// to 8.2.11, 10.3.2.8).
#include "dmn/evaluate.h"

typedef ARRAY(uint32_t) rule_array;

struct hits {
    struct instance *instance;
    const struct scope *scope;
    const struct table *table;
    feel_value *inputs;
    rule_array rules;
};

static void warn(struct hits *h, const char *text)
{
    struct feel_warnings *warnings = h->instance->run->warnings;
    if (warnings && warnings->count++ < FEEL_WARNINGS_MAX)
        warnings->items[warnings->count - 1] = (struct feel_warning){.text = str_of(text)};
}

// A hit policy is a promise: broken, the decision has no value, and null would hide it.
static feel_value fail(struct hits *h, const char *text)
{
    feel_run_fail(h->instance->run, str_of(text));
    return feel_null();
}

// A column's type that is only a word: tools write one where nobody chose (string), and values that
// do not conform are compared, and given, as they are. A type that the model defines is checked.
static feel_value typed(struct hits *h, feel_value value, const struct feel_type *type, str what)
{
    struct feel_run *run = h->instance->run;
    if (type == NULL || type != feel_type_named(type->name))
        return type ? feel_coerce(run, value, type, what) : value;
    struct feel_warnings *warnings = run->warnings;
    run->warnings = NULL;
    feel_value other = feel_coerce(run, value, type, what);
    run->warnings = warnings;
    return feel_is_null(other) ? value : other;
}

// ---- inputs ----

static feel_value input_value(struct hits *h, const struct table_input *input)
{
    if (!input->expression)
        return feel_null();
    feel_value value = evaluate_program(h->instance, h->scope, input->expression);
    return typed(h, value, input->type, input->name);
}

// False when an input is outside its column's allowed values.
static bool read_inputs(struct hits *h)
{
    const struct table *table = h->table;
    h->inputs = ARENA_ARRAY(h->instance->run->arena, feel_value, table->input_count);
    for (size_t i = 0; i < table->input_count; i++) {
        const struct table_input *input = &table->inputs[i];
        h->inputs[i] = input_value(h, input);
        if (!input->allowed || h->inputs[i].kind == FEEL_NULL)
            continue;
        if (!feel_is_true(evaluate_tests(h->instance, h->scope, input->allowed, h->inputs[i]))) {
            warn(h, "an input of the decision table is not one of its allowed values");
            return false;
        }
    }
    return true;
}

// ---- matching ----

// `sure` has a bit for each column that an index has answered for.
static bool rule_matches(struct hits *h, size_t rule, uint64_t sure)
{
    const struct table_rule *r = &h->table->rules[rule];
    for (size_t i = 0; i < h->table->input_count; i++) {
        bool known =
            i < WORD_BITS && sure >> i & 1 && !index_leaves_open(h->table->indexes[i], rule);
        if (!r->tests[i] || known)
            continue;
        if (!feel_is_true(evaluate_tests(h->instance, h->scope, r->tests[i], h->inputs[i])))
            return false;
    }
    return true;
}

// Takes the rule if it matches; false when the policy wants no more.
static bool take(struct hits *h, size_t rule, uint64_t sure)
{
    if (h->instance->run->stopped)
        return false;
    if (!rule_matches(h, rule, sure))
        return true;
    *ARRAY_PUSH(h->instance->run->arena, &h->rules) = (uint32_t)rule;
    return h->table->policy != HIT_FIRST;
}

static void match_all(struct hits *h)
{
    for (size_t rule = 0; rule < h->table->rule_count; rule++)
        if (!take(h, rule, 0))
            return;
}

// The rules of one index, as far as the bits of the others have them too.
static void match_list(struct hits *h, const struct rule_set *list,
                       const struct rule_set *const *sets, size_t count, uint64_t sure)
{
    for (size_t i = 0; i < list->count; i++) {
        uint32_t rule = list->items[i];
        bool in_all = true;
        for (size_t s = 0; s < count && in_all; s++)
            in_all = !sets[s]->bits || sets[s]->bits[rule / WORD_BITS] >> rule % WORD_BITS & 1;
        if (in_all && !take(h, rule, sure))
            return;
    }
}

static void match_bits(struct hits *h, const struct rule_set *const *sets, size_t count,
                       uint64_t sure)
{
    size_t words = (h->table->rule_count + WORD_BITS - 1) / WORD_BITS;
    for (size_t w = 0; w < words; w++) {
        uint64_t bits = sets[0]->bits[w];
        for (size_t i = 1; i < count; i++)
            bits &= sets[i]->bits[w];
        for (; bits; bits &= bits - 1)
            if (!take(h, w * WORD_BITS + (size_t)__builtin_ctzll(bits), sure))
                return;
    }
}

// Asks every index. The one with the fewest rules decides: few are looked at one by one, many are
// the common bits of all indexes.
static void match(struct hits *h)
{
    const struct rule_set *sets[WORD_BITS], *fewest = NULL;
    size_t count = 0;
    uint64_t with_bits = 0, of_fewest = 0;
    for (size_t i = 0; i < h->table->input_count && i < WORD_BITS; i++) {
        const struct column_index *index = h->table->indexes[i];
        const struct rule_set *set = index ? index_find(index, h->inputs[i]) : NULL;
        if (!set)
            continue;
        sets[count++] = set;
        with_bits |= set->bits ? 1ull << i : 0;
        if (!fewest || set->count < fewest->count) {
            fewest = set;
            of_fewest = 1ull << i;
        }
    }
    if (!fewest)
        match_all(h);
    else if (!fewest->bits)
        match_list(h, fewest, sets, count, with_bits | of_fewest);
    else
        match_bits(h, sets, count, with_bits);
}

// ---- outputs ----

static feel_value output_value(struct hits *h, size_t rule, size_t column)
{
    feel_value value = h->table->constants[rule * h->table->output_count + column];
    if (value.kind == NOT_CONSTANT)
        value = evaluate_program(h->instance, h->scope, h->table->rules[rule].outputs[column]);
    const struct table_output *output = &h->table->outputs[column];
    return typed(h, value, output->type, output->name);
}

static feel_value boxed(struct hits *h, const feel_value *values)
{
    const struct table *table = h->table;
    if (table->output_count == 1)
        return values[0];
    struct feel_entry *entries =
        ARENA_ARRAY(h->instance->run->arena, struct feel_entry, table->output_count);
    for (size_t i = 0; i < table->output_count; i++)
        entries[i] = (struct feel_entry){table->outputs[i].name, values[i]};
    return feel_context_new(h->instance->run->arena, entries, table->output_count);
}

// The outputs of the matched rules, row by row.
static feel_value *output_rows(struct hits *h)
{
    const struct table *table = h->table;
    size_t columns = table->output_count;
    feel_value *rows = ARENA_ARRAY(h->instance->run->arena, feel_value, h->rules.count * columns);
    for (size_t i = 0; i < h->rules.count; i++)
        for (size_t c = 0; c < columns; c++)
            rows[i * columns + c] = output_value(h, h->rules.items[i], c);
    return rows;
}

static feel_value default_output(struct hits *h)
{
    const struct table *table = h->table;
    feel_value *values = ARENA_ARRAY(h->instance->run->arena, feel_value, table->output_count);
    bool any = false;
    for (size_t c = 0; c < table->output_count; c++) {
        if (!table->outputs[c].otherwise)
            continue;
        any = true;
        values[c] = typed(h, evaluate_program(h->instance, h->scope, table->outputs[c].otherwise),
                          table->outputs[c].type, table->outputs[c].name);
    }
    return any ? boxed(h, values) : feel_null();
}

// ---- hit policies ----

static size_t priority_of(const struct table_output *output, feel_value value)
{
    for (size_t i = 0; i < output->priority_count; i++)
        if (!output->priorities[i].is_range && feel_equal(output->priorities[i].value, value) == 1)
            return i;
    return SIZE_MAX;
}

// Does row a come before row b? By the first output that tells them apart.
static bool comes_before(const struct table *table, const feel_value *a, const feel_value *b)
{
    for (size_t c = 0; c < table->output_count; c++) {
        size_t x = priority_of(&table->outputs[c], a[c]), y = priority_of(&table->outputs[c], b[c]);
        if (x != y)
            return x < y;
    }
    return false;
}

static feel_value all_rows(struct hits *h, const feel_value *rows)
{
    feel_value *items = ARENA_ARRAY(h->instance->run->arena, feel_value, h->rules.count);
    for (size_t i = 0; i < h->rules.count; i++)
        items[i] = boxed(h, rows + i * h->table->output_count);
    return feel_list(items, h->rules.count);
}

// Insertion sort: stable, and few rules match.
static feel_value ordered_rows(struct hits *h, const feel_value *rows)
{
    size_t columns = h->table->output_count;
    const feel_value **order =
        ARENA_ARRAY(h->instance->run->arena, const feel_value *, h->rules.count);
    feel_value *items = ARENA_ARRAY(h->instance->run->arena, feel_value, h->rules.count);
    for (size_t i = 0; i < h->rules.count; i++) {
        size_t at = i;
        for (; at > 0 && comes_before(h->table, rows + i * columns, order[at - 1]); at--)
            order[at] = order[at - 1];
        order[at] = rows + i * columns;
    }
    for (size_t i = 0; i < h->rules.count; i++)
        items[i] = boxed(h, order[i]);
    return feel_list(items, h->rules.count);
}

static feel_value best_row(struct hits *h, const feel_value *rows)
{
    const feel_value *best = rows;
    for (size_t i = 1; i < h->rules.count; i++)
        if (comes_before(h->table, rows + i * h->table->output_count, best))
            best = rows + i * h->table->output_count;
    return boxed(h, best);
}

static feel_value any_row(struct hits *h, const feel_value *rows)
{
    feel_value first = boxed(h, rows);
    for (size_t i = 1; i < h->rules.count; i++)
        if (feel_equal(first, boxed(h, rows + i * h->table->output_count)) != 1) {
            return fail(h, "rules of a table with hit policy ANY disagree");
        }
    return first;
}

static feel_value aggregate_column(struct hits *h, const feel_value *rows, size_t column)
{
    static const char *const functions[] = {[AGGREGATE_SUM] = "sum(v)",
                                            [AGGREGATE_MIN] = "min(v)",
                                            [AGGREGATE_MAX] = "max(v)",
                                            [AGGREGATE_COUNT] = "count(v)"};
    struct arena *arena = h->instance->run->arena;
    const struct feel_program *program;
    struct error err;
    feel_value *items = ARENA_ARRAY(arena, feel_value, h->rules.count);
    for (size_t i = 0; i < h->rules.count; i++)
        items[i] = rows[i * h->table->output_count + column];
    struct feel_entry entry = {STR("v"), feel_list(items, h->rules.count)};
    struct scope scope = {.entries = &entry, .count = 1};
    bool compiled =
        feel_compile(arena, str_of(functions[h->table->aggregation]), NULL, &program, &err);
    check(compiled);
    return evaluate_program(h->instance, &scope, program);
}

static feel_value collect(struct hits *h, const feel_value *rows)
{
    const struct table *table = h->table;
    if (table->aggregation == AGGREGATE_LIST)
        return all_rows(h, rows);
    feel_value *values = ARENA_ARRAY(h->instance->run->arena, feel_value, table->output_count);
    for (size_t c = 0; c < table->output_count; c++)
        values[c] = aggregate_column(h, rows, c);
    return boxed(h, values);
}

static feel_value apply_policy(struct hits *h, const feel_value *rows)
{
    switch (h->table->policy) {
    case HIT_UNIQUE:
        if (h->rules.count > 1)
            return fail(h, "several rules of a table with hit policy UNIQUE match");
        return boxed(h, rows);
    case HIT_ANY:
        return any_row(h, rows);
    case HIT_PRIORITY:
        return best_row(h, rows);
    case HIT_FIRST:
        return boxed(h, rows);
    case HIT_OUTPUT_ORDER:
        return ordered_rows(h, rows);
    case HIT_RULE_ORDER:
        return all_rows(h, rows);
    case HIT_COLLECT:
        return collect(h, rows);
    }
    check_unreachable();
}

// ---- the trace ----

static void trace_rules(struct hits *h, const feel_value *rows, struct dmn_traced_decision *traced)
{
    const struct table *table = h->table;
    struct arena *arena = h->instance->run->arena;
    struct dmn_traced_rule *rules = ARENA_ARRAY(arena, struct dmn_traced_rule, h->rules.count);
    for (size_t i = 0; i < h->rules.count; i++) {
        struct dmn_traced_value *outputs =
            ARENA_ARRAY(arena, struct dmn_traced_value, table->output_count);
        for (size_t c = 0; c < table->output_count; c++)
            outputs[c] = (struct dmn_traced_value){table->outputs[c].id, table->outputs[c].name,
                                                   rows[i * table->output_count + c]};
        rules[i] = (struct dmn_traced_rule){table->rules[h->rules.items[i]].id,
                                            h->rules.items[i] + 1, table->output_count, outputs};
    }
    traced->rules = rules;
    traced->rule_count = h->rules.count;
}

// A table inside another expression, or of a knowledge model, belongs to the decision that is being
// evaluated.
static void trace(struct hits *h, const feel_value *rows)
{
    struct dmn_trace *trace = h->instance->trace;
    const struct table *table = h->table;
    if (!trace || h->instance->traced >= trace->decisions.count)
        return;
    struct dmn_traced_decision *traced = &trace->decisions.items[h->instance->traced];
    struct dmn_traced_value *inputs =
        ARENA_ARRAY(h->instance->run->arena, struct dmn_traced_value, table->input_count);
    for (size_t i = 0; i < table->input_count; i++)
        inputs[i] =
            (struct dmn_traced_value){table->inputs[i].id, table->inputs[i].name, h->inputs[i]};
    traced->is_table = true;
    traced->hit_policy = str_of(hit_policy_name(table));
    traced->inputs = inputs;
    traced->input_count = table->input_count;
    trace_rules(h, rows, traced);
}

feel_value evaluate_table(struct instance *instance, const struct scope *scope,
                          const struct table *table)
{
    struct hits h = {.instance = instance, .scope = scope, .table = table};
    if (!read_inputs(&h))
        return feel_null();
    match(&h);
    const feel_value *rows = output_rows(&h);
    trace(&h, rows);
    if (h.rules.count == 0)
        return default_output(&h);
    return apply_policy(&h, rows);
}
