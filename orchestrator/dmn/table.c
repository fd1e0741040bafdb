// SPDX-License-Identifier: Apache-2.0
//
// Decision tables from XML.
#include "dmn/table.h"

static const struct {
    str name, letter;
} policies[] = {
#define HIT_POLICY(id, name, letter) {{name, sizeof(name) - 1}, {letter, sizeof(letter) - 1}},
#include "dmn/hit_policies.def"
#undef HIT_POLICY
};

const char *hit_policy_name(const struct table *table)
{
    return policies[table->policy].name.data;
}

static enum hit_policy read_policy(struct builder *b, const struct xml_element *x)
{
    str name = xml_attribute(x, "hitPolicy", STR("UNIQUE"));
    for (size_t i = 0; i < COUNT_OF(policies); i++)
        if (str_equal(policies[i].name, name) || str_equal(policies[i].letter, name))
            return (enum hit_policy)i;
    builder_problem(b, PROBLEM_TABLE, x, "there is no hit policy '%.*s'", STR_ARG(name));
    return HIT_UNIQUE;
}

static enum aggregation read_aggregation(struct builder *b, const struct xml_element *x)
{
    static const struct {
        str name;
        enum aggregation value;
    } names[] = {
        {{"", 0}, AGGREGATE_LIST},   {{"LIST", 4}, AGGREGATE_LIST}, {{"SUM", 3}, AGGREGATE_SUM},
        {{"MIN", 3}, AGGREGATE_MIN}, {{"MAX", 3}, AGGREGATE_MAX},   {{"COUNT", 5}, AGGREGATE_COUNT},
    };
    str name = xml_attribute(x, "aggregation", STR_EMPTY);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(names[i].name, name))
            return names[i].value;
    builder_problem(b, PROBLEM_TABLE, x, "there is no aggregation '%.*s'", STR_ARG(name));
    return AGGREGATE_LIST;
}

static const struct feel_program *allowed_values(struct builder *b, const struct xml_element *x,
                                                 const char *name)
{
    const struct xml_element *values = xml_child(x, name);
    str text = values ? builder_text(values) : STR_EMPTY;
    return text.len ? builder_tests(b, text, values) : NULL;
}

// Allowed values of the input's type count when the column has none of its own.
static struct table_input read_input(struct builder *b, const struct xml_element *x)
{
    const struct xml_element *expression = xml_child(x, "inputExpression");
    struct table_input input = {.id = xml_attribute(x, "id", STR_EMPTY)};
    str text = expression ? builder_text(expression) : STR_EMPTY;
    input.name = xml_attribute(x, "label", text);
    input.type = builder_type_of(b, expression);
    input.allowed = allowed_values(b, x, "inputValues");
    if (text.len == 0)
        builder_problem(b, PROBLEM_MISSING, x, "an input has no expression");
    else
        input.expression = builder_expression(b, text, expression);
    if (input.expression) {
        input.inferred = builder_infer(b, input.expression, NULL, expression);
        builder_may_be(b, input.inferred, builder_believed(input.type), expression);
    }
    return input;
}

static const struct feel_program *output_type_values(const struct feel_type *type)
{
    return type ? type->constraint : NULL;
}

// Priorities come from the output's values, else from those of its type (8.2.8).
static void read_priorities(struct builder *b, struct table_output *output)
{
    bool negated;
    const struct feel_program *values =
        output->allowed ? output->allowed : output_type_values(output->type);
    if (!values ||
        !feel_tests_constants(values, b->arena, &output->priorities, &output->priority_count,
                              &negated) ||
        output->priority_count == SIZE_MAX)
        output->priority_count = 0;
}

static struct table_output read_output(struct builder *b, const struct xml_element *x)
{
    const struct xml_element *otherwise = xml_child(x, "defaultOutputEntry");
    struct table_output output = {
        .id = xml_attribute(x, "id", STR_EMPTY),
        .name = model_normalize(b->arena, xml_attribute(x, "name", STR_EMPTY)),
        .type = builder_type_of(b, x),
        .allowed = allowed_values(b, x, "outputValues"),
    };
    str text = otherwise ? builder_text(otherwise) : STR_EMPTY;
    if (text.len)
        output.otherwise = builder_expression(b, text, otherwise);
    if (output.otherwise)
        builder_may_be(b, builder_infer(b, output.otherwise, NULL, otherwise),
                       builder_believed(output.type), otherwise);
    read_priorities(b, &output);
    return output;
}

static bool is_any(str text)
{
    return text.len == 0 || str_equal(text, STR("-"));
}

static void check_cells(struct builder *b, const struct xml_element *x, const char *name,
                        size_t wanted)
{
    size_t found = 0;
    for (const struct xml_element *c = xml_child(x, name); c; c = xml_next(c, name))
        found++;
    if (found != wanted)
        builder_problem(b, PROBLEM_TABLE, x, "the rule has %zu %s, the table %zu columns for them",
                        found, name, wanted);
}

// Cells repeat: the same text in the same column is the same program.
struct cells {
    struct map *tests, *outputs; // one a column
};

static struct map *new_maps(struct builder *b, size_t count)
{
    struct map *maps = ARENA_ARRAY(b->arena, struct map, count);
    for (size_t i = 0; i < count; i++)
        maps[i] = map_new(b->arena);
    return maps;
}

