// SPDX-License-Identifier: Apache-2.0
#include "bpmn/document.h"

#include <expat.h>
#include <stdio.h>

struct reading {
    struct document *document;
    XML_Parser parser;
    struct document_node *at;
    struct strbuf text; // read since the last node
    struct error *err;
    int depth;
    bool failed;
};

str document_prefix(str qualified_name)
{
    size_t colon = str_find_char(qualified_name, ':');
    return colon == SIZE_MAX ? STR_EMPTY : str_sub(qualified_name, 0, colon);
}

str document_local(str qualified_name)
{
    size_t colon = str_find_char(qualified_name, ':');
    return colon == SIZE_MAX ? qualified_name : str_from_index(qualified_name, colon + 1);
}

// -- Reading ----------------------------------------------------------------------------

static void fail(struct reading *r, const char *text)
{
    char place[32];
    if (r->failed)
        return;
    snprintf(place, sizeof place, "line %lu", (unsigned long)XML_GetCurrentLineNumber(r->parser));
    (void)error_set(r->err, ERROR_INVALID, place, "%s", text);
    r->failed = true;
    XML_StopParser(r->parser, XML_FALSE);
}

static void link_node(struct document_node *parent, struct document_node *node,
                      struct document_node *before)
{
    node->parent = parent;
    node->next = before;
    node->previous = before ? before->previous : parent->last;
    *(node->previous ? &node->previous->next : &parent->first) = node;
    *(before ? &before->previous : &parent->last) = node;
}

static struct document_node *new_node(struct reading *r, enum document_kind kind)
{
    struct document_node *node = ARENA_NEW(r->document->arena, struct document_node);
    node->kind = kind;
    node->name = node->text = STR_EMPTY;
    node->line = (uint32_t)XML_GetCurrentLineNumber(r->parser);
    link_node(r->at, node, NULL);
    return node;
}

static void end_text(struct reading *r)
{
    if (r->text.len > 0 && r->at != r->document->top)
        new_node(r, DOCUMENT_TEXT)->text = strbuf_str(&r->text);
    r->text = strbuf_new(r->document->arena);
}

static struct document_node *append(struct reading *r, enum document_kind kind)
{
    end_text(r);
    return new_node(r, kind);
}

static void declare(struct document *document, str name, str value)
{
    str prefix = str_equal(name, STR("xmlns")) ? STR_EMPTY : str_from_index(name, 6);
    if (map_get(&document->spaces, prefix) == NULL)
        map_put(&document->spaces, str_copy(document->arena, prefix),
                (void *)(uintptr_t)(bpmn_xml_space_named(value) + 1));
}

static void on_start(void *context, const char *name, const char **attributes)
{
    struct reading *r = context;
    struct arena *arena = r->document->arena;
    if (++r->depth > XML_MAX_DEPTH) {
        fail(r, "elements are nested deeper than 200");
        return;
    }
    struct document_node *node = append(r, DOCUMENT_ELEMENT);
    node->name = str_copy(arena, str_of(name));
    for (size_t i = 0; attributes[i] != NULL; i += 2) {
        struct document_attribute *a = ARRAY_PUSH(arena, &node->attributes);
        a->name = str_copy(arena, str_of(attributes[i]));
        a->value = str_copy(arena, str_of(attributes[i + 1]));
        if (str_equal(a->name, STR("xmlns")) || str_starts_with(a->name, STR("xmlns:")))
            declare(r->document, a->name, a->value);
    }
    if (r->at == r->document->top)
        r->document->root = node;
    r->at = node;
}

static void on_end(void *context, const char *name)
{
    struct reading *r = context;
    (void)name;
    end_text(r);
    r->at = r->at->parent;
    r->depth--;
}

static void on_text(void *context, const char *text, int len)
{
    struct reading *r = context;
    strbuf_add(&r->text, str_from(text, (size_t)len));
}

static void on_comment(void *context, const char *text)
{
    struct reading *r = context;
    append(r, DOCUMENT_COMMENT)->text = str_copy(r->document->arena, str_of(text));
}

static void on_instruction(void *context, const char *target, const char *text)
{
    struct reading *r = context;
    struct document_node *node = append(r, DOCUMENT_INSTRUCTION);
    node->name = str_copy(r->document->arena, str_of(target));
    node->text = str_copy(r->document->arena, str_of(text));
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int has_subset)
{
    (void)name, (void)system, (void)public, (void)has_subset;
    fail(context, "a document type declaration is not allowed");
}

bool document_read(struct arena *arena, str text, struct document *ret_document, struct error *err)
{
    struct reading r = {.document = ret_document, .err = err};
    if (text.len > XML_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, "line 1", "the model has %zu bytes, the limit is %d",
                         text.len, XML_MAX_BYTES);
    *ret_document = (struct document){.arena = arena, .spaces = map_new(arena)};
    r.text = strbuf_new(arena);
    ret_document->top = r.at = ARENA_NEW(arena, struct document_node);
    r.parser = XML_ParserCreate(NULL);
    check(r.parser != NULL && "out of memory");
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetCommentHandler(r.parser, on_comment);
    XML_SetProcessingInstructionHandler(r.parser, on_instruction);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);
    if (XML_Parse(r.parser, text.data, (int)text.len, XML_TRUE) != XML_STATUS_OK)
        fail(&r, XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    return !r.failed;
}

// -- Writing ----------------------------------------------------------------------------

static void escape(struct strbuf *out, str text, bool is_attribute)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '&')
            strbuf_add(out, STR("&amp;"));
        else if (c == '<')
            strbuf_add(out, STR("&lt;"));
        else if (c == '>')
            strbuf_add(out, STR("&gt;"));
        else if (c == '"' && is_attribute)
            strbuf_add(out, STR("&#34;"));
        else if (c == '\r' || (is_attribute && (c == '\n' || c == '\t')))
            strbuf_format(out, "&#%d;", c);
        else
            strbuf_add_char(out, c);
    }
}

