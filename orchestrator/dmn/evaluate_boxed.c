// SPDX-License-Identifier: Apache-2.0
//
// Boxed expressions (DMN 10.2) over the scopes around them.
#include "dmn/evaluate.h"

enum { EXPRESSION_DEPTH = 6 };

static bool lookup_at_caller(const struct instance *caller, str name, feel_value *ret_value)
{
    bool is_free = caller && caller->lookup && !map_get(&caller->model->by_name, name);
    return is_free && caller->lookup(caller->lookup_context, name, ret_value);
}

// What an expression sees: the scopes around it, then what the caller gave.
struct view {
    const struct instance *instance;
    const struct scope *scope;
};

static bool is_element(const struct dmn_model *model, str name)
{
    for (size_t i = 0; i < model->element_count; i++)
        if (str_equal(model->elements[i].name, name))
            return true;
    return false;
}

// A variable that no element of the model declares comes from the caller: models made for Camunda
// read the process's variables without drawing them as input data. What the model does declare is
// seen through its requirements only (DMN 10.4).
static bool lookup_undeclared(const struct instance *instance, str name, feel_value *ret_value)
{
    return instance->lookup != NULL && !is_element(instance->model, name) &&
           instance->lookup(instance->lookup_context, name, ret_value);
}

static bool lookup_in_scopes(void *context, str name, feel_value *ret_value)
{
    const struct view *view = context;
    for (const struct scope *scope = view->scope; scope; scope = scope->outer) {
        for (size_t i = scope->count; i-- > 0;)
            if (str_equal(scope->entries[i].name, name)) {
                *ret_value = scope->entries[i].value;
                return true;
            }
        const feel_value *member = feel_context_get(scope->item, name);
        if (member) {
            *ret_value = *member;
            return true;
        }
        if (!scope->outer)
            return lookup_at_caller(scope->caller, name, ret_value);
    }
    return lookup_undeclared(view->instance, name, ret_value);
}

// What a run saw before a program was given its scope.
struct saved {
    feel_lookup lookup;
    void *lookup_context;
};

// The view lives in the run's arena, not here: functions that the expression makes keep it.
static struct saved enter(struct instance *instance, const struct scope *scope)
{
    struct feel_run *run = instance->run;
    struct view *view = ARENA_NEW(run->arena, struct view);
    *view = (struct view){instance, scope};
    struct saved saved = {run->lookup, run->lookup_context};
    run->lookup = lookup_in_scopes;
    run->lookup_context = view;
    return saved;
}

static void leave(struct feel_run *run, struct saved saved)
{
    run->lookup = saved.lookup;
    run->lookup_context = saved.lookup_context;
}

feel_value evaluate_program(struct instance *instance, const struct scope *scope,
                            const struct feel_program *program)
{
    struct saved saved = enter(instance, scope);
    feel_value value = feel_evaluate(program, instance->run);
    leave(instance->run, saved);
    return value;
}

feel_value evaluate_tests(struct instance *instance, const struct scope *scope,
                          const struct feel_program *program, feel_value input)
{
    struct saved saved = enter(instance, scope);
    feel_value value = feel_evaluate_tests(program, instance->run, input);
    leave(instance->run, saved);
    return value;
}

static struct scope *scope_new(struct instance *instance, const struct scope *outer,
                               size_t capacity)
{
    struct scope *scope = ARENA_NEW(instance->run->arena, struct scope);
    scope->outer = outer;
    scope->entries = ARENA_ARRAY(instance->run->arena, struct feel_entry, capacity);
    return scope;
}

static feel_value part_value(struct instance *instance, const struct scope *scope,
                             const struct named_expression *part)
{
    feel_value value = evaluate_expression(instance, scope, part->value);
    return part->type ? feel_coerce(instance->run, value, part->type, part->name) : value;
}

// The entry without a name is the result; without one the context itself is.
static feel_value evaluate_context(struct instance *instance, const struct scope *outer,
                                   const struct expression *e)
{
    struct scope *scope = scope_new(instance, outer, e->part_count);
    for (size_t i = 0; i < e->part_count; i++) {
        feel_value value = part_value(instance, scope, &e->parts[i]);
        if (e->parts[i].name.len == 0)
            return value;
        scope->entries[scope->count++] = (struct feel_entry){e->parts[i].name, value};
    }
    return feel_context_new(instance->run->arena, scope->entries, scope->count);
}

static feel_value evaluate_invocation(struct instance *instance, const struct scope *scope,
                                      const struct expression *e)
{
    feel_value function = evaluate_expression(instance, scope, e->callee);
    struct feel_entry *args = ARENA_ARRAY(instance->run->arena, struct feel_entry, e->part_count);
    for (size_t i = 0; i < e->part_count; i++)
        args[i] = (struct feel_entry){e->parts[i].name, part_value(instance, scope, &e->parts[i])};
    return feel_call_named(instance->run, function, args, e->part_count);
}

static feel_value evaluate_list(struct instance *instance, const struct scope *scope,
                                const struct expression *e)
{
    feel_value *items = ARENA_ARRAY(instance->run->arena, feel_value, e->part_count);
    for (size_t i = 0; i < e->part_count; i++)
        items[i] = part_value(instance, scope, &e->parts[i]);
    return feel_list(items, e->part_count);
}

