// SPDX-License-Identifier: Apache-2.0
//
// From documents to models: imports, requirement graph elements and the edges between them.
#include "dmn/model.h"

#include <stdarg.h>
#include <stdio.h>

enum { PROBLEM_TEXT_MAX = 600 };

struct problem_kind {
    const char *code;
    enum dmn_severity severity;
};

static const struct problem_kind problem_kinds[] = {
#define PROBLEM(id, code, severity) {code, DMN_##severity},
#include "dmn/problems.def"
#undef PROBLEM
};

// Where in the document: the element's or the nearest named one's name.
static str nearest_name(const struct xml_element *at)
{
    for (; at; at = at->parent) {
        str name = xml_attribute(at, "name", STR_EMPTY);
        if (name.len)
            return name;
    }
    return STR_EMPTY;
}

static void add_problem(struct dmn_problems *problems, struct dmn_problem problem)
{
    if (problems->list.count >= DMN_PROBLEMS_MAX)
        return;
    problems->errors += problem.severity == DMN_ERROR;
    *ARRAY_PUSH(problems->arena, &problems->list) = problem;
}

void builder_problem(struct builder *b, enum problem_code code, const struct xml_element *at,
                     const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t kept = len < 0 ? 0 : len < PROBLEM_TEXT_MAX ? (size_t)len : PROBLEM_TEXT_MAX - 1;
    add_problem(b->problems,
                (struct dmn_problem){.severity = problem_kinds[code].severity,
                                     .code = problem_kinds[code].code,
                                     .file = b->model->file,
                                     .line = at ? at->line : 0,
                                     .element = nearest_name(at),
                                     .text = str_copy(b->problems->arena, str_from(text, kept))});
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Single blanks between words, as nearly all names are written.
static bool is_normal(str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (is_space(name.data[i]) &&
            (name.data[i] != ' ' || i == 0 || i + 1 == name.len || is_space(name.data[i + 1])))
            return false;
    return true;
}

str model_normalize(struct arena *arena, str name)
{
    if (is_normal(name))
        return name;
    struct strbuf out = strbuf_new(arena);
    bool pending = false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (is_space(c)) {
            pending = out.len > 0;
            continue;
        }
        if (pending)
            strbuf_add_char(&out, ' ');
        pending = false;
        strbuf_add_char(&out, c);
    }
    return strbuf_str(&out);
}

// ---- documents ----

bool model_is_dmn(const struct xml_element *root)
{
    return xml_is(root, "definitions") && str_find(root->namespace, STR("/DMN/")) != SIZE_MAX;
}

bool model_is_dmn_import(const struct xml_element *import)
{
    return str_find(xml_attribute(import, "importType", STR_EMPTY), STR("/DMN/")) != SIZE_MAX;
}

// "file.dmn:12"
static uint32_t line_of(str place)
{
    uint64_t line;
    size_t colon = place.len;
    while (colon > 0 && place.data[colon - 1] != ':')
        colon--;
    return str_to_u64(str_from_index(place, colon), &line) ? (uint32_t)line : 0;
}

// Models made for Camunda have no input data, or some that are drawn only: their variables come
// from the process that calls them.
static void note_origin(struct dmn_model *model)
{
    const struct xml_element *root = model->root;
    str exporter = xml_attribute(root, "exporter", STR_EMPTY);
    model->is_camundas = str_starts_with(exporter, STR("Camunda")) ||
                         str_starts_with(exporter, STR("dmn-js")) ||
                         str_find(model->namespace, STR("camunda.org")) != SIZE_MAX;
    for (size_t i = 0; i < root->attribute_count; i++)
        model->is_camundas |=
            str_find(root->attributes[i].namespace, STR("camunda.org")) != SIZE_MAX;
    model->is_called_with_variables = model->is_camundas || xml_child(root, "inputData") == NULL;
}

static bool read_document(struct builder *b, const struct dmn_source *source,
                          struct dmn_model *model)
{
    struct error err;
    model->file = source->file;
    model->by_id = map_new(b->arena);
    model->by_name = map_new(b->arena);
    model->types = map_new(b->arena);
    b->model = model;
    model->root = source->root;
    if (!model->root && !xml_parse(b->arena, source->xml, source->file, &model->root, &err)) {
        struct xml_element at = {.line = line_of(str_of(err.place))};
        builder_problem(b, PROBLEM_XML, &at, "%s", err.text);
        return false;
    }
    if (!model_is_dmn(model->root)) {
        builder_problem(b, PROBLEM_XML, model->root, "the root is no DMN definitions element");
        return false;
    }
    model->id = xml_attribute(model->root, "id", STR_EMPTY);
    model->name = xml_attribute(model->root, "name", STR_EMPTY);
    model->namespace = xml_attribute(model->root, "namespace", STR_EMPTY);
    note_origin(model);
    return true;
}

