// SPDX-License-Identifier: Apache-2.0
#include "bpmn/xml.h"

#include "base/array.h"
#include "base/strbuf.h"

#include <expat.h>
#include <stdio.h>

struct binding {
    str prefix;
    enum bpmn_xml_space space;
    int depth;
};

struct level {
    struct bpmn_xml_node *node;
    struct bpmn_xml_node *last; // child
    struct strbuf text;
};

struct reader {
    struct arena *arena;
    XML_Parser parser;
    struct error *err;
    bool failed;
    int depth;
    int skipped_from; // depth at which a diagram began; 0: none
    ARRAY(struct binding) bindings;
    struct level levels[XML_MAX_DEPTH + 1];
    struct bpmn_xml_node *root;
};

struct known_space {
    const char *text;
    enum bpmn_xml_space space;
};

// Beginnings of namespace names: versions and dates behind them differ.
static const struct known_space known_names[] = {
    {"http://www.omg.org/spec/BPMN/20100524/DI", XML_DIAGRAM},
    {"http://www.omg.org/spec/DD/", XML_DIAGRAM},
    {"http://www.omg.org/spec/BPMN/non-normative", XML_TOOL},
    {"http://www.omg.org/spec/BPMN/", XML_BPMN},
    {"http://schema.omg.org/spec/BPMN/", XML_BPMN},
    {"http://www.omg.org/bpmn20", XML_BPMN},
    {"http://camunda.org/schema/zeebe/", XML_ZEEBE},
    {"http://camunda.org/schema/1.0/bpmn", XML_CAMUNDA},
    {"http://activiti.org/bpmn", XML_CAMUNDA},
    {"http://flowable.org/bpmn", XML_CAMUNDA},
    {"http://baton.dev/schema/bpmn", XML_BATON},
    {"http://www.w3.org/2001/XMLSchema-instance", XML_SCHEMA_INSTANCE},
    {"http://www.jboss.org/drools", XML_ENGINE},
    {"http://spiffworkflow.org/", XML_ENGINE},
    {"http://www.imixs.org/", XML_ENGINE},
    {"http://www.bonitasoft.org/", XML_ENGINE},
    {"http://xmlns.oracle.com/bpm", XML_ENGINE},
    {"http://www.ibm.com/xmlns/", XML_ENGINE},
    {"http://processmaker.com/", XML_ENGINE},
    {"http://www.processmaker.", XML_ENGINE},
    {"http://alfresco.org", XML_ENGINE},
    {"http://www.alfresco.org", XML_ENGINE},
    {"http://edoras.com/", XML_ENGINE},
    {"http://elsa", XML_ENGINE},
    {"http://www.w3.org/", XML_TOOL},
    {"http://www.omg.org/", XML_TOOL},
    {"http://bpmn.io/", XML_TOOL},
    {"http://camunda.org/schema/modeler/", XML_TOOL},
    {"http://flowable.org/", XML_TOOL}, // what is not its bpmn namespace draws
    {"http://www.signavio.com", XML_TOOL},
    {"http://www.trisotech.com", XML_TOOL},
    {"http://www.bizagi.com", XML_TOOL},
    {"http://www.bpsim.org", XML_TOOL},
    {"http://www.visual-paradigm.com", XML_TOOL},
    {"http://www.boc-", XML_TOOL},
    {"http://www.yaoqiang.org", XML_TOOL},
    {"http://bpmn.sourceforge.net", XML_TOOL},
    {"http://sourceforge.net/bpmn", XML_TOOL},
    {"http://www.eclipse.org/", XML_TOOL},
    {"http://eclipse.org/", XML_TOOL},
    {"http://www.itp-commerce.com", XML_TOOL},
    {"http://www.softwareag.com", XML_TOOL},
    {"http://www.ids-scheer.com", XML_TOOL},
    {"http://sparxsystems.com", XML_TOOL},
    {"http://www.sparxsystems.com", XML_TOOL},
    {"http://www.qualiware.com", XML_TOOL},
    {"http://www.mega.com", XML_TOOL},
    {"http://www.nomagic.com", XML_TOOL},
    {"http://www.businessprocessincubator.com", XML_TOOL},
};

static const struct known_space customary_prefixes[] = {
    {"bpmn", XML_BPMN},        {"bpmn2", XML_BPMN},          {"semantic", XML_BPMN},
    {"model", XML_BPMN},       {"zeebe", XML_ZEEBE},         {"camunda", XML_CAMUNDA},
    {"activiti", XML_CAMUNDA}, {"flowable", XML_CAMUNDA},    {"baton", XML_BATON},
    {"drools", XML_ENGINE},    {"bioc", XML_TOOL},           {"color", XML_TOOL},
    {"modeler", XML_TOOL},     {"signavio", XML_TOOL},       {"bpmndi", XML_DIAGRAM},
    {"di", XML_DIAGRAM},       {"dc", XML_DIAGRAM},          {"omgdi", XML_DIAGRAM},
    {"omgdc", XML_DIAGRAM},    {"xsi", XML_SCHEMA_INSTANCE},
};

