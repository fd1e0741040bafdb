// SPDX-License-Identifier: Apache-2.0
//
// Instants as the API reads them: RFC 3339, in the years 1 to 9999.
#ifndef BATON_STORE_READ_TIME_TEXT_H
#define BATON_STORE_READ_TIME_TEXT_H

#include "base/str.h"

MUST_CHECK bool time_text_parse(str text, int64_t *ret_time_ms);

#endif
