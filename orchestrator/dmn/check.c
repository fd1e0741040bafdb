// SPDX-License-Identifier: Apache-2.0
//
// What can be said of a decision table before any input is known. Each column's constants cut its
// values into elementary intervals (index.c); a rule is then a set of intervals per column, and
// overlaps, gaps and shadowed rules are questions about sets of bits.
//
// Columns with a cell that is no constant say nothing, except that rules with such a cell are left
// out. Work is bounded: beyond the limits a table is not analysed.
#include <stdio.h>

#include "dmn/table.h"

enum { PAIRS_MAX = 100000, BITS_MAX = 1 << 25, STEPS_MAX = 1000000, REPORTS_MAX = 5, LABEL = 256 };

struct column {
    const struct column_index *index; // NULL: every rule lets everything through
    size_t intervals;
    size_t words;
    uint64_t *bits; // per rule: the intervals it takes
    // What may come in: all intervals, or those of the allowed values.
    const struct feel_test *allowed;
    size_t allowed_count;
};

struct analysis {
    struct builder *b;
    const struct table *table;
    struct column *columns;
    size_t rule_words;
    size_t steps;
    size_t reports;
    bool *skipped; // rules with a cell that is no constant
};

// ---- columns as bits ----

static void set_bits(struct analysis *a, struct column *c)
{
    for (size_t at = 0; at < c->intervals; at++) {
        const struct rule_set *set = index_interval(c->index, at);
        for (size_t i = 0; i < set->count; i++)
            c->bits[set->items[i] * c->words + at / WORD_BITS] |= 1ull << at % WORD_BITS;
    }
    for (size_t rule = 0; rule < a->table->rule_count; rule++)
        a->skipped[rule] |= index_leaves_open(c->index, rule);
}

static bool all_any(const struct table *table, size_t column)
{
    for (size_t i = 0; i < table->rule_count; i++)
        if (table->rules[i].tests[column])
            return false;
    return true;
}

static void read_allowed(struct analysis *a, size_t at, struct column *c)
{
    const struct table_input *input = &a->table->inputs[at];
    const struct feel_program *values = input->allowed ? input->allowed
                                        : input->type  ? input->type->constraint
                                                       : NULL;
    bool negated;
    if (!values ||
        !feel_tests_constants(values, a->b->arena, &c->allowed, &c->allowed_count, &negated) ||
        c->allowed_count == SIZE_MAX || negated)
        c->allowed_count = 0;
}

static bool read_column(struct analysis *a, size_t at)
{
    struct column *c = &a->columns[at];
    const feel_value *bounds;
    if (all_any(a->table, at)) {
        c->intervals = 1;
        return true;
    }
    c->index =
        a->table->indexes[at] ? a->table->indexes[at] : index_build(a->b->arena, a->table, at);
    if (!c->index)
        return false;
    c->intervals = 2 * index_bounds(c->index, &bounds) + 1;
    c->words = (c->intervals + WORD_BITS - 1) / WORD_BITS;
    if (a->table->rule_count * c->intervals > BITS_MAX)
        return false;
    c->bits = ARENA_ARRAY(a->b->arena, uint64_t, a->table->rule_count * c->words);
    set_bits(a, c);
    read_allowed(a, at, c);
    return true;
}

// ---- pairs of rules ----

enum relation { APART, MEET, COVERS };

// How rule i stands to rule j in one column.
static enum relation relate(const struct column *c, size_t i, size_t j)
{
    bool meet = false, covers = true;
    if (!c->index)
        return COVERS;
    for (size_t w = 0; w < c->words; w++) {
        uint64_t x = c->bits[i * c->words + w], y = c->bits[j * c->words + w];
        meet |= (x & y) != 0;
        covers &= (y & ~x) == 0;
    }
    return !meet ? APART : covers ? COVERS : MEET;
}

static enum relation relate_rules(const struct analysis *a, size_t i, size_t j)
{
    enum relation all = COVERS;
    for (size_t c = 0; c < a->table->input_count; c++) {
        enum relation one = relate(&a->columns[c], i, j);
        if (one == APART)
            return APART;
        all = one < all ? one : all;
    }
    return all;
}

static bool same_outputs(const struct table *table, size_t i, size_t j)
{
    for (size_t c = 0; c < table->output_count; c++) {
        feel_value x = table->constants[i * table->output_count + c];
        feel_value y = table->constants[j * table->output_count + c];
        if (x.kind == NOT_CONSTANT || y.kind == NOT_CONSTANT || feel_equal(x, y) != 1)
            return false;
    }
    return true;
}

