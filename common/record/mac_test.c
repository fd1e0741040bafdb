// SPDX-License-Identifier: Apache-2.0
// A MAC holds for one key, shard, sender and value.
#include "record/mac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

static void a_mac_holds_for_what_it_was_made_of_alone(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    str mac = mac_make(&arena, STR("key"), 3, STR("1:77"), STR("value"));
    assert_int_equal(mac.len, MAC_LENGTH);
    assert_true(mac_is_good(mac, STR("key"), 3, STR("1:77"), STR("value")));
    assert_false(mac_is_good(mac, STR("kez"), 3, STR("1:77"), STR("value")));
    assert_false(mac_is_good(mac, STR("key"), 4, STR("1:77"), STR("value")));
    assert_false(mac_is_good(mac, STR("key"), 3, STR("1:78"), STR("value")));
    assert_false(mac_is_good(mac, STR("key"), 3, STR("1:77"), STR("valuf")));
    assert_false(mac_is_good(STR_EMPTY, STR("key"), 3, STR("1:77"), STR("value")));
    arena_done(&arena);
}

// So that programs in other languages can check theirs.
static void a_known_mac(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    str mac = mac_make(&arena, STR("secret"), 0, STR_EMPTY, STR("\x08\x01"));
    assert_string_equal(str_cstr(&arena, mac), "b6713468b728efc213e19619aa2a9f4a");
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mac_holds_for_what_it_was_made_of_alone),
        cmocka_unit_test(a_known_mac),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
