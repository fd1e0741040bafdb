// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "base/xml.h"
#include "insight/markup.h"
#include "insight/net.h"

static const char silent_note[] =
    "<toolspecific tool=\"ProM\" version=\"6.4\" activity=\"$invisible$\"/>";

static void write_named(struct strbuf *out, const char *element, str id, str name)
{
    strbuf_format(out, "    <%s", element);
    markup_attribute(out, "id", id);
    strbuf_add(out, STR("><name><text>"));
    markup_text(out, name);
    strbuf_add(out, STR("</text></name>"));
}

static void write_arc(struct strbuf *out, uint32_t number, str source, str target)
{
    strbuf_format(out, "    <arc id=\"a%u\"", number);
    markup_attribute(out, "source", source);
    markup_attribute(out, "target", target);
    strbuf_add(out, STR("/>\n"));
}

static void write_final(struct strbuf *out, const struct net *net)
{
    strbuf_add(out, STR("    <finalmarkings><marking>"));
    for (uint32_t p = 0; p < net->place_count; p++) {
        if (net->places[p].final == 0)
            continue;
        strbuf_add(out, STR("<place"));
        markup_attribute(out, "idref", net->places[p].id);
        strbuf_format(out, "><text>%u</text></place>", net->places[p].final);
    }
    strbuf_add(out, STR("</marking></finalmarkings>\n"));
}

str net_write_pnml(struct arena *arena, const struct net *net)
{
    struct strbuf out = strbuf_new(arena);
    uint32_t arcs = 0;
    strbuf_add(&out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<pnml>\n  <net id=\"net1\" "
                         "type=\"http://www.pnml.org/version-2009/grammar/pnmlcoremodel\">\n"
                         "    <name><text>"));
    markup_text(&out, net->name);
    strbuf_add(&out, STR("</text></name>\n    <page id=\"n0\">\n"));
    for (uint32_t p = 0; p < net->place_count; p++) {
        const struct net_place *place = &net->places[p];
        write_named(&out, "place", place->id, place->id);
        if (place->initial > 0)
            strbuf_format(&out, "<initialMarking><text>%u</text></initialMarking>", place->initial);
        strbuf_add(&out, STR("</place>\n"));
    }
    for (uint32_t t = 0; t < net->transition_count; t++) {
        const struct net_transition *transition = &net->transitions[t];
        write_named(&out, "transition", transition->id,
                    transition->is_silent ? transition->id : transition->label);
        strbuf_add(&out, transition->is_silent ? str_of(silent_note) : STR_EMPTY);
        strbuf_add(&out, STR("</transition>\n"));
    }
    for (uint32_t t = 0; t < net->transition_count; t++) {
        const struct net_transition *transition = &net->transitions[t];
        for (uint32_t i = 0; i < transition->input_count; i++)
            write_arc(&out, ++arcs, net->places[transition->inputs[i]].id, transition->id);
        for (uint32_t i = 0; i < transition->output_count; i++)
            write_arc(&out, ++arcs, transition->id, net->places[transition->outputs[i]].id);
    }
    strbuf_add(&out, STR("    </page>\n"));
    write_final(&out, net);
    strbuf_add(&out, STR("  </net>\n</pnml>\n"));
    return strbuf_str(&out);
}

// -- Reading ------------------------------------------------------------------------------

struct pnml_node {
    bool is_place;
    uint32_t number;
};

struct pnml_reader {
    struct arena *arena;
    struct net_builder *builder;
    struct map nodes; // by id
    bool has_final;
};

static bool refuse(struct error *err, const char *why)
{
    return error_set(err, ERROR_INVALID, "pnml", "%s", why);
}

static str label_of(const struct xml_element *e, const char *what, str fallback)
{
    const struct xml_element *label = xml_child(e, what);
    str text = label == NULL ? STR_EMPTY : xml_child_text(label, "text");
    if (label != NULL && text.len == 0)
        text = xml_child_text(label, "value"); // of PNML before 2004
    return text.len > 0 ? text : fallback;
}

static bool is_invisible(const struct xml_element *e)
{
    for (const struct xml_element *t = xml_child(e, "toolspecific"); t != NULL;
         t = xml_next(t, "toolspecific"))
        if (str_find(xml_attribute(t, "activity", STR_EMPTY), STR("invisible")) != SIZE_MAX)
            return true;
    return false;
}

static bool tokens_of(str text, uint32_t *ret_tokens)
{
    uint64_t tokens;
    if (!str_to_u64(text, &tokens) || tokens > 1000)
        return false;
    *ret_tokens = (uint32_t)tokens;
    return true;
}

