// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

struct digest digest_sha256(str data)
{
    struct digest result;
    check(EVP_Digest(data.data, data.len, result.bytes, NULL, EVP_sha256(), NULL) == 1);
    return result;
}

struct digest digest_chain(struct digest previous, str data)
{
    struct digest result;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    check(context != NULL && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1);
    check(EVP_DigestUpdate(context, previous.bytes, DIGEST_SIZE) == 1);
    check(EVP_DigestUpdate(context, data.data, data.len) == 1);
    check(EVP_DigestFinal_ex(context, result.bytes, NULL) == 1);
    EVP_MD_CTX_free(context);
    return result;
}

struct digest digest_hmac(str key, str data)
{
    struct digest result;
    unsigned len = DIGEST_SIZE;
    check(HMAC(EVP_sha256(), key.data, (int)key.len, (const unsigned char *)data.data, data.len,
               result.bytes, &len) != NULL);
    return result;
}

bool digest_equal(str a, str b)
{
    return a.len == b.len && CRYPTO_memcmp(a.data, b.data, a.len) == 0;
}

str digest_hex(struct arena *arena, str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, bytes.len * 2);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[(unsigned char)bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 15];
    }
    return (str){text, bytes.len * 2};
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool digest_from_hex(struct arena *arena, str hex, str *ret_bytes)
{
    if (hex.len % 2 != 0)
        return false;
    char *bytes = arena_alloc(arena, hex.len / 2);
    for (size_t i = 0; i < hex.len; i += 2) {
        int high = hex_value(hex.data[i]);
        int low = hex_value(hex.data[i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i / 2] = (char)(high << 4 | low);
    }
    *ret_bytes = (str){bytes, hex.len / 2};
    return true;
}

void base64_encode(struct strbuf *out, str bytes)
{
    size_t len = (bytes.len + 2) / 3 * 4;
    char *text = strbuf_reserve(out, len + 1);
    EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)bytes.data, (int)bytes.len);
    out->len += len;
}

bool base64_decode(struct arena *arena, str text, str *ret_bytes)
{
    if (text.len % 4 != 0)
        return false;
    unsigned char *bytes = arena_alloc(arena, text.len / 4 * 3 + 1);
    int len = EVP_DecodeBlock(bytes, (const unsigned char *)text.data, (int)text.len);
    if (len < 0)
        return false;
    size_t padding = str_ends_with(text, STR("==")) ? 2 : str_ends_with(text, STR("="));
    *ret_bytes = str_from(bytes, (size_t)len - padding);
    return true;
}

void random_bytes(void *data, size_t len)
{
    check(RAND_bytes(data, (int)len) == 1);
}
