// SPDX-License-Identifier: Apache-2.0
// Scripts: JSON lines, steps in order, each done when nothing else can run.
#include "sim/world.h"

#include <stdio.h>

struct script_step {
    struct sim *sim;
    const struct json *json;
    size_t line;
    struct error *err;
};

typedef bool (*step_function)(struct script_step *step, const struct json *value);

static bool wrong(const struct script_step *step, const char *text, str detail)
{
    char place[32];
    snprintf(place, sizeof place, "script line %zu", step->line);
    return error_set(step->err, ERROR_INVALID, place, "%s: '%.*s'", text, STR_ARG(detail));
}

static str text_of(struct sim *sim, const struct json *value)
{
    struct strbuf out = strbuf_new(&sim->arena);
    struct json_writer w = json_writer_new(&out);
    if (value == NULL)
        return STR_EMPTY;
    json_value(&w, value);
    return strbuf_str(&out);
}

static str variables_of(struct sim *sim, const struct json *object)
{
    return text_of(sim, json_get(object, STR("variables")));
}

static bool is_text(const struct json *value)
{
    return json_is(value, JSON_STRING);
}

// -- What happens -----------------------------------------------------------------------

static bool do_start(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    for (size_t i = 0; is_text(value) && i < sim->deployed.count; i++) {
        const struct deployed *d = &sim->deployed.items[i];
        if (d->process == NULL || !str_equal(d->process->id, value->text))
            continue;
        trigger_start(sim, d, STR_EMPTY, variables_of(sim, step->json));
        return true;
    }
    return wrong(step, "no such process is deployed", text_of(sim, value));
}

static void unmention(struct sim *sim, str element)
{
    size_t *count = map_get(&sim->script_mentions, element);
    if (count != NULL && --*count == 0)
        map_remove(&sim->script_mentions, element);
}

static bool do_trigger(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    if (!is_text(value))
        return wrong(step, "trigger needs the id of an element", text_of(sim, value));
    unmention(sim, value->text);
    return trigger_element(sim, value->text, variables_of(sim, step->json)) ||
           wrong(step, "nothing waits for this trigger", value->text);
}

static bool do_message(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    struct command *command = world_command(sim, COMMAND_PUBLISH_MESSAGE);
    const struct json *key = json_get(value, STR("correlationKey"));
    struct feel_duration ttl = {0};
    str time_to_live = json_get_str(value, STR("timeToLive"), STR_EMPTY);
    if (!str_is_empty(time_to_live) && !feel_duration_parse(time_to_live, &ttl))
        return wrong(step, "timeToLive is no duration", time_to_live);
    command->publish_message = (struct publish_message){
        .name = json_get_str(value, STR("name"), is_text(value) ? value->text : STR_EMPTY),
        .correlation_key = key == NULL    ? STR_EMPTY
                           : is_text(key) ? key->text
                                          : text_of(sim, key),
        .message_id = json_get_str(value, STR("messageId"), STR_EMPTY),
        .variables = variables_of(sim, json_is(value, JSON_OBJECT) ? value : step->json),
        .ttl_ms = ttl.ms,
    };
    world_send(sim, command);
    return true;
}

static bool do_signal(struct script_step *step, const struct json *value)
{
    struct command *command = world_command(step->sim, COMMAND_BROADCAST_SIGNAL);
    command->broadcast_signal = (struct broadcast_signal){
        .name = json_get_str(value, STR("name"), is_text(value) ? value->text : STR_EMPTY),
        .variables = variables_of(step->sim, json_is(value, JSON_OBJECT) ? value : step->json),
    };
    world_send(step->sim, command);
    return true;
}

static bool do_advance(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    struct feel_duration duration;
    int64_t until;
    if (!is_text(value) || !feel_duration_parse(value->text, &duration) ||
        !feel_instant_add(sim->now_ms, duration, NULL, &until) || until < sim->now_ms)
        return wrong(step, "advance needs a duration such as PT48H", text_of(sim, value));
    while (world_advance(sim, until))
        ;
    sim->now_ms = until;
    return true;
}

// -- What is to come --------------------------------------------------------------------

static void keep_answer(struct sim *sim, struct scripted *answer)
{
    struct scripted **at = &sim->answers;
    while (*at != NULL)
        at = &(*at)->next;
    *at = answer;
    unmention(sim, answer->element);
}

static bool do_fail(struct script_step *step, const struct json *value)
{
    struct scripted *answer = ARENA_NEW(&step->sim->arena, struct scripted);
    answer->element = json_get_str(value, STR("element"), STR_EMPTY);
    answer->retries = json_get_i64(value, STR("retries"), 0);
    answer->text = json_get_str(value, STR("message"), STR_EMPTY);
    answer->variables = variables_of(step->sim, value);
    keep_answer(step->sim, answer);
    return true;
}

