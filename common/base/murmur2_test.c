// SPDX-License-Identifier: Apache-2.0
// The values are those of Apache Kafka's own UtilsTest.
#include "base/murmur2.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    const char *key;
    int32_t hash;
} known[] = {
    {"21", -973932308},
    {"foobar", -790332482},
    {"a-little-bit-long-string", -985981536},
    {"a-little-bit-longer-string", -1486304829},
    {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
    {"abc", 479470107},
};

static void hashes_are_those_of_java_clients(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        assert_int_equal((int32_t)murmur2(str_of(known[i].key)), known[i].hash);
}

static void negative_hashes_give_partitions_in_range(void **state)
{
    (void)state;
    assert_int_equal(murmur2_partition(STR("21"), 4), (-973932308 & 0x7fffffff) % 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_those_of_java_clients),
        cmocka_unit_test(negative_hashes_give_partitions_in_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
