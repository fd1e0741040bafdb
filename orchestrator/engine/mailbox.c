// SPDX-License-Identifier: Apache-2.0
// The message's side of correlation: who waits, what is buffered, what is on its way. See message.c
// for the protocol.
#include "engine/step.h"

#include <stdlib.h>

// A new one has no key before its first event.
static void begin(struct engine *engine, const struct mailbox *mailbox)
{
    if (mailbox->stream.key == 0)
        step_emit(engine, mailbox,
                  (struct event){.type = EVENT_MAILBOX_CREATED,
                                 .key = step_key(engine),
                                 .name = mailbox->name,
                                 .value = mailbox->correlation_key,
                                 .code = mailbox->tenant,
                                 .number = mailbox->kind});
}

static void emit(struct engine *engine, const struct mailbox *mailbox, struct event event)
{
    begin(engine, mailbox);
    step_emit(engine, mailbox, event);
}

static bool is_locked(const struct mailbox *mailbox, str process_id)
{
    for (const struct taker *t = mailbox->locks; t != NULL; t = t->next)
        if (str_equal(t->process_id, process_id))
            return true;
    return false;
}

static void deliver(struct engine *engine, const struct mailbox *mailbox,
                    const struct waiting_subscription *s, const struct buffered_message *message)
{
    struct command command = {
        .type = COMMAND_CORRELATE_SUBSCRIPTION,
        .instance = s->instance,
        .key = s->entry.key,
        .tenant = mailbox->tenant,
        .subscription = {.name = mailbox->name,
                         .reason = STR_EMPTY,
                         .correlation_key = mailbox->correlation_key,
                         .element_instance = s->element_instance,
                         .message = message->entry.key,
                         .process_id = s->process->id,
                         .variables = message->variables,
                         .shard = engine->environment.shard},
    };
    step_send_values(engine, s->shard, &command, mailbox->stream.key);
    emit(engine, mailbox,
         (struct event){.type = EVENT_MESSAGE_CORRELATING,
                        .key = message->entry.key,
                        .scope = s->entry.key,
                        .parent = s->instance,
                        .name = s->process->id});
}

static int compare_numbers(const void *a, const void *b)
{
    const struct waiting_subscription *const *x = a, *const *y = b;
    return (*x)->entry.number < (*y)->entry.number ? -1 : 1;
}

// One of each process that waits: the first, and these in the order in which they came.
static void deliver_to_waiting(struct engine *engine, const struct mailbox *mailbox,
                               const struct buffered_message *message)
{
    ARRAY(const struct waiting_subscription *) first = {0};
    for (const struct mailbox_process *p = mailbox->processes; p != NULL; p = p->next)
        if (p->first_free != NULL && state_is_for(message, p->id) &&
            permission_on(engine, "PROCESS_DEFINITION", p->id, "UPDATE_PROCESS_INSTANCE"))
            *ARRAY_PUSH(engine->turn, &first) = p->first_free;
    if (first.count > 1)
        qsort(first.items, first.count, sizeof *first.items, compare_numbers);
    for (size_t i = 0; i < first.count; i++)
        deliver(engine, mailbox, first.items[i], message);
}

static bool starts_here(const struct mailbox *mailbox, const struct start *start)
{
    return start->kind == BPMN_MESSAGE_TRIGGER && str_equal(start->name, mailbox->name) &&
           str_equal(start->tenant, mailbox->tenant);
}

// A parallel event-based gateway starts an instance with its first message; the others belong to
// the instance that waits for them (BPMN 2.0, 13.3.5).
static bool is_waited_for(const struct engine *engine, const struct mailbox *mailbox,
                          const struct start *start, const struct definition *definition)
{
    const struct bpmn_process *process =
        engine->environment.find_process(engine->environment.context, definition->key);
    if (process == NULL || !bpmn_starts_in_parallel(process, start->element))
        return false;
    return state_first_free(mailbox, definition->id) != NULL;
}

bool message_lock_is_free(struct engine *engine, str name, str key, str process_id)
{
    return !is_locked(engine_mailbox(engine, SUBSCRIPTION_MESSAGE, name, key), process_id);
}

void message_lock(struct engine *engine, str name, str key, instance_ref instance)
{
    const struct mailbox *mailbox = engine_mailbox(engine, SUBSCRIPTION_MESSAGE, name, key);
    emit(engine, mailbox,
         (struct event){.type = EVENT_MAILBOX_LOCKED,
                        .name = instance->process_id,
                        .parent = instance->stream.key});
    step_emit(engine, instance,
              (struct event){.type = EVENT_PROCESS_LOCKED, .name = name, .value = key});
}

