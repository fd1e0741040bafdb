// SPDX-License-Identifier: Apache-2.0
#include "gateway/deploy.h"

#include "gateway/gateway_private.h"
#include "gateway/read.h"
#include "store/catalogue/catalogue.h"
#include "store/read/read.h"

struct deploying {
    struct deployment deployment;
    deploy_answer *answer;
    size_t earlier; // models looked up so far
    str wanted;     // the namespace being looked up
    ARRAY(struct resource_row) rows;
    size_t stored;
};

static void on_deployed(struct caller *caller, const struct reply *reply)
{
    struct deploying *deploying = caller->waiting;
    deploying->answer(caller, reply, &deploying->deployment);
}

// -- Storing ----------------------------------------------------------------------------

static void store_next(struct caller *caller, struct deploying *deploying);

static void on_stored(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)rows;
    store_next(caller, context);
}

// Bytes before the command: whoever reads the command finds them.
static void store_next(struct caller *caller, struct deploying *deploying)
{
    if (deploying->stored < deploying->rows.count) {
        const struct resource_row *row = &deploying->rows.items[deploying->stored++];
        read_run(caller, catalogue_store_resource(caller->arena, row), on_stored, deploying);
        return;
    }
    struct command command = {
        .type = COMMAND_DEPLOY,
        .deploy = {.count = deploying->deployment.resources.count,
                   .resources = deploying->deployment.resources.items},
    };
    caller->waiting = deploying;
    call_every_shard(caller, &command, on_deployed);
}

// A file that is imported is found by its content, one that imports by its digest.
static void list_rows(struct arena *arena, struct deploying *deploying)
{
    struct deployment *deployment = &deploying->deployment;
    for (size_t i = 0; i < deployment->files.count; i++) {
        const struct deployment_file *file = &deployment->files.items[i];
        if (file->is_imported || (file->imports.len == 0 && !file->is_earlier))
            *ARRAY_PUSH(arena, &deploying->rows) = (struct resource_row){
                file->content, file->bytes, STR_EMPTY, file->namespace, file->elements};
        if (file->imports.len > 0)
            *ARRAY_PUSH(arena, &deploying->rows) = (struct resource_row){
                file->digest, file->bytes, file->imports, file->namespace, STR_EMPTY};
    }
}

static void check_all(struct caller *caller, struct deploying *deploying)
{
    struct deployment *deployment = &deploying->deployment;
    deployment_read(deployment);
    if (deployment->problems.len > 0) {
        caller_reject(caller, REJECTION_INVALID, strbuf_str(&deployment->problems));
    } else if (deployment->resources.count == 0) {
        caller_fail_format(caller, ERROR_INVALID, "resources",
                           "nothing to deploy: send files as form parts named 'resources'");
    } else if (deployment->resources.count > COMMAND_MAX_RESOURCES) {
        caller_fail_format(caller, ERROR_LIMIT, "resources",
                           "more than COMMAND_MAX_RESOURCES (%d) definitions",
                           COMMAND_MAX_RESOURCES);
    } else {
        list_rows(caller->arena, deploying);
        store_next(caller, deploying);
    }
}

// -- Models deployed earlier ----------------------------------------------------------------------

static void look_up(struct caller *caller, struct deploying *deploying);

static void on_looked_up(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct deploying *deploying = context;
    if (query_row_count(rows) > 0)
        deployment_add_earlier(&deploying->deployment,
                               str_copy(caller->arena, query_value(rows, 0, 0)),
                               query_bytes(rows, 0, 1, caller->arena));
    // What was found has another namespace when the row says what the file does not.
    deployment_add_absent(&deploying->deployment, deploying->wanted);
    look_up(caller, deploying);
}

// The newest of a namespace, until nothing is missing.
static void look_up(struct caller *caller, struct deploying *deploying)
{
    if (!deployment_missing(&deploying->deployment, &deploying->wanted))
        check_all(caller, deploying);
    else if (deploying->earlier++ == DEPLOYMENT_MAX_IMPORTS)
        caller_fail_format(caller, ERROR_LIMIT, "resources",
                           "more than DEPLOYMENT_MAX_IMPORTS (%d) imported models",
                           DEPLOYMENT_MAX_IMPORTS);
    else
        read_run(caller,
                 read_model(caller->arena, caller->scope, caller->tenant, deploying->wanted),
                 on_looked_up, deploying);
}

void gateway_deploy(struct caller *caller, const struct deploy_file *files, size_t count,
                    deploy_answer *answer)
{
    struct deploying *deploying = ARENA_NEW(caller->arena, struct deploying);
    check(count <= COMMAND_MAX_RESOURCES);
    deploying->answer = answer;
    deploying->deployment = deployment_new(caller->arena);
    for (size_t i = 0; i < count; i++)
        deployment_add_file(&deploying->deployment, files[i].name, files[i].bytes);
    look_up(caller, deploying);
}

// -- What was deployed ----------------------------------------------------------------------------

const struct deployed_resource *deployed_requirements(const struct reply *reply,
                                                      const struct deployed_resource *decision)
{
    for (size_t i = 0; i < reply->deployed_count; i++) {
        const struct deployed_resource *resource = &reply->deployed[i];
        if (resource->kind == RESOURCE_REQUIREMENTS && str_equal(resource->name, decision->name) &&
            str_equal(resource->digest, decision->digest))
            return resource;
    }
    return NULL;
}

str deployed_title(const struct deployed_resource *resource)
{
    return resource->title.len > 0 ? resource->title : resource->definition_id;
}
