// SPDX-License-Identifier: Apache-2.0
#include "history/open_keys.h"

#include "engine/image.h"

struct list {
    uint64_t *keys;
    size_t count, most;
};

static void add(struct list *list, uint64_t key)
{
    if (list->count < list->most)
        list->keys[list->count++] = key;
}

static void add_attachments(const struct element_instance *of, struct list *jobs,
                            struct list *waits)
{
    for (const struct attachment *a = of->attachments; a != NULL; a = a->next) {
        switch (a->entity.kind) {
        case ENTITY_KIND_JOB:
            add(jobs, a->entity.key);
            break;
        case ENTITY_KIND_TIMER:
        case ENTITY_KIND_SUBSCRIPTION:
            add(waits, a->entity.key);
            break;
        case ENTITY_KIND_ELEMENT:
        case ENTITY_KIND_USER_TASK:
        case ENTITY_KIND_INCIDENT:
            break; // their rows have an index by instance
        }
    }
}

// The depth of the tree costs no stack.
static const struct element_instance *next_of(const struct element_instance *at)
{
    if (at->first_child != NULL)
        return at->first_child;
    while (at != NULL && at->next == NULL)
        at = at->scope;
    return at != NULL ? at->next : NULL;
}

bool open_keys_read(const struct engine_environment *environment, struct arena *arena, str image,
                    struct open_most most, struct open_keys *ret_keys, struct error *err)
{
    struct instance *instance = instance_new(0);
    bool is_good = image_read_instance(environment, image, instance, err);
    if (is_good) {
        struct list jobs = {ARENA_ARRAY(arena, uint64_t, most.jobs), 0, most.jobs};
        struct list waits = {ARENA_ARRAY(arena, uint64_t, most.waits), 0, most.waits};
        for (const struct element_instance *at = instance->root; at != NULL; at = next_of(at))
            add_attachments(at, &jobs, &waits);
        *ret_keys = (struct open_keys){jobs.keys, jobs.count, waits.keys, waits.count};
    }
    stream_free(&instance->stream);
    return is_good;
}
