// SPDX-License-Identifier: Apache-2.0
//
// Diagrams out of trees. A block stands on a line from left to right and takes so much room above
// and below of it; the first branch of a gateway goes on along the line, others below. What a loop
// does again goes back below its body, from right to left.
#include "insight/diagram.h"

#include "base/array.h"

enum { GAP = 50, BRANCH_GAP = 30 };

static const struct {
    int32_t width, height;
} sizes[DIAGRAM_KIND_COUNT] = {{36, 36}, {36, 36}, {100, 80}, {50, 50}, {50, 50}, {50, 50}};

static const char *const id_beginnings[DIAGRAM_KIND_COUNT] = {"start",  "end",      "task",
                                                              "choice", "parallel", "inclusive"};

struct diagram *diagram_new(struct arena *arena)
{
    struct diagram *d = ARENA_NEW(arena, struct diagram);
    d->arena = arena;
    return d;
}

uint32_t diagram_add_node(struct diagram *d, enum diagram_kind kind, str name)
{
    d->nodes = array_room(d->arena, d->nodes, d->node_count, &d->node_capacity, sizeof *d->nodes);
    struct diagram_node *node = &d->nodes[d->node_count++];
    *node = (struct diagram_node){.kind = kind, .name = name};
    node->id = str_format(d->arena, "%s_%zu", id_beginnings[kind], d->node_count);
    node->width = sizes[kind].width;
    node->height = sizes[kind].height;
    return (uint32_t)d->node_count - 1;
}

uint32_t diagram_add_flow(struct diagram *d, uint32_t from, uint32_t to)
{
    d->flows = array_room(d->arena, d->flows, d->flow_count, &d->flow_capacity, sizeof *d->flows);
    d->flows[d->flow_count] = (struct diagram_flow){.from = from, .to = to};
    d->nodes[from].out_count++;
    d->nodes[to].in_count++;
    return (uint32_t)d->flow_count++;
}

// -- Room ---------------------------------------------------------------------------------

// What a block takes: along its line, above and below.
struct room {
    int32_t width, up, down;
};

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

static struct room room_of(const struct tree *tree);

// The line of branch i lies so far below that of the first.
static int32_t next_line(int32_t line, struct room above, struct room below)
{
    return line + above.down + BRANCH_GAP + below.up;
}

static struct room room_of_branches(const struct tree *tree)
{
    struct room first = room_of(tree->children[0]), last = first;
    int32_t width = first.width, line = 0;
    for (size_t i = 1; i < tree->count; i++) {
        struct room room = room_of(tree->children[i]);
        width = larger(width, room.width);
        line = next_line(line, last, room);
        last = room;
    }
    return (struct room){width + 2 * (50 + GAP), larger(25, first.up),
                         larger(25, line + last.down)};
}

static struct room room_of(const struct tree *tree)
{
    struct room room = {0, 0, 0};
    switch (tree->kind) {
    case TREE_ACTIVITY:
        return (struct room){100, 40, 40};
    case TREE_SILENT:
        return (struct room){0, 10, 10};
    case TREE_SEQUENCE:
        for (size_t i = 0; i < tree->count; i++) {
            struct room child = room_of(tree->children[i]);
            room.width += child.width + (i > 0 ? GAP : 0);
            room.up = larger(room.up, child.up);
            room.down = larger(room.down, child.down);
        }
        return room;
    case TREE_CHOICE:
    case TREE_PARALLEL:
    case TREE_LOOP:
        return room_of_branches(tree);
    }
    check_unreachable();
}

// -- Places -------------------------------------------------------------------------------

// A way through: the nodes where a block begins and ends. A silent block has none.
struct ends {
    bool is_silent;
    uint32_t first, last;
};

// Where a block is put: its beginning, its line, and whether it goes right (1) or left (-1).
struct put {
    int32_t x, line, way;
};

static int32_t middle_x(const struct diagram_node *n)
{
    return n->x + n->width / 2;
}

static int32_t middle_y(const struct diagram_node *n)
{
    return n->y + n->height / 2;
}

static uint32_t put_node(struct diagram *d, enum diagram_kind kind, str name, struct put put)
{
    uint32_t node = diagram_add_node(d, kind, name);
    struct diagram_node *n = &d->nodes[node];
    n->x = put.way > 0 ? put.x : put.x - n->width;
    n->y = put.line - n->height / 2;
    return node;
}

// The side of a node that lies to the right (1) or left (-1).
static int32_t side_of(const struct diagram_node *n, int32_t way)
{
    return way > 0 ? n->x + n->width : n->x;
}

static void add_point(struct diagram_flow *flow, int32_t x, int32_t y)
{
    check(flow->point_count < DIAGRAM_POINTS_MOST);
    flow->points[flow->point_count++] = (struct diagram_point){x, y};
}

