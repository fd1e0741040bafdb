// SPDX-License-Identifier: Apache-2.0
#include "feel/function.h"

#include "feel/builtin.h"
#include "feel/run.h"

feel_value feel_function_new(struct arena *arena, const struct feel_function_spec *spec)
{
    struct feel_function *function = ARENA_NEW(arena, struct feel_function);
    function->kind = FUNCTION_NATIVE;
    function->spec = *spec;
    return (feel_value){.kind = FEEL_FUNCTION, .function = function};
}

feel_value builtin_value(struct arena *arena, const struct builtin *builtin)
{
    struct feel_function *function = ARENA_NEW(arena, struct feel_function);
    function->kind = FUNCTION_BUILTIN;
    function->builtin = builtin;
    return (feel_value){.kind = FEEL_FUNCTION, .function = function};
}

feel_value function_close(struct feel_run *run, const struct frame *frame, const struct node *node)
{
    struct feel_function *function = run_alloc(run, sizeof *function);
    struct frame *copy = run_alloc(run, sizeof *copy);
    feel_value *slots = run_alloc(run, frame->count * sizeof *slots);
    if (!function || !copy || !slots)
        return feel_null();
    memcpy(slots, frame->slots, frame->count * sizeof *slots);
    *copy = (struct frame){slots, frame->count, frame->outer};
    *function = (struct feel_function){.kind = FUNCTION_CLOSURE,
                                       .node = node,
                                       .frame = copy,
                                       .program = run->program,
                                       .lookup = run->lookup,
                                       .lookup_context = run->lookup_context};
    feel_value value = {.kind = FEEL_FUNCTION, .function = function};
    if (node->self_slot != UINT16_MAX)
        slots[node->self_slot] = value;
    return value;
}

size_t function_arity(const struct feel_function *function)
{
    switch (function->kind) {
    case FUNCTION_CLOSURE:
        return function->node->parameter_count;
    case FUNCTION_NATIVE:
        return function->spec.parameter_count;
    case FUNCTION_BUILTIN:
        return SIZE_MAX;
    }
    check_unreachable();
}

static const struct feel_type *parameter_type(const struct feel_function *function, size_t index)
{
    if (function->kind == FUNCTION_CLOSURE)
        return function->node->parameters[index].type;
    return function->spec.types ? function->spec.types[index] : NULL;
}

static bool is_any(const struct feel_type *type)
{
    return !type || type->kind == FEEL_TYPE_ANY;
}

static bool same_type(const struct feel_type *a, const struct feel_type *b)
{
    if (is_any(a) || is_any(b))
        return true;
    if (a->kind != b->kind)
        return false;
    return a == b || (a->kind != FEEL_TYPE_LIST && a->kind != FEEL_TYPE_RANGE) ||
           same_type(a->element, b->element);
}

// As many parameters, of types that agree (10.3.2.9.2). A bare `function` takes any.
bool function_conforms(const struct feel_function *function, const struct feel_type *type)
{
    bool is_bare = type->member_count == 0 && !type->element;
    if (is_bare || function->kind == FUNCTION_BUILTIN)
        return true;
    if (function_arity(function) != type->member_count)
        return false;
    for (size_t i = 0; i < type->member_count; i++)
        if (!same_type(parameter_type(function, i), type->members[i].type))
            return false;
    return function->kind == FUNCTION_CLOSURE || same_type(function->spec.result, type->element);
}

static str parameter_name(const struct feel_function *function, size_t index)
{
    return function->kind == FUNCTION_CLOSURE ? function->node->parameters[index].name
                                              : function->spec.parameters[index];
}

void function_print(struct strbuf *out, const struct feel_function *function)
{
    if (function->kind == FUNCTION_BUILTIN) {
        strbuf_format(out, "function %.*s", STR_ARG(function->builtin->name));
        return;
    }
    strbuf_add(out, STR("function("));
    for (size_t i = 0; i < function_arity(function); i++) {
        str name = parameter_name(function, i);
        strbuf_format(out, "%s%.*s", i ? ", " : "", STR_ARG(name));
    }
    strbuf_add_char(out, ')');
}

// ---- calling ----

static str function_name(const struct feel_function *function)
{
    return function->kind == FUNCTION_NATIVE ? function->spec.name : STR("function");
}

static bool coerce_arguments(struct feel_run *run, const struct feel_function *function,
                             const feel_value *args, feel_value *out)
{
    for (size_t i = 0; i < function_arity(function); i++) {
        const struct feel_type *type = parameter_type(function, i);
        out[i] = type ? feel_coerce(run, args[i], type, parameter_name(function, i)) : args[i];
        if (out[i].kind == FEEL_NULL && args[i].kind != FEEL_NULL)
            return false;
    }
    return true;
}

