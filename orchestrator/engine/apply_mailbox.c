// SPDX-License-Identifier: Apache-2.0
// Appliers of mailboxes: what one shard knows of a message name and correlation key, or of a signal
// name.
#include "engine/apply.h"

static struct waiting_subscription **find_subscription(struct mailbox *mailbox, uint64_t key)
{
    struct waiting_subscription **at = &mailbox->subscriptions;
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static struct buffered_message **find_message(struct mailbox *mailbox, uint64_t key)
{
    struct buffered_message **at = &mailbox->messages;
    while (*at != NULL && (*at)->key != key)
        at = &(*at)->next;
    return at;
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
    struct waiting_subscription **at = &mailbox->subscriptions;
    while (*at != NULL)
        at = &(*at)->next;
    *at = ARENA_NEW(&mailbox->stream.arena, struct waiting_subscription);
    **at = (struct waiting_subscription){
        .key = event->key,
        .instance = event->parent,
        .element_instance = event->scope,
        .shard = (uint32_t)event->number,
        .closes = str_equal(event->code, STR("ONCE")),
        .process_id = str_copy(&mailbox->stream.arena, event->name),
    };
}

static void unsubscribe(struct mailbox *mailbox, const struct event *event)
{
    struct waiting_subscription **at = find_subscription(mailbox, event->key);
    if (*at != NULL)
        *at = (*at)->next;
}

static void publish(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message **at = &mailbox->messages;
    while (*at != NULL)
        at = &(*at)->next;
    *at = ARENA_NEW(&mailbox->stream.arena, struct buffered_message);
    **at = (struct buffered_message){
        .is_dirty = true,
        .key = event->key,
        .message_id = str_copy(&mailbox->stream.arena, event->code),
        .variables = str_copy(&mailbox->stream.arena, event->value),
        .published_ms = event->time_ms,
        .expires_ms = event->due_ms,
        .reply = {(int32_t)event->number, event->parent},
    };
}

static void add_taker(struct mailbox *mailbox, struct taker **list, str process_id,
                      uint64_t instance)
{
    struct taker *taker = ARENA_NEW(&mailbox->stream.arena, struct taker);
    *taker = (struct taker){*list, str_copy(&mailbox->stream.arena, process_id), instance};
    *list = taker;
}

static void remove_taker(struct taker **list, str process_id)
{
    while (*list != NULL && !str_equal((*list)->process_id, process_id))
        list = &(*list)->next;
    if (*list != NULL)
        *list = (*list)->next;
}

static void settle(struct mailbox *mailbox, const struct event *event)
{
    struct waiting_subscription *subscription = *find_subscription(mailbox, event->scope);
    struct buffered_message *message = *find_message(mailbox, event->key);
    if (subscription != NULL)
        subscription->message = event->type == EVENT_MESSAGE_CORRELATING ? event->key : 0;
    if (message == NULL)
        return;
    switch ((int)event->type) {
    case EVENT_MESSAGE_CORRELATING:
        message->deliveries++;
        add_taker(mailbox, &message->takers, event->name, event->parent);
        break;
    case EVENT_MESSAGE_CORRELATED:
        message->deliveries--;
        message->correlated = true;
        break;
    default:
        message->deliveries--;
        remove_taker(&message->takers, event->name);
        break;
    }
}

static void start(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message *message = *find_message(mailbox, event->key);
    check(message != NULL);
    message->correlated = true;
    add_taker(mailbox, &message->takers, event->name, event->parent);
}

// A message that goes within the batch it came in never was in the store.
static void expire(struct mailbox *mailbox, const struct event *event)
{
    struct buffered_message **at = find_message(mailbox, event->key);
    check(*at != NULL);
    (*at)->is_gone = true;
    struct buffered_message *gone = *at;
    *at = gone->next;
    if (!gone->is_stored)
        return;
    gone->next = mailbox->gone;
    mailbox->gone = gone;
}

void apply_to_mailbox(struct mailbox *mailbox, const struct event *event)
{
    mailbox->row_dirty = true;
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
