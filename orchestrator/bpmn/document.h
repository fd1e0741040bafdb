// SPDX-License-Identifier: Apache-2.0
//
// An XML document that is read, changed and written again: everything stays as it was, comments and
// diagrams too, but for what is changed. For reading a model to run it see xml.h.
#ifndef BATON_BPMN_DOCUMENT_H
#define BATON_BPMN_DOCUMENT_H

#include "base/array.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "bpmn/xml.h"

enum document_kind { DOCUMENT_ELEMENT, DOCUMENT_TEXT, DOCUMENT_COMMENT, DOCUMENT_INSTRUCTION };

struct document_attribute {
    str name; // as written, with its prefix
    str value;
};

struct document_node {
    enum document_kind kind;
    str name; // as written; of an instruction: its target
    str text; // of texts, comments and instructions
    uint32_t line;
    ARRAY(struct document_attribute) attributes;
    struct document_node *parent, *first, *last, *next, *previous;
};

struct document {
    struct arena *arena;
    struct map spaces;         // prefix -> enum bpmn_xml_space + 1
    struct document_node *top; // holds the root and what stands beside it
    struct document_node *root;
};

MUST_CHECK bool document_read(struct arena *arena, str text, struct document *ret_document,
                              struct error *err);
str document_write(const struct document *document);

enum bpmn_xml_space document_space(const struct document *document, str qualified_name);
str document_local(str qualified_name);
str document_prefix(str qualified_name); // empty: none

bool document_is(const struct document *document, const struct document_node *node,
                 enum bpmn_xml_space space, const char *name);
// The first child element of the name; NULL: none, or node is NULL.
struct document_node *document_child(const struct document *document,
                                     const struct document_node *node, enum bpmn_xml_space space,
                                     const char *name);

// The value of an attribute; data NULL: there is none. XML_NONE: without a prefix.
str document_get(const struct document *document, const struct document_node *node,
                 enum bpmn_xml_space space, const char *name);
void document_set(const struct document *document, struct document_node *node, str name, str value);
void document_drop(const struct document *document, struct document_node *node,
                   enum bpmn_xml_space space, const char *name);

// All character data directly inside.
str document_text(const struct document *document, const struct document_node *node);
void document_set_text(const struct document *document, struct document_node *node, str text);

// A new element, last in its parent, or before `before` when that is not NULL.
struct document_node *document_add(const struct document *document, struct document_node *parent,
                                   struct document_node *before, str name);
void document_remove(struct document_node *node);

#endif