static void note_start(struct engine *engine, const struct mailbox *mailbox,
                       const struct start *start, uint64_t message, uint64_t instance)
{
    const struct engine_environment *environment = &engine->environment;
    const struct bpmn_process *process =
        environment->find_process(environment->context, start->definition);
    *ARRAY_PUSH(engine->turn, &engine->correlations) = (struct correlation_row){
        .change = ROW_INSERT,
        .key = start->key,
        .message = message,
        .instance = instance,
        .element_id = str_copy(engine->turn, process->elements[start->element].id),
        .name = str_copy(engine->turn, mailbox->name),
        .correlation_key = str_copy(engine->turn, mailbox->correlation_key),
        .correlated_ms = engine->clock_ms,
    };
}

static void start_instance(struct engine *engine, const struct mailbox *mailbox,
                           const struct start *start, const struct buffered_message *message)
{
    const struct definition *definition = idmap_get(&engine->shard->by_key, start->definition);
    if (definition == NULL || !state_is_for(message, definition->id) ||
        !permission_on(engine, "PROCESS_DEFINITION", definition->id, "CREATE_PROCESS_INSTANCE") ||
        is_waited_for(engine, mailbox, start, definition))
        return;
    bool locks = !str_is_empty(mailbox->correlation_key);
    if (locks && is_locked(mailbox, definition->id))
        return;
    uint64_t key = process_start_at(
        engine, definition, (struct start_place){start->element, start->trigger, message->sender},
        personal_travel(engine, mailbox->stream.key, message->variables),
        str_is_empty(message->business_id) ? mailbox->correlation_key : message->business_id);
    if (key == 0)
        return;
    emit(engine, mailbox,
         (struct event){.type = EVENT_MESSAGE_STARTED,
                        .key = message->entry.key,
                        .parent = key,
                        .name = definition->id});
    note_start(engine, mailbox, start, message->entry.key, key);
    if (!locks)
        return;
    message_lock(engine, mailbox->name, mailbox->correlation_key, step_instance(engine, key));
}

static void start_all(struct engine *engine, const struct mailbox *mailbox,
                      const struct buffered_message *message)
{
    for (const struct start *s = engine->shard->starts; s != NULL; s = s->next)
        if (starts_here(mailbox, s))
            start_instance(engine, mailbox, s, message);
}

// Who published and waits for a correlation hears of the first one, or that there was none.
static void answer(struct engine *engine, const struct buffered_message *message, bool correlated)
{
    step_reply(engine, (struct reply){
                           .to = message->reply,
                           .key = message->entry.key,
                           .rejection = correlated ? REJECTION_NONE : REJECTION_NOT_FOUND,
                           .reason = correlated ? STR_EMPTY : STR("nobody waits for the message"),
                           .instance = message->takers ? message->takers->instance : 0});
}

static void note_missed(struct engine *engine, const struct mailbox *mailbox,
                        const struct buffered_message *message)
{
    *ARRAY_PUSH(engine->turn, &engine->missed) = (struct missed_message_row){
        .change = ROW_INSERT,
        .key = message->entry.key,
        .name = str_copy(engine->turn, mailbox->name),
        .correlation_key = str_copy(engine->turn, mailbox->correlation_key),
        .tenant = str_copy(engine->turn, mailbox->tenant),
        .published_ms = message->published_ms,
        .missed_ms = engine->clock_ms,
    };
}

static void expire_if_over(struct engine *engine, const struct mailbox *mailbox,
                           const struct buffered_message *message)
{
    if (message->deliveries > 0 || message->expires_ms > engine->clock_ms)
        return;
    if (!message->correlated) {
        answer(engine, message, false);
        note_missed(engine, mailbox, message);
    }
    emit(engine, mailbox, (struct event){.type = EVENT_MESSAGE_EXPIRED, .key = message->entry.key});
}

static bool has_room(struct engine *engine, const struct mailbox *mailbox, size_t bytes,
                     str *ret_why)
{
    if (mailbox->bytes + bytes <= LIMIT_MAILBOX_BYTES)
        return true;
    *ret_why = str_format(engine->turn,
                          "what waits under the name and the correlation key of the message has "
                          "%zu bytes, the limit MAILBOX_BYTES is %d",
                          mailbox->bytes, LIMIT_MAILBOX_BYTES);
    return false;
}