static feel_value run_closure(struct feel_run *run, const struct feel_function *function,
                              feel_value *slots)
{
    const struct feel_program *program = run->program;
    feel_lookup lookup = run->lookup;
    void *lookup_context = run->lookup_context;
    struct frame frame = {slots, function->node->slot_count, function->frame};
    run->program = function->program;
    run->lookup = function->lookup;
    run->lookup_context = function->lookup_context;
    feel_value result = eval_node(run, &frame, function->node->function_body);
    run->program = program;
    run->lookup = lookup;
    run->lookup_context = lookup_context;
    return result;
}

static feel_value call_closure(struct feel_run *run, const struct feel_function *function,
                               const feel_value *args)
{
    size_t count = function->node->slot_count;
    feel_value *slots = run_alloc(run, (count + 1) * sizeof *slots);
    if (!slots)
        return feel_null();
    memset(slots, 0, count * sizeof *slots);
    if (!coerce_arguments(run, function, args, slots))
        return feel_null();
    return run_closure(run, function, slots);
}

static feel_value call_native(struct feel_run *run, const struct feel_function *function,
                              const feel_value *args)
{
    const struct feel_function_spec *spec = &function->spec;
    feel_value *converted = run_alloc(run, (spec->parameter_count + 1) * sizeof *converted);
    if (!converted || !coerce_arguments(run, function, args, converted))
        return feel_null();
    feel_value result = spec->call(spec->context, run, converted);
    return spec->result ? feel_coerce(run, result, spec->result, spec->name) : result;
}

static feel_value call_builtin(struct feel_run *run, const struct builtin *builtin,
                               const feel_value *args, size_t count, const str *names)
{
    struct call call = {.run = run, .args = args, .count = count};
    return builtin_invoke(builtin, &call, names);
}

feel_value feel_call(struct feel_run *run, feel_value value, const feel_value *args, size_t count)
{
    if (value.kind != FEEL_FUNCTION)
        return run_warn(run, POSITION_UNKNOWN, "%s is not a function", feel_kind_name(value.kind));
    const struct feel_function *function = value.function;
    if (function->kind == FUNCTION_BUILTIN)
        return call_builtin(run, function->builtin, args, count, NULL);
    if (count != function_arity(function)) {
        str name = function_name(function);
        return run_warn(run, POSITION_UNKNOWN, "%.*s takes %zu arguments, not %zu", STR_ARG(name),
                        function_arity(function), count);
    }
    if (run->depth + CALL_DEPTH >= run->limits.depth)
        return run_stop(run, FEEL_TOO_DEEP);
    run->depth += CALL_DEPTH;
    feel_value result = function->kind == FUNCTION_CLOSURE ? call_closure(run, function, args)
                                                           : call_native(run, function, args);
    run->depth -= CALL_DEPTH;
    return result;
}

static bool place_named(const struct feel_function *function, const struct feel_entry *arg,
                        feel_value *placed, bool *given)
{
    for (size_t i = 0; i < function_arity(function); i++)
        if (!given[i] && str_equal(parameter_name(function, i), arg->name)) {
            placed[i] = arg->value;
            given[i] = true;
            return true;
        }
    return false;
}

static feel_value call_builtin_named(struct feel_run *run, const struct builtin *builtin,
                                     const struct feel_entry *args, size_t count)
{
    feel_value values[ARGUMENTS_MAX];
    str names[ARGUMENTS_MAX];
    if (count > ARGUMENTS_MAX)
        return run_warn(run, POSITION_UNKNOWN, "too many arguments");
    for (size_t i = 0; i < count; i++) {
        values[i] = args[i].value;
        names[i] = args[i].name;
    }
    return call_builtin(run, builtin, values, count, names);
}

feel_value feel_call_named(struct feel_run *run, feel_value value, const struct feel_entry *args,
                           size_t count)
{
    if (value.kind != FEEL_FUNCTION)
        return feel_call(run, value, NULL, 0);
    const struct feel_function *function = value.function;
    if (function->kind == FUNCTION_BUILTIN)
        return call_builtin_named(run, function->builtin, args, count);
    size_t arity = function_arity(function);
    feel_value *placed = run_alloc(run, (arity + 1) * sizeof *placed);
    bool *given = run_alloc(run, arity + 1);
    if (!placed || !given)
        return feel_null();
    memset(given, 0, arity + 1);
    for (size_t i = 0; i < count; i++)
        if (!place_named(function, &args[i], placed, given))
            return run_warn(run, POSITION_UNKNOWN, "there is no parameter '%.*s'",
                            STR_ARG(args[i].name));
    if (count != arity)
        return run_warn(run, POSITION_UNKNOWN, "%zu of %zu arguments are missing", arity - count,
                        arity);
    return feel_call(run, value, placed, arity);
}
