// SPDX-License-Identifier: Apache-2.0
// Processes driven by the engine -> the keys of what is open, as their images have them.
#include "history/open_keys.h"

#include "engine/fixture.h"

// A task with a timer on its border, beside a sub-process with another one that waits for a
// message.
#define TASKS_TIMER_AND_MESSAGE                                                                    \
    MODEL("<startEvent id='s'/><sequenceFlow id='f0' sourceRef='s' targetRef='fork'/>"             \
          "<parallelGateway id='fork'/>"                                                           \
          "<sequenceFlow id='f1' sourceRef='fork' targetRef='left'/>"                              \
          "<serviceTask id='left'><extensionElements><zeebe:taskDefinition type='l'/>"             \
          "</extensionElements></serviceTask><boundaryEvent id='late' attachedToRef='left'>"       \
          "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"         \
          "</boundaryEvent><sequenceFlow id='f2' sourceRef='fork' targetRef='sub'/>"               \
          "<subProcess id='sub'><startEvent id='is'/>"                                             \
          "<sequenceFlow id='i1' sourceRef='is' targetRef='right'/>"                               \
          "<serviceTask id='right'><extensionElements><zeebe:taskDefinition type='r'/>"            \
          "</extensionElements></serviceTask></subProcess>")

static str image_of(struct fixture *f, uint64_t instance)
{
    const str *image = idmap_get(&f->images, instance);
    assert_non_null(image);
    return *image;
}

static const struct job_offer *offered(struct fixture *f, const char *type)
{
    for (size_t i = 0; i < f->changes.outbound.count; i++) {
        const struct outbound *out = &f->changes.outbound.items[i];
        if (out->kind == OUTBOUND_JOB && str_equal(out->job->type, str_of(type)))
            return out->job;
    }
    fail_msg("no job of the type %s was offered", type);
    return NULL;
}

static void jobs_and_waits_of_all_scopes_are_found(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(TASKS_TIMER_AND_MESSAGE);
    struct open_keys keys;
    struct error err;
    assert_non_null(start(f));
    struct job_offer left = *offered(f, "l"), right = *offered(f, "r");
    uint64_t timer = f->changes.timers.items[0].key;
    str image = image_of(f, left.instance);
    assert_true(
        open_keys_read(&f->environment, &f->arena, image, (struct open_most){9, 9}, &keys, &err));
    assert_int_equal(keys.job_count, 2);
    assert_true(keys.jobs[0] == left.key && keys.jobs[1] == right.key);
    assert_int_equal(keys.wait_count, 1);
    assert_true(keys.waits[0] == timer);
    assert_true(
        open_keys_read(&f->environment, &f->arena, image, (struct open_most){1, 0}, &keys, &err));
    assert_true(keys.job_count == 1 && keys.wait_count == 0);
    fixture_free(f);
}

static void an_image_that_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(ONE_TASK);
    struct open_keys keys;
    struct error err;
    str image = image_of(f, start(f)->instance);
    str half = str_sub(image, 0, image.len / 2);
    assert_false(
        open_keys_read(&f->environment, &f->arena, half, (struct open_most){9, 9}, &keys, &err));
    assert_non_null(strstr(err.text, "damaged"));
    f->has_no_process = true;
    assert_false(
        open_keys_read(&f->environment, &f->arena, image, (struct open_most){9, 9}, &keys, &err));
    assert_non_null(strstr(err.text, "is not there"));
    f->has_no_process = false;
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_and_waits_of_all_scopes_are_found),
        cmocka_unit_test(an_image_that_cannot_be_read_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
