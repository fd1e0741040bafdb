// SPDX-License-Identifier: Apache-2.0
#include "node/keyring.h"

#include "base/config.h"
#include "record/limits.h"
#include "vault/personal.h"
#include "wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { INSTANCE = 77, OTHER = 78 };

static struct arena arena = ARENA_EMPTY;
static const struct vault_key persons = {{5}};
static struct vault *vault;
static struct keyring *keyring;
static struct error err;

static struct vault *vault_with(const char *keys)
{
    struct config config = config_new(&arena);
    struct vault *made;
    assert_true(config_set(&config, STR("vault.keys"), str_of(keys), CONFIG_ARGUMENT, &err));
    assert_true(vault_open(&config, &made, &err));
    return made;
}

static int begin(void **state)
{
    (void)state;
    vault = vault_with("k1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    keyring = keyring_new(vault, &persons);
    return 0;
}

static int end(void **state)
{
    (void)state;
    keyring_free(keyring);
    vault_close(vault);
    arena_reset(&arena);
    return 0;
}

static bool seals(uint64_t stream, const char *subject, str *ret_json)
{
    const struct engine_vault *of_engine = keyring_vault(keyring);
    const struct personal_subjects subjects = {1, {str_of(subject)}};
    const struct engine_value value = {.tenant = STR("acme"),
                                       .process_id = STR("p"),
                                       .stream = stream,
                                       .sequence = 1,
                                       .subjects = &subjects,
                                       .json = STR("\"ann@example.org\"")};
    str why;
    return of_engine->seal(of_engine->context, &arena, &value, ret_json, &why);
}

static str sealed_in(uint64_t stream, const char *subject)
{
    str json;
    assert_true(seals(stream, subject, &json));
    return json;
}

static struct outbox_record command_with(str variables)
{
    const struct command command = {.type = COMMAND_PUBLISH_MESSAGE,
                                    .tenant = STR("acme"),
                                    .publish_message = {.name = STR("m"), .variables = variables}};
    struct strbuf value = strbuf_new(&arena);
    wire_encode_command(&value, &command);
    return (struct outbox_record){.kind = OUTBOX_COMMAND, .value = strbuf_str(&value)};
}

static str variables_of(str value)
{
    struct command command;
    assert_true(wire_decode_command(&arena, value, &command, &err));
    return command.publish_message.variables;
}

static bool says(str text, const char *part)
{
    return str_find(text, str_of(part)) != SIZE_MAX;
}

static str object(str value)
{
    return str_format(&arena, "{\"x\":%.*s}", STR_ARG(value));
}

#define MARKED "{\"x\":{\"baton:personal\":[\"ann\"],\"value\":\"ann@example.org\"}}"

static struct outbox_record stored_as(uint64_t number, struct outbox_record record)
{
    bool is_sealed;
    assert_true(
        keyring_store_record(keyring, &arena, number, STR("acme"), &record, &is_sealed, &err));
    return record;
}

static void a_record_opens_what_is_of_its_own_stream_alone(void **state)
{
    (void)state;
    struct outbox_record own = command_with(object(sealed_in(INSTANCE, "ann"))), foreign = own;
    own.stream = INSTANCE;
    foreign.stream = OTHER;
    assert_true(keyring_open_record(keyring, &arena, 1, &own));
    assert_true(str_equal(variables_of(own.value), STR(MARKED)));
    (void)keyring_open_record(keyring, &arena, 1, &foreign);
    assert_true(says(variables_of(foreign.value), "baton:sealed:"));
}

static void a_record_is_stored_under_keys_of_its_own(void **state)
{
    (void)state;
    struct outbox_record one = stored_as(7, command_with(STR(MARKED))),
                         two = stored_as(8, command_with(STR(MARKED))), moved = one;
    assert_false(says(one.value, "ann@"));
    assert_true(keyring_open_record(keyring, &arena, 7, &one));
    assert_true(keyring_open_record(keyring, &arena, 8, &two));
    assert_true(str_equal(variables_of(one.value), STR(MARKED)));
    assert_true(str_equal(variables_of(two.value), STR(MARKED)));
    (void)keyring_open_record(keyring, &arena, 8, &moved);
    assert_false(says(moved.value, "ann@"));
}

static str of_many(unsigned count)
{
    struct strbuf out = strbuf_new(&arena);
    strbuf_add(&out, STR("{\"list\":["));
    for (unsigned i = 0; i < count; i++)
        strbuf_format(&out, "%s{\"baton:personal\":\"p-%u\",\"value\":%u}", i > 0 ? "," : "", i, i);
    strbuf_add(&out, STR("]}"));
    return strbuf_str(&out);
}

static void records_do_not_share_the_limit_of_persons(void **state)
{
    (void)state;
    for (uint64_t number = 1; number <= 3; number++) {
        struct outbox_record record =
            stored_as(number, command_with(of_many(LIMIT_PERSONS_PER_STREAM)));
        assert_true(keyring_open_record(keyring, &arena, number, &record));
        assert_true(says(record.value, "p-999"));
    }
}

static void what_cannot_be_sealed_does_not_go(void **state)
{
    (void)state;
    bool is_sealed;
    struct outbox_record many = command_with(of_many(LIMIT_PERSONS_PER_STREAM + 1)),
                         wrong = command_with(STR("{\"x\":{\"baton:personal\":7}}"));
    assert_false(keyring_store_record(keyring, &arena, 1, STR("acme"), &many, &is_sealed, &err));
    assert_true(says(str_of(err.text), "1000 persons"));
    assert_false(keyring_store_record(keyring, &arena, 2, STR("acme"), &wrong, &is_sealed, &err));
}

static void keys_of_what_was_sent_go(void **state)
{
    (void)state;
    const struct engine_vault *of_engine = keyring_vault(keyring);
    struct outbox_record first = stored_as(7, command_with(STR(MARKED))),
                         second = stored_as(8, command_with(STR(MARKED)));
    str kept = sealed_in(INSTANCE, "ann");
    (void)kept;
    keyring_drop_sent(keyring, 8);
    (void)keyring_open_record(keyring, &arena, 7, &first);
    assert_false(says(first.value, "ann@"));
    assert_true(keyring_open_record(keyring, &arena, 8, &second));
    assert_true(says(second.value, "ann@"));
    assert_true(of_engine->has(of_engine->context, INSTANCE));
    assert_false(of_engine->has(of_engine->context, (uint64_t)-8));
    assert_true(of_engine->has(of_engine->context, (uint64_t)-9));
}

// -- Who is being erased ----------------------------------------------------------------

static void who_is_being_erased_is_neither_sealed_nor_opened(void **state)
{
    (void)state;
    const struct engine_vault *of_engine = keyring_vault(keyring);
    str digest = personal_digest(&arena, &persons, STR("acme"), STR("ann")), json;
    struct outbox_record before = command_with(object(sealed_in(INSTANCE, "ann"))), lifted = before,
                         through = command_with(STR(MARKED));
    before.stream = lifted.stream = INSTANCE;
    of_engine->bar(of_engine->context, 20, digest);
    assert_false(seals(INSTANCE, "ann", &json));
    assert_false(seals(OTHER, "ann", &json));
    assert_true(seals(OTHER, "bob", &json));
    assert_true(keyring_open_record(keyring, &arena, 1, &before));
    assert_true(str_equal(variables_of(before.value), STR("{\"x\":null}")));
    keyring_leave_out(keyring, &arena, STR("acme"), &through);
    assert_true(str_equal(variables_of(through.value), STR("{\"x\":null}")));

    of_engine->lift(of_engine->context, 19, digest); // an erasure of before
    assert_false(seals(OTHER, "ann", &json));
    of_engine->lift(of_engine->context, 20, digest);
    assert_true(seals(OTHER, "ann", &json));
    assert_true(keyring_open_record(keyring, &arena, 1, &lifted));
    assert_true(str_equal(variables_of(lifted.value), STR(MARKED)));
}

static void the_same_person_of_another_tenant_is_another(void **state)
{
    (void)state;
    struct outbox_record record = command_with(STR(MARKED));
    keyring_bar(keyring, 1, personal_digest(&arena, &persons, STR("zeta"), STR("ann")));
    keyring_leave_out(keyring, &arena, STR("acme"), &record);
    assert_true(str_equal(variables_of(record.value), STR(MARKED)));
    (void)sealed_in(INSTANCE, "ann");
}

// -- Keys that are stored ---------------------------------------------------------------

static void a_key_that_the_vault_lacks_is_no_erased_one(void **state)
{
    (void)state;
    struct vault *later = vault_with("k2 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
    struct vault_key key;
    struct store_person person = {.stream = INSTANCE,
                                  .number = 1,
                                  .tenant = STR("acme"),
                                  .subject =
                                      personal_digest(&arena, &persons, STR("acme"), STR("ann"))};
    str bound = personal_bound(&arena, STR("acme"), INSTANCE, 1);
    person.wrapped = vault_wrap_new(&arena, later, bound, &key);
    assert_false(keyring_add(keyring, &person, &err));
    assert_true(says(str_of(err.text), "'k2'"));
    person.wrapped = vault_wrap_new(&arena, vault, bound, &key);
    assert_true(keyring_add(keyring, &person, &err));
    vault_close(later);
}

static void erased_stays_erased_whatever_is_read_later(void **state)
{
    (void)state;
    struct vault_key key;
    struct store_person person = {.stream = INSTANCE,
                                  .number = 1,
                                  .tenant = STR("acme"),
                                  .subject =
                                      personal_digest(&arena, &persons, STR("acme"), STR("ann"))};
    str json;
    assert_true(keyring_add(keyring, &person, &err));
    assert_false(seals(INSTANCE, "ann", &json));
    person.wrapped =
        vault_wrap_new(&arena, vault, personal_bound(&arena, STR("acme"), INSTANCE, 1), &key);
    assert_true(keyring_add(keyring, &person, &err)); // was asked for before it was erased
    assert_false(seals(INSTANCE, "ann", &json));
}

// -- Dead letters -----------------------------------------------------------------------

static void a_dead_letter_is_sealed_as_a_whole(void **state)
{
    (void)state;
    const str value = STR("no command, but it names ann@example.org");
    struct outbox_record letter = {.kind = OUTBOX_DEAD_LETTER, .value = value}, back;
    struct strbuf packed = strbuf_new(&arena);
    assert_true(keyring_seal_letter(keyring, &arena, &letter));
    assert_false(says(letter.value, "ann@"));
    outbox_pack(&packed, &letter);
    str bytes = strbuf_str(&packed);
    assert_true(outbox_unpack(&bytes, &back));
    assert_true(back.is_sealed);
    struct outbox_record cut = back;
    cut.value = str_sub(cut.value, 0, cut.value.len - 1);
    assert_false(keyring_open_letter(keyring, &arena, &cut, &err));
    assert_true(keyring_open_letter(keyring, &arena, &back, &err));
    assert_true(str_equal(back.value, value));
    assert_false(back.is_sealed);
}

static void a_letter_whose_key_the_vault_lacks_is_not_given_up(void **state)
{
    (void)state;
    struct vault *later = vault_with("k2 AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=");
    struct keyring *there = keyring_new(later, &persons);
    struct outbox_record letter = {.kind = OUTBOX_DEAD_LETTER, .value = STR("text")};
    assert_true(keyring_seal_letter(there, &arena, &letter));
    const struct outbox_record stored = letter;
    assert_false(keyring_open_letter(keyring, &arena, &letter, &err));
    assert_int_equal(err.kind, ERROR_UNAVAILABLE);
    assert_true(says(str_of(err.text), "'k2'"));
    assert_true(str_equal(letter.value, stored.value));
    assert_true(keyring_open_letter(there, &arena, &letter, &err));
    assert_true(str_equal(letter.value, STR("text")));
    letter = stored;
    letter.value = str_sub(stored.value, 0, stored.value.len - 1);
    assert_false(keyring_open_letter(there, &arena, &letter, &err));
    assert_int_equal(err.kind, ERROR_INVALID);
    keyring_free(there);
    vault_close(later);
}

static void without_a_vault_letters_stay_as_they_are(void **state)
{
    (void)state;
    struct keyring *without = keyring_new(NULL, NULL);
    struct outbox_record letter = {.kind = OUTBOX_DEAD_LETTER, .value = STR("text")};
    assert_false(keyring_seal_letter(without, &arena, &letter));
    assert_true(str_equal(letter.value, STR("text")));
    keyring_free(without);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_record_opens_what_is_of_its_own_stream_alone),
        TEST(a_record_is_stored_under_keys_of_its_own),
        TEST(records_do_not_share_the_limit_of_persons),
        TEST(what_cannot_be_sealed_does_not_go),
        TEST(keys_of_what_was_sent_go),
        TEST(who_is_being_erased_is_neither_sealed_nor_opened),
        TEST(the_same_person_of_another_tenant_is_another),
        TEST(a_key_that_the_vault_lacks_is_no_erased_one),
        TEST(erased_stays_erased_whatever_is_read_later),
        TEST(a_dead_letter_is_sealed_as_a_whole),
        TEST(a_letter_whose_key_the_vault_lacks_is_not_given_up),
        TEST(without_a_vault_letters_stay_as_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
