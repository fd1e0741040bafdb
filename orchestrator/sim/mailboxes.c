// SPDX-License-Identifier: Apache-2.0
#include "sim/mailboxes.h"

#include "base/strbuf.h"

#include <stdlib.h>

struct mailboxes mailboxes_new(struct arena *arena)
{
    return (struct mailboxes){arena, map_new(arena), idmap_new(arena)};
}

static str name_of(struct arena *arena, const struct stream_ref *ref)
{
    return str_format(arena, "%d:%zu:%zu:%.*s:%.*s:%.*s", ref->subscription_kind, ref->tenant.len,
                      ref->name.len, STR_ARG(ref->tenant), STR_ARG(ref->name),
                      STR_ARG(ref->correlation_key));
}

static void write_mailbox(struct mailboxes *mailboxes, const struct mailbox_row *row)
{
    const struct stream_ref ref = {.subscription_kind = row->kind,
                                   .tenant = row->tenant,
                                   .name = row->name,
                                   .correlation_key = row->correlation_key};
    struct mailbox_row *kept = arena_copy(mailboxes->arena, row, sizeof *row);
    kept->image = str_copy(mailboxes->arena, row->image);
    map_put(&mailboxes->by_name, name_of(mailboxes->arena, &ref), kept);
}

static void write_entry(struct mailboxes *mailboxes, const struct mailbox_entry_row *row)
{
    const bool is_there = idmap_get(&mailboxes->entries, row->key) != NULL;
    check(is_there == (row->change != ROW_INSERT));
    if (row->change == ROW_DELETE) {
        (void)idmap_remove(&mailboxes->entries, row->key);
        return;
    }
    struct mailbox_entry_row *kept = arena_copy(mailboxes->arena, row, sizeof *row);
    kept->image = str_copy(mailboxes->arena, row->image);
    idmap_put(&mailboxes->entries, row->key, kept);
}

void mailboxes_write(struct mailboxes *mailboxes, const struct changes *changes)
{
    for (size_t i = 0; i < changes->mailboxes.count; i++)
        write_mailbox(mailboxes, &changes->mailboxes.items[i]);
    for (size_t i = 0; i < changes->mailbox_entries.count; i++)
        write_entry(mailboxes, &changes->mailbox_entries.items[i]);
}

static int compare_numbers(const void *a, const void *b)
{
    const struct mailbox_entry_row *const *x = a, *const *y = b;
    return (*x)->number < (*y)->number ? -1 : 1;
}

str mailboxes_image(const struct mailboxes *mailboxes, const struct stream_ref *ref)
{
    const struct mailbox_row *mailbox =
        map_get(&mailboxes->by_name, name_of(mailboxes->arena, ref));
    ARRAY(const struct mailbox_entry_row *) entries = {0};
    struct strbuf out = strbuf_new(mailboxes->arena);
    size_t cursor = 0;
    uint64_t key;
    void *value;
    if (mailbox == NULL || mailbox->change == ROW_DELETE)
        return STR_EMPTY;
    while (idmap_next(&mailboxes->entries, &cursor, &key, &value))
        if (((const struct mailbox_entry_row *)value)->mailbox == mailbox->key)
            *ARRAY_PUSH(mailboxes->arena, &entries) = value;
    if (entries.count > 1)
        qsort(entries.items, entries.count, sizeof *entries.items, compare_numbers);
    strbuf_add(&out, mailbox->image);
    for (size_t i = 0; i < entries.count; i++)
        strbuf_add(&out, entries.items[i]->image);
    return strbuf_str(&out);
}
