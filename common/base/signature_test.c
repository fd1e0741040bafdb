// SPDX-License-Identifier: Apache-2.0
#include "base/signature.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// RFC 8032, 7.1, test 1, as PKCS #8 and as SubjectPublicKeyInfo.
static const char private_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
static const char public_pem[] = "-----BEGIN PUBLIC KEY-----\n"
                                 "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
                                 "-----END PUBLIC KEY-----\n";

static struct signature_key *key_of(const char *text)
{
    char path[] = "/tmp/baton-key-XXXXXX";
    int file = mkstemp(path);
    assert_true(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text));
    close(file);
    struct error err;
    struct signature_key *key = signature_key_read(path, &err);
    unlink(path);
    return key;
}

static void test_what_is_signed_is_verified_by_the_public_half(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str payload;
    struct signature_key *private_key = key_of(private_pem), *public_key = key_of(public_pem);
    assert_true(signature_key_can_sign(private_key));
    assert_false(signature_key_can_sign(public_key));
    assert_string_equal(signature_key_id(private_key), signature_key_id(public_key));
    str jws = signature_sign(&arena, private_key, STR("{\"a\":1}"));
    assert_true(signature_verify(&arena, public_key, jws, &payload, &err));
    assert_true(str_equal(payload, STR("{\"a\":1}")));
    signature_key_free(private_key);
    signature_key_free(public_key);
    arena_done(&arena);
}

static void test_a_byte_that_was_changed_is_found(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str payload;
    struct signature_key *key = key_of(private_pem);
    str jws = signature_sign(&arena, key, STR("a bill of 100"));
    for (size_t i = 0; i < jws.len; i++) {
        char *changed = arena_copy(&arena, jws.data, jws.len);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(signature_verify(&arena, key, str_from(changed, jws.len), &payload, &err));
    }
    for (size_t len = 0; len < jws.len; len++)
        assert_false(signature_verify(&arena, key, str_sub(jws, 0, len), &payload, &err));
    signature_key_free(key);
    arena_done(&arena);
}

static void test_no_key_is_an_error_that_names_the_file(void **state)
{
    (void)state;
    struct error err;
    assert_null(signature_key_read("/nowhere/key.pem", &err));
    assert_string_equal(err.place, "/nowhere/key.pem");
    assert_null(key_of("not a key"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_signed_is_verified_by_the_public_half),
        cmocka_unit_test(test_a_byte_that_was_changed_is_found),
        cmocka_unit_test(test_no_key_is_an_error_that_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
