// SPDX-License-Identifier: Apache-2.0
#include "worker/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>

static const struct {
    const char *address;
    bool special;
} cases[] = {
    {"127.0.0.1", true},
    {"10.1.2.3", true},
    {"172.15.255.255", false},
    {"172.16.0.1", true},
    {"172.31.255.255", true},
    {"172.32.0.1", false},
    {"192.168.0.1", true},
    {"169.254.169.254", true},
    {"100.64.0.1", true},
    {"100.128.0.1", false},
    {"0.0.0.0", true},
    {"255.255.255.255", true},
    {"224.0.0.1", true},
    {"8.8.8.8", false},
    {"1.1.1.1", false},
    {"::1", true},
    {"::", true},
    {"fe80::1", true},
    {"fc00::1", true},
    {"ff02::1", true},
    {"2606:4700::1111", false},
    {"::ffff:10.0.0.1", true},
    {"::ffff:8.8.8.8", false},
    {"64:ff9b::7f00:1", true},
    {"2002:7f00:1::", true},
    {"2001:db8::1", true},
};

static void only_public_addresses_are_not_special(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        bool is_v4 = inet_pton(AF_INET, cases[i].address, &v4.sin_addr) == 1;
        assert_true(is_v4 || inet_pton(AF_INET6, cases[i].address, &v6.sin6_addr) == 1);
        const struct sockaddr *address =
            is_v4 ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
        if (address_is_special(address) != cases[i].special)
            fail_msg("%s: expected %s", cases[i].address, cases[i].special ? "special" : "public");
    }
}

static void hosts_can_be_allowed_by_name_and_port(void **state)
{
    (void)state;
    str list = STR("localhost:9000, bureau.internal");
    assert_true(address_is_allowed(list, STR("LOCALHOST"), 9000));
    assert_false(address_is_allowed(list, STR("localhost"), 9001));
    assert_true(address_is_allowed(list, STR("bureau.internal"), 443));
    assert_false(address_is_allowed(list, STR("internal"), 443));
    assert_false(address_is_allowed(STR_EMPTY, STR("localhost"), 80));
    assert_true(address_is_allowed(STR("*"), STR("anything"), 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_public_addresses_are_not_special),
        cmocka_unit_test(hosts_can_be_allowed_by_name_and_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