struct models {
    struct dmn_model *items;
    size_t count;
};

static const struct dmn_model *model_of(const struct models *models, str namespace)
{
    for (size_t i = 0; i < models->count; i++)
        if (models->items[i].root && str_equal(models->items[i].namespace, namespace))
            return &models->items[i];
    return NULL;
}

static void read_imports(struct builder *b, const struct models *models)
{
    ARRAY(struct model_import) imports = {0};
    const struct xml_element *x = xml_child(b->model->root, "import");
    for (; x; x = xml_next(x, "import")) {
        if (!model_is_dmn_import(x))
            continue; // XML Schema, PMML: not read
        struct model_import *import = ARRAY_PUSH(b->arena, &imports);
        import->alias = model_normalize(b->arena, xml_attribute(x, "name", STR_EMPTY));
        import->namespace = xml_attribute(x, "namespace", STR_EMPTY);
        import->ordinal = imports.count - 1;
        import->model = model_of(models, import->namespace);
        if (!import->model)
            builder_problem(b, PROBLEM_REFERENCE, x, "no model has the namespace '%.*s'",
                            STR_ARG(import->namespace));
    }
    b->model->imports = imports.items;
    b->model->import_count = imports.count;
}

// Whether imports lead from the model to the other one. `seen` is one a model.
static bool imports_reach(const struct dmn_model *from, const struct dmn_model *to,
                          const struct models *models, bool *seen)
{
    for (size_t i = 0; i < from->import_count; i++) {
        const struct dmn_model *next = from->imports[i].model;
        if (next == to)
            return true;
        if (next == NULL || seen[next - models->items])
            continue;
        seen[next - models->items] = true;
        if (imports_reach(next, to, models, seen))
            return true;
    }
    return false;
}

// Types and values would need each other before there are any.
static void check_import_cycle(struct builder *b, const struct models *models)
{
    bool *seen = ARENA_ARRAY(b->arena, bool, models->count);
    if (b->model->import_count > 0 && imports_reach(b->model, b->model, models, seen))
        builder_problem(b, PROBLEM_CYCLE, xml_child(b->model->root, "import"),
                        "imports lead from the namespace '%.*s' back to it",
                        STR_ARG(b->model->namespace));
}

// ---- elements ----

