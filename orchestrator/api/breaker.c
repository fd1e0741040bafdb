// SPDX-License-Identifier: Apache-2.0
//
// Breakers of job types and credentials: which are open, and opened or closed by hand. They live in
// the shards (engine/breaker.c): a change goes to each of them.
#include "api/api_private.h"

#include "gateway/call.h"
#include "store/read/breaker.h"

static enum breaker_kind kind_named(str name)
{
    return str_equal(name, STR("CREDENTIAL")) ? BREAKER_CREDENTIAL : BREAKER_TYPE;
}

static void on_listed(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"kind"},
                                                 {"name"},
                                                 {"tenantId"},
                                                 {"state"},
                                                 {"cause"},
                                                 {"openTime"},
                                                 {"probeTime"},
                                                 {"timesInARow", ITEM_JSON},
                                                 {"shards", ITEM_JSON},
                                                 {"waitingJobs", ITEM_JSON},
                                                 {"jobKey"},
                                                 {"message"},
                                                 {"processDefinitionIds", ITEM_JSON}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_breaker_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    str kind = request_query(request, "kind");
    read_run(caller,
             read_breakers(caller->arena, caller->scope,
                           str_is_empty(kind) ? 0 : (int)kind_named(kind),
                           request_query(request, "name")),
             on_listed, NULL);
}

// -- By hand ----------------------------------------------------------------------------

struct change {
    struct breaker_name breaker;
    bool opens;
    int64_t rest_ms;
};

static void on_changed(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    request_answer_empty(request_of(caller));
}

// Jobs wait for it of every process that it holds up: the caller needs to be allowed on each.
static bool may_change(struct caller *caller, const struct query_rows *rows)
{
    bool has_all = caller->scope.is_everything || caller->scope.has_all_resources;
    if (query_i64(rows, 0, BREAKER_PROCESSES) == 0 && !has_all)
        caller_fail_format(caller, ERROR_DENIED, "",
                           "no job waits for it: this takes UPDATE_PROCESS_INSTANCE on all "
                           "processes (*)");
    else if (!query_is_null(rows, 0, BREAKER_DENIED))
        caller_fail_format(caller, ERROR_DENIED, "",
                           "jobs of processes wait for it on which you have no "
                           "UPDATE_PROCESS_INSTANCE");
    else
        return true;
    return false;
}

static void on_reach(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct change *change = context;
    const struct breaker_name *breaker = &change->breaker;
    if (!may_change(caller, rows))
        return;
    if (!change->opens && query_i64(rows, 0, BREAKER_SHARDS) == 0) {
        request_problem_format(
            request_of(caller), 404, "NOT_FOUND", "no breaker of the %s '%.*s' is open",
            breaker->kind == BREAKER_TYPE ? "job type" : "credential", STR_ARG(breaker->name));
        return;
    }
    struct command command = {.type = COMMAND_SET_BREAKER,
                              .set_breaker = {.kind = breaker->kind,
                                              .name = breaker->name,
                                              .opens = change->opens,
                                              .rest_ms = change->rest_ms}};
    call_each_shard(caller, &command, on_changed);
}

static void set(struct request *request, bool opens)
{
    struct caller *caller = caller_of(request);
    struct change *change = ARENA_NEW(caller->arena, struct change);
    caller->tenant = tenant_inside(json_get_str(request->body, STR("tenantId"), STR_EMPTY));
    *change = (struct change){
        .breaker = {.kind = kind_named(json_get_str(request->body, STR("kind"), STR_EMPTY)),
                    .tenant = caller->tenant},
        .opens = opens,
        .rest_ms = json_get_i64(request->body, STR("restMs"), 0)};
    if (request_text(request, STR("name"), &change->breaker.name) &&
        request_has_tenant(request, caller->tenant))
        read_run(caller, read_breaker_reach(caller->arena, caller->scope, &change->breaker),
                 on_reach, change);
}

void handle_breaker_open(struct request *request)
{
    set(request, true);
}

void handle_breaker_close(struct request *request)
{
    set(request, false);
}
