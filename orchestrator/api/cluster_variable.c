// SPDX-License-Identifier: Apache-2.0
//
// Cluster variables: of the whole installation, or of one tenant.
#include "api/api_private.h"
#include "store/read/read.h"

// What a request names: its scope and, unless the body has it, its name.
struct named {
    bool is_global;
    str tenant; // as the path has it
    str name;
    str value; // JSON, in answers
};

static struct named in_path(struct request *request, bool is_global)
{
    struct caller *caller = caller_of(request);
    if (is_global)
        return (struct named){.is_global = true, .name = request->arguments[0]};
    caller->tenant = tenant_inside(request->arguments[0]);
    return (struct named){.tenant = request->arguments[0], .name = request->arguments[1]};
}

static bool is_theirs(struct request *request, const struct named *named)
{
    struct caller *caller = request->asker;
    if (named->is_global || caller_has_tenant(caller, caller->tenant))
        return true;
    request_problem_format(request, 404, "NOT_FOUND", "there is no tenant '%.*s'",
                           STR_ARG(named->tenant));
    return false;
}

static void answer_variable(struct request *request, const struct named *named)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_text(&w, STR("name"), named->name);
    write_text(&w, STR("value"), named->value);
    write_text(&w, STR("scope"), named->is_global ? STR("GLOBAL") : STR("TENANT"));
    write_optional(&w, STR("tenantId"), named->tenant);
    write_json(&w, STR("metadata"), STR("{}"));
    write_text(&w, STR("kind"), STR("JSON"));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// -- Changes ----------------------------------------------------------------------------

static void on_changed(struct caller *caller, const struct reply *reply)
{
    (void)reply;
    answer_variable(request_of(caller), caller->waiting);
}

static void change(struct request *request, const struct named *named,
                   enum cluster_variable_change what)
{
    struct caller *caller = request->asker;
    struct command command = {.type = COMMAND_SET_CLUSTER_VARIABLE,
                              .cluster_variable = {.name = named->name,
                                                   .value = named->value,
                                                   .change = (uint32_t)what,
                                                   .is_global = named->is_global}};
    if (!is_theirs(request, named))
        return;
    caller->waiting = arena_copy(caller->arena, named, sizeof *named);
    call_every_shard(caller, &command, what == CLUSTER_VARIABLE_DELETE ? answer_done : on_changed);
}

static void create(struct request *request, bool is_global)
{
    struct named named = {.is_global = is_global};
    if (!is_global) {
        named.tenant = request->arguments[0];
        caller_of(request)->tenant = tenant_inside(named.tenant);
    }
    str kind = json_get_str(request->body, STR("kind"), STR("JSON"));
    named.value = request_member_json(request, request->body, STR("value"));
    if (!request_text(request, STR("name"), &named.name))
        return;
    if (str_equal(kind, STR("JSON")))
        change(request, &named, CLUSTER_VARIABLE_CREATE);
    else
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("\"kind\" is JSON: secrets are known to workers only"));
}

static void update(struct request *request, bool is_global)
{
    struct named named = in_path(request, is_global);
    named.value = request_member_json(request, request->body, STR("value"));
    change(request, &named, CLUSTER_VARIABLE_UPDATE);
}

static void delete (struct request *request, bool is_global)
{
    const struct named named = in_path(request, is_global);
    change(request, &named, CLUSTER_VARIABLE_DELETE);
}

// -- Reads ------------------------------------------------------------------------------

static void on_found(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct named *named = context;
    struct request *request = request_of(caller);
    if (query_row_count(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND",
                               "there is no cluster variable '%.*s' of this scope",
                               STR_ARG(named->name));
        return;
    }
    named->value = query_value(rows, 0, 0);
    answer_variable(request, named);
}

static void get(struct request *request, bool is_global)
{
    const struct named named = in_path(request, is_global);
    struct caller *caller = request->asker;
    if (is_theirs(request, &named))
        read_run(caller,
                 read_cluster_variable(caller->arena, named.is_global, caller->tenant, named.name),
                 on_found, arena_copy(caller->arena, &named, sizeof named));
}

void handle_cluster_variable_create(struct request *request)
{
    create(request, true);
}

void handle_cluster_variable_get(struct request *request)
{
    get(request, true);
}

void handle_cluster_variable_update(struct request *request)
{
    update(request, true);
}

void handle_cluster_variable_delete(struct request *request)
{
    delete (request, true);
}

void handle_tenant_variable_create(struct request *request)
{
    create(request, false);
}

void handle_tenant_variable_get(struct request *request)
{
    get(request, false);
}

void handle_tenant_variable_update(struct request *request)
{
    update(request, false);
}

void handle_tenant_variable_delete(struct request *request)
{
    delete (request, false);
}

void handle_cluster_variable_search(struct request *request)
{
    answer_search(request, &collection_cluster_variables, (struct search_scope){0});
}
