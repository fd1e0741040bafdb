// SPDX-License-Identifier: Apache-2.0
#include "vault/vault.h"

#include "base/digest.h"
#include "base/secret_reference.h"
#include "vault/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct arena arena = ARENA_EMPTY;

static struct vault *vault_with(const char *keys)
{
    struct config config = config_new(&arena);
    struct error err;
    struct vault *vault;
    assert_true(config_set(&config, STR("vault.keys"), str_of(keys), CONFIG_ARGUMENT, &err));
    assert_true(vault_open(&config, &vault, &err));
    assert_non_null(vault);
    return vault;
}

#define ONE "k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
#define TWO "k2 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="

static void what_is_sealed_opens_where_it_belongs_and_nowhere_else(void **state)
{
    (void)state;
    struct vault *vault = vault_with(ONE);
    struct vault_key key, again;
    struct error err;
    str plain, wrapped = vault_wrap_new(&arena, vault, STR("here"), &key);
    str sealed = vault_seal(&arena, &key, STR_EMPTY, STR("here"), STR("open sesame"));
    assert_true(vault_unwrap(vault, wrapped, STR("here"), &again, &err));
    assert_true(vault_unseal(&arena, &again, STR("here"), sealed, &plain, &err));
    assert_true(str_equal(plain, STR("open sesame")));
    assert_true(str_find(sealed, STR("sesame")) == SIZE_MAX);
    assert_false(vault_unwrap(vault, wrapped, STR("there"), &again, &err));
    assert_false(vault_unseal(&arena, &key, STR("there"), sealed, &plain, &err));
    for (size_t i = 0; i < sealed.len; i++) { // whatever byte is changed, and wherever it is cut
        char *changed = str_cstr(&arena, sealed);
        changed[i] = (char)(changed[i] ^ 1);
        assert_false(
            vault_unseal(&arena, &key, STR("here"), str_from(changed, sealed.len), &plain, &err));
        assert_false(vault_unseal(&arena, &key, STR("here"), str_sub(sealed, 0, i), &plain, &err));
    }
    for (size_t i = 0; i < wrapped.len; i++)
        assert_false(vault_unwrap(vault, str_sub(wrapped, 0, i), STR("here"), &again, &err));
    str empty = vault_seal(&arena, &key, STR_EMPTY, STR_EMPTY, STR_EMPTY);
    assert_true(vault_unseal(&arena, &key, STR_EMPTY, empty, &plain, &err) && plain.len == 0);
    vault_close(vault);
}

static void a_nonce_that_is_given_makes_the_same(void **state)
{
    (void)state;
    struct vault_key key = {{7}};
    str nonce = STR("twelve bytes");
    str one = vault_seal(&arena, &key, nonce, STR("b"), STR("text"));
    assert_true(str_equal(one, vault_seal(&arena, &key, nonce, STR("b"), STR("text"))));
    assert_false(str_equal(one, vault_seal(&arena, &key, STR_EMPTY, STR("b"), STR("text"))));
}

// AES-256-GCM, test case 16 of the specification (McGrew, Viega): NIST's own answer.
static void it_is_aes_256_gcm(void **state)
{
    (void)state;
    str key_bytes, nonce, plain, bound, sealed, hex;
    struct vault_key key;
    assert_true(digest_from_hex(
        &arena, STR("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"),
        &key_bytes));
    assert_true(digest_from_hex(&arena, STR("cafebabefacedbaddecaf888"), &nonce));
    assert_true(digest_from_hex(
        &arena,
        STR("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c9595680953"
            "2fcf0e2449a6b525b16aedf5aa0de657ba637b39"),
        &plain));
    assert_true(digest_from_hex(&arena, STR("feedfacedeadbeeffeedfacedeadbeefabaddad2"), &bound));
    memcpy(key.bytes, key_bytes.data, VAULT_KEY_BYTES);
    sealed = vault_seal(&arena, &key, nonce, bound, plain);
    hex = digest_hex(&arena, str_from_index(sealed, 1 + VAULT_NONCE_BYTES));
    assert_true(str_equal(
        hex, STR("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3"
                 "da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b")));
}

static void keys_follow_each_other(void **state)
{
    (void)state;
    struct vault *old = vault_with(ONE), *both = vault_with(TWO "; " ONE), *new = vault_with(TWO);
    struct vault_key key, again;
    struct error err;
    str wrapped = vault_wrap_new(&arena, old, STR("x"), &key), rewrapped;
    assert_true(str_equal(vault_wrapped_by(wrapped), STR("k1")));
    assert_true(str_equal(vault_current(both), STR("k2")));
    assert_true(vault_unwrap(both, wrapped, STR("x"), &again, &err));
    assert_false(vault_unwrap(new, wrapped, STR("x"), &again, &err));
    assert_non_null(strstr(err.text, "'k1'"));
    assert_true(vault_rewrap(&arena, both, wrapped, STR("x"), &rewrapped, &err));
    assert_true(str_equal(vault_wrapped_by(rewrapped), STR("k2")));
    assert_true(vault_unwrap(new, rewrapped, STR("x"), &again, &err));
    assert_memory_equal(key.bytes, again.bytes, VAULT_KEY_BYTES);
    assert_false(str_equal(vault_check_of(&arena, both, STR("k1")),
                           vault_check_of(&arena, both, STR("k2"))));
    vault_close(old);
    vault_close(both);
    vault_close(new);
}

