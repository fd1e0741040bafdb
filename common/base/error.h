// SPDX-License-Identifier: Apache-2.0
//
// An operating error: what went wrong outside our code, told so that a person can act on it. The
// caller owns the struct, the function fills it and returns false. Fields are cut, never overrun.
//
//     return error_set(err, ERROR_INVALID, "config", "'%s' must be 1 to 64, found %d", key, value);
#ifndef BATON_BASE_ERROR_H
#define BATON_BASE_ERROR_H

#include "base/check.h"
#include "base/str.h"

enum error_kind {
    ERROR_NONE,
    ERROR_INVALID, // the input is wrong: sending it again will not help
    ERROR_LIMIT,   // a named limit was reached
    ERROR_NOT_FOUND,
    ERROR_CONFLICT,    // the thing is in a state that forbids this
    ERROR_DENIED,      // not authenticated or not allowed
    ERROR_UNAVAILABLE, // try again later
    ERROR_IO,          // a file, socket, database or broker failed
    ERROR_UNSUPPORTED,
};

struct error {
    enum error_kind kind;
    char place[96]; // where: a key, a file and line, an element, a topic
    char text[416]; // what was expected, what was found
};

// Always returns false, so that a function can end with it. err may not be NULL.
bool error_set(struct error *err, enum error_kind kind, const char *place, const char *format, ...)
    PRINTF_LIKE(4, 5);

// "place: text", for a line of output. In the arena.
str error_line(struct arena *arena, const struct error *err);

#endif