static const struct feel_program *test_cell(struct builder *b, struct map *known,
                                            const struct table_input *column,
                                            const struct xml_element *x)
{
    str text = builder_text(x);
    const struct feel_program *program = map_get(known, text);
    if (program || is_any(text))
        return program;
    program = builder_tests(b, text, x);
    if (program) {
        const struct feel_type *type = builder_believed(column->type);
        builder_infer_test(b, program, type ? type : column->inferred, x);
        map_put(known, text, (void *)program);
    }
    return program;
}

static const struct feel_program *output_cell(struct builder *b, struct map *known,
                                              const struct table_output *column,
                                              const struct xml_element *x)
{
    str text = builder_text(x);
    const struct feel_program *program = map_get(known, text);
    if (program || is_any(text))
        return program;
    program = builder_expression(b, text, x);
    if (program) {
        if (!feel_program_constant(program)) // constants are looked at with their values
            builder_infer_entry(b, program, builder_believed(column->type), x);
        map_put(known, text, (void *)program);
    }
    return program;
}

static struct table_rule read_rule(struct builder *b, const struct table *table,
                                   struct cells *cells, const struct xml_element *x)
{
    const struct feel_program **tests =
        ARENA_ARRAY(b->arena, const struct feel_program *, table->input_count);
    const struct feel_program **outputs =
        ARENA_ARRAY(b->arena, const struct feel_program *, table->output_count);
    const struct xml_element *c = xml_child(x, "inputEntry");
    for (size_t i = 0; c && i < table->input_count; i++, c = xml_next(c, "inputEntry"))
        tests[i] = test_cell(b, &cells->tests[i], &table->inputs[i], c);
    c = xml_child(x, "outputEntry");
    for (size_t i = 0; c && i < table->output_count; i++, c = xml_next(c, "outputEntry"))
        outputs[i] = output_cell(b, &cells->outputs[i], &table->outputs[i], c);
    check_cells(b, x, "inputEntry", table->input_count);
    check_cells(b, x, "outputEntry", table->output_count);
    return (struct table_rule){xml_attribute(x, "id", STR_EMPTY), x->line, tests, outputs};
}

static void read_rules(struct builder *b, const struct xml_element *x, struct table *table)
{
    ARRAY(struct table_rule) rules = {0};
    const struct xml_element *c = xml_child(x, "rule");
    struct cells cells = {new_maps(b, table->input_count), new_maps(b, table->output_count)};
    builder_bind(b, STR("?"), NULL);
    for (; c; c = xml_next(c, "rule"))
        *ARRAY_PUSH(b->arena, &rules) = read_rule(b, table, &cells, c);
    builder_unbind(b, b->names.count - 1);
    table->rules = rules.items;
    table->rule_count = rules.count;
}

static void collect_constants(struct builder *b, struct table *table)
{
    size_t columns = table->output_count;
    feel_value *constants = ARENA_ARRAY(b->arena, feel_value, table->rule_count * columns);
    for (size_t i = 0; i < table->rule_count * columns; i++) {
        const struct feel_program *program = table->rules[i / columns].outputs[i % columns];
        const feel_value *value = program ? feel_program_constant(program) : NULL;
        if (value)
            constants[i] = *value;
        else if (program)
            constants[i].kind = NOT_CONSTANT;
    }
    table->constants = constants;
}

static void build_indexes(struct builder *b, struct table *table)
{
    const struct column_index **indexes =
        ARENA_ARRAY(b->arena, const struct column_index *, table->input_count);
    for (size_t i = 0; i < table->input_count && table->rule_count >= INDEXED_FROM; i++)
        indexes[i] = index_build(b->arena, table, i);
    table->indexes = indexes;
}

const struct feel_type *table_type(struct builder *b, const struct table *table)
{
    bool is_single = table->output_count == 1 && table->aggregation == AGGREGATE_LIST;
    const struct feel_type *type = is_single ? table->outputs[0].type : NULL;
    bool is_list = table->policy == HIT_COLLECT || table->policy == HIT_RULE_ORDER ||
                   table->policy == HIT_OUTPUT_ORDER;
    if (type == NULL || !is_list)
        return type;
    struct feel_type *list = ARENA_NEW(b->arena, struct feel_type);
    *list = (struct feel_type){.kind = FEEL_TYPE_LIST, .name = STR("list"), .element = type};
    return list;
}

const struct table *builder_table(struct builder *b, const struct xml_element *x)
{
    struct table *table = ARENA_NEW(b->arena, struct table);
    ARRAY(struct table_input) inputs = {0};
    ARRAY(struct table_output) outputs = {0};
    const struct xml_element *c;
    table->xml = x;
    table->policy = read_policy(b, x);
    table->aggregation = read_aggregation(b, x);
    for (c = xml_child(x, "input"); c; c = xml_next(c, "input"))
        *ARRAY_PUSH(b->arena, &inputs) = read_input(b, c);
    for (c = xml_child(x, "output"); c; c = xml_next(c, "output"))
        *ARRAY_PUSH(b->arena, &outputs) = read_output(b, c);
    if (outputs.count == 0) {
        builder_problem(b, PROBLEM_MISSING, x, "a decision table has no output");
        return NULL;
    }
    table->inputs = inputs.items;
    table->input_count = inputs.count;
    table->outputs = outputs.items;
    table->output_count = outputs.count;
    read_rules(b, x, table);
    collect_constants(b, table);
    build_indexes(b, table);
    table_check(b, table);
    return table;
}
