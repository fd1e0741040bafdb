// SPDX-License-Identifier: Apache-2.0
//
// Cluster variables: values of the whole installation, or of one tenant, that every expression can
// read as camunda.vars. Shard 0 decides about a change and tells the others by its outbox; each has
// all of them, so an expression asks nobody. What a shard has not heard of yet it does not know: a
// change reaches the shards one after the other, and its caller hears when all have it.
#include "engine/step.h"

static struct cluster_variable *find(const struct engine *engine, str name, bool is_global,
                                     str tenant)
{
    struct cluster_variable *v = engine->shard->cluster_variables;
    while (v != NULL && !(v->is_global == is_global && str_equal(v->name, name) &&
                          (is_global || str_equal(v->tenant, tenant))))
        v = v->next;
    return v;
}

// -- Changes ----------------------------------------------------------------------------

static void emit(struct engine *engine, const struct cluster_variable_command *change)
{
    bool removes = change->change == CLUSTER_VARIABLE_DELETE;
    step_emit(engine, engine->shard,
              (struct event){.type = removes ? EVENT_CLUSTER_VARIABLE_REMOVED
                                             : EVENT_CLUSTER_VARIABLE_SET,
                             .key = change->key,
                             .number = change->is_global,
                             .name = change->name,
                             .code = change->is_global ? STR_EMPTY : engine->command->tenant,
                             .value = removes ? STR_EMPTY : change->value});
}

static bool fits(struct engine *engine, const struct cluster_variable_command *change,
                 const struct cluster_variable *known, str *ret_why)
{
    uint64_t count = known == NULL, bytes = change->value.len;
    for (const struct cluster_variable *v = engine->shard->cluster_variables; v != NULL;
         v = v->next) {
        count++;
        bytes += v == known ? 0 : v->value.len;
    }
    if (!border_value(engine, "the value", change->value, LIMIT_CLUSTER_VARIABLE_BYTES, ret_why))
        return false;
    bool is_full = count > LIMIT_CLUSTER_VARIABLES;
    if (is_full || bytes > LIMIT_CLUSTER_VARIABLES_BYTES)
        *ret_why = str_format(engine->turn, "%llu %s, the limit is %d (%s)",
                              (unsigned long long)(is_full ? count : bytes),
                              is_full ? "cluster variables" : "bytes of cluster variables",
                              is_full ? LIMIT_CLUSTER_VARIABLES : LIMIT_CLUSTER_VARIABLES_BYTES,
                              is_full ? "CLUSTER_VARIABLES" : "CLUSTER_VARIABLES_BYTES");
    return !is_full && bytes <= LIMIT_CLUSTER_VARIABLES_BYTES;
}

// False after rejecting.
static bool may_change(struct engine *engine, const struct cluster_variable_command *change,
                       const struct cluster_variable *known)
{
    str why;
    str name = change->name;
    if (change->change == CLUSTER_VARIABLE_CREATE && known != NULL)
        step_reject(engine, engine->shard, REJECTION_ALREADY_EXISTS,
                    str_format(engine->turn, "there is a cluster variable '%.*s' of this scope",
                               STR_ARG(name)));
    else if (change->change != CLUSTER_VARIABLE_CREATE && known == NULL)
        step_reject(engine, engine->shard, REJECTION_NOT_FOUND,
                    str_format(engine->turn, "there is no cluster variable '%.*s' of this scope",
                               STR_ARG(name)));
    else if (change->change != CLUSTER_VARIABLE_DELETE &&
             !personal_is_nobodys(engine, "a cluster variable", change->value, &why))
        step_reject(engine, engine->shard, REJECTION_INVALID, why);
    else if (change->change != CLUSTER_VARIABLE_DELETE && !fits(engine, change, known, &why))
        step_reject(engine, engine->shard, REJECTION_LIMIT, why);
    else
        return true;
    return false;
}

void cluster_variable_set(struct engine *engine)
{
    struct command all = *engine->command;
    struct cluster_variable_command *change = &all.cluster_variable;
    const struct cluster_variable *known =
        find(engine, change->name, change->is_global, engine->command->tenant);
    if (engine->environment.shard != 0) {
        step_reject(engine, engine->shard, REJECTION_INVALID,
                    STR("changes of cluster variables go to shard 0"));
        return;
    }
    if (!may_change(engine, change, known))
        return;
    change->key = known != NULL ? known->key : step_key(engine);
    emit(engine, change);
    all.type = COMMAND_SPREAD_CLUSTER_VARIABLE;
    for (uint32_t shard = 1; shard < engine->environment.shard_count; shard++)
        step_send_command(engine, shard, &all);
    step_accept(engine, change->key, 0);
}

void cluster_variable_spread(struct engine *engine)
{
    emit(engine, &engine->command->cluster_variable);
    step_accept(engine, engine->command->cluster_variable.key, 0);
}

// -- Values -----------------------------------------------------------------------------

static feel_value put(struct engine *engine, feel_value context,
                      const struct cluster_variable *variable)
{
    struct error err;
    feel_value value;
    step_spend(engine, variable->value.len);
    if (!feel_from_json_text(engine->turn, variable->value, &value, &err))
        value = feel_null();
    return feel_context_put(engine->turn, context, variable->name, value);
}

// {vars: {cluster, tenant, env}}: a tenant's own goes before the installation's in env.
feel_value cluster_variable_context(struct engine *engine, str tenant)
{
    struct arena *arena = engine->turn;
    feel_value none = feel_context_new(arena, NULL, 0);
    feel_value cluster = none, own = none, env = none, vars = none;
    for (const struct cluster_variable *v = engine->shard->cluster_variables; v != NULL;
         v = v->next)
        if (v->is_global) {
            cluster = put(engine, cluster, v);
            env = put(engine, env, v);
        }
    for (const struct cluster_variable *v = engine->shard->cluster_variables; v != NULL;
         v = v->next)
        if (!v->is_global && str_equal(v->tenant, tenant)) {
            own = put(engine, own, v);
            env = put(engine, env, v);
        }
    vars = feel_context_put(arena, vars, STR("cluster"), cluster);
    vars = feel_context_put(arena, vars, STR("tenant"), own);
    vars = feel_context_put(arena, vars, STR("env"), env);
    return feel_context_put(arena, none, STR("vars"), vars);
}
