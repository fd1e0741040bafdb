// SPDX-License-Identifier: Apache-2.0
// Models as other tools export them, and everything that is said about them: tests/golden/lint. To
// add one, put NAME.bpmn there and run this with GOLDEN=write.
#include "bpmn/bpmn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_file(struct arena *arena, const char *path, str *ret_text)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    struct strbuf text = strbuf_new(arena);
    char *room = strbuf_reserve(&text, 1 << 20);
    text.len = fread(room, 1, 1 << 20, file);
    fclose(file);
    *ret_text = strbuf_str(&text);
    return true;
}

static str told(struct arena *arena, const char *path)
{
    struct arena scratch = ARENA_EMPTY;
    struct strbuf out = strbuf_new(arena);
    struct bpmn_resource *resource;
    struct error err;
    str text;
    if (!read_file(arena, path, &text))
        fail_msg("%s cannot be read", path);
    if (!bpmn_parse(arena, &scratch, text, &resource, &err)) {
        strbuf_format(&out, "unreadable: %s: %s\n", err.place, err.text);
        arena_done(&scratch);
        return strbuf_str(&out);
    }
    strbuf_format(&out, "%s\n", resource->is_executable ? "executable" : "not executable");
    for (size_t i = 0; i < resource->problem_count; i++) {
        const struct bpmn_problem *p = &resource->problems[i];
        strbuf_format(&out, "%u %s %s %.*s: %.*s\n", p->line, bpmn_severity_name(p->severity),
                      bpmn_code_name(p->code), STR_ARG(p->element), STR_ARG(p->message));
    }
    arena_done(&scratch);
    return strbuf_str(&out);
}

static void what_other_tools_export_is_told_about(void **state)
{
    (void)state;
    glob_t models;
    size_t wrong = 0;
    assert_int_equal(glob("tests/golden/lint/*.bpmn", 0, NULL, &models), 0);
    assert_true(models.gl_pathc >= 5);
    for (size_t i = 0; i < models.gl_pathc; i++) {
        struct arena arena = ARENA_EMPTY;
        str path = str_of(models.gl_pathv[i]), wanted = STR_EMPTY;
        const char *golden =
            str_cstr(&arena, str_format(&arena, "%.*s.golden", (int)(path.len - strlen(".bpmn")),
                                        path.data));
        str actual = told(&arena, models.gl_pathv[i]);
        bool known = read_file(&arena, golden, &wanted);
        if (getenv("GOLDEN") != NULL) {
            FILE *file = fopen(golden, "w");
            assert_non_null(file);
            assert_int_equal(fwrite(actual.data, 1, actual.len, file), actual.len);
            assert_int_equal(fclose(file), 0);
        } else if (!known || !str_equal(actual, wanted)) {
            print_error("%s:\n%.*s", models.gl_pathv[i], STR_ARG(actual));
            wrong++;
        }
        arena_done(&arena);
    }
    globfree(&models);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_other_tools_export_is_told_about)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
