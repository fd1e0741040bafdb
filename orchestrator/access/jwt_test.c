// SPDX-License-Identifier: Apache-2.0
// Tokens: those that hold, and the ways in which they are attacked (RFC 8725, 2).
#include "access/jwt.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/strbuf.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW_S = 1800000000, MAX_SIGNATURE = 1024, MAX_FIELD = 66 };

static struct {
    struct arena arena;
    EVP_PKEY *rsa, *weak, *p256, *p384, *p521, *ed, *stranger;
    struct jwk_set *keys;
} scene;

// -- Keys -------------------------------------------------------------------------------

static str number_text(EVP_PKEY *key, const char *name, size_t len)
{
    BIGNUM *number = NULL;
    unsigned char bytes[MAX_SIGNATURE];
    assert_int_equal(EVP_PKEY_get_bn_param(key, name, &number), 1);
    if (len == 0)
        len = (size_t)BN_num_bytes(number);
    assert_true(BN_bn2binpad(number, bytes, (int)len) == (int)len);
    BN_free(number);
    return base64url_encode(&scene.arena, str_from(bytes, len));
}

static str rsa_jwk(EVP_PKEY *key, const char *more)
{
    str n = number_text(key, OSSL_PKEY_PARAM_RSA_N, 0),
        e = number_text(key, OSSL_PKEY_PARAM_RSA_E, 0);
    return str_format(&scene.arena, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"%s}", STR_ARG(n),
                      STR_ARG(e), more);
}

static str ec_jwk(EVP_PKEY *key, const char *curve, size_t len, const char *more)
{
    str x = number_text(key, OSSL_PKEY_PARAM_EC_PUB_X, len),
        y = number_text(key, OSSL_PKEY_PARAM_EC_PUB_Y, len);
    return str_format(&scene.arena,
                      "{\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}", curve,
                      STR_ARG(x), STR_ARG(y), more);
}

static str ed_jwk(EVP_PKEY *key, const char *more)
{
    unsigned char raw[32];
    size_t len = sizeof raw;
    assert_int_equal(EVP_PKEY_get_raw_public_key(key, raw, &len), 1);
    str x = base64url_encode(&scene.arena, str_from(raw, len));
    return str_format(&scene.arena, "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%.*s\"%s}",
                      STR_ARG(x), more);
}

static struct jwk_set *set_of(const char *keys)
{
    struct error err;
    str text = str_format(&scene.arena, "{\"keys\":[%s]}", keys);
    return jwk_set_parse(text, &err);
}

static int begin(void **state)
{
    (void)state;
    scene.rsa = EVP_RSA_gen(2048);
    scene.weak = EVP_RSA_gen(1024);
    scene.stranger = EVP_RSA_gen(2048);
    scene.p256 = EVP_EC_gen("P-256");
    scene.p384 = EVP_EC_gen("P-384");
    scene.p521 = EVP_EC_gen("P-521");
    scene.ed = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    str keys[] = {rsa_jwk(scene.rsa, ",\"kid\":\"rsa\",\"use\":\"sig\""),
                  ec_jwk(scene.p256, "P-256", 32, ",\"kid\":\"p256\",\"alg\":\"ES256\""),
                  ec_jwk(scene.p384, "P-384", 48, ",\"kid\":\"p384\""),
                  ec_jwk(scene.p521, "P-521", 66, ",\"kid\":\"p521\",\"key_ops\":[\"verify\"]"),
                  ed_jwk(scene.ed, ",\"kid\":\"ed\"")};
    struct strbuf all = strbuf_new(&scene.arena);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        strbuf_format(&all, "%s%.*s", i ? "," : "", STR_ARG(keys[i]));
    scene.keys = set_of(strbuf_cstr(&all));
    assert_non_null(scene.keys);
    assert_int_equal(jwk_set_count(scene.keys), 5);
    return 0;
}

