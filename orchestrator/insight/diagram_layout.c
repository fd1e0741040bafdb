// SPDX-License-Identifier: Apache-2.0
//
// Layout of any diagram in layers (after Sugiyama): ways back are turned, each node stands behind
// all that lead to it, nodes of a layer are ordered by where their neighbours stand, flows run in
// the space between layers, and flows that pass over layers or lead back run below everything, each
// on a line of its own.
#include <stdlib.h>

#include "insight/diagram.h"

enum { LAYER_WIDTH = 180, ROW_HEIGHT = 110, LEFT = 150, TOP = 80, LANE_HEIGHT = 20, ROUNDS = 8 };

struct layout {
    struct arena scratch;
    struct diagram *d;
    bool *is_back;   // by flow
    uint32_t *layer; // by node
    uint32_t *row;   // by node: its place in its layer
    uint32_t layers;
    double *wish; // by node: where it would like to stand
};

// A walk in depth over all nodes, on an explicit stack: a diagram may be long.
struct walk {
    uint8_t *state; // by node; 1: on the way, 2: done
    uint32_t *stack, *next;
    uint32_t open;
};

static void enter(struct walk *w, uint32_t node)
{
    w->state[node] = 1;
    w->stack[w->open++] = node;
}

// One step from the node on top: its next flow, or back. Ways to a node that is still on the way
// lead back.
static void step(struct layout *l, struct walk *w)
{
    uint32_t top = w->stack[w->open - 1], f = w->next[top]++;
    if (f == l->d->flow_count) {
        w->state[top] = 2;
        w->open--;
        return;
    }
    const struct diagram_flow *flow = &l->d->flows[f];
    if (flow->from != top)
        return;
    l->is_back[f] = w->state[flow->to] == 1;
    if (w->state[flow->to] == 0)
        enter(w, flow->to);
}

static void turn_back_ways(struct layout *l)
{
    struct walk w = {.state = ARENA_ARRAY(&l->scratch, uint8_t, l->d->node_count)};
    w.stack = ARENA_ARRAY(&l->scratch, uint32_t, l->d->node_count + 1);
    w.next = ARENA_ARRAY(&l->scratch, uint32_t, l->d->node_count);
    for (int pass = 0; pass < 2; pass++) // from the starts first
        for (uint32_t n = 0; n < l->d->node_count; n++) {
            if (w.state[n] != 0 || (pass == 0 && l->d->nodes[n].kind != DIAGRAM_START))
                continue;
            enter(&w, n);
            while (w.open > 0)
                step(l, &w);
        }
}

static void find_layers(struct layout *l)
{
    bool has_changed = true;
    for (size_t round = 0; has_changed && round <= l->d->node_count; round++) {
        has_changed = false;
        for (uint32_t f = 0; f < l->d->flow_count; f++) {
            const struct diagram_flow *flow = &l->d->flows[f];
            if (l->is_back[f] || l->layer[flow->to] > l->layer[flow->from])
                continue;
            l->layer[flow->to] = l->layer[flow->from] + 1;
            has_changed = true;
        }
    }
    for (uint32_t n = 0; n < l->d->node_count; n++)
        l->layers = l->layer[n] + 1 > l->layers ? l->layer[n] + 1 : l->layers;
    for (uint32_t n = 0; n < l->d->node_count; n++)
        if (l->d->nodes[n].kind == DIAGRAM_END)
            l->layer[n] = l->layers - 1;
}

struct wished {
    double wish;
    uint32_t node, layer;
};

static int by_wish(const void *a, const void *b)
{
    const struct wished *x = a, *y = b;
    if (x->layer != y->layer)
        return x->layer < y->layer ? -1 : 1;
    if (x->wish < y->wish || x->wish > y->wish)
        return x->wish < y->wish ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

// Each node wishes to stand in the middle of its neighbours.
static void order_rows(struct layout *l)
{
    size_t n = l->d->node_count;
    struct wished *nodes = ARENA_ARRAY(&l->scratch, struct wished, n);
    double *sum = ARENA_ARRAY(&l->scratch, double, n);
    uint32_t *count = ARENA_ARRAY(&l->scratch, uint32_t, n);
    for (uint32_t i = 0; i < n; i++)
        l->wish[i] = i;
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < n; i++)
            nodes[i] = (struct wished){l->wish[i], i, l->layer[i]};
        qsort(nodes, n, sizeof *nodes, by_wish);
        for (uint32_t i = 0; i < n; i++) {
            bool is_first = i == 0 || nodes[i].layer != nodes[i - 1].layer;
            l->row[nodes[i].node] = is_first ? 0 : l->row[nodes[i - 1].node] + 1;
        }
        memset(sum, 0, n * sizeof *sum);
        memset(count, 0, n * sizeof *count);
        for (uint32_t f = 0; f < l->d->flow_count; f++) {
            const struct diagram_flow *flow = &l->d->flows[f];
            sum[flow->from] += l->row[flow->to];
            sum[flow->to] += l->row[flow->from];
            count[flow->from]++;
            count[flow->to]++;
        }
        for (uint32_t i = 0; i < n; i++)
            l->wish[i] = count[i] > 0 ? sum[i] / count[i] : l->row[i];
    }
}

