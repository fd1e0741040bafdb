// SPDX-License-Identifier: Apache-2.0
//
// Process trees: block-structured models. What a miner finds is a tree; nets and diagrams are made
// of it.
#ifndef BATON_INSIGHT_TREE_H
#define BATON_INSIGHT_TREE_H

#include "base/error.h"
#include "base/strbuf.h"
#include "insight/limits.h"

enum tree_kind {
    TREE_ACTIVITY,
    TREE_SILENT,
    TREE_SEQUENCE, // one after the other
    TREE_CHOICE,   // one of them
    TREE_PARALLEL, // all, in any order and interleaved
    TREE_LOOP,     // the first, then any number of times: the second, the first
};

struct tree {
    enum tree_kind kind;
    str activity; // TREE_ACTIVITY
    size_t count;
    struct tree **children;
};

struct tree *tree_leaf(struct arena *arena, str activity);
struct tree *tree_silent(struct arena *arena);

// A node with room for `count` children, which the caller sets.
struct tree *tree_node(struct arena *arena, enum tree_kind kind, size_t count);

// The same language with fewer nodes: sequences in sequences, choices in choices and parallels in
// parallels become one, silent steps go where they change nothing.
struct tree *tree_fold(struct arena *arena, const struct tree *tree);

// ->( 'a', X( 'b', tau ) ), as PM4Py writes it: -> X + *.
str tree_text(struct arena *arena, const struct tree *tree);

// PTML, as ProM and PM4Py have it.
str tree_write_ptml(struct arena *arena, const struct tree *tree, str name);
MUST_CHECK bool tree_read_ptml(struct arena *arena, str text, struct tree **ret_tree,
                               struct error *err);

#endif