static int end(void **state)
{
    (void)state;
    EVP_PKEY *keys[] = {scene.rsa,  scene.weak, scene.p256,    scene.p384,
                        scene.p521, scene.ed,   scene.stranger};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        EVP_PKEY_free(keys[i]);
    jwk_set_free(scene.keys);
    arena_done(&scene.arena);
    return 0;
}

// -- Signing ----------------------------------------------------------------------------

static str raw_ecdsa(str der, size_t half)
{
    const unsigned char *at = (const unsigned char *)der.data;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    unsigned char *raw = arena_alloc(&scene.arena, 2 * half);
    BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, (int)half);
    BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + half, (int)half);
    ECDSA_SIG_free(pair);
    return str_from(raw, 2 * half);
}

static str sign_bytes(EVP_PKEY *key, const char *algorithm, str data)
{
    unsigned char signature[MAX_SIGNATURE];
    size_t len = sizeof signature;
    const char *digest = strstr(algorithm, "256")   ? "SHA256"
                         : strstr(algorithm, "384") ? "SHA384"
                         : strstr(algorithm, "512") ? "SHA512"
                                                    : NULL;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    assert_int_equal(EVP_DigestSignInit_ex(context, &how, digest, NULL, NULL, key, NULL), 1);
    if (algorithm[0] == 'P') {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(
        EVP_DigestSign(context, signature, &len, (const unsigned char *)data.data, data.len), 1);
    EVP_MD_CTX_free(context);
    str bytes = str_copy(&scene.arena, str_from(signature, len));
    if (algorithm[0] != 'E' || algorithm[1] != 'S')
        return bytes;
    return raw_ecdsa(bytes, strcmp(algorithm, "ES256") == 0   ? 32
                            : strcmp(algorithm, "ES384") == 0 ? 48
                                                              : 66);
}

static str join(str header, str claims, str signature)
{
    str a = base64url_encode(&scene.arena, header), b = base64url_encode(&scene.arena, claims),
        c = base64url_encode(&scene.arena, signature);
    return str_format(&scene.arena, "%.*s.%.*s.%.*s", STR_ARG(a), STR_ARG(b), STR_ARG(c));
}

static str token(EVP_PKEY *key, const char *algorithm, str header, str claims)
{
    str a = base64url_encode(&scene.arena, header), b = base64url_encode(&scene.arena, claims);
    str data = str_format(&scene.arena, "%.*s.%.*s", STR_ARG(a), STR_ARG(b));
    return join(header, claims, sign_bytes(key, algorithm, data));
}

static str header_of(const char *algorithm, const char *kid, const char *more)
{
    return str_format(&scene.arena, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"%s\"%s}", algorithm,
                      kid, more);
}

#define GOOD "\"iss\":\"https://id.example\",\"aud\":\"baton\",\"sub\":\"anna\",\"exp\":1800000060"

static str good_claims(void)
{
    return STR("{" GOOD "}");
}

// -- Judging ----------------------------------------------------------------------------

enum judgement { NO_TOKEN, NO_KEY, BAD_SIGNATURE, BAD_CLAIMS, ACCEPTED };

static struct error err;

static enum judgement judge_as(str text, enum jwt_use use)
{
    static const str audiences[] = {{"baton", 5}, {"baton-api", 9}};
    const struct jwt_rules rules = {.use = use,
                                    .issuer = STR("https://id.example"),
                                    .audiences = audiences,
                                    .audience_count = 2,
                                    .leeway_s = 30,
                                    .now_ms = (int64_t)NOW_S * 1000};
    struct jwt jwt;
    if (!jwt_parse(&scene.arena, text, &jwt, &err)) {
        assert_int_equal(err.kind, ERROR_DENIED);
        return NO_TOKEN;
    }
    switch (jwt_verify(&jwt, scene.keys)) {
    case JWT_NO_KEY:
        return NO_KEY;
    case JWT_BAD:
        return BAD_SIGNATURE;
    case JWT_GOOD:
        break;
    }
    return jwt_check(&scene.arena, &jwt, &rules, &err) ? ACCEPTED : BAD_CLAIMS;
}

static enum judgement judge(str text)
{
    return judge_as(text, JWT_ACCESS);
}

static enum judgement judge_claims(const char *claims)
{
    return judge(token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), str_of(claims)));
}

