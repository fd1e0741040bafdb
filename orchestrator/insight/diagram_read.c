// SPDX-License-Identifier: Apache-2.0
//
// What mining needs of a BPMN file: its flow elements and sequence flows. Conditions, data and
// looks do not matter here. A sub-process is opened up: what leads to it leads to its start, what
// leaves it leaves its ends.
#include "base/array.h"
#include "base/map.h"
#include "base/xml.h"
#include "insight/diagram.h"

enum { DEPTH_MOST = 30 };

static const struct {
    const char *element;
    enum diagram_kind kind;
    bool has_name; // it is seen in a log
} known[] = {
    {"startEvent", DIAGRAM_START, false},
    {"endEvent", DIAGRAM_END, false},
    {"task", DIAGRAM_TASK, true},
    {"userTask", DIAGRAM_TASK, true},
    {"serviceTask", DIAGRAM_TASK, true},
    {"scriptTask", DIAGRAM_TASK, true},
    {"manualTask", DIAGRAM_TASK, true},
    {"businessRuleTask", DIAGRAM_TASK, true},
    {"sendTask", DIAGRAM_TASK, true},
    {"receiveTask", DIAGRAM_TASK, true},
    {"callActivity", DIAGRAM_TASK, true},
    {"intermediateCatchEvent", DIAGRAM_TASK, false},
    {"intermediateThrowEvent", DIAGRAM_TASK, false},
    {"exclusiveGateway", DIAGRAM_EXCLUSIVE, false},
    {"eventBasedGateway", DIAGRAM_EXCLUSIVE, false},
    {"parallelGateway", DIAGRAM_PARALLEL, false},
    {"inclusiveGateway", DIAGRAM_INCLUSIVE, false},
};

// Where flows to and from an element's id go: two nodes where it was opened up.
struct bpmn_ends {
    uint32_t entry, exit;
};

struct bpmn_reader {
    struct diagram *diagram;
    struct map ends; // by id
};

static bool refuse(struct error *err, str id, const char *why)
{
    char place[64];
    size_t length = id.len < sizeof place - 1 ? id.len : sizeof place - 1;
    memcpy(place, id.data, length);
    place[length] = '\0';
    return error_set(err, ERROR_UNSUPPORTED, place, "%s", why);
}

static void remember(struct bpmn_reader *r, str id, uint32_t entry, uint32_t exit)
{
    struct bpmn_ends *ends = ARENA_NEW(r->diagram->arena, struct bpmn_ends);
    *ends = (struct bpmn_ends){entry, exit};
    map_put(&r->ends, id, ends);
}

static bool read_container(struct bpmn_reader *r, const struct xml_element *container,
                           struct bpmn_ends outer, int depth, struct error *err);

// An event sub-process, or one that is done for each of a list, is more than a net of tokens can
// say.
static bool read_subprocess(struct bpmn_reader *r, const struct xml_element *e, int depth,
                            struct error *err)
{
    str id = xml_attribute(e, "id", STR_EMPTY);
    if (str_equal(xml_attribute(e, "triggeredByEvent", STR_EMPTY), STR("true")))
        return refuse(err, id, "an event sub-process cannot be compared with a log");
    if (depth == DEPTH_MOST)
        return refuse(err, id, "sub-processes are nested too deep");
    uint32_t entry = diagram_add_node(r->diagram, DIAGRAM_EXCLUSIVE, STR_EMPTY);
    uint32_t exit = diagram_add_node(r->diagram, DIAGRAM_EXCLUSIVE, STR_EMPTY);
    remember(r, id, entry, exit);
    return read_container(r, e, (struct bpmn_ends){entry, exit}, depth + 1, err);
}

