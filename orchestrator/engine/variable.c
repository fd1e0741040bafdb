// SPDX-License-Identifier: Apache-2.0
// Variables: JSON texts by name in each scope, and the mappings between scopes.
#include "engine/step.h"

enum { TEXT_BYTES_PER_STEP = 32, JSON_BYTES_PER_STEP = 16, NAMES_PER_STEP = 16 };

bool variable_has_room(struct engine *engine, instance_ref instance, str *ret_why)
{
    if (instance->bytes < LIMIT_INSTANCE_BYTES)
        return true;
    *ret_why = str_format(engine->turn,
                          "the instance has %zu bytes of variables, the limit INSTANCE_BYTES is %d",
                          instance->bytes, LIMIT_INSTANCE_BYTES);
    return false;
}

static bool is_settable(struct engine *engine, instance_ref instance, element_ref scope,
                        struct named_json variable, bool is_new, str *ret_why)
{
    if (variable.json.len > LIMIT_VARIABLE_BYTES) {
        *ret_why = str_format(engine->turn,
                              "the variable '%.*s' would have %zu bytes, the limit VARIABLE_BYTES "
                              "is %d",
                              STR_ARG(border_text(variable.name)), variable.json.len,
                              LIMIT_VARIABLE_BYTES);
        return false;
    }
    if (is_new && scope->variable_count >= LIMIT_VARIABLES_PER_SCOPE) {
        *ret_why = str_format(engine->turn,
                              "the scope has %u variables, the limit VARIABLES_PER_SCOPE is %d",
                              scope->variable_count, LIMIT_VARIABLES_PER_SCOPE);
        return false;
    }
    return border_name(engine, "the name of a variable", variable.name, ret_why) &&
           border_value(engine, "the variable", variable.json, LIMIT_VARIABLE_BYTES, ret_why) &&
           variable_has_room(engine, instance, ret_why);
}

bool variable_set(struct engine *engine, instance_ref instance, element_ref scope,
                  struct named_json variable, str *ret_why)
{
    const struct variable *known = state_local(scope, variable.name);
    step_spend(engine,
               scope->variable_count / NAMES_PER_STEP + variable.json.len / TEXT_BYTES_PER_STEP);
    if (!personal_admit(engine, instance, scope, &variable, ret_why))
        return false;
    if (known != NULL && str_equal(known->value, variable.json))
        return true;
    if (!is_settable(engine, instance, scope, variable, known == NULL, ret_why))
        return false;
    step_emit(engine, instance,
              (struct event){.type = EVENT_VARIABLE_SET,
                             .scope = scope->entity.key,
                             .name = variable.name,
                             .value = variable.json});
    return true;
}

// Where what nothing defines is set: in the process, or the activation of an ad-hoc sub-process.
static element_ref home_of(instance_ref instance, element_ref from)
{
    while (from != NULL && !state_is_activation(from))
        from = from->scope;
    return from == NULL ? instance->root : from;
}

element_ref variable_home(instance_ref instance, element_ref from, str name)
{
    element_ref scope = home_of(instance, from);
    state_visible(from, name, &scope);
    return scope;
}

bool variable_propagate(struct engine *engine, instance_ref instance, element_ref from,
                        struct named_json variable, str *ret_why)
{
    element_ref scope = variable_home(instance, from, variable.name);
    return variable_set(engine, instance, scope, variable, ret_why);
}

static bool parse_object(struct engine *engine, str object, struct json **ret_json, str *ret_why)
{
    struct error err;
    if (object.data == engine->parsed_text.data && object.len == engine->parsed_text.len) {
        *ret_json = engine->parsed; // checked a moment ago by the command that brought it
        return true;
    }
    step_spend(engine, object.len / JSON_BYTES_PER_STEP);
    if (!json_parse(engine->turn, object, ret_json, &err)) {
        *ret_why = str_format(engine->turn, "the variables are not JSON: %s", err.text);
        return false;
    }
    if (!json_is(*ret_json, JSON_OBJECT)) {
        *ret_why = STR("the variables must be a JSON object");
        return false;
    }
    engine->parsed_text = object;
    engine->parsed = *ret_json;
    return true;
}

