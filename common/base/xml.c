// SPDX-License-Identifier: Apache-2.0
#include "base/xml.h"

#include <expat.h>
#include <stdio.h>

#include "base/strbuf.h"

enum { SEPARATOR = '\x1f' }; // expat puts it between a namespace and a name

// An element being read, and where its children and text go.
struct level {
    struct xml_element *element;
    const struct xml_element **next_child;
    struct strbuf text; // in scratch memory, used again by the next element of this depth
};

// A document has few names and many elements: what a name is cut into is kept for the next use.
struct name {
    str full; // as expat gives it; empty: none yet
    str namespace, name;
};

enum { NAMES_KEPT = 64 };

struct reader {
    XML_Parser parser;
    struct arena *arena;
    struct arena scratch;
    struct name names[NAMES_KEPT];
    struct level levels[XML_MAX_DEPTH];
    size_t depth;
    const struct xml_element *root;
    const char *refused; // why reading stopped
    str text;
    size_t counted; // how far lines were counted
    uint32_t line;
};

// Expat can tell, but looks at each character once more to do so.
static uint32_t current_line(struct reader *r)
{
    XML_Index at = XML_GetCurrentByteIndex(r->parser);
    size_t end = at < 0 || (size_t)at > r->text.len ? r->text.len : (size_t)at;
    const char *next;
    while (r->counted < end &&
           (next = memchr(r->text.data + r->counted, '\n', end - r->counted)) != NULL) {
        r->counted = (size_t)(next - r->text.data) + 1;
        r->line++;
    }
    r->counted = end > r->counted ? end : r->counted;
    return r->line;
}

static const struct name *split_name(struct reader *r, const char *text)
{
    str full = str_of(text);
    unsigned char last = full.len > 0 ? (unsigned char)full.data[full.len - 1] : 0;
    unsigned char inner = full.len > 4 ? (unsigned char)full.data[full.len - 4] : 0;
    struct name *name = &r->names[(full.len * 31 + last * 7 + inner) % NAMES_KEPT];
    if (name->full.len > 0 && str_equal(name->full, full))
        return name;
    name->full = str_copy(r->arena, full);
    size_t at = str_find_char(full, SEPARATOR);
    name->namespace = at == SIZE_MAX ? STR_EMPTY : str_sub(name->full, 0, at);
    name->name = at == SIZE_MAX ? name->full : str_from_index(name->full, at + 1);
    return name;
}

static void refuse(struct reader *r, const char *why)
{
    r->refused = why;
    XML_StopParser(r->parser, XML_FALSE);
}

static void read_attributes(struct reader *r, struct xml_element *element, const char **pairs)
{
    size_t count = 0;
    while (pairs[2 * count])
        count++;
    struct xml_attribute *attributes = ARENA_ARRAY(r->arena, struct xml_attribute, count);
    for (size_t i = 0; i < count; i++) {
        const struct name *name = split_name(r, pairs[2 * i]);
        attributes[i].namespace = name->namespace;
        attributes[i].name = name->name;
        attributes[i].value = str_copy(r->arena, str_of(pairs[2 * i + 1]));
    }
    element->attributes = attributes;
    element->attribute_count = count;
}

static void on_start(void *context, const char *name, const char **pairs)
{
    struct reader *r = context;
    if (r->depth == XML_MAX_DEPTH) {
        refuse(r, "elements are nested deeper than 128");
        return;
    }
    struct xml_element *element = ARENA_NEW(r->arena, struct xml_element);
    const struct name *split = split_name(r, name);
    element->namespace = split->namespace;
    element->name = split->name;
    element->line = current_line(r);
    read_attributes(r, element, pairs);
    if (r->depth == 0) {
        r->root = element;
    } else {
        struct level *parent = &r->levels[r->depth - 1];
        element->parent = parent->element;
        *parent->next_child = element;
        parent->next_child = &element->next;
    }
    struct level *level = &r->levels[r->depth++];
    level->element = element;
    level->next_child = &element->first;
    level->text.arena = &r->scratch;
    level->text.len = 0;
}

static bool is_blank(str text)
{
    return str_trim(text).len == 0;
}

// White space between elements is no text: it is most of a model's character data.
static void on_end(void *context, const char *name)
{
    struct reader *r = context;
    struct level *level = &r->levels[--r->depth];
    str text = strbuf_str(&level->text);
    (void)name;
    bool is_text = level->element->first == NULL || !is_blank(text);
    level->element->text = is_text ? str_copy(r->arena, text) : STR_EMPTY;
}

static void on_text(void *context, const char *data, int len)
{
    struct reader *r = context;
    struct level *level = &r->levels[r->depth - 1];
    str text = str_from(data, (size_t)len);
    if (!level->element->first || !is_blank(text))
        strbuf_add(&level->text, text);
}

static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int internal)
{
    (void)name, (void)system, (void)public, (void)internal;
    refuse(context, "a DOCTYPE is not allowed");
}

static bool fail(struct reader *r, const char *file, struct error *err)
{
    const char *why = r->refused ? r->refused : XML_ErrorString(XML_GetErrorCode(r->parser));
    char place[96];
    snprintf(place, sizeof place, "%s:%lu", file, XML_GetCurrentLineNumber(r->parser));
    return error_set(err, ERROR_INVALID, place, "%s", why);
}

bool xml_parse(struct arena *arena, str text, const char *file, const struct xml_element **ret_root,
               struct error *err)
{
    if (text.len > XML_MAX_BYTES)
        return error_set(err, ERROR_LIMIT, file, "%zu bytes, the limit is %d", text.len,
                         XML_MAX_BYTES);
    struct reader *r = ARENA_NEW(arena, struct reader);
    r->arena = arena;
    r->text = text;
    r->line = 1;
    r->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    check(r->parser != NULL);
    XML_SetUserData(r->parser, r);
    XML_SetElementHandler(r->parser, on_start, on_end);
    XML_SetCharacterDataHandler(r->parser, on_text);
    XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
    bool read = XML_Parse(r->parser, text.data, (int)text.len, XML_TRUE) == XML_STATUS_OK;
    if (!read)
        fail(r, file, err);
    else
        *ret_root = r->root;
    XML_ParserFree(r->parser);
    arena_done(&r->scratch);
    return read;
}

bool xml_is(const struct xml_element *element, const char *name)
{
    return element->name.data[0] == name[0] && str_equal(element->name, str_of(name));
}

str xml_attribute(const struct xml_element *element, const char *name, str fallback)
{
    for (size_t i = 0; i < element->attribute_count; i++)
        if (str_equal(element->attributes[i].name, str_of(name)))
            return element->attributes[i].value;
    return fallback;
}

static const struct xml_element *named_from(const struct xml_element *element, const char *name)
{
    while (element && !xml_is(element, name))
        element = element->next;
    return element;
}

const struct xml_element *xml_child(const struct xml_element *element, const char *name)
{
    return named_from(element->first, name);
}

const struct xml_element *xml_next(const struct xml_element *element, const char *name)
{
    return named_from(element->next, name);
}

str xml_child_text(const struct xml_element *element, const char *name)
{
    const struct xml_element *child = xml_child(element, name);
    return child ? str_trim(child->text) : STR_EMPTY;
}