static bool element_kind_of(const struct xml_element *x, enum element_kind *ret_kind)
{
    static const struct {
        const char *name;
        enum element_kind kind;
    } kinds[] = {
        {"inputData", ELEMENT_INPUT},
        {"decision", ELEMENT_DECISION},
        {"businessKnowledgeModel", ELEMENT_KNOWLEDGE},
        {"decisionService", ELEMENT_SERVICE},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (xml_is(x, kinds[i].name)) {
            *ret_kind = kinds[i].kind;
            return true;
        }
    return false;
}

static str version_tag(const struct xml_element *x)
{
    const struct xml_element *extensions = xml_child(x, "extensionElements");
    const struct xml_element *tag = extensions ? xml_child(extensions, "versionTag") : NULL;
    return tag ? xml_attribute(tag, "value", STR_EMPTY) : xml_attribute(x, "versionTag", STR_EMPTY);
}

static void declare_element(struct builder *b, const struct xml_element *x, struct dmn_decision *e)
{
    const struct xml_element *variable = xml_child(x, "variable");
    str name = xml_attribute(x, "name", STR_EMPTY);
    e->model = b->model;
    e->xml = x;
    e->id = xml_attribute(x, "id", STR_EMPTY);
    e->name = model_normalize(b->arena, variable ? xml_attribute(variable, "name", name) : name);
    e->version_tag = version_tag(x);
    if (e->name.len)
        map_put(&b->model->by_name, e->name, e);
    else
        builder_problem(b, PROBLEM_MISSING, x, "a %.*s has no name", STR_ARG(x->name));
    if (e->id.len && map_get(&b->model->by_id, e->id))
        builder_problem(b, PROBLEM_DUPLICATE, x, "the id '%.*s' is there twice", STR_ARG(e->id));
    else if (e->id.len)
        map_put(&b->model->by_id, e->id, e);
}

static void declare_elements(struct builder *b)
{
    size_t count = 0;
    enum element_kind kind;
    for (const struct xml_element *x = b->model->root->first; x; x = x->next)
        count += element_kind_of(x, &kind);
    b->model->elements = ARENA_ARRAY(b->arena, struct dmn_decision, count);
    b->model->decisions = ARENA_ARRAY(b->arena, const struct dmn_decision *, count);
    for (const struct xml_element *x = b->model->root->first; x; x = x->next) {
        if (!element_kind_of(x, &kind))
            continue;
        struct dmn_decision *e = &b->model->elements[b->model->element_count];
        e->kind = kind;
        e->ordinal = b->model->element_count++;
        declare_element(b, x, e);
        if (kind != ELEMENT_INPUT)
            b->model->decisions[b->model->decision_count++] = e;
    }
}

// ---- requirements ----

// "#id", "namespace#id"
static bool follow(struct builder *b, const struct xml_element *at,
                   struct requirement *ret_requirement)
{
    str href = xml_attribute(at, "href", STR_EMPTY);
    size_t hash = str_find_char(href, '#');
    str id = hash == SIZE_MAX ? href : str_from_index(href, hash + 1);
    str namespace = hash == SIZE_MAX ? STR_EMPTY : str_sub(href, 0, hash);
    const struct dmn_model *model = b->model;
    struct requirement r = {0};
    if (namespace.len && !str_equal(namespace, b->model->namespace)) {
        for (size_t i = 0; i < b->model->import_count; i++)
            if (str_equal(b->model->imports[i].namespace, namespace))
                r.import = &b->model->imports[i];
        model = r.import ? r.import->model : NULL;
    }
    r.target = model ? map_get(&model->by_id, id) : NULL;
    if (!r.target) {
        builder_problem(b, PROBLEM_REFERENCE, at, "'%.*s' leads nowhere", STR_ARG(href));
        return false;
    }
    *ret_requirement = r;
    return true;
}

typedef ARRAY(struct requirement) requirement_array;

static void collect_from(struct builder *b, const struct xml_element *x, const char *name,
                         requirement_array *out)
{
    struct requirement r;
    for (const struct xml_element *c = xml_child(x, name); c; c = xml_next(c, name))
        if (follow(b, c, &r))
            *ARRAY_PUSH(b->arena, out) = r;
}

static struct requirements collect(struct builder *b, const struct xml_element *x, const char *name)
{
    requirement_array out = {0};
    collect_from(b, x, name, &out);
    return (struct requirements){out.items, out.count};
}

static void read_needs(struct builder *b, struct dmn_decision *e)
{
    requirement_array out = {0};
    for (const struct xml_element *x = e->xml->first; x; x = x->next) {
        if (xml_is(x, "informationRequirement")) {
            collect_from(b, x, "requiredDecision", &out);
            collect_from(b, x, "requiredInput", &out);
        } else if (xml_is(x, "knowledgeRequirement")) {
            collect_from(b, x, "requiredKnowledge", &out);
        }
    }
    e->needs = (struct requirements){out.items, out.count};
    if (e->kind != ELEMENT_SERVICE)
        return;
    e->outputs = collect(b, e->xml, "outputDecision");
    e->input_decisions = collect(b, e->xml, "inputDecision");
    e->input_data = collect(b, e->xml, "inputData");
    if (e->outputs.count == 0)
        builder_problem(b, PROBLEM_MISSING, e->xml, "a decision service has no output decision");
}

enum visit { NOT_VISITED, VISITING, VISITED };

// Decisions must not require themselves; knowledge may, that is recursion. Depth-first over one
// model; imports cannot lead back.
static bool has_cycle(struct builder *b, const struct dmn_decision *e, unsigned char *state)
{
    if (state[e->ordinal] != NOT_VISITED)
        return state[e->ordinal] == VISITING;
    state[e->ordinal] = VISITING;
    bool cycle = false;
    for (size_t i = 0; i < e->needs.count && !cycle; i++) {
        const struct dmn_decision *target = e->needs.items[i].target;
        bool same = target->model == b->model && target->kind == ELEMENT_DECISION;
        if (b->depth > 900 || (same && e->kind == ELEMENT_DECISION)) {
            b->depth++;
            cycle = b->depth > 1000 || has_cycle(b, target, state);
            b->depth--;
        }
    }
    state[e->ordinal] = VISITED;
    if (cycle)
        builder_problem(b, PROBLEM_CYCLE, e->xml, "the decision '%.*s' requires itself",
                        STR_ARG(e->name));
    return cycle;
}

static void check_cycles(struct builder *b)
{
    unsigned char *state = ARENA_ARRAY(b->arena, unsigned char, b->model->element_count);
    for (size_t i = 0; i < b->model->element_count; i++)
        if (b->model->elements[i].kind == ELEMENT_DECISION)
            has_cycle(b, &b->model->elements[i], state);
}

// ---- logic ----

static void add_name(struct builder *b, str name, const struct feel_type *type)
{
    if (!builder_name_known(b, name))
        builder_bind(b, name, type);
}

// Camunda's models name what they require by its id as well, whatever characters that has.
static void add_names(struct builder *b, const struct dmn_decision *e)
{
    add_name(b, e->name, builder_element_type(b, e));
    if (e->kind == ELEMENT_DECISION && e->id.len > 0)
        add_name(b, e->id, builder_element_type(b, e));
}

static void scope_of(struct builder *b, const struct dmn_decision *e)
{
    builder_unbind(b, 0);
    for (size_t i = 0; i < e->needs.count; i++) {
        const struct requirement *r = &e->needs.items[i];
        bool by_alias = r->import && r->import->alias.len;
        if (by_alias)
            add_name(b, r->import->alias, NULL);
        else
            add_names(b, r->target);
    }
}

static void read_parameters(struct builder *b, struct dmn_decision *e,
                            const struct requirements *lists[2])
{
    size_t count = lists[0]->count + lists[1]->count, at = 0;
    str *names = ARENA_ARRAY(b->arena, str, count);
    const struct feel_type **types = ARENA_ARRAY(b->arena, const struct feel_type *, count);
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++) {
            names[at] = lists[l]->items[i].target->name;
            types[at++] = lists[l]->items[i].target->type;
        }
    e->parameters = names;
    e->parameter_types = types;
    e->parameter_count = count;
}

