// SPDX-License-Identifier: Apache-2.0
// Texts, packed and unpacked; bytes that are no gzip, are cut, or are too much.
#include "base/gzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/strbuf.h"

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

static bool append(void *context, str piece, struct error *err)
{
    strbuf_add(context, piece);
    return piece.len < 1 << 20 || error_set(err, ERROR_LIMIT, "", "too much");
}

static void a_stream_of_pieces_and_members_is_one_text(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct error err;
    str packed = str_join2(&arena, gzip_pack(&arena, STR("one ")), gzip_pack(&arena, STR("two")));
    for (size_t piece = 1; piece <= packed.len; piece++) {
        struct strbuf text = strbuf_new(&arena);
        struct gzip_stream *stream = gzip_stream_new();
        for (size_t at = 0; at < packed.len; at += piece) {
            assert_true(gzip_stream_feed(stream, str_sub(packed, at, piece), append, &text, &err));
            assert_int_equal(gzip_stream_is_whole(stream) && at + piece >= packed.len,
                             at + piece >= packed.len);
        }
        assert_true(str_equal(strbuf_str(&text), STR("one two")));
        gzip_stream_free(stream);
    }
    struct gzip_stream *stream = gzip_stream_new();
    assert_false(gzip_stream_feed(stream, STR("plain"), append, NULL, &err));
    gzip_stream_free(stream);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_is_unpacked),
        cmocka_unit_test(what_is_not_whole_or_too_much_is_refused),
        cmocka_unit_test(a_stream_of_pieces_and_members_is_one_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
