// SPDX-License-Identifier: Apache-2.0
//
// A compiled model: requirement graph elements, types, boxed expressions and decision tables, all
// immutable once dmn_compile returns.
#ifndef BATON_DMN_MODEL_H
#define BATON_DMN_MODEL_H

#include "base/map.h"
#include "base/xml.h"
#include "dmn/dmn.h"

enum element_kind { ELEMENT_INPUT, ELEMENT_DECISION, ELEMENT_KNOWLEDGE, ELEMENT_SERVICE };

struct expression;

// An element that another one reads: its value is visible as `name`, or as `alias.name` when it is
// imported.
struct requirement {
    const struct dmn_decision *target;
    const struct model_import *import; // NULL: of the same model
};

struct requirements {
    const struct requirement *items;
    size_t count;
};

struct dmn_decision {
    enum element_kind kind;
    const struct dmn_model *model;
    const struct xml_element *xml;
    size_t ordinal; // position in the model
    str id, name, version_tag;
    const struct feel_type *type;
    const struct expression *logic; // NULL: none
    struct requirements needs;      // decisions, input data, knowledge
    // decision service
    struct requirements outputs, input_decisions, input_data;
    // knowledge and services as functions
    size_t parameter_count;
    const str *parameters;
    const struct feel_type *const *parameter_types;
};

struct model_import {
    str alias, namespace;
    size_t ordinal;
    const struct dmn_model *model; // NULL: of another kind than DMN
};

struct dmn_model {
    const char *file;
    const struct xml_element *root;
    str id, name, namespace;
    struct dmn_decision *elements;
    size_t element_count;
    struct model_import *imports;
    size_t import_count;
    const struct dmn_decision **decisions; // that can be evaluated
    size_t decision_count;
    struct map by_id;
    struct map by_name; // of elements: these are seen only by those that require them
    struct map types;   // name -> struct item_type
    const struct feel_members *members; // names of context entries, of all models
    bool is_camundas;                   // made with Camunda Modeler, or for its engine
    bool is_called_with_variables;      // those of the process that calls it
};

// ---- boxed expressions ----

enum expression_kind {
    EXPRESSION_LITERAL,
    EXPRESSION_TABLE,
    EXPRESSION_CONTEXT,
    EXPRESSION_INVOCATION,
    EXPRESSION_LIST,
    EXPRESSION_RELATION,
    EXPRESSION_FUNCTION,
    EXPRESSION_CONDITIONAL,
    EXPRESSION_FILTER,
    EXPRESSION_FOR,
    EXPRESSION_SOME,
    EXPRESSION_EVERY,
};

// A named part: context entry, binding, or the cell of a relation. An empty name is the result
// entry of a context.
struct named_expression {
    str name;
    const struct feel_type *type;
    const struct expression *value; // NULL: null
};

struct expression {
    enum expression_kind kind;
    const struct feel_type *type;
    const struct feel_type *inferred; // what it comes to, as far as is known; NULL: anything
    uint32_t line;
    union {
        const struct feel_program *program;
        const struct table *table;
        struct {
            const struct expression *callee;      // invocation
            const struct named_expression *parts; // entries, bindings, items; relation: row by row
            size_t part_count;
            size_t column_count;
        };
        struct {
            const str *parameters; // function
            const struct feel_type *const *parameter_types;
            size_t parameter_count;
            const struct expression *body;
            bool is_external;
        };
        struct {
            const struct expression *condition, *then, *otherwise;
        };
        struct {
            str variable; // iterators and filter
            const struct feel_type *variable_type;
            const struct expression *in, *each;
            const struct feel_program *loop; // the FEEL form over a list and a function
        };
    };
};

// ---- building ----

enum problem_code {
#define PROBLEM(id, code, severity) PROBLEM_##id,
#include "dmn/problems.def"
#undef PROBLEM
};

typedef ARRAY(str) name_array;

struct builder {
    struct arena *arena;
    struct dmn_model *model;
    const struct zone_db *zones;
    struct dmn_problems *problems;
    name_array names;                           // in scope
    ARRAY(const struct feel_type *) name_types; // of each; NULL: nothing is known
    uint32_t dynamic;                // inside a filter, where any name may be an entry of the item
    struct feel_inference inference; // the running one
    struct arena scratch;            // for types that nobody asks for again
    uint32_t depth;
};

void builder_problem(struct builder *b, enum problem_code code, const struct xml_element *at,
                     const char *format, ...) PRINTF_LIKE(4, 5);

// The type a typeRef names; NULL for Any, for an absent one and, after a problem, for an unknown
// one.
const struct feel_type *builder_type(struct builder *b, str name, const struct xml_element *at);

// Of the attribute (DMN 1.2 and later) of an element or, when it has none, NULL.
const struct feel_type *builder_type_of(struct builder *b, const struct xml_element *at);

// All item definitions of the model: first their names, then, when those of all models are known,
// what they are.
void builder_declare_types(struct builder *b);
void builder_types(struct builder *b);

// Reports a constant that evaluation would turn into null because of its type.
// What a table's column says of its values: tools write `string` where nobody chose, and values are
// compared and given as they are, so nothing is known then.
const struct feel_type *builder_believed(const struct feel_type *column);

void builder_conforms(struct builder *b, feel_value constant, const struct feel_type *type,
                      const struct xml_element *at);

// FEEL of a text; NULL after a problem.
const struct feel_program *builder_expression(struct builder *b, str text,
                                              const struct xml_element *at);
const struct feel_program *builder_tests(struct builder *b, str text, const struct xml_element *at);

// Puts a name in scope, until names.count is set back with builder_unbind.
void builder_bind(struct builder *b, str name, const struct feel_type *type);
void builder_unbind(struct builder *b, size_t count);

// The type of the program's value; reports what in it can only be null. `input` is that of unary
// tests.
const struct feel_type *builder_infer(struct builder *b, const struct feel_program *program,
                                      const struct feel_type *input, const struct xml_element *at);

// Reports what in a cell can only be null: of a column's tests over `input`; of an entry, which has
// to be of a type, over none.
void builder_infer_test(struct builder *b, const struct feel_program *program,
                        const struct feel_type *input, const struct xml_element *at);
void builder_infer_entry(struct builder *b, const struct feel_program *program,
                         const struct feel_type *type, const struct xml_element *at);

// Reports values of a type that can never be of the other.
void builder_may_be(struct builder *b, const struct feel_type *from, const struct feel_type *to,
                    const struct xml_element *at);

// What evaluating the element gives those that require it.
const struct feel_type *builder_element_type(struct builder *b, const struct dmn_decision *element);

// The text of an element's <text>, or of an attribute-less literal in DMN 1.1.
str builder_text(const struct xml_element *element);

// The first child that is a boxed expression, compiled; NULL when there is none or after a problem.
const struct expression *builder_logic(struct builder *b, const struct xml_element *parent);
const struct expression *builder_boxed(struct builder *b, const struct xml_element *element);
const struct table *builder_table(struct builder *b, const struct xml_element *element);
const struct expression *builder_function(struct builder *b, const struct xml_element *element);

bool builder_name_known(const struct builder *b, str name);

str model_normalize(struct arena *arena, str name);

bool model_is_dmn(const struct xml_element *root);
bool model_is_dmn_import(const struct xml_element *import); // not of XML Schema or PMML

#endif
