// SPDX-License-Identifier: Apache-2.0
//
// An XML document as a tree in an arena, over expat. A DOCTYPE is refused, so there are no entities
// but XML's own; depth and size are bounded. Comments and processing instructions are dropped.
// Errors name the line.
#ifndef BATON_BASE_XML_H
#define BATON_BASE_XML_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

enum { XML_MAX_DEPTH = 128, XML_MAX_BYTES = 32 << 20 };

struct xml_attribute {
    str namespace; // empty: none
    str name;      // without its prefix
    str value;
};

struct xml_element {
    str namespace;
    str name; // without its prefix
    uint32_t line;
    size_t attribute_count;
    const struct xml_attribute *attributes;
    str text;                               // all character data directly inside, in order
    const struct xml_element *first, *next; // children, siblings
    const struct xml_element *parent;
};

// Texts live in the arena. On failure *err names `file` and the line.
MUST_CHECK bool xml_parse(struct arena *arena, str text, const char *file,
                          const struct xml_element **ret_root, struct error *err);

// The value of the attribute of this name in any namespace; the fallback when there is none.
str xml_attribute(const struct xml_element *element, const char *name, str fallback);

// The first child, or next sibling, of this name in any namespace; NULL when there is none.
const struct xml_element *xml_child(const struct xml_element *element, const char *name);
const struct xml_element *xml_next(const struct xml_element *element, const char *name);

bool xml_is(const struct xml_element *element, const char *name);

// The trimmed text of the child of this name; empty when there is none.
str xml_child_text(const struct xml_element *element, const char *name);

#endif
