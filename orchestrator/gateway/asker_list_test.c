// SPDX-License-Identifier: Apache-2.0
// Who asks -> who is noted, once, and within which limits.
#include "gateway/asker_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static bool add(struct asker_list *list, str type, str tenant, str worker)
{
    return asker_list_add(list, &(struct asker){type, tenant, worker, STR_EMPTY, false});
}

static str numbered(struct arena *arena, size_t number)
{
    return str_format(arena, "worker %zu", number);
}

static void each_is_noted_once(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct asker_list *list = asker_list_new();
    assert_true(str_is_empty(asker_list_take(list, &arena)));
    assert_true(add(list, STR("pay"), STR("t"), STR("ann")));
    assert_true(add(list, STR("pay"), STR("t"), STR("ann")));
    assert_string_equal(str_cstr(&arena, asker_list_take(list, &arena)),
                        "[[\"pay\",\"t\",\"ann\",\"\",false]]");
    assert_true(add(list, STR("pay"), STR("t"), STR("ann")));
    assert_true(str_is_empty(asker_list_take(list, &arena)));
    assert_true(add(list, STR("pay"), STR("u"), STR("ann")));
    assert_string_equal(str_cstr(&arena, asker_list_take(list, &arena)),
                        "[[\"pay\",\"u\",\"ann\",\"\",false]]");
    assert_true(
        asker_list_add(list, &(struct asker){STR("pay"), STR("u"), STR("ann"), STR_EMPTY, true}));
    assert_string_equal(str_cstr(&arena, asker_list_take(list, &arena)),
                        "[[\"pay\",\"u\",\"ann\",\"\",true]]");
    asker_list_free(list);
    arena_done(&arena);
}

static void names_that_are_made_up_fill_the_type_of_their_tenant_alone(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct asker_list *list = asker_list_new();
    size_t taken = 0;
    for (size_t i = 0; i < 10 * ASKERS_OF_TYPE; i++)
        taken += add(list, STR("pay"), STR("t"), numbered(&arena, i));
    assert_int_equal(taken, ASKERS_OF_TYPE);
    assert_true(add(list, STR("pay"), STR("t"), numbered(&arena, 0)));
    assert_true(add(list, STR("ship"), STR("t"), STR("ann")));
    assert_true(add(list, STR("pay"), STR("u"), STR("ann")));
    asker_list_free(list);
    arena_done(&arena);
}

static void a_tenant_that_makes_up_types_takes_no_place_from_others(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct asker_list *list = asker_list_new();
    size_t taken = 0;
    for (size_t i = 0; i < 3 * ASKERS_OF_TENANT; i++)
        taken += add(list, numbered(&arena, i), STR("t"), STR("ann"));
    assert_int_equal(taken, ASKERS_OF_TENANT);
    assert_true(add(list, STR("pay"), STR("u"), STR("ann")));
    asker_list_free(list);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_noted_once),
        cmocka_unit_test(names_that_are_made_up_fill_the_type_of_their_tenant_alone),
        cmocka_unit_test(a_tenant_that_makes_up_types_takes_no_place_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
