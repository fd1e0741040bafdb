// SPDX-License-Identifier: Apache-2.0
//
// What falls due soon on a shard: timers, leases, back-offs, expiries, in the order of their time.
// Only what is due within DUE_HORIZON_MS is in memory; the rest are rows. A job that is done before
// its lease comes near costs nothing here.
#ifndef BATON_NODE_DUE_LIST_H
#define BATON_NODE_DUE_LIST_H

#include "record/rows.h"
#include "store/store.h"

enum {
    DUE_HORIZON_MS = 20000,
    DUE_RELOAD_MS = 10000,
    DUE_RETRY_MS = 30000, // a command that changed nothing is sent again: after this, then twice …
    DUE_LONGEST_RETRY_MS = 3600000, // … as long each time, up to this
};

struct due_list;

struct due_list *due_list_new(void);
void due_list_free(struct due_list *list);

// Adds one, or moves it to another time. What was taken with the same time and still rests is not
// added again: its command is on its way, or was in vain.
void due_list_add(struct due_list *list, const struct store_due *due, int64_t now_ms);

void due_list_remove(struct due_list *list, uint64_t key);

// Brings the list up to date with what a batch changed.
void due_list_apply(struct due_list *list, const struct changes *changes, int64_t now_ms);

// Takes the first one that is due; false when none is. Slices are valid until the entry is removed.
bool due_list_take(struct due_list *list, int64_t now_ms, struct store_due *ret_due);

// How many were taken and still stand.
size_t due_list_taken(const struct due_list *list);

// When the next one is due; INT64_MAX when the list is empty.
int64_t due_list_next_ms(const struct due_list *list);

#endif
