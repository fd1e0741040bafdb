// SPDX-License-Identifier: Apache-2.0
#include "base/signature.h"

#include "base/check.h"
#include "base/digest.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_BYTES = 32, SIGNATURE_BYTES = 64, ID_BYTES = 8 };

struct signature_key {
    EVP_PKEY *pkey;
    bool can_sign;
    char id[2 * ID_BYTES + 1];
};

static void name_key(struct signature_key *key)
{
    unsigned char bytes[KEY_BYTES];
    size_t len = sizeof bytes;
    struct arena arena = ARENA_EMPTY;
    check(EVP_PKEY_get_raw_public_key(key->pkey, bytes, &len) == 1);
    struct digest digest = digest_sha256(str_from(bytes, len));
    str hex = digest_hex(&arena, str_from(digest.bytes, ID_BYTES));
    memcpy(key->id, hex.data, hex.len);
    arena_done(&arena);
}

struct signature_key *signature_key_read(const char *path, struct error *err)
{
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        (void)error_set(err, ERROR_IO, path, "%s", strerror(errno));
        return NULL;
    }
    EVP_PKEY *pkey = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    bool can_sign = pkey != NULL;
    rewind(file);
    if (pkey == NULL)
        pkey = PEM_read_PUBKEY(file, NULL, NULL, NULL);
    fclose(file);
    if (pkey == NULL || EVP_PKEY_get_id(pkey) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(pkey);
        (void)error_set(err, ERROR_INVALID, path, "no Ed25519 key in PEM is in this file");
        return NULL;
    }
    struct signature_key *key = calloc(1, sizeof *key);
    check(key != NULL);
    *key = (struct signature_key){.pkey = pkey, .can_sign = can_sign};
    name_key(key);
    return key;
}

void signature_key_free(struct signature_key *key)
{
    if (key == NULL)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

bool signature_check_setting(const char *name, const char *path, struct error *err)
{
    if (path[0] == '\0')
        return true;
    struct signature_key *key = signature_key_read(path, err);
    bool good = key != NULL && key->can_sign;
    if (key != NULL && !good)
        (void)error_set(err, ERROR_INVALID, name, "%s has a public key: it cannot sign", path);
    signature_key_free(key);
    return good;
}

bool signature_key_can_sign(const struct signature_key *key)
{
    return key->can_sign;
}

const char *signature_key_id(const struct signature_key *key)
{
    return key->id;
}

str signature_sign(struct arena *arena, const struct signature_key *key, str payload)
{
    unsigned char signature[SIGNATURE_BYTES];
    size_t len = sizeof signature;
    str header = str_format(arena, "{\"alg\":\"EdDSA\",\"kid\":\"%s\"}", key->id);
    struct strbuf out = strbuf_new(arena);
    strbuf_add(&out, base64url_encode(arena, header));
    strbuf_add_char(&out, '.');
    strbuf_add(&out, base64url_encode(arena, payload));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(context != NULL && key->can_sign);
    check(EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1);
    check(EVP_DigestSign(context, signature, &len, (const unsigned char *)strbuf_str(&out).data,
                         out.len) == 1);
    EVP_MD_CTX_free(context);
    strbuf_add_char(&out, '.');
    strbuf_add(&out, base64url_encode(arena, str_from(signature, len)));
    return strbuf_str(&out);
}

static bool fits(const struct signature_key *key, str text, str signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(context != NULL);
    bool good = signature.len == SIGNATURE_BYTES &&
                EVP_DigestVerifyInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
                                 (const unsigned char *)text.data, text.len) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

bool signature_verify(struct arena *arena, const struct signature_key *key, str jws,
                      str *ret_payload, struct error *err)
{
    size_t first = str_find_char(jws, '.');
    if (first == SIZE_MAX)
        return error_set(err, ERROR_INVALID, "signature", "no compact JWS");
    str rest = str_from_index(jws, first + 1);
    size_t second = str_find_char(rest, '.');
    str signature, payload;
    if (second == SIZE_MAX ||
        !base64url_decode(arena, str_from_index(rest, second + 1), &signature) ||
        !base64url_decode(arena, str_sub(rest, 0, second), &payload))
        return error_set(err, ERROR_INVALID, "signature", "no compact JWS");
    if (!fits(key, str_sub(jws, 0, first + 1 + second), signature))
        return error_set(err, ERROR_INVALID, "signature",
                         "it is not signed by the key %s, or it was changed", key->id);
    *ret_payload = payload;
    return true;
}
