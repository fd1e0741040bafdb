// SPDX-License-Identifier: Apache-2.0
//
// Separation of duties: policies, and who may not do a user task and why. What decides is the
// engine (engine/separation.c).
#include "api/api_private.h"

#include "api/directory.h"
#include "record/limits.h"
#include "store/catalogue/separation.h"
#include "store/read/read.h"

static void on_separations(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"name"},
                                                 {"tenantId"},
                                                 {"processDefinitionId"},
                                                 {"roleId"},
                                                 {"elementIds", ITEM_JSON},
                                                 {"changeTime"},
                                                 {"changedBy"}};
    (void)context;
    answer_list(request_of(caller), columns, COUNT_OF(columns), rows);
}

void handle_separation_list(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, catalogue_separations(caller->arena), on_separations, NULL);
}

static void on_changed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context, (void)rows;
    directory_changed(request_of(caller));
    request_answer_empty(request_of(caller));
}

static void on_set(struct caller *caller, void *context, const struct query_rows *rows)
{
    if (query_row_count(rows) > 0)
        on_changed(caller, context, rows);
    else
        request_problem_format(request_of(caller), 400, "INVALID_ARGUMENT",
                               "all policies take, as JSON, more than "
                               "POLICIES_BYTES (%d) with this one",
                               LIMIT_POLICIES_BYTES);
}

static str word_or_all(const struct json *body, str name)
{
    str text = json_get_str(body, name, STR_EMPTY);
    return str_is_empty(text) ? STR("*") : text;
}

// An element's id is an XML name: it has no spaces.
static bool read_elements(struct request *request, struct separation_row *row)
{
    const struct json *list = json_get(request->body, STR("elementIds"));
    str *elements = ARENA_ARRAY(&request->arena, str, list->count);
    for (size_t i = 0; i < list->count; i++) {
        elements[row->element_count++] = list->items[i].text;
        if (str_is_empty(list->items[i].text) ||
            str_find_char(list->items[i].text, ' ') != SIZE_MAX) {
            request_problem(request, 400, "INVALID_ARGUMENT",
                            STR("\"elementIds\" are ids of user tasks and start events"));
            return false;
        }
    }
    row->elements = elements;
    return true;
}

void handle_separation_put(struct request *request)
{
    struct caller *caller = caller_of(request);
    struct separation_row row = {.name = request->arguments[0],
                                 .tenant = word_or_all(request->body, STR("tenantId")),
                                 .process_id =
                                     word_or_all(request->body, STR("processDefinitionId")),
                                 .role = word_or_all(request->body, STR("roleId")),
                                 .by = caller->principal.len > 0 ? caller->principal : STR_EMPTY};
    row.tenant = tenant_inside(row.tenant);
    if (read_elements(request, &row))
        read_change(caller, catalogue_separation_set(caller->arena, &row), on_set, NULL);
}

static void on_removed(struct caller *caller, void *context, const struct query_rows *rows)
{
    if (query_row_count(rows) > 0)
        on_changed(caller, context, rows);
    else
        request_problem_format(request_of(caller), 404, "NOT_FOUND",
                               "there is no separation '%.*s'",
                               STR_ARG(request_of(caller)->arguments[0]));
}

void handle_separation_delete(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_change(caller, catalogue_separation_remove(caller->arena, request->arguments[0]),
                on_removed, NULL);
}

// -- Of a user task ---------------------------------------------------------------------

struct task {
    str element_id;
    const struct json *apart; // {"elements", "done"}; NULL: nothing
};

static bool holds(const struct json *list, str text)
{
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++)
        if (str_equal(list->items[i].text, text))
            return true;
    return false;
}

// Who did one of `elements`, other than the task itself unless the model says so.
static void write_barred(struct json_writer *w, const struct task *task,
                         const struct json *elements, bool is_model)
{
    const struct json *done = json_get(task->apart, STR("done"));
    json_key(w, STR("barred"));
    json_begin_array(w);
    for (size_t i = 0; json_is(done, JSON_ARRAY) && i < done->count; i++) {
        str element = done->items[i].items[0].text;
        if (!holds(elements, element) || (!is_model && str_equal(element, task->element_id)))
            continue;
        json_begin_object(w);
        write_text(w, STR("name"), done->items[i].items[1].text);
        write_text(w, STR("elementId"), element);
        json_end_object(w);
    }
    json_end_array(w);
}

static void write_rule(struct json_writer *w, const struct task *task, str name, str role,
                       const struct json *elements)
{
    bool is_model = str_is_empty(name);
    json_begin_object(w);
    write_text(w, STR("source"), is_model ? STR("MODEL") : STR("POLICY"));
    write_optional(w, STR("name"), name);
    write_optional(w, STR("roleId"), role);
    json_key(w, STR("elementIds"));
    json_value(w, elements);
    write_barred(w, task, elements, is_model);
    json_end_object(w);
}

static void on_policies(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct task *task = context;
    const struct json *elements = json_get(task->apart, STR("elements"));
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    struct json *list;
    struct error ignored;
    json_begin_object(&w);
    write_text(&w, STR("elementId"), task->element_id);
    json_key(&w, STR("rules"));
    json_begin_array(&w);
    if (json_is(elements, JSON_ARRAY) && elements->count > 0)
        write_rule(&w, task, STR_EMPTY, STR_EMPTY, elements);
    for (size_t i = 0; i < query_row_count(rows); i++)
        if (json_parse(caller->arena, query_value(rows, i, 2), &list, &ignored))
            write_rule(&w, task, query_value(rows, i, 0), query_value(rows, i, 1), list);
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_task(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct json *apart = NULL;
    struct error ignored;
    (void)context;
    if (query_row_count(rows) == 0) {
        request_problem_format(request_of(caller), 404, "NOT_FOUND",
                               "there is no user task with key %.*s",
                               STR_ARG(request_of(caller)->arguments[0]));
        return;
    }
    struct task *task = ARENA_NEW(caller->arena, struct task);
    if (!query_is_null(rows, 0, 3) &&
        json_parse(caller->arena, query_value(rows, 0, 3), &apart, &ignored))
        task->apart = apart;
    task->element_id = str_copy(caller->arena, query_value(rows, 0, 0));
    read_run(caller,
             read_separations_of_element(
                 caller->arena, str_copy(caller->arena, query_value(rows, 0, 2)),
                 str_copy(caller->arena, query_value(rows, 0, 1)), task->element_id),
             on_policies, task);
}

void handle_user_task_separation(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(caller, read_separation_of_task(caller->arena, caller->scope, key), on_task, NULL);
}