static bool do_error(struct script_step *step, const struct json *value)
{
    struct scripted *answer = ARENA_NEW(&step->sim->arena, struct scripted);
    answer->is_error = true;
    answer->element = json_get_str(value, STR("element"), STR_EMPTY);
    answer->text = json_get_str(value, STR("code"), STR_EMPTY);
    answer->variables = variables_of(step->sim, value);
    keep_answer(step->sim, answer);
    return true;
}

static bool do_delay(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    for (size_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++) {
        struct feel_duration duration;
        const struct json *item = &value->members[i].value;
        if (!is_text(item) || !feel_duration_parse(item->text, &duration))
            return wrong(step, "delay needs durations", text_of(sim, item));
        int64_t *ms = ARENA_NEW(&sim->arena, int64_t);
        *ms = duration.ms;
        map_put(&sim->delays, value->members[i].name, ms);
    }
    return true;
}

static bool do_wait(struct script_step *step, const struct json *value)
{
    for (size_t i = 0; json_is(value, JSON_ARRAY) && i < value->count; i++)
        if (is_text(&value->items[i]))
            map_put(&step->sim->waits, value->items[i].text, step->sim);
    return true;
}

static bool do_take(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    for (size_t i = 0; json_is(value, JSON_OBJECT) && i < value->count; i++) {
        const struct json *list = &value->members[i].value;
        struct take *take = ARENA_NEW(&sim->arena, struct take);
        bool one = is_text(list);
        take->count = one ? 1 : json_is(list, JSON_ARRAY) ? list->count : 0;
        take->flows = ARENA_ARRAY(&sim->arena, str, take->count);
        for (size_t k = 0; k < take->count; k++)
            take->flows[k] = one                        ? list->text
                             : is_text(&list->items[k]) ? list->items[k].text
                                                        : STR_EMPTY;
        map_put(&sim->takes, value->members[i].name, take);
    }
    return true;
}

// -- Expecting --------------------------------------------------------------------------

static bool expect_waiting(struct script_step *step, const struct sim_result *result,
                           const struct json *list)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        bool found = false;
        for (size_t k = 0; k < result->waiting_count; k++)
            found |= is_text(&list->items[i]) &&
                     str_equal(result->waiting[k].element, list->items[i].text);
        if (!found)
            return wrong(step, "does not wait", text_of(step->sim, &list->items[i]));
    }
    return true;
}

static bool expect_variables(struct script_step *step, const struct sim_result *result,
                             const struct json *wanted)
{
    struct json *actual;
    struct error err;
    if (!json_is(wanted, JSON_OBJECT))
        return true;
    if (!json_parse(&step->sim->arena, result->variables, &actual, &err))
        return wrong(step, "there are no variables", STR_EMPTY);
    for (size_t i = 0; i < wanted->count; i++) {
        const struct json *value = json_get(actual, wanted->members[i].name);
        feel_value left = value ? feel_from_json(&step->sim->arena, value) : feel_null();
        feel_value right = feel_from_json(&step->sim->arena, &wanted->members[i].value);
        if (feel_equal(left, right) != 1)
            return wrong(
                step,
                str_cstr(&step->sim->arena, str_format(&step->sim->arena, "variable %.*s is",
                                                       STR_ARG(wanted->members[i].name))),
                text_of(step->sim, value));
    }
    return true;
}

static bool expect_visited(struct script_step *step, const struct json *list, bool wanted)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (is_text(&list->items[i]) && sim_was_visited(step->sim, list->items[i].text) != wanted)
            return wrong(step, wanted ? "was not passed" : "was passed", list->items[i].text);
    return true;
}

static bool was_breached(const struct sim *sim, str id)
{
    return map_get(&sim->breached, id) != NULL;
}

// Exactly these service levels were breached: ids of elements and processes.
static bool expect_breached(struct script_step *step, const struct json *list)
{
    if (!json_is(list, JSON_ARRAY))
        return true;
    for (size_t i = 0; i < list->count; i++)
        if (is_text(&list->items[i]) && !was_breached(step->sim, list->items[i].text))
            return wrong(step, "its service level is not breached", list->items[i].text);
    return step->sim->breached.count == list->count ||
           wrong(step, "more service levels are breached than these",
                 text_of(step->sim, step->json));
}

static bool expect_cost(struct script_step *step, const struct json *cost)
{
    const struct sim_instance *first = step->sim->instances;
    feel_value actual = feel_null();
    if (cost == NULL)
        return true;
    if (first != NULL && !str_is_empty(first->cost) && !feel_number_parse(first->cost, &actual))
        actual = feel_null();
    return feel_equal(actual, feel_from_json(&step->sim->arena, cost)) == 1 ||
           wrong(step, "expected another cost, it is", first ? first->cost : STR_EMPTY);
}

