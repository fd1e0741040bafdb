// SPDX-License-Identifier: Apache-2.0
//
// The token of a job: proves that who answers was offered this attempt.
#ifndef BATON_RECORD_TOKEN_H
#define BATON_RECORD_TOKEN_H

#include "record/command.h"

enum { TOKEN_SECRET_SIZE = 32, TOKEN_SECRET_MAX = 64, TOKEN_LENGTH = 32 };

// Hex of the first 16 bytes of HMAC-SHA-256(secret, job key and attempt).
str token_make(struct arena *arena, str secret, uint64_t job, uint32_t attempt);

// True when the command is a worker's answer with the token of its job and attempt. Attempt 0, an
// answer that counts whatever the attempt, is a node's and needs its MAC (record/mac.h) instead.
MUST_CHECK bool token_is_good(str secret, const struct command *command);

#endif
