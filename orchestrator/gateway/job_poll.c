// SPDX-License-Identifier: Apache-2.0
#include "gateway/job_poll.h"

#include "base/digest.h"
#include "base/json.h"
#include "gateway/gateway_private.h"
#include "record/token.h"

#include "record/limits.h"

static bool is_short(str name, const char *place, struct error *err)
{
    return name.len <= LIMIT_NAME_BYTES ||
           error_set(err, ERROR_LIMIT, place, "a name has at most NAME_BYTES (%d) bytes, found %zu",
                     LIMIT_NAME_BYTES, name.len);
}

static bool is_there(const str *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

// Of which processes it gets jobs: those whose instances it may change.
static bool find_processes(struct job_poll *poll, struct error *err)
{
    bool all;
    struct caller *caller = poll->caller;
    struct names ids =
        identity_resources(caller->arena, caller->identity, RESOURCE_PROCESS_DEFINITION,
                           STR("UPDATE_PROCESS_INSTANCE"), &all);
    struct strbuf out = strbuf_new(caller->arena);
    poll->processes = STR_EMPTY;
    if (all)
        return true;
    strbuf_add(&out, STR("\n"));
    for (size_t i = 0; i < ids.count; i++)
        strbuf_format(&out, "%.*s\n", STR_ARG(ids.items[i]));
    poll->processes = strbuf_str(&out);
    caller->scope.has_all_resources = false;
    caller->scope.resources = ids.items;
    caller->scope.resource_count = ids.count;
    return poll->processes.len <= LIMIT_PROCESS_LIST_BYTES ||
           error_set(err, ERROR_LIMIT, "",
                     "the ids of the processes that the caller may update have %zu bytes, the "
                     "limit PROCESS_LIST_BYTES is %d: give UPDATE_PROCESS_INSTANCE on fewer, or "
                     "on all (*)",
                     poll->processes.len, LIMIT_PROCESS_LIST_BYTES);
}

static bool may_poll(struct job_poll *poll, struct error *err)
{
    const struct caller *caller = poll->caller;
    if (poll->tenant_count == 0 && !caller_has_tenant(caller, STR_EMPTY))
        return error_set(err, ERROR_DENIED, "tenantIds",
                         "the caller does not belong to the tenant <default>");
    for (size_t i = 0; i < poll->tenant_count; i++)
        if (!caller_has_tenant(caller, poll->tenants[i]))
            return error_set(err, ERROR_DENIED, "tenantIds",
                             "the caller does not belong to the tenant '%.*s'",
                             STR_ARG(tenant_outside(poll->tenants[i])));
    return find_processes(poll, err);
}

// Those that the caller belongs to, whatever it names. Who may do everything belongs to none in
// particular: it gets the default tenant's.
static void take_assigned(struct job_poll *poll)
{
    const struct names assigned = poll->caller->identity->tenants;
    str *tenants = ARENA_ARRAY(poll->caller->arena, str, assigned.count);
    for (size_t i = 0; i < assigned.count; i++)
        tenants[i] = str_copy(poll->caller->arena, assigned.items[i]);
    poll->tenants = tenants;
    poll->tenant_count = assigned.count;
}

bool job_poll_check(struct job_poll *poll, struct error *err)
{
    if (poll->of_all_tenants)
        take_assigned(poll);
    str *tenants = ARENA_ARRAY(poll->caller->arena, str, GATEWAY_MAX_TENANTS);
    size_t count = 0;
    if (!is_short(poll->worker, "worker", err))
        return false;
    for (size_t i = 0; i < poll->tenant_count; i++) {
        str tenant = poll->tenants[i];
        if (!is_short(tenant, "tenantIds", err))
            return false;
        if (is_there(tenants, count, tenant))
            continue;
        if (count == GATEWAY_MAX_TENANTS)
            return error_set(err, ERROR_LIMIT, "tenantIds",
                             "a poll names at most GATEWAY_MAX_TENANTS (%d) tenants",
                             GATEWAY_MAX_TENANTS);
        tenants[count++] = tenant;
    }
    poll->tenants = tenants;
    poll->tenant_count = count;
    return may_poll(poll, err);
}

static bool is_listed(const str *names, size_t count, str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(names[i], name))
            return true;
    return false;
}

// The attempt, and the token that a worker on Kafka has of it.
enum { ATTEMPT_DIGITS = 10, LEASE_LENGTH = ATTEMPT_DIGITS + TOKEN_LENGTH };

str job_lease_token(const struct gateway *gateway, struct arena *arena, uint64_t job,
                    uint32_t attempt)
{
    str proof = token_make(arena, gateway->options.secret, job, attempt);
    return str_format(arena, "%0*u%.*s", ATTEMPT_DIGITS, attempt, STR_ARG(proof));
}

bool job_lease_attempt(const struct gateway *gateway, str token, uint64_t job,
                       uint32_t *ret_attempt)
{
    struct arena arena = ARENA_EMPTY;
    uint64_t attempt;
    bool is_good = token.len == LEASE_LENGTH &&
                   str_to_u64(str_sub(token, 0, ATTEMPT_DIGITS), &attempt) && attempt > 0 &&
                   attempt <= UINT32_MAX &&
                   digest_equal(job_lease_token(gateway, &arena, job, (uint32_t)attempt), token);
    arena_done(&arena);
    if (is_good)
        *ret_attempt = (uint32_t)attempt;
    return is_good;
}

str job_variables(struct arena *arena, str variables, const str *names, size_t count)
{
    struct json *all;
    struct error err;
    if (count == 0 || !json_parse(arena, variables, &all, &err))
        return variables.len > 0 ? variables : STR("{}");
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    for (size_t i = 0; i < all->count; i++)
        if (is_listed(names, count, all->members[i].name)) {
            json_key(&w, all->members[i].name);
            json_value(&w, &all->members[i].value);
        }
    json_end_object(&w);
    return strbuf_str(&out);
}
