// SPDX-License-Identifier: Apache-2.0
//
// Link events (BPMN 2.0, 10.5.5): a throwing one goes on at the catching one that it names as its
// target, or that names it as a source, or that has its name.
#include "bpmn/reader.h"

static str link_name(const struct bpmn_element *element)
{
    for (uint32_t i = 0; i < element->trigger_count; i++)
        if (element->triggers[i].kind == BPMN_LINK_TRIGGER)
            return element->triggers[i].reference;
    return (str){NULL, 0};
}

static bool is_link(const struct bpmn_element *element, enum bpmn_type type)
{
    return element->type == type && link_name(element).data != NULL;
}

struct links {
    struct reader *r;
    struct map by_name;    // scope and name -> catching element
    struct map by_id;      // id of the event or its definition -> catching element
    struct map by_source;  // id of a throwing definition or event -> the element that names it
    struct map duplicates; // scope and name that several catch -> the second
};

static str name_key(const struct links *l, const struct bpmn_element *element)
{
    return str_format(l->r->scratch, "%u %.*s", element->scope, STR_ARG(link_name(element)));
}

static const struct bpmn_xml_node *definition_of(const struct reader *r, uint32_t index)
{
    const struct bpmn_xml_node *node = r->element_nodes.items[index];
    const struct bpmn_xml_node *inside = bpmn_xml_child(node, XML_BPMN, STR("linkEventDefinition"));
    const struct bpmn_xml_node *reference =
        bpmn_xml_child(node, XML_BPMN, STR("eventDefinitionRef"));
    return inside || !reference ? inside : reader_node(r, reference->text);
}

static str local_id(str reference)
{
    str id = str_trim(reference);
    size_t colon = str_find_char(id, ':');
    return colon == SIZE_MAX ? id : str_from_index(id, colon + 1);
}

static void put(struct map *map, str id, uint32_t index)
{
    if (!str_is_empty(id) && map_get(map, id) == NULL)
        map_put(map, id, (void *)(uintptr_t)(index + 1));
}

static uint32_t get(const struct map *map, str id)
{
    void *found = str_is_empty(id) ? NULL : map_get(map, id);
    return found == NULL ? BPMN_NONE : (uint32_t)(uintptr_t)found - 1;
}

static void add_catcher(struct links *l, uint32_t index)
{
    const struct bpmn_element *e = &l->r->elements.items[index];
    const struct bpmn_xml_node *definition = definition_of(l->r, index);
    str key = name_key(l, e);
    put(map_get(&l->by_name, key) ? &l->duplicates : &l->by_name, key, index);
    put(&l->by_id, e->id, index);
    if (definition == NULL)
        return;
    put(&l->by_id, str_trim(bpmn_xml_attribute(definition, STR("id"))), index);
    const struct bpmn_xml_node *n = bpmn_xml_child(definition, XML_BPMN, STR("source"));
    for (; n != NULL; n = bpmn_xml_again(n))
        put(&l->by_source, local_id(n->text), index);
}

static uint32_t referred(const struct links *l, uint32_t index)
{
    const struct bpmn_element *e = &l->r->elements.items[index];
    const struct bpmn_xml_node *definition = definition_of(l->r, index);
    const struct bpmn_xml_node *target = bpmn_xml_child(definition, XML_BPMN, STR("target"));
    uint32_t found = target ? get(&l->by_id, local_id(target->text)) : BPMN_NONE;
    if (found == BPMN_NONE && definition != NULL)
        found = get(&l->by_source, str_trim(bpmn_xml_attribute(definition, STR("id"))));
    if (found == BPMN_NONE)
        found = get(&l->by_source, e->id);
    bool is_near = found != BPMN_NONE && l->r->elements.items[found].scope == e->scope;
    return is_near ? found : BPMN_NONE;
}

static void bind(const struct links *l, uint32_t index)
{
    struct bpmn_element *e = &l->r->elements.items[index];
    e->link_target = referred(l, index);
    if (e->link_target != BPMN_NONE)
        return;
    str key = name_key(l, e);
    uint32_t second = get(&l->duplicates, key);
    e->link_target = get(&l->by_name, key);
    if (e->link_target == BPMN_NONE)
        reader_complain(l->r, BPMN_CODE_LINK_TARGET, e, link_name(e));
    else if (second != BPMN_NONE)
        reader_complain(l->r, BPMN_CODE_LINK_DUPLICATE, &l->r->elements.items[second],
                        link_name(e));
}

void reader_bind_links(struct reader *r)
{
    struct links l = {r, map_new(r->scratch), map_new(r->scratch), map_new(r->scratch),
                      map_new(r->scratch)};
    for (uint32_t i = 0; i < r->elements.count; i++)
        if (is_link(&r->elements.items[i], BPMN_INTERMEDIATE_CATCH_EVENT))
            add_catcher(&l, i);
    for (uint32_t i = 0; i < r->elements.count; i++)
        if (is_link(&r->elements.items[i], BPMN_INTERMEDIATE_THROW_EVENT))
            bind(&l, i);
}
