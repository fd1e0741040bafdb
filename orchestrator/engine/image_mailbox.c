// SPDX-License-Identifier: Apache-2.0
#include "engine/image.h"

static void put_takers(struct strbuf *out, const struct taker *first)
{
    uint64_t count = 0;
    for (const struct taker *t = first; t != NULL; t = t->next)
        count++;
    image_put_u64(out, count);
    for (const struct taker *t = first; t != NULL; t = t->next) {
        image_put_str(out, t->process_id);
        image_put_u64(out, t->instance);
    }
}

static struct taker *get_takers(struct image_reader *in)
{
    struct taker *first = NULL, **at = &first;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        *at = ARENA_NEW(in->arena, struct taker);
        (*at)->process_id = image_get_str(in);
        (*at)->instance = image_get_u64(in);
        at = &(*at)->next;
    }
    return first;
}

static void put_subscriptions(struct strbuf *out, const struct mailbox *mailbox)
{
    uint64_t count = 0;
    for (const struct waiting_subscription *s = mailbox->subscriptions; s != NULL; s = s->next)
        count++;
    image_put_u64(out, count);
    for (const struct waiting_subscription *s = mailbox->subscriptions; s != NULL; s = s->next) {
        image_put_u64(out, s->key);
        image_put_u64(out, s->instance);
        image_put_u64(out, s->element_instance);
        image_put_u64(out, s->shard);
        image_put_u64(out, s->closes);
        image_put_u64(out, s->message);
        image_put_str(out, s->process_id);
    }
}

static void get_subscriptions(struct image_reader *in, struct mailbox *mailbox)
{
    struct waiting_subscription **at = &mailbox->subscriptions;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        struct waiting_subscription *s = ARENA_NEW(in->arena, struct waiting_subscription);
        s->key = image_get_u64(in);
        s->instance = image_get_u64(in);
        s->element_instance = image_get_u64(in);
        s->shard = (uint32_t)image_get_u64(in);
        s->closes = image_get_u64(in) != 0;
        s->message = image_get_u64(in);
        s->process_id = image_get_str(in);
        *at = s;
        at = &s->next;
    }
}

static void put_messages(struct strbuf *out, const struct mailbox *mailbox)
{
    uint64_t count = 0;
    for (const struct buffered_message *m = mailbox->messages; m != NULL; m = m->next)
        count++;
    image_put_u64(out, count);
    for (const struct buffered_message *m = mailbox->messages; m != NULL; m = m->next) {
        image_put_u64(out, m->key);
        image_put_str(out, m->message_id);
        image_put_str(out, m->variables);
        image_put_i64(out, m->published_ms);
        image_put_i64(out, m->expires_ms);
        image_put_u64(out, m->deliveries);
        image_put_i64(out, m->reply.partition);
        image_put_u64(out, m->reply.request);
        image_put_u64(out, m->correlated);
        put_takers(out, m->takers);
    }
}

static void get_messages(struct image_reader *in, struct mailbox *mailbox)
{
    struct buffered_message **at = &mailbox->messages;
    for (uint64_t n = image_get_u64(in); n > 0 && !in->failed; n--) {
        struct buffered_message *m = ARENA_NEW(in->arena, struct buffered_message);
        m->is_stored = true;
        m->key = image_get_u64(in);
        m->message_id = image_get_str(in);
        m->variables = image_get_str(in);
        m->published_ms = image_get_i64(in);
        m->expires_ms = image_get_i64(in);
        m->deliveries = (uint32_t)image_get_u64(in);
        m->reply.partition = (int32_t)image_get_i64(in);
        m->reply.request = image_get_u64(in);
        m->correlated = image_get_u64(in) != 0;
        m->takers = get_takers(in);
        *at = m;
        at = &m->next;
    }
}

str image_of_mailbox(struct arena *arena, const struct mailbox *mailbox)
{
    struct strbuf out = image_new(arena);
    image_put_u64(&out, mailbox->stream.key);
    image_put_u64(&out, mailbox->stream.sequence);
    image_put_u64(&out, mailbox->kind);
    image_put_str(&out, mailbox->name);
    image_put_str(&out, mailbox->correlation_key);
    image_put_str(&out, mailbox->tenant);
    put_subscriptions(&out, mailbox);
    put_messages(&out, mailbox);
    put_takers(&out, mailbox->locks);
    return image_finish(&out);
}

bool image_read_mailbox(str image, struct mailbox *mailbox, struct error *err)
{
    struct image_reader in;
    if (!image_begin(&in, image, &mailbox->stream.arena))
        return image_end(&in, err);
    mailbox->stream.key = image_get_u64(&in);
    mailbox->stream.sequence = image_get_u64(&in);
    mailbox->kind = (enum subscription_kind)image_get_u64(&in);
    mailbox->name = image_get_str(&in);
    mailbox->correlation_key = image_get_str(&in);
    mailbox->tenant = image_get_str(&in);
    get_subscriptions(&in, mailbox);
    get_messages(&in, mailbox);
    mailbox->locks = get_takers(&in);
    mailbox->stream.is_stored = mailbox->row_exists = true;
    return image_end(&in, err);
}
