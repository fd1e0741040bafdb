// SPDX-License-Identifier: Apache-2.0
//
// Whatever arrives as a token, as a key set or as a file of claims is read or refused; nothing that
// nobody signed is ever good.
#include "access/api_key.h"
#include "access/claims.h"
#include "access/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char keys_text[] =
    "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\",\"x\":"
    "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
    "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":"
    "\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static void check_token(struct arena *arena, str text, const struct jwk_set *keys)
{
    static const str audience = {"baton", 5};
    struct jwt jwt;
    struct error err;
    if (!jwt_parse(arena, text, &jwt, &err))
        return;
    check(jwt_verify(&jwt, keys) != JWT_GOOD);
    for (int use = JWT_ACCESS; use <= JWT_LOGOUT; use++) {
        const struct jwt_rules rules = {.use = (enum jwt_use)use,
                                        .issuer = STR("https://id.example"),
                                        .audiences = &audience,
                                        .audience_count = 1,
                                        .leeway_s = 30,
                                        .now_ms = INT64_C(1800000000000)};
        if (!jwt_check(arena, &jwt, &rules, &err))
            check(err.kind == ERROR_DENIED);
    }
    size_t count;
    (void)claims_texts(arena, STR("realm_access.roles"), jwt.claims, &count);
    (void)claims_text(arena, STR("sub"), jwt.claims);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct jwk_set *keys;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str id, secret;
    str text = str_from(data, size);
    if (keys == NULL)
        keys = jwk_set_parse(str_of(keys_text), &err);
    check(keys != NULL);
    check_token(&arena, text, keys);
    if (api_key_read(text, &id, &secret))
        check(id.len == 16 && secret.len == 64);
    jwk_set_free(jwk_set_parse(text, &err));
    arena_done(&arena);
    return 0;
}