static void judge_pair(struct analysis *a, size_t i, size_t j)
{
    const struct table *table = a->table;
    bool claims_alone =
        table->policy == HIT_UNIQUE || (table->policy == HIT_ANY && !same_outputs(table, i, j));
    if (!claims_alone && table->policy != HIT_FIRST)
        return;
    enum relation relation = relate_rules(a, i, j);
    if (claims_alone && relation != APART) {
        a->reports++;
        builder_problem(a->b, PROBLEM_OVERLAP, table->xml,
                        "rules %zu (line %u) and %zu (line %u) match the same input", i + 1,
                        table->rules[i].line, j + 1, table->rules[j].line);
    }
    if (table->policy == HIT_FIRST && relation == COVERS) {
        a->reports++;
        builder_problem(
            a->b, PROBLEM_UNREACHABLE, table->xml,
            "rule %zu (line %u) never matches first: rule %zu (line %u) takes all its inputs",
            j + 1, table->rules[j].line, i + 1, table->rules[i].line);
    }
}

static void check_pairs(struct analysis *a)
{
    size_t count = a->table->rule_count;
    if (count * count / 2 > PAIRS_MAX)
        return;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count && a->reports < REPORTS_MAX; j++)
            if (!a->skipped[i] && !a->skipped[j])
                judge_pair(a, i, j);
}

// ---- gaps ----

static void describe(const struct analysis *a, size_t column, size_t at, char label[LABEL])
{
    const struct column *c = &a->columns[column];
    struct strbuf text = strbuf_new(a->b->arena);
    const feel_value *bounds;
    size_t count = c->index ? index_bounds(c->index, &bounds) : 0;
    str name = a->table->inputs[column].name;
    bool is_words = count && (bounds[0].kind == FEEL_STRING || bounds[0].kind == FEEL_BOOLEAN);
    if (count == 0) {
        strbuf_format(&text, "any %.*s", STR_ARG(name));
    } else if (at % 2) {
        strbuf_format(&text, "%.*s = ", STR_ARG(name));
        feel_print(&text, bounds[at / 2]);
    } else if (is_words) {
        strbuf_format(&text, "%.*s is another value", STR_ARG(name));
    } else {
        strbuf_format(&text, "%.*s in (", STR_ARG(name));
        if (at)
            feel_print(&text, bounds[at / 2 - 1]);
        strbuf_add(&text, STR(".."));
        if (at / 2 < count)
            feel_print(&text, bounds[at / 2]);
        strbuf_add_char(&text, ')');
    }
    snprintf(label, LABEL, "%s", strbuf_cstr(&text));
}

// May a value of this interval come in at all?
static bool may_come(const struct column *c, size_t at)
{
    const feel_value *bounds;
    size_t count = c->index ? index_bounds(c->index, &bounds) : 0;
    if (count && bounds[0].kind == FEEL_BOOLEAN && at % 2 == 0)
        return count == 1 && (bounds[0].boolean ? at == 0 : at == 2);
    if (c->allowed_count == 0) // of words that no cell names, the first stands for all
        return at == 0 || at % 2 || bounds[0].kind != FEEL_STRING;
    for (size_t i = 0; i < c->allowed_count; i++) {
        const struct feel_test *test = &c->allowed[i];
        if (!test->is_range && index_locate(c->index, test->value) == at)
            return true;
        if (test->is_range && at % 2 && feel_range_contains(test->value.range, bounds[at / 2]) == 1)
            return true;
    }
    return false;
}

static bool takes_rest(const struct analysis *a, size_t rule, size_t column)
{
    for (size_t c = column; c < a->table->input_count; c++)
        if (a->table->rules[rule].tests[c])
            return false;
    return true;
}

// Some rule of the set takes whatever the columns from here on hold.
static bool is_covered(const struct analysis *a, const uint64_t *rules, size_t column)
{
    for (size_t rule = 0; rule < a->table->rule_count; rule++)
        if (rules[rule / WORD_BITS] >> rule % WORD_BITS & 1 && takes_rest(a, rule, column))
            return true;
    return false;
}

static bool keep(const struct analysis *a, const struct column *c, size_t at, const uint64_t *from,
                 uint64_t *to)
{
    bool any = false;
    memset(to, 0, a->rule_words * sizeof *to);
    for (size_t rule = 0; rule < a->table->rule_count; rule++) {
        bool takes = !c->index || c->bits[rule * c->words + at / WORD_BITS] >> at % WORD_BITS & 1;
        if (takes && from[rule / WORD_BITS] >> rule % WORD_BITS & 1) {
            to[rule / WORD_BITS] |= 1ull << rule % WORD_BITS;
            any = true;
        }
    }
    return any;
}

static void report_gap(struct analysis *a, const size_t *path, size_t depth)
{
    struct strbuf text = strbuf_new(a->b->arena);
    char label[LABEL];
    for (size_t c = 0; c <= depth; c++) {
        describe(a, c, path[c], label);
        strbuf_format(&text, "%s%s", c ? " and " : "", label);
    }
    a->reports++;
    str found = strbuf_str(&text);
    builder_problem(a->b, PROBLEM_GAP, a->table->xml, "no rule matches when %.*s", STR_ARG(found));
}

