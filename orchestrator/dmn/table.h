// SPDX-License-Identifier: Apache-2.0
//
// Decision tables (DMN chapter 8), compiled: cells as unary tests, and per column an index from
// values to the rules they let through.
#ifndef BATON_DMN_TABLE_H
#define BATON_DMN_TABLE_H

#include "dmn/model.h"

enum hit_policy {
#define HIT_POLICY(id, name, letter) HIT_##id,
#include "dmn/hit_policies.def"
#undef HIT_POLICY
};

enum aggregation { AGGREGATE_LIST, AGGREGATE_SUM, AGGREGATE_MIN, AGGREGATE_MAX, AGGREGATE_COUNT };

struct table_input {
    str id, name; // the label, or the expression's text
    const struct feel_type *type;
    const struct feel_program *expression; // NULL: null
    const struct feel_type *inferred;      // of the expression
    const struct feel_program *allowed;
};

struct table_output {
    str id, name;
    const struct feel_type *type;
    const struct feel_program *allowed;
    const struct feel_program *otherwise; // the default output entry
    const struct feel_test *priorities;   // the allowed values, best first
    size_t priority_count;
};

struct table_rule {
    str id;
    uint32_t line;
    const struct feel_program *const *tests;   // one an input; NULL: any
    const struct feel_program *const *outputs; // one an output; NULL: null
};

struct column_index;

enum { NOT_CONSTANT = 255 }; // kind of an output that has to be evaluated

struct table {
    enum hit_policy policy;
    enum aggregation aggregation;
    const struct xml_element *xml;
    const struct table_input *inputs;
    size_t input_count;
    const struct table_output *outputs;
    size_t output_count;
    const struct table_rule *rules;
    size_t rule_count;
    const feel_value
        *constants; // the outputs of all rules, row by row; NOT_CONSTANT where evaluated
    const struct column_index *const *indexes; // one an input; NULL: not indexed
};

// Names what can be said of a table before any input is known: overlaps, gaps, rules that never get
// their turn, values that are not allowed.
void table_check(struct builder *b, const struct table *table);

// What the table comes to; NULL: more than is known here.
const struct feel_type *table_type(struct builder *b, const struct table *table);

const char *hit_policy_name(const struct table *table);

// ---- the index ----

enum { INDEXED_FROM = 8, WORD_BITS = 64 };

// The rules that one elementary interval of a column lets through: few as a list, many as bits.
struct rule_set {
    const uint32_t *items; // ascending
    size_t count;
    const uint64_t *bits; // NULL for few
};

// Builds the column's index in the arena; NULL when the cells do not allow one or it would not pay.
const struct column_index *index_build(struct arena *arena, const struct table *table,
                                       size_t column);

// The rules whose cell in this column the value passes, or has to be evaluated for. NULL: all.
const struct rule_set *index_find(const struct column_index *index, feel_value value);

// Must the cell still be evaluated for a rule that the index let through?
bool index_leaves_open(const struct column_index *index, size_t rule);

// The constants that bound the column's intervals, ascending; for the analysis of overlaps and
// gaps.
size_t index_bounds(const struct column_index *index, const feel_value **ret_bounds);

// The interval a value lies in; SIZE_MAX when it is of another kind.
size_t index_locate(const struct column_index *index, feel_value value);

// The elementary interval `at` of 2n + 1: below bound 0, bound 0 itself, between 0 and 1, …
const struct rule_set *index_interval(const struct column_index *index, size_t at);

#endif