bool variable_is_object(struct engine *engine, str object, str *ret_why)
{
    struct json *json;
    if (object.len > LIMIT_COMMAND_VARIABLES_BYTES) {
        *ret_why = str_format(engine->turn,
                              "the variables have %zu bytes, the limit COMMAND_VARIABLES_BYTES is "
                              "%d",
                              object.len, LIMIT_COMMAND_VARIABLES_BYTES);
        return false;
    }
    if (str_is_empty(object))
        return true;
    if (!parse_object(engine, object, &json, ret_why) ||
        !personal_is_unsealed(engine, object, json, ret_why))
        return false;
    for (size_t i = 0; i < json->count; i++)
        if (!border_name(engine, "the name of a variable", json->members[i].name, ret_why))
            return false;
    if (json->count <= LIMIT_VARIABLES_PER_SCOPE)
        return true;
    *ret_why = str_format(engine->turn, "%zu variables, the limit VARIABLES_PER_SCOPE is %d",
                          json->count, LIMIT_VARIABLES_PER_SCOPE);
    return false;
}

bool variable_fits(struct engine *engine, instance_ref instance, element_ref scope, str object,
                   str *ret_why)
{
    struct json *json;
    size_t added = 0;
    if (!variable_is_object(engine, object, ret_why))
        return false;
    if (str_is_empty(object) || !parse_object(engine, object, &json, ret_why) || json->count == 0)
        return str_is_empty(object) || json->count == 0;
    bool may_exceed = scope->variable_count + json->count > LIMIT_VARIABLES_PER_SCOPE;
    for (size_t i = 0; may_exceed && i < json->count; i++)
        added += state_local(scope, json->members[i].name) == NULL;
    if (scope->variable_count + added > LIMIT_VARIABLES_PER_SCOPE) {
        *ret_why = str_format(engine->turn,
                              "there would be %zu variables, the limit VARIABLES_PER_SCOPE is %d",
                              scope->variable_count + added, LIMIT_VARIABLES_PER_SCOPE);
        return false;
    }
    return variable_has_room(engine, instance, ret_why);
}

static str text_of(struct engine *engine, const struct json *value)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

bool variable_merge(struct engine *engine, instance_ref instance, element_ref scope,
                    struct merge merge, str *ret_why)
{
    struct json *json;
    if (str_is_empty(merge.object) || str_equal(merge.object, STR("{}")))
        return true;
    if (!parse_object(engine, merge.object, &json, ret_why))
        return false;
    bool has_persons = instance->process != NULL && instance->process->personal_count > 0;
    for (size_t i = 0; i < json->count * (has_persons ? 2 : 1); i++) {
        const struct json_member *member = &json->members[i % json->count];
        bool is_late = has_persons && bpmn_find_personal(instance->process, member->name) != NULL;
        if (is_late != (i >= json->count))
            continue; // whose a value is may be told by the others
        struct named_json variable = {member->name, text_of(engine, &member->value), scope};
        if (!(merge.is_local ? variable_set(engine, instance, scope, variable, ret_why)
                             : variable_propagate(engine, instance, scope, variable, ret_why)))
            return false;
    }
    return true;
}

bool variable_result(struct engine *engine, instance_ref instance, element_ref ei,
                     struct result result, str *ret_why)
{
    struct named_json variable = {.name = result.name};
    if (str_is_empty(result.name))
        return true;
    return expression_json(engine, &result.computed, &variable.json, ret_why) &&
           (element_of(instance, ei)->output_count > 0
                ? variable_set(engine, instance, ei, variable, ret_why)
                : variable_propagate(engine, instance, ei, variable, ret_why));
}