// An instance that waits comes first: only where none does, a process is started.
void message_publish(struct engine *engine)
{
    const struct publish_message *body = &engine->command->publish_message;
    const struct mailbox *mailbox =
        engine_mailbox(engine, SUBSCRIPTION_MESSAGE, body->name, body->correlation_key);
    str why;
    if (!permission_on(engine, "MESSAGE", body->name, "CREATE")) {
        step_reject(
            engine, engine->shard, REJECTION_FORBIDDEN,
            str_format(engine->turn, "this takes CREATE on MESSAGE '%.*s'", STR_ARG(body->name)));
        return;
    }
    str variables = body->variables;
    bool is_good =
        variable_is_object(engine, variables, &why) && personal_marks_fit(engine, variables, &why);
    if (is_good && personal_has_marked(variables))
        begin(engine, mailbox);
    if (!is_good || !personal_keep_message(engine, mailbox, &variables, &why)) {
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
        return;
    }
    if (!str_is_empty(body->message_id) && map_get(&mailbox->by_id, body->message_id) != NULL) {
        step_reject(engine, engine->shard, REJECTION_ALREADY_EXISTS,
                    STR("a message with this id has been published already"));
        return;
    }
    str reach = permission_reach(engine);
    if (reach.len > LIMIT_PROCESS_LIST_BYTES) {
        step_reject(engine, engine->shard, REJECTION_LIMIT,
                    str_format(engine->turn,
                               "the ids of the processes that its sender may start or update have "
                               "%zu bytes, the limit PROCESS_LIST_BYTES is %d: give it these on "
                               "fewer processes, or on all (*)",
                               reach.len, LIMIT_PROCESS_LIST_BYTES));
        return;
    }
    size_t bytes = state_entry_bytes(body->message_id, variables) + reach.len;
    if (!has_room(engine, mailbox, bytes + body->business_id.len, &why)) {
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
        return;
    }
    struct event event = {.type = EVENT_MESSAGE_PUBLISHED,
                          .key = step_key(engine),
                          .name = body->name,
                          .value = variables,
                          .code = body->message_id,
                          .due_ms = border_after(engine->clock_ms, body->ttl_ms)};
    if (body->answer_correlation) {
        event.parent = engine->command->reply.request;
        event.number = engine->command->reply.partition;
    } else {
        step_accept(engine, event.key, 0);
    }
    str sender =
        separation_counts_sender(engine, body->name) ? engine->command->principal : STR_EMPTY;
    if (!str_is_empty(reach) || !str_is_empty(sender) || !str_is_empty(body->business_id))
        emit(engine, mailbox,
             (struct event){.type = EVENT_MESSAGE_RESTRICTED,
                            .key = event.key,
                            .name = sender,
                            .code = body->business_id,
                            .value = reach});
    emit(engine, mailbox, event);
    const struct buffered_message *message = state_message(mailbox, event.key);
    deliver_to_waiting(engine, mailbox, message);
    start_all(engine, mailbox, message);
    if (message->correlated)
        answer(engine, message, true);
    expire_if_over(engine, mailbox, message);
}

void message_expire(struct engine *engine)
{
    const struct due *due = &engine->command->due;
    const struct mailbox *mailbox =
        engine_mailbox(engine, SUBSCRIPTION_MESSAGE, due->name, due->correlation_key);
    const struct buffered_message *message = state_message(mailbox, engine->command->key);
    if (message != NULL)
        expire_if_over(engine, mailbox, message);
}

static void offer_buffered(struct engine *engine, const struct mailbox *mailbox,
                           const struct waiting_subscription *s)
{
    const struct buffered_message *message = state_first_untaken(mailbox, s->process->id);
    if (message != NULL)
        deliver(engine, mailbox, s, message);
}

static const struct mailbox *mailbox_of_command(struct engine *engine)
{
    const struct subscription_command *body = &engine->command->subscription;
    return engine_mailbox(engine, SUBSCRIPTION_MESSAGE, body->name, body->correlation_key);
}

