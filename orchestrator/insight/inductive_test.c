// SPDX-License-Identifier: Apache-2.0
// Trees out of a few traces, one row each: what is found, and that models come back as written.
#include "insight/inductive.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "insight/diagram.h"
#include "insight/reader.h"

// "ab abc": a trace a word, an activity a letter; "3*ab": three of them.
static const struct event_log *log_of(struct arena *arena, str words)
{
    struct strbuf csv = strbuf_new(arena);
    struct log_mapping mapping = {0};
    const struct event_log *log;
    struct error err;
    str word;
    int trace = 0;
    strbuf_add(&csv, STR("case,activity\n"));
    while (str_split(&words, ' ', &word)) {
        int times = word.len > 1 && word.data[1] == '*' ? word.data[0] - '0' : 1;
        for (int i = 0; i < times; i++, trace++)
            for (size_t k = times > 1 ? 2 : 0; k < word.len; k++)
                strbuf_format(&csv, "%d,%c\n", trace, word.data[k]);
    }
    struct log_reader *reader = log_reader_new(arena, &mapping, STR_EMPTY);
    assert_true(log_reader_feed(reader, strbuf_str(&csv), &err));
    assert_true(log_reader_finish(reader, &log, &err));
    log_reader_free(reader);
    return log;
}

static struct tree *mined(struct arena *arena, const char *words, struct inductive_options options)
{
    const struct event_log *log = log_of(arena, str_of(words));
    return inductive_mine(arena, log, variants_new(arena, log), options).tree;
}

static const struct {
    const char *traces, *tree;
    struct inductive_options options;
} rows[] = {
    {"a", "'a'", {0}},
    {"abc", "->( 'a', 'b', 'c' )", {0}},
    {"ab ac", "->( 'a', X( 'b', 'c' ) )", {0}},
    {"abcd acbd", "->( 'a', +( 'b', 'c' ), 'd' )", {0}},
    {"abd ad", "->( 'a', X( 'b', tau ), 'd' )", {0}},
    {"a aba ababa", "*( 'a', 'b' )", {0}},
    {"ab aab aaab", "->( *( 'a', tau ), 'b' )", {0}},
    {"abe acde ae", "->( 'a', X( 'b', ->( 'c', 'd' ), tau ), 'e' )", {0}},
    {"9*abc acb", "->( 'a', +( 'b', 'c' ) )", {0}},
    {"9*abc 9*abc cab", "->( 'a', 'b', 'c' )", {.noise = 0.2}},
    {"abcbd acbcbcd", "->( 'a', +( 'b', 'c' ), 'd' )", {.is_dfg_only = true}},
    {"abd acd", "->( 'a', X( 'b', 'c' ), 'd' )", {.is_dfg_only = true}},
};

static void each_log_has_its_tree(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena = ARENA_EMPTY;
        struct tree *tree = mined(&arena, rows[i].traces, rows[i].options);
        assert_string_equal(str_cstr(&arena, tree_text(&arena, tree)), rows[i].tree);
        arena_done(&arena);
    }
}

static void a_tree_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena = ARENA_EMPTY;
        struct tree *tree = mined(&arena, rows[i].traces, rows[i].options), *again;
        struct error err;
        assert_true(tree_read_ptml(&arena, tree_write_ptml(&arena, tree, STR("t")), &again, &err));
        assert_string_equal(str_cstr(&arena, tree_text(&arena, again)), rows[i].tree);
        arena_done(&arena);
    }
}

static void a_net_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct arena arena = ARENA_EMPTY;
        struct tree *tree = mined(&arena, rows[i].traces, rows[i].options);
        struct net *net, *again;
        struct error err;
        assert_true(net_of_tree(&arena, tree, &net, &err));
        str text = net_write_pnml(&arena, net);
        assert_true(net_read_pnml(&arena, text, &again, &err));
        assert_true(str_equal(net_write_pnml(&arena, again), text));
        arena_done(&arena);
    }
}

static void what_is_no_model_is_refused(void **state)
{
    (void)state;
    static const char *const trees[] = {
        "<ptml/>",
        "<ptml><processTree root='a'><manualTask id='a' name='x'/><manualTask id='b' name='y'/>"
        "<parentsNode sourceId='a' targetId='b'/></processTree></ptml>",
        "<ptml><processTree root='a'><and id='a'/></processTree></ptml>",
        "<ptml><processTree root='a'><and id='a'/><and id='b'/><parentsNode sourceId='b' "
        "targetId='a'/><parentsNode sourceId='a' targetId='b'/></processTree></ptml>",
        "<ptml><processTree root='a'><xorLoop id='a'/><manualTask id='b' name='y'/>"
        "<parentsNode sourceId='a' targetId='b'/></processTree></ptml>",
        "<ptml><processTree root='a'><dance id='a'/></processTree></ptml>",
    };
    static const char *const nets[] = {
        "<pnml/>",
        "<pnml><net><place id='p'/><place id='p'/></net></pnml>",
        "<pnml><net><place id='p'/><place id='q'/><arc source='p' target='q'/></net></pnml>",
        "<pnml><net><place id='p'><initialMarking><text>many</text></initialMarking></place></net>"
        "</pnml>",
    };
    struct arena arena = ARENA_EMPTY;
    struct tree *tree;
    struct net *net;
    struct error err;
    for (size_t i = 0; i < COUNT_OF(trees); i++)
        assert_false(tree_read_ptml(&arena, str_of(trees[i]), &tree, &err));
    for (size_t i = 0; i < COUNT_OF(nets); i++)
        assert_false(net_read_pnml(&arena, str_of(nets[i]), &net, &err));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_log_has_its_tree),
        cmocka_unit_test(a_tree_comes_back_as_it_was_written),
        cmocka_unit_test(a_net_comes_back_as_it_was_written),
        cmocka_unit_test(what_is_no_model_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
