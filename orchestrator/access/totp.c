// SPDX-License-Identifier: Apache-2.0
//
// Codes of six digits from a shared secret and the time (RFC 6238 over HMAC-SHA-1, as
// authenticators know it).
#include "access/login.h"

#include "vault/vault.h"

#include "base/digest.h"
#include "base/strbuf.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { SHA1_BYTES = 20, CODES = 1000000, MS_PER_SECOND = 1000 };

static uint32_t code_of(str secret, int64_t step)
{
    unsigned char counter[8], mac[SHA1_BYTES];
    unsigned len = sizeof mac;
    for (int i = 0; i < 8; i++)
        counter[i] = (unsigned char)((uint64_t)step >> (8 * (7 - i)));
    check(HMAC(EVP_sha1(), secret.data, (int)secret.len, counter, sizeof counter, mac, &len) !=
          NULL);
    unsigned at = mac[SHA1_BYTES - 1] & 15;
    uint32_t cut = (uint32_t)(mac[at] & 127) << 24 | (uint32_t)mac[at + 1] << 16 |
                   (uint32_t)mac[at + 2] << 8 | mac[at + 3];
    return cut % CODES;
}

str totp_code(struct arena *arena, str secret, int64_t step)
{
    return str_format(arena, "%06u", (unsigned)code_of(secret, step));
}

bool totp_find(str secret, str code, int64_t now_ms, int64_t *ret_step)
{
    int64_t now = now_ms / MS_PER_SECOND / TOTP_STEP_S;
    struct arena arena = ARENA_EMPTY;
    bool found = false;
    for (int64_t step = now - 1; step <= now + 1; step++)
        if (digest_equal(totp_code(&arena, secret, step), code)) {
            *ret_step = step;
            found = true;
        }
    arena_done(&arena);
    return found;
}

static void add_base32(struct strbuf *out, str bytes)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.data[i];
        for (count += 8; count >= 5; count -= 5)
            strbuf_add_char(out, alphabet[bits >> (count - 5) & 31]);
    }
    if (count > 0)
        strbuf_add_char(out, alphabet[bits << (5 - count) & 31]);
}

static void add_escaped(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
        if (is_plain)
            strbuf_add_char(out, (char)c);
        else
            strbuf_format(out, "%%%02X", c);
    }
}

str totp_uri(struct arena *arena, str issuer, str user, str secret)
{
    struct strbuf uri = strbuf_new(arena);
    strbuf_add(&uri, STR("otpauth://totp/"));
    add_escaped(&uri, issuer);
    strbuf_add_char(&uri, ':');
    add_escaped(&uri, user);
    strbuf_add(&uri, STR("?secret="));
    add_base32(&uri, secret);
    strbuf_add(&uri, STR("&issuer="));
    add_escaped(&uri, issuer);
    strbuf_format(&uri, "&algorithm=SHA1&digits=%d&period=%d", TOTP_DIGITS, TOTP_STEP_S);
    return strbuf_str(&uri);
}

// -- Where it lies ----------------------------------------------------------------------

str totp_bound(struct arena *arena, str user)
{
    return str_format(arena, "second factor\n%.*s", STR_ARG(user));
}

struct totp_stored totp_seal(struct arena *arena, const struct vault *vault, str user, str secret)
{
    struct totp_stored stored = {.secret = secret, .wrapped = STR_EMPTY, .vault_key = STR_EMPTY};
    struct vault_key key;
    if (vault == NULL)
        return stored;
    str bound = totp_bound(arena, user);
    stored.wrapped = vault_wrap_new(arena, vault, bound, &key);
    stored.secret = vault_seal(arena, &key, STR_EMPTY, bound, secret);
    stored.vault_key = vault_current(vault);
    vault_key_wipe(&key);
    return stored;
}

bool totp_open(struct arena *arena, const struct vault *vault, str user,
               const struct totp_stored *stored, str *ret_secret, struct error *err)
{
    struct vault_key key;
    str bound = totp_bound(arena, user);
    *ret_secret = stored->secret;
    if (str_is_empty(stored->wrapped))
        return true;
    if (vault == NULL)
        return error_set(err, ERROR_UNAVAILABLE, "vault.keys",
                         "second factors are sealed, and there is no key of the vault");
    if (!vault_unwrap(vault, stored->wrapped, bound, &key, err))
        return false;
    bool good = vault_unseal(arena, &key, bound, stored->secret, ret_secret, err);
    vault_key_wipe(&key);
    return good;
}