// Opens it unless it is open already. False: there is no room, which its instance hears of.
static bool subscribe(struct engine *engine, const struct mailbox *mailbox)
{
    const struct subscription_command *body = &engine->command->subscription;
    str why;
    if (state_waiting(mailbox, engine->command->key) != NULL)
        return true;
    if (engine->command->key == 0 || state_message(mailbox, engine->command->key) != NULL) {
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("a subscription has a key of its own"));
        return false;
    }
    if (!has_room(engine, mailbox, state_entry_bytes(body->process_id, STR_EMPTY), &why)) {
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
        message_refuse_subscription(engine, why);
        return false;
    }
    emit(engine, mailbox,
         (struct event){.type = EVENT_MAILBOX_SUBSCRIBED,
                        .key = engine->command->key,
                        .parent = engine->command->instance,
                        .scope = body->element_instance,
                        .name = body->process_id,
                        .number = body->shard,
                        .code = body->closes ? STR("ONCE") : STR_EMPTY});
    return true;
}

void message_open_subscription(struct engine *engine)
{
    const struct mailbox *mailbox = mailbox_of_command(engine);
    if (!subscribe(engine, mailbox))
        return;
    struct command confirm = *engine->command;
    confirm.type = COMMAND_CONFIRM_SUBSCRIPTION;
    confirm.subscription.opened = true;
    confirm.subscription.shard = engine->environment.shard;
    step_send_command(engine, engine->command->subscription.shard, &confirm);
    const struct waiting_subscription *s = state_waiting(mailbox, engine->command->key);
    if (s->message == 0)
        offer_buffered(engine, mailbox, s);
}

// The next message may start another instance now that the one with this key has ended.
static void unlock(struct engine *engine, const struct mailbox *mailbox, str process_id)
{
    if (!is_locked(mailbox, process_id))
        return;
    emit(engine, mailbox, (struct event){.type = EVENT_MAILBOX_UNLOCKED, .name = process_id});
    const struct buffered_message *m = state_first_untaken(mailbox, process_id);
    for (; m != NULL; m = state_next_untaken(m, process_id)) {
        start_all(engine, mailbox, m);
        if (is_locked(mailbox, process_id))
            return;
    }
}

void message_close_subscription(struct engine *engine)
{
    const struct mailbox *mailbox = mailbox_of_command(engine);
    if (engine->command->subscription.element_instance == 0) {
        unlock(engine, mailbox, engine->command->subscription.process_id);
        return;
    }
    if (state_waiting(mailbox, engine->command->key) != NULL)
        emit(engine, mailbox,
             (struct event){.type = EVENT_MAILBOX_UNSUBSCRIBED, .key = engine->command->key});
}

// True when the delivery that the command speaks of is still open.
static bool is_open_delivery(const struct buffered_message *message,
                             const struct waiting_subscription *s, uint64_t key)
{
    return message != NULL && message->deliveries > 0 && (s == NULL || s->message == key);
}

void message_confirm(struct engine *engine)
{
    const struct subscription_command *body = &engine->command->subscription;
    const struct mailbox *mailbox = mailbox_of_command(engine);
    const struct buffered_message *message = state_message(mailbox, body->message);
    const struct waiting_subscription *s = state_waiting(mailbox, engine->command->key);
    if (!is_open_delivery(message, s, body->message))
        return;
    bool first = !message->correlated;
    emit(engine, mailbox,
         (struct event){.type = EVENT_MESSAGE_CORRELATED,
                        .key = body->message,
                        .scope = engine->command->key,
                        .name = body->process_id});
    if (first)
        answer(engine, message, true);
    if (s != NULL && s->closes)
        emit(engine, mailbox,
             (struct event){.type = EVENT_MAILBOX_UNSUBSCRIBED, .key = engine->command->key});
    else if (s != NULL)
        offer_buffered(engine, mailbox, s);
    expire_if_over(engine, mailbox, message);
}

void message_reject(struct engine *engine)
{
    const struct subscription_command *body = &engine->command->subscription;
    const struct mailbox *mailbox = mailbox_of_command(engine);
    const struct buffered_message *message = state_message(mailbox, body->message);
    const struct waiting_subscription *s = state_waiting(mailbox, engine->command->key);
    bool open = is_open_delivery(message, s, body->message);
    if (open)
        emit(engine, mailbox,
             (struct event){.type = EVENT_MESSAGE_REJECTED,
                            .key = body->message,
                            .scope = engine->command->key,
                            .name = body->process_id});
    if (s != NULL && open)
        emit(engine, mailbox,
             (struct event){.type = EVENT_MAILBOX_UNSUBSCRIBED, .key = engine->command->key});
    if (!open)
        return;
    deliver_to_waiting(engine, mailbox, message);
    expire_if_over(engine, mailbox, message);
}
