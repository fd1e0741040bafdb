// SPDX-License-Identifier: Apache-2.0
//
// Ad-hoc sub-processes (BPMN 2.0, 13.3.5). As the standard draws them, all activities without an
// incoming flow are offered, and run in the scope of the sub-process. As Camunda 8 extends them (a
// list of elements, a worker that decides, an output collection), each activated element runs in an
// *activation*: an element instance of the sub-process's own element inside of it, in which the
// element and what follows it run, and whose new variables stay with it. When it completes, its
// output joins the collection.
#include "engine/step.h"

static bool may_run(instance_ref instance, element_ref scope, uint32_t index)
{
    const struct bpmn_element *element = &instance->process->elements[index];
    return element->scope == scope->element && element->incoming.count == 0 &&
           element->type != BPMN_BOUNDARY_EVENT && element->type != BPMN_EVENT_SUB_PROCESS &&
           !element->for_compensation;
}

static bool collects(instance_ref instance, element_ref scope)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    return ad_hoc != NULL && !scope->is_body && !state_is_activation(scope) &&
           !str_is_empty(ad_hoc->output_collection);
}

// -- Activating -------------------------------------------------------------------------

static bool wraps(instance_ref instance, element_ref scope)
{
    const struct bpmn_element *element = element_of(instance, scope);
    return element->job != NULL || element->ad_hoc->active_elements != NULL ||
           collects(instance, scope);
}

static void activate(struct engine *engine, instance_ref instance, element_ref scope,
                     uint32_t index, str variables)
{
    struct event with = {.value = variables};
    bool wrapped = wraps(instance, scope) || !str_is_empty(variables);
    if (wrapped) { // of the activation: the element that it runs
        with.number = index;
        with.code = STR("ACTIVATION");
    }
    activity_activate(engine, instance, scope, wrapped ? scope->element : index, with);
}

void ad_hoc_run_activation(struct engine *engine, instance_ref instance, element_ref activation)
{
    uint32_t index = (uint32_t)activation->loop_counter;
    if (activation->first_child == NULL && activation->tokens == 0 && index != activation->element)
        activity_activate(engine, instance, activation, index, (struct event){0});
}

bool ad_hoc_declare(struct engine *engine, instance_ref instance, element_ref activation,
                    str *ret_why)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, activation)->ad_hoc;
    return str_is_empty(ad_hoc->output_collection) || ad_hoc->output_element == NULL ||
           variable_declare(engine, instance, activation, ad_hoc->output_element, ret_why);
}

static uint32_t find_inside(instance_ref instance, element_ref scope, str id)
{
    const struct bpmn_element *element = bpmn_find_element(instance->process, id);
    uint32_t index = element == NULL ? BPMN_NONE : bpmn_index(instance->process, element);
    return index != BPMN_NONE && may_run(instance, scope, index) ? index : BPMN_NONE;
}

bool ad_hoc_activate(struct engine *engine, instance_ref instance, element_ref scope,
                     uint32_t index, str variables)
{
    const struct bpmn_element *element = element_of(instance, scope);
    if (element->ad_hoc == NULL || scope->is_body || state_is_activation(scope) ||
        !may_run(instance, scope, index))
        return false;
    activate(engine, instance, scope, index, variables);
    return true;
}

static bool activate_listed(struct engine *engine, instance_ref instance, element_ref scope,
                            str *ret_why)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    struct computed computed;
    if (!expression_value(engine, scope, ad_hoc->active_elements, &computed, ret_why))
        return false;
    feel_value ids = computed.value;
    *ret_why = str_format(engine->turn, "the active elements are %s, expected a list of ids",
                          feel_kind_name(ids.kind));
    if (!feel_is(ids, FEEL_LIST))
        return false;
    uint32_t *found = ARENA_ARRAY(engine->turn, uint32_t, ids.list.count);
    for (size_t i = 0; i < ids.list.count; i++) {
        feel_value id = ids.list.items[i];
        found[i] = feel_is(id, FEEL_STRING) ? find_inside(instance, scope, id.string) : BPMN_NONE;
        *ret_why = str_format(engine->turn,
                              "item %zu of the active elements names no activity inside", i + 1);
        if (found[i] == BPMN_NONE)
            return false;
    }
    for (size_t i = 0; i < ids.list.count && !scope->entity.is_gone; i++)
        activate(engine, instance, scope, found[i], STR_EMPTY);
    return true;
}

