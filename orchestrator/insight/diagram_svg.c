// SPDX-License-Identifier: Apache-2.0
#include "insight/diagram.h"
#include "insight/markup.h"

enum { MARGIN = 30, LINE_LETTERS = 16, LINES_MOST = 4 };

// The name in at most four lines, cut where words end.
static void write_name(struct strbuf *out, const struct diagram_node *node)
{
    str lines[LINES_MOST], rest = node->name;
    int count = 0;
    while (rest.len > 0 && count < LINES_MOST) {
        size_t length = rest.len;
        if (length > LINE_LETTERS)
            for (length = LINE_LETTERS; length > 1 && rest.data[length] != ' ';)
                length--;
        if (length <= 1) // one long word
            length = rest.len < LINE_LETTERS ? rest.len : LINE_LETTERS;
        while (length < rest.len && ((unsigned char)rest.data[length] & 0xC0) == 0x80)
            length++;
        lines[count++] = str_trim(str_sub(rest, 0, length));
        rest = str_trim(str_from_index(rest, length));
    }
    for (int i = 0; i < count; i++) {
        strbuf_format(out, "<text x=\"%d\" y=\"%d\">", node->x + node->width / 2,
                      node->y + node->height / 2 + 4 - 7 * (count - 1) + 14 * i);
        markup_text(out, lines[i]);
        strbuf_add(out, STR("</text>"));
    }
}

static void write_sign(struct strbuf *out, const struct diagram_node *node)
{
    int x = node->x + 25, y = node->y + 25;
    strbuf_format(out, "<path d=\"M%d %dl25 25l-25 25l-25 -25z\"/>", x, y - 25);
    if (node->kind == DIAGRAM_INCLUSIVE)
        strbuf_format(out, "<circle cx=\"%d\" cy=\"%d\" r=\"12\"/>", x, y);
    else if (node->kind == DIAGRAM_PARALLEL)
        strbuf_format(out, "<path d=\"M%d %dh20M%d %dv20\"/>", x - 10, y, x, y - 10);
    else
        strbuf_format(out, "<path d=\"M%d %dl14 14M%d %dl14 -14\"/>", x - 7, y - 7, x - 7, y + 7);
}

static void write_node(struct strbuf *out, const struct diagram_node *node)
{
    bool is_event = node->kind == DIAGRAM_START || node->kind == DIAGRAM_END;
    if (node->kind == DIAGRAM_TASK)
        strbuf_format(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>", node->x,
                      node->y, node->width, node->height);
    else if (is_event)
        strbuf_format(out, "<circle cx=\"%d\" cy=\"%d\" r=\"18\" stroke-width=\"%s\"/>",
                      node->x + 18, node->y + 18, node->kind == DIAGRAM_END ? "4" : "1.5");
    else
        write_sign(out, node);
    write_name(out, node);
    strbuf_add(out, STR("\n"));
}

static void write_flow(struct strbuf *out, const struct diagram_flow *flow)
{
    strbuf_add(out, STR("<polyline marker-end=\"url(#arrow)\""));
    if (flow->weight > 0)
        strbuf_format(out, " stroke-width=\"%.1f\"", 1 + 0.4 * flow->weight);
    strbuf_add(out, STR(" points=\""));
    for (uint32_t i = 0; i < flow->point_count; i++)
        strbuf_format(out, "%s%d,%d", i > 0 ? " " : "", flow->points[i].x, flow->points[i].y);
    strbuf_add(out, STR("\"/>\n"));
}

// Beside the part that a flow has for itself: before its end where it is straight, where it turns,
// or on its line below everything.
static void write_label(struct strbuf *out, const struct diagram_flow *flow)
{
    if (flow->label.len == 0 || flow->point_count < 2)
        return;
    const struct diagram_point *a = &flow->points[flow->point_count / 2 - 1], *b = a + 1;
    bool is_straight = a->y == b->y;
    strbuf_format(out, "<text class=\"label\" x=\"%d\" y=\"%d\">",
                  is_straight ? (a->x + b->x) / 2 - 5 : a->x + 27,
                  is_straight ? a->y - 5 : (a->y + b->y) / 2);
    markup_text(out, flow->label);
    strbuf_add(out, STR("</text>\n"));
}

static int32_t larger(int32_t a, int32_t b)
{
    return a > b ? a : b;
}

str diagram_write_svg(const struct diagram *d)
{
    struct strbuf out = strbuf_new(d->arena);
    int32_t width = 0, height = 0;
    for (uint32_t i = 0; i < d->node_count; i++) {
        width = larger(width, d->nodes[i].x + d->nodes[i].width);
        height = larger(height, d->nodes[i].y + d->nodes[i].height);
    }
    for (uint32_t i = 0; i < d->flow_count; i++)
        for (uint32_t k = 0; k < d->flows[i].point_count; k++)
            height = larger(height, d->flows[i].points[k].y);
    strbuf_format(&out,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                  "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\">\n<defs><marker "
                  "id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"10\" refY=\"5\" markerWidth=\"10\" "
                  "markerHeight=\"10\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 "
                  "0L10 5L0 10z\"/></marker></defs>\n"
                  "<g fill=\"none\" stroke=\"#444\" stroke-width=\"1.5\">\n",
                  width + MARGIN, height + MARGIN, width + MARGIN, height + MARGIN);
    for (uint32_t i = 0; i < d->flow_count; i++)
        write_flow(&out, &d->flows[i]);
    strbuf_add(
        &out, STR("</g>\n<g fill=\"#fff\" stroke=\"#222\" stroke-width=\"1.5\">\n<style>text "
                  "{ fill: #222; stroke: none; text-anchor: middle } .label { text-anchor: middle; "
                  "font-size: 10px }</style>\n"));
    for (uint32_t i = 0; i < d->node_count; i++)
        write_node(&out, &d->nodes[i]);
    for (uint32_t i = 0; i < d->flow_count; i++)
        write_label(&out, &d->flows[i]);
    strbuf_add(&out, STR("</g>\n</svg>\n"));
    return strbuf_str(&out);
}
