// SPDX-License-Identifier: Apache-2.0
//
// Function values: closures over a frame, built-in functions, and functions of the host.
#ifndef BATON_FEEL_FUNCTION_H
#define BATON_FEEL_FUNCTION_H

#include "feel/eval.h"

enum function_kind { FUNCTION_CLOSURE, FUNCTION_BUILTIN, FUNCTION_NATIVE };

struct feel_function {
    enum function_kind kind;
    union {
        struct {
            const struct node *node;
            const struct frame *frame; // a copy of what it closes over
            const struct feel_program *program;
            feel_lookup lookup; // its free variables stay those of where it was written
            void *lookup_context;
        };
        const struct builtin *builtin;
        struct feel_function_spec spec;
    };
};

// A closure of this frame as it is now.
feel_value function_close(struct feel_run *run, const struct frame *frame, const struct node *node);

size_t function_arity(const struct feel_function *function); // SIZE_MAX: any number
bool function_conforms(const struct feel_function *function, const struct feel_type *type);
void function_print(struct strbuf *out, const struct feel_function *function);

#endif
