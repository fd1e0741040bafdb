// SPDX-License-Identifier: Apache-2.0
//
// The compiled form of an expression: a tree of nodes in the program's arena, names resolved to
// slots where the text decides it.
//
// Variables bound inside an expression (parameters, iteration variables, context entries, `item`,
// `?`) live in the slots of a frame; a function has a frame of its own and reaches the frames
// around it by hops. Inside a filter a name may also be an entry of the filtered element, which
// only evaluation can tell: such a name is a list of candidates, innermost first.
#ifndef BATON_FEEL_NODE_H
#define BATON_FEEL_NODE_H

#include "feel/feel.h"

enum node_kind {
    NODE_CONSTANT,
    NODE_SLOT,       // of this frame
    NODE_GLOBAL,     // asked of the run's lookup, then of the built-in functions
    NODE_CANDIDATES, // entry of a filtered element, outer slot or global
    NODE_NEGATE,
    NODE_ADD,
    NODE_SUBTRACT,
    NODE_MULTIPLY,
    NODE_DIVIDE,
    NODE_POWER,
    NODE_EQUAL,
    NODE_NOT_EQUAL,
    NODE_LESS,
    NODE_LESS_EQUAL,
    NODE_GREATER,
    NODE_GREATER_EQUAL,
    NODE_AND,
    NODE_OR,
    NODE_BETWEEN,
    NODE_IN,
    NODE_INSTANCE_OF,
    NODE_IF,
    NODE_FOR,
    NODE_SOME,
    NODE_EVERY,
    NODE_PATH,
    NODE_FILTER,
    NODE_LIST,
    NODE_CONTEXT,
    NODE_RANGE,
    NODE_FUNCTION,
    NODE_CALL,
    NODE_BUILTIN, // a call of a built-in function
    NODE_TESTS,   // unary tests over slot `slot`
};

enum candidate_kind { CANDIDATE_SLOT, CANDIDATE_MEMBER, CANDIDATE_GLOBAL };

struct candidate {
    uint8_t kind;
    uint16_t hops;
    uint16_t slot;
};

struct node;

struct node_entry {
    str name;
    const struct node *value;
    uint16_t slot;
};

struct node_iteration {
    const struct node *from, *to; // `to` is NULL for `in list`
    uint16_t slot;
};

struct node_parameter {
    str name;
    const struct feel_type *type;
};

struct builtin;

struct node {
    uint8_t kind;      // enum node_kind
    bool negated;      // tests: not(…)
    bool uses_input;   // a unary test that mentions `?`
    uint16_t slot;     // the slot it reads or binds
    uint16_t height;   // of the tree below
    uint32_t position; // byte offset in the source
    union {
        feel_value constant;
        struct {
            const struct node *left, *right, *third;
        };
        struct {
            str name; // global, candidates
            const struct candidate *candidates;
            uint32_t candidate_count;
        };
        struct {
            const struct node *base; // path, filter, instance of
            str member;
            const struct node *condition;
            const struct feel_type *type;
        };
        struct {
            const struct node *const *items; // list, tests
            size_t count;
            const struct node *input; // `in`
        };
        struct {
            const struct node_entry *entries;
            size_t entry_count;
        };
        struct {
            const struct node_iteration *iterations;
            size_t iteration_count;
            const struct node *body;
        };
        struct {
            const struct node *start, *end;
            bool start_included, end_included, is_comparison;
        };
        struct {
            const struct node *function_body;
            const struct node_parameter *parameters;
            size_t parameter_count;
            uint16_t slot_count;
            uint16_t self_slot; // the entry this function is the value of, so that it can call
                                // itself; UINT16_MAX: none
        };
        struct {
            const struct node *callee;
            const struct builtin *builtin;
            const struct node *const *arguments;
            const str *argument_names; // NULL: by position
            size_t argument_count;
            const void *prepared; // a compiled regular expression
        };
    };
};

struct feel_program {
    str source;
    const struct node *root;
    uint16_t slot_count;
    const str *names;
    size_t name_count;
};

// Where a byte offset lies, from 1.
void program_locate(str source, uint32_t position, uint32_t *ret_line, uint32_t *ret_column);

#endif