// What has begun and ended already may have made the completion condition true: then nothing more
// begins.
static bool is_satisfied(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    bool done = false;
    str why;
    return ad_hoc->condition != NULL && ad_hoc->cancels_remaining &&
           expression_truth(engine, scope, ad_hoc->condition, &done, &why) && done;
}

static void activate_all(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_element *element = element_of(instance, scope);
    for (uint32_t i = 0; i < element->children.count && !scope->entity.is_gone; i++)
        if (may_run(instance, scope, element->children.items[i])) {
            if (is_satisfied(engine, instance, scope))
                return;
            activate(engine, instance, scope, element->children.items[i], STR_EMPTY);
            if (element->ad_hoc->sequential)
                return;
        }
}

static bool begin_output(struct engine *engine, instance_ref instance, element_ref scope,
                         str *ret_why)
{
    if (!collects(instance, scope))
        return true;
    str name = element_of(instance, scope)->ad_hoc->output_collection;
    return state_local(scope, name) != NULL ||
           variable_set(engine, instance, scope,
                        (struct named_json){.name = name, .json = STR("[]")}, ret_why);
}

void ad_hoc_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    uint64_t key = ei->entity.key;
    str why;
    if (!begin_output(engine, instance, ei, &why)) {
        incident_raise(engine, instance, ei, "LIMIT_REACHED", why);
        return;
    }
    if (element->job != NULL) {
        step_or_incident(job_create(engine, instance, ei, element->job, JOB_AD_HOC));
        return;
    }
    struct starting starting = {.outer = engine->starting, .scope = key};
    bool ok = true;
    engine->starting = &starting;
    if (element->ad_hoc->active_elements == NULL)
        activate_all(engine, instance, ei);
    else
        ok = activate_listed(engine, instance, ei, &why);
    engine->starting = starting.outer;
    if (!ok) {
        incident_raise(engine, instance, ei, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    element_ref still = state_element(instance, key);
    if (still != NULL && still->tokens == 0)
        activity_scope_left(engine, instance, still);
}

// In sequence: the next activity that has not run yet is the one drawn after the last.
static void activate_next(struct engine *engine, instance_ref instance, element_ref scope,
                          uint32_t last)
{
    const struct bpmn_element *element = element_of(instance, scope);
    for (uint32_t i = 0; i < element->children.count; i++)
        if (element->children.items[i] > last &&
            may_run(instance, scope, element->children.items[i])) {
            activate(engine, instance, scope, element->children.items[i], STR_EMPTY);
            return;
        }
}

// -- Output -----------------------------------------------------------------------------

// Where the list is sealed as a whole, so it stays, for all whose items it has.
static bool add_to_sealed(struct engine *engine, const struct variable *list,
                          struct computed *output, str *ret_json, str *ret_why)
{
    feel_value before = expression_variable(engine, &output->reading, list);
    if (!personal_is_whole(engine, &output->reading, ret_why))
        return false;
    *ret_why = STR("the output collection was given a value that is no list");
    if (!feel_is(before, FEEL_LIST))
        return false;
    size_t count = before.list.count;
    feel_value *items = ARENA_ARRAY(engine->turn, feel_value, count + 1);
    for (size_t i = 0; i < count; i++)
        items[i] = before.list.items[i];
    items[count] = output->value;
    output->value = feel_list(items, count + 1);
    return expression_json(engine, output, ret_json, ret_why);
}

// Each item stays sealed for whom it belongs to.
static bool add_to_list(struct engine *engine, str before, const struct computed *output,
                        str *ret_json, str *ret_why)
{
    bool is_first = before.len <= strlen("[]");
    struct strbuf list = strbuf_new(engine->turn);
    str json;
    *ret_why = STR("the output collection was given a value that is no list");
    if (!str_starts_with(before, STR("[")) || !expression_json(engine, output, &json, ret_why))
        return false;
    strbuf_add(&list, is_first ? STR("[") : str_sub(before, 0, before.len - 1));
    if (!is_first)
        strbuf_add_char(&list, ',');
    strbuf_add(&list, json);
    strbuf_add_char(&list, ']');
    *ret_json = strbuf_str(&list);
    return true;
}

// What an activation leaves behind, at the end of the list.
bool ad_hoc_collect(struct engine *engine, instance_ref instance, element_ref ei, str *ret_why)
{
    element_ref scope = ei->scope;
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    struct computed output = {feel_null(), {.scope = ei}};
    if (!state_is_activation(ei) || !collects(instance, scope))
        return true;
    if (ad_hoc->output_element != NULL &&
        !expression_value(engine, ei, ad_hoc->output_element, &output, ret_why))
        return false;
    const struct variable *known = state_local(scope, ad_hoc->output_collection);
    struct named_json list = {.name = ad_hoc->output_collection};
    bool is_added =
        known != NULL && personal_is_sealed(known->value)
            ? add_to_sealed(engine, known, &output, &list.json, ret_why)
            : add_to_list(engine, known ? known->value : STR("[]"), &output, &list.json, ret_why);
    return is_added && variable_set(engine, instance, scope, list, ret_why);
}

bool ad_hoc_hand_over(struct engine *engine, instance_ref instance, element_ref scope, str *ret_why)
{
    bool is_collected = state_is_repeated(scope) && scope->scope->outputs != NULL;
    if (!collects(instance, scope) || is_collected) // by the loop around it
        return true;
    str name = element_of(instance, scope)->ad_hoc->output_collection;
    const struct variable *list = state_local(scope, name);
    return variable_propagate(
        engine, instance, scope->scope,
        (struct named_json){.name = name, .json = list ? list->value : STR("[]")}, ret_why);
}

// -- Completing -------------------------------------------------------------------------

// The worker decides anew whenever something inside has completed: one job at a time.
static void ask_worker(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_job *definition = element_of(instance, scope)->job;
    const struct job *job = state_attachment(scope, ENTITY_KIND_JOB);
    if (job != NULL && job->kind == JOB_AD_HOC)
        job_cancel(engine, instance, job);
    if (state_attachment(scope, ENTITY_KIND_JOB) == NULL)
        step_or_incident(job_create(engine, instance, scope, definition, JOB_AD_HOC));
}

void ad_hoc_child_completed(struct engine *engine, instance_ref instance, element_ref scope,
                            uint32_t child)
{
    const struct bpmn_element *element = element_of(instance, scope);
    const struct bpmn_ad_hoc *ad_hoc = element->ad_hoc;
    bool done = false;
    str why;
    if (element->job != NULL) {
        if (!scope->is_fulfilled && !scope->interrupted)
            ask_worker(engine, instance, scope);
        return;
    }
    if (ad_hoc->condition != NULL &&
        !expression_truth(engine, scope, ad_hoc->condition, &done, &why)) {
        incident_raise(engine, instance, scope, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    if (done && ad_hoc->cancels_remaining)
        activity_terminate_children(engine, instance, scope, NULL);
    else if (!done && ad_hoc->sequential && scope->children == 0 && scope->tokens == 0 &&
             ad_hoc->active_elements == NULL)
        activate_next(engine, instance, scope, child);
}

void ad_hoc_child_left(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_element *element = element_of(instance, scope);
    bool decides = element->job != NULL && !scope->is_fulfilled && !scope->interrupted;
    if (!decides)
        activity_complete(engine, instance,
                          scope); // nothing is left that could change the condition
    else if (state_attachment(scope, ENTITY_KIND_JOB) == NULL)
        step_or_incident(job_create(engine, instance, scope, element->job, JOB_AD_HOC));
}

// -- The worker's answer ----------------------------------------------------------------

static str variables_of(struct engine *engine, const struct json *item)
{
    const struct json *variables = json_get(item, STR("variables"));
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (variables != NULL && variables->type != JSON_NULL)
        json_value(&w, variables);
    return strbuf_str(&out);
}

static str id_of(const struct json *item)
{
    return json_get_str(item, STR("elementId"), item->type == JSON_STRING ? item->text : STR_EMPTY);
}

static const struct json *read_result(struct engine *engine, str result)
{
    struct json *json = NULL;
    struct error err;
    return !str_is_empty(result) && json_parse(engine->turn, result, &json, &err) ? json : NULL;
}

bool ad_hoc_result_fits(struct engine *engine, instance_ref instance, element_ref scope,
                        str *ret_why)
{
    const struct json *result = read_result(engine, engine->command->job_answer.result);
    const struct json *list = json_get(result, STR("activateElements"));
    bool done = json_get_bool(result, STR("isCompletionConditionFulfilled"), false);
    *ret_why = STR("what fulfills the completion condition activates nothing");
    if (done && json_is(list, JSON_ARRAY) && list->count > 0)
        return false;
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        *ret_why = str_format(engine->turn, "'%.*s' is no activity of this ad-hoc sub-process",
                              STR_ARG(id_of(&list->items[i])));
        if (find_inside(instance, scope, id_of(&list->items[i])) == BPMN_NONE ||
            !variable_is_object(engine, variables_of(engine, &list->items[i]), ret_why))
            return false;
    }
    return true;
}

static void fulfill(struct engine *engine, instance_ref instance, element_ref scope)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_AD_HOC_FULFILLED,
                             .key = scope->entity.key,
                             .scope = scope->entity.key});
}

