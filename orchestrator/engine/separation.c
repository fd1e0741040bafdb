// SPDX-License-Identifier: Apache-2.0
//
// Separation of duties. An instance remembers who did which of the user tasks that are kept apart
// (its *duties*, a JSON array of [element id, person]); the model's rules name pairs of them, a
// policy a set of them. The shard has the policies, so they hold whichever way somebody comes. One
// with a role is not for those of whom a command says that they lack the role: it carries, as
// grants SEPARATION, the roles of its sender that policies name, and "" where they are known.
// Duties keep ids, so they outlive a migration.
#include "engine/step.h"

static const struct json *read_duties(struct engine *engine, str text)
{
    struct json *duties = NULL;
    struct error err;
    if (str_is_empty(text))
        return NULL;
    check(json_parse(engine->turn, text, &duties, &err)); // our own, or separation_reads was true
    return duties;
}

static const struct json *duties_of(struct engine *engine, instance_ref instance)
{
    return read_duties(engine, instance->duties);
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

static bool has_item(struct bpmn_list list, uint32_t item)
{
    for (uint32_t i = 0; i < list.count; i++)
        if (list.items[i] == item)
            return true;
    return false;
}

// -- Policies ---------------------------------------------------------------------------

static bool fits(str pattern, str value)
{
    return str_equal(pattern, STR("*")) || str_equal(pattern, value);
}

static bool concerns(const struct policy *policy, str tenant, str process_id)
{
    return fits(policy->tenant, tenant) && fits(policy->process_id, process_id);
}

static bool names(const struct policy *policy, str element_id)
{
    for (size_t i = 0; i < policy->element_count; i++)
        if (str_equal(policy->elements[i], element_id))
            return true;
    return false;
}

static bool is_in_policy(const struct engine *engine, str tenant, str process_id, str element_id)
{
    const policy_list *policies = &engine->shard->policies;
    for (size_t i = 0; i < policies->count; i++)
        if (concerns(&policies->items[i], tenant, process_id) &&
            names(&policies->items[i], element_id))
            return true;
    return false;
}

// Where a question is asked: an instance, or one that is about to begin.
struct ground {
    const struct bpmn_process *process;
    str tenant;
    str process_id;
    str duties;
};

static struct ground ground_of(instance_ref instance)
{
    return (struct ground){instance->process, instance->tenant, instance->process_id,
                           instance->duties};
}

static bool is_apart(const struct engine *engine, const struct ground *ground,
                     const struct bpmn_element *element)
{
    return separated_from(element).count > 0 ||
           is_in_policy(engine, ground->tenant, ground->process_id, element->id);
}

str engine_policies(const struct engine *engine)
{
    return engine->shard->policies_text;
}

void separation_set_policies(struct engine *engine)
{
    str text = engine->command->set_policies.policies;
    policy_list policies;
    if (!state_read_policies(engine->turn, text, &policies)) {
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("policies are [[name, tenant, process, role, [element id, …]], …]"));
        return;
    }
    step_emit(engine, engine->shard, (struct event){.type = EVENT_POLICIES_SET, .value = text});
    step_accept(engine, 0, 0);
}

// -- Roles ------------------------------------------------------------------------------

static bool tells_roles(const struct command *command)
{
    for (size_t i = 0; i < command->grant_count; i++)
        if (str_equal(command->grants[i].resource_type, STR("SEPARATION")) &&
            str_is_empty(command->grants[i].resource_id))
            return true;
    return false;
}

struct doer separation_doer(struct engine *engine, str person)
{
    const struct command *command = engine->command;
    struct doer doer = {.person = str_copy(engine->turn, person)};
    if (!str_equal(person, command->principal) || !tells_roles(command))
        return doer;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < command->grant_count; i++)
        if (str_equal(command->grants[i].resource_type, STR("SEPARATION")))
            json_string(&w, command->grants[i].resource_id);
    json_end_array(&w);
    doer.roles = strbuf_str(&out);
    return doer;
}