// Goes through the combinations of intervals, column by column, as far as some rule still matches.
// As deep as the table has columns.
static void find_gaps(struct analysis *a, const uint64_t *rules, size_t column, size_t *path)
{
    const struct column *c = &a->columns[column];
    uint64_t *kept = ARENA_ARRAY(a->b->arena, uint64_t, a->rule_words);
    if (column == a->table->input_count || is_covered(a, rules, column))
        return;
    for (size_t at = 0; at < c->intervals && a->reports < REPORTS_MAX; at++) {
        a->steps += 1 + a->table->rule_count;
        if (a->steps > STEPS_MAX)
            return;
        path[column] = at;
        if (!may_come(c, at))
            continue;
        if (!keep(a, c, at, rules, kept))
            report_gap(a, path, column);
        else
            find_gaps(a, kept, column + 1, path);
    }
}

static bool wants_all_covered(const struct table *table)
{
    bool single = table->policy == HIT_UNIQUE || table->policy == HIT_ANY ||
                  table->policy == HIT_FIRST || table->policy == HIT_PRIORITY;
    for (size_t c = 0; c < table->output_count; c++)
        single &= table->outputs[c].otherwise == NULL;
    return single;
}

static void check_gaps(struct analysis *a)
{
    enum { COLUMNS_MAX = 16 };
    size_t path[COLUMNS_MAX + 1];
    if (!wants_all_covered(a->table) || a->table->input_count > COLUMNS_MAX)
        return;
    for (size_t rule = 0; rule < a->table->rule_count; rule++)
        if (a->skipped[rule])
            return; // such a cell may take anything
    uint64_t *all = ARENA_ARRAY(a->b->arena, uint64_t, a->rule_words);
    memset(all, 0xff, a->rule_words * sizeof *all);
    a->reports = 0;
    struct arena_mark mark = arena_mark(a->b->arena);
    size_t before = a->b->problems->list.count;
    find_gaps(a, all, 0, path);
    if (a->b->problems->list.count == before)
        arena_rewind(a->b->arena, mark);
}

// ---- values ----

static bool is_allowed(struct analysis *a, const struct feel_program *allowed, feel_value value)
{
    struct feel_run run = feel_run_new(a->b->arena, NULL);
    return feel_is_true(feel_evaluate_tests(allowed, &run, value));
}

static void check_outputs(struct analysis *a)
{
    const struct table *table = a->table;
    for (size_t i = 0; i < table->rule_count * table->output_count; i++) {
        const struct table_output *output = &table->outputs[i % table->output_count];
        feel_value value = table->constants[i];
        size_t rule = i / table->output_count;
        if (value.kind != NOT_CONSTANT)
            builder_conforms(a->b, value, builder_believed(output->type), table->xml);
        if (!output->allowed || value.kind == NOT_CONSTANT || value.kind == FEEL_NULL ||
            is_allowed(a, output->allowed, value))
            continue;
        builder_problem(a->b, PROBLEM_VALUE, table->xml,
                        "the output of rule %zu (line %u) is not one of the allowed values",
                        rule + 1, table->rules[rule].line);
    }
}

static void check_cell(struct analysis *a, size_t rule, size_t column)
{
    const struct feel_program *allowed = a->table->inputs[column].allowed;
    const struct feel_test *tests;
    size_t count;
    bool negated;
    if (!allowed || !a->table->rules[rule].tests[column] ||
        !feel_tests_constants(a->table->rules[rule].tests[column], a->b->arena, &tests, &count,
                              &negated))
        return;
    for (size_t i = 0; count != SIZE_MAX && i < count; i++)
        if (!tests[i].is_range && !is_allowed(a, allowed, tests[i].value))
            builder_problem(a->b, PROBLEM_VALUE, a->table->xml,
                            "rule %zu (line %u) tests for a value that is not allowed", rule + 1,
                            a->table->rules[rule].line);
}

void table_check(struct builder *b, const struct table *table)
{
    struct analysis a = {.b = b, .table = table};
    a.columns = ARENA_ARRAY(b->arena, struct column, table->input_count + 1);
    a.skipped = ARENA_ARRAY(b->arena, bool, table->rule_count);
    a.rule_words = (table->rule_count + WORD_BITS - 1) / WORD_BITS;
    check_outputs(&a);
    for (size_t rule = 0; rule < table->rule_count; rule++)
        for (size_t c = 0; c < table->input_count; c++)
            check_cell(&a, rule, c);
    for (size_t c = 0; c < table->input_count; c++)
        if (!read_column(&a, c))
            return;
    check_pairs(&a);
    check_gaps(&a);
}
