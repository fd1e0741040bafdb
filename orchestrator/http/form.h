// SPDX-License-Identifier: Apache-2.0
//
// What browsers send beside JSON: application/x-www-form-urlencoded bodies, and cookies.
#ifndef BATON_HTTP_FORM_H
#define BATON_HTTP_FORM_H

#include "base/error.h"

enum { FORM_MAX_BYTES = 64 << 10, FORM_MAX_FIELDS = 32 };

struct form_field {
    str name;
    str value;
};

struct form {
    struct form_field *fields;
    size_t count;
};

// Names and values are decoded, in the arena, and UTF-8. False: ERROR_INVALID for what is no form
// or names a field twice, ERROR_LIMIT.
MUST_CHECK bool form_parse(struct arena *arena, str body, struct form *ret_form, struct error *err);

// Empty when it is not there.
str form_get(const struct form *form, str name);

// The value of a cookie in a request's header Cookie (RFC 6265, 4.2.1); empty when it is not there,
// or there twice: then one of them is somebody else's.
str cookie_get(str header, str name);

#endif
