// SPDX-License-Identifier: Apache-2.0
//
// Deployments: files come in, are checked all together, stored by their digest, and become
// definitions by a command to shard 0. Every shard has heard of them before the answer is sent, so
// whoever deploys can start at once.
#include "api/api_private.h"
#include "api/call.h"
#include "api/deployment.h"
#include "api/multipart.h"
#include "api/read.h"
#include "api/route.h"
#include "store/query.h"

struct deploying {
    struct deployment deployment;
    size_t stored;
    str tenant;
};

static void begin_entry(struct json_writer *w, const char *kind)
{
    json_begin_object(w);
    json_key(w, str_of(kind));
    json_begin_object(w);
}

struct names {
    const char *entry;
    const char *id;
    const char *version;
    const char *key;
    const char *title; // NULL: it has none
};

static const struct names names_by_kind[] = {
    [RESOURCE_PROCESS] = {"processDefinition", "processDefinitionId", "processDefinitionVersion",
                          "processDefinitionKey", NULL},
    [RESOURCE_DECISIONS] = {"decisionDefinition", "decisionDefinitionId", "version",
                            "decisionDefinitionKey", "name"},
    [RESOURCE_FORM] = {"form", "formId", "version", "formKey", NULL},
    [RESOURCE_OTHER] = {"resource", "resourceId", "version", "resourceKey", NULL},
    [RESOURCE_REQUIREMENTS] = {"decisionRequirements", "decisionRequirementsId", "version",
                               "decisionRequirementsKey", "decisionRequirementsName"},
};

// The graph that a decision of the reply stands in: the one of its file.
static const struct deployed_resource *requirements_of(const struct reply *reply,
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

static void write_requirements(struct json_writer *w, const struct reply *reply,
                               const struct deployed_resource *decision)
{
    const struct deployed_resource *requirements = requirements_of(reply, decision);
    if (requirements == NULL)
        return;
    json_key(w, STR("decisionRequirementsId"));
    json_string(w, requirements->definition_id);
    request_write_key(w, STR("decisionRequirementsKey"), requirements->key);
}

static void write_deployed(struct json_writer *w, const struct reply *reply, size_t index,
                           str tenant)
{
    const struct deployed_resource *resource = &reply->deployed[index];
    const struct names *names = &names_by_kind[resource->kind];
    begin_entry(w, names->entry);
    json_key(w, str_of(names->id));
    json_string(w, resource->definition_id);
    json_key(w, str_of(names->version));
    json_i64(w, resource->version);
    request_write_key(w, str_of(names->key), resource->key);
    json_key(w, STR("resourceName"));
    json_string(w, resource->name);
    json_key(w, STR("tenantId"));
    json_string(w, tenant_outside(tenant));
    if (names->title != NULL) {
        json_key(w, str_of(names->title));
        json_string(w, resource->title.len > 0 ? resource->title : resource->definition_id);
    }
    if (resource->kind == RESOURCE_DECISIONS)
        write_requirements(w, reply, resource);
    json_end_object(w);
    json_end_object(w);
}

// The tenant travelled in a form field, not in a JSON body: it is kept in the request as its first
// argument.
static void answer_deployed(struct request *request, const struct reply *reply)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    str tenant = request->arguments[0];
    json_begin_object(&w);
    request_write_key(&w, STR("deploymentKey"), reply->key);
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(tenant));
    json_key(&w, STR("deployments"));
    json_begin_array(&w);
    for (size_t i = 0; i < reply->deployed_count; i++)
        write_deployed(&w, reply, i, tenant);
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void send_deploy(struct request *request, struct deploying *deploying)
{
    struct command command = {
        .type = COMMAND_DEPLOY,
        .tenant = deploying->tenant,
        .deploy = {.count = deploying->deployment.resources.count,
                   .resources = deploying->deployment.resources.items},
    };
    call_every_shard(request, &command, answer_deployed);
}

static void store_next(struct request *request, struct deploying *deploying);

static void on_stored(struct request *request, void *context, const struct read_result *rows)
{
    (void)rows;
    store_next(request, context);
}

// Bytes before the command: whoever reads the command finds them.
static void store_next(struct request *request, struct deploying *deploying)
{
    if (deploying->stored == deploying->deployment.files.count) {
        send_deploy(request, deploying);
        return;
    }
    const struct deployment_file *file = &deploying->deployment.files.items[deploying->stored++];
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = query_hex(&request->arena, file->digest);
    parameters[1] = query_hex(&request->arena, file->bytes);
    read_run(request,
             &(struct read){"INSERT INTO resources (digest, bytes) VALUES ($1::bytea, $2::bytea) "
                            "ON CONFLICT DO NOTHING",
                            parameters, 2},
             on_stored, deploying);
}

static void read_parts(struct deploying *deploying, const struct multipart_part *parts,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].file_name.data != NULL)
            deployment_add_file(&deploying->deployment, parts[i].file_name, parts[i].data);
        else if (str_equal(parts[i].name, STR("tenantId")) &&
                 !str_equal(parts[i].data, STR("<default>")))
            deploying->tenant = parts[i].data;
    }
}

void handle_deployment_create(struct request *request)
{
    struct multipart_part *parts;
    size_t count;
    struct error err;
    if (!multipart_parse(&request->arena, request_header(request, "Content-Type"),
                         request->raw_body, &parts, &count, &err)) {
        request_failed(request, &err);
        return;
    }
    struct deploying *deploying = ARENA_NEW(&request->arena, struct deploying);
    deploying->deployment = deployment_new(&request->arena);
    read_parts(deploying, parts, count);
    request->arguments[0] = deploying->tenant;
    if (deploying->deployment.problems.len > 0)
        request_problem(request, 400, "INVALID_ARGUMENT",
                        strbuf_str(&deploying->deployment.problems));
    else if (deploying->deployment.resources.count == 0)
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("nothing to deploy: send files as form parts named 'resources'"));
    else if (deploying->deployment.resources.count > COMMAND_MAX_RESOURCES)
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "more than COMMAND_MAX_RESOURCES (%d) definitions",
                               COMMAND_MAX_RESOURCES);
    else
        store_next(request, deploying);
}
