// SPDX-License-Identifier: Apache-2.0
//
// The resources that deployments of a batch name, by digest. They are looked up before anything is
// promised, once per batch: a deployment of what is not stored is quarantined.
#include "node/internal.h"

#include "base/log.h"

static bool names_resources(const struct task *task)
{
    return task->what == TASK_STEP && (task->command.type == COMMAND_DEPLOY ||
                                       task->command.type == COMMAND_PUBLISH_DEFINITIONS);
}

// A deployment has no keys yet; what is published may be known here already.
static bool is_wanted(const struct node *node, const struct command *command, size_t i)
{
    return command->type == COMMAND_DEPLOY ||
           !definitions_have(node->definitions, command->deploy.resources[i].key);
}

static void define(struct shard *shard, const struct command *command,
                   const struct store_resource_row *found)
{
    struct error err;
    for (size_t i = 0; i < command->deploy.count; i++) {
        const struct deployed_resource *resource = &command->deploy.resources[i];
        const struct definition_source source = {.key = resource->key,
                                                 .kind = resource->kind,
                                                 .id = resource->definition_id,
                                                 .bytes = found->bytes,
                                                 .imports = found->imports};
        if (str_equal(resource->digest, found->digest) &&
            !definitions_add(shard->node->definitions, &source, &err))
            log_error("node", "definition %llu cannot run: %s", (unsigned long long)resource->key,
                      err.text);
    }
}

static void on_resource(void *context, const struct store_resource_row *found)
{
    struct shard *shard = pending_owner(context);
    struct batch *batch = shard != NULL ? shard->computing : NULL;
    if (batch == NULL)
        return;
    map_put(&batch->resources, str_copy(&batch->arena, found->digest), batch);
    for (size_t i = 0; i < batch->count; i++)
        if (batch->tasks[i].what == TASK_STEP &&
            batch->tasks[i].command.type == COMMAND_PUBLISH_DEFINITIONS)
            define(shard, &batch->tasks[i].command, found);
}

static void refuse_unknown(struct batch *batch, struct task *task)
{
    const struct node *node = batch->shard->node;
    const struct command *command = &task->command;
    for (size_t i = 0; i < command->deploy.count; i++) {
        const struct deployed_resource *resource = &command->deploy.resources[i];
        if (!is_wanted(node, command, i) || map_get(&batch->resources, resource->digest) != NULL)
            continue;
        task->what = TASK_QUARANTINE;
        task->why = str_cstr(
            &batch->arena,
            str_format(&batch->arena, "no resource is stored with the digest of '%.*s'",
                       STR_ARG(resource->name.len > 0 ? resource->name : resource->definition_id)));
        return;
    }
}

static void on_resources(void *context, enum store_outcome outcome, const struct error *err)
{
    struct shard *shard = pending_end(context);
    struct batch *batch = shard != NULL ? shard->computing : NULL;
    for (size_t i = 0; batch != NULL && outcome == STORE_DONE && i < batch->count; i++)
        if (names_resources(&batch->tasks[i]))
            refuse_unknown(batch, &batch->tasks[i]);
    if (shard != NULL)
        load_done(shard, outcome, err);
}

// Digests of the first tasks, as many as fit; the batch ends before the others.
static size_t collect(struct batch *batch, str *digests)
{
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct command *command = &batch->tasks[i].command;
        if (!names_resources(&batch->tasks[i]))
            continue;
        if (count + command->deploy.count > COMMAND_MAX_RESOURCES) {
            check(i > 0); // wire refuses a command with more
            batch_cut(batch, i);
            break;
        }
        for (size_t j = 0; j < command->deploy.count; j++)
            if (is_wanted(batch->shard->node, command, j))
                digests[count++] = command->deploy.resources[j].digest;
    }
    return count;
}

bool load_resources(struct shard *shard)
{
    struct batch *batch = shard->computing;
    str digests[COMMAND_MAX_RESOURCES];
    if (batch->resources_asked)
        return false;
    batch->resources_asked = true;
    batch->resources = map_new(&batch->arena);
    size_t count = collect(batch, digests);
    if (count == 0)
        return false;
    const struct store_resources query = {.shard = shard->number,
                                          .count = count,
                                          .digests = digests,
                                          .found = on_resource,
                                          .done = on_resources,
                                          .context = pending_new(&shard->calls, shard)};
    batch->loading = true;
    store_find_resources(shard->node->store, &query);
    return true;
}
