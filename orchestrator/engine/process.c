// SPDX-License-Identifier: Apache-2.0
// Process instances: started, ended, cancelled, changed from outside.
#include "engine/step.h"

#include "record/partition.h"

#define NOT_COMPILED STR("this version cannot run the process definition")

// -- Starting ---------------------------------------------------------------------------

static bool is_compiled(const struct engine *engine, const struct definition *definition)
{
    return engine->environment.find_process(engine->environment.context, definition->key) != NULL;
}

static void note_start(struct engine *engine, instance_ref instance,
                       const struct create_instance *body)
{
    if (!str_is_empty(body->tags))
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PROCESS_TAGGED,
                                 .key = instance->stream.key,
                                 .value = body->tags});
    if (!str_is_empty(body->ends_after))
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PROCESS_INSTRUCTED,
                                 .key = instance->stream.key,
                                 .value = body->ends_after});
}

// Emits the first events of an instance. Its variables may not fit: then it has an incident, and
// nothing more begins.
static instance_ref create(struct engine *engine, const struct definition *definition,
                           const struct create_instance *body, struct event called)
{
    uint64_t key = step_key(engine);
    struct instance *instance = engine_add_instance(engine, key);
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_ACTIVATED,
                             .key = key,
                             .element = 1,
                             .definition = definition->key,
                             .name = definition->id,
                             .value = body->business_id,
                             .number = definition->version,
                             .code = definition->tenant});
    if (called.type == EVENT_PROCESS_CALLED) {
        instance_ref caller = step_instance(engine, called.parent);
        step_emit(engine, instance, called);
        step_emit(engine, caller,
                  (struct event){.type = EVENT_CHILD_CALLED,
                                 .scope = called.scope,
                                 .parent = key,
                                 .definition = definition->key});
    }
    note_start(engine, instance, body);
    str why;
    if (!variable_merge(engine, instance, instance->root, (struct merge){body->variables, true},
                        &why))
        incident_raise(engine, instance, instance->root, "IO_MAPPING_ERROR", why);
    return instance;
}

static bool begin(struct engine *engine, instance_ref instance)
{
    return instance->incidents == 0 && event_subscribe(engine, instance, instance->root) &&
           promise_begin(engine, instance, instance->root);
}

uint64_t process_start(struct engine *engine, const struct definition *definition,
                       struct create_instance body, struct event called)
{
    if (!is_compiled(engine, definition))
        return 0;
    instance_ref instance = create(engine, definition, &body, called);
    uint64_t key = instance->stream.key;
    if (begin(engine, instance))
        subprocess_begin(engine, instance, instance->root);
    return key;
}

// An event-based gateway that starts an instance has been decided by the event: the target catches
// it. Of a parallel one the others are still to come.
static void begin_at_gateway(struct engine *engine, instance_ref instance, uint32_t gateway,
                             uint32_t target, str variables)
{
    const struct bpmn_process *process = instance->process;
    const struct bpmn_element *element = &process->elements[gateway];
    activity_trigger(engine, instance, instance->root, target, variables);
    for (uint32_t i = 0; element->parallel_start && i < element->outgoing.count; i++) {
        uint32_t other = process->flows[element->outgoing.items[i]].target;
        if (other != target && instance->state == INSTANCE_ACTIVE)
            activity_activate(engine, instance, instance->root, other, (struct event){0});
    }
}

// A start event that needs all of its triggers (BPMN 2.0, table 10.84): the first one makes the
// instance, in which the event waits for the others.
static void begin_in_parts(struct engine *engine, instance_ref instance, struct start_place place,
                           str variables)
{
    uint64_t key = activity_activate(engine, instance, instance->root, place.element,
                                     (struct event){.code = STR("TRIGGERED")});
    element_ref start = state_element(instance, key);
    str why;
    step_emit(engine, instance,
              (struct event){.type = EVENT_TRIGGER_MARKED,
                             .key = key,
                             .scope = key,
                             .element = place.element + 1,
                             .flow = place.trigger + 1,
                             .number = 1});
    if (!variable_merge(engine, instance, instance->root, (struct merge){variables, true}, &why))
        incident_raise(engine, instance, start, "LIMIT_REACHED", why);
    step_or_incident(event_subscribe(engine, instance, start));
}

