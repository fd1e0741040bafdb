// SPDX-License-Identifier: Apache-2.0
//
// A mailbox's image is written in parts: first itself, then each of its entries in their order. A
// part is an image of its own with its length in front, so that an entry is written where it is a
// row, and the image of the whole is the rows one after the other.
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

// -- Parts ------------------------------------------------------------------------------

static str part_finish(struct arena *arena, struct strbuf *image)
{
    str finished = image_finish(image);
    struct strbuf out = strbuf_new(arena);
    image_put_str(&out, finished);
    return strbuf_str(&out);
}

// The next part of what is left; empty when it is damaged.
static str part_next(str *rest)
{
    struct image_reader in = {.rest = *rest};
    uint64_t len = image_get_u64(&in);
    if (in.failed || len > in.rest.len) {
        *rest = STR_EMPTY;
        return STR_EMPTY;
    }
    str part = str_sub(in.rest, 0, len);
    *rest = str_from_index(in.rest, len);
    return part;
}

// -- Entries ----------------------------------------------------------------------------

static void put_subscription(struct strbuf *out, const struct waiting_subscription *s)
{
    image_put_u64(out, s->instance);
    image_put_u64(out, s->element_instance);
    image_put_u64(out, s->shard);
    image_put_u64(out, s->closes);
    image_put_u64(out, s->message);
    image_put_str(out, s->process->id);
}

static void put_message(struct strbuf *out, const struct buffered_message *m)
{
    image_put_str(out, m->message_id);
    image_put_str(out, m->variables);
    image_put_i64(out, m->published_ms);
    image_put_i64(out, m->expires_ms);
    image_put_u64(out, m->deliveries);
    image_put_i64(out, m->reply.partition);
    image_put_u64(out, m->reply.request);
    image_put_u64(out, m->correlated);
    image_put_str(out, m->reach);
    image_put_str(out, m->sender);
    image_put_str(out, m->business_id);
    put_takers(out, m->takers);
}

str image_of_entry(struct arena *arena, const struct mailbox_entry *entry)
{
    struct strbuf out = image_new(arena);
    image_put_u64(&out, entry->is_message);
    image_put_u64(&out, entry->key);
    image_put_u64(&out, entry->number);
    if (entry->is_message)
        put_message(&out, (const struct buffered_message *)entry);
    else
        put_subscription(&out, (const struct waiting_subscription *)entry);
    return part_finish(arena, &out);
}

static void get_subscription(struct image_reader *in, struct mailbox *mailbox,
                             struct mailbox_entry entry)
{
    struct waiting_subscription *s = ARENA_NEW(in->arena, struct waiting_subscription);
    s->entry = entry;
    s->instance = image_get_u64(in);
    s->element_instance = image_get_u64(in);
    s->shard = (uint32_t)image_get_u64(in);
    s->closes = image_get_u64(in) != 0;
    s->message = image_get_u64(in);
    s->process = apply_taking_process(mailbox, image_get_str(in));
    if (!in->failed)
        apply_add_waiting(mailbox, s);
}

static void get_message(struct image_reader *in, struct mailbox *mailbox,
                        struct mailbox_entry entry)
{
    struct buffered_message *m = ARENA_NEW(in->arena, struct buffered_message);
    m->entry = entry;
    m->message_id = image_get_str(in);
    m->variables = image_get_str(in);
    m->published_ms = image_get_i64(in);
    m->expires_ms = image_get_i64(in);
    m->deliveries = (uint32_t)image_get_u64(in);
    m->reply.partition = (int32_t)image_get_i64(in);
    m->reply.request = image_get_u64(in);
    m->correlated = image_get_u64(in) != 0;
    m->reach = image_get_str(in);
    m->sender = image_get_str(in);
    m->business_id = image_get_str(in);
    m->takers = get_takers(in);
    if (!in->failed)
        apply_add_message(mailbox, m);
}

// The keys and numbers of a mailbox's entries are their own, and these rise.
static bool is_in_order(const struct mailbox *mailbox, const struct mailbox_entry *entry,
                        uint64_t last)
{
    return entry->key != 0 && entry->number > last && entry->number <= mailbox->last_number &&
           idmap_get(&mailbox->by_key, entry->key) == NULL;
}

static bool read_entry(str part, struct mailbox *mailbox, uint64_t *last, struct error *err)
{
    struct image_reader in;
    if (!image_begin(&in, part, &mailbox->stream.arena))
        return image_end(&in, err);
    struct mailbox_entry entry = {.is_message = image_get_u64(&in) != 0, .is_stored = true};
    entry.key = image_get_u64(&in);
    entry.number = image_get_u64(&in);
    in.failed = in.failed || !is_in_order(mailbox, &entry, *last);
    if (in.failed)
        return image_end(&in, err);
    *last = entry.number;
    if (entry.is_message)
        get_message(&in, mailbox, entry);
    else
        get_subscription(&in, mailbox, entry);
    return image_end(&in, err);
}

// -- The whole --------------------------------------------------------------------------

static size_t count_of(const struct mailbox *mailbox)
{
    return mailbox->by_key.count;
}

str image_of_mailbox_head(struct arena *arena, const struct mailbox *mailbox)
{
    struct strbuf out = image_new(arena);
    image_put_u64(&out, mailbox->stream.key);
    image_put_u64(&out, mailbox->stream.sequence);
    image_put_u64(&out, mailbox->kind);
    image_put_str(&out, mailbox->name);
    image_put_str(&out, mailbox->correlation_key);
    image_put_str(&out, mailbox->tenant);
    image_put_u64(&out, mailbox->last_number);
    image_put_u64(&out, count_of(mailbox));
    put_takers(&out, mailbox->locks);
    return part_finish(arena, &out);
}

str image_of_mailbox(struct arena *arena, const struct mailbox *mailbox)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, image_of_mailbox_head(arena, mailbox));
    const struct mailbox_entry *s = mailbox->subscriptions.first, *m = mailbox->messages.first;
    while (s != NULL || m != NULL) {
        const struct mailbox_entry **least =
            m == NULL || (s != NULL && s->number < m->number) ? &s : &m;
        strbuf_add(&out, image_of_entry(arena, *least));
        *least = (*least)->next;
    }
    return strbuf_str(&out);
}

static bool read_head(str part, struct mailbox *mailbox, uint64_t *ret_count, struct error *err)
{
    struct image_reader in;
    if (!image_begin(&in, part, &mailbox->stream.arena))
        return image_end(&in, err);
    mailbox->stream.key = image_get_u64(&in);
    mailbox->stream.sequence = image_get_u64(&in);
    mailbox->kind = (enum subscription_kind)image_get_u64(&in);
    mailbox->name = image_get_str(&in);
    mailbox->correlation_key = image_get_str(&in);
    mailbox->tenant = image_get_str(&in);
    mailbox->last_number = image_get_u64(&in);
    *ret_count = image_get_u64(&in);
    mailbox->locks = get_takers(&in);
    return image_end(&in, err);
}

bool image_read_mailbox(str image, struct mailbox *mailbox, struct error *err)
{
    uint64_t count = 0, last = 0;
    str rest = image;
    if (!read_head(part_next(&rest), mailbox, &count, err))
        return false;
    while (rest.len > 0)
        if (!read_entry(part_next(&rest), mailbox, &last, err))
            return false;
    if (count != count_of(mailbox))
        return error_set(err, ERROR_INVALID, "image",
                         "the mailbox should have %llu entries, %zu are stored",
                         (unsigned long long)count, count_of(mailbox));
    mailbox->stream.is_stored = mailbox->row_exists = true;
    return true;
}
