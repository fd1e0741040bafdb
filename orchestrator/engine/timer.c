// SPDX-License-Identifier: Apache-2.0
// Timers: planned when something begins to wait, fired by the node when due, never early and at
// most once.
#include "bpmn/cycle.h"
#include "engine/step.h"

static bool bad_timer(struct engine *engine, const struct bpmn_trigger *trigger, str *ret_why)
{
    *ret_why = str_format(engine->turn, "'%.*s' is no %s",
                          STR_ARG(feel_program_source(trigger->expression)),
                          trigger->timer == BPMN_TIMER_DATE       ? "date and time"
                          : trigger->timer == BPMN_TIMER_DURATION ? "duration"
                                                                  : "cycle");
    return false;
}

// A cycle that comes more often than CYCLE_MS would never rest.
static bool has_rest(struct engine *engine, int64_t after_ms, int64_t next_ms, str *ret_why)
{
    if (next_ms - after_ms >= LIMIT_CYCLE_MS)
        return true;
    *ret_why =
        str_format(engine->turn, "the cycle comes after %lld ms, the limit CYCLE_MS is %d at least",
                   (long long)(next_ms - after_ms), LIMIT_CYCLE_MS);
    return false;
}

// What a cycle has while its calendar is closed comes when it opens; cron is read in its zone.
static bool next_open(struct engine *engine, const struct bpmn_trigger *trigger,
                      const struct bpmn_cycle *cycle, int64_t after_ms, int64_t *ret_ms)
{
    const struct bpmn_calendar *calendar = trigger->calendar;
    const struct zone *zone =
        calendar ? zone_find(engine->environment.zones, calendar->zone) : NULL;
    return bpmn_cycle_next(cycle, zone, after_ms, ret_ms) &&
           (calendar == NULL || bpmn_calendar_add(calendar, zone, *ret_ms, 0, ret_ms));
}

static bool plan_cycle(struct engine *engine, element_ref scope, const struct bpmn_trigger *trigger,
                       int64_t *ret_due_ms, int64_t *ret_repetitions, str *ret_why)
{
    struct bpmn_cycle cycle;
    str text;
    if (!expression_text(engine, scope, trigger->expression, &text, ret_why))
        return false;
    if (!bpmn_cycle_parse(text, engine->environment.zones, &cycle))
        return bad_timer(engine, trigger, ret_why);
    *ret_repetitions = cycle.repetitions > 0 ? cycle.repetitions - 1 : cycle.repetitions;
    bool starts_later = cycle.has_start && cycle.start_ms >= engine->clock_ms;
    int64_t from_ms = starts_later ? border_moment(cycle.start_ms) : engine->clock_ms;
    int64_t next_ms;
    if (!next_open(engine, trigger, &cycle, from_ms, ret_due_ms))
        return bad_timer(engine, trigger, ret_why);
    if (starts_later)
        *ret_due_ms = from_ms;
    if (*ret_repetitions != 0 && next_open(engine, trigger, &cycle, *ret_due_ms, &next_ms) &&
        !has_rest(engine, *ret_due_ms, next_ms, ret_why))
        return false;
    *ret_due_ms = border_moment(*ret_due_ms);
    return true;
}

bool timer_plan(struct engine *engine, element_ref scope, const struct bpmn_trigger *trigger,
                int64_t *ret_due_ms, int64_t *ret_repetitions, str *ret_why)
{
    *ret_repetitions = 0;
    if (trigger->expression == NULL)
        return bad_timer(engine, trigger, ret_why);
    if (trigger->timer == BPMN_TIMER_CYCLE)
        return plan_cycle(engine, scope, trigger, ret_due_ms, ret_repetitions, ret_why);
    return expression_moment(engine, scope, trigger->expression,
                             (struct moment){trigger->calendar, engine->clock_ms}, ret_due_ms,
                             ret_why);
}

