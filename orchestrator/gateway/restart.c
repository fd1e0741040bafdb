// SPDX-License-Identifier: Apache-2.0
//
// Restart from a point of an instance's history: where its tokens stood and what its variables were
// after a step (history/picture.h), and a new instance of the same definition begins there. A new
// one, because history is not rewritten: what workers did after that point has happened, and the
// old instance keeps telling it.
#include "base/array.h"
#include "base/json.h"
#include "base/personal.h"
#include "bpmn/bpmn.h"
#include "engine/engine.h"
#include "gateway/gateway_private.h"
#include "gateway/history.h"
#include "gateway/process_cache.h"
#include "gateway/start.h"
#include "history/picture.h"

enum { RESTART_MAX_DEFINITIONS = 64 }; // that an instance has had, by migrations

struct restarting {
    const struct history *history;
    const struct json *variables;
    call_answer *answer;
    ARRAY(uint64_t) definitions; // that the steps name
    size_t searches;
};

// -- Variables --------------------------------------------------------------------------

static bool has_variable(const struct picture_place *place, str name)
{
    for (size_t i = 0; i < place->variable_count; i++)
        if (str_equal(place->variables[i].name, name))
            return true;
    return false;
}

static void write_values(struct json_writer *w, const struct picture_place *place,
                         const struct picture_place *leaf)
{
    for (size_t i = 0; i < place->variable_count; i++) {
        const struct picture_variable *variable = &place->variables[i];
        bool nearer = false;
        for (const struct picture_place *p = leaf; p != place; p = p->scope)
            nearer |= has_variable(p, variable->name);
        if (nearer)
            continue;
        json_key(w, variable->name);
        json_raw(w, variable->json);
    }
}

// Local variables of the scopes around it come along: their scopes begin empty.
static str local_values(struct arena *arena, const struct picture_place *leaf)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (const struct picture_place *p = leaf; p->scope != NULL; p = p->scope)
        write_values(&w, p, leaf);
    json_end_object(&w);
    return strbuf_str(&out);
}

static str root_values(struct arena *arena, const struct picture_place *root,
                       const struct json *overrides)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < root->variable_count; i++) {
        if (json_get(overrides, root->variables[i].name) != NULL)
            continue;
        json_key(&w, root->variables[i].name);
        json_raw(&w, root->variables[i].json);
    }
    for (size_t i = 0; json_is(overrides, JSON_OBJECT) && i < overrides->count; i++) {
        json_key(&w, overrides->members[i].name);
        json_value(&w, &overrides->members[i].value);
    }
    json_end_object(&w);
    return strbuf_str(&out);
}

// -- The new instance -------------------------------------------------------------------

static bool is_inside_body(const struct picture_place *place)
{
    for (const struct picture_place *p = place->scope; p != NULL; p = p->scope)
        if (p->is_body)
            return true;
    return false;
}

// A body of a multi-instance begins anew as a whole; so does whatever else has nothing inside.
static bool begins(const struct picture_place *place)
{
    return place->scope != NULL && !place->is_leaving && !is_inside_body(place) &&
           (place->is_body || !place->has_inner);
}

static struct create_instance *create_from(struct arena *arena, const struct picture *picture)
{
    struct create_instance *create = ARENA_NEW(arena, struct create_instance);
    create->definition = picture->definition;
    create->business_id = picture->business_id;
    create->duties = picture->duties;
    create->start_at = ARENA_ARRAY(arena, struct element_instruction, picture->count);
    for (size_t i = 0; i < picture->count; i++)
        if (begins(&picture->places[i]))
            create->start_at[create->start_count++] =
                (struct element_instruction){.element_id = picture->places[i].element_id,
                                             .variables = local_values(arena, &picture->places[i])};
    return create;
}

// Sealed values open in their own instance alone, and nobody here reads them.
static const struct picture_variable *find_sealed(const struct picture *picture,
                                                  const struct json *overrides)
{
    for (size_t i = 0; i < picture->count; i++) {
        const struct picture_place *place = &picture->places[i];
        for (size_t v = 0; v < place->variable_count; v++) {
            bool is_given = i == 0 && json_get(overrides, place->variables[v].name) != NULL;
            if (!is_given && personal_has_sealed(place->variables[v].json))
                return &place->variables[v];
        }
    }
    return NULL;
}

