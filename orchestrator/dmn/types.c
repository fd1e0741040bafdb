// SPDX-License-Identifier: Apache-2.0
//
// Item definitions (DMN 7.3.2, 7.3.3) as FEEL types. A type may name itself inside its components,
// so every definition has its address before any is filled.
#include "dmn/model.h"

enum { TYPE_DEPTH_MAX = 64 };

enum fill { NOT_FILLED, FILLING, FILLED };

struct item_type {
    struct feel_type type;
    const struct xml_element *xml;
    enum fill state;
};

static void fill(struct builder *b, struct item_type *item);

// "feel:string" of DMN 1.1, or a prefix bound to the model's own namespace.
static str without_prefix(str name)
{
    size_t colon = str_find_char(name, ':');
    return colon == SIZE_MAX ? name : str_trim(str_from_index(name, colon + 1));
}

static const struct feel_type *find_in(struct builder *b, const struct dmn_model *model, str name)
{
    struct item_type *item = map_get(&model->types, name);
    if (!item)
        return NULL;
    const struct dmn_model *here = b->model;
    b->model = (struct dmn_model *)model;
    if (item->state == NOT_FILLED)
        fill(b, item);
    b->model = (struct dmn_model *)here;
    return &item->type;
}

static const struct feel_type *find_imported(struct builder *b, str name)
{
    for (size_t i = 0; i < b->model->import_count; i++) {
        const struct model_import *import = &b->model->imports[i];
        size_t len = import->alias.len;
        if (!import->model || !str_starts_with(name, import->alias) || name.len <= len)
            continue;
        str rest = len == 0 ? name : str_from_index(name, len + (name.data[len] == '.'));
        const struct feel_type *type = find_in(b, import->model, rest);
        if (type)
            return type;
    }
    return NULL;
}