enum bpmn_xml_space bpmn_xml_space_named(str name)
{
    for (size_t i = 0; i < COUNT_OF(known_names); i++)
        if (str_starts_with(name, str_of(known_names[i].text)))
            return known_names[i].space;
    return XML_OTHER;
}

enum bpmn_xml_space bpmn_xml_customary_space(str prefix)
{
    if (str_is_empty(prefix))
        return XML_BPMN;
    for (size_t i = 0; i < COUNT_OF(customary_prefixes); i++)
        if (str_equal(str_of(customary_prefixes[i].text), prefix))
            return customary_prefixes[i].space;
    return XML_OTHER;
}

static enum bpmn_xml_space space_of_prefix(const struct reader *r, str prefix)
{
    for (size_t i = r->bindings.count; i > 0; i--)
        if (str_equal(r->bindings.items[i - 1].prefix, prefix))
            return r->bindings.items[i - 1].space;
    return bpmn_xml_customary_space(prefix);
}

static void fail(struct reader *r, enum error_kind kind, const char *text)
{
    if (r->failed)
        return;
    char place[32];
    snprintf(place, sizeof place, "line %lu", (unsigned long)XML_GetCurrentLineNumber(r->parser));
    error_set(r->err, kind, place, "%s", text);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void split_name(str qualified, str *ret_prefix, str *ret_local)
{
    size_t colon = str_find_char(qualified, ':');
    *ret_prefix = colon == SIZE_MAX ? STR_EMPTY : str_sub(qualified, 0, colon);
    *ret_local = colon == SIZE_MAX ? qualified : str_from_index(qualified, colon + 1);
}

static void bind(struct reader *r, str prefix, const char *value)
{
    struct binding *binding = ARRAY_PUSH(r->arena, &r->bindings);
    *binding =
        (struct binding){str_copy(r->arena, prefix), bpmn_xml_space_named(str_of(value)), r->depth};
}

static void bind_all(struct reader *r, const char **attributes)
{
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        str name = str_of(attributes[i]);
        if (str_equal(name, STR("xmlns")))
            bind(r, STR_EMPTY, attributes[i + 1]);
        else if (str_starts_with(name, STR("xmlns:")))
            bind(r, str_from_index(name, 6), attributes[i + 1]);
    }
}

static void read_attributes(struct reader *r, struct bpmn_xml_node *node, const char **attributes)
{
    size_t count = 0;
    while (attributes[count * 2] != NULL)
        count++;
    struct bpmn_xml_attribute *out = ARENA_ARRAY(r->arena, struct bpmn_xml_attribute, count);
    for (size_t i = 0; i < count; i++) {
        str prefix, local;
        split_name(str_of(attributes[i * 2]), &prefix, &local);
        if (str_equal(prefix, STR("xmlns")) || str_equal(local, STR("xmlns")))
            continue;
        out[node->attribute_count++] = (struct bpmn_xml_attribute){
            str_is_empty(prefix) ? XML_NONE : space_of_prefix(r, prefix),
            str_copy(r->arena, prefix), str_copy(r->arena, local),
            str_copy(r->arena, str_of(attributes[i * 2 + 1]))};
    }
    node->attributes = out;
}

static void append(struct reader *r, struct bpmn_xml_node *node)
{
    if (r->depth == 1) {
        r->root = node;
        return;
    }
    struct level *above = &r->levels[r->depth - 1];
    if (above->last == NULL)
        above->node->first = node;
    else
        above->last->next = node;
    above->last = node;
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reader *r = context;
    if (++r->depth > XML_MAX_DEPTH) {
        fail(r, ERROR_LIMIT, "elements are nested deeper than 200");
        return;
    }
    bind_all(r, attributes);
    str prefix, local;
    split_name(str_of(name), &prefix, &local);
    enum bpmn_xml_space space = space_of_prefix(r, prefix);
    if (r->skipped_from == 0 && space == XML_DIAGRAM && r->depth > 1)
        r->skipped_from = r->depth;
    if (r->skipped_from != 0)
        return;
    struct bpmn_xml_node *node = ARENA_NEW(r->arena, struct bpmn_xml_node);
    node->space = space;
    node->prefix = str_copy(r->arena, prefix);
    node->name = str_copy(r->arena, local);
    node->line = (uint32_t)XML_GetCurrentLineNumber(r->parser);
    read_attributes(r, node, attributes);
    append(r, node);
    r->levels[r->depth] = (struct level){.node = node, .text = strbuf_new(r->arena)};
}

