// SPDX-License-Identifier: Apache-2.0
#include "base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { NAMES = 1 << 14, BUCKETS = 1 << 15, NAME_BYTES = 16, MOST_IN_ONE = 12 };

// Values of SipHash-1-3 with the key 0, as CPython computes them.
static void the_hash_is_siphash(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t hash;
    } known[] = {{"a", 0x407448d2b89b1813},
                 {"correlationKey", 0x282ee221c84eccf7},
                 {"01234567", 0xda3dcedf84ea6cc6},
                 {"0123456789abcdef0", 0xf738bb4f30801228}};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        assert_int_equal(str_hash(str_of(known[i].text)), known[i].hash);
}

// Sixteen bytes whose multiply-and-fold hash is the same whatever the first eight are: the second
// eight undo them. Any hash without a secret, and with steps that can be undone, is open to this.
static void make_name(char *name, uint64_t number)
{
    const uint64_t odd = 0x9e3779b97f4a7c15u;
    uint64_t hash = (NAME_BYTES * odd ^ number) * odd;
    hash ^= hash >> 32;
    uint64_t undo = hash ^ 0x0123456789abcdefu;
    memcpy(name, &number, sizeof number);
    memcpy(name + sizeof number, &undo, sizeof undo);
}

static void names_made_to_collide_do_not(void **state)
{
    (void)state;
    static unsigned counts[BUCKETS];
    memset(counts, 0, sizeof counts);
    for (uint64_t i = 0; i < NAMES; i++) {
        char name[NAME_BYTES];
        make_name(name, i);
        unsigned *count = &counts[str_hash(str_from(name, sizeof name)) % BUCKETS];
        assert_true(++*count <= MOST_IN_ONE);
    }
}

static void another_seed_gives_other_hashes(void **state)
{
    (void)state;
    uint64_t before = str_hash(STR("name"));
    str_hash_seed(1, 2);
    uint64_t after = str_hash(STR("name"));
    str_hash_seed(0, 0);
    assert_true(before != after);
    assert_int_equal(str_hash(STR("name")), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_siphash),
        cmocka_unit_test(names_made_to_collide_do_not),
        cmocka_unit_test(another_seed_gives_other_hashes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