// What Camunda 7 calls numbers.
static const struct feel_type *foreign_type(str name)
{
    static const str numbers[] = {{"integer", 7}, {"long", 4}, {"double", 6}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (str_equal(numbers[i], name))
            return feel_type_named(STR("number"));
    return NULL;
}

static const struct feel_type *find_type(struct builder *b, str name)
{
    name = model_normalize(b->arena, name);
    const struct feel_type *type = find_in(b, b->model, name);
    if (!type)
        type = find_imported(b, name);
    if (!type)
        type = find_in(b, b->model, without_prefix(name));
    if (!type)
        type = feel_type_named(without_prefix(name));
    return type ? type : foreign_type(without_prefix(name));
}

const struct feel_type *builder_type(struct builder *b, str name, const struct xml_element *at)
{
    if (name.len == 0)
        return NULL;
    const struct feel_type *type = find_type(b, name);
    if (!type)
        builder_problem(b, PROBLEM_UNKNOWN_TYPE, at, "there is no type '%.*s'", STR_ARG(name));
    return type && type->kind == FEEL_TYPE_ANY && !type->constraint ? NULL : type;
}

const struct feel_type *builder_type_of(struct builder *b, const struct xml_element *at)
{
    return at ? builder_type(b, xml_attribute(at, "typeRef", STR_EMPTY), at) : NULL;
}

const struct feel_type *builder_believed(const struct feel_type *column)
{
    return column == feel_type_named(STR("string")) ? NULL : column;
}

void builder_conforms(struct builder *b, feel_value constant, const struct feel_type *type,
                      const struct xml_element *at)
{
    struct feel_run run = feel_run_new(b->arena, NULL);
    if (!type || feel_is_null(constant) ||
        !feel_is_null(feel_coerce(&run, constant, type, STR("the value"))))
        return;
    builder_problem(b, PROBLEM_TYPE, at, "a %s does not conform to the type '%.*s'",
                    feel_kind_name(constant.kind), STR_ARG(type->name));
}

static const struct feel_program *constraint(struct builder *b, const struct xml_element *xml,
                                             const char *child)
{
    const struct xml_element *tests = xml_child(xml, child);
    str text = tests ? builder_text(tests) : STR_EMPTY;
    return text.len ? builder_tests(b, text, tests) : NULL;
}

static void narrow(struct feel_type *type, const struct feel_type *base)
{
    str name = type->name;
    *type = *base;
    type->name = name;
    type->constraint = NULL;
    type->base = base->constraint || base->base ? base : NULL;
}

static void fill_components(struct builder *b, const struct xml_element *xml,
                            struct feel_type *type)
{
    ARRAY(struct feel_type_member) members = {0};
    const struct xml_element *c = xml_child(xml, "itemComponent");
    for (; c; c = xml_next(c, "itemComponent")) {
        struct item_type *item = ARENA_NEW(b->arena, struct item_type);
        item->xml = c;
        item->type.name = model_normalize(b->arena, xml_attribute(c, "name", STR_EMPTY));
        fill(b, item);
        *ARRAY_PUSH(b->arena, &members) = (struct feel_type_member){item->type.name, &item->type};
    }
    type->kind = FEEL_TYPE_CONTEXT;
    type->members = members.items;
    type->member_count = members.count;
}

static void fill_function(struct builder *b, const struct xml_element *xml, struct feel_type *type)
{
    ARRAY(struct feel_type_member) members = {0};
    const struct xml_element *p = xml_child(xml, "parameters");
    for (; p; p = xml_next(p, "parameters"))
        *ARRAY_PUSH(b->arena, &members) =
            (struct feel_type_member){xml_attribute(p, "name", STR_EMPTY), builder_type_of(b, p)};
    type->kind = FEEL_TYPE_FUNCTION;
    type->members = members.items;
    type->member_count = members.count;
    type->element = builder_type(b, xml_attribute(xml, "outputTypeRef", STR_EMPTY), xml);
    if (!type->element)
        type->element = feel_type_named(STR("Any"));
}

// A collection of a type that is still being filled refers to it; anything else of it is a circle.
static const struct feel_type *referred(struct builder *b, const struct xml_element *xml,
                                        bool by_address)
{
    str name = xml_child_text(xml, "typeRef");
    if (name.len == 0)
        name = xml_attribute(xml, "typeRef", STR_EMPTY);
    if (name.len == 0)
        return NULL;
    struct item_type *item = map_get(&b->model->types, model_normalize(b->arena, name));
    if (item && item->state == FILLING && !by_address) {
        builder_problem(b, PROBLEM_CYCLE, xml, "the type '%.*s' is defined by itself",
                        STR_ARG(name));
        return NULL;
    }
    return builder_type(b, name, xml);
}

// What one value, or one item of a collection, looks like.
static void fill_single(struct builder *b, const struct xml_element *xml, struct feel_type *type)
{
    const struct xml_element *function = xml_child(xml, "functionItem");
    const struct feel_type *base = referred(b, xml, false);
    if (base)
        narrow(type, base);
    else if (xml_child(xml, "itemComponent"))
        fill_components(b, xml, type);
    else if (function)
        fill_function(b, function, type);
    else
        type->kind = FEEL_TYPE_ANY;
    type->constraint = constraint(b, xml, "allowedValues");
}

static bool is_recursive(struct builder *b, const struct xml_element *xml)
{
    str name = model_normalize(b->arena, xml_child_text(xml, "typeRef"));
    const struct item_type *item = map_get(&b->model->types, name);
    return item && item->state == FILLING;
}

// A component whose type is being defined around it holds that type by address: lists of it end
// somewhere.
static void fill_recursive(struct builder *b, struct item_type *item, bool is_collection)
{
    const struct feel_type *around = referred(b, item->xml, true);
    item->type.kind = is_collection ? FEEL_TYPE_LIST : FEEL_TYPE_CONTEXT;
    if (is_collection)
        item->type.element = around;
}

static void fill(struct builder *b, struct item_type *item)
{
    const struct xml_element *xml = item->xml;
    bool is_collection = str_equal(xml_attribute(xml, "isCollection", STR_EMPTY), STR("true"));
    bool is_component = xml_is(xml, "itemComponent");
    if (b->depth >= TYPE_DEPTH_MAX) {
        builder_problem(b, PROBLEM_CYCLE, xml, "types are nested deeper than %d", TYPE_DEPTH_MAX);
        return;
    }
    b->depth++;
    item->state = FILLING;
    struct feel_type *single = is_collection ? ARENA_NEW(b->arena, struct feel_type) : &item->type;
    single->name = item->type.name;
    if (is_component && is_recursive(b, xml)) {
        fill_recursive(b, item, is_collection);
    } else {
        fill_single(b, xml, single);
        if (is_collection) {
            item->type.kind = FEEL_TYPE_LIST;
            item->type.element = single;
        }
    }
    const struct feel_program *whole = constraint(b, xml, "typeConstraint");
    if (whole && item->type.constraint) {
        struct feel_type *base = arena_copy(b->arena, &item->type, sizeof item->type);
        item->type.base = base;
    }
    if (whole) {
        item->type.constraint = whole;
        item->type.constrains_list = true;
    }
    item->state = FILLED;
    b->depth--;
}

static void declare(struct builder *b, const struct xml_element *xml)
{
    str name = model_normalize(b->arena, xml_attribute(xml, "name", STR_EMPTY));
    struct item_type *item = ARENA_NEW(b->arena, struct item_type);
    item->xml = xml;
    item->type.name = name;
    if (name.len == 0)
        builder_problem(b, PROBLEM_MISSING, xml, "an item definition has no name");
    else if (map_get(&b->model->types, name))
        builder_problem(b, PROBLEM_DUPLICATE, xml, "the type '%.*s' is defined twice",
                        STR_ARG(name));
    else
        map_put(&b->model->types, name, item);
}

void builder_declare_types(struct builder *b)
{
    const struct xml_element *x = xml_child(b->model->root, "itemDefinition");
    for (; x; x = xml_next(x, "itemDefinition"))
        declare(b, x);
}

void builder_types(struct builder *b)
{
    for (const struct xml_element *x = xml_child(b->model->root, "itemDefinition"); x;
         x = xml_next(x, "itemDefinition")) {
        str name = model_normalize(b->arena, xml_attribute(x, "name", STR_EMPTY));
        struct item_type *item = name.len ? map_get(&b->model->types, name) : NULL;
        if (item && item->state == NOT_FILLED)
            fill(b, item);
    }
}