// -- Tests ------------------------------------------------------------------------------

static void every_algorithm_is_verified_with_its_own_kind_of_key(void **state)
{
    (void)state;
    const struct {
        const char *algorithm;
        EVP_PKEY *key;
        const char *kid;
    } rows[] = {{"RS256", scene.rsa, "rsa"},   {"RS384", scene.rsa, "rsa"},
                {"RS512", scene.rsa, "rsa"},   {"PS256", scene.rsa, "rsa"},
                {"PS384", scene.rsa, "rsa"},   {"PS512", scene.rsa, "rsa"},
                {"ES256", scene.p256, "p256"}, {"ES384", scene.p384, "p384"},
                {"ES512", scene.p521, "p521"}, {"EdDSA", scene.ed, "ed"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        str header = header_of(rows[i].algorithm, rows[i].kid, "");
        str text = token(rows[i].key, rows[i].algorithm, header, good_claims());
        assert_int_equal(judge(text), ACCEPTED);
        // One bit of the signature, of the claims, of the header.
        char *copy = str_cstr(&scene.arena, text);
        size_t places[] = {text.len - 4, text.len - 20, 5};
        for (size_t p = 0; p < COUNT_OF(places); p++) {
            char kept = copy[places[p]];
            copy[places[p]] = kept == 'A' ? 'B' : 'A';
            assert_int_not_equal(judge(str_from(copy, text.len)), ACCEPTED);
            copy[places[p]] = kept;
        }
        for (size_t k = 0; k < COUNT_OF(rows); k++) { // with every other key's id
            str other = header_of(rows[i].algorithm, rows[k].kid, "");
            str wrong = token(rows[i].key, rows[i].algorithm, other, good_claims());
            if (rows[k].key != rows[i].key)
                assert_int_not_equal(judge(wrong), ACCEPTED);
        }
    }
    str unnamed = token(scene.ed, "EdDSA", STR("{\"alg\":\"EdDSA\"}"), good_claims());
    assert_int_equal(judge(unnamed), ACCEPTED);
}

static void a_token_without_a_signature_is_none(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "None", "NONE", "nOnE", ""};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        assert_int_equal(judge(join(header_of(names[i], "rsa", ""), good_claims(), STR(""))),
                         NO_TOKEN);
        assert_int_equal(judge(join(header_of(names[i], "rsa", ""), good_claims(), STR("x"))),
                         NO_TOKEN);
    }
    assert_int_equal(judge(join(header_of("RS256", "rsa", ""), good_claims(), STR(""))), NO_TOKEN);
    assert_int_equal(judge(join(header_of("RS256", "rsa", ""), good_claims(), STR("x"))),
                     BAD_SIGNATURE);
    // The infinity point, and the pair of zeros that broke others' ECDSA.
    char zeros[64] = {0};
    assert_int_equal(
        judge(join(header_of("ES256", "p256", ""), good_claims(), str_from(zeros, sizeof zeros))),
        BAD_SIGNATURE);
    assert_int_equal(judge(join(header_of("ES256", "p256", ""), good_claims(), STR(""))), NO_TOKEN);
}

