// SPDX-License-Identifier: Apache-2.0
#include "insight/tree.h"

#include "base/array.h"

struct tree *tree_node(struct arena *arena, enum tree_kind kind, size_t count)
{
    struct tree *tree = ARENA_NEW(arena, struct tree);
    tree->kind = kind;
    tree->count = count;
    tree->children = ARENA_ARRAY(arena, struct tree *, count);
    return tree;
}

struct tree *tree_leaf(struct arena *arena, str activity)
{
    struct tree *tree = tree_node(arena, TREE_ACTIVITY, 0);
    tree->activity = activity;
    return tree;
}

struct tree *tree_silent(struct arena *arena)
{
    return tree_node(arena, TREE_SILENT, 0);
}

// -- Folding ------------------------------------------------------------------------------

typedef ARRAY(struct tree *) tree_list;

// Can it do nothing at all?
static bool is_skippable(const struct tree *tree)
{
    bool all = true, any = false;
    for (size_t i = 0; i < tree->count; i++) {
        bool can = is_skippable(tree->children[i]);
        all &= can;
        any |= can;
    }
    switch (tree->kind) {
    case TREE_ACTIVITY:
        return false;
    case TREE_SILENT:
        return true;
    case TREE_CHOICE:
        return any;
    case TREE_SEQUENCE:
    case TREE_PARALLEL:
        return all;
    case TREE_LOOP:
        return is_skippable(tree->children[0]);
    }
    check_unreachable();
}

// The folded children, those of the same kind opened up.
static void collect(struct arena *arena, const struct tree *tree, tree_list *list)
{
    for (size_t i = 0; i < tree->count; i++) {
        struct tree *child = tree_fold(arena, tree->children[i]);
        if (child->kind != tree->kind)
            *ARRAY_PUSH(arena, list) = child;
        for (size_t k = 0; child->kind == tree->kind && k < child->count; k++)
            *ARRAY_PUSH(arena, list) = child->children[k];
    }
}

static void drop_silent(tree_list *list)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i]->kind != TREE_SILENT)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

static struct tree *node_of(struct arena *arena, enum tree_kind kind, const tree_list *list)
{
    if (list->count == 0)
        return tree_silent(arena);
    if (list->count == 1)
        return list->items[0];
    struct tree *node = tree_node(arena, kind, list->count);
    memcpy(node->children, list->items, sizeof *list->items * list->count);
    return node;
}

// One silent choice is enough, and none where another can do nothing as well.
static struct tree *fold_choice(struct arena *arena, tree_list *list)
{
    size_t before = list->count;
    bool is_skipped = false;
    drop_silent(list);
    for (size_t i = 0; i < list->count; i++)
        is_skipped |= is_skippable(list->items[i]);
    if (list->count < before && !is_skipped)
        *ARRAY_PUSH(arena, list) = tree_silent(arena);
    return node_of(arena, TREE_CHOICE, list);
}

// *(*(a, tau), b) repeats what repeats; *(tau, tau) does nothing.
static struct tree *fold_loop(struct arena *arena, const struct tree *tree)
{
    struct tree *first = tree_fold(arena, tree->children[0]);
    struct tree *again = tree_fold(arena, tree->children[1]);
    if (first->kind == TREE_SILENT && again->kind == TREE_SILENT)
        return first;
    if (again->kind == TREE_SILENT && first->kind == TREE_LOOP &&
        (first->children[1]->kind == TREE_SILENT || first->children[0]->kind == TREE_SILENT))
        return first;
    struct tree *node = tree_node(arena, TREE_LOOP, 2);
    node->children[0] = first;
    node->children[1] = again;
    return node;
}

struct tree *tree_fold(struct arena *arena, const struct tree *tree)
{
    tree_list list = {0};
    if (tree->kind == TREE_ACTIVITY)
        return tree_leaf(arena, tree->activity);
    if (tree->kind == TREE_SILENT)
        return tree_silent(arena);
    if (tree->kind == TREE_LOOP)
        return fold_loop(arena, tree);
    collect(arena, tree, &list);
    if (tree->kind == TREE_CHOICE)
        return fold_choice(arena, &list);
    drop_silent(&list);
    return node_of(arena, tree->kind, &list);
}

// -- Text ---------------------------------------------------------------------------------

static const char *const signs[] = {"", "tau", "->", "X", "+", "*"};

static void add_text(struct strbuf *out, const struct tree *tree)
{
    if (tree->kind == TREE_ACTIVITY) {
        strbuf_format(out, "'%.*s'", STR_ARG(tree->activity));
        return;
    }
    strbuf_add(out, str_of(signs[tree->kind]));
    for (size_t i = 0; i < tree->count; i++) {
        strbuf_add(out, i == 0 ? STR("( ") : STR(", "));
        add_text(out, tree->children[i]);
    }
    if (tree->count > 0)
        strbuf_add(out, STR(" )"));
}

str tree_text(struct arena *arena, const struct tree *tree)
{
    struct strbuf out = strbuf_new(arena);
    add_text(&out, tree);
    return strbuf_str(&out);
}