void process_begin_at(struct engine *engine, instance_ref instance, struct start_place place,
                      str variables)
{
    const struct bpmn_process *process = instance->process;
    const struct bpmn_element *element = &process->elements[place.element];
    const struct bpmn_element *gateway = bpmn_starting_gateway(process, place.element);
    if (gateway != NULL)
        begin_at_gateway(engine, instance, bpmn_index(process, gateway), place.element, variables);
    else if (element->type == BPMN_START_EVENT && element->parallel_multiple &&
             element->trigger_count > 1)
        begin_in_parts(engine, instance, place, variables);
    else
        activity_trigger(engine, instance, instance->root, place.element, variables);
}

uint64_t process_start_at(struct engine *engine, const struct definition *definition,
                          struct start_place place, str variables, str business_id)
{
    struct create_instance body = {.variables = STR_EMPTY, .business_id = business_id};
    if (!is_compiled(engine, definition)) {
        step_emit(engine, engine->shard,
                  (struct event){.type = EVENT_COMMAND_REJECTED,
                                 .key = definition->key,
                                 .number = engine->command->type,
                                 .code = str_of(rejection_name(REJECTION_INVALID_STATE)),
                                 .value = NOT_COMPILED});
        return 0;
    }
    instance_ref instance = create(engine, definition, &body, (struct event){0});
    uint64_t key = instance->stream.key;
    separation_note_started(engine, instance, place.element, place.by);
    if (begin(engine, instance))
        process_begin_at(engine, instance, place, variables);
    return key;
}

static const struct definition *wanted(struct engine *engine, const struct create_instance *body)
{
    const struct shard *shard = engine->shard;
    if (body->definition != 0) {
        const struct definition *d = idmap_get(&shard->by_key, body->definition);
        return d != NULL && !d->is_deleted && d->kind == RESOURCE_PROCESS ? d : NULL;
    }
    if (body->version <= 0)
        return state_latest(shard, engine->command->tenant, RESOURCE_PROCESS, body->process_id);
    for (const struct definition *d = shard->definitions; d != NULL; d = d->next)
        if (d->kind == RESOURCE_PROCESS && !d->is_deleted && d->version == body->version &&
            str_equal(d->id, body->process_id) && str_equal(d->tenant, engine->command->tenant))
            return d;
    return NULL;
}

static void begin_where_asked(struct engine *engine, uint64_t key,
                              const struct create_instance *body)
{
    for (size_t i = 0; i < body->start_count; i++) {
        instance_ref instance = step_instance(engine, key);
        if (instance == NULL)
            return;
        const struct bpmn_element *element =
            bpmn_find_element(instance->process, body->start_at[i].element_id);
        process_activate_path(engine, instance, bpmn_index(instance->process, element),
                              body->start_at[i].variables);
    }
}

static bool refuse_start(struct engine *engine, enum rejection rejection, str why)
{
    step_reject(engine, engine->shard, rejection, why);
    return false;
}

static bool is_tag(str tag)
{
    for (size_t i = 0; i < tag.len; i++) {
        char c = tag.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '-' || c == ':' || c == '.';
        if (!letter && (i == 0 || !other))
            return false;
    }
    return tag.len > 0 && tag.len <= LIMIT_TAG_BYTES;
}

// A JSON array of texts, at most so many.
static bool read_texts(struct engine *engine, str text, size_t most, struct json **ret_list)
{
    struct error err;
    if (!json_parse(engine->turn, text, ret_list, &err) || !json_is(*ret_list, JSON_ARRAY) ||
        (*ret_list)->count > most)
        return false;
    for (size_t i = 0; i < (*ret_list)->count; i++)
        if (!json_is(&(*ret_list)->items[i], JSON_STRING))
            return false;
    return true;
}

static bool tags_fit(struct engine *engine, str tags)
{
    struct json *list;
    if (str_is_empty(tags))
        return true;
    bool ok = read_texts(engine, tags, LIMIT_TAGS, &list);
    for (size_t i = 0; ok && i < list->count; i++)
        ok = is_tag(list->items[i].text);
    return ok || refuse_start(engine, REJECTION_INVALID,
                              str_format(engine->turn,
                                         "tags are at most %d texts of a letter and up to %d "
                                         "letters, digits, '_', '-', ':' and '.'",
                                         LIMIT_TAGS, LIMIT_TAG_BYTES - 1));
}

static bool ends_fit(struct engine *engine, const struct bpmn_process *process, str ends_after)
{
    struct json *list;
    if (str_is_empty(ends_after))
        return true;
    if (!read_texts(engine, ends_after, COMMAND_MAX_INSTRUCTIONS, &list))
        return refuse_start(engine, REJECTION_INVALID,
                            STR("the runtime instructions are no list of element ids"));
    for (size_t i = 0; i < list->count; i++)
        if (bpmn_find_element(process, list->items[i].text) == NULL)
            return refuse_start(engine, REJECTION_INVALID,
                                str_format(engine->turn,
                                           "the process has no element '%.*s' to end after",
                                           STR_ARG(border_text(list->items[i].text))));
    return true;
}

