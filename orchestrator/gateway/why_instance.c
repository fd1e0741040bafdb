// SPDX-License-Identifier: Apache-2.0
//
// Why an instance stands where it stands: what each of its tokens waits for.
#include "gateway/why_cause.h"
#include "gateway/why_text.h"

void why_of_instance(struct why_findings *findings, const struct why_instance *instance)
{
    struct arena *arena = findings->arena;
    struct why_finding found = {.key = instance->key, .name = instance->process_id};
    str when = why_time(arena, instance->ended_ms);
    switch (instance->state) {
    case INSTANCE_ACTIVE:
        return;
    case INSTANCE_COMPLETED:
        found.cause = WHY_INSTANCE_COMPLETED;
        found.sentence = str_format(arena, "the instance completed at %.*s", STR_ARG(when));
        break;
    case INSTANCE_TERMINATED:
        found.cause = WHY_INSTANCE_TERMINATED;
        found.sentence = str_format(arena, "the instance was terminated at %.*s", STR_ARG(when));
        break;
    case INSTANCE_SUSPENDED:
        found.cause = WHY_INSTANCE_SUSPENDED;
        found.sentence = STR("the instance is suspended: timers and messages wait, and jobs are "
                             "not offered, until it resumes");
        break;
    }
    *ARRAY_PUSH(arena, &findings->list) = found;
}

// -- One function a kind of wait ------------------------------------------------------------

static str of_near(struct arena *arena, const struct why_wait *wait, enum why_cause *ret_cause)
{
    const char *was = wait->is_over ? "was published and reached nobody" : "waits for a receiver";
    if (wait->other_tenant) {
        *ret_cause = WHY_OTHER_TENANT_MESSAGE;
        return str_format(arena, "a message '%.*s' with this key %s in the tenant %.*s",
                          STR_ARG(wait->name), was, STR_ARG(why_quoted(arena, wait->tenant)));
    }
    if (!str_equal(wait->key_text, wait->wanted_key)) {
        *ret_cause = WHY_OTHER_KEY;
        if (wait->is_hidden)
            return str_format(arena, "a message '%.*s' with another key %s; '%.*s' is waited for",
                              STR_ARG(wait->name), was, STR_ARG(wait->wanted_key));
        return str_format(arena, "a message '%.*s' with the key '%.*s' %s; '%.*s' is waited for",
                          STR_ARG(wait->name), STR_ARG(wait->key_text), was,
                          STR_ARG(wait->wanted_key));
    }
    *ret_cause = WHY_TOO_EARLY;
    return str_format(arena,
                      "a message '%.*s' with this key came and was gone at %.*s: it reached nobody "
                      "in its time to live",
                      STR_ARG(wait->name), STR_ARG(why_time(arena, wait->until_ms)));
}

static str of_task(struct arena *arena, const struct why_wait *wait, enum why_cause *ret_cause)
{
    str due = wait->until_ms == 0 ? STR_EMPTY
                                  : str_format(arena, "; it is due at %.*s",
                                               STR_ARG(why_time(arena, wait->until_ms)));
    *ret_cause = str_is_empty(wait->name) ? WHY_USER_TASK_UNASSIGNED : WHY_USER_TASK_ASSIGNED;
    if (!str_is_empty(wait->name))
        return str_format(arena, "'%.*s' has the user task%.*s", STR_ARG(wait->name), STR_ARG(due));
    if (str_is_empty(wait->key_text))
        return str_format(arena, "nobody has the user task, and it has no candidates%.*s",
                          STR_ARG(due));
    return str_format(arena, "nobody has taken the user task; its candidates are %.*s%.*s",
                      STR_ARG(wait->key_text), STR_ARG(due));
}

// Of an element of which nothing else was told.
static str of_place(struct arena *arena, const struct why_wait *wait, enum why_cause *ret_cause)
{
    if (wait->has_more) {
        *ret_cause = WHY_CONTENTS;
        return STR("it waits for what is inside of it");
    }
    *ret_cause = WHY_MOVING;
    return str_format(arena, "it waits for nothing from outside: it is on its way%s%.*s",
                      str_is_empty(wait->key_text) ? "" : "; it waits for ",
                      STR_ARG(wait->key_text));
}

static str sentence_of(struct arena *arena, const struct why_wait *wait, enum why_cause *ret_cause)
{
    switch (wait->kind) {
    case WHY_WAIT_PLACE:
        return of_place(arena, wait, ret_cause);
    case WHY_WAIT_TIMER:
        *ret_cause = WHY_TIMER;
        return str_format(arena, "the timer is due at %.*s",
                          STR_ARG(why_time(arena, wait->until_ms)));
    case WHY_WAIT_MESSAGE:
        *ret_cause = WHY_MESSAGE;
        return str_is_empty(wait->key_text)
                   ? str_format(arena, "no message '%.*s' has come", STR_ARG(wait->name))
                   : str_format(arena, "no message '%.*s' with the key '%.*s' has come",
                                STR_ARG(wait->name), STR_ARG(wait->key_text));
    case WHY_WAIT_NEAR:
        return of_near(arena, wait, ret_cause);
    case WHY_WAIT_SIGNAL:
        *ret_cause = WHY_SIGNAL;
        return str_format(arena, "no signal '%.*s' was broadcast since", STR_ARG(wait->name));
    case WHY_WAIT_CONDITION:
        *ret_cause = WHY_CONDITION;
        return str_format(arena, "its condition does not hold: %.*s", STR_ARG(wait->name));
    case WHY_WAIT_USER_TASK:
        return of_task(arena, wait, ret_cause);
    case WHY_WAIT_INCIDENT:
        *ret_cause = WHY_INCIDENT;
        return str_format(arena, "an incident, %.*s: %.*s", STR_ARG(wait->name),
                          STR_ARG(wait->key_text));
    case WHY_WAIT_CALLED:
        *ret_cause = WHY_CALLED_INSTANCE;
        return str_format(arena, "the instance %llu of '%.*s', which it called, has not ended",
                          (unsigned long long)wait->key, STR_ARG(wait->name));
    }
    check_unreachable();
}

void why_of_wait(struct why_findings *findings, const struct why_wait *wait)
{
    struct why_finding found = {.element_id = wait->element_id,
                                .element_instance = wait->element_instance,
                                .key = wait->key,
                                .name = wait->name,
                                .until_ms = wait->until_ms};
    found.sentence = sentence_of(findings->arena, wait, &found.cause);
    *ARRAY_PUSH(findings->arena, &findings->list) = found;
}

void why_of_unreadable(struct why_findings *findings, const struct why_instance *instance,
                       const char *reason)
{
    *ARRAY_PUSH(findings->arena, &findings->list) = (struct why_finding){
        .cause = WHY_UNREADABLE,
        .key = instance->key,
        .name = instance->process_id,
        .sentence = str_format(findings->arena, "its state cannot be read: %s", reason)};
}

void why_of_stillness(struct why_findings *findings)
{
    *ARRAY_PUSH(findings->arena, &findings->list) = (struct why_finding){
        .cause = WHY_OTHER_TOKENS,
        .sentence = STR("nothing from outside is waited for: it is on its way, or its tokens stand "
                        "at a joining gateway that waits for those of its other flows")};
}
