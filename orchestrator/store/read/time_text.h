// SPDX-License-Identifier: Apache-2.0
//
// Instants as the API writes and reads them: RFC 3339 with milliseconds, in UTC when written.
#ifndef BATON_STORE_READ_TIME_TEXT_H
#define BATON_STORE_READ_TIME_TEXT_H

#include "base/strbuf.h"

void time_text_add(struct strbuf *out, int64_t time_ms);
MUST_CHECK bool time_text_parse(str text, int64_t *ret_time_ms);

#endif
