// SPDX-License-Identifier: Apache-2.0
//
// What people leave on their desk: drafts of tasks, views of the console.
#include "api/api_private.h"

#include "record/limits.h"
#include "store/catalogue/workspace.h"
#include "vault/personal.h"

enum { MAX_ADDRESS_BYTES = 4096 };

#define SEALED "sealed:" // a draft that is none of JSON

static void no_task(struct request *request)
{
    request_problem(request, 404, "NOT_FOUND",
                    STR("there is no such open task, or the caller may not see it"));
}

// -- Drafts -----------------------------------------------------------------------------

// Whoever fills in a form types what is personal, and no model says where: where there is a vault,
// all of it is sealed.
static str keep_draft(struct request *request, uint64_t task, str variables)
{
    const struct vault_key *index = api_of(request)->options.persons;
    struct caller *caller = request->asker;
    const struct personal_draft draft = {task, caller->principal};
    return index == NULL ? variables
                         : str_join2(caller->arena, STR(SEALED),
                                     personal_seal_draft(caller->arena, index, draft, variables));
}

static bool read_draft(struct request *request, uint64_t task, str kept, str *ret_variables)
{
    const struct vault_key *index = api_of(request)->options.persons;
    struct caller *caller = request->asker;
    const struct personal_draft draft = {task, caller->principal};
    *ret_variables = kept;
    return !str_starts_with(kept, STR(SEALED)) ||
           (index != NULL &&
            personal_open_draft(caller->arena, index, draft, str_from_index(kept, strlen(SEALED)),
                                ret_variables));
}

static void on_draft(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    const uint64_t *task = context;
    str variables;
    if (query_row_count(rows) == 0) {
        no_task(request);
        return;
    }
    if (query_value(rows, 0, 0).len == 0) {
        request_answer_empty(request);
        return;
    }
    if (!read_draft(request, *task, query_value(rows, 0, 0), &variables)) {
        request_problem(request, 409, "INVALID_STATE",
                        STR("the draft is sealed, and does not open with this node's vault "
                            "(vault.key_file, vault.keys)"));
        return;
    }
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_json(&w, STR("variables"), variables);
    write_text(&w, STR("updatedAt"), query_value(rows, 0, 1));
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

void handle_draft_get(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t task;
    if (request_key(request, 0, &task))
        read_run(caller, catalogue_draft(caller->arena, caller->scope, task, caller->principal),
                 on_draft, arena_copy(caller->arena, &task, sizeof task));
}

static void on_draft_put(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct request *request = request_of(caller);
    (void)context;
    if (query_row_count(rows) == 0)
        no_task(request);
    else if (str_equal(query_value(rows, 0, 0), STR("t")))
        request_answer_empty(request);
    else
        request_problem_format(request, 409, "LIMIT_REACHED",
                               "somebody has at most %d drafts (WORKSPACE_DRAFTS)",
                               WORKSPACE_DRAFTS);
}

void handle_draft_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t task;
    str variables;
    if (!request_key(request, 0, &task) ||
        !request_variables(request, STR("variables"), &variables))
        return;
    if (variables.len > LIMIT_COMMAND_VARIABLES_BYTES) {
        request_problem_format(request, 400, "LIMIT_REACHED",
                               "a draft has at most %d bytes (COMMAND_VARIABLES_BYTES), this one "
                               "has %zu",
                               (int)LIMIT_COMMAND_VARIABLES_BYTES, variables.len);
        return;
    }
    read_run(
        caller,
        catalogue_draft_put(caller->arena, caller->scope, task, caller->principal,
                            keep_draft(request, task, variables.len > 0 ? variables : STR("{}"))),
        on_draft_put, NULL);
}

static void on_draft_dropped(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) == 0)
        no_task(request_of(caller));
    else
        request_answer_empty(request_of(caller));
}

void handle_draft_drop(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t task;
    if (request_key(request, 0, &task))
        read_run(caller,
                 catalogue_draft_drop(caller->arena, caller->scope, task, caller->principal),
                 on_draft_dropped, NULL);
}

// -- Views ------------------------------------------------------------------------------

static void on_views(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"name"}, {"address"}, {"updatedAt"}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_views(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_views(caller->arena, caller->principal), on_views, NULL);
}

static void on_view_put(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem_format(request_of(caller), 409, "LIMIT_REACHED",
                               "somebody has at most %d views (WORKSPACE_VIEWS)", WORKSPACE_VIEWS);
}

// A page of ours: nothing that a browser would take for another host.
static bool is_address(str address)
{
    bool is_path = address.len > 0 && address.len <= MAX_ADDRESS_BYTES && address.data[0] == '/' &&
                   !str_starts_with(address, STR("//"));
    for (size_t i = 0; is_path && i < address.len; i++)
        is_path = address.data[i] > ' ' && address.data[i] < 127 && address.data[i] != '\\';
    return is_path;
}

void handle_view_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    str name = request->arguments[0], address;
    if (!request_text(request, STR("address"), &address))
        return;
    if (!is_address(address) || name.len > LIMIT_NAME_BYTES)
        request_problem_format(
            request, 400, "INVALID_ARGUMENT",
            "a view has a name of at most %d bytes, and as its address a path of "
            "the console with its query, at most %d bytes of ASCII",
            (int)LIMIT_NAME_BYTES, MAX_ADDRESS_BYTES);
    else
        read_run(caller, catalogue_view_put(caller->arena, caller->principal, name, address),
                 on_view_put, NULL);
}

static void on_view_dropped(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    if (query_row_count(rows) > 0)
        request_answer_empty(request_of(caller));
    else
        request_problem(request_of(caller), 404, "NOT_FOUND", STR("there is no view of this name"));
}

void handle_view_drop(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_view_drop(caller->arena, caller->principal, request->arguments[0]),
             on_view_dropped, NULL);
}
