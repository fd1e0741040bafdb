// SPDX-License-Identifier: Apache-2.0
//
// Tests whose answers are files: what is said of each model of a folder stands beside it as
// NAME.golden, and GOLDEN=write writes it. Private to the tests of this layer.
#ifndef BATON_BPMN_GOLDEN_H
#define BATON_BPMN_GOLDEN_H

#include "base/strbuf.h"

// cmocka wants these first.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

typedef str golden_tell(struct arena *arena, str model);

static inline bool golden_read(struct arena *arena, const char *path, str *ret_text)
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

static inline bool golden_is_kept(const char *path, golden_tell *tell)
{
    struct arena arena = ARENA_EMPTY;
    str name = str_of(path), model, wanted = STR_EMPTY;
    const char *golden = str_cstr(
        &arena, str_format(&arena, "%.*s.golden", (int)(name.len - strlen(".bpmn")), path));
    assert_true(golden_read(&arena, path, &model));
    str actual = tell(&arena, model);
    bool is_kept = golden_read(&arena, golden, &wanted) && str_equal(actual, wanted);
    if (getenv("GOLDEN") != NULL) {
        FILE *file = fopen(golden, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(actual.data, 1, actual.len, file), actual.len);
        assert_int_equal(fclose(file), 0);
        is_kept = true;
    } else if (!is_kept) {
        print_error("%s:\n%.*s", path, STR_ARG(actual));
    }
    arena_done(&arena);
    return is_kept;
}

// All models of a pattern; fails when what is said of one has changed.
static inline void golden_check(const char *pattern, golden_tell *tell)
{
    glob_t models;
    size_t wrong = 0;
    assert_int_equal(glob(pattern, 0, NULL, &models), 0);
    for (size_t i = 0; i < models.gl_pathc; i++)
        wrong += !golden_is_kept(models.gl_pathv[i], tell);
    globfree(&models);
    assert_int_equal(wrong, 0);
}

#endif
