// SPDX-License-Identifier: Apache-2.0
//
// History as it is stored: each row's events packed, and the chain of digests over them. Knows no
// database: whoever writes or proves history packs it alike.
#include "store/store.h"

#include "wire/wire.h"

#include <endian.h>

static str pack_events(const struct history_row *row, struct arena *arena)
{
    struct strbuf bytes = strbuf_new(arena);
    wire_encode_events(&bytes, row->events, row->count);
    return strbuf_str(&bytes);
}

static void add_u64(struct strbuf *out, uint64_t value)
{
    uint64_t wire = htole64(value);
    strbuf_add(out, str_from(&wire, sizeof wire));
}

static void add_row(struct strbuf *out, const struct history_row *row, str events)
{
    add_u64(out, row->stream_kind);
    add_u64(out, row->stream);
    add_u64(out, row->sequence);
    add_u64(out, (uint64_t)row->time_ms);
    add_u64(out, (uint64_t)row->offset);
    add_u64(out, row->cause);
    add_u64(out, row->principal.len);
    strbuf_add(out, row->principal);
    add_u64(out, row->origin.len);
    strbuf_add(out, row->origin);
    add_u64(out, events.len);
    strbuf_add(out, events);
}

void store_chain_add(struct strbuf *out, const struct history_row *row, str events)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf bytes = strbuf_new(&arena);
    add_row(&bytes, row, events);
    struct digest digest = digest_sha256(strbuf_str(&bytes));
    strbuf_add(out, str_from(digest.bytes, DIGEST_SIZE));
    arena_done(&arena);
}

struct digest store_chain_end(struct digest chain, str rows, struct digest *ret_body)
{
    *ret_body = digest_sha256(rows);
    return digest_chain(chain, str_from(ret_body->bytes, DIGEST_SIZE));
}

struct store_packed store_pack(struct digest chain, const struct changes *changes,
                               struct arena *turn)
{
    size_t count = changes->history.count;
    struct store_packed packed = {.chain = chain, .events = ARENA_ARRAY(turn, str, count)};
    struct strbuf rows = strbuf_new(turn), bytes = strbuf_new(turn);
    for (size_t i = 0; i < count; i++) {
        const struct history_row *row = &changes->history.items[i];
        packed.events[i] = pack_events(row, turn);
        bytes.len = 0;
        add_row(&bytes, row, packed.events[i]);
        struct digest digest = digest_sha256(strbuf_str(&bytes));
        strbuf_add(&rows, str_from(digest.bytes, DIGEST_SIZE));
    }
    if (count > 0)
        packed.chain = store_chain_end(chain, strbuf_str(&rows), &packed.body);
    return packed;
}