bool timer_plan_next(struct engine *engine, element_ref scope, const struct bpmn_trigger *trigger,
                     int64_t due_ms, int64_t *ret_due_ms)
{
    struct bpmn_cycle cycle;
    str text, why;
    return expression_text(engine, scope, trigger->expression, &text, &why) &&
           bpmn_cycle_parse(text, engine->environment.zones, &cycle) &&
           next_open(engine, trigger, &cycle, due_ms, ret_due_ms) &&
           has_rest(engine, due_ms, *ret_due_ms, &why) && *ret_due_ms < LIMIT_LAST_MS;
}

void timer_create(struct engine *engine, instance_ref instance, element_ref host,
                  struct event event)
{
    event.type = EVENT_TIMER_CREATED;
    event.key = step_key(engine);
    event.scope = host->entity.key;
    step_emit(engine, instance, event);
}

// A cycle of a non-interrupting event goes on from the time it was due, not from when it fired.
static void repeat(struct engine *engine, instance_ref instance, element_ref host,
                   const struct timer *fired)
{
    const struct bpmn_element *event = &instance->process->elements[fired->element];
    const struct bpmn_trigger *trigger = &event->triggers[fired->trigger];
    int64_t due_ms;
    bool again = trigger->timer == BPMN_TIMER_CYCLE && !event->interrupting &&
                 (event->type == BPMN_BOUNDARY_EVENT || event->type == BPMN_START_EVENT);
    if (!again || fired->repetitions == 0 ||
        !timer_plan_next(engine, host, trigger, fired->due_ms, &due_ms))
        return;
    timer_create(engine, instance, host,
                 (struct event){.element = fired->element + 1,
                                .flow = fired->trigger + 1,
                                .due_ms = due_ms,
                                .number = fired->repetitions > 0 ? fired->repetitions - 1 : -1});
}

static void fire(struct engine *engine, instance_ref instance, const struct timer *timer)
{
    element_ref host = timer->attachment.owner;
    step_emit(engine, instance,
              (struct event){.type = EVENT_TIMER_FIRED,
                             .key = timer->attachment.entity.key,
                             .scope = host->entity.key,
                             .element = timer->element + 1});
    if (timer->purpose != TIMER_OF_EVENT) {
        promise_due(engine, instance, host, timer);
        return;
    }
    repeat(engine, instance, host, timer);
    event_happened(engine, instance, host, timer->element, STR_EMPTY);
}

// The timers that came due while the instance was suspended, oldest first.
void timer_fire_overdue(struct engine *engine, instance_ref instance)
{
    for (;;) {
        const struct timer *first = NULL;
        size_t cursor = 0;
        uint64_t key;
        void *entity;
        while (idmap_next(&instance->entities, &cursor, &key, &entity)) {
            const struct timer *timer = entity;
            if (timer->attachment.entity.kind != ENTITY_KIND_TIMER ||
                timer->due_ms > engine->clock_ms)
                continue;
            bool earlier = first == NULL || timer->due_ms < first->due_ms ||
                           (timer->due_ms == first->due_ms && key < first->attachment.entity.key);
            first = earlier ? timer : first;
        }
        if (first == NULL || engine->fuel == 0 || step_left(engine) == 0)
            return;
        fire(engine, instance, first);
    }
}

void timer_fire(struct engine *engine)
{
    const struct command *command = engine->command;
    if (command->instance == 0) {
        definition_start_due(engine, command->key);
        return;
    }
    instance_ref instance = step_instance(engine, command->instance);
    const struct timer *timer =
        instance ? state_entity(instance, ENTITY_KIND_TIMER, command->key) : NULL;
    bool early =
        timer != NULL && timer->due_ms > engine->clock_ms && !engine->environment.is_simulated;
    if (timer == NULL || early || instance->state == INSTANCE_SUSPENDED)
        return; // gone, not yet, or when the instance resumes
    fire(engine, instance, timer);
}
