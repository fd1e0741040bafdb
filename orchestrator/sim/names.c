// SPDX-License-Identifier: Apache-2.0
#include "sim/world.h"

const char *sim_state_name(enum sim_state state)
{
    static const char *const names[] = {"completed", "waiting", "incident", "terminated"};
    return names[state];
}

bool sim_was_visited(const struct sim *sim, str id)
{
    return map_get(&sim->visited, id) != NULL;
}

size_t sim_process_count(const struct sim *sim)
{
    size_t count = 0;
    for (size_t i = 0; i < sim->deployed.count; i++)
        count += sim->deployed.items[i].process != NULL;
    return count;
}

const struct bpmn_process *sim_process(const struct sim *sim, size_t index)
{
    for (size_t i = 0; i < sim->deployed.count; i++)
        if (sim->deployed.items[i].process != NULL && index-- == 0)
            return sim->deployed.items[i].process;
    return NULL;
}
