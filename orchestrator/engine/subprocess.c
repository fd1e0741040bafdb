// SPDX-License-Identifier: Apache-2.0
// Embedded, event and transaction sub-processes: scopes with flow inside.
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

void subprocess_run(struct engine *engine, instance_ref instance, element_ref ei)
{
    if (element_of(instance, ei)->type == BPMN_AD_HOC_SUB_PROCESS)
        ad_hoc_run(engine, instance, ei);
    else
        subprocess_begin(engine, instance, ei);
}