static bool read_node(struct bpmn_reader *r, const struct xml_element *e, struct bpmn_ends outer,
                      int depth, struct error *err)
{
    str id = xml_attribute(e, "id", STR_EMPTY), name = xml_attribute(e, "name", STR_EMPTY);
    if (xml_is(e, "subProcess") || xml_is(e, "transaction") || xml_is(e, "adHocSubProcess"))
        return read_subprocess(r, e, depth, err);
    if (xml_is(e, "boundaryEvent"))
        return refuse(err, id, "a boundary event cannot be compared with a log");
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (!xml_is(e, known[i].element))
            continue;
        bool is_border = known[i].kind == DIAGRAM_START || known[i].kind == DIAGRAM_END;
        bool is_inner = is_border && outer.entry != outer.exit;
        enum diagram_kind kind = is_inner ? DIAGRAM_TASK : known[i].kind;
        str shown = !known[i].has_name ? STR_EMPTY : name.len > 0 ? name : id;
        uint32_t node = diagram_add_node(r->diagram, kind, shown);
        remember(r, id, node, node);
        if (is_inner && known[i].kind == DIAGRAM_START)
            diagram_add_flow(r->diagram, outer.entry, node);
        else if (is_inner)
            diagram_add_flow(r->diagram, node, outer.exit);
        break;
    }
    return true;
}

static bool read_flow(struct bpmn_reader *r, const struct xml_element *e, struct error *err)
{
    const struct bpmn_ends *from = map_get(&r->ends, xml_attribute(e, "sourceRef", STR_EMPTY));
    const struct bpmn_ends *to = map_get(&r->ends, xml_attribute(e, "targetRef", STR_EMPTY));
    if (from == NULL || to == NULL)
        return refuse(err, xml_attribute(e, "id", STR_EMPTY),
                      "the flow leads from or to something that cannot be compared with a log");
    diagram_add_flow(r->diagram, from->exit, to->entry);
    return true;
}

static bool read_container(struct bpmn_reader *r, const struct xml_element *container,
                           struct bpmn_ends outer, int depth, struct error *err)
{
    for (const struct xml_element *e = container->first; e != NULL; e = e->next)
        if (!read_node(r, e, outer, depth, err))
            return false;
    for (const struct xml_element *e = container->first; e != NULL; e = e->next)
        if (xml_is(e, "sequenceFlow") && !read_flow(r, e, err))
            return false;
    return true;
}

bool diagram_read_bpmn(struct arena *arena, str text, struct diagram **ret_diagram,
                       struct error *err)
{
    const struct xml_element *root;
    struct bpmn_reader r = {.diagram = diagram_new(arena), .ends = map_new(arena)};
    if (!xml_parse(arena, text, "bpmn", &root, err))
        return false;
    const struct xml_element *process = xml_child(root, "process");
    if (!xml_is(root, "definitions") || process == NULL)
        return error_set(err, ERROR_INVALID, "bpmn", "there is no <process> in <definitions>");
    if (!read_container(&r, process, (struct bpmn_ends){0, 0}, 0, err))
        return false;
    if (r.diagram->node_count == 0)
        return error_set(err, ERROR_INVALID, "bpmn", "the process is empty");
    *ret_diagram = r.diagram;
    return true;
}

// -- To a net -----------------------------------------------------------------------------
//
// A place for each flow, a transition for each way through a node: an exclusive gateway has one for
// each pair of flows, a parallel one takes all and gives all, an inclusive one takes or gives any
// of them (up to so many: the ways are as many as their subsets). Tasks with several flows in take
// one, and give all.

enum { INCLUSIVE_MOST = 8 };

struct flow_list {
    uint32_t count;
    uint32_t *flows;
};

struct net_maker {
    const struct diagram *diagram;
    struct net_builder *builder;
    struct flow_list *in, *out; // by node
    uint32_t *places;           // by flow
    uint32_t source, sink;
};

static void collect_flows(struct net_maker *m, struct arena *arena)
{
    const struct diagram *d = m->diagram;
    m->in = ARENA_ARRAY(arena, struct flow_list, d->node_count);
    m->out = ARENA_ARRAY(arena, struct flow_list, d->node_count);
    m->places = ARENA_ARRAY(arena, uint32_t, d->flow_count + 1);
    for (uint32_t n = 0; n < d->node_count; n++) {
        m->in[n].flows = ARENA_ARRAY(arena, uint32_t, d->nodes[n].in_count + 1);
        m->out[n].flows = ARENA_ARRAY(arena, uint32_t, d->nodes[n].out_count + 1);
    }
    for (uint32_t f = 0; f < d->flow_count; f++) {
        struct flow_list *out = &m->out[d->flows[f].from], *in = &m->in[d->flows[f].to];
        out->flows[out->count++] = f;
        in->flows[in->count++] = f;
        m->places[f] = net_builder_place(m->builder, str_format(arena, "flow_%u", f + 1));
    }
}

