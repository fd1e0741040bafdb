// SPDX-License-Identifier: Apache-2.0
//
// Deployments: files in form parts, and what became of them.
#include "api/api_private.h"
#include "gateway/deploy.h"
#include "http/multipart.h"

struct chosen_names {
    const char *entry;
    const char *id;
    const char *version;
    const char *key;
    const char *title; // NULL: it has none
};

static const struct chosen_names names_by_kind[] = {
    [RESOURCE_PROCESS] = {"processDefinition", "processDefinitionId", "processDefinitionVersion",
                          "processDefinitionKey", NULL},
    [RESOURCE_DECISIONS] = {"decisionDefinition", "decisionDefinitionId", "version",
                            "decisionDefinitionKey", "name"},
    [RESOURCE_FORM] = {"form", "formId", "version", "formKey", NULL},
    [RESOURCE_OTHER] = {"resource", "resourceId", "version", "resourceKey", NULL},
    [RESOURCE_REQUIREMENTS] = {"decisionRequirements", "decisionRequirementsId", "version",
                               "decisionRequirementsKey", "decisionRequirementsName"},
};

static void write_requirements(struct json_writer *w, const struct reply *reply,
                               const struct deployed_resource *decision)
{
    const struct deployed_resource *requirements = deployed_requirements(reply, decision);
    if (requirements == NULL)
        return;
    json_key(w, STR("decisionRequirementsId"));
    json_string(w, requirements->definition_id);
    write_key(w, STR("decisionRequirementsKey"), requirements->key);
}

static void write_deployed(struct json_writer *w, const struct reply *reply, size_t index,
                           str tenant)
{
    const struct deployed_resource *resource = &reply->deployed[index];
    const struct chosen_names *names = &names_by_kind[resource->kind];
    json_begin_object(w);
    for (size_t i = 0; i < COUNT_OF(names_by_kind); i++)
        if (i != (size_t)resource->kind)
            write_json(w, str_of(names_by_kind[i].entry), STR("null"));
    json_key(w, str_of(names->entry));
    json_begin_object(w);
    json_key(w, str_of(names->id));
    json_string(w, resource->definition_id);
    json_key(w, str_of(names->version));
    json_i64(w, resource->version);
    write_key(w, str_of(names->key), resource->key);
    json_key(w, STR("resourceName"));
    json_string(w, resource->name);
    json_key(w, STR("tenantId"));
    json_string(w, tenant_outside(tenant));
    if (names->title != NULL) {
        json_key(w, str_of(names->title));
        json_string(w, deployed_title(resource));
    }
    if (resource->kind == RESOURCE_DECISIONS)
        write_requirements(w, reply, resource);
    json_end_object(w);
    json_end_object(w);
}

static void write_warnings(struct json_writer *w, const struct deployment *deployment)
{
    json_begin_array(w);
    for (size_t i = 0; i < deployment->warnings.count; i++) {
        const struct deployment_warning *warning = &deployment->warnings.items[i];
        json_begin_object(w);
        json_key(w, STR("resourceName"));
        json_string(w, warning->file);
        json_key(w, STR("line"));
        json_i64(w, warning->line);
        json_key(w, STR("element"));
        json_string(w, warning->element);
        json_key(w, STR("code"));
        json_string(w, str_of(warning->code));
        json_key(w, STR("message"));
        json_string(w, warning->text);
        json_end_object(w);
    }
    json_end_array(w);
}

// `warnings` is ours and stands beside Camunda's members only when there are any.
static void answer_deployed(struct caller *caller, const struct reply *reply,
                            const struct deployment *deployment)
{
    struct request *request = request_of(caller);
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_key(&w, STR("deploymentKey"), reply->key);
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(caller->tenant));
    json_key(&w, STR("deployments"));
    json_begin_array(&w);
    for (size_t i = 0; i < reply->deployed_count; i++)
        write_deployed(&w, reply, i, caller->tenant);
    json_end_array(&w);
    if (deployment->warnings.count > 0) {
        json_key(&w, STR("warnings"));
        write_warnings(&w, deployment);
    }
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// False after answering.
static bool read_parts(struct request *request, struct deploy_file **ret_files, size_t *ret_count)
{
    struct multipart_part *parts;
    struct caller *caller = caller_of(request);
    size_t count;
    struct error err;
    if (!multipart_parse(&request->arena, request_header(request, "Content-Type"),
                         request->raw_body, &parts, &count, &err)) {
        request_failed(request, &err);
        return false;
    }
    struct deploy_file *files = ARENA_ARRAY(&request->arena, struct deploy_file, count);
    size_t taken = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i].file_name.data != NULL)
            files[taken++] = (struct deploy_file){parts[i].file_name, parts[i].data};
        else if (str_equal(parts[i].name, STR("tenantId")))
            caller->tenant = tenant_inside(parts[i].data);
    *ret_files = files;
    *ret_count = taken;
    if (taken > COMMAND_MAX_RESOURCES)
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "more than COMMAND_MAX_RESOURCES (%d) files", COMMAND_MAX_RESOURCES);
    return taken <= COMMAND_MAX_RESOURCES;
}

void handle_deployment_create(struct request *request)
{
    struct deploy_file *files;
    size_t count;
    if (read_parts(request, &files, &count))
        gateway_deploy(caller_of(request), files, count, answer_deployed);
}
