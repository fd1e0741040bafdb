// SPDX-License-Identifier: Apache-2.0
// Operations that change where an instance stands: elements are activated, terminated and moved.
#include "engine/step.h"

bool process_can_activate(const struct bpmn_process *process, str id)
{
    const struct bpmn_element *element = bpmn_find_element(process, id);
    return element != NULL && element != process->elements && element->type != BPMN_BOUNDARY_EVENT;
}

// -- Where an element begins ------------------------------------------------------------

// A way to an element: the scopes around it, which run already or begin with it.
struct path {
    struct engine *engine;
    instance_ref instance;
    const struct json *variables; // of scopes on the way: [{"scopeId", "variables"}]; NULL: none
    element_ref ancestor;         // begin in it; NULL: wherever the scope runs
};

static bool is_running(element_ref ei, uint32_t element)
{
    return ei->element == element && !ei->is_body && !state_is_activation(ei) &&
           ei->phase == PHASE_ACTIVE;
}

static uint32_t count_running(element_ref scope, uint32_t element, element_ref *ret_first)
{
    uint32_t count = 0;
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        if (is_running(child, element)) {
            if (count++ == 0 && *ret_first == NULL)
                *ret_first = child;
        } else {
            count += count_running(child, element, ret_first);
        }
    }
    return count;
}

// The scope that runs and that the path leads through; NULL: none, one begins.
static element_ref running_scope(const struct path *path, uint32_t element, uint32_t *ret_count)
{
    element_ref first = NULL;
    element_ref around = path->ancestor ? path->ancestor : path->instance->root;
    *ret_count = 1;
    if (element == 0)
        return path->instance->root;
    if (path->ancestor != NULL)
        return path->ancestor->element == element ? path->ancestor : NULL;
    *ret_count = count_running(around, element, &first);
    return first;
}

static str text_of(struct engine *engine, const struct json *value)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    if (value != NULL && value->type != JSON_NULL)
        json_value(&w, value);
    return strbuf_str(&out);
}

// The variables that the path brings for the scope of this id, the later ones of a name; empty:
// none.
static str variables_for(const struct path *path, str id)
{
    struct strbuf out = strbuf_new(path->engine->turn);
    struct json_writer w = json_writer_new(&out);
    struct map seen = map_new(path->engine->turn);
    json_begin_object(&w);
    for (size_t i = path->variables == NULL ? 0 : path->variables->count; i-- > 0;) {
        const struct json *item = &path->variables->items[i];
        const struct json *object = json_get(item, STR("variables"));
        if (!str_equal(json_get_str(item, STR("scopeId"), STR_EMPTY), id))
            continue;
        for (size_t k = 0; json_is(object, JSON_OBJECT) && k < object->count; k++) {
            if (map_get(&seen, object->members[k].name) != NULL)
                continue;
            map_put(&seen, object->members[k].name, (void *)object);
            json_key(&w, object->members[k].name);
            json_value(&w, &object->members[k].value);
        }
    }
    json_end_object(&w);
    return seen.count == 0 ? STR_EMPTY : strbuf_str(&out);
}

static void set_variables(const struct path *path, element_ref scope, str id)
{
    str why;
    if (!variable_merge(path->engine, path->instance, scope,
                        (struct merge){variables_for(path, id), true}, &why))
        incident_raise(path->engine, path->instance, scope, "LIMIT_REACHED", why);
}

// The scope to activate in: one that runs, or a new one in its own scope.
static element_ref scope_for(const struct path *path, uint32_t element)
{
    instance_ref instance = path->instance;
    uint32_t count;
    element_ref running = running_scope(path, element, &count);
    str id = instance->process->elements[element].id;
    if (running != NULL) {
        set_variables(path, running, id);
        return running;
    }
    element_ref above = scope_for(path, instance->process->elements[element].scope);
    uint64_t key = activity_activate(path->engine, instance, above, element,
                                     (struct event){.code = STR("TRIGGERED")});
    element_ref scope = state_element(instance, key);
    set_variables(path, scope, id);
    step_or_incident(event_subscribe(path->engine, instance, scope));
    return scope;
}

static void activate_on(const struct path *path, uint32_t element, str variables)
{
    instance_ref instance = path->instance;
    element_ref scope = scope_for(path, instance->process->elements[element].scope);
    str own = variables_for(path, instance->process->elements[element].id);
    if (!str_is_empty(own))
        variables = own;
    set_variables(path, instance->root, STR_EMPTY);
    if (!ad_hoc_activate(path->engine, instance, scope, element, variables))
        activity_activate(path->engine, instance, scope, element,
                          (struct event){.value = variables});
}