// Puts a value at "order.total": into the context that `order` has now, or a new one.
static feel_value put_path(struct engine *engine, feel_value base, str path, feel_value value)
{
    size_t dot = str_find_char(path, '.');
    str name = dot == SIZE_MAX ? path : str_sub(path, 0, dot);
    if (!feel_is(base, FEEL_CONTEXT))
        base = feel_context_new(engine->turn, NULL, 0);
    if (dot == SIZE_MAX)
        return feel_context_put(engine->turn, base, name, value);
    const feel_value *inner = feel_context_get(base, name);
    feel_value changed =
        put_path(engine, inner ? *inner : feel_null(), str_from_index(path, dot + 1), value);
    return feel_context_put(engine->turn, base, name, changed);
}

static bool map_value(struct engine *engine, const struct bpmn_mapping *mapping, element_ref reads,
                      element_ref writes, str *ret_json, str *ret_why)
{
    struct computed computed;
    if (!expression_value(engine, reads, mapping->source, &computed, ret_why))
        return false;
    size_t dot = str_find_char(mapping->target, '.');
    if (dot != SIZE_MAX) {
        element_ref scope;
        str name = str_sub(mapping->target, 0, dot);
        const struct variable *known =
            writes == reads ? state_local(writes, name) : state_visible(writes, name, &scope);
        feel_value base =
            known ? expression_variable(engine, &computed.reading, known) : feel_null();
        computed.value =
            put_path(engine, base, str_from_index(mapping->target, dot + 1), computed.value);
    }
    return expression_json(engine, &computed, ret_json, ret_why);
}

static str first_name(str path)
{
    size_t dot = str_find_char(path, '.');
    return dot == SIZE_MAX ? path : str_sub(path, 0, dot);
}

bool variable_map_inputs(struct engine *engine, instance_ref instance, element_ref ei, str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    for (uint32_t i = 0; i < element->input_count; i++) {
        str json;
        if (!map_value(engine, &element->inputs[i], ei, ei, &json, ret_why))
            return false;
        struct named_json variable = {.name = first_name(element->inputs[i].target), .json = json};
        if (!variable_set(engine, instance, ei, variable, ret_why))
            return false;
    }
    return true;
}

// An instance of a loop maps into itself first: what it collects is its own.
bool variable_map_outputs(struct engine *engine, instance_ref instance, element_ref ei,
                          str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    element_ref outside = state_is_repeated(ei) ? ei : ei->scope;
    for (uint32_t i = 0; i < element->output_count; i++) {
        str json;
        if (!map_value(engine, &element->outputs[i], ei, outside, &json, ret_why))
            return false;
        struct named_json variable = {.name = first_name(element->outputs[i].target), .json = json};
        if (!variable_propagate(engine, instance, outside, variable, ret_why))
            return false;
    }
    return true;
}

// -- Names of an iteration --------------------------------------------------------------

static bool is_path(str source)
{
    source = str_trim(source);
    if (str_starts_with(source, STR("=")))
        source = str_trim(str_from_index(source, 1));
    for (size_t i = 0; i < source.len; i++) {
        char c = source.data[i];
        if (!(c == '_' || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              (c >= '0' && c <= '9')))
            return false;
    }
    return source.len > 0;
}

static bool element_binds(const struct bpmn_element *element, str name)
{
    for (uint32_t i = 0; i < element->output_count; i++)
        if (str_equal(first_name(element->outputs[i].target), name))
            return true;
    return (element->call != NULL && str_equal(element->call->result_variable, name)) ||
           (element->ad_hoc != NULL && str_equal(element->ad_hoc->output_collection, name));
}

// Whether the element, or one inside of it, sets a variable of this name.
static bool binds(struct engine *engine, const struct bpmn_process *process, uint32_t element,
                  str name)
{
    if (element_binds(&process->elements[element], name))
        return true;
    step_spend(engine, process->element_count / NAMES_PER_STEP);
    for (uint32_t i = 1; i < process->element_count; i++) {
        const struct bpmn_element *inner = &process->elements[i];
        uint32_t scope = inner->scope;
        while (scope != BPMN_NONE && scope != 0 && scope != element)
            scope = process->elements[scope].scope;
        if (scope == element &&
            (element_binds(inner, name) ||
             (inner->loop != NULL && str_equal(inner->loop->output_collection, name))))
            return true;
    }
    return false;
}

