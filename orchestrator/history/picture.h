// SPDX-License-Identifier: Apache-2.0
//
// Where an instance stood after one of its steps. The steps are folded by the engine's appliers,
// and the state that comes out is copied into plain structs, which outlive it.
#ifndef BATON_HISTORY_PICTURE_H
#define BATON_HISTORY_PICTURE_H

#include "base/error.h"
#include "record/rows.h"

struct engine_environment;

struct picture_variable {
    str name;
    str json;
};

// An element instance that was alive. The root stands for the process; it comes first, and every
// other one after its scope.
struct picture_place {
    uint64_t key;
    const struct picture_place *scope; // NULL: the root
    str element_id;                    // the root: the process's id
    bool is_body;                      // of a multi-instance or loop: what is inside are its rounds
    bool is_leaving;                   // it was being terminated
    bool has_inner;                    // something alive and not leaving stood in it
    size_t variable_count;
    const struct picture_variable *variables; // its own
};

struct picture {
    uint64_t definition; // as it was then
    str business_id;
    str duties;   // JSON array of [element id, person]: what was kept apart; empty: none
    size_t count; // 0: the instance had ended
    const struct picture_place *places;
    str waiting_join; // the id of a gateway where a token waited for others; empty: none did
};

// Folds the steps, which begin with the first. `environment` finds every definition that they name.
// False when a step does not follow or a definition is not there. The picture is in the arena.
MUST_CHECK bool picture_take(const struct engine_environment *environment, struct arena *arena,
                             const struct history_row *steps, size_t count,
                             struct picture *ret_picture, struct error *err);

#endif