static void compile_knowledge(struct builder *b, struct dmn_decision *e)
{
    const struct xml_element *function = xml_child(e->xml, "encapsulatedLogic");
    scope_of(b, e);
    add_name(b, e->name, NULL); // it may call itself
    const struct expression *logic = function ? builder_function(b, function) : NULL;
    if (!logic) {
        builder_problem(b, PROBLEM_MISSING, e->xml, "a business knowledge model has no logic");
        return;
    }
    e->logic = logic;
    e->parameters = logic->parameters;
    e->parameter_types = logic->parameter_types;
    e->parameter_count = logic->parameter_count;
}

// The order of a service's parameters: input data, then input decisions (DMN 10.4).
static void compile_service(struct builder *b, struct dmn_decision *e)
{
    read_parameters(b, e, (const struct requirements *[]){&e->input_data, &e->input_decisions});
}

static void compile_element(struct builder *b, struct dmn_decision *e)
{
    if (e->kind == ELEMENT_KNOWLEDGE) {
        compile_knowledge(b, e);
    } else if (e->kind == ELEMENT_SERVICE) {
        compile_service(b, e);
    } else if (e->kind == ELEMENT_DECISION) {
        scope_of(b, e);
        e->logic = builder_logic(b, e->xml);
        bool is_literal = e->logic && e->logic->kind == EXPRESSION_LITERAL;
        const feel_value *constant = is_literal ? feel_program_constant(e->logic->program) : NULL;
        if (constant)
            builder_conforms(b, *constant, e->type, e->xml);
        else if (e->logic && e->logic->type != e->type)
            builder_may_be(b, e->logic->inferred, e->type, e->xml);
    }
}

static void collect_members(struct arena *arena, const struct xml_element *x,
                            struct feel_members *members)
{
    str name = xml_attribute(x, "name", STR_EMPTY);
    if (name.len > 0)
        feel_members_add(members, model_normalize(arena, name));
    for (const struct xml_element *c = x->first; c; c = c->next)
        collect_members(arena, c, members);
}

// Every compound name in any document may be an entry of a context.
static void share_members(struct arena *arena, const struct models *models)
{
    struct feel_members *members = feel_members_new(arena);
    for (size_t i = 0; i < models->count; i++) {
        if (models->items[i].root)
            collect_members(arena, models->items[i].root, members);
        models->items[i].members = members;
    }
}

static void type_elements(struct builder *b)
{
    for (size_t i = 0; i < b->model->element_count; i++) {
        struct dmn_decision *e = &b->model->elements[i];
        const struct xml_element *variable = xml_child(e->xml, "variable");
        e->type = builder_type_of(b, variable);
        if (b->model->is_camundas && e->type && e->type == feel_type_named(e->type->name))
            e->type = NULL; // Camunda does not look at it
    }
}

typedef void (*stage)(struct builder *b, const struct models *models);

