// SPDX-License-Identifier: Apache-2.0
//
// What a model says in namespaces that are not BPMN's, and what of it has no effect here: Camunda
// 7, Flowable and Activiti, other engines, namespaces that nobody here knows, and what of zeebe:
// is misplaced or unknown. Nothing that would have done something is dropped in silence; what only
// draws or schedules is (foreign.def, zeebe.def).
#include "bpmn/reader.h"

enum standing { READ, HARMLESS, LOST };

static const struct {
    enum bpmn_xml_space space;
    const char *name;
    enum standing standing;
    const char *usual;
    const char *effect;
} foreign[] = {
#define FOREIGN(space, name, standing, usual, effect) {XML_##space, name, standing, usual, effect},
#include "bpmn/foreign.def"
#undef FOREIGN
};

enum place {
    INSIDE = 0, // another zeebe: element
    IN_JOB = 1 << 0,
    IN_USER_TASK = 1 << 1,
    IN_LOOP = 1 << 2,
    IN_CALL = 1 << 3,
    IN_RULE = 1 << 4,
    IN_SCRIPT = 1 << 5,
    IN_MESSAGE = 1 << 6,
    IN_AD_HOC = 1 << 7,
    IN_START = 1 << 8,
    IN_ANY = 0xffff,
};

static const struct zeebe {
    const char *name;
    unsigned places;
    const char *attributes;
    const char *effect;
} zeebe[] = {
#define ZEEBE(name, places, attributes, effect) {name, places, attributes, effect},
#include "bpmn/zeebe.def"
#undef ZEEBE
};

// Whom the notes are about.
struct noting {
    struct reader *r;
    str id;
    uint32_t line;
};

static void note(const struct noting *n, enum bpmn_code code, str prefix, str name,
                 const char *effect)
{
    reader_problem(n->r, code, n->id, n->line,
                   str_format(n->r->scratch, "%.*s%s%.*s%s%s%s", STR_ARG(prefix),
                              str_is_empty(prefix) ? "" : ":", STR_ARG(name), effect[0] ? " (" : "",
                              effect, effect[0] ? ")" : ""));
}

static bool is_word_of(const char *words, str name)
{
    str rest = str_of(words), word;
    while (str_split(&rest, ' ', &word))
        if (str_equal(word, name))
            return true;
    return false;
}

static void note_foreign(const struct noting *n, enum bpmn_xml_space space, str prefix, str name,
                         str value)
{
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (foreign[i].space == space && str_equal(str_of(foreign[i].name), name)) {
            bool is_usual = !str_is_empty(value) && str_equal(value, str_of(foreign[i].usual));
            if (foreign[i].standing == LOST && !is_usual)
                note(n, BPMN_CODE_VENDOR_EXTENSION_IGNORED, prefix, name, foreign[i].effect);
            return;
        }
    note(n, BPMN_CODE_VENDOR_EXTENSION_IGNORED, prefix, name, "");
}

static size_t row_of(str name)
{
    size_t i = 0;
    while (i < COUNT_OF(foreign) &&
           (foreign[i].space != XML_CAMUNDA || !str_equal(str_of(foreign[i].name), name)))
        i++;
    return i;
}

bool foreign_is_needed(str name, str value)
{
    size_t i = row_of(name);
    if (i == COUNT_OF(foreign) || foreign[i].standing == READ)
        return true;
    bool is_usual = !str_is_empty(value) && str_equal(value, str_of(foreign[i].usual));
    return foreign[i].standing == LOST && !is_usual;
}

const char *foreign_effect(str name)
{
    size_t i = row_of(name);
    if (i == COUNT_OF(foreign))
        return "it has no meaning here";
    return foreign[i].standing == LOST ? foreign[i].effect : "it stays as it is";
}

// A namespace that nobody here knows: each of its names is noted once.
static void note_unknown(const struct noting *n, str prefix, str name)
{
    str key = str_format(n->r->scratch, "%.*s:%.*s", STR_ARG(prefix), STR_ARG(name));
    if (map_get(&n->r->noted, key) != NULL)
        return;
    map_put(&n->r->noted, key, n->r);
    note(n, BPMN_CODE_NAMESPACE_UNKNOWN, prefix, name, "");
}

// -- zeebe: -----------------------------------------------------------------------------

static unsigned places_of(const struct bpmn_xml_node *holder)
{
    static const struct {
        const char *name;
        unsigned places;
    } known[] = {
        {"serviceTask", IN_JOB},
        {"sendTask", IN_JOB},
        {"scriptTask", IN_JOB | IN_SCRIPT},
        {"businessRuleTask", IN_JOB | IN_RULE},
        {"userTask", IN_USER_TASK},
        {"callActivity", IN_CALL},
        {"adHocSubProcess", IN_JOB | IN_AD_HOC},
        {"intermediateThrowEvent", IN_JOB},
        {"endEvent", IN_JOB},
        {"messageEventDefinition", IN_JOB},
        {"message", IN_MESSAGE},
        {"startEvent", IN_START},
        {"multiInstanceLoopCharacteristics", IN_LOOP},
    };
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (str_equal(str_of(known[i].name), holder->name))
            return known[i].places;
    return 0;
}

