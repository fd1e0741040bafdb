// SPDX-License-Identifier: Apache-2.0
#include "access/jwt.h"

#include "base/digest.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

enum {
    NONE = 0,
    RSA_PKCS1 = RSA_PKCS1_PADDING,
    RSA_PSS = RSA_PKCS1_PSS_PADDING,
    MAX_DER_BYTES = 160,
    MS = 1000,
    MAX_SECONDS_DIGITS = 12,
};

static const struct {
    const char *name;
    enum jwk_kind kind;
    const char *digest; // NULL: the key's own
    int padding;
} algorithms[] = {
#define ALGORITHM(name, key, digest, padding) {#name, JWK_##key, digest, padding},
#include "access/algorithms.def"
#undef ALGORITHM
};

_Static_assert(COUNT_OF(algorithms) == JWT_ALGORITHMS, "one row an algorithm");

const char *jwt_algorithm_name(enum jwt_algorithm algorithm)
{
    check(algorithm < JWT_ALGORITHMS);
    return algorithms[algorithm].name;
}

bool jwt_algorithm_find(str name, enum jwt_algorithm *ret_algorithm)
{
    for (size_t i = 0; i < COUNT_OF(algorithms); i++)
        if (str_equal(name, str_of(algorithms[i].name))) {
            *ret_algorithm = (enum jwt_algorithm)i;
            return true;
        }
    return false;
}

// -- Reading ----------------------------------------------------------------------------

static bool refuse(struct error *err, const char *text)
{
    return error_set(err, ERROR_DENIED, "token", "%s", text);
}

// What is said of tokens that are not known to be anybody's.
static bool no_token(struct error *err)
{
    return refuse(err, "it is no token that is accepted here");
}

static bool read_part(struct arena *arena, str part, const struct json **ret_object)
{
    str text;
    struct json *json;
    struct error ignored;
    if (!base64url_decode(arena, part, &text) || !json_parse(arena, text, &json, &ignored) ||
        json->type != JSON_OBJECT)
        return false;
    *ret_object = json;
    return true;
}

// A member that is there must be a text.
static bool read_text(const struct json *header, str name, str *ret_text)
{
    const struct json *member = json_get(header, name);
    *ret_text = json_is(member, JSON_STRING) ? member->text : STR_EMPTY;
    return member == NULL || member->type == JSON_STRING;
}

bool jwt_parse(struct arena *arena, str text, struct jwt *ret_jwt, struct error *err)
{
    str rest = text, header_part, claims_part, signature_part, name;
    const struct json *header;
    struct jwt jwt = {0};
    if (text.len > JWT_MAX_BYTES)
        return error_set(err, ERROR_DENIED, "token",
                         "it has %zu bytes, more than JWT_MAX_BYTES (%d)", text.len, JWT_MAX_BYTES);
    if (!str_split(&rest, '.', &header_part) || !str_split(&rest, '.', &claims_part) ||
        !str_split(&rest, '.', &signature_part) || rest.data != NULL)
        return no_token(err);
    if (!read_part(arena, header_part, &header) || !read_text(header, STR("alg"), &name) ||
        !read_text(header, STR("kid"), &jwt.key_id) || !read_text(header, STR("typ"), &jwt.type) ||
        !jwt_algorithm_find(name, &jwt.algorithm) || json_get(header, STR("crit")) != NULL ||
        json_get(header, STR("b64")) != NULL || json_get(header, STR("zip")) != NULL)
        return no_token(err);
    if (!read_part(arena, claims_part, &jwt.claims) ||
        !base64url_decode(arena, signature_part, &jwt.signature) || jwt.signature.len == 0)
        return no_token(err);
    jwt.signed_part = str_sub(text, 0, header_part.len + 1 + claims_part.len);
    *ret_jwt = jwt;
    return true;
}

// -- Signatures -------------------------------------------------------------------------

// JOSE writes r and s one behind the other, OpenSSL reads them in DER.
static size_t ecdsa_to_der(str signature, enum jwk_kind kind, unsigned char *der)
{
    static const size_t sizes[] = {[JWK_P256] = 32, [JWK_P384] = 48, [JWK_P521] = 66};
    size_t half = sizes[kind];
    const unsigned char *bytes = (const unsigned char *)signature.data;
    if (signature.len != 2 * half)
        return 0;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    check(pair != NULL);
    check(ECDSA_SIG_set0(pair, BN_bin2bn(bytes, (int)half, NULL),
                         BN_bin2bn(bytes + half, (int)half, NULL)) == 1);
    int len = i2d_ECDSA_SIG(pair, NULL);
    check(len > 0 && len <= MAX_DER_BYTES);
    i2d_ECDSA_SIG(pair, &der);
    ECDSA_SIG_free(pair);
    return (size_t)len;
}

