// SPDX-License-Identifier: Apache-2.0
//
// Restart from a point of an instance's history: its events up to a step are folded to where its
// tokens stood and what its variables were, and a new instance of the same definition begins there.
// A new one, because history is not rewritten: what workers did after that point has happened, and
// the old instance keeps telling it.
#include "gateway/history.h"
#include "gateway/start.h"
#include "base/array.h"
#include "base/json.h"
#include "base/map.h"
#include "bpmn/bpmn.h"

struct value {
    str name;
    str json;
};

// An element instance that lived at that point.
struct place {
    uint64_t key;
    struct place *scope;
    uint32_t element;
    bool is_gone;
    bool has_inner;
    ARRAY(struct value) values;
};

struct fold {
    struct arena *arena;
    const struct bpmn_process *process;
    struct idmap places;
    ARRAY(struct place *) all;
    struct idmap joined; // flow + 1 -> size_t: tokens that wait at a join
};

static struct place *place_of(const struct fold *fold, uint64_t key)
{
    return key == 0 ? NULL : idmap_get(&fold->places, key);
}

static struct place *add_place(struct fold *fold, const struct event *event)
{
    struct place *place = ARENA_NEW(fold->arena, struct place);
    place->key = event->key;
    place->scope = place_of(fold, event->scope);
    place->element = event->element - 1;
    idmap_put(&fold->places, place->key, place);
    *ARRAY_PUSH(fold->arena, &fold->all) = place;
    return place;
}

static size_t *tokens_on(struct fold *fold, uint32_t flow_and_one)
{
    size_t *count = idmap_get(&fold->joined, flow_and_one);
    if (count != NULL)
        return count;
    count = ARENA_NEW(fold->arena, size_t);
    idmap_put(&fold->joined, flow_and_one, count);
    return count;
}

// What joins takes a token of each flow that has one.
static void take_joined(struct fold *fold, uint32_t element, bool all)
{
    if (element >= fold->process->element_count)
        return;
    const struct bpmn_list *incoming = &fold->process->elements[element].incoming;
    for (uint32_t i = 0; i < incoming->count; i++) {
        size_t *count = tokens_on(fold, incoming->items[i] + 1);
        *count = all || *count == 0 ? 0 : *count - 1;
    }
}

static void begin(struct fold *fold, const struct event *event)
{
    if (place_of(fold, event->key) != NULL || event->element == EVENT_NO_INDEX)
        return;
    add_place(fold, event);
    if (event->flow == EVENT_NO_INDEX)
        take_joined(fold, event->element - 1, false);
}

static void end(struct fold *fold, uint64_t key)
{
    struct place *place = place_of(fold, key);
    if (place != NULL)
        place->is_gone = true;
}

static void set_value(struct fold *fold, const struct event *event)
{
    struct place *place = place_of(fold, event->scope);
    if (place == NULL)
        return;
    for (size_t i = 0; i < place->values.count; i++)
        if (str_equal(place->values.items[i].name, event->name)) {
            place->values.items[i].json = event->value; // removed: empty
            return;
        }
    *ARRAY_PUSH(fold->arena, &place->values) = (struct value){event->name, event->value};
}

static void migrate(struct fold *fold, const struct event *event)
{
    struct place *place = place_of(fold, event->key);
    if (place != NULL)
        place->element = event->element - 1;
}

static void fold_event(struct fold *fold, const struct event *event)
{
    switch (event->type) {
    case EVENT_PROCESS_ACTIVATED:
        add_place(fold, event);
        break;
    case EVENT_ELEMENT_ACTIVATING:
    case EVENT_ELEMENT_ACTIVATED:
        begin(fold, event);
        break;
    case EVENT_ELEMENT_COMPLETED:
    case EVENT_ELEMENT_TERMINATING:
    case EVENT_ELEMENT_TERMINATED:
        end(fold, event->key);
        break;
    case EVENT_ELEMENT_MIGRATED:
        migrate(fold, event);
        break;
    case EVENT_TOKEN_ARRIVED:
        ++*tokens_on(fold, event->flow);
        break;
    case EVENT_TOKENS_DROPPED:
        if (event->element != EVENT_NO_INDEX)
            take_joined(fold, event->element - 1, true);
        break;
    case EVENT_VARIABLE_SET:
    case EVENT_VARIABLE_REMOVED:
        set_value(fold, event);
        break;
    default:
        break;
    }
}

// A body of a multi-instance begins anew as a whole; so does whatever else has nothing inside.
static bool is_body(const struct fold *fold, const struct place *place)
{
    return fold->process->elements[place->element].loop != NULL &&
           (place->scope == NULL || place->scope->element != place->element);
}

static bool is_inside_body(const struct fold *fold, const struct place *place)
{
    for (const struct place *p = place->scope; p != NULL; p = p->scope)
        if (is_body(fold, p))
            return true;
    return false;
}

static void mark_inner(struct fold *fold)
{
    for (size_t i = 0; i < fold->all.count; i++) {
        struct place *place = fold->all.items[i];
        if (!place->is_gone && place->scope != NULL)
            place->scope->has_inner = true;
    }
}

