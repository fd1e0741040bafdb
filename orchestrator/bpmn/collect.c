// SPDX-License-Identifier: Apache-2.0
// The first pass over a process: every element and sequence flow gets its index.
#include "bpmn/reader.h"

static const struct {
    const char *local_name;
    enum bpmn_type type;
} flow_elements[] = {
#define ELEMENT(name, local_name, family) {local_name, BPMN_##name},
#include "bpmn/elements.def"
#undef ELEMENT
};

// Elements of the standard that are drawn or described but do not run.
static const char *const silent[] = {
    "association",
    "auditing",
    "category",
    "categoryValueRef",
    "categoryValue",
    "completionCondition",
    "dataInput",
    "dataInputAssociation",
    "dataObject",
    "dataObjectReference",
    "dataOutput",
    "dataOutputAssociation",
    "dataState",
    "dataStore",
    "dataStoreReference",
    "documentation",
    "extensionElements",
    "group",
    "incoming",
    "inputSet",
    "ioSpecification",
    "laneSet",
    "loopCharacteristics",
    "monitoring",
    "multiInstanceLoopCharacteristics",
    "outgoing",
    "outputSet",
    "potentialOwner",
    "performer",
    "humanPerformer",
    "resourceRole",
    "property",
    "relationship",
    "standardLoopCharacteristics",
    "supportedInterfaceRef",
    "supports",
    "textAnnotation",
    "script",
    "rendering",
    "conditionExpression",
};

static bool is_silent(str name)
{
    for (size_t i = 0; i < COUNT_OF(silent); i++)
        if (str_equal(str_of(silent[i]), name))
            return true;
    return false;
}

static bool type_named(const struct bpmn_xml_node *node, enum bpmn_type *ret_type)
{
    for (size_t i = 1; i < COUNT_OF(flow_elements); i++)
        if (str_equal(str_of(flow_elements[i].local_name), node->name)) {
            *ret_type = flow_elements[i].type;
            if (*ret_type == BPMN_SUB_PROCESS &&
                str_equal(bpmn_xml_attribute(node, STR("triggeredByEvent")), STR("true")))
                *ret_type = BPMN_EVENT_SUB_PROCESS;
            return true;
        }
    return false;
}

// Parts that would do something in an engine that has them.
static bool says_more(str name)
{
    return str_equal(name, STR("correlationSubscription")) || str_equal(name, STR("ioBinding"));
}

bool reader_is_own_element(const struct bpmn_xml_node *node)
{
    enum bpmn_type type;
    return bpmn_xml_is(node, XML_BPMN, STR("sequenceFlow")) || type_named(node, &type);
}

static str id_of(struct reader *r, const struct bpmn_xml_node *node)
{
    str id = str_trim(bpmn_xml_attribute(node, STR("id")));
    if (!str_is_empty(id))
        return str_copy(r->arena, id);
    id = str_format(r->arena, "%.*s_line_%u", STR_ARG(node->name), node->line);
    reader_problem(r, BPMN_CODE_MISSING_ID, id, node->line, STR_EMPTY);
    return id;
}

// The first of an id that stands twice (which was said when the file was indexed) is what it names.
static void remember(struct reader *r, struct map *map, str id, uint32_t index)
{
    if (map_get(&r->element_ids, id) == NULL && map_get(&r->flow_ids, id) == NULL)
        map_put(map, id, (void *)(uintptr_t)(index + 1));
}

static uint32_t add_element(struct reader *r, const struct bpmn_xml_node *node, enum bpmn_type type,
                            uint32_t scope)
{
    uint32_t index = (uint32_t)r->elements.count;
    str id = id_of(r, node);
    struct bpmn_element *element = ARRAY_PUSH(r->scratch, &r->elements);
    *ARRAY_PUSH(r->scratch, &r->element_nodes) = node;
    element->id = id;
    element->name = reader_keep(r, bpmn_xml_attribute(node, STR("name")));
    element->type = type;
    element->line = node->line;
    element->scope = scope;
    element->host = element->default_flow = element->link_target = BPMN_NONE;
    element->compensation = BPMN_NONE;
    element->start_quantity = element->completion_quantity = 1;
    remember(r, &r->element_ids, id, index);
    return index;
}

