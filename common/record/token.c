// SPDX-License-Identifier: Apache-2.0
#include "record/token.h"

#include "base/digest.h"

str token_make(struct arena *arena, str secret, uint64_t job, uint32_t attempt)
{
    str text = str_format(arena, "%llu:%u", (unsigned long long)job, attempt);
    struct digest digest = digest_hmac(secret, text);
    return digest_hex(arena, str_from(digest.bytes, TOKEN_LENGTH / 2));
}

static bool is_answer(enum command_type type)
{
    return type == COMMAND_COMPLETE_JOB || type == COMMAND_FAIL_JOB ||
           type == COMMAND_THROW_JOB_ERROR || type == COMMAND_EXTEND_JOB;
}

bool token_is_good(str secret, const struct command *command, str token)
{
    if (!is_answer(command->type))
        return true;
    struct arena arena = ARENA_EMPTY;
    str wanted = token_make(&arena, secret, command->key, command->job_answer.attempt);
    bool good = digest_equal(wanted, token);
    arena_done(&arena);
    return good;
}
