// SPDX-License-Identifier: Apache-2.0
//
// What headers such as Accept and Accept-Encoding ask for. Private to the layer.
#ifndef BATON_HTTP_CODING_H
#define BATON_HTTP_CODING_H

#include "base/str.h"

enum {
    CODING_MIN_BYTES = 1024,    // below that an answer is sent as it is
    CODING_MAX_BYTES = 1 << 20, // above too: nobody else is served meanwhile
};

// An item of a header such as Accept: its name, and whether its weight is more than 0.
bool coding_is_wanted(str item, str *ret_name);

// Whether a header Accept-Encoding takes gzip.
bool coding_takes_gzip(str header);

#endif