void process_activate_path(struct engine *engine, instance_ref instance, uint32_t element,
                           str variables)
{
    activate_on(&(struct path){engine, instance, NULL, NULL}, element, variables);
}

// -- Checking ---------------------------------------------------------------------------

static bool refuse(struct engine *engine, enum rejection rejection, str why)
{
    step_reject(engine, engine->shard, rejection, why);
    return false;
}

static bool is_around(const struct bpmn_process *process, uint32_t scope, uint32_t element)
{
    while (element != 0 && element != scope)
        element = process->elements[element].scope;
    return element == scope;
}

// Whether every scope around the element runs once, or can begin.
static bool path_is_clear(const struct path *path, uint32_t target)
{
    const struct bpmn_process *process = path->instance->process;
    struct engine *engine = path->engine;
    for (uint32_t scope = process->elements[target].scope; scope != 0;
         scope = process->elements[scope].scope) {
        uint32_t count;
        element_ref running = running_scope(path, scope, &count);
        if (count > 1)
            return refuse(engine, REJECTION_INVALID,
                          str_format(engine->turn,
                                     "'%.*s' runs %u times: say in which one by "
                                     "\"ancestorElementInstanceKey\"",
                                     STR_ARG(process->elements[scope].id), count));
        if (running != NULL)
            return true;
        if (process->elements[scope].loop != NULL)
            return refuse(engine, REJECTION_INVALID,
                          str_format(engine->turn,
                                     "no instance of the loop '%.*s' runs, in which something "
                                     "could be activated",
                                     STR_ARG(process->elements[scope].id)));
    }
    return true;
}

static bool variables_fit(struct engine *engine, instance_ref instance, uint32_t target,
                          const struct json *list)
{
    const struct bpmn_process *process = instance->process;
    str why;
    if (list != NULL && !json_is(list, JSON_ARRAY))
        return refuse(engine, REJECTION_INVALID, STR("the variable instructions are no list"));
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        str id = json_get_str(&list->items[i], STR("scopeId"), STR_EMPTY);
        const struct bpmn_element *scope =
            str_is_empty(id) ? process->elements : bpmn_find_element(process, id);
        if (scope == NULL || !is_around(process, bpmn_index(process, scope), target))
            return refuse(
                engine, REJECTION_INVALID,
                str_format(engine->turn, "the scope '%.*s' is not '%.*s' or one around it",
                           STR_ARG(border_text(id)), STR_ARG(process->elements[target].id)));
        if (!variable_is_object(engine,
                                text_of(engine, json_get(&list->items[i], STR("variables"))), &why))
            return refuse(engine, REJECTION_INVALID, why);
    }
    return true;
}

static bool read_scoped(struct engine *engine, const struct element_instruction *instruction,
                        const struct json **ret_list)
{
    struct json *list;
    struct error err;
    *ret_list = NULL;
    if (str_is_empty(instruction->scoped_variables))
        return true;
    if (!json_parse(engine->turn, instruction->scoped_variables, &list, &err))
        return refuse(engine, REJECTION_INVALID, STR("the variable instructions are no JSON"));
    *ret_list = list;
    return true;
}

// The ancestor that an instruction names by its key.
static bool find_ancestor(struct engine *engine, instance_ref instance, uint32_t target,
                          uint64_t key, element_ref *ret_ancestor)
{
    *ret_ancestor = key == 0 ? NULL : state_element(instance, key);
    if (key == 0)
        return true;
    element_ref ancestor = *ret_ancestor;
    bool fits = ancestor != NULL && ancestor->phase == PHASE_ACTIVE && !ancestor->is_body &&
                ancestor->element != target &&
                is_around(instance->process, ancestor->element, target);
    return fits ||
           refuse(engine, REJECTION_INVALID,
                  str_format(engine->turn, "the ancestor %llu is no running scope around '%.*s'",
                             (unsigned long long)key,
                             STR_ARG(instance->process->elements[target].id)));
}

// -- Moving -----------------------------------------------------------------------------

struct running {
    struct arena *arena;
    ARRAY(uint64_t) keys;
};

static void find_running(struct running *running, element_ref scope, uint32_t element)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next)
        if (child->element != element || state_is_activation(child))
            find_running(running, child, element);
        else if (child->phase != PHASE_TERMINATING)
            *ARRAY_PUSH(running->arena, &running->keys) = child->entity.key;
}

