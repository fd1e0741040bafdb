// SPDX-License-Identifier: Apache-2.0
// Appliers of mailboxes: what one shard knows of a message name and correlation key, or of a signal
// name.
#include "engine/apply.h"

static void mark(struct mailbox *mailbox, struct mailbox_entry *entry)
{
    if (entry->is_dirty)
        return;
    entry->is_dirty = true;
    entry->next_dirty = NULL;
    *(mailbox->last_dirty ? &mailbox->last_dirty->next_dirty : &mailbox->first_dirty) = entry;
    mailbox->last_dirty = entry;
}

static void append(struct mailbox *mailbox, struct mailbox_list *list, struct mailbox_entry *entry)
{
    check(list->last == NULL || list->last->number < entry->number);
    entry->previous = list->last;
    entry->next = NULL;
    *(list->last ? &list->last->next : &list->first) = entry;
    list->last = entry;
    idmap_put(&mailbox->by_key, entry->key, entry);
}

static void take_out(struct mailbox *mailbox, struct mailbox_list *list,
                     struct mailbox_entry *entry)
{
    *(entry->previous ? &entry->previous->next : &list->first) = entry->next;
    *(entry->next ? &entry->next->previous : &list->last) = entry->previous;
    (void)idmap_remove(&mailbox->by_key, entry->key);
    entry->is_gone = true;
    mark(mailbox, entry);
}

// -- What a process takes ---------------------------------------------------------------

// The message itself, or the first one after it that is for the process.
static struct buffered_message *untaken_from(struct mailbox_entry *entry, str process_id)
{
    while (entry != NULL && !state_is_for((struct buffered_message *)entry, process_id))
        entry = entry->next;
    return (struct buffered_message *)entry;
}

struct mailbox_process *apply_taking_process(struct mailbox *mailbox, str process_id)
{
    struct mailbox_process *process = map_get(&mailbox->by_process, process_id);
    if (process != NULL)
        return process;
    process = ARENA_NEW(&mailbox->stream.arena, struct mailbox_process);
    *process = (struct mailbox_process){
        .next = mailbox->processes,
        .id = str_copy(&mailbox->stream.arena, process_id),
        .untaken = untaken_from(mailbox->messages.first, process_id),
    };
    mailbox->processes = process;
    map_put(&mailbox->by_process, process->id, process);
    return process;
}

// The one that is free again was among the first, so it finds its place soon.
static void set_free(struct waiting_subscription *s)
{
    struct mailbox_process *process = s->process;
    struct waiting_subscription *before = NULL, *after = process->first_free;
    while (after != NULL && after->entry.number < s->entry.number) {
        before = after;
        after = after->free_after;
    }
    s->free_before = before;
    s->free_after = after;
    *(before ? &before->free_after : &process->first_free) = s;
    if (after != NULL)
        after->free_before = s;
}

static void set_busy(struct waiting_subscription *s)
{
    *(s->free_before ? &s->free_before->free_after : &s->process->first_free) = s->free_after;
    if (s->free_after != NULL)
        s->free_after->free_before = s->free_before;
    s->free_before = s->free_after = NULL;
}

static void add_taker(struct mailbox *mailbox, struct taker **list, str process_id,
                      uint64_t instance)
{
    struct taker *taker = ARENA_NEW(&mailbox->stream.arena, struct taker);
    *taker = (struct taker){*list, apply_taking_process(mailbox, process_id)->id, instance};
    *list = taker;
}

static void remove_taker(struct taker **list, str process_id)
{
    while (*list != NULL && !str_equal((*list)->process_id, process_id))
        list = &(*list)->next;
    if (*list != NULL)
        *list = (*list)->next;
}

static void take(struct mailbox *mailbox, struct buffered_message *message, str process_id,
                 uint64_t instance)
{
    add_taker(mailbox, &message->takers, process_id, instance);
    struct mailbox_process *process = apply_taking_process(mailbox, process_id);
    if (process->untaken == message)
        process->untaken = untaken_from(&message->entry, process_id);
}

static void give_back(struct mailbox *mailbox, struct buffered_message *message, str process_id)
{
    struct mailbox_process *process = apply_taking_process(mailbox, process_id);
    remove_taker(&message->takers, process_id);
    if (!state_is_for(message, process_id))
        return; // it started an instance, too
    if (process->untaken == NULL || process->untaken->entry.number > message->entry.number)
        process->untaken = message;
}

// -- Entries ----------------------------------------------------------------------------

void apply_add_waiting(struct mailbox *mailbox, struct waiting_subscription *s)
{
    append(mailbox, &mailbox->subscriptions, &s->entry);
    mailbox->bytes += state_entry_bytes(s->process->id, STR_EMPTY);
    if (s->message == 0)
        set_free(s);
}

void apply_add_message(struct mailbox *mailbox, struct buffered_message *message)
{
    append(mailbox, &mailbox->messages, &message->entry);
    mailbox->bytes += state_message_bytes(message);
    if (!str_is_empty(message->message_id))
        map_put(&mailbox->by_id, message->message_id, message);
    for (struct mailbox_process *p = mailbox->processes; p != NULL; p = p->next)
        if (p->untaken == NULL)
            p->untaken = untaken_from(&message->entry, p->id);
}

static void create(struct mailbox *mailbox, const struct event *event)
{
    struct arena *arena = &mailbox->stream.arena;
    mailbox->stream.key = event->key;
    mailbox->stream.is_empty = false;
    mailbox->name = str_copy(arena, event->name);
    mailbox->correlation_key = str_copy(arena, event->value);
    mailbox->tenant = str_copy(arena, event->code);
    mailbox->kind = (enum subscription_kind)event->number;
}

