// SPDX-License-Identifier: Apache-2.0
//
// IM and IMf (Leemans, Fahland, van der Aalst, 2013). Each function takes a log and gives the tree
// of it; logs of a level live until the level is done.
#include "insight/inductive.h"

#include <stdlib.h>

#include "insight/inductive_graph.h"
#include "insight/mined_log.h"

struct miner {
    struct arena *arena; // of the tree
    const struct event_log *log;
    double noise;
    uint64_t steps_left;
    uint32_t depth;
    bool is_bounded;
};

enum { DEPTH_MOST = 2000 };

static struct tree *mine(struct miner *m, const struct mined_log *log);

static str name_of(const struct miner *m, const struct mined_log *log, uint32_t activity)
{
    return event_log_activity(m->log, log->global[activity]);
}

static uint32_t length_of(const struct mined_log *log, uint32_t v)
{
    return log->first[v + 1] - log->first[v];
}

// Takes from what may still be done; false when it is used up.
static bool spend(struct miner *m, uint64_t steps)
{
    if (steps >= m->steps_left)
        m->is_bounded = true;
    else
        m->steps_left -= steps;
    return !m->is_bounded;
}

static uint64_t cost_of(const struct mined_log *log)
{
    return log->first[log->count] + (uint64_t)log->n * log->n + log->count + 16;
}

// -- Projections --------------------------------------------------------------------------

// The trace goes to the group that most of it is in; of equal ones to the last. What is of others
// goes.
static void project_choice(const struct mined_log *log, const struct mined_cut *cut,
                           struct log_maker *parts)
{
    uint32_t *counts = ARENA_ARRAY(parts->arena, uint32_t, cut->count);
    for (uint32_t v = 0; v < log->count; v++) {
        uint32_t best = cut->count - 1;
        memset(counts, 0, sizeof *counts * cut->count);
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            if (cut->group[log->steps[i]] != NO_GROUP)
                counts[cut->group[log->steps[i]]]++;
        for (uint32_t g = cut->count; g-- > 0;)
            best = counts[g] > counts[best] ? g : best;
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            if (cut->group[log->steps[i]] == best)
                log_maker_step(&parts[best], log->steps[i]);
        log_maker_end(&parts[best], log->traces[v]);
    }
}

// Where the part of a group ends: behind it as few as possible of its activities are left, and
// before it as few as possible of later groups.
static uint32_t split_point(const struct mined_log *log, const struct mined_cut *cut, uint32_t v,
                            uint32_t from, uint32_t group)
{
    int64_t cost = 0, least = 0;
    uint32_t best = from;
    for (uint32_t i = from; i < log->first[v + 1]; i++) {
        uint32_t of = cut->group[log->steps[i]];
        cost += of == group ? -1 : of == NO_GROUP || of > group ? 1 : 0;
        if (cost < least) {
            least = cost;
            best = i + 1;
        }
    }
    return best;
}

struct stretch {
    uint32_t from, to; // steps
};

static void take_group(const struct mined_log *log, const struct mined_cut *cut,
                       struct stretch stretch, struct log_maker *part, uint32_t group)
{
    for (uint32_t i = stretch.from; i < stretch.to; i++)
        if (cut->group[log->steps[i]] == group)
            log_maker_step(part, log->steps[i]);
}

static void project_sequence(const struct mined_log *log, const struct mined_cut *cut,
                             struct log_maker *parts)
{
    for (uint32_t v = 0; v < log->count; v++) {
        uint32_t at = log->first[v];
        for (uint32_t g = 0; g < cut->count; g++) {
            uint32_t end = split_point(log, cut, v, at, g);
            take_group(log, cut, (struct stretch){at, end}, &parts[g], g);
            log_maker_end(&parts[g], log->traces[v]);
            at = end;
        }
    }
}

static void project_parallel(const struct mined_log *log, const struct mined_cut *cut,
                             struct log_maker *parts)
{
    for (uint32_t v = 0; v < log->count; v++) {
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            if (cut->group[log->steps[i]] != NO_GROUP)
                log_maker_step(&parts[cut->group[log->steps[i]]], log->steps[i]);
        for (uint32_t g = 0; g < cut->count; g++)
            log_maker_end(&parts[g], log->traces[v]);
    }
}

