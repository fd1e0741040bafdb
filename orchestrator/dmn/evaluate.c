// SPDX-License-Identifier: Apache-2.0
//
// The requirement graph (DMN chapter 6, 10.4): each element is evaluated once an instance, after
// those it requires.
#include "dmn/evaluate.h"

enum progress { NOT_STARTED, STARTED, DONE };

enum { ELEMENT_DEPTH = 20 }; // of the run's depth, for each decision that another one requires

struct memory {
    enum progress progress;
    feel_value value;
};

static feel_value warn(struct instance *instance, const struct dmn_decision *element,
                       const char *what)
{
    struct feel_warnings *warnings = instance->run->warnings;
    if (warnings && warnings->count++ < FEEL_WARNINGS_MAX)
        warnings->items[warnings->count - 1] = (struct feel_warning){
            .text = str_format(instance->run->arena, "%.*s: %s", STR_ARG(element->name), what)};
    return feel_null();
}

static struct instance *instance_new(struct feel_run *run, const struct dmn_model *model)
{
    struct instance *instance = ARENA_NEW(run->arena, struct instance);
    instance->model = model;
    instance->run = run;
    instance->lookup = run->lookup;
    instance->lookup_context = run->lookup_context;
    instance->memory = ARENA_ARRAY(run->arena, struct memory, model->element_count);
    instance->imported = ARENA_ARRAY(run->arena, struct instance *, model->import_count);
    return instance;
}

// ---- inputs ----

static bool find_input(const struct instance *instance, str name, feel_value *ret_value)
{
    return instance->lookup && instance->lookup(instance->lookup_context, name, ret_value);
}

static bool lookup_in(void *context, str name, feel_value *ret_value)
{
    const feel_value *found = feel_context_get(*(const feel_value *)context, name);
    if (found)
        *ret_value = *found;
    return found != NULL;
}

// The inputs of an imported model are the entries of a context named as the import, or the
// importer's own inputs.
static struct instance *imported(struct instance *instance, const struct model_import *import)
{
    struct instance **known = &instance->imported[import->ordinal];
    feel_value inputs;
    if (*known)
        return *known;
    struct instance *child = instance_new(instance->run, import->model);
    child->trace = instance->trace;
    child->importer = instance;
    child->lookup = instance->lookup;
    child->lookup_context = instance->lookup_context;
    if (import->alias.len && find_input(instance, import->alias, &inputs) &&
        inputs.kind == FEEL_CONTEXT) {
        feel_value *kept = arena_copy(instance->run->arena, &inputs, sizeof inputs);
        child->lookup = lookup_in;
        child->lookup_context = kept;
    }
    *known = child;
    return child;
}

static feel_value evaluate_input(struct instance *instance, const struct dmn_decision *element)
{
    feel_value value;
    if (!find_input(instance, element->name, &value))
        return element->model->is_camundas ? feel_null() // it is only drawn
                                           : warn(instance, element, "the input is missing");
    return element->type ? feel_coerce(instance->run, value, element->type, element->name) : value;
}

// ---- functions ----

// What a function value made of an element carries.
struct callable {
    struct instance *instance;
    const struct dmn_decision *element;
};

static feel_value call_knowledge(void *context, struct feel_run *run, const feel_value *args);
static feel_value call_service(void *context, struct feel_run *run, const feel_value *args);

static feel_value function_of(struct instance *instance, const struct dmn_decision *element)
{
    struct callable *callable = ARENA_NEW(instance->run->arena, struct callable);
    *callable = (struct callable){instance, element};
    bool is_service = element->kind == ELEMENT_SERVICE;
    const struct feel_type *result = element->type && element->type->kind == FEEL_TYPE_FUNCTION
                                         ? element->type->element
                                         : element->type;
    struct feel_function_spec spec = {.name = element->name,
                                      .parameter_count = element->parameter_count,
                                      .parameters = element->parameters,
                                      .types = element->parameter_types,
                                      .result = result,
                                      .call = is_service ? call_service : call_knowledge,
                                      .context = callable};
    return feel_function_new(instance->run->arena, &spec);
}

// ---- scopes of elements ----

static size_t alias_at(const struct scope *scope, str alias)
{
    for (size_t i = 0; i < scope->count; i++)
        if (str_equal(scope->entries[i].name, alias))
            return i;
    return SIZE_MAX;
}

