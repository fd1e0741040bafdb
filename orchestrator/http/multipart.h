// SPDX-License-Identifier: Apache-2.0
//
// multipart/form-data (RFC 7578), as deployments arrive.
#ifndef BATON_HTTP_MULTIPART_H
#define BATON_HTTP_MULTIPART_H

#include "base/error.h"

enum { MULTIPART_MAX_PARTS = 256 };

struct multipart_part {
    str name;
    str file_name;    // data == NULL: a plain field
    str content_type; // empty: it has none
    str data;
};

// Parts point into `body`; the array is in the arena.
MUST_CHECK bool multipart_parse(struct arena *arena, str content_type, str body,
                                struct multipart_part **ret_parts, size_t *ret_count,
                                struct error *err);

#endif
