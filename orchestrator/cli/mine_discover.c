// SPDX-License-Identifier: Apache-2.0
//
// `baton mine LOG discover`: a model out of a log.
#include "cli/mine.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/command.h"
#include "cli/files.h"
#include "insight/diagram.h"
#include "insight/graph_miner.h"
#include "insight/inductive.h"

// "orders 2.xes.gz" is the process orders_2.
static str process_id_of(struct mine *m)
{
    str name = m->source;
    for (size_t slash; (slash = str_find_char(name, '/')) != SIZE_MAX;)
        name = str_from_index(name, slash + 1);
    size_t dot = str_find_char(name, '.');
    name = str_sub(name, 0, dot == SIZE_MAX ? name.len : dot);
    struct strbuf out = strbuf_new(&m->arena);
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool is_digit = c >= '0' && c <= '9';
        if (i == 0 && !is_letter)
            strbuf_add(&out, STR("process_"));
        strbuf_add_char(&out, is_letter || is_digit ? c : '_');
    }
    return out.len > 0 ? strbuf_str(&out) : STR("process");
}

static bool read_share(str text, const char *option, double fallback, double *ret_share,
                       struct error *err)
{
    char digits[32], *end;
    *ret_share = fallback;
    if (text.len == 0)
        return true;
    snprintf(digits, sizeof digits, "%.*s", STR_ARG(text));
    *ret_share = strtod(digits, &end);
    return (*end == '\0' && *ret_share >= 0 && *ret_share <= 1) ||
           error_set(err, ERROR_INVALID, option, "'%.*s' is not a number from 0 to 1",
                     STR_ARG(text));
}

static bool discover_tree(struct mine *m, struct tree **ret_tree, struct error *err)
{
    struct variants *variants = variants_new(&m->arena, m->log);
    struct inductive_options options = {
        .is_dfg_only = str_equal(m->algorithm, STR("imd")),
    };
    bool is_imf = str_equal(m->algorithm, STR("imf"));
    if (!read_share(m->noise, "--noise", is_imf ? 0.2 : 0, &options.noise, err))
        return false;
    struct inductive_result result = inductive_mine(&m->arena, m->log, variants, options);
    if (result.is_bounded)
        fprintf(stderr, "baton: note: the log is too large for all of it to be mined: where the "
                        "limit was reached everything can happen in the model\n");
    *ret_tree = result.tree;
    return true;
}

// What was found: a tree, or a diagram that is none.
struct found {
    struct tree *tree; // NULL: there is only the diagram
    struct diagram *diagram;
};

static bool discover(struct mine *m, struct found *ret_found, struct error *err)
{
    struct graph_miner_options options = GRAPH_MINER_OPTIONS_DEFAULT;
    bool is_heuristics = str_equal(m->algorithm, STR("heuristics"));
    *ret_found = (struct found){0};
    options.is_split = str_equal(m->algorithm, STR("split"));
    if (!is_heuristics && !options.is_split) {
        if (!discover_tree(m, &ret_found->tree, err))
            return false;
        ret_found->diagram = diagram_of_tree(&m->arena, ret_found->tree);
        return true;
    }
    double *share = is_heuristics ? &options.dependency : &options.filter;
    return read_share(m->noise, "--noise", *share, share, err) &&
           graph_mine(&m->arena, m->log, &options, &ret_found->diagram, err);
}

static bool model_text(struct mine *m, const struct found *found, str *ret_text, struct error *err)
{
    struct net *net;
    str id = process_id_of(m);
    if (str_ends_with(m->out, STR(".bpmn"))) {
        *ret_text = diagram_write_bpmn(found->diagram, id, id);
    } else if (str_ends_with(m->out, STR(".svg"))) {
        *ret_text = diagram_write_svg(found->diagram);
    } else if (str_ends_with(m->out, STR(".ptml"))) {
        if (found->tree == NULL)
            return error_set(err, ERROR_UNSUPPORTED, "--out",
                             "what this algorithm finds is no tree: expected .bpmn, .pnml or .svg");
        *ret_text = tree_write_ptml(&m->arena, found->tree, id);
    } else if (str_ends_with(m->out, STR(".pnml"))) {
        if (found->tree != NULL ? !net_of_tree(&m->arena, found->tree, &net, err)
                                : !net_of_diagram(&m->arena, found->diagram, &net, err))
            return false;
        net->name = id;
        *ret_text = net_write_pnml(&m->arena, net);
    } else {
        return error_set(err, ERROR_INVALID, "--out", "expected .bpmn, .pnml, .ptml or .svg");
    }
    return true;
}

static str shown_node(struct arena *arena, const struct diagram_node *node)
{
    return node->name.len > 0 ? str_format(arena, "'%.*s'", STR_ARG(node->name)) : node->id;
}

static int print_diagram(struct mine *m, const struct diagram *d)
{
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    json_key(&json, STR("flows"));
    json_begin_array(&json);
    for (size_t i = 0; i < d->flow_count; i++) {
        str from = shown_node(&m->arena, &d->nodes[d->flows[i].from]);
        str to = shown_node(&m->arena, &d->nodes[d->flows[i].to]);
        if (!m->is_json)
            printf("%.*s -> %.*s\n", STR_ARG(from), STR_ARG(to));
        json_begin_object(&json);
        mine_text(&json, "from", from);
        mine_text(&json, "to", to);
        json_end_object(&json);
    }
    json_end_array(&json);
    json_end_object(&json);
    return m->is_json ? mine_print_json(&out) : EXIT_OK;
}

static int print_tree(struct mine *m, const struct tree *tree)
{
    str text = tree_text(&m->arena, tree);
    if (!m->is_json) {
        printf("%.*s\n", STR_ARG(text));
        return EXIT_OK;
    }
    struct strbuf out = strbuf_new(&m->arena);
    struct json_writer json = json_writer_new(&out);
    json_begin_object(&json);
    mine_text(&json, "tree", text);
    json_end_object(&json);
    return mine_print_json(&out);
}

static int print_found(struct mine *m, const struct found *found)
{
    return found->tree != NULL ? print_tree(m, found->tree) : print_diagram(m, found->diagram);
}

int mine_discover(struct mine *m)
{
    struct mine_out out;
    struct error err;
    struct found found;
    str text;
    if (!discover(m, &found, &err))
        return cli_complain(&err);
    if (m->out.len == 0)
        return print_found(m, &found);
    if (!model_text(m, &found, &text, &err) || !mine_out_open(m, &out, &err))
        return cli_complain(&err);
    strbuf_add(&out.buffer, text);
    struct error closing;
    bool is_written = mine_out_write(&out, &out.buffer, &err);
    if (mine_out_close(&out, &closing) && is_written)
        return m->is_json ? print_found(m, &found) : EXIT_OK;
    cli_complain(is_written ? &closing : &err);
    return EXIT_FAILED;
}