static void put_nodes(struct layout *l)
{
    for (uint32_t n = 0; n < l->d->node_count; n++) {
        struct diagram_node *node = &l->d->nodes[n];
        node->x = LEFT + (int32_t)l->layer[n] * LAYER_WIDTH + (100 - node->width) / 2;
        node->y = TOP + (int32_t)l->row[n] * ROW_HEIGHT + (80 - node->height) / 2;
    }
}

static void add_point(struct diagram_flow *flow, int32_t x, int32_t y)
{
    flow->points[flow->point_count++] = (struct diagram_point){x, y};
}

// Across and along in the space between two layers.
static void put_across(const struct layout *l, uint32_t f)
{
    struct diagram_flow *flow = &l->d->flows[f];
    const struct diagram_node *a = &l->d->nodes[flow->from], *b = &l->d->nodes[flow->to];
    int32_t from = a->y + a->height / 2, to = b->y + b->height / 2;
    int32_t middle = LEFT + (int32_t)l->layer[flow->to] * LAYER_WIDTH - 25 - (int32_t)(f % 5) * 6;
    add_point(flow, a->x + a->width, from);
    if (from != to) {
        add_point(flow, middle, from);
        add_point(flow, middle, to);
    }
    add_point(flow, b->x, to);
}

// Below everything, on a line of its own.
static void put_below(const struct layout *l, uint32_t f, int32_t lane)
{
    struct diagram_flow *flow = &l->d->flows[f];
    const struct diagram_node *a = &l->d->nodes[flow->from], *b = &l->d->nodes[flow->to];
    int32_t aside = (int32_t)(f % 6) * 5;
    int32_t leave = LEFT + (int32_t)(l->layer[flow->from] + 1) * LAYER_WIDTH - 60 + aside;
    int32_t enter = LEFT + (int32_t)l->layer[flow->to] * LAYER_WIDTH - 20 - aside;
    add_point(flow, a->x + a->width, a->y + a->height / 2);
    add_point(flow, leave, a->y + a->height / 2);
    add_point(flow, leave, lane);
    add_point(flow, enter, lane);
    add_point(flow, enter, b->y + b->height / 2);
    add_point(flow, b->x, b->y + b->height / 2);
}

static void put_flows(struct layout *l)
{
    int32_t lane = 30;
    for (uint32_t n = 0; n < l->d->node_count; n++) {
        int32_t end = l->d->nodes[n].y + l->d->nodes[n].height + 30;
        lane = end > lane ? end : lane;
    }
    for (uint32_t f = 0; f < l->d->flow_count; f++) {
        struct diagram_flow *flow = &l->d->flows[f];
        flow->point_count = 0;
        if (l->layer[flow->to] == l->layer[flow->from] + 1) {
            put_across(l, f);
            continue;
        }
        put_below(l, f, lane);
        lane += LANE_HEIGHT;
    }
}

void diagram_layout(struct diagram *d)
{
    struct layout l = {.d = d};
    l.is_back = ARENA_ARRAY(&l.scratch, bool, d->flow_count + 1);
    l.layer = ARENA_ARRAY(&l.scratch, uint32_t, d->node_count + 1);
    l.row = ARENA_ARRAY(&l.scratch, uint32_t, d->node_count + 1);
    l.wish = ARENA_ARRAY(&l.scratch, double, d->node_count + 1);
    turn_back_ways(&l);
    find_layers(&l);
    order_rows(&l);
    put_nodes(&l);
    put_flows(&l);
    arena_done(&l.scratch);
}
