// SPDX-License-Identifier: Apache-2.0
// Variables: JSON texts by name in each scope, and the mappings between scopes.
#include "engine/step.h"

void variable_set(struct engine *engine, instance_ref instance, element_ref scope, str name,
                  str json)
{
    const struct variable *known = state_local(scope, name);
    if (known != NULL && str_equal(known->value, json))
        return;
    step_emit(
        engine, instance,
        (struct event){
            .type = EVENT_VARIABLE_SET, .scope = scope->entity.key, .name = name, .value = json});
}

void variable_propagate(struct engine *engine, instance_ref instance, element_ref from, str name,
                        str json)
{
    element_ref scope = instance->root;
    state_visible(from, name, &scope);
    variable_set(engine, instance, scope, name, json);
}

static bool parse_object(struct engine *engine, str object, struct json **ret_json, str *ret_why)
{
    struct error err;
    if (object.data == engine->parsed_text.data && object.len == engine->parsed_text.len) {
        *ret_json = engine->parsed; // checked a moment ago by the command that brought it
        return true;
    }
    if (object.len > LIMIT_COMMAND_VARIABLES_BYTES) {
        *ret_why = str_format(engine->turn, "the variables have %zu bytes, the limit is %d",
                              object.len, LIMIT_COMMAND_VARIABLES_BYTES);
        return false;
    }
    if (!json_parse(engine->turn, object, ret_json, &err)) {
        *ret_why = str_format(engine->turn, "the variables are no JSON: %s", err.text);
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
    return str_is_empty(object) || parse_object(engine, object, &json, ret_why);
}

static str text_of(struct engine *engine, const struct json *value)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

bool variable_merge(struct engine *engine, instance_ref instance, element_ref scope, str object,
                    bool local)
{
    struct json *json;
    str why;
    if (str_is_empty(object) || str_equal(object, STR("{}")))
        return true;
    if (!parse_object(engine, object, &json, &why))
        return false;
    for (size_t i = 0; i < json->count; i++) {
        str text = text_of(engine, &json->members[i].value);
        if (local)
            variable_set(engine, instance, scope, json->members[i].name, text);
        else
            variable_propagate(engine, instance, scope, json->members[i].name, text);
    }
    return true;
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
    feel_value value;
    if (!expression_value(engine, reads, mapping->source, &value, ret_why))
        return false;
    size_t dot = str_find_char(mapping->target, '.');
    if (dot != SIZE_MAX) {
        element_ref scope;
        str name = str_sub(mapping->target, 0, dot);
        const struct variable *known =
            writes == reads ? state_local(writes, name) : state_visible(writes, name, &scope);
        feel_value base = known ? expression_variable(engine, known) : feel_null();
        value = put_path(engine, base, str_from_index(mapping->target, dot + 1), value);
    }
    *ret_json = expression_json(engine, value);
    if (ret_json->len <= LIMIT_VARIABLE_BYTES)
        return true;
    *ret_why = str_format(engine->turn, "the variable '%.*s' would have %zu bytes, the limit is %d",
                          STR_ARG(mapping->target), ret_json->len, LIMIT_VARIABLE_BYTES);
    return false;
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
        variable_set(engine, instance, ei, first_name(element->inputs[i].target), json);
    }
    return true;
}

bool variable_map_outputs(struct engine *engine, instance_ref instance, element_ref ei,
                          str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    for (uint32_t i = 0; i < element->output_count; i++) {
        str json;
        if (!map_value(engine, &element->outputs[i], ei, ei->scope, &json, ret_why))
            return false;
        variable_propagate(engine, instance, ei->scope, first_name(element->outputs[i].target),
                           json);
    }
    return true;
}

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

str variable_visible_json(struct engine *engine, element_ref ei)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (element_ref scope = ei; scope != NULL; scope = scope->scope)
        for (const struct variable *v = scope->variables; v != NULL; v = v->next) {
            element_ref nearest;
            state_visible(ei, v->name, &nearest);
            if (nearest != scope)
                continue;
            json_key(&w, v->name);
            json_raw(&w, v->value);
        }
    json_end_object(&w);
    return strbuf_str(&out);
}