static bool id_is_free(struct engine *engine, const struct definition *definition,
                       const struct create_instance *body)
{
    if (!body->is_unique || str_is_empty(body->business_id) ||
        message_lock_is_free(engine, RECORD_BUSINESS_LOCK, body->business_id, definition->id))
        return true;
    return refuse_start(engine, REJECTION_ALREADY_EXISTS,
                        str_format(engine->turn,
                                   "an instance of '%.*s' with the business id '%.*s' runs",
                                   STR_ARG(definition->id), STR_ARG(body->business_id)));
}

static bool can_begin(struct engine *engine, const struct definition *definition,
                      const struct create_instance *body)
{
    const struct bpmn_process *process =
        engine->environment.find_process(engine->environment.context, definition->key);
    if (process == NULL) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE, NOT_COMPILED);
        return false;
    }
    for (size_t i = 0; i < body->start_count; i++)
        if (!process_can_activate(process, body->start_at[i].element_id)) {
            step_reject(engine, engine->shard, REJECTION_INVALID,
                        str_format(engine->turn,
                                   "the process has no element '%.*s' that can be activated",
                                   STR_ARG(body->start_at[i].element_id)));
            return false;
        }
    if (body->start_count == 0 && process->elements[0].starts.count == 0) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the process has no start event without a trigger"));
        return false;
    }
    if (!separation_reads(engine, body->duties))
        return refuse_start(engine, REJECTION_INVALID,
                            STR("the duties are no list of element ids and people"));
    const struct separation_start start = {process, definition->tenant, definition->id,
                                           body->duties};
    str why;
    if (body->start_count > 0 && !separation_allows_starting(engine, &start, &why))
        return refuse_start(engine, REJECTION_FORBIDDEN, why);
    return tags_fit(engine, body->tags) && ends_fit(engine, process, body->ends_after) &&
           id_is_free(engine, definition, body);
}

static bool may_see(const struct engine *engine, const struct definition *definition)
{
    static const char type[] = "PROCESS_DEFINITION";
    return permission_sees_tenant(engine, definition->tenant) &&
           (permission_on(engine, type, definition->id, "CREATE_PROCESS_INSTANCE") ||
            permission_on(engine, type, definition->id, "READ_PROCESS_DEFINITION"));
}

void process_create(struct engine *engine)
{
    const struct command *command = engine->command;
    const struct create_instance *body = &command->create_instance;
    const struct remembered *before = entries_find_remembered(engine, body->deduplication_id);
    const struct definition *definition = wanted(engine, body);
    str why;
    if (before != NULL) {
        step_accept(engine, before->made, before->made);
        return;
    }
    if (definition == NULL || !may_see(engine, definition)) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("no such process definition is deployed"));
        return;
    }
    if (!permission_on(engine, "PROCESS_DEFINITION", definition->id, "CREATE_PROCESS_INSTANCE")) {
        step_reject(engine, engine->shard, REJECTION_FORBIDDEN,
                    str_format(engine->turn,
                               "this takes CREATE_PROCESS_INSTANCE on PROCESS_DEFINITION '%.*s'",
                               STR_ARG(definition->id)));
        return;
    }
    if (!variable_is_object(engine, body->variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (!can_begin(engine, definition, body))
        return;
    instance_ref instance = create(engine, definition, body, (struct event){0});
    uint64_t key = instance->stream.key;
    step_note_reference(engine, instance);
    if (body->is_unique && !str_is_empty(body->business_id))
        message_lock(engine, RECORD_BUSINESS_LOCK, body->business_id, instance);
    if (!str_is_empty(body->deduplication_id)) {
        entries_remember(engine, body->deduplication_id, key);
        step_emit(engine, instance,
                  (struct event){.type = EVENT_DEDUPLICATED,
                                 .name = body->deduplication_id,
                                 .parent = key,
                                 .due_ms = border_after(engine->clock_ms, LIMIT_DEDUPLICATION_MS)});
    }
    if (body->await_completion)
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PROCESS_AWAITED,
                                 .key = command->reply.request,
                                 .number = command->reply.partition,
                                 .value = body->fetch_variables});
    else
        step_reply(engine, (struct reply){.to = command->reply,
                                          .key = key,
                                          .instance = key,
                                          .definition = definition->key,
                                          .process_id = definition->id,
                                          .version = definition->version});
    separation_note_before(engine, instance, body->duties);
    if (body->start_count > 0)
        separation_note_skipping(engine, instance);
    else
        separation_note_start(engine, instance);
    if (!begin(engine, instance))
        return;
    if (body->start_count > 0)
        begin_where_asked(engine, key, body);
    else
        subprocess_begin(engine, instance, instance->root);
}

