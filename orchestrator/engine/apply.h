// SPDX-License-Identifier: Apache-2.0
//
// Appliers change state, nothing else does. One applier an event type; it trusts the event (a
// processor has checked it, or history holds it) and never decides anything. Replay runs these
// alone.
#ifndef BATON_ENGINE_APPLY_H
#define BATON_ENGINE_APPLY_H

#include "engine/state.h"

struct instance *instance_new(uint64_t key);
struct mailbox *mailbox_new(uint64_t key);
struct shard *shard_new(void);
void stream_free(struct stream *stream);

// Applies an event to its stream.
void apply_event(const struct engine_environment *environment, struct stream *stream,
                 const struct event *event);

void apply_to_instance(const struct engine_environment *environment, struct instance *instance,
                       const struct event *event);
void apply_to_mailbox(struct mailbox *mailbox, const struct event *event);
void apply_to_shard(struct shard *shard, const struct event *event);

// apply_mailbox.c, for appliers and the image decoder: an entry that has come last, with all that
// it says set; who takes from the mailbox, known to it from here on.
void apply_add_waiting(struct mailbox *mailbox, struct waiting_subscription *subscription);
void apply_add_message(struct mailbox *mailbox, struct buffered_message *message);
struct mailbox_process *apply_taking_process(struct mailbox *mailbox, str process_id);

// apply_element.c
void apply_element(struct instance *instance, const struct event *event);
void apply_token(struct instance *instance, const struct event *event);
void apply_variable(struct instance *instance, const struct event *event);
void apply_loop(struct instance *instance, const struct event *event);
void apply_compensation(struct instance *instance, const struct event *event);
void apply_move_scope(struct instance *instance, struct element_instance *scope,
                      const struct bpmn_process *to); // before the instance is of `to`
void apply_migration(struct instance *instance, const struct event *event);

// apply_attachment.c
void apply_job(struct instance *instance, const struct event *event);
void apply_timer(struct instance *instance, const struct event *event);
void apply_subscription(struct instance *instance, const struct event *event);
void apply_user_task(struct instance *instance, const struct event *event);
void apply_incident(struct instance *instance, const struct event *event);
void apply_trigger(struct instance *instance, const struct event *event);

// The row of the entity is out of date.
void apply_mark(struct instance *instance, struct entity *entity);
struct element_instance *apply_find(struct instance *instance, uint64_t key);
// Used by appliers and by the image decoder.
struct element_instance *apply_add_element(struct instance *instance, uint64_t key,
                                           struct element_instance *scope);
void *apply_attach(struct instance *instance, struct element_instance *owner, enum entity_kind kind,
                   uint64_t key);
struct variable *apply_add_variable(struct instance *instance, struct element_instance *scope,
                                    str name, str value);
// What the element instance holds has changed otherwise than by one addition.
void apply_recount(struct instance *instance, struct element_instance *ei);
void apply_set_mark(struct instance *instance, struct element_instance *host, struct mark mark);
void apply_clear_mark(struct element_instance *host, struct mark mark);
void apply_set_arrived(struct instance *instance, struct element_instance *scope, uint32_t flow,
                       uint32_t count);
void apply_split_items(struct arena *arena, str array, size_t count, const str **ret_items);

#endif