static bool is_move(const struct element_instruction *instruction)
{
    return !str_is_empty(instruction->move_from) || instruction->move_from_key != 0;
}

static struct running sources_of(struct engine *engine, instance_ref instance,
                                 const struct element_instruction *instruction)
{
    struct running running = {.arena = engine->turn};
    element_ref one = state_element(instance, instruction->move_from_key);
    const struct bpmn_element *element =
        str_is_empty(instruction->move_from)
            ? NULL
            : bpmn_find_element(instance->process, instruction->move_from);
    if (one != NULL && one->scope != NULL && one->phase != PHASE_TERMINATING)
        *ARRAY_PUSH(engine->turn, &running.keys) = one->entity.key;
    else if (element != NULL)
        find_running(&running, instance->root, bpmn_index(instance->process, element));
    return running;
}

// Where what has moved begins: as the instruction says, else in the scope around both.
static element_ref ancestor_of_move(instance_ref instance, element_ref source, uint32_t target,
                                    const struct element_instruction *instruction)
{
    element_ref scope = source->scope;
    if (instruction->element_instance != 0)
        return state_element(instance, instruction->element_instance);
    while (scope->scope != NULL && (scope->is_body || state_is_activation(scope) ||
                                    (instruction->ancestor != ANCESTOR_SOURCE_PARENT &&
                                     !is_around(instance->process, scope->element, target))))
        scope = scope->scope;
    return scope;
}

static bool move_is_clear(struct engine *engine, instance_ref instance, uint32_t target,
                          const struct element_instruction *instruction)
{
    struct running sources = sources_of(engine, instance, instruction);
    if (sources.keys.count == 0)
        return refuse(engine, REJECTION_INVALID_STATE,
                      instruction->move_from_key != 0
                          ? str_format(engine->turn, "no element instance %llu runs",
                                       (unsigned long long)instruction->move_from_key)
                          : str_format(engine->turn, "nothing runs at '%.*s'",
                                       STR_ARG(instruction->move_from)));
    for (size_t i = 0; i < sources.keys.count; i++) {
        element_ref source = state_element(instance, sources.keys.items[i]);
        struct path path = {engine, instance, NULL, NULL};
        path.ancestor = ancestor_of_move(instance, source, target, instruction);
        if (!is_around(instance->process, path.ancestor->element, target))
            return refuse(engine, REJECTION_INVALID,
                          str_format(engine->turn, "'%.*s' is not in the scope of '%.*s'",
                                     STR_ARG(instance->process->elements[target].id),
                                     STR_ARG(element_of(instance, source)->id)));
        if (!path_is_clear(&path, target))
            return false;
    }
    return true;
}

// As many tokens as stand at one element go to another.
static void move(struct engine *engine, instance_ref instance, uint32_t target,
                 const struct element_instruction *instruction, const struct json *variables)
{
    struct running running = sources_of(engine, instance, instruction);
    for (size_t i = 0; i < running.keys.count && instance->state == INSTANCE_ACTIVE; i++) {
        element_ref source = state_element(instance, running.keys.items[i]);
        if (source == NULL)
            continue;
        struct path path = {engine, instance, variables,
                            ancestor_of_move(instance, source, target, instruction)};
        activate_on(&path, target, instruction->variables);
    }
    for (size_t i = 0; i < running.keys.count && instance->state == INSTANCE_ACTIVE; i++) {
        element_ref ei = state_element(instance, running.keys.items[i]);
        if (ei != NULL)
            activity_terminate(engine, instance, ei);
    }
}

// -- Instructions -----------------------------------------------------------------------

static bool check_termination(struct engine *engine, instance_ref instance,
                              const struct element_instruction *instruction)
{
    element_ref ei = state_element(instance, instruction->element_instance);
    bool by_key = instruction->element_instance != 0;
    if (by_key ? ei != NULL && ei->scope != NULL
               : bpmn_find_element(instance->process, instruction->element_id) != NULL)
        return true;
    return refuse(engine, REJECTION_INVALID,
                  ei != NULL ? STR("the process itself is not terminated but canceled")
                             : str_format(engine->turn, "the instance has no element '%.*s' (%llu)",
                                          STR_ARG(instruction->element_id),
                                          (unsigned long long)instruction->element_instance));
}

