// SPDX-License-Identifier: Apache-2.0
#include "history/picture.h"

#include "bpmn/process.h"
#include "engine/state.h"

struct copying {
    struct arena *arena;
    const struct instance *instance;
    struct picture_place *places;
    size_t count;
    str waiting_join;
};

static const struct picture_variable *copy_variables(struct arena *arena,
                                                     const struct element_instance *of)
{
    struct picture_variable *copies =
        ARENA_ARRAY(arena, struct picture_variable, of->variable_count);
    size_t count = 0;
    for (const struct variable *v = of->variables; v != NULL && count < of->variable_count;
         v = v->next)
        copies[count++] =
            (struct picture_variable){str_copy(arena, v->name), str_copy(arena, v->value)};
    return copies;
}

// Gateways that remember more than tokens keep it under numbers that no flow has.
static void note_waiting(struct copying *copying, const struct element_instance *scope)
{
    const struct bpmn_process *process = copying->instance->process;
    for (const struct token *token = scope->arrived; token != NULL; token = token->next)
        if (token->flow < process->flow_count && token->count > 0)
            copying->waiting_join =
                str_copy(copying->arena, process->elements[process->flows[token->flow].target].id);
}

static void copy_place(struct copying *copying, const struct element_instance *of,
                       const struct picture_place *scope)
{
    const struct bpmn_process *process = copying->instance->process;
    struct picture_place *place = &copying->places[copying->count++];
    *place = (struct picture_place){
        .key = of->entity.key,
        .scope = scope,
        .element_id = str_copy(copying->arena, process->elements[of->element].id),
        .is_body = of->is_body,
        .is_leaving = of->phase == PHASE_TERMINATING || (scope != NULL && scope->is_leaving),
        .variable_count = of->variable_count,
        .variables = copy_variables(copying->arena, of),
    };
    note_waiting(copying, of);
    if (scope != NULL && !place->is_leaving)
        ((struct picture_place *)(uintptr_t)scope)->has_inner = true;
}

// From an element instance to the next one in the tree, scopes before what is in them; the depth of
// the tree costs no stack.
static const struct element_instance *next_of(const struct element_instance *at)
{
    if (at->first_child != NULL)
        return at->first_child;
    while (at != NULL && at->next == NULL)
        at = at->scope;
    return at != NULL ? at->next : NULL;
}

static const struct picture_place *place_of(const struct copying *copying,
                                            const struct element_instance *scope)
{
    for (size_t i = copying->count; scope != NULL && i > 0; i--)
        if (copying->places[i - 1].key == scope->entity.key)
            return &copying->places[i - 1];
    return NULL;
}

static struct picture copy_all(struct arena *arena, const struct instance *instance)
{
    struct copying copying = {.arena = arena, .instance = instance};
    size_t count = 0;
    for (const struct element_instance *at = instance->root; at != NULL; at = next_of(at))
        count++;
    copying.places = ARENA_ARRAY(arena, struct picture_place, count);
    for (const struct element_instance *at = instance->root; at != NULL; at = next_of(at))
        copy_place(&copying, at, place_of(&copying, at->scope));
    return (struct picture){.definition = instance->definition,
                            .business_id = str_copy(arena, instance->business_id),
                            .duties = str_copy(arena, instance->duties),
                            .count = copying.count,
                            .places = copying.places,
                            .waiting_join = copying.waiting_join};
}

bool picture_take(const struct engine_environment *environment, struct arena *arena,
                  const struct history_row *steps, size_t count, struct picture *ret_picture,
                  struct error *err)
{
    struct arena folding = ARENA_EMPTY;
    bool good = count > 0;
    if (!good)
        (void)error_set(err, ERROR_CONFLICT, "", "the instance did not exist at that point");
    struct engine_replay *replay =
        engine_replay_new(environment, STREAM_INSTANCE, count > 0 ? steps[0].stream : 0, &folding);
    for (size_t i = 0; good && i < count; i++)
        good = engine_replay_step(replay, &steps[i], err);
    if (good) {
        const struct instance *instance = engine_replay_instance(replay);
        bool runs = instance->state == INSTANCE_ACTIVE || instance->state == INSTANCE_SUSPENDED;
        *ret_picture =
            runs ? copy_all(arena, instance) : (struct picture){.definition = instance->definition};
    }
    engine_replay_free(replay);
    arena_done(&folding);
    return good;
}
