// SPDX-License-Identifier: Apache-2.0
//
// The built-in functions: builtins.def for those of the standard, camunda.def for what Camunda
// adds. Overloads are rows of one name next to each other. Arguments are checked and converted
// before the function sees them, as the row's types say:
//
//     n number   s string   b boolean   l list   c context   f function   d date   t date or date
//     and time   m time r range    u duration   y years and months duration   p anything with an
//     order   a anything A capital letter also takes null. A final '*' takes a list or the items as
//     arguments and gives the function a list.
//
// The result has one of these letters, or w date and time   S list of strings   N list of numbers
// e an item of the first argument   1 what the first argument is   = a list of its items.
#ifndef BATON_FEEL_BUILTIN_H
#define BATON_FEEL_BUILTIN_H

#include "feel/feel.h"

struct node;

struct call {
    struct feel_run *run;
    const struct node *node; // for warnings and prepared patterns; NULL when called as a value
    const feel_value *args;  // ARGUMENTS_MAX of them; those not given are null
    size_t count;            // given
};

enum { ARGUMENTS_MAX = 8 };

struct builtin {
    str name;
    str parameters;    // "string|start position|length"
    const char *types; // one letter a parameter
    char result;       // for what is said before evaluation
    uint8_t required;
    bool
        is_pure; // the same arguments give the same result: constant calls are made at compile time
    bool is_camunda;
    feel_value (*call)(struct call *call);
};

extern const struct builtin builtins[];
extern const size_t builtin_rows;

// The first row of the name, or NULL.
const struct builtin *builtin_find(str name, bool standard_only);

// Picks the overload, converts, checks and calls. names is NULL for arguments by position.
feel_value builtin_invoke(const struct builtin *builtin, struct call *call, const str *names);

feel_value builtin_value(struct arena *arena, const struct builtin *builtin);

// Prepares the constant pattern of matches, replace, split or extract; NULL when there is nothing
// to prepare.
const void *builtin_prepare(struct arena *arena, const struct builtin *builtin,
                            const feel_value *pattern, const feel_value *flags);

// A row's parameter count.
size_t builtin_arity(const struct builtin *builtin);

#define BUILTIN(name, parameters, types, result, required, pure, function)                         \
    feel_value builtin_##function(struct call *call);
#include "feel/builtins.def"
#include "feel/camunda.def"
#undef BUILTIN

#endif
