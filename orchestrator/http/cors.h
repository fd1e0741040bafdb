// SPDX-License-Identifier: Apache-2.0
//
// Pages of other origins in a browser: those that the setting names may ask (the Fetch standard's
// CORS protocol). Credentials of the browser are never asked for: a page brings its own key.
// Private to the layer.
#ifndef BATON_HTTP_CORS_H
#define BATON_HTTP_CORS_H

#include "http/request.h"

bool cors_allows(const struct request *request, str origin);

// The headers that tell the browser so, those of a preflight too.
void cors_add_headers(struct request *request);

#endif