static bool begins(const struct fold *fold, const struct place *place)
{
    return !place->is_gone && place->scope != NULL && !is_inside_body(fold, place) &&
           (is_body(fold, place) || !place->has_inner);
}

// -- The new instance -------------------------------------------------------------------

static const struct value *find_value(const struct place *place, str name)
{
    for (size_t i = 0; i < place->values.count; i++)
        if (str_equal(place->values.items[i].name, name))
            return &place->values.items[i];
    return NULL;
}

static void write_values(struct json_writer *w, const struct place *place, const struct place *leaf)
{
    for (size_t i = 0; i < place->values.count; i++) {
        const struct value *value = &place->values.items[i];
        bool nearer = false;
        for (const struct place *p = leaf; p != place; p = p->scope)
            nearer |= find_value(p, value->name) != NULL;
        if (nearer || value->json.len == 0)
            continue;
        json_key(w, value->name);
        json_raw(w, value->json);
    }
}

// Local variables of the scopes around it come along: their scopes begin empty.
static str local_values(struct arena *arena, const struct place *leaf)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (const struct place *p = leaf; p->scope != NULL; p = p->scope)
        write_values(&w, p, leaf);
    json_end_object(&w);
    return strbuf_str(&out);
}

static str root_values(struct arena *arena, const struct place *root, const struct json *overrides)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < root->values.count; i++) {
        const struct value *value = &root->values.items[i];
        if (value->json.len == 0 || json_get(overrides, value->name) != NULL)
            continue;
        json_key(&w, value->name);
        json_raw(&w, value->json);
    }
    for (size_t i = 0; json_is(overrides, JSON_OBJECT) && i < overrides->count; i++) {
        json_key(&w, overrides->members[i].name);
        json_value(&w, &overrides->members[i].value);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

// False after answering: a token that waits at a join has no element that could begin.
static bool can_restart(struct caller *caller, const struct fold *fold,
                        const struct create_instance *create)
{
    size_t cursor = 0;
    uint64_t flow;
    void *count;
    while (idmap_next(&fold->joined, &cursor, &flow, &count))
        if (*(size_t *)count > 0) {
            uint32_t gateway = fold->process->flows[flow - 1].target;
            caller_fail_format(
                caller, ERROR_CONFLICT, "",
                "a token waits at the join '%.*s' at that point: choose one before or after",
                STR_ARG(fold->process->elements[gateway].id));
            return false;
        }
    if (create->start_count > 0 && create->start_count <= COMMAND_MAX_INSTRUCTIONS)
        return true;
    caller_fail_format(caller, ERROR_CONFLICT, "",
                       "%zu elements stand at that point: 1 to COMMAND_MAX_INSTRUCTIONS (%d) "
                       "can begin again",
                       create->start_count, COMMAND_MAX_INSTRUCTIONS);
    return false;
}

static void fold_all(struct fold *fold, const struct history *history,
                     struct create_instance *create)
{
    for (size_t i = 0; i < history->count && history->steps[i].sequence <= history->until; i++)
        for (size_t e = 0; e < history->steps[i].count; e++) {
            const struct event *event = &history->steps[i].events[e];
            fold_event(fold, event);
            if (event->type == EVENT_PROCESS_ACTIVATED)
                create->business_id = event->value;
            if (event->type == EVENT_PROCESS_ACTIVATED || event->type == EVENT_PROCESS_MIGRATED)
                create->definition = event->definition;
        }
    mark_inner(fold);
}

struct restarting {
    const struct json *variables;
    call_answer *answer;
};

static void on_history(struct caller *caller, const struct history *history,
                       const struct bpmn_process *process)
{
    struct arena *arena = caller->arena;
    const struct restarting *restarting = history->context;
    struct create_instance *create = ARENA_NEW(arena, struct create_instance);
    struct fold fold = {
        .arena = arena, .process = process, .places = idmap_new(arena), .joined = idmap_new(arena)};
    if (history->steps[0].sequence > history->until) {
        caller_fail_format(caller, ERROR_CONFLICT, "", "the instance did not exist at that point");
        return;
    }
    if (process == NULL) {
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "its definition is no longer there");
        return;
    }
    fold_all(&fold, history, create);
    create->start_at = ARENA_ARRAY(arena, struct element_instruction, fold.all.count);
    for (size_t i = 0; i < fold.all.count; i++)
        if (begins(&fold, fold.all.items[i]))
            create->start_at[create->start_count++] = (struct element_instruction){
                .element_id = process->elements[fold.all.items[i]->element].id,
                .variables = local_values(arena, fold.all.items[i])};
    if (!can_restart(caller, &fold, create))
        return;
    create->variables = root_values(arena, fold.all.items[0], restarting->variables);
    gateway_start(caller, create, restarting->answer);
}

void history_restart(struct caller *caller, uint64_t instance, int64_t until,
                     const struct json *variables, call_answer *answer)
{
    struct restarting *restarting = ARENA_NEW(caller->arena, struct restarting);
    *restarting = (struct restarting){variables, answer};
    history_read(caller, instance, until, on_history, restarting);
}
