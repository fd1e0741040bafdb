// SPDX-License-Identifier: Apache-2.0
#include "vault/personal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct vault_key first, second, other;

static struct personal_keys keys_of(uint32_t count)
{
    return (struct personal_keys){.count = count, .numbers = {3, 5}, .keys = {&first, &second}};
}

static const struct personal_subjects both = {2, {{"ann", 3}, {"bob", 3}}};
static const struct personal_subjects one = {1, {{"ann", 3}}};
static const struct personal_place place = {{"acme", 4}, 1ULL << 51 | 7, 12, 3};

static str body_of(str sealed)
{
    size_t skip = strlen(PERSONAL_SEALED);
    return str_sub(sealed, skip, sealed.len - skip - 1);
}

static int make_keys(void **state)
{
    (void)state;
    memset(first.bytes, 1, sizeof first.bytes);
    memset(second.bytes, 2, sizeof second.bytes);
    memset(other.bytes, 3, sizeof other.bytes);
    return 0;
}

static void a_sealed_value_says_where_it_was_made_and_opens(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct personal_keys keys = keys_of(2);
    struct personal_header header;
    struct personal_subjects subjects;
    str sealed = personal_seal(&arena, &keys, &place, &both, STR("\"a@b\"")), json;
    assert_true(personal_is_sealed(sealed));
    assert_true(personal_read(&arena, body_of(sealed), &header));
    assert_true(header.place.stream == place.stream && header.place.sequence == 12);
    assert_int_equal(header.place.position, 3);
    assert_int_equal(header.count, 2);
    assert_int_equal(header.numbers[1], 5);
    assert_true(personal_open(&arena, keys.keys, STR("acme"), body_of(sealed), &subjects, &json));
    assert_true(str_equal(json, STR("\"a@b\"")));
    assert_true(personal_same(&subjects, &both));
    arena_done(&arena);
}

static void the_same_at_the_same_place_is_the_same_in_bytes(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct personal_keys keys = keys_of(1);
    struct personal_place later = place;
    later.position++;
    str sealed = personal_seal(&arena, &keys, &place, &one, STR("1"));
    assert_true(str_equal(sealed, personal_seal(&arena, &keys, &place, &one, STR("1"))));
    assert_false(str_equal(sealed, personal_seal(&arena, &keys, &later, &one, STR("1"))));
    assert_false(str_equal(sealed, personal_seal(&arena, &keys, &place, &one, STR("2"))));
    arena_done(&arena);
}

static void without_each_key_and_elsewhere_it_does_not_open(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct personal_keys keys = keys_of(2);
    struct personal_subjects subjects;
    str sealed = body_of(personal_seal(&arena, &keys, &place, &both, STR("1"))), json;
    const struct vault_key *wrong[] = {&first, &other}, *swapped[] = {&second, &first};
    assert_false(personal_open(&arena, wrong, STR("acme"), sealed, &subjects, &json));
    assert_false(personal_open(&arena, swapped, STR("acme"), sealed, &subjects, &json));
    assert_false(personal_open(&arena, keys.keys, STR("other"), sealed, &subjects, &json));
    arena_done(&arena);
}

static void what_was_changed_anywhere_does_not_open(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    struct personal_keys keys = keys_of(1);
    struct personal_header header;
    struct personal_subjects subjects;
    str sealed = body_of(personal_seal(&arena, &keys, &place, &one, STR("\"a\""))), json;
    for (size_t i = 0; i + 1 < sealed.len; i++) {
        char *bytes = str_cstr(&arena, sealed);
        bytes[i] = bytes[i] == 'A' ? 'B' : 'A';
        str changed = str_from(bytes, sealed.len);
        bool opens = personal_read(&arena, changed, &header) && header.count == 1 &&
                     personal_open(&arena, keys.keys, STR("acme"), changed, &subjects, &json);
        assert_false(opens);
    }
    assert_false(personal_read(&arena, STR(""), &header));
    assert_false(personal_read(&arena, STR("AQ"), &header));
    arena_done(&arena);
}

static void a_person_is_known_by_tenant_and_name(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    str ann = personal_digest(&arena, &first, STR("a"), STR("bc"));
    assert_int_equal(ann.len, 32);
    assert_true(str_equal(ann, personal_digest(&arena, &first, STR("a"), STR("bc"))));
    assert_false(str_equal(ann, personal_digest(&arena, &first, STR("ab"), STR("c"))));
    assert_false(str_equal(ann, personal_digest(&arena, &second, STR("a"), STR("bc"))));
    arena_done(&arena);
}

static void a_draft_opens_for_its_task_and_owner(void **state)
{
    (void)state;
    struct arena arena = ARENA_EMPTY;
    const struct personal_draft draft = {7, STR("otto")};
    str json, sealed = personal_seal_draft(&arena, &first, draft, STR("{\"x\":\"a@b\"}"));
    assert_true(str_find(sealed, STR("a@b")) == SIZE_MAX);
    assert_true(personal_open_draft(&arena, &first, draft, sealed, &json));
    assert_true(str_equal(json, STR("{\"x\":\"a@b\"}")));
    assert_false(personal_open_draft(&arena, &other, draft, sealed, &json));
    assert_false(personal_open_draft(&arena, &first, (struct personal_draft){8, STR("otto")},
                                     sealed, &json));
    assert_false(personal_open_draft(&arena, &first, (struct personal_draft){7, STR("ottilie")},
                                     sealed, &json));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_opens_for_its_task_and_owner),
        cmocka_unit_test(a_sealed_value_says_where_it_was_made_and_opens),
        cmocka_unit_test(the_same_at_the_same_place_is_the_same_in_bytes),
        cmocka_unit_test(without_each_key_and_elsewhere_it_does_not_open),
        cmocka_unit_test(what_was_changed_anywhere_does_not_open),
        cmocka_unit_test(a_person_is_known_by_tenant_and_name),
    };
    return cmocka_run_group_tests(tests, make_keys, NULL);
}
