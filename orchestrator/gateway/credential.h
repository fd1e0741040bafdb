// SPDX-License-Identifier: Apache-2.0
//
// What a caller says who it is, whichever protocol it speaks.
#ifndef BATON_GATEWAY_CREDENTIAL_H
#define BATON_GATEWAY_CREDENTIAL_H

#include "access/subject.h"

// What an Authorization header says: "Bearer …" or "Basic user:password"; else of no kind.
struct credential credential_read(struct arena *arena, str authorization);

// Claims of a certificate that TLS has found good, as JSON (loop/tls.h).
struct credential credential_of_certificate(str claims);

// Whether it is the key that opens everything (api.key), as a token or as anybody's password.
bool credential_is_key(const struct credential *credential, str key);

#endif
