// SPDX-License-Identifier: Apache-2.0
// The mailboxes of a store that lives in memory: rows in, images out.
#ifndef BATON_SIM_MAILBOXES_H
#define BATON_SIM_MAILBOXES_H

#include "base/map.h"
#include "engine/engine.h"

struct mailboxes {
    struct arena *arena;
    struct map by_name;
    struct idmap entries; // by key
};

struct mailboxes mailboxes_new(struct arena *arena);
void mailboxes_write(struct mailboxes *mailboxes, const struct changes *changes);

// The image of the mailbox: the one of its row and those of its entries, by their numbers. Empty:
// there is none. It belongs to the arena of the mailboxes.
str mailboxes_image(const struct mailboxes *mailboxes, const struct stream_ref *ref);

#endif
