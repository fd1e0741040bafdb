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
    return command_senders_of(type) == SENDERS_API_WORKER;
}

bool token_is_good(str secret, const struct command *command)
{
    if (!is_answer(command->type) || command->job_answer.attempt == 0)
        return false;
    struct arena arena = ARENA_EMPTY;
    str wanted = token_make(&arena, secret, command->key, command->job_answer.attempt);
    bool good = digest_equal(wanted, command->job_answer.token);
    arena_done(&arena);
    return good;
}
