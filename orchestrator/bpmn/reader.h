// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the BPMN reader share while one file is read: the tree, what it names, the
// process being built, the problems found. Private to this layer. The order is: collect (elements
// and flows get indices), then read each element's details with every reference resolvable, then
// link (lists), then validate.
#ifndef BATON_BPMN_READER_H
#define BATON_BPMN_READER_H

#include "base/array.h"
#include "base/json.h"
#include "bpmn/bpmn.h"
#include "bpmn/xml.h"

struct reader {
    struct arena *arena;         // the result's
    struct arena *scratch;       // until bpmn_parse returns
    const struct zone_db *zones; // NULL: zones by name are not checked
    bool sketch;
    bool is_marked; // some process of the file says that it is executable
    bool is_beside; // the process being read does not run, but another of its file does
    const struct bpmn_xml_node *root;
    struct map programs; // source -> compiled
    struct map nodes;    // id -> xml_node, of everything in the file
    struct map owners;   // id -> the child of the root that it is in
    struct map noted;    // names of unknown namespaces that were noted
    ARRAY(struct bpmn_problem) problems;

    // The process being read.
    ARRAY(struct bpmn_element) elements;
    ARRAY(const struct bpmn_xml_node *) element_nodes; // beside elements
    ARRAY(struct bpmn_flow) flows;
    ARRAY(const struct bpmn_xml_node *) flow_nodes;
    ARRAY(const struct bpmn_xml_node *) associations;
    struct map element_ids; // id -> index + 1
    struct map flow_ids;
};

// problem.c
void reader_problem(struct reader *r, enum bpmn_code code, str element, uint32_t line, str detail);
void reader_problem_as(struct reader *r, enum bpmn_code code, enum bpmn_severity severity,
                       const struct bpmn_xml_node *node);
void reader_complain(struct reader *r, enum bpmn_code code, const struct bpmn_element *element,
                     str detail);

// expression.c: NULL for absent or unreadable text; what is unreadable becomes a problem.
// A property is a string unless it begins with "=" or is "${…}"; an expression is FEEL in any case.
const struct feel_program *reader_property(struct reader *r, const struct bpmn_element *element,
                                           str text);
const struct feel_program *reader_expression(struct reader *r, const struct bpmn_element *element,
                                             str text);
// Bounds of a count, and what it counts.
struct count {
    const char *what;
    int64_t low, high;
};
// Complains of a constant that is no whole number in these bounds.
void reader_check_count(struct reader *r, const struct bpmn_element *element,
                        const struct feel_program *program, struct count count);
// A property as Camunda 7 writes it: "for ${x}" is joined.
const struct feel_program *reader_foreign(struct reader *r, const struct bpmn_element *element,
                                          str text);
// Notes an expression whose element says no type, or nothing.
void reader_note_expression(struct reader *r, str id, const struct bpmn_xml_node *node);
const struct feel_program *reader_constant(struct reader *r, str text);
str reader_keep(struct reader *r,
                str text); // a copy that lives as long as the result; empty when absent
// juel.c: "${a == 'x' && b}" becomes `a = "x" and b`.
str juel_to_feel(struct arena *arena, str text);
bool juel_is(str text);
bool juel_is_mixed(str text); // "for ${x}"
str juel_join(struct arena *arena, str text);
str juel_method(struct arena *arena,
                str text); // the first call that only Java has, "bean.pay("; empty: none

// collect.c
void reader_collect(struct reader *r, const struct bpmn_xml_node *process);
uint32_t reader_element(const struct reader *r, str id);      // BPMN_NONE when unknown
bool reader_is_own_element(const struct bpmn_xml_node *node); // an element or sequence flow
const struct bpmn_xml_node *reader_node(const struct reader *r, str reference); // "prefix:id" too
struct bpmn_list reader_list(struct reader *r, const uint32_t *items, uint32_t count);

// event.c, task.c, extension.c, loop.c: details of the element at `index`
void reader_read_event(struct reader *r, uint32_t index);
void reader_read_start_form(struct reader *r, struct bpmn_element *element,
                            const struct bpmn_xml_node *node); // task.c
void reader_read_task(struct reader *r, uint32_t index);
void reader_read_extensions(struct reader *r, uint32_t index);
// foreign.c: names what a node says in other namespaces without effect here.
void reader_note_foreign(struct reader *r, str id, const struct bpmn_xml_node *node);
// Of Camunda 7's: would it have done something here that is not done anyway, and what?
bool foreign_is_needed(str name, str value);
const char *foreign_effect(str name);
// vendor.c
void vendor_refuse_cases(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *node);
str vendor_retries(struct reader *r, const struct bpmn_element *element,
                   const struct bpmn_xml_node *node);
str vendor_priority(const struct bpmn_xml_node *node);
// A camunda:inputParameter or outputParameter as an expression; data NULL: it is a script.
str vendor_parameter(struct arena *arena, const struct bpmn_xml_node *node);
// The task headers of an element, a JSON object.
str reader_headers(struct reader *r, const struct bpmn_xml_node *node);
void vendor_add_headers(struct reader *r, const struct bpmn_xml_node *node, struct json_writer *w,
                        struct map *seen);
void reader_read_extras(struct reader *r, uint32_t index); // extras.c: baton:
// personal.c: whose variables are, once all elements are read
void reader_read_personal(struct reader *r, const struct bpmn_xml_node *node,
                          struct bpmn_process *process);
void reader_bind_separations(struct reader *r); // once all elements are read
void reader_read_loop(struct reader *r, uint32_t index);
// data.c: data associations
void reader_read_data(struct reader *r, uint32_t index);
str reader_variable(struct reader *r, str name);
str reader_data_variable(struct reader *r, const struct bpmn_xml_node *activity, str reference);
// Of a data object, data store, property, data input or output: its name, or its id.
str reader_variable_of(struct reader *r, const struct bpmn_xml_node *node);
bool reader_is_target(str target); // a path, or a name of several words
void reader_add_data(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping,
                     bool is_input);
// secret.c: once inputs and job are read.
void reader_read_secrets(struct reader *r, struct bpmn_element *element);
void reader_add_input(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping);
void reader_add_output(struct reader *r, struct bpmn_element *element, struct bpmn_mapping mapping);

// One extension element by path: extension(node, XML_ZEEBE, "taskDefinition").
const struct bpmn_xml_node *reader_extension(const struct bpmn_xml_node *node,
                                             enum bpmn_xml_space space, const char *name);
// Reads a <…EventDefinition>, by reference or in place.
void reader_read_trigger(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *definition, struct bpmn_trigger *ret_trigger);
void reader_read_message(struct reader *r, const struct bpmn_element *element,
                         const struct bpmn_xml_node *holder, struct bpmn_trigger *ret_trigger);

// link_event.c: where throwing links go on
void reader_bind_links(struct reader *r);

// link.c: the finished arrays and lists
void reader_link(struct reader *r, struct bpmn_process *process);

// validate.c, levels.c, together.c, soundness.c
void reader_check_level(struct reader *r, const struct bpmn_process *process,
                        const struct bpmn_element *scope);
void reader_check_together(struct reader *r, const struct bpmn_resource *resource);
void reader_validate(struct reader *r, const struct bpmn_process *process);
void reader_check_soundness(struct reader *r, const struct bpmn_process *process);

#endif
