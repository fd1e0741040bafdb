// SPDX-License-Identifier: Apache-2.0
//
// XML as a tree in an arena, as BPMN needs it: namespaces become the few that we know, diagrams are
// left out, every node keeps its line. A document type declaration is refused (that is where entity
// attacks live), depth and size are bounded. Prefixes that nobody declared are read by their
// customary meaning, because exports of some tools have them.
#ifndef BATON_BPMN_XML_H
#define BATON_BPMN_XML_H

#include "base/error.h"
#include "base/str.h"

enum { XML_MAX_BYTES = 16 << 20, XML_MAX_DEPTH = 200 };

enum bpmn_xml_space {
    XML_NONE,
    XML_BPMN,
    XML_ZEEBE,
    XML_CAMUNDA, // and activiti and flowable, which share its names
    XML_BATON,
    XML_ENGINE, // extensions of other engines: they say what happens
    XML_TOOL,   // of tools that draw, simulate or document: nothing happens differently
    XML_DIAGRAM,
    XML_SCHEMA_INSTANCE,
    XML_OTHER,
};

struct bpmn_xml_attribute {
    enum bpmn_xml_space space; // XML_NONE: without a prefix
    str prefix;                // as written; empty: none
    str name;
    str value;
};

struct bpmn_xml_node {
    enum bpmn_xml_space space;
    str prefix; // as written; empty: none
    str name;   // local
    uint32_t line;
    size_t attribute_count;
    const struct bpmn_xml_attribute *attributes;
    struct bpmn_xml_node *first;
    struct bpmn_xml_node *next; // sibling
    str text;                   // all character data directly inside
};

// False when the text is no XML, too large or too deep; err->place is "line N".
MUST_CHECK bool bpmn_xml_parse(struct arena *arena, str text, struct bpmn_xml_node **ret_root,
                               struct error *err);

// What a namespace is, and what a prefix that nobody declared customarily stands for.
enum bpmn_xml_space bpmn_xml_space_named(str name);
enum bpmn_xml_space bpmn_xml_customary_space(str prefix);

// The attribute's value; data == NULL when absent.
str bpmn_xml_attribute(const struct bpmn_xml_node *node, str name);
str bpmn_xml_attribute_in(const struct bpmn_xml_node *node, enum bpmn_xml_space space, str name);

// The first child of this name, NULL when there is none or node is NULL.
const struct bpmn_xml_node *bpmn_xml_child(const struct bpmn_xml_node *node,
                                           enum bpmn_xml_space space, str name);

// The next sibling of the same space and name.
const struct bpmn_xml_node *bpmn_xml_again(const struct bpmn_xml_node *node);

bool bpmn_xml_is(const struct bpmn_xml_node *node, enum bpmn_xml_space space, str name);

#endif
