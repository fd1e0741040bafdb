// SPDX-License-Identifier: Apache-2.0
//
// When a transition lacks tokens, the shortest ways over silent transitions from places with tokens
// to the places that lack them are taken, shortest first, one piece of each in turn.
#include "insight/player.h"

#include <stdlib.h>

#include "base/array.h"

enum { END_ROUNDS = 5 };

struct named {
    str name;
    uint32_t number;
};

static int by_name(const void *a, const void *b)
{
    return str_compare(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static void rank_places(struct player *p)
{
    uint32_t n = p->net->place_count;
    struct named *sorted = ARENA_ARRAY(&p->scratch, struct named, n + 1);
    uint32_t *rank = ARENA_ARRAY(&p->scratch, uint32_t, n + 1);
    uint32_t *at = ARENA_ARRAY(&p->scratch, uint32_t, n + 1);
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = (struct named){p->net->places[i].id, i};
    qsort(sorted, n, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < n; i++) {
        rank[sorted[i].number] = i;
        at[i] = sorted[i].number;
    }
    p->place_rank = rank;
    p->place_at_rank = at;
}

// The transitions of each activity of the log, by label.
static void find_labels(struct player *p, const struct event_log *log)
{
    uint32_t n = p->net->transition_count, visible = 0;
    struct named *sorted = ARENA_ARRAY(&p->scratch, struct named, n + 1);
    uint32_t *activity = ARENA_ARRAY(&p->scratch, uint32_t, n + 1);
    uint32_t *first = ARENA_ARRAY(&p->scratch, uint32_t, log->activity_count + 2);
    uint32_t *list = ARENA_ARRAY(&p->scratch, uint32_t, n + 1);
    uint32_t *of_name = ARENA_ARRAY(&p->scratch, uint32_t, log->names->count + 1);
    for (uint32_t a = 0; a < log->activity_count; a++)
        of_name[log->activity_name[a]] = a + 1;
    for (uint32_t t = 0; t < n; t++)
        if (!p->net->transitions[t].is_silent)
            sorted[visible++] = (struct named){p->net->transitions[t].id, t};
    qsort(sorted, visible, sizeof *sorted, by_name);
    for (uint32_t i = 0; i < visible; i++) {
        uint32_t name = names_find(log->names, p->net->transitions[sorted[i].number].label);
        activity[i] = name == NAME_NONE ? 0 : of_name[name];
        first[activity[i] + 1]++;
    }
    first[1] = 0; // labels that the log does not have
    for (uint32_t a = 1; a <= log->activity_count + 1; a++)
        first[a] += a > 1 ? first[a - 1] : 0;
    uint32_t *next = arena_copy(&p->scratch, first, sizeof *first * (log->activity_count + 2));
    for (uint32_t i = 0; i < visible; i++)
        if (activity[i] != 0)
            list[next[activity[i]]++] = sorted[i].number;
    p->first_of = first + 1;
    p->by_label = list;
}

struct path_search {
    uint32_t from;
    struct silent_path *paths; // by place; length 0: not found yet
    uint32_t *queue;
    size_t head, tail;
};

// Places behind a silent transition that are found for the first time.
static void reach_over(struct player *p, struct path_search *s, const struct silent_path *way,
                       uint32_t transition)
{
    const struct net_transition *t = &p->net->transitions[transition];
    for (uint32_t o = 0; o < t->output_count; o++) {
        struct silent_path *next = &s->paths[t->outputs[o]];
        if (next->length != 0)
            continue;
        uint32_t *steps = ARENA_ARRAY(&p->scratch, uint32_t, way->length + 1);
        if (way->length > 0)
            memcpy(steps, way->transitions, way->length * sizeof *steps);
        steps[way->length] = transition;
        *next = (struct silent_path){s->from, t->outputs[o], way->length + 1, steps};
        if (next->to != s->from)
            s->queue[s->tail++] = next->to;
    }
}

// The shortest ways over silent transitions from one place to all others: breadth first.
static void find_paths_from(struct player *p, struct path_search *s)
{
    static const struct silent_path nothing = {0};
    s->head = s->tail = 0;
    s->queue[s->tail++] = s->from;
    while (s->head < s->tail) {
        uint32_t place = s->queue[s->head++];
        const struct silent_path *way = s->head == 1 ? &nothing : &s->paths[place];
        for (uint32_t c = 0; c < p->net->places[place].consumer_count; c++)
            if (p->net->transitions[p->net->places[place].consumers[c]].is_silent)
                reach_over(p, s, way, p->net->places[place].consumers[c]);
    }
}

static void find_paths(struct player *p)
{
    uint32_t n = p->net->place_count;
    struct silent_path *found = ARENA_ARRAY(&p->scratch, struct silent_path, n + 1);
    struct path_search search = {.paths = found,
                                 .queue = ARENA_ARRAY(&p->scratch, uint32_t, n + 2)};
    uint32_t *counts = ARENA_ARRAY(&p->scratch, uint32_t, n + 1);
    p->paths = ARENA_ARRAY(&p->scratch, const struct silent_path *, n + 1);
    for (uint32_t from = 0; from < n; from++) {
        memset(found, 0, sizeof *found * n);
        search.from = from;
        find_paths_from(p, &search);
        for (uint32_t i = 0; i < n; i++)
            counts[from] += found[i].length > 0;
        struct silent_path *kept = ARENA_ARRAY(&p->scratch, struct silent_path, counts[from]);
        for (uint32_t i = 0, count = 0; i < n; i++)
            if (found[p->place_at_rank[i]].length > 0)
                kept[count++] = found[p->place_at_rank[i]];
        p->paths[from] = kept;
    }
    p->path_counts = counts;
}

void player_init(struct player *p, const struct net *net, const struct event_log *log)
{
    *p = (struct player){.net = net};
    rank_places(p);
    find_labels(p, log);
    find_paths(p);
    p->marking = ARENA_ARRAY(&p->scratch, uint32_t, net->place_count + 1);
    p->is_visited = ARENA_ARRAY(&p->scratch, bool, net->transition_count + 1);
    for (size_t i = 0; i < COUNT_OF(p->is_lacking); i++)
        p->is_lacking[i] = ARENA_ARRAY(&p->scratch, bool, net->place_count + 1);
}

void player_done(struct player *p)
{
    arena_done(&p->scratch);
}

void player_begin(struct player *p)
{
    p->missing = p->consumed = p->produced = 0;
    p->fired_count = 0;
    for (uint32_t i = 0; i < p->net->place_count; i++) {
        p->marking[i] = p->net->places[i].initial;
        p->produced += p->marking[i];
    }
}

// How many tokens the transition takes from the place of its input i; 0 where an earlier input
// names the same place.
static uint32_t weight_of(const struct net_transition *t, uint32_t i)
{
    uint32_t weight = 0;
    for (uint32_t k = 0; k < t->input_count; k++) {
        if (k < i && t->inputs[k] == t->inputs[i])
            return 0;
        weight += t->inputs[k] == t->inputs[i];
    }
    return weight;
}

static bool lacks(const struct player *p, const struct net_transition *t, uint32_t i)
{
    uint32_t tokens = p->marking[t->inputs[i]];
    return tokens == 0 || (tokens < t->input_count && tokens < weight_of(t, i));
}

bool player_can(const struct player *p, uint32_t transition)
{
    const struct net_transition *t = &p->net->transitions[transition];
    for (uint32_t i = 0; i < t->input_count; i++)
        if (lacks(p, t, i))
            return false;
    return true;
}

void player_fire(struct player *p, uint32_t transition)
{
    const struct net_transition *t = &p->net->transitions[transition];
    for (uint32_t i = 0; i < t->input_count; i++)
        p->marking[t->inputs[i]]--;
    for (uint32_t i = 0; i < t->output_count; i++)
        p->marking[t->outputs[i]]++;
    p->consumed += t->input_count;
    p->produced += t->output_count;
    p->fired =
        array_room(&p->scratch, p->fired, p->fired_count, &p->fired_capacity, sizeof *p->fired);
    p->fired[p->fired_count++] = transition;
}

bool player_knows(const struct player *p, uint32_t activity)
{
    return p->first_of[activity] < p->first_of[activity + 1];
}

// -- Silent ways --------------------------------------------------------------------------

static void want(struct player *p, const struct silent_path *path)
{
    p->wanted =
        array_room(&p->scratch, p->wanted, p->wanted_count, &p->wanted_capacity, sizeof *p->wanted);
    p->wanted[p->wanted_count++] = path;
}

// Shortest first; of equal ones in the order of places.
static void order_wanted(struct player *p, size_t first)
{
    for (size_t i = first + 1; i < p->wanted_count; i++) {
        const struct silent_path *path = p->wanted[i];
        size_t at = i;
        for (; at > first && p->wanted[at - 1]->length > path->length; at--)
            p->wanted[at] = p->wanted[at - 1];
        p->wanted[at] = path;
    }
}

// Ways from every place with tokens to those that lack some, behind those that are wanted already.
// Returns where they begin.
static size_t want_ways(struct player *p, const bool *is_lacking)
{
    size_t first = p->wanted_count;
    for (uint32_t i = 0; i < p->net->place_count; i++) {
        uint32_t from = p->place_at_rank[i];
        for (uint32_t k = 0; p->marking[from] > 0 && k < p->path_counts[from]; k++)
            if (is_lacking[p->paths[from][k].to])
                want(p, &p->paths[from][k]);
    }
    order_wanted(p, first);
    return first;
}

static void take(struct player *p, uint32_t transition)
{
    player_fire(p, transition);
    p->is_visited[transition] = true;
}

// Goes along each way in turn until the transition can fire or a way moves nothing.
static void take_ways(struct player *p, size_t first, uint32_t transition)
{
    size_t count = p->wanted_count - first;
    while (p->progress_capacity < count)
        p->progress = array_room(&p->scratch, p->progress, p->progress_capacity,
                                 &p->progress_capacity, sizeof *p->progress);
    memset(p->progress, 0, sizeof *p->progress * count);
    for (size_t turn = 0; !player_can(p, transition); turn = (turn + 1) % count) {
        const struct silent_path *path = p->wanted[first + turn];
        bool has_moved = false;
        while (p->progress[turn] < path->length && !player_can(p, transition)) {
            uint32_t step = path->transitions[p->progress[turn]++];
            if (step == transition || p->is_visited[step] || !player_can(p, step))
                continue;
            take(p, step);
            has_moved = true;
        }
        if (!has_moved)
            break;
    }
}

static void make_way(struct player *p, uint32_t transition, int depth)
{
    const struct net_transition *t = &p->net->transitions[transition];
    if (depth >= PLAYER_DEPTH_MOST || p->is_visited[transition])
        return;
    p->is_visited[transition] = true;
    bool *is_lacking = p->is_lacking[depth];
    memset(is_lacking, 0, sizeof *is_lacking * p->net->place_count);
    for (uint32_t i = 0; i < t->input_count; i++)
        is_lacking[t->inputs[i]] |= lacks(p, t, i);
    size_t first = want_ways(p, is_lacking);
    if (p->wanted_count > first)
        take_ways(p, first, transition);
    bool had_ways = p->wanted_count > first;
    p->wanted_count = first;
    if (!had_ways || player_can(p, transition))
        return;
    first = want_ways(p, is_lacking);
    for (size_t i = first, end = p->wanted_count; i < end; i++) {
        const struct silent_path *path = p->wanted[i];
        for (uint32_t k = 0; k < path->length; k++) {
            uint32_t step = path->transitions[k];
            if (step == transition || p->is_visited[step])
                continue;
            if (!player_can(p, step))
                make_way(p, step, depth + 1);
            if (player_can(p, step))
                take(p, step);
        }
    }
    p->wanted_count = first;
}

// -- Activities ---------------------------------------------------------------------------

// One that can fire; else the last by its id.
static uint32_t transition_of(const struct player *p, uint32_t activity)
{
    uint32_t first = p->first_of[activity], end = p->first_of[activity + 1];
    for (uint32_t i = first; i < end; i++)
        if (player_can(p, p->by_label[i]))
            return p->by_label[i];
    return p->by_label[end - 1];
}

static void add_missing(struct player *p, uint32_t transition)
{
    const struct net_transition *t = &p->net->transitions[transition];
    for (uint32_t i = 0; i < t->input_count; i++) {
        uint32_t weight = weight_of(t, i), *tokens = &p->marking[t->inputs[i]];
        if (*tokens >= weight)
            continue;
        p->missing += weight - *tokens;
        *tokens += weight; // with what was there, as PM4Py has it
    }
}

bool player_do(struct player *p, uint32_t activity, bool is_strict)
{
    uint32_t transition = transition_of(p, activity);
    if (!player_can(p, transition)) {
        memset(p->is_visited, 0, sizeof *p->is_visited * p->net->transition_count);
        make_way(p, transition, 0);
    }
    bool can = player_can(p, transition);
    if (!can && is_strict) {
        p->missing++;
        return false;
    }
    if (!can)
        add_missing(p, transition);
    player_fire(p, transition);
    return can;
}

// -- The end ------------------------------------------------------------------------------

static bool is_at_end(const struct player *p)
{
    for (uint32_t i = 0; i < p->net->place_count; i++)
        if (p->net->places[i].final > 0 && p->marking[i] == 0)
            return false;
    return true;
}

// Along the ways, those steps that can be taken; a way that is broken is left where `is_whole`.
static void go_along(struct player *p, const struct silent_path *path, bool is_whole)
{
    for (uint32_t k = 0; k < path->length; k++) {
        bool can = player_can(p, path->transitions[k]);
        if (can)
            player_fire(p, path->transitions[k]);
        else if (is_whole)
            return;
    }
}

void player_end(struct player *p)
{
    bool *is_final = p->is_lacking[0];
    uint32_t finals = 0;
    for (uint32_t i = 0; i < p->net->place_count; i++) {
        is_final[i] = p->net->places[i].final > 0;
        finals += is_final[i];
    }
    for (int round = 0; round < END_ROUNDS && !is_at_end(p); round++) {
        size_t first = want_ways(p, is_final), end = p->wanted_count;
        for (size_t i = first; i < end && (i == first || !is_at_end(p)); i++)
            go_along(p, p->wanted[i], false);
        p->wanted_count = first;
    }
    if (is_at_end(p) || finals != 1)
        return;
    size_t first = want_ways(p, is_final);
    for (int round = 0; round < END_ROUNDS; round++)
        for (size_t i = first; i < p->wanted_count; i++)
            go_along(p, p->wanted[i], true);
    p->wanted_count = first;
}

void player_rest(const struct player *p, uint32_t *ret_remaining, uint32_t *ret_lacking)
{
    *ret_remaining = *ret_lacking = 0;
    for (uint32_t i = 0; i < p->net->place_count; i++) {
        uint32_t tokens = p->marking[i], final = p->net->places[i].final;
        *ret_remaining += tokens > final ? tokens - final : 0;
        *ret_lacking += tokens < final ? final - tokens : 0;
    }
}
