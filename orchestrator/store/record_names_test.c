// SPDX-License-Identifier: Apache-2.0
#include "record/rows.h"
#include "store/record_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void assert_text(str found, const char *wanted)
{
    assert_int_equal(found.len, strlen(wanted));
    assert_memory_equal(found.data, wanted, found.len);
}

static void elements_have_the_words_of_the_model(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct record_names names;
    record_names_init(&names);
    assert_null(record_names_find(&names, 7));
    struct definition_names *order = record_names_add(
        &names, 7,
        &(struct definition_names){.id = STR("order"), .version = 3, .tenant = STR("t")});
    record_names_add_element(&names, order, 2,
                             &(struct element_names){.id = STR("pay"),
                                                     .name = STR("Pay"),
                                                     .type = STR("serviceTask"),
                                                     .listeners = STR("start end")});
    const struct definition_names *found = record_names_find(&names, 7);
    assert_text(found->id, "order");
    assert_int_equal(found->version, 3);
    struct element_names pay = record_names_of(found, 2, &arena);
    assert_text(pay.name, "Pay");
    assert_text(record_names_listener(&pay, 1), "start");
    assert_text(record_names_listener(&pay, 2), "end");
    assert_int_equal(record_names_listener(&pay, 3).len, 0);
    assert_int_equal(record_names_listener(&pay, 0).len, 0);
    assert_text(record_names_listener(&pay, JOB_GLOBAL_LISTENER + 2), "assigning");
    arena_done(&arena);
    record_names_done(&names);
}

static void an_element_without_words_has_its_number(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct record_names names;
    record_names_init(&names);
    struct definition_names *bare =
        record_names_add(&names, 9, &(struct definition_names){.id = STR("bare")});
    record_names_add_element(&names, bare, 0, &(struct element_names){0});
    assert_int_equal(bare->elements.count, 0);
    record_names_add_element(&names, bare, 3, &(struct element_names){.id = STR("c")});
    assert_text(record_names_of(bare, 1, &arena).id, "#1");
    assert_text(record_names_of(bare, 3, &arena).id, "c");
    assert_text(record_names_of(bare, 4, &arena).name, "#4");
    arena_done(&arena);
    record_names_done(&names);
}

static void too_many_are_forgotten(void **state)
{
    (void)state;
    struct record_names names;
    record_names_init(&names);
    for (uint64_t key = 1; key <= RECORD_NAMES_MOST; key++)
        (void)record_names_add(&names, key, &(struct definition_names){.id = STR("p")});
    record_names_bound(&names);
    assert_non_null(record_names_find(&names, 1));
    (void)record_names_add(&names, 1, &(struct definition_names){.id = STR("p")});
    record_names_bound(&names);
    assert_null(record_names_find(&names, 1));
    record_names_done(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_have_the_words_of_the_model),
        cmocka_unit_test(an_element_without_words_has_its_number),
        cmocka_unit_test(too_many_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
