// SPDX-License-Identifier: Apache-2.0
#include "base/varint.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void every_number_comes_back(void **state)
{
    static const uint64_t numbers[] = {
        0, 1, 127, 128, 16383, 16384, UINT32_MAX, (uint64_t)INT64_MAX, UINT64_MAX, UINT64_MAX - 1};
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        varint_write(&out, numbers[i]);
        varint_write_signed(&out, (int64_t)numbers[i]);
    }
    varint_write_text(&out, STR("end"));
    str rest = strbuf_str(&out), text;
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        uint64_t number;
        int64_t with_sign;
        assert_true(varint_read(&rest, &number));
        assert_true(varint_read_signed(&rest, &with_sign));
        assert_true(number == numbers[i] && with_sign == (int64_t)numbers[i]);
    }
    assert_true(varint_read_text(&rest, &text) && str_equal(text, STR("end")));
    assert_int_equal(rest.len, 0);
    arena_done(&arena);
}

static void protobuf_reads_the_same_bytes(void **state)
{
    struct arena arena = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&arena);
    (void)state;
    varint_write(&out, 300);
    varint_write_signed(&out, -2);
    assert_true(str_equal(strbuf_str(&out), STR("\xac\x02\x03")));
    arena_done(&arena);
}

static void what_is_cut_off_or_too_long_is_refused_and_nothing_is_taken(void **state)
{
    static const str broken[] = {
        {"", 0},
        {"\x80", 1},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
    };
    uint64_t number = 7;
    str text = STR("before"), rest = STR("\x04"
                                         "abc");
    (void)state;
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        str bytes = broken[i];
        assert_false(varint_read(&bytes, &number));
        assert_int_equal(number, 7);
        assert_int_equal(bytes.len, broken[i].len);
    }
    assert_false(varint_read_text(&rest, &text));
    assert_true(str_equal(text, STR("before")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_number_comes_back),
        cmocka_unit_test(protobuf_reads_the_same_bytes),
        cmocka_unit_test(what_is_cut_off_or_too_long_is_refused_and_nothing_is_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
