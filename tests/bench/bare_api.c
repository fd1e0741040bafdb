// SPDX-License-Identifier: Apache-2.0
//
// The bare loop serves no API: asked for one, it says so.
#include "api/api.h"

struct api *api_new(const struct api_options *options, struct error *err)
{
    (void)options;
    error_set(err, ERROR_UNSUPPORTED, "roles", "the bare loop has no role api");
    return NULL;
}

void api_drain(struct api *api)
{
    (void)api;
}

void api_free(struct api *api)
{
    (void)api;
}