static feel_value evaluate_relation(struct instance *instance, const struct scope *scope,
                                    const struct expression *e)
{
    struct arena *arena = instance->run->arena;
    size_t rows = e->column_count ? e->part_count / e->column_count : 0;
    feel_value *items = ARENA_ARRAY(arena, feel_value, rows);
    for (size_t row = 0; row < rows; row++) {
        struct feel_entry *entries = ARENA_ARRAY(arena, struct feel_entry, e->column_count);
        for (size_t i = 0; i < e->column_count; i++) {
            const struct named_expression *part = &e->parts[row * e->column_count + i];
            entries[i] = (struct feel_entry){part->name, part_value(instance, scope, part)};
        }
        items[row] = feel_context_new(arena, entries, e->column_count);
    }
    return feel_list(items, rows);
}

// ---- functions ----

struct closure {
    struct instance *instance;
    const struct scope *scope;
    const struct expression *function;
};

static feel_value call_closure(void *context, struct feel_run *run, const feel_value *args)
{
    const struct closure *closure = context;
    const struct expression *f = closure->function;
    (void)run;
    if (!f->body)
        return feel_null();
    struct scope *scope = scope_new(closure->instance, closure->scope, f->parameter_count);
    for (size_t i = 0; i < f->parameter_count; i++)
        scope->entries[scope->count++] = (struct feel_entry){f->parameters[i], args[i]};
    return evaluate_expression(closure->instance, scope, f->body);
}

static feel_value native(struct instance *instance, const struct scope *scope,
                         const struct expression *e, feel_native call)
{
    struct closure *closure = ARENA_NEW(instance->run->arena, struct closure);
    *closure = (struct closure){instance, scope, e};
    struct feel_function_spec spec = {.name = STR("function"), .call = call, .context = closure};
    if (e->kind == EXPRESSION_FUNCTION) {
        spec.parameter_count = e->parameter_count;
        spec.parameters = e->parameters;
        spec.types = e->parameter_types;
        spec.result = e->type && e->type->kind == FEEL_TYPE_FUNCTION ? e->type->element : NULL;
    } else {
        static const str parameters[] = {{"item", 4}, {"partial", 7}};
        spec.parameter_count = e->kind == EXPRESSION_FOR ? 2 : 1;
        spec.parameters = parameters;
    }
    return feel_function_new(instance->run->arena, &spec);
}

// ---- iterators ----

static feel_value call_each(void *context, struct feel_run *run, const feel_value *args)
{
    const struct closure *closure = context;
    const struct expression *e = closure->function;
    struct scope *scope = scope_new(closure->instance, closure->scope, 2);
    (void)run;
    scope->entries[scope->count++] = (struct feel_entry){e->variable, args[0]};
    if (e->kind == EXPRESSION_FOR)
        scope->entries[scope->count++] = (struct feel_entry){STR("partial"), args[1]};
    if (e->kind == EXPRESSION_FILTER)
        scope->item = args[0];
    return evaluate_expression(closure->instance, scope, e->each);
}

static feel_value evaluate_iterator(struct instance *instance, const struct scope *outer,
                                    const struct expression *e)
{
    struct scope *scope = scope_new(instance, outer, 2);
    feel_value in = evaluate_expression(instance, outer, e->in);
    if (e->variable_type)
        in = feel_coerce(instance->run, in, e->variable_type, STR("in"));
    scope->entries[scope->count++] = (struct feel_entry){STR("_in"), in};
    scope->entries[scope->count++] =
        (struct feel_entry){STR("_each"), native(instance, outer, e, call_each)};
    return evaluate_program(instance, scope, e->loop);
}

static feel_value evaluate_conditional(struct instance *instance, const struct scope *scope,
                                       const struct expression *e)
{
    feel_value condition = evaluate_expression(instance, scope, e->condition);
    if (condition.kind != FEEL_BOOLEAN && condition.kind != FEEL_NULL)
        return feel_null(); // neither branch (10.2.2.7)
    return evaluate_expression(instance, scope, feel_is_true(condition) ? e->then : e->otherwise);
}

static feel_value evaluate_kind(struct instance *instance, const struct scope *scope,
                                const struct expression *e)
{
    switch (e->kind) {
    case EXPRESSION_LITERAL:
        return evaluate_program(instance, scope, e->program);
    case EXPRESSION_TABLE:
        return evaluate_table(instance, scope, e->table);
    case EXPRESSION_CONTEXT:
        return evaluate_context(instance, scope, e);
    case EXPRESSION_INVOCATION:
        return evaluate_invocation(instance, scope, e);
    case EXPRESSION_LIST:
        return evaluate_list(instance, scope, e);
    case EXPRESSION_RELATION:
        return evaluate_relation(instance, scope, e);
    case EXPRESSION_FUNCTION:
        return native(instance, scope, e, call_closure);
    case EXPRESSION_CONDITIONAL:
        return evaluate_conditional(instance, scope, e);
    case EXPRESSION_FILTER:
    case EXPRESSION_FOR:
    case EXPRESSION_SOME:
    case EXPRESSION_EVERY:
        return evaluate_iterator(instance, scope, e);
    }
    check_unreachable();
}

feel_value evaluate_expression(struct instance *instance, const struct scope *scope,
                               const struct expression *e)
{
    struct feel_run *run = instance->run;
    if (!e || run->stopped)
        return feel_null();
    if (run->depth + EXPRESSION_DEPTH >= run->limits.depth) {
        feel_run_stop(run, FEEL_TOO_DEEP);
        return feel_null();
    }
    run->depth += EXPRESSION_DEPTH;
    feel_value value = evaluate_kind(instance, scope, e);
    run->depth -= EXPRESSION_DEPTH;
    bool is_function = value.kind == FEEL_FUNCTION && e->kind == EXPRESSION_FUNCTION;
    return e->type && !is_function ? feel_coerce(run, value, e->type, STR("the expression"))
                                   : value;
}