static bool do_expect(struct script_step *step, const struct json *value)
{
    struct sim_result result;
    sim_result(step->sim, &result);
    str state = is_text(value) ? value->text : json_get_str(value, STR("state"), STR_EMPTY);
    const char *actual = sim_state_name(result.state);
    if (!str_is_empty(state) && !str_equal(state, str_of(actual)))
        return wrong(step, "expected another state, it is", str_of(actual));
    return expect_waiting(step, &result, json_get(value, STR("waiting"))) &&
           expect_variables(step, &result, json_get(value, STR("variables"))) &&
           expect_breached(step, json_get(value, STR("breached"))) &&
           expect_cost(step, json_get(value, STR("cost"))) &&
           expect_visited(step, json_get(value, STR("visited")), true) &&
           expect_visited(step, json_get(value, STR("notVisited")), false);
}

// -- The script -------------------------------------------------------------------------

// Conditional starts of processes look at these variables.
static bool do_evaluate(struct script_step *step, const struct json *value)
{
    struct sim *sim = step->sim;
    struct command *command = world_command(sim, COMMAND_EVALUATE_CONDITIONS);
    command->create_instance = (struct create_instance){.process_id = STR_EMPTY,
                                                        .variables = variables_of(sim, value),
                                                        .business_id = STR_EMPTY,
                                                        .fetch_variables = STR_EMPTY,
                                                        .deduplication_id = STR_EMPTY};
    world_send(sim, command);
    return true;
}

static const struct {
    const char *name;
    step_function run;
} steps[] = {
    {"start", do_start},     {"trigger", do_trigger}, {"message", do_message},
    {"signal", do_signal},   {"advance", do_advance}, {"fail", do_fail},
    {"bpmnError", do_error}, {"delay", do_delay},     {"wait", do_wait},
    {"take", do_take},       {"expect", do_expect},   {"evaluate", do_evaluate},
};

static void tell_step(const struct script_step *step)
{
    const struct sim_options *options = &step->sim->options;
    struct sim_event event = {.time_ms = step->sim->now_ms,
                              .event = "STEP",
                              .process = STR_EMPTY,
                              .element = STR_EMPTY,
                              .type = STR_EMPTY,
                              .key = step->line};
    if (options->steps && options->observer != NULL)
        options->observer(options->observer_context, &event);
}

static bool run_step(struct script_step *step)
{
    tell_step(step);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        const struct json *value = json_get(step->json, str_of(steps[i].name));
        if (value == NULL)
            continue;
        if (!steps[i].run(step, value))
            return false;
        world_drain(step->sim);
        return true;
    }
    return wrong(step, "no step of this name", text_of(step->sim, step->json));
}

// The element whose job a step answers: until then its jobs wait.
static str mentioned(const struct json *json)
{
    const struct json *trigger = json_get(json, STR("trigger"));
    const struct json *fail = json_get(json, STR("fail"));
    const struct json *error = json_get(json, STR("bpmnError"));
    if (is_text(trigger))
        return trigger->text;
    return json_get_str(fail ? fail : error, STR("element"), STR_EMPTY);
}

static void mention(struct sim *sim, str element)
{
    size_t *count = map_get(&sim->script_mentions, element);
    if (str_is_empty(element))
        return;
    if (count == NULL) {
        count = ARENA_NEW(&sim->arena, size_t);
        map_put(&sim->script_mentions, element, count);
    }
    ++*count;
}

static bool read_lines(struct sim *sim, str script, struct error *err,
                       bool (*visit)(struct script_step *step))
{
    struct script_step step = {.sim = sim, .err = err};
    str line;
    while (str_split(&script, '\n', &line)) {
        struct json *json;
        struct error cause;
        step.line++;
        if (str_is_empty(str_trim(line)))
            continue;
        if (!json_parse(&sim->arena, str_trim(line), &json, &cause))
            return wrong(&step, "no JSON", str_of(cause.text));
        step.json = json;
        if (!visit(&step))
            return false;
    }
    return true;
}

static bool visit_mention(struct script_step *step)
{
    mention(step->sim, mentioned(step->json));
    step->sim->script_starts |= json_get(step->json, STR("start")) != NULL;
    return true;
}

bool script_read(struct sim *sim, str script, struct error *err)
{
    return read_lines(sim, script, err, visit_mention);
}

bool script_run(struct sim *sim, str script, struct error *err)
{
    return read_lines(sim, script, err, run_step);
}
