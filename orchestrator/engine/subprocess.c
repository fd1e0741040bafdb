// SPDX-License-Identifier: Apache-2.0
// Embedded, event, transaction and ad-hoc sub-processes: scopes with flow inside.
#include "engine/step.h"

// Tokens begin at the start events; in a process at the first, anywhere else at all of them.
void subprocess_begin(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_list *starts = &element_of(instance, scope)->starts;
    const struct bpmn_process *process = instance->process;
    bool one = scope->scope == NULL && starts->count > 0 &&
               process->elements[starts->items[0]].type == BPMN_START_EVENT;
    uint64_t key = scope->entity.key;
    uint32_t count = one ? 1 : starts->count;
    struct starting starting = {.outer = engine->starting, .scope = key};
    engine->starting = &starting;
    for (uint32_t i = 0; i < count && !starting.is_stopped; i++) {
        element_ref still = state_element(instance, key);
        if (still != NULL)
            activity_activate(engine, instance, still, starts->items[i], (struct event){0});
    }
    engine->starting = starting.outer;
    element_ref still = state_element(instance, key);
    if (still != NULL)
        activity_scope_left(engine, instance, still);
}

// -- Ad hoc (BPMN 2.0, 13.3.5) ----------------------------------------------------------

static bool may_run_ad_hoc(instance_ref instance, element_ref scope, uint32_t index)
{
    const struct bpmn_element *element = &instance->process->elements[index];
    return element->scope == scope->element && element->incoming.count == 0 &&
           element->type != BPMN_BOUNDARY_EVENT && element->type != BPMN_EVENT_SUB_PROCESS &&
           !element->for_compensation;
}

static bool activate_named(struct engine *engine, instance_ref instance, element_ref scope, str id,
                           str variables)
{
    const struct bpmn_element *element = bpmn_find_element(instance->process, id);
    if (element == NULL || !may_run_ad_hoc(instance, scope, bpmn_index(instance->process, element)))
        return false;
    activity_activate(engine, instance, scope, bpmn_index(instance->process, element),
                      (struct event){.value = variables});
    return true;
}

static bool activate_listed(struct engine *engine, instance_ref instance, element_ref scope,
                            str *ret_why)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    feel_value ids;
    if (!expression_value(engine, scope, ad_hoc->active_elements, &ids, ret_why))
        return false;
    for (size_t i = 0; feel_is(ids, FEEL_LIST) && i < ids.list.count; i++) {
        feel_value id = ids.list.items[i];
        if (feel_is(id, FEEL_STRING) &&
            activate_named(engine, instance, scope, id.string, STR_EMPTY))
            continue;
        *ret_why = str_format(engine->turn,
                              "item %zu of the active elements names no activity inside", i + 1);
        return false;
    }
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
        if (may_run_ad_hoc(instance, scope, element->children.items[i])) {
            if (is_satisfied(engine, instance, scope))
                return;
            activity_activate(engine, instance, scope, element->children.items[i],
                              (struct event){.value = STR_EMPTY});
            if (element->ad_hoc->sequential)
                return;
        }
}

static void run_ad_hoc(struct engine *engine, instance_ref instance, element_ref ei)
{
    const struct bpmn_element *element = element_of(instance, ei);
    uint64_t key = ei->entity.key;
    str why;
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
static bool activate_next(struct engine *engine, instance_ref instance, element_ref scope,
                          uint32_t last)
{
    const struct bpmn_element *element = element_of(instance, scope);
    for (uint32_t i = 0; i < element->children.count; i++)
        if (element->children.items[i] > last &&
            may_run_ad_hoc(instance, scope, element->children.items[i])) {
            activity_activate(engine, instance, scope, element->children.items[i],
                              (struct event){.value = STR_EMPTY});
            return true;
        }
    return false;
}

static bool collects(instance_ref instance, element_ref scope)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    return ad_hoc != NULL && !scope->is_body && !str_is_empty(ad_hoc->output_collection);
}

// What an activity inside leaves behind, at the end of the list.
bool ad_hoc_collect(struct engine *engine, instance_ref instance, element_ref ei, str *ret_why)
{
    element_ref scope = ei->scope;
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    feel_value value = feel_null();
    if (!collects(instance, scope))
        return true;
    if (ad_hoc->output_element != NULL &&
        !expression_value(engine, ei, ad_hoc->output_element, &value, ret_why))
        return false;
    const struct variable *known = state_local(scope, ad_hoc->output_collection);
    bool first = known == NULL || known->value.len <= strlen("[]");
    struct strbuf list = strbuf_new(engine->turn);
    strbuf_add(&list, first ? STR("[") : str_sub(known->value, 0, known->value.len - 1));
    if (!first)
        strbuf_add_char(&list, ',');
    str json;
    if (!expression_json(engine, value, &json, ret_why))
        return false;
    strbuf_add(&list, json);
    strbuf_add_char(&list, ']');
    return variable_set(engine, instance, scope,
                        (struct named_json){ad_hoc->output_collection, strbuf_str(&list)}, ret_why);
}