static bool check_instruction(struct engine *engine, instance_ref instance,
                              const struct element_instruction *instruction)
{
    struct path path = {engine, instance, NULL, NULL};
    str why;
    if (instruction->terminate)
        return check_termination(engine, instance, instruction);
    if (!process_can_activate(instance->process, instruction->element_id))
        return refuse(engine, REJECTION_INVALID,
                      str_format(engine->turn,
                                 "the process has no element '%.*s' that can be activated",
                                 STR_ARG(instruction->element_id)));
    uint32_t target = bpmn_index(instance->process,
                                 bpmn_find_element(instance->process, instruction->element_id));
    if (!variable_is_object(engine, instruction->variables, &why))
        return refuse(engine, REJECTION_INVALID, why);
    if (!read_scoped(engine, instruction, &path.variables) ||
        !variables_fit(engine, instance, target, path.variables) ||
        !find_ancestor(engine, instance, target, instruction->element_instance, &path.ancestor))
        return false;
    return is_move(instruction) ? move_is_clear(engine, instance, target, instruction)
                                : path_is_clear(&path, target);
}

static void terminate_all(struct engine *engine, instance_ref instance, element_ref scope,
                          uint32_t element)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (child->element == element)
            activity_terminate(engine, instance, child);
        else
            terminate_all(engine, instance, child, element);
    }
}

static void carry_out(struct engine *engine, instance_ref instance,
                      const struct element_instruction *instruction)
{
    const struct bpmn_element *element =
        bpmn_find_element(instance->process, instruction->element_id);
    const struct json *variables;
    if (instruction->terminate) {
        element_ref ei = state_element(instance, instruction->element_instance);
        if (ei != NULL && ei->scope != NULL)
            activity_terminate(engine, instance, ei);
        else if (element != NULL && instruction->element_instance == 0)
            terminate_all(engine, instance, instance->root, bpmn_index(instance->process, element));
        return;
    }
    check(read_scoped(engine, instruction, &variables)); // it was checked
    uint32_t target = bpmn_index(instance->process, element);
    if (is_move(instruction))
        move(engine, instance, target, instruction, variables);
    else
        activate_on(&(struct path){engine, instance, variables,
                                   state_element(instance, instruction->element_instance)},
                    target, instruction->variables);
}

// Scopes that lost their last element end as if they had been terminated with it.
static void end_empty_scopes(struct engine *engine, instance_ref instance, element_ref scope)
{
    element_ref next;
    for (element_ref child = scope->first_child; child != NULL; child = next) {
        next = child->next;
        if (bpmn_is_scope(element_of(instance, child)->type) && child->first_child != NULL)
            end_empty_scopes(engine, instance, child);
        bool waits = state_attachment(child, ENTITY_KIND_JOB) != NULL; // of a worker that decides
        if (bpmn_is_scope(element_of(instance, child)->type) && child->first_child == NULL &&
            child->tokens == 0 && !child->is_held && !waits && child->phase == PHASE_ACTIVE)
            activity_terminate(engine, instance, child);
    }
}

static instance_ref find_modifiable(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    if (instance == NULL)
        refuse(engine, REJECTION_NOT_FOUND, STR("no such instance is running"));
    else if (instance->ending != EVENT_NONE)
        refuse(engine, REJECTION_INVALID_STATE,
               STR("the instance ends when its listeners have answered"));
    else
        return instance;
    return NULL;
}

void process_modify(struct engine *engine)
{
    const struct modify_instance *body = &engine->command->modify_instance;
    instance_ref instance = find_modifiable(engine);
    str why;
    if (instance == NULL)
        return;
    if (!separation_allows_moving(engine, instance, &why)) {
        refuse(engine, REJECTION_FORBIDDEN, why);
        return;
    }
    for (size_t i = 0; i < body->count; i++)
        if (!check_instruction(engine, instance, &body->instructions[i]))
            return;
    if (!variable_fits(engine, instance, instance->root, body->variables, &why) ||
        !variable_merge(engine, instance, instance->root, (struct merge){body->variables, true},
                        &why)) {
        refuse(engine, REJECTION_INVALID, why);
        return;
    }
    step_accept(engine, instance->stream.key, instance->stream.key);
    separation_note_skipping(engine, instance);
    for (int terminate = 0; terminate <= 1; terminate++)
        for (size_t i = 0; i < body->count && instance->state == INSTANCE_ACTIVE; i++)
            if (body->instructions[i].terminate == (bool)terminate)
                carry_out(engine, instance, &body->instructions[i]);
    if (instance->state != INSTANCE_ACTIVE)
        return;
    end_empty_scopes(engine, instance, instance->root);
    if (instance->root->children == 0 && instance->root->tokens == 0)
        process_end(engine, instance, EVENT_PROCESS_TERMINATED, STR("nothing was left to run"));
}
