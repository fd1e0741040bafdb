// SPDX-License-Identifier: Apache-2.0
#include "record/mac.h"

#include "base/digest.h"

str mac_make(struct arena *arena, str secret, uint32_t shard, str from, str value)
{
    struct strbuf text = strbuf_new(arena);
    strbuf_format(&text, "baton-command\n%u\n%.*s\n", shard, STR_ARG(from));
    strbuf_add(&text, value);
    struct digest digest = digest_hmac(secret, strbuf_str(&text));
    return digest_hex(arena, str_from(digest.bytes, MAC_LENGTH / 2));
}

bool mac_is_good(str mac, str secret, uint32_t shard, str from, str value)
{
    struct arena arena = ARENA_EMPTY;
    bool good = digest_equal(mac_make(&arena, secret, shard, from, value), mac);
    arena_done(&arena);
    return good;
}