// Imported elements are the entries of a context named as the import.
static void add_imported(struct arena *arena, struct scope *scope, str alias,
                         struct feel_entry entry)
{
    size_t at = alias_at(scope, alias);
    if (at == SIZE_MAX) {
        scope->entries[scope->count++] =
            (struct feel_entry){alias, feel_context_new(arena, &entry, 1)};
        return;
    }
    feel_value context = scope->entries[at].value;
    scope->entries[at].value = feel_context_put(arena, context, entry.name, entry.value);
}

// Required decisions can also be named by their id, as models of Camunda do.
static const struct scope *ids_of(struct instance *instance, const struct dmn_decision *element)
{
    struct arena *arena = instance->run->arena;
    struct scope *scope = ARENA_NEW(arena, struct scope);
    scope->entries = ARENA_ARRAY(arena, struct feel_entry, element->needs.count);
    scope->caller = instance;
    for (size_t i = 0; i < element->needs.count; i++) {
        const struct requirement *r = &element->needs.items[i];
        if (!r->import && r->target->kind == ELEMENT_DECISION)
            scope->entries[scope->count++] =
                (struct feel_entry){r->target->id, evaluate_element(instance, r->target)};
    }
    return scope;
}

static struct scope *scope_of(struct instance *instance, const struct dmn_decision *element,
                              size_t extra)
{
    struct arena *arena = instance->run->arena;
    struct scope *scope = ARENA_NEW(arena, struct scope);
    scope->entries = ARENA_ARRAY(arena, struct feel_entry, element->needs.count + extra);
    for (size_t i = 0; i < element->needs.count; i++) {
        const struct requirement *r = &element->needs.items[i];
        struct instance *home = r->import ? imported(instance, r->import) : instance;
        struct feel_entry entry = {r->target->name, evaluate_element(home, r->target)};
        if (r->import && r->import->alias.len)
            add_imported(arena, scope, r->import->alias, entry);
        else
            scope->entries[scope->count++] = entry;
    }
    scope->outer = ids_of(instance, element);
    return scope;
}

static feel_value call_knowledge(void *context, struct feel_run *run, const feel_value *args)
{
    const struct callable *callable = context;
    const struct dmn_decision *element = callable->element;
    const struct expression *logic = element->logic;
    if (!logic || !logic->body) {
        warn(callable->instance, element, "there is no logic that can be evaluated here");
        return feel_null();
    }
    size_t count = element->parameter_count;
    struct scope *scope = scope_of(callable->instance, element, count + 1);
    scope->entries[scope->count++] =
        (struct feel_entry){element->name, function_of(callable->instance, element)};
    struct scope *parameters = ARENA_NEW(run->arena, struct scope);
    parameters->outer = scope;
    parameters->entries = ARENA_ARRAY(run->arena, struct feel_entry, count);
    parameters->count = count;
    for (size_t i = 0; i < count; i++)
        parameters->entries[i] = (struct feel_entry){element->parameters[i], args[i]};
    return evaluate_expression(callable->instance, parameters, logic->body);
}

// ---- decision services ----

static void give(struct instance *inner, const struct requirement *r, feel_value value)
{
    struct instance *home = r->import ? imported(inner, r->import) : inner;
    home->memory[r->target->ordinal] = (struct memory){DONE, value};
}

static feel_value service_result(struct instance *inner, const struct dmn_decision *service)
{
    const struct requirements *outputs = &service->outputs;
    struct feel_entry *entries = ARENA_ARRAY(inner->run->arena, struct feel_entry, outputs->count);
    for (size_t i = 0; i < outputs->count; i++) {
        const struct requirement *r = &outputs->items[i];
        struct instance *home = r->import ? imported(inner, r->import) : inner;
        entries[i] = (struct feel_entry){r->target->name, evaluate_element(home, r->target)};
    }
    if (outputs->count == 1)
        return entries[0].value;
    return feel_context_new(inner->run->arena, entries, outputs->count);
}

