// SPDX-License-Identifier: Apache-2.0
#include "insight/follows_svg.h"

#include <math.h>

#include "insight/diagram.h"
#include "insight/instant.h"

enum { NOBODY = UINT32_MAX, MOST_WEIGHT = 10 };

struct drawing {
    struct arena *arena;
    const struct event_log *log;
    const struct follows *follows;
    struct diagram *diagram;
    uint32_t *node; // by activity; NOBODY: not in the picture
    uint32_t most;  // cases on a way
};

static uint32_t node_of(struct drawing *d, uint32_t activity)
{
    if (d->node[activity] == NOBODY) {
        str name = event_log_activity(d->log, activity);
        d->node[activity] = diagram_add_node(
            d->diagram, DIAGRAM_TASK,
            str_format(d->arena, "%.*s (%u)", STR_ARG(name), d->follows->events[activity]));
    }
    return d->node[activity];
}

static void add_way(struct drawing *d, uint32_t from, uint32_t to, uint32_t count, str time)
{
    uint32_t at = diagram_add_flow(d->diagram, from, to);
    struct diagram_flow *flow = &d->diagram->flows[at];
    flow->label = time.len > 0 ? str_format(d->arena, "%u, %.*s", count, STR_ARG(time))
                               : str_format(d->arena, "%u", count);
    flow->weight = (int32_t)lround(MOST_WEIGHT * (double)count / d->most);
    flow->weight = flow->weight > 0 ? flow->weight : 1;
}

static void add_ends(struct drawing *d, uint32_t start, uint32_t end)
{
    for (uint32_t a = 0; a < d->follows->activity_count; a++) {
        if (d->follows->starts[a] > 0)
            add_way(d, start, node_of(d, a), d->follows->starts[a], STR_EMPTY);
        if (d->follows->ends[a] > 0)
            add_way(d, node_of(d, a), end, d->follows->ends[a], STR_EMPTY);
    }
}

str follows_write_svg(struct arena *arena, const struct event_log *log,
                      const struct follows *follows, size_t *ret_left_out)
{
    struct drawing d = {.arena = arena, .log = log, .follows = follows, .most = 1};
    size_t shown =
        follows->edge_count < FOLLOWS_SVG_EDGES_MOST ? follows->edge_count : FOLLOWS_SVG_EDGES_MOST;
    d.diagram = diagram_new(arena);
    d.node = ARENA_ARRAY(arena, uint32_t, follows->activity_count + 1);
    for (uint32_t a = 0; a < follows->activity_count; a++) {
        d.node[a] = NOBODY;
        d.most = follows->starts[a] > d.most ? follows->starts[a] : d.most;
    }
    for (size_t i = 0; i < shown; i++)
        d.most = follows->edges[i].frequency > d.most ? follows->edges[i].frequency : d.most;
    uint32_t start = diagram_add_node(d.diagram, DIAGRAM_START, STR_EMPTY);
    uint32_t end = diagram_add_node(d.diagram, DIAGRAM_END, STR_EMPTY);
    for (size_t i = 0; i < shown; i++) {
        const struct follows_edge *edge = &follows->edges[i];
        str time =
            edge->between.count > 0 ? instant_span_text(arena, edge->between.median) : STR_EMPTY;
        add_way(&d, node_of(&d, edge->from), node_of(&d, edge->to), edge->frequency, time);
    }
    if (follows->activity_count <= FOLLOWS_SVG_EDGES_MOST)
        add_ends(&d, start, end);
    diagram_layout(d.diagram);
    *ret_left_out = follows->edge_count - shown;
    return diagram_write_svg(d.diagram);
}