static void write_node(struct strbuf *out, const struct document_node *node);

static void write_element(struct strbuf *out, const struct document_node *node)
{
    strbuf_format(out, "<%.*s", STR_ARG(node->name));
    for (size_t i = 0; i < node->attributes.count; i++) {
        strbuf_format(out, " %.*s=\"", STR_ARG(node->attributes.items[i].name));
        escape(out, node->attributes.items[i].value, true);
        strbuf_add_char(out, '"');
    }
    if (node->first == NULL) {
        strbuf_add(out, STR(" />"));
        return;
    }
    strbuf_add_char(out, '>');
    for (const struct document_node *n = node->first; n != NULL; n = n->next)
        write_node(out, n);
    strbuf_format(out, "</%.*s>", STR_ARG(node->name));
}

static void write_node(struct strbuf *out, const struct document_node *node)
{
    switch (node->kind) {
    case DOCUMENT_ELEMENT:
        write_element(out, node);
        break;
    case DOCUMENT_TEXT:
        escape(out, node->text, false);
        break;
    case DOCUMENT_COMMENT:
        strbuf_format(out, "<!--%.*s-->", STR_ARG(node->text));
        break;
    case DOCUMENT_INSTRUCTION:
        strbuf_format(out, "<?%.*s %.*s?>", STR_ARG(node->name), STR_ARG(node->text));
        break;
    }
}

str document_write(const struct document *document)
{
    struct strbuf out = strbuf_new(document->arena);
    strbuf_add(&out, STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"));
    for (const struct document_node *n = document->top->first; n != NULL; n = n->next) {
        write_node(&out, n);
        strbuf_add_char(&out, '\n');
    }
    return strbuf_str(&out);
}

// -- Looking and changing ---------------------------------------------------------------

enum bpmn_xml_space document_space(const struct document *document, str qualified_name)
{
    str prefix = document_prefix(qualified_name);
    void *found = map_get(&document->spaces, prefix);
    if (found != NULL)
        return (enum bpmn_xml_space)((uintptr_t)found - 1);
    return bpmn_xml_customary_space(prefix);
}

bool document_is(const struct document *document, const struct document_node *node,
                 enum bpmn_xml_space space, const char *name)
{
    return node->kind == DOCUMENT_ELEMENT && document_space(document, node->name) == space &&
           str_equal(document_local(node->name), str_of(name));
}

struct document_node *document_child(const struct document *document,
                                     const struct document_node *node, enum bpmn_xml_space space,
                                     const char *name)
{
    for (struct document_node *n = node ? node->first : NULL; n != NULL; n = n->next)
        if (document_is(document, n, space, name))
            return n;
    return NULL;
}

static size_t find(const struct document *document, const struct document_node *node,
                   enum bpmn_xml_space space, const char *name)
{
    for (size_t i = 0; i < node->attributes.count; i++) {
        str written = node->attributes.items[i].name;
        bool is_bare = str_is_empty(document_prefix(written));
        enum bpmn_xml_space of = is_bare ? XML_NONE : document_space(document, written);
        if (of == space && str_equal(document_local(written), str_of(name)))
            return i;
    }
    return SIZE_MAX;
}

str document_get(const struct document *document, const struct document_node *node,
                 enum bpmn_xml_space space, const char *name)
{
    size_t at = node ? find(document, node, space, name) : SIZE_MAX;
    return at == SIZE_MAX ? (str){NULL, 0} : node->attributes.items[at].value;
}

void document_set(const struct document *document, struct document_node *node, str name, str value)
{
    for (size_t i = 0; i < node->attributes.count; i++)
        if (str_equal(node->attributes.items[i].name, name)) {
            node->attributes.items[i].value = value;
            return;
        }
    *ARRAY_PUSH(document->arena, &node->attributes) = (struct document_attribute){name, value};
}

void document_drop(const struct document *document, struct document_node *node,
                   enum bpmn_xml_space space, const char *name)
{
    size_t at = find(document, node, space, name);
    if (at == SIZE_MAX)
        return;
    node->attributes.count--;
    for (; at < node->attributes.count; at++)
        node->attributes.items[at] = node->attributes.items[at + 1];
}

str document_text(const struct document *document, const struct document_node *node)
{
    str text = STR_EMPTY;
    for (const struct document_node *n = node ? node->first : NULL; n != NULL; n = n->next)
        if (n->kind == DOCUMENT_TEXT)
            text = str_is_empty(text) ? n->text : str_join2(document->arena, text, n->text);
    return text;
}

void document_set_text(const struct document *document, struct document_node *node, str text)
{
    struct document_node *inner = ARENA_NEW(document->arena, struct document_node);
    inner->kind = DOCUMENT_TEXT;
    inner->text = text;
    node->first = node->last = NULL;
    link_node(node, inner, NULL);
}

struct document_node *document_add(const struct document *document, struct document_node *parent,
                                   struct document_node *before, str name)
{
    struct document_node *node = ARENA_NEW(document->arena, struct document_node);
    node->kind = DOCUMENT_ELEMENT;
    node->name = name;
    node->text = STR_EMPTY;
    node->line = parent->line;
    link_node(parent, node, before);
    return node;
}

// With the blanks before it.
void document_remove(struct document_node *node)
{
    struct document_node *blank = node->previous;
    if (blank != NULL && blank->kind == DOCUMENT_TEXT && str_is_empty(str_trim(blank->text)))
        document_remove(blank);
    *(node->previous ? &node->previous->next : &node->parent->first) = node->next;
    *(node->next ? &node->next->previous : &node->parent->last) = node->previous;
}