static const struct zeebe *zeebe_named(str name)
{
    for (size_t i = 0; i < COUNT_OF(zeebe); i++)
        if (str_equal(str_of(zeebe[i].name), name))
            return &zeebe[i];
    return NULL;
}

static void check_zeebe_attributes(const struct noting *n, const struct bpmn_xml_node *node,
                                   const struct zeebe *known)
{
    for (size_t i = 0; i < node->attribute_count; i++) {
        const struct bpmn_xml_attribute *a = &node->attributes[i];
        bool is_own = a->space == XML_NONE || a->space == XML_ZEEBE;
        if (is_own && !is_word_of(known->attributes, a->name))
            note(n, BPMN_CODE_ZEEBE_UNKNOWN, node->prefix,
                 str_format(n->r->scratch, "%.*s %.*s", STR_ARG(node->name), STR_ARG(a->name)), "");
    }
}

// `holder`: what the node belongs to; NULL inside of another zeebe: element.
static void note_zeebe(const struct noting *n, const struct bpmn_xml_node *node,
                       const struct bpmn_xml_node *holder)
{
    const struct zeebe *known = zeebe_named(node->name);
    if (known == NULL || (holder != NULL && known->places == INSIDE)) {
        note(n, BPMN_CODE_ZEEBE_UNKNOWN, node->prefix, node->name, "");
        return;
    }
    bool fits = holder == NULL || known->places == IN_ANY || (known->places & places_of(holder));
    if (!fits)
        note(n, BPMN_CODE_ZEEBE_PLACE, node->prefix, node->name, "");
    else if (known->effect[0] != '\0')
        note(n, BPMN_CODE_VENDOR_EXTENSION_IGNORED, node->prefix, node->name, known->effect);
    check_zeebe_attributes(n, node, known);
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next)
        if (child->space == XML_ZEEBE)
            note_zeebe(n, child, NULL);
}

// -- The walk ---------------------------------------------------------------------------

static void note_node(const struct noting *n, const struct bpmn_xml_node *node,
                      const struct bpmn_xml_node *holder)
{
    bool maps = is_word_of("in out", node->name) && !str_equal(holder->name, STR("callActivity"));
    if (node->space == XML_CAMUNDA && maps)
        note(n, BPMN_CODE_VENDOR_EXTENSION_IGNORED, node->prefix, node->name,
             "variables that go along");
    else if (node->space == XML_CAMUNDA || node->space == XML_ENGINE)
        note_foreign(n, node->space, node->prefix, node->name, STR_EMPTY);
    else if (node->space == XML_OTHER)
        note_unknown(n, node->prefix, node->name);
    else if (node->space == XML_ZEEBE)
        note_zeebe(n, node, holder);
}

static void note_attributes(const struct noting *n, const struct bpmn_xml_node *node)
{
    static const char drawn[] = "modelerTemplate modelerTemplateVersion modelerTemplateIcon";
    for (size_t i = 0; i < node->attribute_count; i++) {
        const struct bpmn_xml_attribute *a = &node->attributes[i];
        if (a->space == XML_CAMUNDA || a->space == XML_ENGINE)
            note_foreign(n, a->space, a->prefix, a->name, a->value);
        else if (a->space == XML_OTHER)
            note_unknown(n, a->prefix, a->name);
        else if (a->space == XML_ZEEBE && !is_word_of(drawn, a->name))
            note(n, BPMN_CODE_ZEEBE_UNKNOWN, a->prefix, a->name, "");
    }
}

// The node's own extensions and those of the parts that it is made of, but not of the flow elements
// inside of it, which are elements of their own.
static void look_at(const struct noting *n, const struct bpmn_xml_node *node)
{
    note_attributes(n, node);
    for (const struct bpmn_xml_node *child = node->first; child != NULL; child = child->next) {
        if (bpmn_xml_is(child, XML_BPMN, STR("extensionElements"))) {
            for (const struct bpmn_xml_node *e = child->first; e != NULL; e = e->next)
                note_node(n, e, node);
        } else if (child->space == XML_BPMN) {
            if (reader_is_own_element(child))
                continue;
            reader_note_expression(n->r, n->id, child);
            look_at(n, child);
        } else {
            note_node(n, child, node);
        }
    }
}

void reader_note_foreign(struct reader *r, str id, const struct bpmn_xml_node *node)
{
    struct noting n = {r, id, node->line};
    look_at(&n, node);
}
