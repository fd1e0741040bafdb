// SPDX-License-Identifier: Apache-2.0
// What a binding in a model names: of processes here, of decisions and forms by the same function.
#include "engine/fixture.h"

#define CALLS(attributes, task)                                                                    \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL' "                            \
    "xmlns:zeebe='http://camunda.org/schema/zeebe/1.0'><process id='p' isExecutable='true'>"       \
    "<startEvent id='s'/><sequenceFlow id='f1' sourceRef='s' targetRef='c'/>"                      \
    "<callActivity id='c'><extensionElements><zeebe:calledElement processId='q' " attributes "/>"  \
    "</extensionElements></callActivity><sequenceFlow id='f2' sourceRef='c' targetRef='" task      \
    "'/><task id='" task "'/></process></definitions>"

#define CALLED(task)                                                                               \
    "<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'>"                            \
    "<process id='q' isExecutable='true'><startEvent id='s'/>"                                     \
    "<sequenceFlow id='f1' sourceRef='s' targetRef='" task "'/><userTask id='" task                \
    "'/></process></definitions>"

struct member {
    const char *id, *model, *tag;
};

// Deploys processes together. Returns the key of the first.
static uint64_t deploy_all(struct fixture *f, const struct member *members, size_t count)
{
    struct deployed_resource *all = ARENA_ARRAY(&f->arena, struct deployed_resource, count);
    for (size_t i = 0; i < count; i++) {
        struct digest digest = digest_sha256(str_of(members[i].model));
        all[i] = (struct deployed_resource){
            .name = str_of(members[i].id),
            .kind = RESOURCE_PROCESS,
            .digest = str_copy(&f->arena, str_from(digest.bytes, sizeof digest.bytes)),
            .definition_id = str_of(members[i].id),
            .version_tag = str_of(members[i].tag)};
    }
    run(f, (struct command){.type = COMMAND_DEPLOY, .deploy = {.count = count, .resources = all}});
    struct command publishing = *f->changes.outbound.items[0].command;
    for (size_t i = 0; i < count; i++)
        idmap_put(&f->resources, publishing.deploy.resources[i].key, compile(f, members[i].model));
    run(f, publishing);
    return publishing.deploy.resources[0].key;
}

// The version of the process that was called by a new instance of `definition`; 0: none was.
static int32_t called_version(struct fixture *f, uint64_t definition)
{
    run(f, (struct command){.type = COMMAND_CREATE_INSTANCE,
                            .create_instance = {.definition = definition,
                                                .process_id = STR_EMPTY,
                                                .variables = STR_EMPTY,
                                                .business_id = STR_EMPTY,
                                                .fetch_variables = STR_EMPTY,
                                                .deduplication_id = STR_EMPTY}});
    for (size_t i = 0; i < f->changes.instances.count; i++)
        if (str_equal(f->changes.instances.items[i].process_id, STR("q")))
            return f->changes.instances.items[i].version;
    return 0;
}

static void a_deployment_owns_its_unchanged_members(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct member first[] = {{"p", CALLS("bindingType='deployment'", "a"), ""},
                                   {"q", CALLED("t"), ""}};
    const struct member second[] = {{"p", CALLS("bindingType='deployment'", "b"), ""},
                                    {"q", CALLED("t"), ""}};
    const struct member third[] = {{"q", CALLED("other"), ""}};
    uint64_t old = deploy_all(f, first, 2), new = deploy_all(f, second, 2);
    deploy_all(f, third, 1);
    assert_int_equal(called_version(f, old), 1);
    assert_int_equal(called_version(f, new), 2); // the same bytes, deployed again with the caller
    fixture_free(f);
}

static void a_tag_names_the_newest_that_has_it(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    const struct member caller[] = {
        {"p", CALLS("bindingType='versionTag' versionTag='stable'", "a"), ""}};
    const struct member versions[][1] = {{{"q", CALLED("t1"), "stable"}},
                                         {{"q", CALLED("t2"), "stable"}},
                                         {{"q", CALLED("t3"), "edge"}}};
    uint64_t definition = deploy_all(f, caller, 1);
    assert_int_equal(called_version(f, definition), 0);
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        deploy_all(f, versions[i], 1);
    assert_int_equal(called_version(f, definition), 2);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_deployment_owns_its_unchanged_members),
        cmocka_unit_test(a_tag_names_the_newest_that_has_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
