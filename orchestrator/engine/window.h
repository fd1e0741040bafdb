// SPDX-License-Identifier: Apache-2.0
//
// Windows: how many jobs of a type and tenant are in flight (window.c), told by those that offer
// jobs and take their answers.
#ifndef BATON_ENGINE_WINDOW_H
#define BATON_ENGINE_WINDOW_H

#include "engine/step.h"

// The job begins to wait, is offered, or is neither any more: before its state says so.
void window_wait(struct engine *engine, instance_ref instance, const struct job *job);
void window_offer(struct engine *engine, instance_ref instance, const struct job *job);
void window_leave(struct engine *engine, instance_ref instance, const struct job *job);
// Whether its tenant may have one more job of its type in flight; or, where a client of a gateway
// waits for it, beyond its part of the window.
bool window_has_room(struct engine *engine, instance_ref instance, const struct job *job);
bool window_may_hand(struct engine *engine, instance_ref instance, const struct job *job);
// One more failure in a row of its type and tenant: true when these are `most` (0: never), and the
// count begins anew. Or something went well.
bool window_fails(struct engine *engine, instance_ref instance, const struct job *job,
                  int64_t most);
void window_works(struct engine *engine, instance_ref instance, const struct job *job);
void window_forget(struct engine *engine); // failures, of all

#endif