// -- Ending -----------------------------------------------------------------------------

static bool is_asked_for(struct engine *engine, str names, str name)
{
    struct json *list;
    struct error err;
    if (str_is_empty(names) || !json_parse(engine->turn, names, &list, &err) ||
        !json_is(list, JSON_ARRAY) || list->count == 0)
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].type == JSON_STRING && str_equal(list->items[i].text, name))
            return true;
    return false;
}

static void answer_waiting(struct engine *engine, instance_ref instance, bool completed)
{
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (const struct variable *v = instance->root->variables; v != NULL; v = v->next) {
        if (!is_asked_for(engine, instance->await_variables, v->name))
            continue;
        json_key(&w, v->name);
        json_raw(&w, v->value);
    }
    json_end_object(&w);
    step_reply(engine,
               (struct reply){.to = instance->await,
                              .rejection = completed ? REJECTION_NONE : REJECTION_INVALID_STATE,
                              .reason = completed ? STR_EMPTY : STR("the instance was terminated"),
                              .key = instance->stream.key,
                              .instance = instance->stream.key,
                              .definition = instance->definition,
                              .process_id = instance->process_id,
                              .version = instance->version,
                              .variables = strbuf_str(&out)});
}

static void release_lock(struct engine *engine, instance_ref instance)
{
    struct command command = {
        .type = COMMAND_CLOSE_SUBSCRIPTION,
        .instance = instance->stream.key,
        .key = instance->stream.key,
        .tenant = instance->tenant,
        .subscription = {.name = instance->lock_name,
                         .correlation_key = instance->lock_key,
                         .process_id = instance->process_id,
                         .variables = STR_EMPTY,
                         .reason = STR_EMPTY,
                         .shard = engine->environment.shard},
    };
    step_send_command(engine, engine->environment.shard, &command);
}

// Without a word to the caller. Listeners for canceling may still be at work: it ends after them.
void process_finish(struct engine *engine, instance_ref instance, enum event_type how, str why)
{
    activity_terminate(engine, instance, instance->root);
    if (instance->root->first_child != NULL) {
        step_emit(engine, instance,
                  (struct event){.type = EVENT_PROCESS_ENDING,
                                 .key = instance->stream.key,
                                 .number = how,
                                 .value = why});
        return;
    }
    step_emit(engine, instance,
              (struct event){.type = how, .key = instance->stream.key, .element = 1, .value = why});
    if (instance->await.request != 0)
        answer_waiting(engine, instance, how == EVENT_PROCESS_COMPLETED);
    if (!str_is_empty(instance->lock_name))
        release_lock(engine, instance);
}

void process_end(struct engine *engine, instance_ref instance, enum event_type how, str why)
{
    if (instance->ended_ms != 0)
        return; // its last element reported twice: by what it undid and by itself
    process_finish(engine, instance, how, why);
    if (instance->ended_ms != 0 && instance->parent_instance != 0)
        call_ended(engine, instance);
}

void process_element_gone(struct engine *engine, instance_ref instance)
{
    if (instance->ending == EVENT_NONE)
        activity_scope_left(engine, instance, instance->root);
    else if (instance->root->first_child == NULL)
        process_end(engine, instance, instance->ending, instance->ending_why);
}

static instance_ref find_or_reject(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    if (instance == NULL)
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND, STR("no such instance is running"));
    return instance;
}

void process_cancel(struct engine *engine)
{
    instance_ref instance = step_instance(engine, engine->command->instance);
    if (instance == NULL) {
        if (engine->command->reply.request != 0 || engine->command->batch_item != 0)
            find_or_reject(engine);
        return; // a caller's child that ended on its own
    }
    bool is_asked = engine->command->reply.request != 0 || engine->command->batch_item != 0;
    if (is_asked && step_instance(engine, instance->parent_instance) != NULL) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    str_format(engine->turn,
                               "the instance was called by another: cancel the root instance %llu",
                               (unsigned long long)instance->root_instance));
        return;
    }
    step_accept(engine, engine->command->instance, engine->command->instance);
    engine->terminates_all = instance->ending != EVENT_NONE; // asked twice: listeners or not
    process_end(engine, instance, EVENT_PROCESS_TERMINATED, STR("canceled"));
}

