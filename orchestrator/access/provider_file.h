// SPDX-License-Identifier: Apache-2.0
//
// The file of OpenID Connect providers (setting auth.providers): a JSON array with an object a
// provider. Its members are rows of providers.def; docs/security.md shows files for the usual
// providers.
#ifndef BATON_ACCESS_PROVIDER_FILE_H
#define BATON_ACCESS_PROVIDER_FILE_H

#include "base/error.h"
#include "base/str.h"

enum { PROVIDERS_MAX = 16, PROVIDERS_MAX_FILE_BYTES = 256 << 10, PROVIDER_MAX_LIST = 32 };

struct texts {
    const str *items;
    size_t count;
};

struct provider_settings {
#define TEXT(name, initial, allowed, text) str name;
#define LIST(name, initial, allowed, text) struct texts name;
#define FLAG(name, initial, allowed, text) bool name;
#define NUMBER(name, initial, allowed, text) int64_t name;
#include "access/providers.def"
#undef TEXT
#undef LIST
#undef FLAG
#undef NUMBER
    unsigned allowed; // bits of enum jwt_algorithm, from `algorithms`
};

// Settings live in the arena. An empty path: none. False: err->place is auth.providers, and the
// text names the provider and the member.
MUST_CHECK bool provider_file_read(struct arena *arena, const char *path,
                                   struct provider_settings **ret_providers, size_t *ret_count,
                                   struct error *err);

#endif