bool variable_declare(struct engine *engine, instance_ref instance, element_ref scope,
                      const struct feel_program *output, str *ret_why)
{
    const str *names;
    size_t count = feel_program_names(output, &names);
    bool alone = count == 1 && is_path(feel_program_source(output));
    for (size_t i = 0; i < count; i++) {
        element_ref found;
        if (state_local(scope, names[i]) != NULL ||
            (!alone && state_visible(scope, names[i], &found) != NULL &&
             !binds(engine, instance->process, scope->element, names[i])))
            continue;
        if (!variable_set(engine, instance, scope,
                          (struct named_json){.name = names[i], .json = STR("null")}, ret_why))
            return false;
    }
    return true;
}

// -- As JSON ----------------------------------------------------------------------------

static void write_variables(struct json_writer *w, element_ref ei)
{
    for (const struct variable *v = ei->variables; v != NULL; v = v->next) {
        json_key(w, v->name);
        json_raw(w, v->value);
    }
}

str variable_local_json(struct arena *arena, element_ref ei)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_variables(&w, ei);
    json_end_object(&w);
    return strbuf_str(&out);
}

// Is it hidden by one of the same name further inside?
static bool is_hidden(element_ref ei, element_ref scope, str name)
{
    for (; ei != scope; ei = ei->scope)
        if (state_local(ei, name) != NULL || str_equal(ei->output_name, name))
            return true;
    return false;
}

str variable_visible_json(struct engine *engine, element_ref ei)
{
    return variable_visible_with(engine, ei, STR_EMPTY);
}

str variable_visible_with(struct engine *engine, element_ref ei, str object)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct json *first = NULL;
    uint64_t inner = 0;
    str why;
    if (str_is_empty(object) || !parse_object(engine, object, &first, &why))
        first = NULL;
    json_begin_object(&w);
    for (size_t i = 0; first != NULL && i < first->count; i++) {
        json_key(&w, first->members[i].name);
        json_value(&w, &first->members[i].value);
    }
    for (element_ref scope = ei; scope != NULL; scope = scope->scope) {
        step_spend(engine, inner * scope->variable_count / NAMES_PER_STEP);
        inner += scope->variable_count;
        for (const struct variable *v = scope->variables; v != NULL; v = v->next) {
            if (is_hidden(ei, scope, v->name) || json_get(first, v->name) != NULL)
                continue;
            json_key(&w, v->name);
            json_raw(&w, v->value);
        }
        if (!str_is_empty(scope->output_name) && !is_hidden(ei, scope, scope->output_name) &&
            state_local(scope, scope->output_name) == NULL) {
            json_key(&w, scope->output_name);
            json_raw(&w, state_outputs_json(engine->turn, scope));
        }
    }
    json_end_object(&w);
    step_spend(engine, out.len / TEXT_BYTES_PER_STEP);
    return strbuf_str(&out);
}

str variable_job_json(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_extras *extras = element_of(instance, ei)->extras;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (extras == NULL || !extras->restricts_job)
        return variable_visible_json(engine, ei);
    json_begin_object(&w);
    write_variables(&w, ei);
    for (uint32_t i = 0; i < extras->job_variable_count; i++) {
        element_ref scope;
        str name = extras->job_variables[i];
        const struct variable *v = state_visible(ei, name, &scope);
        if (v == NULL || scope == ei)
            continue;
        json_key(&w, name);
        json_raw(&w, v->value);
    }
    json_end_object(&w);
    step_spend(engine, out.len / TEXT_BYTES_PER_STEP);
    return strbuf_str(&out);
}

str variable_outgoing_json(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (element_of(instance, ei)->input_count == 0)
        return variable_visible_json(engine, ei);
    step_spend(engine, ei->bytes / TEXT_BYTES_PER_STEP);
    return variable_local_json(engine->turn, ei);
}