// A transition from the flows of one set of bits to those of the other. A node without flows in is
// the beginning, one without flows out an end.
static void add_way(struct net_maker *m, uint32_t node, uint64_t in, uint64_t out)
{
    const struct diagram_node *n = &m->diagram->nodes[node];
    uint32_t t = net_builder_transition(m->builder, STR_EMPTY, n->name, n->name.len == 0);
    for (uint32_t i = 0; i < m->in[node].count; i++)
        if (i >= 64 || (in >> i & 1))
            net_builder_input(m->builder, t, m->places[m->in[node].flows[i]]);
    for (uint32_t i = 0; i < m->out[node].count; i++)
        if (i >= 64 || (out >> i & 1))
            net_builder_output(m->builder, t, m->places[m->out[node].flows[i]]);
    if (m->in[node].count == 0)
        net_builder_input(m->builder, t, m->source);
    if (m->out[node].count == 0)
        net_builder_output(m->builder, t, m->sink);
}

static uint64_t all_of(uint32_t count)
{
    return count >= 64 ? UINT64_MAX : (UINT64_C(1) << count) - 1;
}

enum choice { TAKE_ALL, TAKE_ONE, TAKE_ANY };

static uint64_t first_set(enum choice choice, uint32_t count)
{
    return choice == TAKE_ALL || count == 0 ? all_of(count) : 1;
}

// Above all_of(count) when there is none.
static uint64_t next_set(enum choice choice, uint64_t set, uint32_t count)
{
    if (choice == TAKE_ALL || count == 0)
        return all_of(count) + 1;
    return choice == TAKE_ONE ? set << 1 : set + 1;
}

// One way for each flow in, or for each subset of them; the same for flows out.
static bool add_ways(struct net_maker *m, uint32_t node, struct error *err)
{
    uint32_t in = m->in[node].count, out = m->out[node].count;
    enum diagram_kind kind = m->diagram->nodes[node].kind;
    bool is_any = kind == DIAGRAM_INCLUSIVE, is_one = kind == DIAGRAM_EXCLUSIVE;
    if (in > 60 || out > 60 || (is_any && (in > INCLUSIVE_MOST || out > INCLUSIVE_MOST)))
        return refuse(err, m->diagram->nodes[node].id,
                      is_any ? "an inclusive gateway has more than 8 flows on a side"
                             : "a node has more than 60 flows on a side");
    enum choice takes = kind == DIAGRAM_PARALLEL ? TAKE_ALL : is_any ? TAKE_ANY : TAKE_ONE;
    enum choice gives = is_any ? TAKE_ANY : is_one ? TAKE_ONE : TAKE_ALL;
    for (uint64_t i = first_set(takes, in); i <= all_of(in); i = next_set(takes, i, in))
        for (uint64_t o = first_set(gives, out); o <= all_of(out); o = next_set(gives, o, out))
            add_way(m, node, i, o);
    return true;
}

bool net_of_diagram(struct arena *arena, const struct diagram *d, struct net **ret_net,
                    struct error *err)
{
    struct net_maker m = {.diagram = d, .builder = net_builder_new(arena)};
    m.source = net_builder_place(m.builder, STR("source"));
    m.sink = net_builder_place(m.builder, STR("sink"));
    net_builder_mark(m.builder, m.source, 1, 0);
    net_builder_mark(m.builder, m.sink, 0, 1);
    collect_flows(&m, arena);
    for (uint32_t n = 0; n < d->node_count; n++)
        if (!add_ways(&m, n, err))
            return false;
    return net_builder_finish(m.builder, ret_net, err);
}