// The public key, as PEM, taken for the secret of an HMAC.
static void a_public_key_is_no_secret(void **state)
{
    (void)state;
    static const char *const names[] = {"HS256", "HS384", "HS512", "hs256"};
    BIO *out = BIO_new(BIO_s_mem());
    char *pem;
    PEM_write_bio_PUBKEY(out, scene.rsa);
    long len = BIO_get_mem_data(out, &pem);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        str a = base64url_encode(&scene.arena, header_of(names[i], "rsa", "")),
            b = base64url_encode(&scene.arena, good_claims());
        str data = str_format(&scene.arena, "%.*s.%.*s", STR_ARG(a), STR_ARG(b));
        struct digest mac = digest_hmac(str_from(pem, (size_t)len), data);
        assert_int_equal(judge(join(header_of(names[i], "rsa", ""), good_claims(),
                                    str_from(mac.bytes, DIGEST_SIZE))),
                         NO_TOKEN);
    }
    BIO_free(out);
    // An RSA signature that calls itself one of an elliptic curve, and the other way round.
    assert_int_equal(judge(token(scene.rsa, "RS256", header_of("ES256", "rsa", ""), good_claims())),
                     NO_KEY);
    assert_int_equal(
        judge(token(scene.p256, "ES256", header_of("RS256", "p256", ""), good_claims())), NO_KEY);
    assert_int_equal(judge(token(scene.rsa, "RS256", header_of("PS256", "rsa", ""), good_claims())),
                     BAD_SIGNATURE);
    // The key says what it is for.
    assert_int_equal(
        judge(token(scene.p256, "ES256", header_of("ES384", "p256", ""), good_claims())), NO_KEY);
}

static void keys_in_a_token_are_not_looked_at(void **state)
{
    (void)state;
    str own = rsa_jwk(scene.stranger, ",\"kid\":\"rsa\"");
    const char *more[] = {
        str_cstr(&scene.arena, str_format(&scene.arena, ",\"jwk\":%.*s", STR_ARG(own))),
        ",\"jku\":\"https://attacker.example/keys\"",
        ",\"x5u\":\"https://attacker.example/cert\"",
        ",\"x5c\":[\"MIIB\"]",
        "",
    };
    static const char *const ids[] = {
        "rsa", "stranger", "../../dev/null", "' OR '1'='1", "https://attacker.example/keys#1", ""};
    for (size_t i = 0; i < COUNT_OF(more); i++)
        for (size_t k = 0; k < COUNT_OF(ids); k++) {
            enum judgement found = judge(
                token(scene.stranger, "RS256", header_of("RS256", ids[k], more[i]), good_claims()));
            assert_true(found == BAD_SIGNATURE || found == NO_KEY);
        }
    // With a good signature they change nothing.
    assert_int_equal(
        judge(token(scene.rsa, "RS256", header_of("RS256", "rsa", more[1]), good_claims())),
        ACCEPTED);
}

static void what_must_be_understood_is_refused(void **state)
{
    (void)state;
    static const char *const more[] = {",\"crit\":[\"exp\"],\"exp\":1", ",\"crit\":[]",
                                       ",\"crit\":[\"b64\"],\"b64\":false", ",\"b64\":false",
                                       ",\"zip\":\"DEF\""};
    for (size_t i = 0; i < COUNT_OF(more); i++)
        assert_int_equal(
            judge(token(scene.rsa, "RS256", header_of("RS256", "rsa", more[i]), good_claims())),
            NO_TOKEN);
}

