// SPDX-License-Identifier: Apache-2.0
//
// Calling built-in functions: overloads, named arguments, conversion and checking of arguments
// (DMN 10.3.2.13).
#include "feel/builtin.h"

#include "feel/node.h"
#include "feel/regex.h"
#include "feel/run.h"
#include "feel/temporal.h"

const struct builtin builtins[] = {
#define BUILTIN(name, parameters, types, result, required, pure, function)                         \
    {{name, sizeof(name) - 1},                                                                     \
     {parameters, sizeof(parameters) - 1},                                                         \
     types,                                                                                        \
     (result)[0],                                                                                  \
     required,                                                                                     \
     pure,                                                                                         \
     false,                                                                                        \
     builtin_##function},
#include "feel/builtins.def"
#undef BUILTIN
#define BUILTIN(name, parameters, types, result, required, pure, function)                         \
    {{name, sizeof(name) - 1},                                                                     \
     {parameters, sizeof(parameters) - 1},                                                         \
     types,                                                                                        \
     (result)[0],                                                                                  \
     required,                                                                                     \
     pure,                                                                                         \
     true,                                                                                         \
     builtin_##function},
#include "feel/camunda.def"
#undef BUILTIN
};

const size_t builtin_rows = COUNT_OF(builtins);

const struct builtin *builtin_find(str name, bool standard_only)
{
    for (size_t i = 0; i < builtin_rows && name.len > 0; i++)
        if (builtins[i].name.len == name.len && builtins[i].name.data[0] == name.data[0] &&
            str_equal(builtins[i].name, name))
            return builtins[i].is_camunda && standard_only ? NULL : &builtins[i];
    return NULL;
}

size_t builtin_arity(const struct builtin *row)
{
    size_t count = 0;
    for (const char *type = row->types; *type; type++)
        count += *type != '*' && *type != '+';
    return count;
}

// '*' or '+' at the end, or 0.
static char repetition(const struct builtin *row)
{
    size_t len = strlen(row->types);
    char last = len ? row->types[len - 1] : 0;
    return last == '*' || last == '+' ? last : 0;
}

// ---- conversion ----

static bool fits(char type, feel_value value)
{
    switch (type | 32) {
    case 'n':
        return value.kind == FEEL_NUMBER;
    case 's':
        return value.kind == FEEL_STRING;
    case 'l':
        return value.kind == FEEL_LIST;
    case 'c':
        return value.kind == FEEL_CONTEXT;
    case 'f':
        return value.kind == FEEL_FUNCTION;
    case 't':
        return temporal_has_date(value);
    case 'm':
        return value.kind == FEEL_TIME;
    case 'r':
        return value.kind == FEEL_RANGE;
    case 'u':
        return value.kind == FEEL_DAYS_DURATION;
    case 'a':
        return value.kind != FEEL_NULL;
    default:
        check_unreachable();
    }
}

static bool takes_null(char type)
{
    return type >= 'A' && type <= 'Z';
}

// Singleton list to item and item to singleton list (10.3.2.9.4).
static bool convert(struct feel_run *run, char type, feel_value *value)
{
    if (fits(type, *value) || (value->kind == FEEL_NULL && takes_null(type)))
        return true;
    if (value->kind == FEEL_NULL)
        return false;
    if ((type | 32) == 'l') {
        feel_value *single = run_alloc(run, sizeof *single);
        if (!single)
            return false;
        *single = *value;
        *value = feel_list(single, 1);
        return true;
    }
    if (value->kind == FEEL_LIST && value->list.count == 1 && fits(type, value->list.items[0])) {
        *value = value->list.items[0];
        return true;
    }
    return false;
}

// ---- placing arguments ----

// The next row of the same name, or NULL.
static const struct builtin *next_overload(const struct builtin *row)
{
    for (const struct builtin *r = row + 1; r < builtins + builtin_rows; r++)
        if (str_equal(r->name, row->name))
            return r;
    return NULL;
}

static int parameter_index(const struct builtin *row, str name)
{
    str rest = row->parameters, parameter;
    for (int i = 0; str_split(&rest, '|', &parameter); i++)
        if (str_equal(parameter, name))
            return i;
    return -1;
}

// Puts named arguments in the row's order; false when a name is unknown, given twice or missing.
static bool place_named(const struct builtin *row, const struct call *call, const str *names,
                        feel_value *values, bool *given)
{
    size_t arity = builtin_arity(row);
    if (call->count > arity)
        return false;
    for (size_t i = 0; i < call->count; i++) {
        int at = parameter_index(row, names[i]);
        if (at < 0 || given[at])
            return false;
        values[at] = call->args[i];
        given[at] = true;
    }
    for (size_t i = 0; i < row->required; i++)
        if (!given[i])
            return false;
    return true;
}

static bool takes_count(const struct builtin *row, size_t count)
{
    return count >= row->required && (repetition(row) || count <= builtin_arity(row));
}

static bool place(const struct builtin *row, const struct call *call, const str *names,
                  feel_value *values, bool *given)
{
    for (size_t i = 0; i < ARGUMENTS_MAX; i++) {
        values[i] = feel_null();
        given[i] = false;
    }
    if (names)
        return place_named(row, call, names, values, given);
    if (!takes_count(row, call->count))
        return false;
    for (size_t i = 0; i < call->count && i < builtin_arity(row); i++) {
        values[i] = call->args[i];
        given[i] = true;
    }
    return true;
}

// The last parameter takes the rest: f(list) or f(a, b, c).
static bool collect_rest(const struct builtin *row, const struct call *call, const str *names,
                         feel_value *values)
{
    size_t last = builtin_arity(row) - 1;
    bool is_list = repetition(row) == '*' && (names || call->count == 1);
    if (is_list && values[last].kind == FEEL_LIST)
        return true;
    size_t count = names ? 1 : call->count - last;
    feel_value *items = run_alloc(call->run, count * sizeof *items);
    if (!items)
        return false;
    for (size_t i = 0; i < count; i++) {
        items[i] = names ? values[last] : call->args[last + i];
        if (!convert(call->run, row->types[last], &items[i]))
            return false;
    }
    values[last] = feel_list(items, count);
    return true;
}

static bool convert_all(const struct builtin *row, const struct call *call, const str *names,
                        feel_value *values, const bool *given)
{
    size_t arity = builtin_arity(row), fixed = repetition(row) ? arity - 1 : arity;
    for (size_t i = 0; i < fixed; i++) {
        if (given[i] && !convert(call->run, row->types[i], &values[i]))
            return false;
    }
    return !repetition(row) || collect_rest(row, call, names, values);
}

static feel_value warn_arguments(const struct builtin *builtin, const struct call *call)
{
    struct strbuf kinds = strbuf_new(call->run->arena);
    for (size_t i = 0; i < call->count; i++)
        strbuf_format(&kinds, "%s%s", i ? ", " : "", feel_kind_name(call->args[i].kind));
    str text = strbuf_str(&kinds);
    return run_warn(call->run, call->node ? call->node->position : POSITION_UNKNOWN,
                    "%.*s does not take (%.*s)", STR_ARG(builtin->name), STR_ARG(text));
}

enum { ITEMS_PER_STEP = 16, BYTES_PER_STEP = 32 };

// A function looks at all of its arguments: long ones cost more, and so does a long answer.
static bool pay(struct call *call)
{
    uint64_t steps = 0;
    for (size_t i = 0; i < call->count; i++) {
        feel_value arg = call->args[i];
        steps += arg.kind == FEEL_LIST      ? arg.list.count / ITEMS_PER_STEP
                 : arg.kind == FEEL_STRING  ? arg.string.len / BYTES_PER_STEP
                 : arg.kind == FEEL_CONTEXT ? arg.context->count / ITEMS_PER_STEP
                                            : 0;
    }
    return steps == 0 || run_spend(call->run, steps);
}

// Most calls give every parameter a value of its type: nothing has to be placed or converted.
static bool is_exact(const struct builtin *row, const struct call *call)
{
    size_t i = 0;
    for (; i < call->count; i++) {
        char type = row->types[i];
        if (type == '\0' || type == '*' || type == '+' || !fits(type, call->args[i]))
            return false;
    }
    return row->types[i] == '\0';
}

static feel_value run_row(const struct builtin *row, struct call *call)
{
    struct feel_run *run = call->run;
    feel_value result = row->call(call);
    if (result.kind == FEEL_STRING && result.string.len >= BYTES_PER_STEP)
        run_spend(run, result.string.len / BYTES_PER_STEP);
    if (feel_is_null(result) && run->warnings && !run->stopped && run->warnings->count == 0 &&
        !takes_null(row->types[0]))
        run_warn(call->run, call->node ? call->node->position : POSITION_UNKNOWN,
                 "%.*s has no value for these arguments", STR_ARG(row->name));
    return result;
}

feel_value builtin_invoke(const struct builtin *builtin, struct call *call, const str *names)
{
    feel_value values[ARGUMENTS_MAX];
    bool given[ARGUMENTS_MAX];
    if (!pay(call))
        return feel_null();
    if (!names && is_exact(builtin, call))
        return run_row(builtin, call);
    for (const struct builtin *row = builtin; row; row = next_overload(row)) {
        if (!place(row, call, names, values, given) ||
            !convert_all(row, call, names, values, given))
            continue;
        struct call placed = {call->run, call->node, values, call->count};
        return run_row(row, &placed);
    }
    return call->run->warnings ? warn_arguments(builtin, call) : feel_null();
}

const void *builtin_prepare(struct arena *arena, const struct builtin *builtin,
                            const feel_value *pattern, const feel_value *flags)
{
    bool takes_pattern = builtin->call == builtin_matches || builtin->call == builtin_replace ||
                         builtin->call == builtin_split || builtin->call == builtin_extract;
    bool are_strings = pattern->kind == FEEL_STRING && (!flags || flags->kind == FEEL_STRING);
    if (!takes_pattern || !are_strings)
        return NULL;
    return regex_prepare(arena, pattern->string, flags ? flags->string : STR_EMPTY);
}
