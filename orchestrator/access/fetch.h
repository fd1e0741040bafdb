// SPDX-License-Identifier: Apache-2.0
//
// One request to a provider, over libcurl. It makes its thread wait: for helper threads alone.
// Certificates are verified, redirects are not followed, and what comes is bounded in bytes and
// time.
#ifndef BATON_ACCESS_FETCH_H
#define BATON_ACCESS_FETCH_H

#include "base/error.h"
#include "base/strbuf.h"

enum { FETCH_CONNECT_S = 3, FETCH_MOST_S = 8, FETCH_MAX_BYTES = 256 << 10 };

struct fetch {
    str url;
    str form;     // application/x-www-form-urlencoded; empty: GET
    str user;     // of HTTP Basic, form-encoded; empty: none
    str password; // …
    str ca_file;  // empty: the system's certificates
};

void fetch_init(void); // before the first thread

// *ret_body is in the arena. False: ERROR_UNAVAILABLE, or ERROR_DENIED for a status of 400 and
// above; *ret_body has what came with it.
MUST_CHECK bool fetch_run(struct arena *arena, const struct fetch *fetch, str *ret_body,
                          struct error *err);

// Appends name=value, escaped, behind "&" unless it is the first.
void form_add(struct strbuf *form, const char *name, str value);

#endif
