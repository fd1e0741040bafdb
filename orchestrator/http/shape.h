// SPDX-License-Identifier: Apache-2.0
//
// The shape of a request's body: which members it may have and of what type each is. Shapes are
// tables made from the description of an API. A member that may be absent may be null. What a shape
// does not name must be null or empty, unless the object is open: clients of a newer API send much
// that nobody filled in, and what was filled in is never skipped in silence.
#ifndef BATON_HTTP_SHAPE_H
#define BATON_HTTP_SHAPE_H

#include "base/json.h"

enum shape_kind {
    SHAPE_ANY,
    SHAPE_STRING,
    SHAPE_KEY,     // a positive number, or its digits as a string; -1 where low is it
    SHAPE_INTEGER, // a whole number from low to high
    SHAPE_NUMBER,
    SHAPE_BOOLEAN,
    SHAPE_ARRAY,
    SHAPE_OBJECT,
    SHAPE_MISSING, // known elsewhere and not done here: null, or empty
};

struct shape_member;

struct shape {
    enum shape_kind kind;
    int64_t low;              // SHAPE_STRING: of characters; SHAPE_ARRAY: of items
    int64_t high;             // likewise; 0: none
    size_t max_len;           // SHAPE_STRING, in bytes; 0: no limit of its own
    const char *limit;        // its name
    const char *const *names; // SHAPE_STRING: one of these, in any case; NULL: any text
    const struct shape *item;
    const struct shape_member *members;
    size_t count;
    bool is_open; // SHAPE_OBJECT: has members of any name
};

struct shape_member {
    const char *name;
    const struct shape *shape;
    bool is_required;
};

// NULL is an absent body. False and *err with the path of the first member that does not fit.
MUST_CHECK bool shape_fits(const struct shape *shape, const struct json *body, struct error *err);

#endif
