// SPDX-License-Identifier: Apache-2.0
#include "access/jwk.h"

#include "base/digest.h"
#include "base/json.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>

enum { MIN_RSA_BITS = 2048, MAX_RSA_BITS = 8192, MAX_EXPONENT_BYTES = 4, MAX_POINT_BYTES = 133 };

struct jwk_set {
    struct arena arena;
    struct jwk keys[JWK_MAX_KEYS];
    size_t count;
};

static const struct {
    const char *name; // `crv`
    enum jwk_kind kind;
    const char *group;
    size_t bytes; // of a coordinate
} curves[] = {
    {"P-256", JWK_P256, "prime256v1", 32},
    {"P-384", JWK_P384, "secp384r1", 48},
    {"P-521", JWK_P521, "secp521r1", 66},
};

static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *key = NULL;
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    check(params != NULL && context != NULL);
    if (EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return key;
}

static bool member_bytes(struct arena *arena, const struct json *jwk, const char *name,
                         str *ret_bytes)
{
    str text = json_get_str(jwk, str_of(name), STR_EMPTY);
    return text.len > 0 && base64url_decode(arena, text, ret_bytes);
}

// -- Kinds ------------------------------------------------------------------------------

static EVP_PKEY *make_rsa(struct arena *arena, const struct json *jwk)
{
    str n, e;
    if (!member_bytes(arena, jwk, "n", &n) || !member_bytes(arena, jwk, "e", &e) ||
        n.len > MAX_RSA_BITS / 8 || e.len > MAX_EXPONENT_BYTES)
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.data, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.data, (int)e.len, NULL);
    check(modulus != NULL && exponent != NULL);
    EVP_PKEY *key = NULL;
    if (BN_num_bits(modulus) >= MIN_RSA_BITS && BN_is_odd(exponent) && !BN_is_one(exponent)) {
        OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
        check(build != NULL);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
        key = make("RSA", build);
        OSSL_PARAM_BLD_free(build);
    }
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

// Fails for a point that is not on its curve.
static EVP_PKEY *make_ec(struct arena *arena, const struct json *jwk, enum jwk_kind *ret_kind)
{
    str curve = json_get_str(jwk, STR("crv"), STR_EMPTY), x, y;
    unsigned char point[MAX_POINT_BYTES];
    size_t i = 0;
    while (i < COUNT_OF(curves) && !str_equal(curve, str_of(curves[i].name)))
        i++;
    if (i == COUNT_OF(curves) || !member_bytes(arena, jwk, "x", &x) ||
        !member_bytes(arena, jwk, "y", &y) || x.len != curves[i].bytes || y.len != curves[i].bytes)
        return NULL;
    point[0] = POINT_CONVERSION_UNCOMPRESSED;
    memcpy(point + 1, x.data, x.len);
    memcpy(point + 1 + x.len, y.data, y.len);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    check(build != NULL);
    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0);
    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + x.len + y.len);
    EVP_PKEY *key = make("EC", build);
    OSSL_PARAM_BLD_free(build);
    *ret_kind = curves[i].kind;
    return key;
}

static EVP_PKEY *make_okp(struct arena *arena, const struct json *jwk)
{
    str x;
    if (!str_equal(json_get_str(jwk, STR("crv"), STR_EMPTY), STR("Ed25519")) ||
        !member_bytes(arena, jwk, "x", &x))
        return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.data,
                                       x.len);
}

// -- Sets -------------------------------------------------------------------------------

static bool is_for_signatures(const struct json *jwk)
{
    str use = json_get_str(jwk, STR("use"), STR("sig"));
    const struct json *operations = json_get(jwk, STR("key_ops"));
    if (!str_equal(use, STR("sig")))
        return false;
    for (size_t i = 0; json_is(operations, JSON_ARRAY) && i < operations->count; i++)
        if (json_is(&operations->items[i], JSON_STRING) &&
            str_equal(operations->items[i].text, STR("verify")))
            return true;
    return operations == NULL;
}

static bool read_key(struct arena *arena, const struct json *jwk, struct jwk *ret_key)
{
    str type = json_get_str(jwk, STR("kty"), STR_EMPTY);
    struct jwk key = {.id = str_copy(arena, json_get_str(jwk, STR("kid"), STR_EMPTY)),
                      .algorithm = str_copy(arena, json_get_str(jwk, STR("alg"), STR_EMPTY))};
    if (!is_for_signatures(jwk))
        return false;
    if (str_equal(type, STR("RSA"))) {
        key.kind = JWK_RSA;
        key.key = make_rsa(arena, jwk);
    } else if (str_equal(type, STR("EC"))) {
        key.key = make_ec(arena, jwk, &key.kind);
    } else if (str_equal(type, STR("OKP"))) {
        key.kind = JWK_ED25519;
        key.key = make_okp(arena, jwk);
    }
    *ret_key = key;
    return key.key != NULL;
}

struct jwk_set *jwk_set_parse(str text, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    struct json *json;
    if (text.len > JWK_MAX_SET_BYTES) {
        (void)error_set(err, ERROR_LIMIT, "keys", "more than JWK_MAX_SET_BYTES (%d)",
                        JWK_MAX_SET_BYTES);
        return NULL;
    }
    if (!json_parse(&arena, text, &json, err)) {
        arena_done(&arena);
        return NULL;
    }
    struct jwk_set *set = calloc(1, sizeof *set);
    check(set != NULL);
    const struct json *keys = json_get(json, STR("keys"));
    for (size_t i = 0; json_is(keys, JSON_ARRAY) && i < keys->count; i++)
        if (set->count < JWK_MAX_KEYS && json_is(&keys->items[i], JSON_OBJECT) &&
            read_key(&set->arena, &keys->items[i], &set->keys[set->count]))
            set->count++;
    arena_done(&arena);
    if (set->count > 0)
        return set;
    (void)error_set(err, ERROR_INVALID, "keys", "no key for signatures is among them");
    jwk_set_free(set);
    return NULL;
}

void jwk_set_free(struct jwk_set *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->count; i++)
        EVP_PKEY_free(set->keys[i].key);
    arena_done(&set->arena);
    free(set);
}

size_t jwk_set_count(const struct jwk_set *set)
{
    return set->count;
}

const struct jwk *jwk_set_at(const struct jwk_set *set, size_t index)
{
    check(index < set->count);
    return &set->keys[index];
}