static void stage_declare(struct builder *b, const struct models *models)
{
    read_imports(b, models);
    declare_elements(b);
    builder_declare_types(b);
}

static void stage_types(struct builder *b, const struct models *models)
{
    check_import_cycle(b, models);
    builder_types(b);
}

static void stage_edges(struct builder *b, const struct models *models)
{
    (void)models;
    type_elements(b);
    for (size_t i = 0; i < b->model->element_count; i++)
        read_needs(b, &b->model->elements[i]);
    check_cycles(b);
}

static void stage_logic(struct builder *b, const struct models *models)
{
    // What is called comes before what calls it, so that its parameters are known.
    static const enum element_kind order[] = {ELEMENT_SERVICE, ELEMENT_KNOWLEDGE, ELEMENT_DECISION};
    (void)models;
    for (size_t k = 0; k < COUNT_OF(order); k++)
        for (size_t i = 0; i < b->model->element_count; i++)
            if (b->model->elements[i].kind == order[k])
                compile_element(b, &b->model->elements[i]);
}

// Imported models first: a type is filled where it is defined.
static void run_stage(struct builder *b, const struct models *models, stage run)
{
    for (size_t i = models->count; i-- > 0;) {
        b->model = &models->items[i];
        if (b->model->root)
            run(b, models);
    }
}

// Stages go through a document several times; people read it once.
static void order_problems(struct dmn_problems *problems)
{
    struct dmn_problem *items = problems->list.items;
    for (size_t i = 1; i < problems->list.count; i++)
        for (size_t j = i;
             j > 0 && items[j - 1].file == items[j].file && items[j - 1].line > items[j].line;
             j--) {
            struct dmn_problem later = items[j - 1];
            items[j - 1] = items[j];
            items[j] = later;
        }
}

static bool read_documents(struct builder *b, const struct dmn_source *sources,
                           const struct models *models)
{
    for (size_t i = 0; i < models->count; i++)
        if (!read_document(b, &sources[i], &models->items[i])) {
            models->items[i].root = NULL;
            if (i == 0)
                return false;
        }
    return true;
}

const struct dmn_model *dmn_compile(struct arena *arena, const struct dmn_source *sources,
                                    size_t count, const struct zone_db *zones,
                                    struct dmn_problems *problems)
{
    static const stage stages[] = {stage_declare, stage_types, stage_edges, stage_logic};
    const struct models models = {ARENA_ARRAY(arena, struct dmn_model, count), count};
    struct builder b = {.arena = arena, .zones = zones, .problems = problems};
    if (!read_documents(&b, sources, &models))
        return NULL;
    share_members(arena, &models);
    arena_alloc(&b.scratch, 1); // a block that rewinding leaves
    for (size_t i = 0; i < COUNT_OF(stages); i++)
        run_stage(&b, &models, stages[i]);
    arena_done(&b.scratch);
    order_problems(problems);
    return &models.items[0];
}

// ---- what a model holds ----

str dmn_model_id(const struct dmn_model *model)
{
    return model->id;
}

str dmn_model_name(const struct dmn_model *model)
{
    return model->name;
}

str dmn_model_namespace(const struct dmn_model *model)
{
    return model->namespace;
}

size_t dmn_decision_count(const struct dmn_model *model)
{
    return model->decision_count;
}

const struct dmn_decision *dmn_decision_at(const struct dmn_model *model, size_t index)
{
    return model->decisions[index];
}

const struct dmn_decision *dmn_find(const struct dmn_model *model, str name_or_id)
{
    for (size_t i = 0; i < model->decision_count; i++) {
        const struct dmn_decision *d = model->decisions[i];
        if (str_equal(d->name, name_or_id) || str_equal(dmn_decision_name(d), name_or_id))
            return d;
    }
    for (size_t i = 0; i < model->decision_count; i++)
        if (str_equal(model->decisions[i]->id, name_or_id))
            return model->decisions[i];
    return NULL;
}

enum dmn_kind dmn_decision_kind(const struct dmn_decision *decision)
{
    return decision->kind == ELEMENT_SERVICE     ? DMN_SERVICE
           : decision->kind == ELEMENT_KNOWLEDGE ? DMN_KNOWLEDGE
                                                 : DMN_DECISION;
}

str dmn_decision_id(const struct dmn_decision *decision)
{
    return decision->id;
}

str dmn_decision_name(const struct dmn_decision *decision)
{
    return xml_attribute(decision->xml, "name", decision->name);
}

str dmn_decision_version_tag(const struct dmn_decision *decision)
{
    return decision->version_tag;
}
