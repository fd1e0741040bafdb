// SPDX-License-Identifier: Apache-2.0
#include "gateway/test_clock.h"

#include "gateway/call.h"
#include "gateway/gateway_private.h"
#include "gateway/job_gateway.h"
#include "gateway/read.h"

struct setting {
    struct clock_row row;
    test_clock_answer *answer;
    purge_answer *purged;
    uint64_t purge;
};

bool gateway_is_for_tests(struct caller *caller)
{
    if (config_bool(caller->gateway->options.config, CONFIG_ENGINE_TEST_CLOCK))
        return true;
    caller_fail_format(caller, ERROR_DENIED, "engine.test_clock",
                       "the clock is set and everything deleted only where this setting is on");
    return false;
}

static void on_time(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct setting *setting = context;
    catalogue_clock_row(rows, &setting->row);
    setting->answer(caller, &setting->row);
}

void gateway_clock(struct caller *caller, test_clock_answer *answer)
{
    if (!gateway_is_for_tests(caller))
        return;
    struct setting *setting = ARENA_NEW(caller->arena, struct setting);
    setting->answer = answer;
    read_run(caller, catalogue_clock(caller->arena), on_time, setting);
}

// -- Setting ----------------------------------------------------------------------------

static void on_every_shard(struct caller *caller, const struct reply *reply)
{
    const struct setting *setting = caller->waiting;
    (void)reply;
    if (setting->purged != NULL) {
        job_desk_renew(caller->gateway->jobs);
        setting->purged(caller, setting->purge);
    } else {
        setting->answer(caller, &setting->row);
    }
}

// The installation has it; now the shards.
static void on_kept(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct setting *setting = context;
    catalogue_clock_row(rows, &setting->row);
    setting->row.now = str_copy(caller->arena, setting->row.now);
    caller->waiting = setting;
    struct command command = {.type = COMMAND_SET_CLOCK, .set_clock = setting->row.clock};
    call_each_shard(caller, &command, on_every_shard);
}

static void keep(struct caller *caller, struct statement statement, test_clock_answer *answer)
{
    struct setting *setting = ARENA_NEW(caller->arena, struct setting);
    setting->answer = answer;
    read_run(caller, statement, on_kept, setting);
}

void gateway_set_clock(struct caller *caller, const struct test_clock *clock,
                       test_clock_answer *answer)
{
    if (gateway_is_for_tests(caller))
        keep(caller, catalogue_set_clock(caller->arena, clock), answer);
}

void gateway_move_clock(struct caller *caller, int64_t by_ms, test_clock_answer *answer)
{
    if (gateway_is_for_tests(caller))
        keep(caller, catalogue_move_clock(caller->arena, by_ms), answer);
}

// -- Deleting everything ----------------------------------------------------------------

// Shards that begin anew know no clock of tests: they hear of it, which also shows that they run.
static void on_purged(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct setting *setting = context;
    setting->purge = query_u64(rows, 0, 0);
    read_run(caller, catalogue_clock(caller->arena), on_kept, setting);
}

void gateway_purge(struct caller *caller, purge_answer *answer)
{
    if (!gateway_is_for_tests(caller))
        return;
    struct setting *setting = ARENA_NEW(caller->arena, struct setting);
    setting->purged = answer;
    read_change(caller, catalogue_purge(caller->arena), on_purged, setting);
}
