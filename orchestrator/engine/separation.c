// SPDX-License-Identifier: Apache-2.0
//
// Separation of duties. An instance remembers who did which of the user tasks that are kept apart
// (its *duties*, a JSON array of [element id, person]); the model's rules name pairs of them, a
// policy's grant a set of them: resource type SEPARATION, resource id "TENANT\nPROCESS\nNAME" with
// * for all, and element ids in place of permissions. Duties keep ids, so they outlive a migration.
#include "engine/step.h"

static const struct json *duties_of(struct engine *engine, instance_ref instance)
{
    struct json *duties = NULL;
    struct error err;
    if (str_is_empty(instance->duties))
        return NULL;
    check(json_parse(engine->turn, instance->duties, &duties, &err)); // our own
    return duties;
}

static bool is_duty(const struct json *duty, str id, str person)
{
    return str_equal(duty->items[0].text, id) && str_equal(duty->items[1].text, person);
}

static bool did(const struct json *duties, str id, str person)
{
    for (size_t i = 0; duties != NULL && i < duties->count; i++)
        if (is_duty(&duties->items[i], id, person))
            return true;
    return false;
}

static struct bpmn_list separated_from(const struct bpmn_element *element)
{
    return element->extras != NULL ? element->extras->separated : (struct bpmn_list){0};
}

// -- Policies ---------------------------------------------------------------------------

static bool fits(str pattern, str value)
{
    return str_equal(pattern, STR("*")) || str_equal(pattern, value);
}

static bool concerns(const struct grant *grant, instance_ref instance)
{
    str rest = grant->resource_id, tenant, process;
    return str_equal(grant->resource_type, STR("SEPARATION")) && str_split(&rest, '\n', &tenant) &&
           str_split(&rest, '\n', &process) && fits(tenant, instance->tenant) &&
           fits(process, instance->process_id);
}

static bool names(const struct grant *grant, str element_id)
{
    for (size_t i = 0; i < grant->permission_count; i++)
        if (str_equal(grant->permissions[i], element_id))
            return true;
    return false;
}

static bool is_in_policy(const struct engine *engine, instance_ref instance, str element_id)
{
    const struct command *command = engine->command;
    for (size_t i = 0; i < command->grant_count; i++)
        if (concerns(&command->grants[i], instance) && names(&command->grants[i], element_id))
            return true;
    return false;
}

// -- Deciding ---------------------------------------------------------------------------

struct question {
    str element_id;
    str person;
    const struct json *duties;
};

static str refusal(struct engine *engine, const struct question *question, str done,
                   const char *rule)
{
    return str_format(engine->turn,
                      "separation of duties: '%.*s' did '%.*s', and whoever did that must not do "
                      "'%.*s' (%s)",
                      STR_ARG(question->person), STR_ARG(done), STR_ARG(question->element_id),
                      rule);
}

static bool model_allows(struct engine *engine, instance_ref instance,
                         const struct bpmn_element *element, const struct question *question,
                         str *ret_why)
{
    const struct bpmn_list others = separated_from(element);
    for (uint32_t i = 0; i < others.count; i++) {
        str other = instance->process->elements[others.items[i]].id;
        if (did(question->duties, other, question->person)) {
            *ret_why = refusal(engine, question, other, "a rule of the model");
            return false;
        }
    }
    return true;
}

static bool policies_allow(struct engine *engine, instance_ref instance,
                           const struct question *question, str *ret_why)
{
    const struct command *command = engine->command;
    for (size_t i = 0; i < command->grant_count; i++) {
        const struct grant *grant = &command->grants[i];
        if (!concerns(grant, instance) || !names(grant, question->element_id))
            continue;
        for (size_t k = 0; k < grant->permission_count; k++) {
            str other = grant->permissions[k];
            if (str_equal(other, question->element_id) ||
                !did(question->duties, other, question->person))
                continue;
            *ret_why = refusal(engine, question, other, "a policy of this installation");
            return false;
        }
    }
    return true;
}