// Evaluates the outputs in an instance of their own, where the service's inputs are what the
// arguments say. Nothing else is known there.
static feel_value call_service(void *context, struct feel_run *run, const feel_value *args)
{
    const struct callable *callable = context;
    const struct dmn_decision *service = callable->element;
    struct instance *inner = instance_new(run, service->model);
    inner->trace = callable->instance->trace;
    inner->lookup = NULL;
    inner->service = service;
    for (size_t i = 0; i < service->input_data.count; i++)
        give(inner, &service->input_data.items[i], args[i]);
    for (size_t i = 0; i < service->input_decisions.count; i++)
        give(inner, &service->input_decisions.items[i], args[service->input_data.count + i]);
    return service_result(inner, service);
}

// ---- elements ----

static void trace_inputs(const struct scope *scope, struct arena *arena,
                         struct dmn_traced_decision *traced)
{
    struct dmn_traced_value *inputs = ARENA_ARRAY(arena, struct dmn_traced_value, scope->count);
    size_t count = 0;
    for (size_t i = 0; i < scope->count; i++)
        if (scope->entries[i].value.kind != FEEL_FUNCTION)
            inputs[count++] = (struct dmn_traced_value){STR_EMPTY, scope->entries[i].name,
                                                        scope->entries[i].value};
    traced->inputs = inputs;
    traced->input_count = count;
}

static feel_value evaluate_decision(struct instance *instance, const struct dmn_decision *element)
{
    struct feel_run *run = instance->run;
    struct scope *scope = scope_of(instance, element, 0);
    struct dmn_traced_decision traced = {.decision = element};
    size_t outer = instance->traced;
    if (instance->trace) {
        trace_inputs(scope, run->arena, &traced);
        instance->traced = instance->trace->decisions.count;
        *ARRAY_PUSH(run->arena, &instance->trace->decisions) = traced;
    }
    feel_value value = feel_null();
    if (element->logic)
        value = evaluate_expression(instance, scope, element->logic);
    else
        warn(instance, element, "the decision has no logic");
    if (element->type)
        value = feel_coerce(run, value, element->type, element->name);
    if (instance->trace)
        instance->trace->decisions.items[instance->traced].result = value;
    instance->traced = outer;
    return value;
}

static feel_value compute(struct instance *instance, const struct dmn_decision *element)
{
    switch (element->kind) {
    case ELEMENT_INPUT:
        return evaluate_input(instance, element);
    case ELEMENT_DECISION:
        return evaluate_decision(instance, element);
    case ELEMENT_KNOWLEDGE:
    case ELEMENT_SERVICE:
        return function_of(instance, element);
    }
    check_unreachable();
}

feel_value evaluate_element(struct instance *instance, const struct dmn_decision *element)
{
    struct memory *memory = &instance->memory[element->ordinal];
    struct feel_run *run = instance->run;
    if (memory->progress == DONE)
        return memory->value;
    if (memory->progress == STARTED)
        return warn(instance, element, "it requires itself");
    if (run->depth + ELEMENT_DEPTH >= run->limits.depth) {
        feel_run_stop(run, FEEL_TOO_DEEP);
        return feel_null();
    }
    run->depth += ELEMENT_DEPTH;
    memory->progress = STARTED;
    feel_value value = compute(instance, element);
    run->depth -= ELEMENT_DEPTH;
    *memory = (struct memory){DONE, value};
    return value;
}

// Asked for directly, a function takes its arguments from the run's variables.
static feel_value call_from_inputs(struct instance *instance, const struct dmn_decision *element)
{
    struct arena *arena = instance->run->arena;
    feel_value *args = ARENA_ARRAY(arena, feel_value, element->parameter_count);
    for (size_t i = 0; i < element->parameter_count; i++)
        if (!find_input(instance, element->parameters[i], &args[i])) {
            args[i] = feel_null();
            warn(instance, element, "an argument is missing");
        }
    return feel_call(instance->run, function_of(instance, element), args, element->parameter_count);
}

feel_value dmn_evaluate(const struct dmn_decision *decision, struct feel_run *run,
                        struct dmn_trace *ret_trace)
{
    struct instance *instance = instance_new(run, decision->model);
    instance->trace = ret_trace;
    feel_value value = decision->kind == ELEMENT_DECISION || decision->kind == ELEMENT_INPUT
                           ? evaluate_element(instance, decision)
                           : call_from_inputs(instance, decision);
    return run->stopped ? feel_null() : value;
}
