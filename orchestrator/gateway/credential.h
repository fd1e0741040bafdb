// SPDX-License-Identifier: Apache-2.0
//
// What a caller says who it is, whichever protocol it speaks.
#ifndef BATON_GATEWAY_CREDENTIAL_H
#define BATON_GATEWAY_CREDENTIAL_H

#include "base/arena.h"
#include "base/str.h"

// What stands behind "Bearer", or the password of "Basic user:password", whose user is the
// principal; empty: the header has none of the two.
str credential_read(struct arena *arena, str authorization, str *ret_principal);

#endif