static bool verify_with(const struct jwt *jwt, const struct jwk *key)
{
    unsigned char der[MAX_DER_BYTES];
    str signature = jwt->signature;
    int padding = algorithms[jwt->algorithm].padding;
    if (key->kind == JWK_P256 || key->kind == JWK_P384 || key->kind == JWK_P521)
        signature = str_from(der, ecdsa_to_der(jwt->signature, key->kind, der));
    if (signature.len == 0)
        return false;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how = NULL; // context's
    check(context != NULL);
    bool good = EVP_DigestVerifyInit_ex(context, &how, algorithms[jwt->algorithm].digest, NULL,
                                        NULL, key->key, NULL) == 1;
    if (good && padding != NONE)
        good = EVP_PKEY_CTX_set_rsa_padding(how, padding) == 1;
    if (good && padding == RSA_PSS)
        good = EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
                                    (const unsigned char *)jwt->signed_part.data,
                                    jwt->signed_part.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return good;
}

static bool is_meant(const struct jwt *jwt, const struct jwk *key)
{
    const char *name = algorithms[jwt->algorithm].name;
    return key->kind == algorithms[jwt->algorithm].kind &&
           (jwt->key_id.len == 0 || str_equal(key->id, jwt->key_id)) &&
           (key->algorithm.len == 0 || str_equal(key->algorithm, str_of(name)));
}

enum jwt_verdict jwt_verify(const struct jwt *jwt, const struct jwk_set *keys)
{
    enum jwt_verdict verdict = JWT_NO_KEY;
    for (size_t i = 0; i < jwk_set_count(keys) && verdict != JWT_GOOD; i++)
        if (is_meant(jwt, jwk_set_at(keys, i)))
            verdict = verify_with(jwt, jwk_set_at(keys, i)) ? JWT_GOOD : JWT_BAD;
    return verdict;
}

// -- Claims -----------------------------------------------------------------------------

// Seconds since 1970, perhaps with decimals, as a JSON number.
static bool read_seconds(const struct json *value, int64_t *ret_seconds)
{
    if (!json_is(value, JSON_NUMBER))
        return false;
    str fraction = value->text, whole;
    (void)str_split(&fraction, '.', &whole);
    for (size_t i = 0; i < fraction.len; i++)
        if (fraction.data[i] < '0' || fraction.data[i] > '9')
            return false;
    return whole.len <= MAX_SECONDS_DIGITS && str_to_i64(whole, ret_seconds) && *ret_seconds >= 0;
}

static bool check_times(const struct jwt *jwt, const struct jwt_rules *rules, struct error *err)
{
    const struct json *exp = json_get(jwt->claims, STR("exp")),
                      *nbf = json_get(jwt->claims, STR("nbf")),
                      *iat = json_get(jwt->claims, STR("iat"));
    int64_t now_s = rules->now_ms / MS, seconds;
    if (exp == NULL && rules->use != JWT_LOGOUT)
        return refuse(err, "the token has no end (exp)");
    if (exp != NULL && !read_seconds(exp, &seconds))
        return refuse(err, "the token's exp is no time");
    if (exp != NULL && now_s - rules->leeway_s >= seconds)
        return error_set(err, ERROR_DENIED, "token", "the token ended %lld s ago (exp)",
                         (long long)(now_s - seconds));
    if (nbf != NULL && !read_seconds(nbf, &seconds))
        return refuse(err, "the token's nbf is no time");
    if (nbf != NULL && seconds > now_s + rules->leeway_s)
        return error_set(err, ERROR_DENIED, "token",
                         "the token counts only in %lld s (nbf): are the clocks right?",
                         (long long)(seconds - now_s));
    if (iat == NULL)
        return rules->use == JWT_ACCESS ||
               refuse(err, "the token does not say when it was made (iat)");
    if (!read_seconds(iat, &seconds))
        return refuse(err, "the token's iat is no time");
    if (seconds > now_s + rules->leeway_s)
        return error_set(err, ERROR_DENIED, "token",
                         "the token was made %lld s from now (iat): are the clocks right?",
                         (long long)(seconds - now_s));
    return true;
}

