// SPDX-License-Identifier: Apache-2.0
//
// Evaluation: an instance of a model remembers what its elements have come to; scopes hold the
// names a boxed expression sees.
#ifndef BATON_DMN_EVALUATE_H
#define BATON_DMN_EVALUATE_H

#include "dmn/table.h"

struct memory;

// One model being evaluated with one set of inputs. An import has an instance of its own, since its
// input data may differ by the path it is reached on.
struct instance {
    const struct dmn_model *model;
    struct feel_run *run;
    struct dmn_trace *trace; // NULL: not wanted
    size_t traced;           // the decision in it that is being evaluated
    feel_lookup lookup;      // of the inputs
    void *lookup_context;
    struct memory *memory;      // one an element
    struct instance **imported; // one an import, NULL until needed
    const struct instance *importer;
    const struct dmn_decision *service; // whose inputs these are, or NULL
};

// Names added around an expression. Entries may be added while it is evaluated.
struct scope {
    const struct scope *outer;
    struct feel_entry *entries;
    size_t count;
    feel_value item; // a context whose entries are visible too
    // Of the outermost: where names that no element of the model has are looked up, as variables of
    // the caller. Models of Camunda read process variables so, without input data.
    const struct instance *caller;
};

feel_value evaluate_expression(struct instance *instance, const struct scope *scope,
                               const struct expression *expression);

feel_value evaluate_program(struct instance *instance, const struct scope *scope,
                            const struct feel_program *program);

feel_value evaluate_tests(struct instance *instance, const struct scope *scope,
                          const struct feel_program *program, feel_value input);

feel_value evaluate_table(struct instance *instance, const struct scope *scope,
                          const struct table *table);

// The value of an element in the instance: an input, a decision's result, or a function.
feel_value evaluate_element(struct instance *instance, const struct dmn_decision *element);

#endif
