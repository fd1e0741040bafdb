// SPDX-License-Identifier: Apache-2.0
// Alignments: costs that can be counted by hand, and the two ways to find them held against each
// other on random trees and words.
#include "insight/align.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/reader.h"

static const struct event_log *log_of(struct arena *arena, str words)
{
    struct strbuf csv = strbuf_new(arena);
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct error err;
    str word;
    int trace = 0;
    strbuf_add(&csv, STR("case,activity\n"));
    for (; str_split(&words, ' ', &word); trace++)
        for (size_t k = 0; k < word.len; k++)
            strbuf_format(&csv, "%d,%c\n", trace, word.data[k]);
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, strbuf_str(&csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

static struct alignments aligned(struct arena *arena, const struct event_log *log,
                                 const struct tree *tree, bool without_blocks)
{
    struct net *net;
    struct error err;
    struct alignments result;
    struct align_limits limits = ALIGN_LIMITS_DEFAULT;
    limits.without_blocks = without_blocks;
    assert_true(net_of_tree(arena, tree, &net, &err));
    struct variants *variants = variants_new(arena, log);
    assert_true(align_log(arena, log, variants, net, &limits, &result, &err));
    return result;
}

static struct tree *node(struct arena *arena, enum tree_kind kind, struct tree *a, struct tree *b)
{
    struct tree *tree = tree_node(arena, kind, 2);
    tree->children[0] = a;
    tree->children[1] = b;
    return tree;
}

static void costs_are_those_that_one_counts(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct tree *a = tree_leaf(&arena, STR("a")), *b = tree_leaf(&arena, STR("b"));
    struct tree *c = tree_leaf(&arena, STR("c"));
    struct tree *tree = node(&arena, TREE_SEQUENCE, a, node(&arena, TREE_PARALLEL, b, c));
    static const struct {
        const char *word;
        uint64_t deviations;
    } rows[] = {{"abc", 0}, {"acb", 0}, {"ab", 1}, {"bca", 2}, {"abcz", 1}, {"abbc", 1}, {"z", 4}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        for (int without = 0; without < 2; without++) {
            const struct event_log *log = log_of(&arena, str_of(rows[i].word));
            struct alignments result = aligned(&arena, log, tree, without);
            assert_int_equal(result.traces[0].cost / ALIGN_DEVIATION, rows[i].deviations);
            assert_int_equal(result.fitting_traces, rows[i].deviations == 0);
        }
    arena_done(&arena);
}

static uint64_t seed;

static uint32_t random_below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

// A tree over the letters from..to-1.
static struct tree *random_tree(struct arena *arena, char from, char to)
{
    static const enum tree_kind kinds[] = {TREE_SEQUENCE, TREE_CHOICE, TREE_PARALLEL, TREE_LOOP};
    if (from == to)
        return tree_silent(arena);
    if (to - from == 1 && random_below(4) > 0)
        return tree_leaf(arena, str_from(arena_copy(arena, &from, 1), 1));
    char middle =
        (char)(from + (to - from == 1 ? (int)random_below(2)
                                      : 1 + (int)random_below((uint32_t)(to - from - 1))));
    return node(arena, kinds[random_below(4)], random_tree(arena, from, middle),
                random_tree(arena, middle, to));
}

static uint64_t total(const struct alignments *a)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < a->deviation_count; i++)
        sum += a->deviations[i].count;
    return sum;
}

static void blocks_and_search_find_the_same(void **state)
{
    (void)state;
    for (seed = 1; seed < 400;) {
        struct arena arena = ARENA_EMPTY;
        uint64_t round = seed;
        struct strbuf words = strbuf_new(&arena);
        struct tree *tree = random_tree(&arena, 'a', 'f');
        for (int i = 0; i < 8; i++) {
            strbuf_add(&words, i > 0 ? STR(" ") : STR_EMPTY);
            for (uint32_t k = 1 + random_below(9); k > 0; k--)
                strbuf_add_char(&words, (char)('a' + random_below(6)));
        }
        const struct event_log *log = log_of(&arena, strbuf_str(&words));
        struct alignments blocks = aligned(&arena, log, tree, false);
        struct alignments search = aligned(&arena, log, tree, true);
        uint64_t deviations = 0;
        struct variants *variants = variants_new(&arena, log);
        for (uint32_t v = 0; v < variants->count; v++) {
            if (blocks.traces[v].cost != search.traces[v].cost)
                fail_msg("%llu: %.*s, %.*s: %llu and %llu", (unsigned long long)round,
                         STR_ARG(tree_text(&arena, tree)), STR_ARG(strbuf_str(&words)),
                         (unsigned long long)blocks.traces[v].cost,
                         (unsigned long long)search.traces[v].cost);
            deviations += blocks.traces[v].cost / ALIGN_DEVIATION * variants->frequency[v];
        }
        assert_int_equal(total(&blocks), deviations);
        assert_int_equal(total(&search), deviations);
        arena_done(&arena);
        seed = round + 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(costs_are_those_that_one_counts),
        cmocka_unit_test(blocks_and_search_find_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