// A flow along the line at height `line`: from where the one node has its own line down to it,
// along, and to the other's.
static void connect(struct diagram *d, uint32_t from, uint32_t to, int32_t line, int32_t way)
{
    uint32_t number = diagram_add_flow(d, from, to);
    struct diagram_flow *flow = &d->flows[number];
    const struct diagram_node *a = &d->nodes[from], *b = &d->nodes[to];
    if (middle_y(a) == line) {
        add_point(flow, side_of(a, way), line);
    } else {
        add_point(flow, middle_x(a), line > middle_y(a) ? a->y + a->height : a->y);
        add_point(flow, middle_x(a), line);
    }
    if (middle_y(b) == line) {
        add_point(flow, side_of(b, -way), line);
    } else {
        add_point(flow, middle_x(b), line);
        add_point(flow, middle_x(b), line > middle_y(b) ? b->y + b->height : b->y);
    }
}

static struct ends put_tree(struct diagram *d, const struct tree *tree, struct put put);

static struct ends put_sequence(struct diagram *d, const struct tree *tree, struct put put)
{
    struct ends all = {.is_silent = true};
    for (size_t i = 0; i < tree->count; i++) {
        struct ends each = put_tree(d, tree->children[i], put);
        put.x += put.way * (room_of(tree->children[i]).width + GAP);
        if (each.is_silent)
            continue;
        if (!all.is_silent)
            connect(d, all.last, each.first, put.line, put.way);
        all.first = all.is_silent ? each.first : all.first;
        all.last = each.last;
        all.is_silent = false;
    }
    return all;
}

// A block between two gateways, joined to them along its own line.
static void put_branch(struct diagram *d, const struct tree *tree, struct put put,
                       const uint32_t gateways[2])
{
    struct ends ends = put_tree(d, tree, put);
    if (ends.is_silent) {
        connect(d, gateways[0], gateways[1], put.line, put.way);
        return;
    }
    connect(d, gateways[0], ends.first, put.line, put.way);
    connect(d, ends.last, gateways[1], put.line, put.way);
}

static struct ends put_branches(struct diagram *d, const struct tree *tree, struct put put)
{
    struct room room = room_of(tree), last = room_of(tree->children[0]);
    bool is_loop = tree->kind == TREE_LOOP;
    enum diagram_kind kind = tree->kind == TREE_PARALLEL ? DIAGRAM_PARALLEL : DIAGRAM_EXCLUSIVE;
    int32_t inner = room.width - 2 * (50 + GAP);
    struct put end = {put.x + put.way * (room.width - 50), put.line, put.way};
    uint32_t gateways[2];
    gateways[0] = put_node(d, kind, STR_EMPTY, put);
    gateways[1] = put_node(d, kind, STR_EMPTY, end);
    struct put branch = {put.x + put.way * (50 + GAP), put.line, put.way};
    for (size_t i = 0; i < tree->count; i++) {
        struct room own = room_of(tree->children[i]);
        if (i > 0)
            branch.line = next_line(branch.line, last, own);
        last = own;
        if (is_loop && i == 1) { // back to the beginning
            struct put back = {branch.x + put.way * inner, branch.line, -put.way};
            put_branch(d, tree->children[i], back, (const uint32_t[]){gateways[1], gateways[0]});
        } else {
            put_branch(d, tree->children[i], branch, gateways);
        }
    }
    return (struct ends){false, gateways[0], gateways[1]};
}

// The branch along the line is one that can be seen.
static const struct tree *visible_first(struct arena *arena, const struct tree *tree)
{
    if (tree->kind != TREE_CHOICE || tree->children[0]->kind != TREE_SILENT)
        return tree;
    struct tree *turned = tree_node(arena, tree->kind, tree->count);
    for (size_t i = 0; i < tree->count; i++)
        turned->children[i] = tree->children[(i + 1) % tree->count];
    return turned;
}

static struct ends put_tree(struct diagram *d, const struct tree *tree, struct put put)
{
    switch (tree->kind) {
    case TREE_ACTIVITY: {
        uint32_t node = put_node(d, DIAGRAM_TASK, tree->activity, put);
        return (struct ends){false, node, node};
    }
    case TREE_SILENT:
        return (struct ends){.is_silent = true};
    case TREE_SEQUENCE:
        return put_sequence(d, tree, put);
    case TREE_CHOICE:
    case TREE_PARALLEL:
    case TREE_LOOP:
        return put_branches(d, visible_first(d->arena, tree), put);
    }
    check_unreachable();
}

struct diagram *diagram_of_tree(struct arena *arena, const struct tree *tree)
{
    struct diagram *d = diagram_new(arena);
    struct room room = room_of(tree);
    struct put put = {150, 60 + larger(room.up, 40), 1};
    uint32_t start = put_node(d, DIAGRAM_START, STR_EMPTY, put);
    put.x += 36 + GAP;
    struct ends ends = put_tree(d, tree, put);
    put.x += room.width + (ends.is_silent ? 0 : GAP);
    uint32_t end = put_node(d, DIAGRAM_END, STR_EMPTY, put);
    connect(d, start, ends.is_silent ? end : ends.first, put.line, 1);
    if (!ends.is_silent)
        connect(d, ends.last, end, put.line, 1);
    return d;
}
