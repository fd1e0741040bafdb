// SPDX-License-Identifier: Apache-2.0
// Where the graph miners put gateways, one row each: the net of what is found plays exactly these
// traces.
#include "insight/graph_miner.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/reader.h"
#include "insight/replay.h"

static const struct event_log *log_of(struct arena *arena, str words)
{
    struct strbuf csv = strbuf_new(arena);
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct error err;
    str word;
    int trace = 0;
    strbuf_add(&csv, STR("case,activity\n"));
    while (str_split(&words, ' ', &word))
        for (int i = 0; i < 9; i++, trace++)
            for (size_t k = 0; k < word.len; k++)
                strbuf_format(&csv, "%d,%c\n", trace, word.data[k]);
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, strbuf_str(&csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

static void gateways_stand_where_ways_part_and_meet(void **state)
{
    (void)state;
    static const struct {
        const char *traces;
        size_t exclusive, parallel;
    } rows[] = {
        {"abc", 0, 0},
        {"abd acd", 2, 0},
        {"abcd acbd", 0, 2},
        {"abcd acbd aed", 2, 2}, // e, or b and c
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int is_split = 0; is_split < 2; is_split++) {
            struct arena arena = ARENA_EMPTY;
            struct graph_miner_options options = GRAPH_MINER_OPTIONS_DEFAULT;
            struct error err;
            struct diagram *diagram;
            struct net *net;
            const struct event_log *log = log_of(&arena, str_of(rows[i].traces));
            size_t kinds[DIAGRAM_KIND_COUNT] = {0};
            options.is_split = is_split;
            assert_true(graph_mine(&arena, log, &options, &diagram, &err));
            for (size_t n = 0; n < diagram->node_count; n++)
                kinds[diagram->nodes[n].kind]++;
            assert_int_equal(kinds[DIAGRAM_EXCLUSIVE], rows[i].exclusive);
            assert_int_equal(kinds[DIAGRAM_PARALLEL], rows[i].parallel);
            assert_true(net_of_diagram(&arena, diagram, &net, &err));
            struct replay replay = replay_log(&arena, log, variants_new(&arena, log), net);
            assert_int_equal(replay.fitting_traces, replay.trace_count);
            arena_done(&arena);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateways_stand_where_ways_part_and_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