static void a_token_is_three_parts_of_json(void **state)
{
    (void)state;
    str good = token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), good_claims());
    str two = str_format(&scene.arena, "%.*s.%.*s", STR_ARG(good), STR_ARG(good));
    str general = str_format(
        &scene.arena, "{\"payload\":\"eyJ\",\"signatures\":[{\"protected\":\"eyJ\",\"signature\":"
                      "\"eyJ\"},{\"protected\":\"eyJ\",\"signature\":\"eyJ\"}]}");
    const str wrong[] = {
        STR(""),
        STR("."),
        STR(".."),
        STR("..."),
        STR("a.b.c"),
        two,
        general,
        str_format(&scene.arena, "%.*s.", STR_ARG(good)),
        str_format(&scene.arena, ".%.*s", STR_ARG(good)),
        str_format(&scene.arena, "%.*s=", STR_ARG(good)),
        str_format(&scene.arena, " %.*s", STR_ARG(good)),
        str_format(&scene.arena, "%.*s\n", STR_ARG(good)),
        str_sub(good, 0, good.len - 1 - (good.len % 4 == 2)),
        // Five parts: encrypted.
        STR("eyJhbGciOiJkaXIifQ..AAAA.AAAA.AAAA"),
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_true(judge(wrong[i]) < BAD_CLAIMS);
    static const char *const headers[] = {"[]",
                                          "null",
                                          "\"RS256\"",
                                          "{}",
                                          "{\"alg\":1}",
                                          "{\"alg\":[\"RS256\"]}",
                                          "{\"alg\":null}",
                                          "{\"alg\":\"RS256\",\"kid\":7}",
                                          "{\"alg\":\"RS256\",\"typ\":{}}",
                                          "{\"alg\":\"HS256\",\"alg\":\"RS256\",\"kid\":\"rsa\"}",
                                          "{\"alg\":\"RS256\",\"kid\":\"rsa\",\"kid\":\"p256\"}",
                                          "{\"alg\":\"RS256\",\"kid\":\"rs\\u0000a\"}",
                                          "{\"alg\":\"RS256\"} ,",
                                          "{\"alg\":\"RS256\"}}",
                                          "{\"alg\":\"RS256\xff\"}"};
    for (size_t i = 0; i < COUNT_OF(headers); i++)
        assert_int_equal(judge(token(scene.rsa, "RS256", str_of(headers[i]), good_claims())),
                         NO_TOKEN);
}

static void deep_and_huge_tokens_are_refused_before_they_are_read(void **state)
{
    (void)state;
    struct strbuf deep = strbuf_new(&scene.arena), huge = strbuf_new(&scene.arena);
    strbuf_add(&deep, STR("{" GOOD ",\"x\":"));
    strbuf_add_repeated(&deep, '[', 5000);
    strbuf_add_repeated(&deep, ']', 5000);
    strbuf_add_char(&deep, '}');
    assert_int_equal(
        judge(token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), strbuf_str(&deep))),
        NO_TOKEN);
    strbuf_add(&huge, STR("{" GOOD ",\"x\":\""));
    strbuf_add_repeated(&huge, 'x', 9000);
    strbuf_add(&huge, STR("\"}"));
    str fits = token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), strbuf_str(&huge));
    assert_true(fits.len < JWT_MAX_BYTES);
    assert_int_equal(judge(fits), ACCEPTED);
    huge.len -= 2;
    strbuf_add_repeated(&huge, 'x', 9000);
    strbuf_add(&huge, STR("\"}"));
    assert_int_equal(
        judge(token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), strbuf_str(&huge))),
        NO_TOKEN);
    assert_non_null(strstr(err.text, "JWT_MAX_BYTES"));
}

static void claims_that_stand_twice_are_refused(void **state)
{
    (void)state;
    assert_int_equal(judge_claims("{" GOOD ",\"sub\":\"root\"}"), NO_TOKEN);
    assert_int_equal(judge_claims("{" GOOD ",\"\\u0073ub\":\"root\"}"), NO_TOKEN);
    assert_int_equal(judge_claims("{" GOOD ",\"realm_access\":{\"roles\":[],\"roles\":[]}}"),
                     NO_TOKEN);
}

#define WITH(aud, times) "{\"iss\":\"https://id.example\",\"sub\":\"anna\",\"aud\":" aud times "}"