static void add_flow(struct reader *r, const struct bpmn_xml_node *node)
{
    uint32_t index = (uint32_t)r->flows.count;
    str id = id_of(r, node);
    struct bpmn_flow *flow = ARRAY_PUSH(r->scratch, &r->flows);
    *ARRAY_PUSH(r->scratch, &r->flow_nodes) = node;
    *flow =
        (struct bpmn_flow){.id = id, .line = node->line, .source = BPMN_NONE, .target = BPMN_NONE};
    remember(r, &r->flow_ids, id, index);
}

static void collect_scope(struct reader *r, const struct bpmn_xml_node *scope, uint32_t index,
                          int depth);

static void collect_node(struct reader *r, const struct bpmn_xml_node *node, uint32_t scope,
                         int depth)
{
    enum bpmn_type type;
    if (node->space != XML_BPMN)
        return;
    if (str_equal(node->name, STR("sequenceFlow"))) {
        add_flow(r, node);
    } else if (str_equal(node->name, STR("association"))) {
        *ARRAY_PUSH(r->scratch, &r->associations) = node;
    } else if (type_named(node, &type)) {
        uint32_t index = add_element(r, node, type, scope);
        if (bpmn_is_scope(type))
            collect_scope(r, node, index, depth + 1);
    } else if (says_more(node->name)) {
        reader_problem(r, BPMN_CODE_STANDARD_IGNORED, r->elements.items[scope].id, node->line,
                       node->name);
    } else if (!is_silent(node->name)) {
        reader_problem(r, BPMN_CODE_UNSUPPORTED_ELEMENT, bpmn_xml_attribute(node, STR("id")),
                       node->line, node->name);
    }
}

static void collect_scope(struct reader *r, const struct bpmn_xml_node *scope, uint32_t index,
                          int depth)
{
    if (depth > BPMN_MAX_SCOPE_DEPTH) {
        reader_problem(r, BPMN_CODE_TOO_DEEP, r->elements.items[index].id, scope->line,
                       STR("the limit is 64"));
        return;
    }
    for (const struct bpmn_xml_node *node = scope->first; node != NULL; node = node->next) {
        if (r->elements.count + r->flows.count >= BPMN_MAX_ELEMENTS) {
            reader_problem(r, BPMN_CODE_TOO_MANY_ELEMENTS, r->elements.items[0].id, scope->line,
                           STR("the limit is 50000 elements and sequence flows"));
            return;
        }
        collect_node(r, node, index, depth);
    }
}

void reader_collect(struct reader *r, const struct bpmn_xml_node *process)
{
    r->elements.count = r->element_nodes.count = r->flows.count = r->flow_nodes.count = 0;
    r->associations.count = 0;
    r->element_ids = map_new(r->scratch);
    r->flow_ids = map_new(r->scratch);
    uint32_t index = add_element(r, process, BPMN_PROCESS, BPMN_NONE);
    collect_scope(r, process, index, 0);
}

// References are QNames: a prefix may stand before the id.
static str local_part(str reference)
{
    size_t colon = str_find_char(reference, ':');
    return colon == SIZE_MAX ? reference : str_from_index(reference, colon + 1);
}

uint32_t reader_element(const struct reader *r, str id)
{
    str trimmed = str_trim(id);
    void *found = map_get(&r->element_ids, trimmed);
    if (found == NULL)
        found = map_get(&r->element_ids, local_part(trimmed));
    return found == NULL ? BPMN_NONE : (uint32_t)(uintptr_t)found - 1;
}

const struct bpmn_xml_node *reader_node(const struct reader *r, str reference)
{
    str trimmed = str_trim(reference);
    const struct bpmn_xml_node *node = map_get(&r->nodes, trimmed);
    return node != NULL ? node : map_get(&r->nodes, local_part(trimmed));
}

struct bpmn_list reader_list(struct reader *r, const uint32_t *items, uint32_t count)
{
    if (count == 0)
        return (struct bpmn_list){0};
    return (struct bpmn_list){count, arena_copy(r->arena, items, count * sizeof *items)};
}
