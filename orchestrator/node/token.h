// SPDX-License-Identifier: Apache-2.0
//
// The token of a job: proves that who answers was offered this attempt.
#ifndef BATON_NODE_TOKEN_H
#define BATON_NODE_TOKEN_H

#include "record/command.h"

enum { TOKEN_SECRET_SIZE = 32, TOKEN_LENGTH = 32 };

// Hex of the first 16 bytes of HMAC-SHA-256(secret, job key and attempt).
str token_make(struct arena *arena, str secret, uint64_t job, uint32_t attempt);

// True unless the command is a worker's answer without the right token. Attempt 0 is an operator's
// answer, which the API has authorised.
bool token_is_good(str secret, const struct command *command, str token);

#endif