// Runs of the body and runs of what is done again, one after the other. A trace that ends with the
// latter has an empty body behind it.
static void project_loop(const struct mined_log *log, const struct mined_cut *cut,
                         struct log_maker *parts)
{
    for (uint32_t v = 0; v < log->count; v++) {
        uint32_t now = NO_GROUP;
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++) {
            uint32_t group = cut->group[log->steps[i]];
            if (now != NO_GROUP && group != now)
                log_maker_end(&parts[now], log->traces[v]);
            now = group;
            if (group != NO_GROUP)
                log_maker_step(&parts[group], log->steps[i]);
        }
        if (now == 1)
            log_maker_end(&parts[1], log->traces[v]);
        log_maker_end(&parts[0], log->traces[v]);
    }
}

// -- Cuts ---------------------------------------------------------------------------------

struct kind_of_cut {
    bool (*find)(struct arena *arena, const struct mined_graph *graph, struct mined_cut *ret_cut);
    void (*project)(const struct mined_log *log, const struct mined_cut *cut,
                    struct log_maker *parts);
    enum tree_kind kind;
};

static const struct kind_of_cut cuts[] = {
    {cut_choice, project_choice, TREE_CHOICE},
    {cut_sequence, project_sequence, TREE_SEQUENCE},
    {cut_parallel, project_parallel, TREE_PARALLEL},
    {cut_loop, project_loop, TREE_LOOP},
};

static struct tree *mine_parts(struct miner *m, const struct mined_log *log,
                               const struct kind_of_cut *kind, const struct mined_cut *cut,
                               struct arena *level)
{
    struct log_maker *parts = ARENA_ARRAY(level, struct log_maker, cut->count);
    struct tree *tree = tree_node(m->arena, kind->kind, cut->count);
    for (uint32_t g = 0; g < cut->count; g++)
        parts[g] = log_maker_new(level);
    kind->project(log, cut, parts);
    for (uint32_t g = 0; g < cut->count; g++) {
        struct mined_log *part = log_maker_finish(&parts[g], log->global, log->n);
        tree->children[g] = mine(m, part);
    }
    return tree;
}

// NULL: the graph has no cut.
static struct tree *mine_cut(struct miner *m, const struct mined_log *log,
                             const struct mined_graph *graph, struct arena *level)
{
    for (size_t i = 0; i < COUNT_OF(cuts); i++) {
        struct mined_cut cut;
        if (cuts[i].find(level, graph, &cut))
            return mine_parts(m, log, &cuts[i], &cut, level);
    }
    return NULL;
}

// -- When there is no cut -----------------------------------------------------------------

static struct tree *pair_of(struct miner *m, enum tree_kind kind, struct tree *a, struct tree *b)
{
    struct tree *tree = tree_node(m->arena, kind, 2);
    tree->children[0] = a;
    tree->children[1] = b;
    return tree;
}

// The log without an activity, or of nothing else.
static struct mined_log *project_one(const struct mined_log *log, uint32_t activity, bool is_alone,
                                     struct arena *level)
{
    struct log_maker maker = log_maker_new(level);
    for (uint32_t v = 0; v < log->count; v++) {
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            if ((log->steps[i] == activity) == is_alone)
                log_maker_step(&maker, log->steps[i]);
        log_maker_end(&maker, log->traces[v]);
    }
    return log_maker_finish(&maker, log->global, log->n);
}

static struct tree *mine_beside(struct miner *m, const struct mined_log *log, uint32_t activity,
                                struct arena *level)
{
    struct mined_log *alone = project_one(log, activity, true, level);
    struct mined_log *others = project_one(log, activity, false, level);
    struct tree *first = mine(m, alone);
    return pair_of(m, TREE_PARALLEL, first, mine(m, others));
}