static bool is_for(struct engine *engine, const struct policy *policy, struct doer doer)
{
    struct json *roles = NULL;
    struct error err;
    if (str_equal(policy->role, STR("*")) || str_is_empty(doer.roles))
        return true;
    check(json_parse(engine->turn, doer.roles, &roles, &err)); // our own
    for (size_t i = 0; i < roles->count; i++)
        if (str_equal(roles->items[i].text, policy->role))
            return true;
    return false;
}

// -- Deciding ---------------------------------------------------------------------------

struct question {
    str element_id;
    struct doer doer;
    const struct json *duties;
};

static str refusal(struct engine *engine, const struct question *question, str done,
                   const char *rule)
{
    return str_format(engine->turn,
                      "separation of duties: '%.*s' did '%.*s', and whoever did that must not do "
                      "'%.*s' (%s)",
                      STR_ARG(question->doer.person), STR_ARG(done), STR_ARG(question->element_id),
                      rule);
}

static bool model_allows(struct engine *engine, const struct ground *ground,
                         const struct bpmn_element *element, const struct question *question,
                         str *ret_why)
{
    const struct bpmn_list others = separated_from(element);
    for (uint32_t i = 0; i < others.count; i++) {
        str other = ground->process->elements[others.items[i]].id;
        if (did(question->duties, other, question->doer.person)) {
            *ret_why = refusal(engine, question, other, "a rule of the model");
            return false;
        }
    }
    return true;
}

static bool policy_allows(struct engine *engine, const struct policy *policy,
                          const struct question *question, str *ret_why)
{
    for (size_t i = 0; i < policy->element_count; i++) {
        str other = policy->elements[i];
        if (str_equal(other, question->element_id) ||
            !did(question->duties, other, question->doer.person))
            continue;
        *ret_why = refusal(engine, question, other, "a policy of this installation");
        return false;
    }
    return true;
}

static bool policies_allow(struct engine *engine, const struct ground *ground,
                           const struct question *question, str *ret_why)
{
    const policy_list *policies = &engine->shard->policies;
    for (size_t i = 0; i < policies->count; i++) {
        const struct policy *policy = &policies->items[i];
        if (concerns(policy, ground->tenant, ground->process_id) &&
            names(policy, question->element_id) && is_for(engine, policy, question->doer) &&
            !policy_allows(engine, policy, question, ret_why))
            return false;
    }
    return true;
}

// Beyond what can be remembered nobody is known not to have done the other task.
static bool knows_all(struct engine *engine, const struct ground *ground, str *ret_why)
{
    if (ground->duties.len <= LIMIT_DUTIES_BYTES)
        return true;
    *ret_why = str_format(engine->turn,
                          "separation of duties: too many people have worked on this instance "
                          "to know them apart: DUTIES_BYTES (%d)",
                          LIMIT_DUTIES_BYTES);
    return false;
}

bool separation_allows(struct engine *engine, instance_ref instance, element_ref ei,
                       struct doer doer, str *ret_why)
{
    const struct bpmn_element *element = element_of(instance, ei);
    const struct question question = {element->id, doer, duties_of(engine, instance)};
    const struct ground ground = ground_of(instance);
    if (is_apart(engine, &ground, element) && !knows_all(engine, &ground, ret_why))
        return false;
    return str_is_empty(doer.person) || question.duties == NULL ||
           (model_allows(engine, &ground, element, &question, ret_why) &&
            policies_allow(engine, &ground, &question, ret_why));
}

void separation_bar(struct engine *engine, instance_ref instance, const struct user_task *task,
                    str assignee, str why)
{
    step_emit(engine, instance,
              (struct event){.type = EVENT_USER_TASK_BARRED,
                             .key = task->attachment.entity.key,
                             .scope = task->attachment.owner->entity.key,
                             .name = assignee,
                             .value = border_text(why)});
}

bool separation_allows_naming(struct engine *engine, instance_ref instance,
                              const struct user_task *task, str assignee)
{
    str why;
    if (separation_allows(engine, instance, task->attachment.owner,
                          separation_doer(engine, assignee), &why))
        return true;
    separation_bar(engine, instance, task, assignee, why);
    return false;
}

