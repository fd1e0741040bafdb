// SPDX-License-Identifier: Apache-2.0
//
// Deployments: files come in, what they import of earlier deployments is looked up, all are checked
// together, stored by their digest, and become definitions by a command to shard 0. Every shard has
// heard of them before the answer is sent, so whoever deploys can start at once.
#include "api/api_private.h"
#include "api/call.h"
#include "api/deployment.h"
#include "api/multipart.h"
#include "api/read.h"
#include "api/route.h"
#include "base/digest.h"
#include "store/query.h"

// A row of the table resources.
struct resource_row {
    str digest;
    str bytes;
    str imports; // digests, one after the other
    str namespace;
};

struct deploying {
    struct deployment deployment;
    size_t earlier; // models looked up so far
    str wanted;     // the namespace being looked up
    ARRAY(struct resource_row) rows;
    size_t stored;
    str tenant;
};

// What the answer needs of the request: it travelled in form fields, not in a JSON body, so it is
// kept as the request's arguments.
enum { ARGUMENT_TENANT, ARGUMENT_WARNINGS };

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

static str warnings_json(struct arena *arena, const struct deployment *deployment)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_array(&w);
    for (size_t i = 0; i < deployment->warnings.count; i++) {
        const struct deployment_warning *warning = &deployment->warnings.items[i];
        json_begin_object(&w);
        json_key(&w, STR("resourceName"));
        json_string(&w, warning->file);
        json_key(&w, STR("line"));
        json_i64(&w, warning->line);
        json_key(&w, STR("element"));
        json_string(&w, warning->element);
        json_key(&w, STR("code"));
        json_string(&w, str_of(warning->code));
        json_key(&w, STR("message"));
        json_string(&w, warning->text);
        json_end_object(&w);
    }
    json_end_array(&w);
    return strbuf_str(&out);
}

// `warnings` is ours and stands beside Camunda's members only when there are any.
static void answer_deployed(struct request *request, const struct reply *reply)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    str tenant = request->arguments[ARGUMENT_TENANT];
    json_begin_object(&w);
    request_write_key(&w, STR("deploymentKey"), reply->key);
    json_key(&w, STR("tenantId"));
    json_string(&w, tenant_outside(tenant));
    json_key(&w, STR("deployments"));
    json_begin_array(&w);
    for (size_t i = 0; i < reply->deployed_count; i++)
        write_deployed(&w, reply, i, tenant);
    json_end_array(&w);
    if (request->arguments[ARGUMENT_WARNINGS].len > 0) {
        json_key(&w, STR("warnings"));
        json_raw(&w, request->arguments[ARGUMENT_WARNINGS]);
    }
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

// {"\\x…","\\x…"}: an array of PostgreSQL; null when there are none.
static str imports_array(struct arena *arena, str imports)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t at = 0; at < imports.len; at += DIGEST_SIZE) {
        strbuf_add(&out, at > 0 ? STR(",\"\\") : STR("{\"\\"));
        strbuf_add(&out, query_hex(arena, str_sub(imports, at, DIGEST_SIZE)));
        strbuf_add_char(&out, '"');
    }
    if (out.len == 0)
        return (str){0};
    strbuf_add_char(&out, '}');
    return strbuf_str(&out);
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
    if (deploying->stored == deploying->rows.count) {
        send_deploy(request, deploying);
        return;
    }
    const struct resource_row *row = &deploying->rows.items[deploying->stored++];
    str *parameters = ARENA_ARRAY(&request->arena, str, 4);
    parameters[0] = query_hex(&request->arena, row->digest);
    parameters[1] = query_hex(&request->arena, row->bytes);
    parameters[2] = imports_array(&request->arena, row->imports);
    parameters[3] = row->namespace.len > 0 ? row->namespace : (str){0};
    read_run(request,
             &(struct read){"INSERT INTO resources (digest, bytes, imports, namespace) VALUES "
                            "($1::bytea, $2::bytea, $3::bytea[], $4::text) ON CONFLICT DO NOTHING",
                            parameters, 4},
             on_stored, deploying);
}