// The first activity that occurs once in every trace; NO_GROUP: none does.
static uint32_t once_in_every_trace(const struct mined_log *log, struct arena *level)
{
    uint32_t *seen = ARENA_ARRAY(level, uint32_t, log->n + 1); // sequences with it exactly once
    uint32_t *here = ARENA_ARRAY(level, uint32_t, log->n + 1);
    for (uint32_t v = 0; v < log->count; v++) {
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            here[log->steps[i]]++;
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            seen[log->steps[i]] += here[log->steps[i]] == 1;
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            here[log->steps[i]] = 0;
    }
    for (uint32_t a = 0; a < log->n; a++)
        if (seen[a] == log->count)
            return a;
    return NO_GROUP;
}

// The first activity without which there is a cut.
static uint32_t in_the_way(struct miner *m, const struct mined_log *log)
{
    uint32_t found = NO_GROUP;
    struct arena scratch = ARENA_EMPTY;
    for (uint32_t a = 0; a < log->n && found == NO_GROUP; a++) {
        struct mined_log *others = project_one(log, a, false, &scratch);
        struct mined_graph *graph = mined_graph_of(&scratch, others);
        struct mined_cut cut;
        if (!spend(m, 3 * cost_of(log)))
            break;
        for (size_t i = 0; i < COUNT_OF(cuts) && found == NO_GROUP; i++)
            found = cuts[i].find(&scratch, graph, &cut) ? a : NO_GROUP;
        arena_reset(&scratch);
    }
    arena_done(&scratch);
    return found;
}

// The log whose traces are cut where one begins again; NULL when none does. Strictly: behind an
// activity that ends traces.
static struct mined_log *cut_repetitions(const struct mined_log *log, bool is_strict,
                                         struct arena *level)
{
    bool *begins = ARENA_ARRAY(level, bool, log->n + 1),
         *ends = ARENA_ARRAY(level, bool, log->n + 1);
    struct log_maker maker = log_maker_new(level);
    bool is_cut = false;
    for (uint32_t v = 0; v < log->count; v++)
        if (length_of(log, v) > 0) {
            begins[log->steps[log->first[v]]] = true;
            ends[log->steps[log->first[v + 1] - 1]] = true;
        }
    for (uint32_t v = 0; v < log->count; v++) {
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++) {
            if (i > log->first[v] && begins[log->steps[i]] &&
                (!is_strict || ends[log->steps[i - 1]])) {
                log_maker_end(&maker, log->traces[v]);
                is_cut = true;
            }
            log_maker_step(&maker, log->steps[i]);
        }
        log_maker_end(&maker, log->traces[v]);
    }
    return is_cut ? log_maker_finish(&maker, log->global, log->n) : NULL;
}

// Anything, any number of times.
static struct tree *flower(struct miner *m, const struct mined_log *log)
{
    struct tree *choice = tree_node(m->arena, TREE_CHOICE, log->n);
    for (uint32_t a = 0; a < log->n; a++)
        choice->children[a] = tree_leaf(m->arena, name_of(m, log, a));
    return pair_of(m, TREE_LOOP, tree_silent(m->arena), choice);
}

static struct tree *fall_through(struct miner *m, const struct mined_log *log, struct arena *level)
{
    uint32_t activity = once_in_every_trace(log, level);
    if (activity == NO_GROUP)
        activity = in_the_way(m, log);
    if (m->is_bounded)
        return flower(m, log);
    if (activity != NO_GROUP)
        return mine_beside(m, log, activity, level);
    struct mined_log *runs = cut_repetitions(log, true, level);
    if (runs == NULL)
        runs = cut_repetitions(log, false, level);
    return runs == NULL ? flower(m, log)
                        : pair_of(m, TREE_LOOP, mine(m, runs), tree_silent(m->arena));
}

// -- The miner ----------------------------------------------------------------------------