static void begin_from(struct caller *caller, const struct restarting *restarting,
                       const struct picture *picture)
{
    struct create_instance *create = create_from(caller->arena, picture);
    const struct picture_variable *sealed = find_sealed(picture, restarting->variables);
    if (sealed != NULL)
        caller_fail_format(caller, ERROR_CONFLICT, "variables",
                           "the variable '%.*s' is personal at that point and is not copied: give "
                           "its value in \"variables\", or start a new instance where it is one of "
                           "a scope inside",
                           STR_ARG(sealed->name));
    else if (picture->waiting_join.len > 0) // a token that waits has no element that could begin
        caller_fail_format(
            caller, ERROR_CONFLICT, "",
            "a token waits at the join '%.*s' at that point: choose one before or after",
            STR_ARG(picture->waiting_join));
    else if (create->start_count == 0 || create->start_count > COMMAND_MAX_INSTRUCTIONS)
        caller_fail_format(caller, ERROR_CONFLICT, "",
                           "%zu elements stand at that point: 1 to COMMAND_MAX_INSTRUCTIONS (%d) "
                           "can begin again",
                           create->start_count, COMMAND_MAX_INSTRUCTIONS);
    else {
        create->variables = root_values(caller->arena, &picture->places[0], restarting->variables);
        gateway_start(caller, create, STR_EMPTY, restarting->answer);
    }
}

// -- Folding ----------------------------------------------------------------------------

static const struct bpmn_process *find_process(void *context, uint64_t definition)
{
    return process_cached(context, definition);
}

static const struct dmn_model *find_decisions(void *context, uint64_t definition)
{
    (void)context, (void)definition;
    return NULL; // decisions were made when the steps were
}

static void fold(struct caller *caller, const struct restarting *restarting)
{
    const struct history *history = restarting->history;
    const struct engine_environment environment = {.context = caller->gateway->processes,
                                                   .find_process = find_process,
                                                   .find_decisions = find_decisions};
    struct history_row *rows = ARENA_ARRAY(caller->arena, struct history_row, history->count);
    struct picture picture;
    struct error err;
    size_t count = 0;
    for (; count < history->count && history->steps[count].sequence <= history->until; count++)
        rows[count] = (struct history_row){.stream_kind = STREAM_INSTANCE,
                                           .stream = history->instance,
                                           .sequence = (uint64_t)history->steps[count].sequence,
                                           .count = history->steps[count].count,
                                           .events = history->steps[count].events};
    if (picture_take(&environment, caller->arena, rows, count, &picture, &err))
        begin_from(caller, restarting, &picture);
    else
        caller_fail(caller, &err);
}

// All definitions have to be in the cache at one time.
static void find_next(struct caller *caller, struct restarting *restarting);

static void on_found(struct caller *caller, void *context, const struct bpmn_process *process)
{
    struct restarting *restarting = context;
    if (process == NULL || restarting->searches++ > 4 * RESTART_MAX_DEFINITIONS)
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "its definition is no longer there");
    else
        find_next(caller, restarting);
}

static void find_next(struct caller *caller, struct restarting *restarting)
{
    for (size_t i = 0; i < restarting->definitions.count; i++) {
        uint64_t definition = restarting->definitions.items[i];
        if (process_cached(caller->gateway->processes, definition) != NULL)
            continue;
        process_find(caller, definition, on_found, restarting);
        return;
    }
    fold(caller, restarting);
}

static void note_definition(struct caller *caller, struct restarting *restarting,
                            uint64_t definition)
{
    for (size_t i = 0; i < restarting->definitions.count; i++)
        if (restarting->definitions.items[i] == definition)
            return;
    *ARRAY_PUSH(caller->arena, &restarting->definitions) = definition;
}

static void on_history(struct caller *caller, const struct history *history,
                       const struct bpmn_process *process)
{
    struct restarting *restarting = history->context;
    (void)process;
    restarting->history = history;
    for (size_t i = 0; i < history->count && history->steps[i].sequence <= history->until; i++)
        for (size_t e = 0; e < history->steps[i].count; e++) {
            const struct event *event = &history->steps[i].events[e];
            if (event->type == EVENT_PROCESS_ACTIVATED || event->type == EVENT_PROCESS_MIGRATED)
                note_definition(caller, restarting, event->definition);
        }
    bool is_cut = history->count == HISTORY_MAX_STEPS &&
                  history->until > history->steps[history->count - 1].sequence;
    if (is_cut || restarting->definitions.count > RESTART_MAX_DEFINITIONS)
        caller_fail_format(caller, ERROR_LIMIT, "",
                           "a restart looks at HISTORY_MAX_STEPS (%d) steps and "
                           "RESTART_MAX_DEFINITIONS (%d) definitions at most",
                           HISTORY_MAX_STEPS, RESTART_MAX_DEFINITIONS);
    else
        find_next(caller, restarting);
}

void history_restart(struct caller *caller, uint64_t instance, int64_t until,
                     const struct json *variables, call_answer *answer)
{
    struct restarting *restarting = ARENA_NEW(caller->arena, struct restarting);
    *restarting = (struct restarting){.variables = variables, .answer = answer};
    history_read(caller, instance, until, on_history, restarting);
}