static void a_token_is_for_somebody_for_a_while(void **state)
{
    (void)state;
    static const struct {
        const char *claims;
        const char *says; // NULL: it is accepted
    } rows[] = {
        {WITH("\"baton\"", ",\"exp\":1800000060"), NULL},
        {WITH("\"baton-api\"", ",\"exp\":1800000060"), NULL},
        {WITH("[\"account\",\"baton\"]", ",\"exp\":1800000060"), NULL},
        {WITH("\"account\"", ",\"exp\":1800000060"), "\"account\" (aud)"},
        {WITH("\"Baton\"", ",\"exp\":1800000060"), "(aud)"},
        {WITH("\"baton-api-2\"", ",\"exp\":1800000060"), "(aud)"},
        {WITH("[]", ",\"exp\":1800000060"), "(aud)"},
        {WITH("[[\"baton\"]]", ",\"exp\":1800000060"), "(aud)"},
        {WITH("{\"baton\":1}", ",\"exp\":1800000060"), "(aud)"},
        {WITH("null", ",\"exp\":1800000060"), "(aud)"},
        {"{\"iss\":\"https://id.example\",\"exp\":1800000060}", "nobody (aud)"},
        {"{\"iss\":\"https://id.example/\",\"aud\":\"baton\",\"exp\":1800000060}", "(iss)"},
        {"{\"iss\":\"https://ID.example\",\"aud\":\"baton\",\"exp\":1800000060}", "(iss)"},
        {"{\"iss\":[\"https://id.example\"],\"aud\":\"baton\",\"exp\":1800000060}", "(iss)"},
        {"{\"aud\":\"baton\",\"exp\":1800000060}", "(iss)"},
        {WITH("\"baton\"", ""), "no end"},
        {WITH("\"baton\"", ",\"exp\":1799999971"), NULL}, // 29 s ago: the clocks may differ so much
        {WITH("\"baton\"", ",\"exp\":1799999970"), "ended 30 s ago"},
        {WITH("\"baton\"", ",\"exp\":1799999970.9"), "ended 30 s ago"},
        {WITH("\"baton\"", ",\"exp\":\"1800000060\""), "exp is no time"},
        {WITH("\"baton\"", ",\"exp\":1.8e9"), "exp is no time"},
        {WITH("\"baton\"", ",\"exp\":-1"), "exp is no time"},
        {WITH("\"baton\"", ",\"exp\":99999999999999999999"), "exp is no time"},
        {WITH("\"baton\"", ",\"exp\":null"), "exp is no time"},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"nbf\":1800000030"), NULL},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"nbf\":1800000031"), "counts only in 31 s"},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"nbf\":\"now\""), "nbf is no time"},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"iat\":1800000030"), NULL},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"iat\":1800000031"), "31 s from now"},
        {WITH("\"baton\"", ",\"exp\":1800000060,\"iat\":true"), "iat is no time"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum judgement found = judge_claims(rows[i].claims);
        if (rows[i].says == NULL)
            assert_int_equal(found, ACCEPTED);
        else {
            assert_int_equal(found, BAD_CLAIMS);
            if (strstr(err.text, rows[i].says) == NULL)
                fail_msg("%s: %s", rows[i].claims, err.text);
        }
    }
}

#define LOGOUT                                                                                     \
    "\"iat\":1800000000,\"sid\":\"s\",\"events\":{\"http://schemas.openid.net/event/"              \
    "backchannel-logout\":{}}"

