// SPDX-License-Identifier: Apache-2.0
//
// Texts that are handed out and come back: signed with the secret of the installation, so that any
// node knows its own again. Who has one can read what it says.
#ifndef BATON_GATEWAY_LINK_H
#define BATON_GATEWAY_LINK_H

#include "gateway/gateway.h"

// Of letters, digits, hyphen, underscore and dot. `purpose` keeps texts of different uses apart.
str link_make(const struct gateway *gateway, struct arena *arena, const char *purpose, str text);

// False: it is none of ours for this purpose.
MUST_CHECK bool link_read(const struct gateway *gateway, struct arena *arena, const char *purpose,
                          str link, str *ret_text);

#endif
