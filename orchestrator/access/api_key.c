// SPDX-License-Identifier: Apache-2.0
#include "access/api_key.h"

#include "access/proof_private.h"
#include "store/catalogue/credential.h"
#include "store/read/credential.h"

static bool is_hex(str text, size_t bytes)
{
    for (size_t i = 0; i < text.len; i++)
        if (memchr("0123456789abcdef", text.data[i], 16) == NULL)
            return false;
    return text.len == bytes * 2;
}

bool api_key_read(str text, str *ret_id, str *ret_secret)
{
    str id;
    if (!str_starts_with(text, STR(API_KEY_PREFIX)))
        return false;
    str rest = str_from_index(text, sizeof API_KEY_PREFIX - 1);
    if (!str_split(&rest, '_', &id) || rest.data == NULL || !is_hex(id, API_KEY_ID_BYTES) ||
        !is_hex(rest, API_KEY_SECRET_BYTES))
        return false;
    *ret_id = id;
    *ret_secret = rest;
    return true;
}

struct api_key api_key_new(struct arena *arena)
{
    unsigned char id[API_KEY_ID_BYTES], secret[API_KEY_SECRET_BYTES];
    struct api_key key;
    random_bytes(id, sizeof id);
    random_bytes(secret, sizeof secret);
    str digits = digest_hex(arena, str_from(secret, sizeof secret));
    key.id = digest_hex(arena, str_from(id, sizeof id));
    key.text = str_format(arena, API_KEY_PREFIX "%.*s_%.*s", STR_ARG(key.id), STR_ARG(digits));
    key.digest = digest_sha256(digits);
    return key;
}

static void refuse(struct proving *proving)
{
    proving_refuse(proving, "api key", "the API key is not known, has ended or was revoked");
}

static void on_key(struct proving *proving, const struct query_rows *rows)
{
    static const struct digest nobody;
    struct arena *arena = &proving->arena;
    bool is_known = query_row_count(rows) > 0;
    struct digest digest = digest_sha256(proving->secret);
    str kept = is_known ? query_bytes(rows, 0, API_KEY_DIGEST, arena)
                        : str_from(nobody.bytes, DIGEST_SIZE);
    if (!digest_equal(kept, str_from(digest.bytes, DIGEST_SIZE)) || !is_known) {
        refuse(proving);
        return;
    }
    if (query_bool(rows, 0, API_KEY_IS_STALE))
        proof_post(proving->proof, catalogue_api_key_used(arena, proving->id));
    bool has_end = !query_is_null(rows, 0, API_KEY_EXPIRES_MS);
    const struct subject subject = {
        .kind = SUBJECT_CLIENT,
        .id = str_copy(arena, query_value(rows, 0, API_KEY_CLIENT)),
        .proof = str_format(arena, "API key %.*s", STR_ARG(proving->id)),
        .until_ms = has_end ? query_i64(rows, 0, API_KEY_EXPIRES_MS) : INT64_MAX};
    proving_succeed(proving, &subject);
}

void api_key_prove(struct proving *proving)
{
    if (api_key_read(proving->secret, &proving->id, &proving->secret))
        proving_ask(proving, read_api_key(&proving->arena, proving->id), on_key);
    else
        refuse(proving);
}
