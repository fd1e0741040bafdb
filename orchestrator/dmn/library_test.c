// SPDX-License-Identifier: Apache-2.0
//
// Models that import models: which files a model needs, and what is refused. A line of text is a
// model: its namespace and those that it imports.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "dmn/library.h"

static struct arena arena;

// Every model has a decision of the name of its namespace: 1, or one more than what the first
// import's comes to.
static str model_of(str namespace, const str *imports, size_t count)
{
    struct strbuf out = strbuf_new(&arena);
    strbuf_format(&out,
                  "<definitions xmlns='https://www.omg.org/spec/DMN/20230324/MODEL/' "
                  "namespace='%.*s' name='%.*s'>",
                  STR_ARG(namespace), STR_ARG(namespace));
    for (size_t i = 0; i < count; i++)
        strbuf_format(&out,
                      "<import namespace='%.*s' name='%.*s' "
                      "importType='https://www.omg.org/spec/DMN/20230324/MODEL/'/>",
                      STR_ARG(imports[i]), STR_ARG(imports[i]));
    strbuf_format(&out, "<decision id='d' name='%.*s'><variable name='%.*s' typeRef='number'/>",
                  STR_ARG(namespace), STR_ARG(namespace));
    if (count == 0)
        strbuf_add(&out, STR("<literalExpression><text>1</text></literalExpression>"));
    else
        strbuf_format(&out,
                      "<informationRequirement><requiredDecision href='%.*s#d'/>"
                      "</informationRequirement><literalExpression><text>%.*s.%.*s + 1</text>"
                      "</literalExpression>",
                      STR_ARG(imports[0]), STR_ARG(imports[0]), STR_ARG(imports[0]));
    strbuf_add(&out, STR("</decision></definitions>"));
    return strbuf_str(&out);
}

// "a: b c" is the model a that imports b and c.
static struct dmn_library library_of(const char *const *lines, size_t count)
{
    struct dmn_library library = {.arena = &arena};
    for (size_t i = 0; i < count; i++) {
        str line = str_of(lines[i]);
        size_t colon = str_find_char(line, ':');
        str imports[8];
        size_t import_count = 0;
        for (str rest = str_trim(str_from_index(line, colon + 1)); rest.len > 0;) {
            size_t space = str_find_char(rest, ' ');
            imports[import_count++] = space == SIZE_MAX ? rest : str_sub(rest, 0, space);
            rest = space == SIZE_MAX ? STR_EMPTY : str_from_index(rest, space + 1);
        }
        str xml = model_of(str_sub(line, 0, colon), imports, import_count);
        dmn_library_add(&library, (struct dmn_source){lines[i], xml});
    }
    return library;
}

static str needs_of(const struct dmn_library *library)
{
    struct strbuf out = strbuf_new(&arena);
    struct dmn_places needs = dmn_library_needs(library, 0);
    for (size_t i = 0; i < needs.count; i++)
        strbuf_add(&out, library->documents.items[needs.items[i]].namespace);
    return strbuf_str(&out);
}

static void a_model_needs_what_it_imports_and_what_that_imports(void **state)
{
    static const struct {
        const char *lines[5];
        const char *needs;
    } rows[] = {
        {{"a:"}, "a"},
        {{"a:", "b:"}, "a"},
        {{"a: b", "b:"}, "ab"},
        {{"a: c", "b:", "c: b"}, "acb"},
        {{"a: b c", "b:", "c: b"}, "acb"},
        {{"a: b c", "b: d", "c: d", "d:"}, "abcd"},
        {{"a: b lost", "b:"}, "ab"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t count = 0;
        while (count < 5 && rows[i].lines[count])
            count++;
        struct dmn_library library = library_of(rows[i].lines, count);
        str needs = needs_of(&library);
        assert_true(str_equal(needs, str_of(rows[i].needs)));
    }
}

static void what_no_document_has_is_missing_once(void **state)
{
    static const char *const lines[] = {"a: b lost", "b: lost gone"};
    struct dmn_library library = library_of(lines, 2);
    str found[2], next;
    (void)state;
    assert_true(dmn_library_missing(&library, NULL, 0, &found[0]));
    assert_true(str_equal(found[0], STR("lost")));
    assert_true(dmn_library_missing(&library, found, 1, &found[1]));
    assert_true(str_equal(found[1], STR("gone")));
    assert_false(dmn_library_missing(&library, found, 2, &next));
}

static void a_model_is_compiled_with_what_it_needs_in_any_order(void **state)
{
    static const char *const orders[][3] = {{"a: b", "b: c", "c:"}, {"a: b", "c:", "b: c"}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct dmn_problems problems = {.arena = &arena};
        struct dmn_library library = library_of(orders[i], 3);
        const struct dmn_model *model = dmn_library_compile(&library, 0, &arena, NULL, &problems);
        assert_non_null(model);
        assert_int_equal(problems.list.count, 0);
        feel_value nothing = feel_context_new(&arena, NULL, 0);
        struct feel_run run = feel_run_new(&arena, &nothing);
        feel_value value = dmn_evaluate(dmn_find(model, STR("a")), &run, NULL);
        struct strbuf out = strbuf_new(&arena);
        assert_true(feel_to_json(&out, value));
        assert_string_equal(strbuf_cstr(&out), "3");
    }
}

static void imports_that_lead_back_are_named(void **state)
{
    static const struct {
        const char *lines[3];
        size_t circles;
    } rows[] = {
        {{"a: a"}, 1},
        {{"a: b", "b: a"}, 2},
        {{"a: b", "b: c", "c: a"}, 3},
        {{"a: b", "b: c", "c: b"}, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dmn_problems problems = {.arena = &arena};
        size_t count = 0, circles = 0;
        while (count < 3 && rows[i].lines[count])
            count++;
        struct dmn_library library = library_of(rows[i].lines, count);
        (void)dmn_library_compile(&library, 0, &arena, NULL, &problems);
        for (size_t j = 0; j < problems.list.count; j++)
            circles += str_starts_with(problems.list.items[j].text, STR("imports lead from"));
        assert_int_equal(circles, rows[i].circles);
        assert_true(problems.errors >= circles);
    }
}

static int forget(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_model_needs_what_it_imports_and_what_that_imports, forget),
        cmocka_unit_test_teardown(what_no_document_has_is_missing_once, forget),
        cmocka_unit_test_teardown(a_model_is_compiled_with_what_it_needs_in_any_order, forget),
        cmocka_unit_test_teardown(imports_that_lead_back_are_named, forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
