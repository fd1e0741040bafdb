// SPDX-License-Identifier: Apache-2.0
//
// Places for parameters in SQL text: `?` for items of a list and `:name` for entries of a context,
// as Camunda's connector has them, become PostgreSQL's $1, $2 …. Values are never put into the
// text.
#ifndef BATON_CONNECTOR_SQL_PLACES_H
#define BATON_CONNECTOR_SQL_PLACES_H

#include "connector/input.h"

enum { SQL_MAX_PARAMETERS = 200 };

struct places {
    const char *sql;
    const char *values[SQL_MAX_PARAMETERS]; // NULL: null
    size_t count;
};

// `variables`: a list, a context, or absent. Text in quotes, names and comments are left alone;
// `??` is PostgreSQL's operator ?. A text with $1 takes the list as it is. False: input->err names
// the place that has no value, the item that has no place, or the limit.
MUST_CHECK bool places_fill(const struct input *input, str sql, const struct json *variables,
                            struct places *ret_places);

#endif