// -- Asked to end after an element ------------------------------------------------------

bool process_is_asked_to_end(struct engine *engine, instance_ref instance, uint32_t element)
{
    struct json *list;
    if (str_is_empty(instance->ends_after) ||
        !read_texts(engine, instance->ends_after, COMMAND_MAX_INSTRUCTIONS, &list))
        return false;
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i].text, instance->process->elements[element].id))
            return true;
    return false;
}

bool process_ends_after(struct engine *engine, instance_ref instance, uint32_t element)
{
    if (!process_is_asked_to_end(engine, instance, element))
        return false;
    process_end(engine, instance, EVENT_PROCESS_TERMINATED, STR("as it was asked to"));
    return true;
}

// -- Names ------------------------------------------------------------------------------

// The business id is given once, to who has none.
bool process_may_name(struct engine *engine, instance_ref instance, str id, str *ret_why)
{
    if (str_is_empty(id))
        *ret_why = STR("the business id is empty");
    else if (instance->parent_instance != 0)
        *ret_why = STR("an instance that was called has the business id that its caller gave it");
    else if (!str_is_empty(instance->business_id) && !str_equal(instance->business_id, id))
        *ret_why = str_format(engine->turn, "the instance has the business id '%.*s'",
                              STR_ARG(instance->business_id));
    else
        return border_business_id(engine, id, ret_why);
    return false;
}

void process_give_name(struct engine *engine, instance_ref instance, str id)
{
    if (!str_equal(instance->business_id, id))
        step_emit(
            engine, instance,
            (struct event){.type = EVENT_PROCESS_NAMED, .key = instance->stream.key, .value = id});
}

void process_name(struct engine *engine)
{
    instance_ref instance = find_or_reject(engine);
    str id = engine->command->create_instance.business_id, why;
    if (instance == NULL)
        return;
    if (!process_may_name(engine, instance, id, &why)) {
        step_reject(engine, engine->shard,
                    str_is_empty(id) ? REJECTION_INVALID : REJECTION_INVALID_STATE, why);
        return;
    }
    process_give_name(engine, instance, id);
    step_accept(engine, instance->stream.key, instance->stream.key);
}

// -- Variables --------------------------------------------------------------------------

void process_set_variables(struct engine *engine)
{
    const struct command *command = engine->command;
    instance_ref instance = find_or_reject(engine);
    if (instance == NULL)
        return;
    element_ref scope = command->key == 0 ? instance->root : state_element(instance, command->key);
    str why;
    if (scope == NULL) {
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    STR("there is no such element instance"));
        return;
    }
    struct merge merge = {command->set_variables.variables, command->set_variables.local};
    if (!variable_fits(engine, instance, merge.is_local ? scope : instance->root, merge.object,
                       &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (user_task_sets_variables(engine, instance, scope))
        return;
    if (variable_merge(engine, instance, scope, merge, &why))
        step_accept(engine, command->key, command->instance);
    else
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
}

// -- Suspending -------------------------------------------------------------------------

static void tell_children(struct engine *engine, instance_ref instance, element_ref scope,
                          enum command_type type)
{
    for (element_ref child = scope->first_child; child != NULL; child = child->next) {
        struct command command = {
            .type = type, .instance = child->called, .tenant = instance->tenant};
        if (child->called != 0)
            step_send_command(engine, engine->environment.shard, &command);
        tell_children(engine, instance, child, type);
    }
}

void process_suspend(struct engine *engine)
{
    instance_ref instance = find_or_reject(engine);
    if (instance == NULL)
        return;
    if (instance->state == INSTANCE_SUSPENDED) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the instance is suspended"));
        return;
    }
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_SUSPENDED, .key = instance->stream.key});
    tell_children(engine, instance, instance->root, COMMAND_SUSPEND_INSTANCE);
    step_accept(engine, instance->stream.key, instance->stream.key);
}

void process_resume(struct engine *engine)
{
    instance_ref instance = find_or_reject(engine);
    if (instance == NULL)
        return;
    if (instance->state != INSTANCE_SUSPENDED) {
        step_reject(engine, engine->shard, REJECTION_INVALID_STATE,
                    STR("the instance is not suspended"));
        return;
    }
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_RESUMED, .key = instance->stream.key});
    tell_children(engine, instance, instance->root, COMMAND_RESUME_INSTANCE);
    step_accept(engine, instance->stream.key, instance->stream.key);
    engine->looks_at_all = true; // what changed meanwhile
    incident_release_held(engine, instance);
    message_reopen_all(engine, instance, instance->root);
    timer_fire_overdue(engine, instance);
}
