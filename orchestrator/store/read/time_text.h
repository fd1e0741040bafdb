// SPDX-License-Identifier: Apache-2.0
//
// Instants as the API reads them: RFC 3339, in the years 1 to 9999.
#ifndef BATON_STORE_READ_TIME_TEXT_H
#define BATON_STORE_READ_TIME_TEXT_H

#include "base/str.h"

// A timestamptz as SQL writes it so.
#define RFC3339(column)                                                                            \
    "to_char(" column " AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

MUST_CHECK bool time_text_parse(str text, int64_t *ret_time_ms);

#endif
