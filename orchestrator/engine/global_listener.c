// SPDX-License-Identifier: Apache-2.0
//
// Listeners of all user tasks, beside those that the models have: set for the installation, known
// to each shard. Which of them decide about a change is settled when the change begins and kept
// with it (*pinned*), so that what is set meanwhile neither skips one nor runs one twice.
#include "engine/global_listener.h"
#include "engine/user_task.h"
#include "record/rows.h"

str engine_listeners(const struct engine *engine)
{
    return engine->shard->listeners_text;
}

void listeners_set(struct engine *engine)
{
    str text = engine->command->set_listeners.listeners;
    global_listener_list listeners;
    if (!state_read_listeners(engine->turn, text, &listeners)) {
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("listeners are [[job type, retries, runs last, [event, …]], …]"));
        return;
    }
    step_emit(engine, engine->shard, (struct event){.type = EVENT_LISTENERS_SET, .value = text});
    step_accept(engine, 0, 0);
}

static bool hears(const struct global_listener *listener, enum bpmn_listener_event event)
{
    return (listener->events >> event & 1) != 0;
}

bool listeners_hear(const struct engine *engine, enum bpmn_listener_event event)
{
    const global_listener_list *all = &engine->shard->listeners;
    for (size_t i = 0; i < all->count; i++)
        if (hears(&all->items[i], event))
            return true;
    return false;
}

// [[job type, retries, runs after the model's], …]
str listeners_pin(struct engine *engine, enum bpmn_listener_event event)
{
    const global_listener_list *all = &engine->shard->listeners;
    struct strbuf out = strbuf_new(engine->turn);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < all->count; i++) {
        if (!hears(&all->items[i], event))
            continue;
        json_begin_array(&w);
        json_string(&w, all->items[i].type);
        json_i64(&w, all->items[i].retries);
        json_bool(&w, all->items[i].runs_last);
        json_end_array(&w);
    }
    json_end_array(&w);
    return strbuf_str(&out);
}

static uint32_t count_first(const struct json *pinned)
{
    uint32_t count = 0;
    for (size_t i = 0; pinned != NULL && i < pinned->count; i++)
        count += !pinned->items[i].items[2].boolean;
    return count;
}

static uint32_t count_own(const struct bpmn_element *element, enum bpmn_listener_event event)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < element->listener_count; i++)
        count += element->listeners[i].event == event;
    return count;
}

// The nth of those that run first, or last.
static const struct json *nth_of(const struct json *pinned, bool runs_last, uint32_t nth)
{
    for (size_t i = 0; pinned != NULL && i < pinned->count; i++)
        if (pinned->items[i].items[2].boolean == runs_last && nth-- == 0)
            return &pinned->items[i];
    return NULL;
}

bool listeners_ask_next(struct engine *engine, instance_ref instance, element_ref ei,
                        enum bpmn_listener_event event, const struct json *pinned)
{
    uint32_t first = count_first(pinned), own = count_own(element_of(instance, ei), event);
    uint32_t nth = ei->listeners_done;
    int64_t retries;
    const struct json *listener = nth < first          ? nth_of(pinned, false, nth)
                                  : nth >= first + own ? nth_of(pinned, true, nth - first - own)
                                                       : NULL;
    if (nth >= first && nth < first + own)
        return job_create_nth_listener(engine, instance, ei, event, nth - first);
    if (listener == NULL)
        return false;
    check(str_to_i64(listener->items[1].text, &retries)); // our own
    job_create_global_listener(engine, instance, ei, event,
                               (struct global_job){listener->items[0].text, retries});
    return true;
}