// A file that is imported is found by its content, one that imports by its digest.
static void list_rows(struct request *request, struct deploying *deploying)
{
    struct deployment *deployment = &deploying->deployment;
    for (size_t i = 0; i < deployment->files.count; i++) {
        const struct deployment_file *file = &deployment->files.items[i];
        if (file->is_imported || (file->imports.len == 0 && !file->is_earlier))
            *ARRAY_PUSH(&request->arena, &deploying->rows) =
                (struct resource_row){file->content, file->bytes, STR_EMPTY, file->namespace};
        if (file->imports.len > 0)
            *ARRAY_PUSH(&request->arena, &deploying->rows) =
                (struct resource_row){file->digest, file->bytes, file->imports, file->namespace};
    }
}

static void check_all(struct request *request, struct deploying *deploying)
{
    struct deployment *deployment = &deploying->deployment;
    deployment_read(deployment);
    if (deployment->problems.len > 0) {
        request_problem(request, 400, "INVALID_ARGUMENT", strbuf_str(&deployment->problems));
    } else if (deployment->resources.count == 0) {
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("nothing to deploy: send files as form parts named 'resources'"));
    } else if (deployment->resources.count > COMMAND_MAX_RESOURCES) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "more than COMMAND_MAX_RESOURCES (%d) definitions",
                               COMMAND_MAX_RESOURCES);
    } else {
        request->arguments[ARGUMENT_TENANT] = deploying->tenant;
        if (deployment->warnings.count > 0)
            request->arguments[ARGUMENT_WARNINGS] = warnings_json(&request->arena, deployment);
        list_rows(request, deploying);
        store_next(request, deploying);
    }
}

// -- Models deployed earlier ----------------------------------------------------------------------

static void look_up(struct request *request, struct deploying *deploying);

static void on_looked_up(struct request *request, void *context, const struct read_result *result)
{
    struct deploying *deploying = context;
    if (result->row_count > 0)
        deployment_add_earlier(&deploying->deployment,
                               str_copy(&request->arena, read_cell(result, 0, 0)),
                               query_bytes(result->rows, 0, 1, &request->arena));
    // What was found has another namespace when the row says what the file does not.
    deployment_add_absent(&deploying->deployment, deploying->wanted);
    look_up(request, deploying);
}

// The newest of a namespace, until nothing is missing.
static void look_up(struct request *request, struct deploying *deploying)
{
    if (!deployment_missing(&deploying->deployment, &deploying->wanted)) {
        check_all(request, deploying);
        return;
    }
    if (deploying->earlier++ == DEPLOYMENT_MAX_IMPORTS) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "more than DEPLOYMENT_MAX_IMPORTS (%d) imported models",
                               DEPLOYMENT_MAX_IMPORTS);
        return;
    }
    str *parameters = ARENA_ARRAY(&request->arena, str, 2);
    parameters[0] = deploying->wanted;
    parameters[1] = deploying->tenant.data ? deploying->tenant : STR_EMPTY;
    read_run(request,
             &(struct read){"SELECT d.resource_name, r.bytes FROM definitions d JOIN resources r "
                            "ON r.digest = d.digest WHERE r.namespace = $1::text AND "
                            "d.tenant = $2::text AND d.kind IN (1, 4) AND d.deleted IS NULL "
                            "ORDER BY d.deployed DESC, d.key DESC LIMIT 1",
                            parameters, 2},
             on_looked_up, deploying);
}

// -- The request ----------------------------------------------------------------------------------

static bool read_parts(struct deploying *deploying, const struct multipart_part *parts,
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (parts[i].file_name.data != NULL)
            deployment_add_file(&deploying->deployment, parts[i].file_name, parts[i].data);
        else if (str_equal(parts[i].name, STR("tenantId")) &&
                 !str_equal(parts[i].data, STR("<default>")))
            deploying->tenant = parts[i].data;
        if (deploying->deployment.files.count > COMMAND_MAX_RESOURCES)
            return false;
    }
    return true;
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
    if (read_parts(deploying, parts, count))
        look_up(request, deploying);
    else
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "more than COMMAND_MAX_RESOURCES (%d) files", COMMAND_MAX_RESOURCES);
}
