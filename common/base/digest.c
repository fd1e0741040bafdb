// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

enum { SHA256_BLOCK = 64 };

// Fetched once: OpenSSL 3 looks an algorithm up by its name whenever it is asked for implicitly.
static const EVP_MD *sha256;
static pthread_key_t contexts;

static void free_context(void *context)
{
    EVP_MD_CTX_free(context);
}

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    check(sha256 != NULL);
    check(pthread_key_create(&contexts, free_context) == 0);
}

// One for all of a thread: what it held before goes with each beginning.
static EVP_MD_CTX *scratch(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    check(pthread_once(&once, fetch) == 0);
    EVP_MD_CTX *context = pthread_getspecific(contexts);
    if (context != NULL)
        return context;
    context = EVP_MD_CTX_new();
    check(context != NULL && pthread_setspecific(contexts, context) == 0);
    return context;
}

static EVP_MD_CTX *begin(void)
{
    EVP_MD_CTX *context = scratch();
    check(EVP_DigestInit_ex(context, sha256, NULL) == 1);
    return context;
}

static void add(EVP_MD_CTX *context, const void *data, size_t len)
{
    check(EVP_DigestUpdate(context, data, len) == 1);
}

static struct digest end(EVP_MD_CTX *context)
{
    struct digest result;
    check(EVP_DigestFinal_ex(context, result.bytes, NULL) == 1);
    return result;
}

struct digest digest_sha256(str data)
{
    EVP_MD_CTX *context = begin();
    add(context, data.data, data.len);
    return end(context);
}

struct digest digest_chain(struct digest previous, str data)
{
    EVP_MD_CTX *context = begin();
    add(context, previous.bytes, DIGEST_SIZE);
    add(context, data.data, data.len);
    return end(context);
}

// -- HMAC -------------------------------------------------------------------------------

// RFC 2104: the key fills a block, xored with a byte for the inner and another for the outer hash.
static void add_key(EVP_MD_CTX *context, str key, unsigned char pad)
{
    unsigned char block[SHA256_BLOCK];
    memset(block, pad, sizeof block);
    for (size_t i = 0; i < key.len; i++)
        block[i] ^= (unsigned char)key.data[i];
    add(context, block, sizeof block);
    OPENSSL_cleanse(block, sizeof block);
}

struct digest digest_hmac(str key, str data)
{
    struct digest hashed;
    if (key.len > SHA256_BLOCK) {
        hashed = digest_sha256(key);
        key = str_from(hashed.bytes, DIGEST_SIZE);
    }
    EVP_MD_CTX *context = begin();
    add_key(context, key, 0x36);
    add(context, data.data, data.len);
    struct digest inner = end(context);
    context = begin();
    add_key(context, key, 0x5c);
    add(context, inner.bytes, DIGEST_SIZE);
    return end(context);
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

static const char url_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

str base64url_encode(struct arena *arena, str bytes)
{
    size_t len = (bytes.len * 4 + 2) / 3;
    char *text = arena_alloc(arena, len + 1);
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.data[i];
        for (count += 8; count >= 6; count -= 6)
            text[written++] = url_alphabet[bits >> (count - 6) & 63];
    }
    if (count > 0)
        text[written++] = url_alphabet[bits << (6 - count) & 63];
    check(written == len);
    return (str){text, len};
}

static int url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(struct arena *arena, str text, str *ret_bytes)
{
    size_t len = text.len * 3 / 4;
    char *bytes = arena_alloc(arena, len);
    uint32_t bits = 0;
    unsigned count = 0;
    size_t written = 0;
    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = url_value(text.data[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            bytes[written++] = (char)(bits >> count & 255);
        }
    }
    if ((bits & ((1u << count) - 1)) != 0) // two texts for the same bytes
        return false;
    *ret_bytes = (str){bytes, written};
    return true;
}

void random_bytes(void *data, size_t len)
{
    check(RAND_bytes(data, (int)len) == 1);
}