bool separation_allows(struct engine *engine, instance_ref instance, element_ref ei, str person,
                       str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    const struct question question = {element->id, person, duties_of(engine, instance)};
    if (instance->duties.len > LIMIT_DUTIES_BYTES && separated_from(element).count > 0) {
        *ret_why = str_format(engine->turn,
                              "separation of duties: too many people have worked on this instance "
                              "to know them apart: DUTIES_BYTES (%d)",
                              LIMIT_DUTIES_BYTES);
        return false;
    }
    return str_is_empty(person) || question.duties == NULL ||
           (model_allows(engine, instance, element, &question, ret_why) &&
            policies_allow(engine, instance, &question, ret_why));
}

bool separation_allows_moving(struct engine *engine, instance_ref instance, str *ret_why)
{
    const struct bpmn_process *process = instance->process;
    struct question question = {STR_EMPTY, engine->command->principal, NULL};
    if (str_is_empty(question.person) || str_is_empty(instance->duties))
        return true;
    question.duties = duties_of(engine, instance);
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *element = &process->elements[i];
        question.element_id = element->id;
        if (element->type == BPMN_USER_TASK &&
            (!model_allows(engine, instance, element, &question, ret_why) ||
             !policies_allow(engine, instance, &question, ret_why))) {
            *ret_why =
                str_format(engine->turn, "%.*s, nor lead the instance past it", STR_ARG(*ret_why));
            return false;
        }
    }
    return true;
}

// -- Remembering ------------------------------------------------------------------------

static void note(struct engine *engine, instance_ref instance, const struct bpmn_element *element,
                 str person)
{
    if (str_is_empty(person) || instance->duties.len > LIMIT_DUTIES_BYTES ||
        did(duties_of(engine, instance), element->id, person))
        return;
    step_emit(engine, instance,
              (struct event){.type = EVENT_DUTY_DONE,
                             .key = instance->stream.key,
                             .element = bpmn_index(instance->process, element) + 1,
                             .name = person,
                             .code = element->id});
}

void separation_note(struct engine *engine, instance_ref instance, element_ref ei, str person)
{
    const struct bpmn_element *element = element_of(instance, ei);
    if (separated_from(element).count > 0 || is_in_policy(engine, instance, element->id))
        note(engine, instance, element, person);
}

static void note_all(struct engine *engine, instance_ref instance, bool only_starts)
{
    const struct bpmn_process *process = instance->process;
    if (process == NULL || str_is_empty(engine->command->principal))
        return;
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *element = &process->elements[i];
        bool is_start = element->type == BPMN_START_EVENT;
        bool counts = is_start || (!only_starts && element->type == BPMN_USER_TASK);
        if (counts &&
            (separated_from(element).count > 0 || is_in_policy(engine, instance, element->id)))
            note(engine, instance, element, engine->command->principal);
    }
}

void separation_note_start(struct engine *engine, instance_ref instance)
{
    note_all(engine, instance, true);
}

void separation_note_skipping(struct engine *engine, instance_ref instance)
{
    note_all(engine, instance, false);
}

// -- For people -------------------------------------------------------------------------

static bool has_id(instance_ref instance, struct bpmn_list list, str id)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (str_equal(instance->process->elements[list.items[i]].id, id))
            return true;
    return false;
}

str separation_json(struct arena *arena, instance_ref instance, element_ref ei)
{
    const struct bpmn_list others = separated_from(element_of(instance, ei));
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *duties = NULL;
    struct error err;
    if (others.count == 0 && str_is_empty(instance->duties))
        return STR_EMPTY;
    json_begin_object(&w);
    json_key(&w, STR("elements"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < others.count; i++)
        json_string(&w, instance->process->elements[others.items[i]].id);
    json_end_array(&w);
    json_key(&w, STR("done"));
    json_begin_array(&w);
    if (!str_is_empty(instance->duties))
        check(json_parse(arena, instance->duties, &duties, &err));
    for (size_t i = 0; duties != NULL && i < duties->count; i++)
        if (others.count == 0 || has_id(instance, others, duties->items[i].items[0].text))
            json_value(&w, &duties->items[i]);
    json_end_array(&w);
    json_end_object(&w);
    return strbuf_str(&out);
}
