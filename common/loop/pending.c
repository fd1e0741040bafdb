// SPDX-License-Identifier: Apache-2.0
#include "loop/pending.h"

#include <stdlib.h>

struct pending {
    struct pending_list *list; // NULL: cancelled
    struct pending *next;
    struct pending *previous;
    void *owner;
};

struct pending *pending_new(struct pending_list *list, void *owner)
{
    struct pending *pending = calloc(1, sizeof *pending);
    check(pending != NULL && owner != NULL);
    *pending = (struct pending){.list = list, .next = list->first, .owner = owner};
    if (list->first != NULL)
        list->first->previous = pending;
    list->first = pending;
    list->count++;
    return pending;
}

void *pending_owner(const struct pending *pending)
{
    return pending->owner;
}

void *pending_end(struct pending *pending)
{
    void *owner = pending->owner;
    if (pending->list != NULL) {
        check(pending->list->count > 0);
        pending->list->count--;
        if (pending->previous != NULL)
            pending->previous->next = pending->next;
        else
            pending->list->first = pending->next;
        if (pending->next != NULL)
            pending->next->previous = pending->previous;
    }
    free(pending);
    return owner;
}

void pending_cancel(struct pending_list *list)
{
    for (struct pending *pending = list->first; pending != NULL;) {
        struct pending *next = pending->next;
        *pending = (struct pending){0};
        pending = next;
    }
    *list = (struct pending_list){.generation = list->generation + 1};
}
