// SPDX-License-Identifier: Apache-2.0
// Texts that are the same in every value of a program, and where they are in it.
#include "base/json_pointer.h"
#include "feel/node.h"

struct walk {
    struct arena *arena;
    feel_fixed_text *seen;
    void *context;
};

static str step_at(struct arena *arena, str pointer, size_t index)
{
    return str_format(arena, "%.*s/%zu", STR_ARG(pointer), index);
}

static void walk_value(const struct walk *walk, feel_value value, str pointer)
{
    if (feel_is(value, FEEL_STRING))
        walk->seen(walk->context, value.string, pointer);
    for (size_t i = 0; feel_is(value, FEEL_LIST) && i < value.list.count; i++)
        walk_value(walk, value.list.items[i], step_at(walk->arena, pointer, i));
    for (size_t i = 0; feel_is(value, FEEL_CONTEXT) && i < value.context->count; i++) {
        const struct feel_entry *entry = &value.context->entries[i];
        walk_value(walk, entry->value, json_pointer_step(walk->arena, pointer, entry->name));
    }
}

static void walk_node(const struct walk *walk, const struct node *node, str pointer)
{
    if (node->kind == NODE_CONSTANT)
        walk_value(walk, node->constant, pointer);
    for (size_t i = 0; node->kind == NODE_LIST && i < node->count; i++)
        walk_node(walk, node->items[i], step_at(walk->arena, pointer, i));
    for (size_t i = 0; node->kind == NODE_CONTEXT && i < node->entry_count; i++)
        walk_node(walk, node->entries[i].value,
                  json_pointer_step(walk->arena, pointer, node->entries[i].name));
}

void feel_program_fixed_texts(const struct feel_program *program, struct arena *arena,
                              feel_fixed_text *seen, void *context)
{
    const struct walk walk = {arena, seen, context};
    walk_node(&walk, program->root, STR_EMPTY);
}
