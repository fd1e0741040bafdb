// SPDX-License-Identifier: Apache-2.0
#include "store/record_names.h"

#include "record/rows.h"

void record_names_init(struct record_names *names)
{
    *names = (struct record_names){.arena = ARENA_EMPTY};
    names->definitions = idmap_new(&names->arena);
}

void record_names_done(struct record_names *names)
{
    arena_done(&names->arena);
}

void record_names_bound(struct record_names *names)
{
    if (names->added <= RECORD_NAMES_MOST)
        return;
    record_names_done(names);
    record_names_init(names);
}

const struct definition_names *record_names_find(const struct record_names *names,
                                                 uint64_t definition)
{
    return definition != 0 ? idmap_get(&names->definitions, definition) : NULL;
}

struct definition_names *record_names_add(struct record_names *names, uint64_t definition,
                                          const struct definition_names *words)
{
    struct definition_names *kept = ARENA_NEW(&names->arena, struct definition_names);
    *kept = (struct definition_names){.id = str_copy(&names->arena, words->id),
                                      .version = words->version,
                                      .tenant = str_copy(&names->arena, words->tenant)};
    idmap_put(&names->definitions, definition, kept);
    names->added++;
    return kept;
}

void record_names_add_element(struct record_names *names, struct definition_names *definition,
                              uint32_t element, const struct element_names *words)
{
    while (definition->elements.count < element)
        (void)ARRAY_PUSH(&names->arena, &definition->elements);
    if (element > 0)
        definition->elements.items[element - 1] =
            (struct element_names){.id = str_copy(&names->arena, words->id),
                                   .name = str_copy(&names->arena, words->name),
                                   .type = str_copy(&names->arena, words->type),
                                   .listeners = str_copy(&names->arena, words->listeners)};
}

struct element_names record_names_of(const struct definition_names *definition, uint32_t element,
                                     struct arena *arena)
{
    if (element > 0 && element <= definition->elements.count &&
        !str_is_empty(definition->elements.items[element - 1].id))
        return definition->elements.items[element - 1];
    str number = str_format(arena, "#%u", element);
    return (struct element_names){.id = number, .name = number, .type = STR("task")};
}

str record_names_listener(const struct element_names *element, uint32_t listener)
{
    static const char *const global[] = {"creating", "assigning", "updating", "completing",
                                         "canceling"};
    if (listener > JOB_GLOBAL_LISTENER && listener <= JOB_GLOBAL_LISTENER + COUNT_OF(global))
        return str_of(global[listener - JOB_GLOBAL_LISTENER - 1]);
    str left = element->listeners, word = STR_EMPTY;
    for (uint32_t i = 0; i < listener; i++)
        if (!str_split(&left, ' ', &word))
            return STR_EMPTY;
    return word;
}