// What to run next, or that it is done.
void ad_hoc_decided(struct engine *engine, instance_ref instance, element_ref scope, str result,
                    str variables)
{
    const struct json *json = read_result(engine, result);
    const struct json *list = json_get(json, STR("activateElements"));
    bool is_list = json_is(list, JSON_ARRAY) && list->count > 0;
    str why;
    if (!variable_merge(engine, instance, scope, (struct merge){variables, true}, &why)) {
        incident_raise(engine, instance, scope, "LIMIT_REACHED", why);
        return;
    }
    if (json_get_bool(json, STR("isCancelRemainingInstances"), false))
        activity_terminate_children(engine, instance, scope, NULL);
    if (json_get_bool(json, STR("isCompletionConditionFulfilled"), false))
        fulfill(engine, instance, scope);
    for (size_t i = 0; is_list && i < list->count && !scope->entity.is_gone; i++)
        activate(engine, instance, scope, find_inside(instance, scope, id_of(&list->items[i])),
                 variables_of(engine, &list->items[i]));
    if (!is_list && scope->children == 0 && scope->tokens == 0)
        activity_complete(engine, instance, scope);
}

// -- From outside -----------------------------------------------------------------------

static bool instructions_fit(struct engine *engine, instance_ref instance, element_ref scope,
                             str *ret_why)
{
    const struct activate_ad_hoc *body = &engine->command->activate_ad_hoc;
    *ret_why = STR("no element is to be activated");
    for (size_t i = 0; i < body->count; i++) {
        const struct element_instruction *asked = &body->instructions[i];
        *ret_why = str_format(engine->turn, "'%.*s' is no activity of this ad-hoc sub-process",
                              STR_ARG(asked->element_id));
        if (find_inside(instance, scope, asked->element_id) == BPMN_NONE ||
            !variable_is_object(engine, asked->variables, ret_why))
            return false;
        for (size_t before = 0; before < i; before++)
            if (str_equal(body->instructions[before].element_id, asked->element_id)) {
                *ret_why =
                    str_format(engine->turn, "'%.*s' is named twice", STR_ARG(asked->element_id));
                return false;
            }
    }
    return body->count > 0;
}

void ad_hoc_activate_from_outside(struct engine *engine)
{
    const struct command *command = engine->command;
    const struct activate_ad_hoc *body = &command->activate_ad_hoc;
    instance_ref instance = step_instance(engine, command->instance);
    element_ref scope = instance ? state_element(instance, command->key) : NULL;
    str why;
    if (scope == NULL || element_of(instance, scope)->ad_hoc == NULL || scope->is_body ||
        state_is_activation(scope)) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("there is no such ad-hoc sub-process"));
        return;
    }
    if (scope->phase != PHASE_ACTIVE || instance->state != INSTANCE_ACTIVE) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the ad-hoc sub-process is not active"));
        return;
    }
    if (!instructions_fit(engine, instance, scope, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    step_accept(engine, command->key, command->instance);
    if (body->cancels_remaining)
        activity_terminate_children(engine, instance, scope, NULL);
    for (size_t i = 0; i < body->count && !scope->entity.is_gone; i++)
        activate(engine, instance, scope,
                 find_inside(instance, scope, body->instructions[i].element_id),
                 body->instructions[i].variables);
}
