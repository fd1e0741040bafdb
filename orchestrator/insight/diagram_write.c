// SPDX-License-Identifier: Apache-2.0
#include "insight/diagram.h"
#include "insight/markup.h"

static const char *const elements[DIAGRAM_KIND_COUNT] = {
    "startEvent", "endEvent", "task", "exclusiveGateway", "parallelGateway", "inclusiveGateway"};

static bool is_choice(const struct diagram_node *node)
{
    return (node->kind == DIAGRAM_EXCLUSIVE || node->kind == DIAGRAM_INCLUSIVE) &&
           node->out_count > 1;
}

// The flow that needs no reason: the first that leads on, not back.
static uint32_t default_of(const struct diagram *d, uint32_t node)
{
    uint32_t first = UINT32_MAX;
    for (uint32_t i = 0; i < d->flow_count; i++) {
        const struct diagram_flow *flow = &d->flows[i];
        if (flow->from != node)
            continue;
        first = first == UINT32_MAX ? i : first;
        if (d->nodes[flow->to].x > d->nodes[node].x)
            return i;
    }
    return first;
}

// Which of the flows out of its node it is: 1 for the one that needs no reason, then 2, 3 …
static uint32_t way_of(const struct diagram *d, uint32_t flow)
{
    uint32_t way = 2, usual = default_of(d, d->flows[flow].from);
    for (uint32_t i = 0; i < flow; i++)
        way += i != usual && d->flows[i].from == d->flows[flow].from;
    return flow == usual ? 1 : way;
}

static void write_ends(struct strbuf *out, const struct diagram *d, uint32_t node)
{
    for (uint32_t i = 0; i < d->flow_count; i++)
        if (d->flows[i].to == node)
            strbuf_format(out, "      <bpmn:incoming>flow_%u</bpmn:incoming>\n", i + 1);
    for (uint32_t i = 0; i < d->flow_count; i++)
        if (d->flows[i].from == node)
            strbuf_format(out, "      <bpmn:outgoing>flow_%u</bpmn:outgoing>\n", i + 1);
}

static void write_node(struct strbuf *out, const struct diagram *d, uint32_t number)
{
    const struct diagram_node *node = &d->nodes[number];
    strbuf_format(out, "    <bpmn:%s", elements[node->kind]);
    markup_attribute(out, "id", node->id);
    if (node->name.len > 0)
        markup_attribute(out, "name", node->name);
    if (is_choice(node))
        strbuf_format(out, " default=\"flow_%u\"", default_of(d, number) + 1);
    strbuf_add(out, STR(">\n"));
    write_ends(out, d, number);
    strbuf_format(out, "    </bpmn:%s>\n", elements[node->kind]);
}

static void write_flow(struct strbuf *out, const struct diagram *d, uint32_t number)
{
    const struct diagram_flow *flow = &d->flows[number];
    const struct diagram_node *from = &d->nodes[flow->from];
    uint32_t way = is_choice(from) ? way_of(d, number) : 1;
    strbuf_format(out, "    <bpmn:sequenceFlow id=\"flow_%u\"", number + 1);
    markup_attribute(out, "sourceRef", from->id);
    markup_attribute(out, "targetRef", d->nodes[flow->to].id);
    if (way == 1)
        strbuf_add(out, STR("/>\n"));
    else
        strbuf_format(out,
                      ">\n      <bpmn:conditionExpression "
                      "xsi:type=\"bpmn:tFormalExpression\">=%.*s = %u</bpmn:conditionExpression>\n"
                      "    </bpmn:sequenceFlow>\n",
                      STR_ARG(from->id), way);
}

static void write_shape(struct strbuf *out, const struct diagram_node *node)
{
    bool is_exclusive = node->kind == DIAGRAM_EXCLUSIVE;
    strbuf_format(out,
                  "      <bpmndi:BPMNShape id=\"%.*s_di\" bpmnElement=\"%.*s\"%s>\n"
                  "        <dc:Bounds x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>\n"
                  "      </bpmndi:BPMNShape>\n",
                  STR_ARG(node->id), STR_ARG(node->id),
                  is_exclusive ? " isMarkerVisible=\"true\"" : "", node->x, node->y, node->width,
                  node->height);
}

static void write_edge(struct strbuf *out, const struct diagram_flow *flow, uint32_t number)
{
    strbuf_format(out, "      <bpmndi:BPMNEdge id=\"flow_%u_di\" bpmnElement=\"flow_%u\">\n",
                  number + 1, number + 1);
    for (uint32_t i = 0; i < flow->point_count; i++)
        strbuf_format(out, "        <di:waypoint x=\"%d\" y=\"%d\"/>\n", flow->points[i].x,
                      flow->points[i].y);
    strbuf_add(out, STR("      </bpmndi:BPMNEdge>\n"));
}

static const char head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
    "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
    "xmlns:bpmndi=\"http://www.omg.org/spec/BPMN/20100524/DI\" "
    "xmlns:dc=\"http://www.omg.org/spec/DD/20100524/DC\" "
    "xmlns:di=\"http://www.omg.org/spec/DD/20100524/DI\" "
    "xmlns:modeler=\"http://camunda.org/schema/modeler/1.0\" "
    "xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" id=\"definitions\" "
    "targetNamespace=\"http://bpmn.io/schema/bpmn\" exporter=\"Baton\" "
    "modeler:executionPlatform=\"Camunda Cloud\" modeler:executionPlatformVersion=\"8.8.0\">\n";

str diagram_write_bpmn(const struct diagram *d, str process_id, str name)
{
    struct strbuf out = strbuf_new(d->arena);
    strbuf_add(&out, str_of(head));
    strbuf_add(&out, STR("  <bpmn:process"));
    markup_attribute(&out, "id", process_id);
    markup_attribute(&out, "name", name);
    strbuf_add(&out, STR(" isExecutable=\"true\">\n"));
    for (uint32_t i = 0; i < d->node_count; i++)
        write_node(&out, d, i);
    for (uint32_t i = 0; i < d->flow_count; i++)
        write_flow(&out, d, i);
    strbuf_format(&out, "  </bpmn:process>\n  <bpmndi:BPMNDiagram id=\"diagram\">\n"
                        "    <bpmndi:BPMNPlane id=\"plane\"");
    markup_attribute(&out, "bpmnElement", process_id);
    strbuf_add(&out, STR(">\n"));
    for (uint32_t i = 0; i < d->node_count; i++)
        write_shape(&out, &d->nodes[i]);
    for (uint32_t i = 0; i < d->flow_count; i++)
        write_edge(&out, &d->flows[i], i);
    strbuf_add(&out,
               STR("    </bpmndi:BPMNPlane>\n  </bpmndi:BPMNDiagram>\n</bpmn:definitions>\n"));
    return strbuf_str(&out);
}
