// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"
#include "base/xml.h"
#include "insight/markup.h"
#include "insight/tree.h"

// By kind: the element, and the one that a root or child of another form has in files of others.
static const char *const elements[] = {"manualTask", "automaticTask", "sequence",
                                       "xor",        "and",           "xorLoop"};

struct ptml_writer {
    struct strbuf *out;
    struct strbuf links;
    uint32_t count;
};

static uint32_t write_node(struct ptml_writer *w, const struct tree *tree)
{
    uint32_t id = ++w->count;
    strbuf_format(w->out, "    <%s id=\"n%u\"", elements[tree->kind], id);
    markup_attribute(w->out, "name", tree->activity);
    strbuf_add(w->out, STR("/>\n"));
    for (size_t i = 0; i < tree->count; i++) {
        uint32_t child = write_node(w, tree->children[i]);
        strbuf_format(&w->links,
                      "    <parentsNode id=\"l%u\" sourceId=\"n%u\" targetId=\"n%u\"/>\n", child,
                      id, child);
    }
    if (tree->kind != TREE_LOOP)
        return id;
    uint32_t exit = ++w->count; // the format's loops have a third part, behind them
    strbuf_format(w->out, "    <automaticTask id=\"n%u\" name=\"\"/>\n", exit);
    strbuf_format(&w->links, "    <parentsNode id=\"l%u\" sourceId=\"n%u\" targetId=\"n%u\"/>\n",
                  exit, id, exit);
    return id;
}

str tree_write_ptml(struct arena *arena, const struct tree *tree, str name)
{
    struct strbuf out = strbuf_new(arena);
    struct ptml_writer w = {.out = &out, .links = strbuf_new(arena)};
    strbuf_add(&out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ptml>\n  <processTree "
                         "id=\"tree\" root=\"n1\""));
    markup_attribute(&out, "name", name);
    strbuf_add(&out, STR(">\n"));
    write_node(&w, tree);
    strbuf_add(&out, strbuf_str(&w.links));
    strbuf_add(&out, STR("  </processTree>\n</ptml>\n"));
    return strbuf_str(&out);
}

// -- Reading ------------------------------------------------------------------------------

struct ptml_node {
    struct tree *tree;
    size_t children; // that the links name
    bool is_used;    // as somebody's child: a tree has each once
};

struct ptml_reader {
    struct arena *arena;
    struct map nodes; // by id
    size_t count;
};

static bool refuse(struct error *err, const char *why)
{
    return error_set(err, ERROR_INVALID, "ptml", "%s", why);
}

static bool is_node(const struct xml_element *e, enum tree_kind *ret_kind)
{
    for (int kind = 0; kind < (int)COUNT_OF(elements); kind++)
        if (xml_is(e, elements[kind])) {
            *ret_kind = (enum tree_kind)kind;
            return true;
        }
    return false;
}

static bool read_nodes(struct ptml_reader *r, const struct xml_element *root, struct error *err)
{
    for (const struct xml_element *e = root->first; e != NULL; e = e->next) {
        enum tree_kind kind;
        if (xml_is(e, "parentsNode"))
            continue;
        if (!is_node(e, &kind))
            return error_set(err, ERROR_UNSUPPORTED, "ptml", "a node of the kind '%.*s'",
                             STR_ARG(e->name));
        struct ptml_node *node = ARENA_NEW(r->arena, struct ptml_node);
        node->tree = tree_node(r->arena, kind, 0);
        node->tree->activity = xml_attribute(e, "name", STR_EMPTY);
        if (kind == TREE_ACTIVITY &&
            (node->tree->activity.len == 0 || str_equal(node->tree->activity, STR("tau"))))
            node->tree->kind = TREE_SILENT;
        map_put(&r->nodes, xml_attribute(e, "id", STR_EMPTY), node);
        if (!insight_within(INSIGHT_LIMIT_TREE_NODES, ++r->count, err))
            return false;
    }
    return true;
}

static struct ptml_node *end_of(const struct ptml_reader *r, const struct xml_element *link,
                                const char *name)
{
    return map_get(&r->nodes, xml_attribute(link, name, STR_EMPTY));
}

// Children stand in the order of the links.
static bool read_links(struct ptml_reader *r, const struct xml_element *root, struct error *err)
{
    for (int pass = 0; pass < 2; pass++)
        for (const struct xml_element *e = root->first; e != NULL; e = e->next) {
            if (!xml_is(e, "parentsNode"))
                continue;
            struct ptml_node *parent = end_of(r, e, "sourceId"), *child = end_of(r, e, "targetId");
            if (parent == NULL || child == NULL || (pass == 0 && child->is_used))
                return refuse(err, "a link names a node that is not there, or has a parent");
            child->is_used = true;
            if (pass == 0) {
                parent->children++;
                continue;
            }
            if (parent->tree->children == NULL || parent->tree->count == 0)
                parent->tree->children = ARENA_ARRAY(r->arena, struct tree *, parent->children);
            parent->tree->children[parent->tree->count++] = child->tree;
        }
    return true;
}

// A loop's third part stands behind it; a leaf has no children, others have some.
static bool settle(struct arena *arena, struct tree *tree, uint32_t depth, struct error *err)
{
    bool is_leaf = tree->kind <= TREE_SILENT;
    if (depth > INSIGHT_MOST_TREE_NODES / 100)
        return refuse(err, "nodes are nested too deep");
    if (is_leaf != (tree->count == 0))
        return refuse(err, is_leaf ? "a task has children" : "an operator has no children");
    for (size_t i = 0; i < tree->count; i++)
        if (!settle(arena, tree->children[i], depth + 1, err))
            return false;
    if (tree->kind != TREE_LOOP || tree->count == 2)
        return true;
    if (tree->count != 3)
        return refuse(err, "a loop has two parts, or three");
    struct tree *loop = tree_node(arena, TREE_LOOP, 2), *exit = tree->children[2];
    loop->children[0] = tree->children[0];
    loop->children[1] = tree->children[1];
    *tree = *tree_node(arena, TREE_SEQUENCE, 2);
    tree->children[0] = loop;
    tree->children[1] = exit;
    return true;
}

bool tree_read_ptml(struct arena *arena, str text, struct tree **ret_tree, struct error *err)
{
    const struct xml_element *root;
    struct ptml_reader r = {.arena = arena, .nodes = map_new(arena)};
    if (!xml_parse(arena, text, "ptml", &root, err))
        return false;
    const struct xml_element *model = xml_child(root, "processTree");
    if (!xml_is(root, "ptml") || model == NULL)
        return refuse(err, "there is no <processTree> in <ptml>");
    if (!read_nodes(&r, model, err) || !read_links(&r, model, err))
        return false;
    struct ptml_node *top = map_get(&r.nodes, xml_attribute(model, "root", STR_EMPTY));
    if (top == NULL || top->is_used)
        return refuse(err, "the root is not there, or has a parent");
    if (!settle(arena, top->tree, 0, err))
        return false;
    *ret_tree = tree_fold(arena, top->tree);
    return true;
}
