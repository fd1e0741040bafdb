// SPDX-License-Identifier: Apache-2.0
// Logs -> pictures of what follows what.
#include "insight/follows_svg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/reader.h"

static str picture_of(struct arena *arena, const char *csv, size_t *ret_left_out)
{
    struct error err;
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, str_of(csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return follows_write_svg(arena, log, follows_new(arena, log, FOLLOWS_COMPLETED), ret_left_out);
}

static void ways_have_their_number_and_their_time(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    size_t left_out;
    str svg = picture_of(&arena,
                         "case_id,activity,timestamp\n1,Read <it>,2024-05-01T07:00:00\n"
                         "1,Pay,2024-05-01T09:00:00\n2,Read <it>,2024-05-01T07:00:00\n"
                         "2,Pay,2024-05-01T09:00:00\n2,Pay,2024-05-03T09:00:00\n",
                         &left_out);
    assert_int_equal(left_out, 0);
    assert_true(str_find(svg, STR("&lt;it> (2)")) != SIZE_MAX ||
                str_find(svg, STR("&lt;it&gt; (2)")) != SIZE_MAX);
    assert_true(str_find(svg, STR(">2, 2.0 h</text>")) != SIZE_MAX);
    assert_true(str_find(svg, STR(">1, 2.0 d</text>")) != SIZE_MAX); // back to itself
    arena_done(&arena);
}

static void rare_ways_are_left_out_of_a_crowded_picture(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct strbuf csv = strbuf_new(&arena);
    size_t left_out;
    strbuf_add(&csv, STR("case_id,activity,timestamp\n"));
    for (int i = 0; i < 20; i++)
        for (int k = 0; k < 20; k++)
            strbuf_format(&csv, "%d,a%d,2024-05-01T07:00:00\n%d,b%d,2024-05-01T08:00:00\n",
                          100 * i + k, i, 100 * i + k, k);
    (void)picture_of(&arena, strbuf_cstr(&csv), &left_out);
    assert_int_equal(left_out, 400 - FOLLOWS_SVG_EDGES_MOST);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ways_have_their_number_and_their_time),
        cmocka_unit_test(rare_ways_are_left_out_of_a_crowded_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