static bool may_pass(struct engine *engine, const struct ground *ground,
                     const struct question *question, const struct bpmn_element *element,
                     str *ret_why)
{
    return (!is_apart(engine, ground, element) || knows_all(engine, ground, ret_why)) &&
           model_allows(engine, ground, element, question, ret_why) &&
           policies_allow(engine, ground, question, ret_why);
}

static bool allows_moving(struct engine *engine, const struct ground *ground, str *ret_why)
{
    const struct bpmn_process *process = ground->process;
    struct question question = {.doer = separation_doer(engine, engine->command->principal)};
    if (str_is_empty(question.doer.person) || str_is_empty(ground->duties))
        return true;
    question.duties = read_duties(engine, ground->duties);
    for (uint32_t i = 0; i < process->element_count; i++) {
        const struct bpmn_element *element = &process->elements[i];
        question.element_id = element->id;
        if (element->type == BPMN_USER_TASK &&
            !may_pass(engine, ground, &question, element, ret_why)) {
            *ret_why =
                str_format(engine->turn, "%.*s, nor lead the instance past it", STR_ARG(*ret_why));
            return false;
        }
    }
    return true;
}

bool separation_allows_moving(struct engine *engine, instance_ref instance, str *ret_why)
{
    const struct ground ground = ground_of(instance);
    return allows_moving(engine, &ground, ret_why);
}

// What was done before, and its start by whoever asks.
static str duties_with_start(struct engine *engine, const struct ground *ground, str person)
{
    const struct json *before = read_duties(engine, ground->duties);
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; before != NULL && i < before->count; i++)
        json_value(&w, &before->items[i]);
    for (uint32_t i = 0; i < ground->process->element_count; i++) {
        const struct bpmn_element *element = &ground->process->elements[i];
        if (element->type != BPMN_START_EVENT || !is_apart(engine, ground, element))
            continue;
        json_begin_array(&w);
        json_string(&w, element->id);
        json_string(&w, person);
        json_end_array(&w);
    }
    json_end_array(&w);
    return strbuf_str(&out);
}

bool separation_allows_starting(struct engine *engine, const struct separation_start *start,
                                str *ret_why)
{
    struct ground ground = {start->process, start->tenant, start->process_id, start->duties};
    if (!str_is_empty(engine->command->principal))
        ground.duties = duties_with_start(engine, &ground, engine->command->principal);
    return allows_moving(engine, &ground, ret_why);
}

// -- Remembering ------------------------------------------------------------------------

// `index`: of the element, as the instance's process has it.
static void note(struct engine *engine, instance_ref instance, uint32_t index, str person)
{
    str id = instance->process->elements[index].id;
    if (str_is_empty(person) || instance->duties.len > LIMIT_DUTIES_BYTES ||
        did(duties_of(engine, instance), id, person))
        return;
    step_emit(engine, instance,
              (struct event){.type = EVENT_DUTY_DONE,
                             .key = instance->stream.key,
                             .element = index + 1,
                             .name = person,
                             .code = id});
}

static void note_apart(struct engine *engine, instance_ref instance, uint32_t index, str person)
{
    const struct ground ground = ground_of(instance);
    if (is_apart(engine, &ground, &instance->process->elements[index]))
        note(engine, instance, index, person);
}

void separation_note(struct engine *engine, instance_ref instance, element_ref ei, str person)
{
    note_apart(engine, instance, ei->element, person);
}

static void note_all(struct engine *engine, instance_ref instance, bool only_starts)
{
    const struct bpmn_process *process = instance->process;
    if (process == NULL || str_is_empty(engine->command->principal))
        return;
    for (uint32_t i = 0; i < process->element_count; i++) {
        enum bpmn_type type = process->elements[i].type;
        if (type == BPMN_START_EVENT || (!only_starts && type == BPMN_USER_TASK))
            note_apart(engine, instance, i, engine->command->principal);
    }
}

void separation_note_start(struct engine *engine, instance_ref instance)
{
    note_all(engine, instance, true);
}

void separation_note_started(struct engine *engine, instance_ref instance, uint32_t start, str by)
{
    note_apart(engine, instance, start, by);
}

