// SPDX-License-Identifier: Apache-2.0
// Digests against the examples of FIPS 180-4 and RFC 4231.
#include "base/digest.h"

#include "base/arena.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static const char *const hashes[][2] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static const struct {
    unsigned char key;
    size_t key_len;
    const char *data;
    const char *wanted;
} codes[] = {
    {0x0b, 20, "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {0xaa, 131, "Test Using Larger Than Block-Size Key - Hash Key First",
     "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
};

static void assert_digest(struct digest digest, const char *wanted)
{
    struct arena arena = ARENA_EMPTY;
    str hex = digest_hex(&arena, str_from(digest.bytes, DIGEST_SIZE));
    assert_true(str_equal(hex, str_of(wanted)));
    arena_done(&arena);
}

static void hashes_are_those_of_the_standard(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hashes); i++)
        assert_digest(digest_sha256(str_of(hashes[i][0])), hashes[i][1]);
}

static void codes_are_those_of_the_standard(void **state)
{
    (void)state;
    char key[131];
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        memset(key, codes[i].key, codes[i].key_len);
        assert_digest(digest_hmac(str_from(key, codes[i].key_len), str_of(codes[i].data)),
                      codes[i].wanted);
    }
}

// The chain is the hash of the digest before and of the data, one after the other.
static void a_chain_is_a_hash_of_both(void **state)
{
    (void)state;
    struct digest before = digest_sha256(STR("abc"));
    char both[DIGEST_SIZE + 3];
    memcpy(both, before.bytes, DIGEST_SIZE);
    memcpy(both + DIGEST_SIZE, "xyz", 3);
    struct digest wanted = digest_sha256(str_from(both, sizeof both));
    struct digest chained = digest_chain(before, STR("xyz"));
    assert_memory_equal(chained.bytes, wanted.bytes, DIGEST_SIZE);
}

// RFC 4648, 10, without padding; and the two characters that are not the usual alphabet's.
static void text_for_urls_has_one_form(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},      {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"\xfb\xff", "-_8"}};
    static const char *const wrong[] = {"Z", "Zg==", "Zh", "Zm9", "+/8", "Zm9v Yg", "Zm\n8"};
    struct arena arena = ARENA_EMPTY;
    str bytes;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        str text = base64url_encode(&arena, str_of(pairs[i][0]));
        assert_true(str_equal(text, str_of(pairs[i][1])));
        assert_true(base64url_decode(&arena, text, &bytes));
        assert_true(str_equal(bytes, str_of(pairs[i][0])));
    }
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(base64url_decode(&arena, str_of(wrong[i]), &bytes));
    arena_done(&arena);
}

// -- Threads ----------------------------------------------------------------------------

static void *hash_often(void *context)
{
    enum { TIMES = 20000 };
    const char *text = context;
    struct digest first = digest_sha256(str_of(text));
    for (int i = 0; i < TIMES; i++) {
        struct digest again = digest_sha256(str_of(text));
        if (memcmp(again.bytes, first.bytes, DIGEST_SIZE) != 0)
            return context;
    }
    return NULL;
}

static void threads_do_not_meet(void **state)
{
    (void)state;
    char texts[4][8] = {"one", "two", "three", "four"};
    pthread_t threads[COUNT_OF(texts)];
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hash_often, texts[i]), 0);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_the_standard),
        cmocka_unit_test(codes_are_those_of_the_standard),
        cmocka_unit_test(a_chain_is_a_hash_of_both),
        cmocka_unit_test(text_for_urls_has_one_form),
        cmocka_unit_test(threads_do_not_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