bool ad_hoc_hand_over(struct engine *engine, instance_ref instance, element_ref scope, str *ret_why)
{
    if (!collects(instance, scope))
        return true;
    str name = element_of(instance, scope)->ad_hoc->output_collection;
    const struct variable *list = state_local(scope, name);
    return variable_propagate(engine, instance, scope->scope,
                              (struct named_json){name, list ? list->value : STR("[]")}, ret_why);
}

void ad_hoc_child_completed(struct engine *engine, instance_ref instance, element_ref scope,
                            uint32_t child)
{
    const struct bpmn_ad_hoc *ad_hoc = element_of(instance, scope)->ad_hoc;
    bool done = false;
    str why;
    if (ad_hoc->condition != NULL &&
        !expression_truth(engine, scope, ad_hoc->condition, &done, &why)) {
        incident_raise(engine, instance, scope, "EXTRACT_VALUE_ERROR", why);
        return;
    }
    if (done && ad_hoc->cancels_remaining)
        activity_terminate_children(engine, instance, scope, NULL);
    else if (!done && ad_hoc->sequential && scope->children == 0 && scope->tokens == 0 &&
             ad_hoc->active_elements == NULL && element_of(instance, scope)->job == NULL)
        activate_next(engine, instance, scope, child);
}

void ad_hoc_child_left(struct engine *engine, instance_ref instance, element_ref scope)
{
    const struct bpmn_element *element = element_of(instance, scope);
    const struct bpmn_ad_hoc *ad_hoc = element->ad_hoc;
    bool done = true;
    str why;
    if (element->job != NULL) {
        if (state_attachment(scope, ENTITY_KIND_JOB) == NULL)
            step_or_incident(job_create(engine, instance, scope, element->job, JOB_AD_HOC));
        return;
    }
    if (ad_hoc->condition != NULL && ad_hoc->active_elements == NULL &&
        expression_truth(engine, scope, ad_hoc->condition, &done, &why) && !done)
        done = true; // nothing is left that could make the condition true
    if (done)
        activity_complete(engine, instance, scope);
}

// What the worker of an ad-hoc sub-process answered: what to run next, or that it is done.
void ad_hoc_decided(struct engine *engine, instance_ref instance, element_ref scope, str result,
                    str variables)
{
    struct json *json = NULL;
    struct error err;
    str why;
    if (!variable_merge(engine, instance, scope, (struct merge){variables, true}, &why)) {
        incident_raise(engine, instance, scope, "LIMIT_REACHED", why);
        return;
    }
    bool parsed = !str_is_empty(result) && json_parse(engine->turn, result, &json, &err);
    const struct json *list = parsed ? json_get(json, STR("activateElements")) : NULL;
    bool done = parsed && json_get_bool(json, STR("isCompletionConditionFulfilled"), false);
    bool cancels = parsed && json_get_bool(json, STR("isCancelRemainingInstances"), false);
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        const struct json *item = &list->items[i];
        str id = json_get_str(item, STR("elementId"),
                              item->type == JSON_STRING ? item->text : STR_EMPTY);
        struct strbuf out = strbuf_new(engine->turn);
        struct json_writer w = json_writer_new(&out);
        if (json_get(item, STR("variables")) != NULL)
            json_value(&w, json_get(item, STR("variables")));
        if (!activate_named(engine, instance, scope, id, strbuf_str(&out))) {
            incident_raise(engine, instance, scope, "EXTRACT_VALUE_ERROR",
                           str_format(engine->turn,
                                      "'%.*s' is no activity of this ad-hoc sub-process",
                                      STR_ARG(id)));
            return;
        }
    }
    if (cancels)
        activity_terminate_children(engine, instance, scope, NULL);
    bool idle = scope->children == 0 && scope->tokens == 0;
    if ((done || !json_is(list, JSON_ARRAY) || list->count == 0) && idle)
        activity_complete(engine, instance, scope);
}

void subprocess_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (element_of(instance, ei)->type == BPMN_AD_HOC_SUB_PROCESS)
        run_ad_hoc(engine, instance, ei);
    else
        subprocess_begin(engine, instance, ei);
}
