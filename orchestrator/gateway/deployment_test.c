// SPDX-License-Identifier: Apache-2.0
// Files of a deployment -> what they define, and what is wrong with them.
#include "gateway/deployment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define PROCESS                                                                                    \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' id='d' targetNamespace='n'>" \
    "<process id='p' name='P' isExecutable='true'><startEvent id='s'/></process></definitions>"

#define DMN(namespace, imports)                                                                                                             \
    "<definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/' id='" namespace "' "                                                 \
                                                                                       "name="                                              \
                                                                                       "'" namespace "' namespace='" namespace "'>" imports \
                                                                                                                               "<decision id='d_" namespace "' name='d " namespace "'><variable name='d " namespace "'/><literalExpression><text>1</text></literalExpression></decision></definitions>"

#define IMPORT                                                                                     \
    "<import name='other' namespace='two' "                                                        \
    "importType='https://www.omg.org/spec/DMN/20191111/MODEL/'/>"

static struct deployment read_one(struct arena *arena, const char *name, const char *bytes)
{
    struct deployment deployment = deployment_new(arena);
    deployment_add_file(&deployment, str_of(name), str_of(bytes));
    deployment_read(&deployment);
    return deployment;
}

static void each_file_defines_what_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const char *bytes;
        enum resource_kind kind;
        const char *id;
    } cases[] = {
        {"p.bpmn", PROCESS, RESOURCE_PROCESS, "p"},
        {"f.form", "{\"id\":\"form\"}", RESOURCE_FORM, "form"},
        {"one.dmn", DMN("one", ""), RESOURCE_DECISIONS, "d_one"},
        {"readme.txt", "anything", RESOURCE_OTHER, "readme.txt"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct deployment deployment = read_one(&arena, cases[i].name, cases[i].bytes);
        assert_int_equal(deployment.problems.len, 0);
        assert_int_equal(deployment.resources.items[0].kind, cases[i].kind);
        assert_true(str_equal(deployment.resources.items[0].definition_id, str_of(cases[i].id)));
        arena_done(&arena);
    }
}

static void problems_name_their_file(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"p.bpmn", "<x", "p.bpmn: "},
        {"f.form", "{}", "f.form: a form needs a non-empty \"id\""},
        {"f.form", "{\"id\":\"a\\u0000b\"}", "U+0000"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct arena arena = ARENA_EMPTY;
        struct deployment deployment = read_one(&arena, cases[i][0], cases[i][1]);
        if (strstr(strbuf_cstr(&deployment.problems), cases[i][2]) == NULL)
            fail_msg("%s: %s", cases[i][1], strbuf_cstr(&deployment.problems));
        arena_done(&arena);
    }
}

static void an_id_that_two_files_have_is_refused_with_both(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct deployment deployment = deployment_new(&arena);
    deployment_add_file(&deployment, STR("a.bpmn"), STR(PROCESS));
    deployment_add_file(&deployment, STR("b.bpmn"), STR(PROCESS));
    deployment_add_file(&deployment, STR("f.form"), STR("{\"id\":\"p\"}")); // another kind
    deployment_read(&deployment);
    assert_string_equal(strbuf_cstr(&deployment.problems),
                        "b.bpmn: the id 'p' stands in a.bpmn as well");
    arena_done(&arena);
}

static void what_a_model_imports_is_asked_for_and_bound(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct deployment deployment = deployment_new(&arena);
    str wanted;
    deployment_add_file(&deployment, STR("one.dmn"), STR(DMN("one", IMPORT)));
    assert_true(deployment_missing(&deployment, &wanted));
    assert_true(str_equal(wanted, STR("two")));
    deployment_add_earlier(&deployment, STR("two.dmn"), STR(DMN("two", "")));
    assert_false(deployment_missing(&deployment, &wanted));
    deployment_read(&deployment);
    assert_string_equal(strbuf_cstr(&deployment.problems), "");
    assert_true(str_equal(deployment.files.items[0].imports, deployment.files.items[1].content));
    assert_false(str_equal(deployment.files.items[0].digest, deployment.files.items[0].content));
    for (size_t i = 0; i < deployment.resources.count; i++) // the earlier one is not deployed again
        assert_true(str_equal(deployment.resources.items[i].name, STR("one.dmn")));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_defines_what_it_is),
        cmocka_unit_test(problems_name_their_file),
        cmocka_unit_test(an_id_that_two_files_have_is_refused_with_both),
        cmocka_unit_test(what_a_model_imports_is_asked_for_and_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
