// SPDX-License-Identifier: Apache-2.0
#include "simulate.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

static const char place[] = "--simulate";

static bool read_percent(str text, unsigned *ret_percent, struct error *err)
{
    uint64_t percent;
    if (!str_to_u64(text, &percent) || percent > 100)
        return error_set(err, ERROR_INVALID, place, "expected 0 to 100, found '%.*s'",
                         STR_ARG(text));
    *ret_percent = (unsigned)percent;
    return true;
}

static bool read_error(str text, struct simulation *simulation, struct error *err)
{
    size_t colon = str_find_char(text, ':');
    if (colon == SIZE_MAX || colon >= sizeof simulation->error_code)
        return error_set(err, ERROR_INVALID, place, "expected error=CODE:PERCENT");
    snprintf(simulation->error_code, sizeof simulation->error_code, "%.*s", (int)colon, text.data);
    return read_percent(str_from_index(text, colon + 1), &simulation->error_percent, err);
}

static bool read_setting(str setting, struct simulation *simulation, struct error *err)
{
    if (str_equal(setting, STR("say"))) {
        simulation->says = true;
        return true;
    }
    if (str_starts_with(setting, STR("delay=")))
        return (str_to_i64(str_from_index(setting, 6), &simulation->delay_ms) &&
                simulation->delay_ms >= 0) ||
               error_set(err, ERROR_INVALID, place, "delay is in milliseconds");
    if (str_starts_with(setting, STR("fail=")))
        return read_percent(str_from_index(setting, 5), &simulation->fail_percent, err);
    if (str_starts_with(setting, STR("error=")))
        return read_error(str_from_index(setting, 6), simulation, err);
    return error_set(err, ERROR_INVALID, place,
                     "'%.*s' is none of delay=, fail=, error=, say, variables=", STR_ARG(setting));
}

bool simulation_parse(const char *text, struct simulation *ret_simulation, struct error *err)
{
    str rest = str_of(text);
    str part;
    *ret_simulation = (struct simulation){.random = 0x9E3779B97F4A7C15u};
    size_t at = str_find(rest, STR(",variables="));
    if (at != SIZE_MAX) {
        ret_simulation->variables = text + at + 11;
        rest = str_sub(rest, 0, at);
    }
    if (!str_split(&rest, ',', &part) || part.len == 0 || part.len >= sizeof ret_simulation->type)
        return error_set(err, ERROR_INVALID, place, "expected a job type first, found '%s'", text);
    memcpy(ret_simulation->type, part.data, part.len);
    while (str_split(&rest, ',', &part))
        if (!read_setting(part, ret_simulation, err))
            return false;
    return true;
}

// xorshift64*: enough to spread failures, the same in every run.
static unsigned roll_percent(struct simulation *simulation)
{
    simulation->random ^= simulation->random >> 12;
    simulation->random ^= simulation->random << 25;
    simulation->random ^= simulation->random >> 27;
    return (unsigned)((simulation->random * 0x2545F4914F6CDD1Du) >> 33) % 100;
}

static void say(const struct simulation *simulation, const struct worker_task *task)
{
    const struct job_offer *job = worker_task_job(task);
    printf("%s: %.*s of instance %llu\n", simulation->type, STR_ARG(job->element_id),
           (unsigned long long)job->instance);
    fflush(stdout);
}

static void answer(struct simulation *simulation, struct worker_task *task)
{
    unsigned roll = roll_percent(simulation);
    if (simulation->says)
        say(simulation, task);
    if (roll < simulation->fail_percent)
        worker_fail(task, STR("simulated failure"), -1, 100);
    else if (roll < simulation->fail_percent + simulation->error_percent)
        worker_throw_error(task, str_of(simulation->error_code), STR("simulated error"), STR_EMPTY);
    else
        worker_complete(task, str_of(simulation->variables));
}

struct pretending {
    struct simulation *simulation;
    struct worker_task *task;
};

static void on_time(evutil_socket_t fd, short events, void *context)
{
    (void)fd;
    (void)events;
    struct pretending pretending = *(struct pretending *)context;
    free(context);
    answer(pretending.simulation, pretending.task);
}

void simulation_handle(void *context, struct worker_task *task)
{
    struct simulation *simulation = context;
    if (simulation->delay_ms == 0) {
        answer(simulation, task);
        return;
    }
    struct pretending *pretending = malloc(sizeof *pretending);
    check(pretending != NULL);
    *pretending = (struct pretending){simulation, task};
    struct timeval delay = {simulation->delay_ms / 1000, simulation->delay_ms % 1000 * 1000};
    check(event_base_once(simulation->loop, -1, EV_TIMEOUT, on_time, pretending, &delay) == 0);
}