static void a_token_of_one_kind_is_not_taken_for_another(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        const char *claims;
        bool is_access, is_identity, is_logout;
    } rows[] = {
        {"JWT", "{" GOOD ",\"iat\":1800000000}", true, true, false},
        {"at+jwt", "{" GOOD ",\"iat\":1800000000}", true, false, false},
        {"application/at+JWT", "{" GOOD "}", true, false, false},
        {"JWT", "{" GOOD ",\"iat\":1800000000,\"typ\":\"Bearer\"}", true, false, false},
        {"JWT", "{" GOOD ",\"iat\":1800000000,\"typ\":\"ID\"}", false, true, false},
        {"JWT", "{" GOOD ",\"iat\":1800000000,\"typ\":\"Refresh\"}", false, false, false},
        {"JWT", "{" GOOD ",\"iat\":1800000000,\"typ\":\"Offline\"}", false, false, false},
        {"dpop+jwt", "{" GOOD ",\"iat\":1800000000}", false, false, false},
        {"secevent+jwt", "{" GOOD ",\"iat\":1800000000}", false, false, false},
        {"logout+jwt", "{" GOOD "," LOGOUT "}", false, false, true},
        {"JWT", "{" GOOD "," LOGOUT "}", false, false, true},
        {"JWT", "{" GOOD "," LOGOUT ",\"typ\":\"Logout\"}", false, false, true},
        {"JWT", "{" GOOD "," LOGOUT ",\"nonce\":\"x\"}", false, false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        str header = str_format(&scene.arena, "{\"alg\":\"ES256\",\"kid\":\"p256\",\"typ\":\"%s\"}",
                                rows[i].type);
        str text = token(scene.p256, "ES256", header, str_of(rows[i].claims));
        assert_int_equal(judge_as(text, JWT_ACCESS) == ACCEPTED, rows[i].is_access);
        assert_int_equal(judge_as(text, JWT_IDENTITY) == ACCEPTED, rows[i].is_identity);
        assert_int_equal(judge_as(text, JWT_LOGOUT) == ACCEPTED, rows[i].is_logout);
    }
}

static void keys_that_are_weak_or_for_something_else_are_left_out(void **state)
{
    (void)state;
    str weak = rsa_jwk(scene.weak, "");
    str encryption = rsa_jwk(scene.rsa, ",\"use\":\"enc\"");
    str signing = rsa_jwk(scene.rsa, ",\"key_ops\":[\"sign\"]");
    str off_curve = ec_jwk(scene.p256, "P-384", 48, "");
    const char *wrong[] = {
        str_cstr(&scene.arena, weak),
        str_cstr(&scene.arena, encryption),
        str_cstr(&scene.arena, signing),
        str_cstr(&scene.arena, off_curve),
        "",
        "{\"kty\":\"oct\",\"k\":\"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\",\"alg\":\"HS256\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AAAA\",\"y\":\"AAAA\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
        "{\"kty\":\"RSA\",\"n\":\"!\",\"e\":\"AQAB\"}",
        "{\"kty\":\"RSA\"}",
        "1",
        "{\"kty\":[\"RSA\"]}",
        "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_null(set_of(wrong[i]));
    struct error why;
    assert_null(jwk_set_parse(STR("[]"), &why));
    assert_null(jwk_set_parse(STR("nothing"), &why));
}

static void a_check_is_quick(void **state)
{
    (void)state;
    str rsa = token(scene.rsa, "RS256", header_of("RS256", "rsa", ""), good_claims());
    str ec = token(scene.p256, "ES256", header_of("ES256", "p256", ""), good_claims());
    enum { TIMES = 200 };
    int64_t begun = clock_monotonic_ns();
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(judge(rsa), ACCEPTED);
    int64_t between = clock_monotonic_ns();
    for (int i = 0; i < TIMES; i++)
        assert_int_equal(judge(ec), ACCEPTED);
    print_message("a whole check: RS256 %lld us, ES256 %lld us\n",
                  (long long)(between - begun) / TIMES / 1000,
                  (long long)(clock_monotonic_ns() - between) / TIMES / 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_algorithm_is_verified_with_its_own_kind_of_key),
        cmocka_unit_test(a_token_without_a_signature_is_none),
        cmocka_unit_test(a_public_key_is_no_secret),
        cmocka_unit_test(keys_in_a_token_are_not_looked_at),
        cmocka_unit_test(what_must_be_understood_is_refused),
        cmocka_unit_test(a_token_is_three_parts_of_json),
        cmocka_unit_test(deep_and_huge_tokens_are_refused_before_they_are_read),
        cmocka_unit_test(claims_that_stand_twice_are_refused),
        cmocka_unit_test(a_token_is_for_somebody_for_a_while),
        cmocka_unit_test(a_token_of_one_kind_is_not_taken_for_another),
        cmocka_unit_test(keys_that_are_weak_or_for_something_else_are_left_out),
        cmocka_unit_test(a_check_is_quick),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