static bool read_node(struct pnml_reader *r, const struct xml_element *e, struct error *err)
{
    struct pnml_node *node = ARENA_NEW(r->arena, struct pnml_node);
    str id = xml_attribute(e, "id", STR_EMPTY), name = label_of(e, "name", id);
    uint32_t tokens;
    node->is_place = xml_is(e, "place");
    if (id.len == 0 || map_get(&r->nodes, id) != NULL)
        return refuse(err, "a place or transition has no id, or that of another");
    map_put(&r->nodes, id, node);
    if (!node->is_place) {
        bool is_silent = is_invisible(e) || xml_child(e, "name") == NULL;
        node->number =
            net_builder_transition(r->builder, id, is_silent ? STR_EMPTY : name, is_silent);
        return true;
    }
    node->number = net_builder_place(r->builder, id);
    if (!tokens_of(label_of(e, "initialMarking", STR("0")), &tokens))
        return refuse(err, "an initial marking is no number up to 1000");
    net_builder_mark(r->builder, node->number, tokens, 0);
    return true;
}

static bool read_arc(struct pnml_reader *r, const struct xml_element *e, struct error *err)
{
    const struct pnml_node *from = map_get(&r->nodes, xml_attribute(e, "source", STR_EMPTY));
    const struct pnml_node *to = map_get(&r->nodes, xml_attribute(e, "target", STR_EMPTY));
    uint32_t weight;
    if (from == NULL || to == NULL || from->is_place == to->is_place)
        return refuse(err, "an arc does not lead from a place to a transition or back");
    if (!tokens_of(label_of(e, "inscription", STR("1")), &weight))
        return refuse(err, "the weight of an arc is no number up to 1000");
    for (uint32_t i = 0; i < weight; i++)
        if (from->is_place)
            net_builder_input(r->builder, to->number, from->number);
        else
            net_builder_output(r->builder, from->number, to->number);
    return true;
}

typedef bool (*reader_of)(struct pnml_reader *r, const struct xml_element *e, struct error *err);

// The elements of these names in the net and its pages.
static bool walk(struct pnml_reader *r, const struct xml_element *in, const char *const names[2],
                 reader_of read, struct error *err)
{
    for (const struct xml_element *e = in->first; e != NULL; e = e->next) {
        if (xml_is(e, "page") && !walk(r, e, names, read, err))
            return false;
        if ((xml_is(e, names[0]) || xml_is(e, names[1])) && !read(r, e, err))
            return false;
    }
    return true;
}

static bool read_final(struct pnml_reader *r, const struct xml_element *net, struct error *err)
{
    const struct xml_element *list = xml_child(net, "finalmarkings");
    const struct xml_element *marking = list == NULL ? NULL : xml_child(list, "marking");
    for (const struct xml_element *e = marking == NULL ? NULL : marking->first; e != NULL;
         e = e->next) {
        const struct pnml_node *node = map_get(&r->nodes, xml_attribute(e, "idref", STR_EMPTY));
        uint32_t tokens;
        if (node == NULL || !node->is_place || !tokens_of(xml_child_text(e, "text"), &tokens))
            return refuse(err, "a final marking names a place that is not there");
        net_builder_mark(r->builder, node->number, 0, tokens);
        r->has_final |= tokens > 0;
    }
    return true;
}

// Where nothing is said, a net begins where no way leads in and ends where none leads out.
static void find_markings(struct net *net, bool has_final)
{
    bool has_initial = false;
    for (uint32_t p = 0; p < net->place_count; p++)
        has_initial |= net->places[p].initial > 0;
    for (uint32_t p = 0; p < net->place_count; p++) {
        struct net_place *place = &net->places[p];
        place->initial += !has_initial && place->producer_count == 0;
        place->final += !has_final && place->consumer_count == 0;
    }
}

bool net_read_pnml(struct arena *arena, str text, struct net **ret_net, struct error *err)
{
    static const char *const nodes[] = {"place", "transition"}, *const arcs[] = {"arc", "arc"};
    struct pnml_reader r = {.arena = arena, .builder = net_builder_new(arena)};
    const struct xml_element *root;
    r.nodes = map_new(arena);
    if (!xml_parse(arena, text, "pnml", &root, err))
        return false;
    const struct xml_element *net = xml_child(root, "net");
    if (!xml_is(root, "pnml") || net == NULL)
        return refuse(err, "there is no <net> in <pnml>");
    if (!walk(&r, net, nodes, read_node, err) || !walk(&r, net, arcs, read_arc, err) ||
        !read_final(&r, net, err) || !net_builder_finish(r.builder, ret_net, err))
        return false;
    find_markings(*ret_net, r.has_final);
    (*ret_net)->name = label_of(net, "name", STR("net"));
    return true;
}