static void subscribe(struct mailbox *mailbox, const struct event *event)
{
    struct waiting_subscription *s = ARENA_NEW(&mailbox->stream.arena, struct waiting_subscription);
    *s = (struct waiting_subscription){
        .entry = {.key = event->key, .number = ++mailbox->last_number},
        .instance = event->parent,
        .element_instance = event->scope,
        .shard = (uint32_t)event->number,
        .closes = str_equal(event->code, STR("ONCE")),
        .process = apply_taking_process(mailbox, event->name),
    };
    apply_add_waiting(mailbox, s);
    mark(mailbox, &s->entry);
}

static struct waiting_subscription *find_subscription(struct mailbox *mailbox, uint64_t key)
{
    return (struct waiting_subscription *)(uintptr_t)state_waiting(mailbox, key);
}

static struct buffered_message *find_message(struct mailbox *mailbox, uint64_t key)
{
    return (struct buffered_message *)(uintptr_t)state_message(mailbox, key);
}

static void unsubscribe(struct mailbox *mailbox, const struct event *event)
{
    struct waiting_subscription *s = find_subscription(mailbox, event->key);
    if (s == NULL)
        return;
    if (s->message == 0)
        set_busy(s);
    mailbox->bytes -= state_entry_bytes(s->process->id, STR_EMPTY);
    take_out(mailbox, &mailbox->subscriptions, &s->entry);
}

static void publish(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message *message = ARENA_NEW(&mailbox->stream.arena, struct buffered_message);
    *message = (struct buffered_message){
        .entry = {.is_message = true, .key = event->key, .number = ++mailbox->last_number},
        .message_id = str_copy(&mailbox->stream.arena, event->code),
        .variables = str_copy(&mailbox->stream.arena, event->value),
        .published_ms = event->time_ms,
        .expires_ms = event->due_ms,
        .reply = {(int32_t)event->number, event->parent},
        .reach = mailbox->next_reach,
        .sender = mailbox->next_sender,
        .business_id = mailbox->next_business_id,
    };
    mailbox->next_reach = mailbox->next_sender = mailbox->next_business_id = STR_EMPTY;
    apply_add_message(mailbox, message);
    mark(mailbox, &message->entry);
}

static void occupy(struct mailbox *mailbox, struct waiting_subscription *s, uint64_t message)
{
    if (s == NULL || s->message == message)
        return;
    if (s->message == 0)
        set_busy(s);
    else if (message == 0)
        set_free(s);
    s->message = message;
    mark(mailbox, &s->entry);
}

static void settle(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message *message = find_message(mailbox, event->key);
    occupy(mailbox, find_subscription(mailbox, event->scope),
           event->type == EVENT_MESSAGE_CORRELATING ? event->key : 0);
    if (message == NULL)
        return;
    mark(mailbox, &message->entry);
    switch ((int)event->type) {
    case EVENT_MESSAGE_CORRELATING:
        message->deliveries++;
        take(mailbox, message, event->name, event->parent);
        break;
    case EVENT_MESSAGE_CORRELATED:
        message->deliveries--;
        message->correlated = true;
        break;
    default:
        message->deliveries--;
        give_back(mailbox, message, event->name);
        break;
    }
}

static void start(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message *message = find_message(mailbox, event->key);
    check(message != NULL);
    message->correlated = true;
    take(mailbox, message, event->name, event->parent);
    mark(mailbox, &message->entry);
}

static void expire(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message *message = find_message(mailbox, event->key);
    check(message != NULL);
    for (struct mailbox_process *p = mailbox->processes; p != NULL; p = p->next)
        if (p->untaken == message)
            p->untaken = untaken_from(message->entry.next, p->id);
    if (!str_is_empty(message->message_id))
        (void)map_remove(&mailbox->by_id, message->message_id);
    mailbox->bytes -= state_message_bytes(message);
    take_out(mailbox, &mailbox->messages, &message->entry);
}

void apply_to_mailbox(struct mailbox *mailbox, const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_MAILBOX_CREATED:
        create(mailbox, event);
        break;
    case EVENT_MAILBOX_SUBSCRIBED:
        subscribe(mailbox, event);
        break;
    case EVENT_MAILBOX_UNSUBSCRIBED:
        unsubscribe(mailbox, event);
        break;
    case EVENT_MAILBOX_LOCKED:
        add_taker(mailbox, &mailbox->locks, event->name, event->parent);
        break;
    case EVENT_MAILBOX_UNLOCKED:
        remove_taker(&mailbox->locks, event->name);
        break;
    case EVENT_MESSAGE_RESTRICTED:
        mailbox->next_reach = str_copy(&mailbox->stream.arena, event->value);
        mailbox->next_sender = str_copy(&mailbox->stream.arena, event->name);
        mailbox->next_business_id = str_copy(&mailbox->stream.arena, event->code);
        break;
    case EVENT_MESSAGE_PUBLISHED:
        publish(mailbox, event);
        break;
    case EVENT_MESSAGE_CORRELATING:
    case EVENT_MESSAGE_CORRELATED:
    case EVENT_MESSAGE_REJECTED:
        settle(mailbox, event);
        break;
    case EVENT_MESSAGE_STARTED:
        start(mailbox, event);
        break;
    case EVENT_MESSAGE_EXPIRED:
        expire(mailbox, event);
        break;
    default: // notes change nothing
        break;
    }
}
