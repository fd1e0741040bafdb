// SPDX-License-Identifier: Apache-2.0
//
// What the kind of a field decides: its SQL type, how it is shown and ordered, which operators it
// takes and what their values are. Private to searches.
#ifndef BATON_STORE_READ_FIELD_H
#define BATON_STORE_READ_FIELD_H

#include "store/read/search.h"

enum {
    FIELD_EQUALS = 1, // $eq, $neq, $in, $notIn, $exists
    FIELD_LIKES = 2,  // $like
    FIELD_ORDERS = 4, // $gt, $gte, $lt, $lte; and an order
    FIELD_SORTS = 8,  // an order
};

unsigned field_operators(const struct field *field);

const char *field_sql_type(const struct field *field);

// Writes the field as SQL of field_sql_type: what is compared.
void field_add_value(struct strbuf *out, const struct field *field);

// Writes the field as it is seen outside, as text or null where nothing is; for $like, $exists.
void field_add_shown(struct strbuf *out, const struct field *field);

// Writes what rows are ordered by, and the same as text for a cursor; null where nothing is.
void field_add_order(struct strbuf *out, const struct field *field);
void field_add_cursor(struct strbuf *out, const struct field *field);
// The SQL type of the order, and whether a cursor's text is one of it.
const char *field_order_type(const struct field *field);
bool field_reads_cursor(const struct field *field, str text);

// Texts for a parameter that are equal to a filter's value: usually one, several where a name
// stands for several states. False and *err for a value of another type.
MUST_CHECK bool field_read(struct arena *arena, const struct field *field, const struct json *value,
                           str *ret_texts, size_t *ret_count, struct error *err);

enum { FIELD_MAX_TEXTS = 16 }; // of one value

#endif