// The log without its empty traces; *ret_empty and *ret_all say how many traces there were.
static const struct mined_log *without_empty(const struct mined_log *log, uint64_t *ret_empty,
                                             uint64_t *ret_all, struct arena *level)
{
    struct log_maker maker = log_maker_new(level);
    *ret_empty = *ret_all = 0;
    for (uint32_t v = 0; v < log->count; v++) {
        *ret_all += log->traces[v];
        *ret_empty += length_of(log, v) == 0 ? log->traces[v] : 0;
    }
    if (*ret_empty == 0)
        return log;
    for (uint32_t v = 0; v < log->count; v++) {
        for (uint32_t i = log->first[v]; i < log->first[v + 1]; i++)
            log_maker_step(&maker, log->steps[i]);
        if (length_of(log, v) > 0)
            log_maker_end(&maker, log->traces[v]);
    }
    return log_maker_finish(&maker, log->global, log->n);
}

static struct tree *mine_filled(struct miner *m, const struct mined_log *log, struct arena *level)
{
    if (log->count == 1 && length_of(log, 0) == 1)
        return tree_leaf(m->arena, name_of(m, log, 0));
    if (!spend(m, cost_of(log)) || m->depth > DEPTH_MOST) {
        m->is_bounded = true;
        return flower(m, log);
    }
    struct mined_graph *graph = mined_graph_of(level, log);
    struct tree *tree = mine_cut(m, log, graph, level);
    if (tree == NULL && m->noise > 0)
        tree = mine_cut(m, log, mined_graph_filter(level, graph, m->noise), level);
    return tree != NULL ? tree : fall_through(m, log, level);
}

static struct tree *mine(struct miner *m, const struct mined_log *log)
{
    struct arena level = ARENA_EMPTY;
    uint64_t empty, all;
    m->depth++;
    const struct mined_log *filled = without_empty(log, &empty, &all, &level);
    bool is_rare = (double)empty <= m->noise * (double)all;
    struct tree *tree;
    if (filled->count == 0) {
        tree = tree_silent(m->arena);
    } else {
        tree = mine_filled(m, filled, &level);
        if (empty > 0 && (m->noise == 0 || !is_rare))
            tree = pair_of(m, TREE_CHOICE, tree_silent(m->arena), tree);
    }
    m->depth--;
    arena_done(&level);
    return tree;
}

// -- In and out ---------------------------------------------------------------------------

struct named {
    str name;
    uint32_t activity;
};

static int by_name(const void *a, const void *b)
{
    return str_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

// The log with its activities in the order of their names, so that the answer does not depend on
// the order of the file.
static struct mined_log *log_of(struct arena *arena, const struct event_log *log,
                                const struct variants *variants)
{
    struct named *sorted = ARENA_ARRAY(arena, struct named, log->activity_count);
    uint32_t *global = ARENA_ARRAY(arena, uint32_t, log->activity_count);
    uint32_t *local = ARENA_ARRAY(arena, uint32_t, log->activity_count);
    for (uint32_t a = 0; a < log->activity_count; a++)
        sorted[a] = (struct named){event_log_activity(log, a), a};
    qsort(sorted, log->activity_count, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < log->activity_count; i++) {
        global[i] = sorted[i].activity;
        local[sorted[i].activity] = i;
    }
    struct log_maker maker = log_maker_new(arena);
    for (uint32_t v = 0; v < variants->count; v++) {
        for (uint32_t i = 0; i < variant_length(variants, v); i++)
            log_maker_step(&maker, local[variant_activities(variants, v)[i]]);
        log_maker_end(&maker, variants->frequency[v]);
    }
    return log_maker_finish(&maker, global, log->activity_count);
}

struct inductive_result inductive_mine(struct arena *arena, const struct event_log *log,
                                       const struct variants *variants,
                                       struct inductive_options options)
{
    struct arena scratch = ARENA_EMPTY;
    struct miner m = {
        .arena = arena, .log = log, .noise = options.noise, .steps_left = INDUCTIVE_STEPS_MOST};
    struct mined_log *mined = log_of(&scratch, log, variants);
    struct tree *tree =
        options.is_dfg_only ? inductive_mine_graph(arena, log, mined) : mine(&m, mined);
    struct inductive_result result = {tree_fold(arena, tree), m.is_bounded};
    arena_done(&scratch);
    return result;
}