static void on_end(void *context, const char *name)
{
    (void)name;
    struct reader *r = context;
    if (r->skipped_from == 0)
        r->levels[r->depth].node->text = strbuf_str(&r->levels[r->depth].text);
    if (r->skipped_from == r->depth)
        r->skipped_from = 0;
    while (r->bindings.count > 0 && r->bindings.items[r->bindings.count - 1].depth == r->depth)
        r->bindings.count--;
    r->depth--;
}

static bool is_blank(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (text[i] != ' ' && text[i] != '\n' && text[i] != '\t' && text[i] != '\r')
            return false;
    return true;
}

static void on_text(void *context, const char *text, int len)
{
    struct reader *r = context;
    if (r->skipped_from != 0 || r->depth == 0)
        return;
    struct strbuf *buf = &r->levels[r->depth].text;
    if (buf->len > 0 || !is_blank(text, (size_t)len))
        strbuf_add(buf, str_from(text, (size_t)len));
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int has_subset)
{
    (void)name, (void)system, (void)public, (void)has_subset;
    fail(context, ERROR_INVALID, "a document type declaration is not allowed");
}

// Tools on Windows write its code page, which expat does not know: ISO 8859-1 but for these.
static int on_encoding(void *context, const XML_Char *name, XML_Encoding *ret_encoding)
{
    static const int other[32] = {0x20ac, -1,     0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
                                  0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, -1,     0x017d, -1,
                                  -1,     0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
                                  0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, -1,     0x017e, 0x0178};
    (void)context;
    if (!str_equal_ignoring_case(str_of(name), STR("windows-1252")) &&
        !str_equal_ignoring_case(str_of(name), STR("cp1252")))
        return XML_STATUS_ERROR;
    for (int i = 0; i < 256; i++)
        ret_encoding->map[i] = i >= 0x80 && i < 0xa0 ? other[i - 0x80] : i;
    ret_encoding->data = NULL;
    ret_encoding->convert = NULL;
    ret_encoding->release = NULL;
    return XML_STATUS_OK;
}

static bool run(struct reader *r, str text)
{
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    XML_SetUnknownEncodingHandler(r->parser, on_encoding, NULL);
    enum XML_Status status = XML_Parse(r->parser, text.data, (int)text.len, XML_TRUE);
    if (status != XML_STATUS_OK)
        fail(r, ERROR_INVALID, XML_ErrorString(XML_GetErrorCode(r->parser)));
    return !r->failed;
}

bool bpmn_xml_parse(struct arena *arena, str text, struct bpmn_xml_node **ret_root,
                    struct error *err)
{
    if (text.len > XML_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "line 1", "the model has %zu bytes, the limit is %d",
                         text.len, XML_MAX_BYTES);
    struct reader *r = ARENA_NEW(arena, struct reader);
    r->arena = arena;
    r->err = err;
    r->parser = XML_ParserCreate(NULL);
    check(r->parser != NULL && "out of memory");
    bool ok = run(r, text);
    XML_ParserFree(r->parser);
    if (ok)
        *ret_root = r->root;
    return ok;
}

str bpmn_xml_attribute(const struct bpmn_xml_node *node, str name)
{
    return bpmn_xml_attribute_in(node, XML_NONE, name);
}

str bpmn_xml_attribute_in(const struct bpmn_xml_node *node, enum bpmn_xml_space space, str name)
{
    for (size_t i = 0; node != NULL && i < node->attribute_count; i++)
        if (node->attributes[i].space == space && str_equal(node->attributes[i].name, name))
            return node->attributes[i].value;
    return (str){NULL, 0};
}

bool bpmn_xml_is(const struct bpmn_xml_node *node, enum bpmn_xml_space space, str name)
{
    return node->space == space && str_equal(node->name, name);
}

const struct bpmn_xml_node *bpmn_xml_child(const struct bpmn_xml_node *node,
                                           enum bpmn_xml_space space, str name)
{
    if (node == NULL)
        return NULL;
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next)
        if (bpmn_xml_is(child, space, name))
            return child;
    return NULL;
}

const struct bpmn_xml_node *bpmn_xml_again(const struct bpmn_xml_node *node)
{
    for (const struct bpmn_xml_node *next = node->next; next != NULL; next = next->next)
        if (bpmn_xml_is(next, node->space, node->name))
            return next;
    return NULL;
}