static void refused(const char *setting, const char *value, const char *why)
{
    struct config config = config_new(&arena);
    struct error err;
    struct vault *vault;
    assert_true(config_set(&config, str_of(setting), str_of(value), CONFIG_ARGUMENT, &err));
    if (vault_open(&config, &vault, &err) || strstr(err.text, why) == NULL ||
        strcmp(err.place, setting) != 0)
        fail_msg("%s=%s: %s: %s", setting, value, err.place, err.text);
}

static void wrong_keys_are_named(void **state)
{
    (void)state;
    char path[] = "/tmp/vault-test-XXXXXX", command[128];
    int fd = mkstemp(path);
    struct config config = config_new(&arena);
    struct vault *vault;
    struct error err;
    refused("vault.keys", "k1", "'k1' is not 32 bytes");
    refused("vault.keys", "k1 AAAA", "'k1' is not 32 bytes");
    refused("vault.keys", "k/1 AAAA", "a key's id");
    refused("vault.keys", ONE ";" ONE, "stands there twice");
    refused("vault.keys", "# none", "there is no key");
    refused("vault.key_file", "/nowhere/keys", "No such file");
    refused("vault.key_command", "exit 3", "ended with 3");
    refused("vault.key_command", "echo 'k1'", "quotation mark");
    assert_true(fd >= 0 && write(fd, ONE "\n" TWO "\n", sizeof ONE + sizeof TWO) > 0);
    assert_int_equal(fchmod(fd, 0644), 0);
    refused("vault.key_file", path, "chmod 600");
    assert_int_equal(fchmod(fd, 0600), 0);
    snprintf(command, sizeof command, "cat %s", path);
    assert_true(
        config_set(&config, STR("vault.key_command"), str_of(command), CONFIG_ARGUMENT, &err));
    assert_true(vault_open(&config, &vault, &err));
    assert_int_equal(vault_key_count(vault), 2);
    vault_close(vault);
    config = config_new(&arena);
    assert_true(vault_open(&config, &vault, &err));
    assert_null(vault);
    close(fd);
    unlink(path);
}

static void references_are_found_where_they_stand(void **state)
{
    (void)state;
    str rest = STR("a {{secrets.A}}{{ secrets.B-1 }} {{secrets.}} {{secrets.c d}} {{{secrets.E}}");
    str before, name;
    assert_true(secret_next(&rest, &before, &name));
    assert_true(str_equal(before, STR("a ")) && str_equal(name, STR("A")));
    assert_true(secret_next(&rest, &before, &name));
    assert_true(before.len == 0 && str_equal(name, STR("B-1")));
    assert_true(secret_next(&rest, &before, &name));
    assert_true(str_equal(name, STR("E")));
    assert_false(secret_next(&rest, &before, &name));
    assert_true(str_equal(secret_whole(STR(" camunda.secrets.`a-b` ")), STR("a-b")));
    assert_true(secret_whole(STR("camunda.secrets.")).len == 0);
    assert_true(secret_whole(STR("x camunda.secrets.a")).len == 0);
}

static void secrets_lie_in_files_and_variables(void **state)
{
    (void)state;
    char folder[] = "/tmp/secrets-test-XXXXXX";
    struct config config = config_new(&arena);
    struct error err;
    str value;
    size_t count;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mkdir("acme", 0700), 0);
    for (int i = 0; i < 2; i++) {
        FILE *file = fopen(i == 0 ? "TOKEN" : "acme/TOKEN", "w");
        assert_non_null(file);
        fputs(i == 0 ? "of the default tenant\n" : "of acme", file);
        fclose(file);
    }
    assert_true(
        config_set(&config, STR("secrets.directory"), str_of(folder), CONFIG_ARGUMENT, &err));
    assert_true(config_set(&config, STR("secrets.environment"), STR("TEST_SECRET_"),
                           CONFIG_ARGUMENT, &err));
    setenv("TEST_SECRET_OTHER", "of the environment", 1);
    assert_true(secret_outside(&config, &arena, STR_EMPTY, STR("TOKEN"), &value, &err));
    assert_true(str_equal(value, STR("of the default tenant")));
    assert_true(secret_outside(&config, &arena, STR("acme"), STR("TOKEN"), &value, &err));
    assert_true(str_equal(value, STR("of acme")));
    assert_true(secret_outside(&config, &arena, STR_EMPTY, STR("OTHER"), &value, &err));
    assert_true(str_equal(value, STR("of the environment")));
    assert_false(secret_outside(&config, &arena, STR("acme"), STR("OTHER"), &value, &err));
    assert_false(secret_outside(&config, &arena, STR(".."), STR("TOKEN"), &value, &err));
    assert_false(secret_outside(&config, &arena, STR_EMPTY, STR("..TOKEN"), &value, &err));
    assert_int_equal(err.kind, ERROR_NOT_FOUND);
    (void)secret_outside_names(&config, &arena, STR_EMPTY, &count);
    assert_int_equal(count, 2);
    unlink("TOKEN");
    unlink("acme/TOKEN");
    rmdir("acme");
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens_where_it_belongs_and_nowhere_else),
        cmocka_unit_test(a_nonce_that_is_given_makes_the_same),
        cmocka_unit_test(it_is_aes_256_gcm),
        cmocka_unit_test(keys_follow_each_other),
        cmocka_unit_test(wrong_keys_are_named),
        cmocka_unit_test(references_are_found_where_they_stand),
        cmocka_unit_test(secrets_lie_in_files_and_variables),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_done(&arena);
    return failed;
}