static bool is_wanted(const struct json *audience, const struct jwt_rules *rules)
{
    for (size_t i = 0; json_is(audience, JSON_STRING) && i < rules->audience_count; i++)
        if (str_equal(audience->text, rules->audiences[i]))
            return true;
    return false;
}

static bool check_audience(struct arena *arena, const struct jwt *jwt,
                           const struct jwt_rules *rules, struct error *err)
{
    const struct json *audience = json_get(jwt->claims, STR("aud"));
    struct strbuf found = strbuf_new(arena), wanted = strbuf_new(arena);
    struct json_writer writer = json_writer_new(&found);
    if (is_wanted(audience, rules))
        return true;
    for (size_t i = 0; json_is(audience, JSON_ARRAY) && i < audience->count; i++)
        if (is_wanted(&audience->items[i], rules))
            return true;
    if (audience != NULL)
        json_value(&writer, audience);
    else
        strbuf_add(&found, STR("nobody"));
    for (size_t i = 0; i < rules->audience_count; i++)
        strbuf_format(&wanted, "%s\"%.*s\"", i ? " or " : "", STR_ARG(rules->audiences[i]));
    return error_set(err, ERROR_DENIED, "token", "the token is for %.150s (aud), expected %.150s",
                     strbuf_cstr(&found), strbuf_cstr(&wanted));
}

static bool is_one_of(str text, const char *const *names)
{
    for (; *names != NULL; names++)
        if (str_equal_ignoring_case(text, str_of(*names)))
            return true;
    return false;
}

#define LOGOUT_EVENT "http://schemas.openid.net/event/backchannel-logout"

// Tokens of one kind are not taken for another (RFC 8725, 3.11 and 3.12). The claim typ is
// Keycloak's.
static bool check_kind(const struct jwt *jwt, const struct jwt_rules *rules, struct error *err)
{
    static const char *const access[] = {"", "JWT", "at+jwt", "application/at+jwt", NULL},
                             *const identity[] = {"", "JWT", NULL},
                             *const logout[] = {"", "JWT", "logout+jwt", "application/logout+jwt",
                                                NULL};
    static const char *const *const types[] = {
        [JWT_ACCESS] = access, [JWT_IDENTITY] = identity, [JWT_LOGOUT] = logout};
    static const char *const claim_access[] = {"", "Bearer", "JWT", "at+jwt", NULL},
                             *const claim_identity[] = {"", "ID", "JWT", NULL},
                             *const claim_logout[] = {"", "Logout", "JWT", "logout+jwt", NULL};
    static const char *const *const claims[] = {
        [JWT_ACCESS] = claim_access, [JWT_IDENTITY] = claim_identity, [JWT_LOGOUT] = claim_logout};
    static const char *const names[] = {[JWT_ACCESS] = "access token",
                                        [JWT_IDENTITY] = "identity token",
                                        [JWT_LOGOUT] = "logout token"};
    const struct json *events = json_get(jwt->claims, STR("events"));
    bool is_logout = json_is(json_get(events, STR(LOGOUT_EVENT)), JSON_OBJECT);
    if (!is_one_of(jwt->type, types[rules->use]) ||
        !is_one_of(json_get_str(jwt->claims, STR("typ"), STR_EMPTY), claims[rules->use]) ||
        is_logout != (rules->use == JWT_LOGOUT) ||
        (is_logout && json_get(jwt->claims, STR("nonce")) != NULL))
        return error_set(err, ERROR_DENIED, "token", "the token is no %s", names[rules->use]);
    return true;
}

bool jwt_check(struct arena *arena, const struct jwt *jwt, const struct jwt_rules *rules,
               struct error *err)
{
    if (!str_equal(json_get_str(jwt->claims, STR("iss"), STR_EMPTY), rules->issuer))
        return error_set(err, ERROR_DENIED, "token", "the token is not of \"%.200s\" (iss)",
                         str_cstr(arena, rules->issuer));
    return check_kind(jwt, rules, err) && check_times(jwt, rules, err) &&
           check_audience(arena, jwt, rules, err);
}

int64_t jwt_until_ms(const struct jwt *jwt, int64_t leeway_s)
{
    int64_t seconds;
    const struct json *exp = json_get(jwt->claims, STR("exp"));
    return read_seconds(exp, &seconds) ? (seconds + leeway_s) * MS : INT64_MAX;
}
