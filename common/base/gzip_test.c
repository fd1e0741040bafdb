// SPDX-License-Identifier: Apache-2.0
// Texts, packed and unpacked; bytes that are no gzip, are cut, or are too much.
#include "base/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void what_is_packed_is_unpacked(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    char *long_text = arena_alloc(&arena, 1 << 20);
    memset(long_text, 'a', 1 << 20);
    const str texts[] = {STR_EMPTY, STR("a"), str_from(long_text, 1 << 20)};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        str text;
        assert_true(gzip_unpack(&arena, gzip_pack(&arena, texts[i]), 1 << 20, &text, &err));
        assert_true(str_equal(text, texts[i]));
    }
    arena_done(&arena);
}

static void what_is_not_whole_or_too_much_is_refused(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str text;
    char *long_text = arena_alloc(&arena, 1 << 20);
    memset(long_text, 'a', 1 << 20);
    str packed = gzip_pack(&arena, str_from(long_text, 1 << 20));
    assert_true(packed.len < 1 << 13);
    assert_false(gzip_unpack(&arena, packed, 1000, &text, &err));
    assert_int_equal(err.kind, ERROR_LIMIT);
    assert_false(gzip_unpack(&arena, str_sub(packed, 0, packed.len - 1), 1 << 20, &text, &err));
    assert_int_equal(err.kind, ERROR_INVALID);
    assert_false(gzip_unpack(&arena, STR("plain"), 1 << 20, &text, &err));
    assert_false(gzip_unpack(&arena, STR_EMPTY, 1 << 20, &text, &err));
    assert_false(gzip_unpack(&arena, str_join2(&arena, packed, STR("more")), 1 << 20, &text, &err));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(what_is_not_whole_or_too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