bool separation_reads(struct engine *engine, str duties)
{
    struct json *list;
    struct error err;
    if (str_is_empty(duties))
        return true;
    if (!json_parse(engine->turn, duties, &list, &err) || list->type != JSON_ARRAY)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct json *duty = &list->items[i];
        if (!json_is(duty, JSON_ARRAY) || duty->count != 2 ||
            !json_is(&duty->items[0], JSON_STRING) || !json_is(&duty->items[1], JSON_STRING) ||
            str_is_empty(duty->items[1].text))
            return false;
    }
    return true;
}

void separation_note_before(struct engine *engine, instance_ref instance, str duties)
{
    const struct json *list = read_duties(engine, duties);
    for (size_t i = 0; list != NULL && instance->process != NULL && i < list->count; i++) {
        const struct bpmn_element *element =
            bpmn_find_element(instance->process, list->items[i].items[0].text);
        if (element != NULL)
            note(engine, instance, bpmn_index(instance->process, element),
                 list->items[i].items[1].text);
    }
}

bool separation_counts_sender(const struct engine *engine, str message)
{
    const struct engine_environment *environment = &engine->environment;
    for (const struct start *s = engine->shard->starts; s != NULL; s = s->next) {
        if (s->kind != BPMN_MESSAGE_TRIGGER || !str_equal(s->name, message))
            continue;
        const struct definition *definition = idmap_get(&engine->shard->by_key, s->definition);
        const struct bpmn_process *process =
            environment->find_process(environment->context, s->definition);
        if (definition != NULL && process != NULL &&
            (separated_from(&process->elements[s->element]).count > 0 ||
             is_in_policy(engine, definition->tenant, definition->id,
                          process->elements[s->element].id)))
            return true;
    }
    return false;
}

void separation_note_skipping(struct engine *engine, instance_ref instance)
{
    note_all(engine, instance, false);
}

// -- Migrating --------------------------------------------------------------------------

static bool keeps_model(const struct separation_move *move, const struct bpmn_element *from,
                        const struct bpmn_element *to)
{
    const struct bpmn_list before = separated_from(from);
    const struct bpmn_list after = to != NULL ? separated_from(to) : (struct bpmn_list){0};
    for (uint32_t i = 0; i < before.count; i++)
        if (!has_item(after, move->map[before.items[i]]))
            return false;
    return before.count == after.count;
}

static bool keeps_policies(const struct engine *engine, const struct separation_move *move,
                           const struct bpmn_element *from, const struct bpmn_element *to)
{
    str tenant = move->instance->tenant, process_id = move->instance->process_id;
    bool is_same =
        to != NULL && str_equal(from->id, to->id) && str_equal(process_id, move->target_id);
    return is_same || (!is_in_policy(engine, tenant, process_id, from->id) &&
                       (to == NULL || !is_in_policy(engine, tenant, move->target_id, to->id)));
}

bool separation_keeps(const struct engine *engine, const struct separation_move *move)
{
    const struct bpmn_process *source = move->instance->process;
    for (uint32_t i = 1; i < source->element_count; i++) {
        const struct bpmn_element *from = &source->elements[i];
        const struct bpmn_element *to =
            move->map[i] != BPMN_NONE ? &move->target->elements[move->map[i]] : NULL;
        if (!keeps_model(move, from, to) || !keeps_policies(engine, move, from, to))
            return false;
    }
    return true;
}

void separation_rename(struct engine *engine, const struct separation_move *move,
                       const struct bpmn_process *source)
{
    const struct json *duties = duties_of(engine, move->instance); // in the turn's arena: they stay
    for (size_t i = 0; duties != NULL && i < duties->count; i++) {
        const struct bpmn_element *from = bpmn_find_element(source, duties->items[i].items[0].text);
        uint32_t to = from != NULL ? move->map[bpmn_index(source, from)] : BPMN_NONE;
        if (to != BPMN_NONE && !str_equal(from->id, move->target->elements[to].id))
            note(engine, move->instance, to, duties->items[i].items[1].text);
    }
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
