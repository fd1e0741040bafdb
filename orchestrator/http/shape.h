// SPDX-License-Identifier: Apache-2.0
//
// The shape of a request's body: which members it may have and of what type each is. Shapes are
// tables made from the description of an API. What a shape does not name is not looked at; a member
// that may be absent may be null.
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
    int64_t low;       // SHAPE_STRING: of characters
    int64_t high;      // likewise; SHAPE_ARRAY: of items; 0: none
    size_t max_len;    // SHAPE_STRING, in bytes; 0: no limit of its own
    const char *limit; // its name
    const struct shape *item;
    const struct shape_member *members;
    size_t count;
};

struct shape_member {
    const char *name;
    const struct shape *shape;
    bool is_required;
};

// NULL is an absent body. False and *err with the path of the first member that does not fit.
MUST_CHECK bool shape_fits(const struct shape *shape, const struct json *body, struct error *err);

#endif
