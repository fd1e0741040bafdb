// SPDX-License-Identifier: Apache-2.0
//
// What the parts of the parser share: the current token, the names in scope and the node being
// built. Not for use outside.
#ifndef BATON_FEEL_PARSER_H
#define BATON_FEEL_PARSER_H

#include "feel/lexer.h"
#include "feel/node.h"

enum { SLOTS_MAX = 4096, TREE_HEIGHT_MAX = 1000 };

enum binding_kind { BINDING_SLOT, BINDING_ELEMENT };

// A name bound to a slot; an element also lends the names of its entries.
struct binding {
    str name;
    enum binding_kind kind;
    uint16_t function; // depth of the function it belongs to
    uint16_t slot;
};

typedef ARRAY(struct node *) node_array;

// Where the parser's stacks begin: most expressions need no more, and nothing of them is kept.
enum { ROOM_BINDINGS = 8, ROOM_FUNCTIONS = 4, ROOM_NAMES = 16 };

struct parser_room {
    struct binding bindings[ROOM_BINDINGS];
    uint16_t slot_counts[ROOM_FUNCTIONS];
    str names[ROOM_NAMES];
};

struct parser {
    struct arena *arena;
    struct lexer lexer;
    struct token token;
    const struct feel_compile_options *options;
    struct error *err;
    bool failed;
    uint32_t depth;

    ARRAY(struct binding) bindings;
    ARRAY(uint16_t) slot_counts; // of the functions around, the outermost first
    str_array globals;
    bool keeps_constants; // evaluates nothing at compile time
    uint32_t input_uses;  // how often `?` was read
    bool in_range_end;    // a '[' may close the range instead of opening a filter
    uint16_t self_slot;   // of the context entry whose value is being read
};

// ---- tokens ----

void parser_advance(struct parser *p);
void parser_rescan(struct parser *p); // the names in scope have changed
bool parser_at(const struct parser *p, enum token_kind kind);
bool parser_take(struct parser *p, enum token_kind kind);
bool parser_expect(struct parser *p, enum token_kind kind);
// Reports at the current token: "expected <wanted>, found …". Only the first failure counts.
// Returns NULL.
struct node *parser_fail(struct parser *p, const char *wanted);
struct node *parser_fail_at(struct parser *p, size_t position, const char *message);
MUST_CHECK bool parser_enter(struct parser *p); // one nesting level deeper; fails at the limit
void parser_leave(struct parser *p);

// ---- nodes ----

struct node *parser_node(struct parser *p, enum node_kind kind, size_t position);
void parser_raise(struct node *node, const struct node *child); // node is higher than child
struct node *parser_finish(struct parser *p,
                           struct node *node); // checks the height and folds constants
struct node *parser_constant(struct parser *p, feel_value value, size_t position);

// ---- names (scope.c) ----

uint16_t scope_slot(struct parser *p);
uint16_t scope_bind(struct parser *p, str name, enum binding_kind kind); // a new slot
size_t scope_mark(const struct parser *p);
void scope_leave(struct parser *p, size_t mark);
void scope_enter_function(struct parser *p);
uint16_t scope_leave_function(struct parser *p); // how many slots it used
void scope_add_member(struct parser *p, str name);
struct node *scope_resolve(struct parser *p, str name, size_t position);
bool scope_knows(const struct parser *p, str name); // bound inside the expression, or an option

// As feel_compile, but the tree stays as it was written.
MUST_CHECK bool parser_compile_unfolded(struct arena *arena, str source,
                                        const struct feel_compile_options *options,
                                        const struct feel_program **ret_program, struct error *err);

// ---- grammar ----

struct node *parse_expression(struct parser *p);
struct node *parse_operand(struct parser *p); // literals, names, boxed and bracketed forms
struct node *parse_postfix(struct parser *p); // an operand and its paths, filters and calls
struct node *parse_postfix_rest(struct parser *p, struct node *base);
// After the start of a range, at its dots.
struct node *parse_range_rest(struct parser *p, struct node *start, bool start_included,
                              size_t position);
struct node *parse_test(struct parser *p);                       // one positive unary test
struct node *parse_tests(struct parser *p, uint16_t input_slot); // up to the end or a ')'
struct node *parse_range_test(struct parser *p);                 // `< 5`
struct node *parse_function(struct parser *p);
struct node *parse_control(struct parser *p); // if, for, some, every
struct node *parse_context(struct parser *p);
const struct feel_type *parse_type(struct parser *p);

#endif
