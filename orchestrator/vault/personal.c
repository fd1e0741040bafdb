// SPDX-License-Identifier: Apache-2.0
#include "vault/personal.h"

#include "base/digest.h"
#include "base/strbuf.h"
#include "base/varint.h"

enum { VERSION = 1 };

static str header_bytes(struct arena *arena, const struct personal_place *place, uint32_t count,
                        const uint32_t *numbers)
{
    struct strbuf out = strbuf_new(arena);
    varint_write(&out, VERSION);
    varint_write(&out, place->stream);
    varint_write(&out, place->sequence);
    varint_write(&out, place->position);
    varint_write(&out, count);
    for (uint32_t i = 0; i < count; i++)
        varint_write(&out, numbers[i]);
    return strbuf_str(&out);
}

// One person's key is used as it is; of several it is made of all.
static struct vault_key key_of(const struct vault_key *const *keys, uint32_t count)
{
    struct vault_key key = *keys[0];
    for (uint32_t i = 1; i < count; i++) {
        struct digest digest = digest_hmac(str_from((const char *)key.bytes, VAULT_KEY_BYTES),
                                           str_from((const char *)keys[i]->bytes, VAULT_KEY_BYTES));
        memcpy(key.bytes, digest.bytes, VAULT_KEY_BYTES);
    }
    return key;
}

static str bound_of(struct arena *arena, str tenant, str header)
{
    struct strbuf out = strbuf_new(arena);
    varint_write_text(&out, STR("baton personal value"));
    varint_write_text(&out, tenant);
    strbuf_add(&out, header);
    return strbuf_str(&out);
}

str personal_seal(struct arena *arena, const struct personal_keys *keys,
                  const struct personal_place *place, const struct personal_subjects *subjects,
                  str json)
{
    check(keys->count > 0 && keys->count == subjects->count);
    str header = header_bytes(arena, place, keys->count, keys->numbers);
    str bound = bound_of(arena, place->tenant, header);
    struct vault_key key = key_of(keys->keys, keys->count);
    struct strbuf plain = strbuf_new(arena), whole = strbuf_new(arena), out = strbuf_new(arena);
    for (uint32_t i = 0; i < subjects->count; i++)
        varint_write_text(&plain, subjects->items[i]);
    strbuf_add(&plain, json);
    struct digest nonce = digest_hmac(str_from((const char *)key.bytes, VAULT_KEY_BYTES),
                                      str_join2(arena, bound, strbuf_str(&plain)));
    strbuf_add(&whole, header);
    strbuf_add(&whole,
               vault_seal(arena, &key, str_from((const char *)nonce.bytes, VAULT_NONCE_BYTES),
                          bound, strbuf_str(&plain)));
    vault_key_wipe(&key);
    strbuf_add(&out, STR(PERSONAL_SEALED));
    strbuf_add(&out, base64url_encode(arena, strbuf_str(&whole)));
    strbuf_add_char(&out, '"');
    return strbuf_str(&out);
}

static bool read_header(str *bytes, struct personal_header *ret_header)
{
    struct personal_header header = {0};
    uint64_t version, position, count;
    if (!varint_read(bytes, &version) || version != VERSION ||
        !varint_read(bytes, &header.place.stream) || !varint_read(bytes, &header.place.sequence) ||
        !varint_read(bytes, &position) || position > UINT32_MAX || !varint_read(bytes, &count) ||
        count == 0 || count > PERSONAL_MAX_SUBJECTS)
        return false;
    header.place.position = (uint32_t)position;
    header.count = (uint32_t)count;
    for (uint32_t i = 0; i < header.count; i++) {
        uint64_t number;
        if (!varint_read(bytes, &number) || number == 0 || number > INT32_MAX)
            return false;
        header.numbers[i] = (uint32_t)number;
    }
    *ret_header = header;
    return true;
}

bool personal_read(struct arena *arena, str sealed, struct personal_header *ret_header)
{
    str bytes;
    return base64url_decode(arena, sealed, &bytes) && read_header(&bytes, ret_header);
}

bool personal_open(struct arena *arena, const struct vault_key *const *keys, str tenant, str sealed,
                   struct personal_subjects *ret_subjects, str *ret_json)
{
    struct personal_header header;
    struct personal_subjects subjects = {0};
    struct error err;
    str bytes, plain;
    if (!base64url_decode(arena, sealed, &bytes))
        return false;
    str rest = bytes;
    if (!read_header(&rest, &header))
        return false;
    str bound = bound_of(arena, tenant, str_sub(bytes, 0, bytes.len - rest.len));
    struct vault_key key = key_of(keys, header.count);
    bool good = vault_unseal(arena, &key, bound, rest, &plain, &err);
    vault_key_wipe(&key);
    for (uint32_t i = 0; good && i < header.count; i++)
        good = varint_read_text(&plain, &subjects.items[subjects.count++]);
    if (good) {
        *ret_subjects = subjects;
        *ret_json = plain;
    }
    return good;
}

str personal_digest(struct arena *arena, const struct vault_key *index, str tenant, str subject)
{
    struct strbuf text = strbuf_new(arena);
    varint_write_text(&text, STR("baton person"));
    varint_write_text(&text, tenant);
    varint_write_text(&text, subject);
    struct digest digest =
        digest_hmac(str_from((const char *)index->bytes, VAULT_KEY_BYTES), strbuf_str(&text));
    return str_copy(arena, str_from((const char *)digest.bytes, DIGEST_SIZE));
}

static struct vault_key draft_key(const struct vault_key *index)
{
    struct vault_key key;
    struct digest digest = digest_hmac(str_from((const char *)index->bytes, VAULT_KEY_BYTES),
                                       STR("baton key of drafts"));
    memcpy(key.bytes, digest.bytes, VAULT_KEY_BYTES);
    return key;
}

static str draft_bound(struct arena *arena, struct personal_draft draft)
{
    struct strbuf out = strbuf_new(arena);
    varint_write_text(&out, STR("baton draft"));
    varint_write(&out, draft.task);
    varint_write_text(&out, draft.owner);
    return strbuf_str(&out);
}

str personal_seal_draft(struct arena *arena, const struct vault_key *index,
                        struct personal_draft draft, str json)
{
    struct vault_key key = draft_key(index);
    str sealed = vault_seal(arena, &key, STR_EMPTY, draft_bound(arena, draft), json);
    vault_key_wipe(&key);
    return base64url_encode(arena, sealed);
}

bool personal_open_draft(struct arena *arena, const struct vault_key *index,
                         struct personal_draft draft, str sealed, str *ret_json)
{
    struct vault_key key = draft_key(index);
    struct error err;
    str bytes;
    bool good = base64url_decode(arena, sealed, &bytes) &&
                vault_unseal(arena, &key, draft_bound(arena, draft), bytes, ret_json, &err);
    vault_key_wipe(&key);
    return good;
}

str personal_bound(struct arena *arena, str tenant, uint64_t stream, uint32_t number)
{
    struct strbuf out = strbuf_new(arena);
    varint_write_text(&out, STR("baton personal key"));
    varint_write_text(&out, tenant);
    varint_write(&out, stream);
    varint_write(&out, number);
    return strbuf_str(&out);
}
