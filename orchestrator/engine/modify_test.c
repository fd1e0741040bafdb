// SPDX-License-Identifier: Apache-2.0
// Where a modification begins what it activates, and whose variables are whose.
#include "engine/fixture.h"

#define TASK(id) "<userTask id='" id "'/>"

#define NESTED                                                                                     \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='first'/>" TASK(      \
        "first") "<subProcess id='outer'><startEvent id='os'/><subProcess id='inner'>"             \
                 "<startEvent id='is'/>" TASK("deep") "</subProcess>" TASK(                        \
                     "beside") "</subProcess>")

#define PARALLEL                                                                                   \
    MODEL("<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='u'/>"                \
          "<subProcess id='u'><multiInstanceLoopCharacteristics><loopCardinality>=2"               \
          "</loopCardinality></multiInstanceLoopCharacteristics><startEvent id='us'/>"             \
          "<sequenceFlow id='f2' sourceRef='us' targetRef='a'/>" TASK("a")                         \
              TASK("b") "</subProcess>")

static uint64_t begin(struct fixture *f)
{
    start_with(f, STR_EMPTY);
    return f->changes.instances.items[0].key;
}

static struct element_instruction activate(const char *id, const char *scoped)
{
    return (struct element_instruction){.element_id = str_of(id),
                                        .variables = STR_EMPTY,
                                        .move_from = STR_EMPTY,
                                        .scoped_variables = str_of(scoped)};
}

static enum rejection modify(struct fixture *f, uint64_t instance,
                             struct element_instruction instruction)
{
    run(f, (struct command){.type = COMMAND_MODIFY_INSTANCE,
                            .instance = instance,
                            .reply = {0, 5},
                            .modify_instance = {
                                .count = 1, .instructions = &instruction, .variables = STR_EMPTY}});
    return rejection_of(f);
}

// The last row of an element that is there.
static const struct element_row *element(struct fixture *f, const char *id)
{
    const struct element_row *found = NULL;
    for (size_t i = 0; i < f->changes.elements.count; i++) {
        const struct element_row *row = &f->changes.elements.items[i];
        if (str_equal(row->element_id, str_of(id)) && row->change != ROW_DELETE)
            found = row;
    }
    return found;
}

static void variables_go_to_the_scopes_that_are_named(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(NESTED);
    uint64_t instance = begin(f);
    assert_int_equal(modify(f, instance,
                            activate("deep", "[{\"variables\":{\"everywhere\":1}},"
                                             "{\"scopeId\":\"outer\",\"variables\":{\"out\":2}},"
                                             "{\"scopeId\":\"deep\",\"variables\":{\"own\":3}},"
                                             "{\"scopeId\":\"p\",\"variables\":{\"too\":4}}]")),
                     REJECTION_NONE);
    assert_true(
        str_equal(f->changes.instances.items[0].variables, STR("{\"too\":4,\"everywhere\":1}")));
    assert_true(str_equal(element(f, "outer")->variables, STR("{\"out\":2}")));
    assert_int_equal(element(f, "inner")->variables.len, 0);
    assert_true(str_equal(element(f, "deep")->variables, STR("{\"own\":3}")));
    fixture_free(f);
}

static void a_scope_that_is_not_around_the_element_is_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(NESTED);
    uint64_t instance = begin(f);
    static const char *const wrong[] = {
        "[{\"scopeId\":\"first\",\"variables\":{}}]",
        "[{\"scopeId\":\"inner\",\"variables\":{}}]",
        "[{\"scopeId\":\"nowhere\",\"variables\":{}}]",
        "[{\"scopeId\":\"outer\",\"variables\":[1]}]",
        "{}",
    };
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_int_equal(modify(f, instance, activate("beside", wrong[i])), REJECTION_INVALID);
        assert_int_equal(f->changes.instances.count, 0);
    }
    fixture_free(f);
}

static void in_which_of_several_scopes_is_said_by_the_ancestor(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(PARALLEL);
    uint64_t instance = begin(f);
    struct element_instruction b = activate("b", "");
    assert_int_equal(modify(f, instance, b), REJECTION_INVALID);
    start_with(f, STR_EMPTY);
    instance = f->changes.instances.items[0].key;
    b.element_instance = element(f, "u")->key;
    assert_int_equal(modify(f, instance, b), REJECTION_NONE);
    assert_int_equal(element(f, "b")->scope, b.element_instance);
    b.element_instance = element(f, "b")->key; // no scope
    assert_int_equal(modify(f, instance, b), REJECTION_INVALID);
    fixture_free(f);
}

static void what_moves_stays_in_its_own_scope(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(PARALLEL);
    uint64_t instance = begin(f), scopes[2], sources[2];
    size_t count = 0;
    for (size_t i = 0; i < f->changes.elements.count; i++)
        if (str_equal(f->changes.elements.items[i].element_id, STR("a"))) {
            sources[count] = f->changes.elements.items[i].key;
            scopes[count++] = f->changes.elements.items[i].scope;
        }
    assert_int_equal(count, 2);
    struct element_instruction move =
        activate("b", "[{\"scopeId\":\"b\",\"variables\":{\"x\":1}}]");
    move.move_from_key = sources[1];
    assert_int_equal(modify(f, instance, move), REJECTION_NONE);
    assert_int_equal(element(f, "b")->scope, scopes[1]);
    assert_true(str_equal(element(f, "b")->variables, STR("{\"x\":1}")));
    assert_int_equal(modify(f, instance, move), REJECTION_INVALID_STATE); // it is gone
    move.move_from_key = 0;
    move.move_from = STR("a");
    move.ancestor = ANCESTOR_SOURCE_PARENT;
    assert_int_equal(modify(f, instance, move), REJECTION_NONE);
    assert_int_equal(element(f, "b")->scope, scopes[0]);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variables_go_to_the_scopes_that_are_named),
        cmocka_unit_test(a_scope_that_is_not_around_the_element_is_refused),
        cmocka_unit_test(in_which_of_several_scopes_is_said_by_the_ancestor),
        cmocka_unit_test(what_moves_stays_in_its_own_scope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
