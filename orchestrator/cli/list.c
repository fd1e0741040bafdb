// SPDX-License-Identifier: Apache-2.0
//
// `baton list`: what there is, as tables.
#include <stdio.h>

#include "base/array.h"
#include "base/strbuf.h"
#include "cli/client.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "cli/table.h"

enum { MAX_LIST_COLUMNS = 8, PAGE_ITEMS = 1000 };

// A thing that can be listed: its search and the members that become columns.
struct listing {
    const char *noun;
    const char *path;
    const char *order; // field to sort by, newest first
    const char *columns[MAX_LIST_COLUMNS];
    const char *waits_for; // a filter of its own; NULL: none
};

static const struct listing listings[] = {
    {"instances",
     "/v2/process-instances/search",
     "processInstanceKey",
     {"processInstanceKey", "processDefinitionId", "processDefinitionVersion", "state",
      "businessId", "startDate", "endDate", "hasIncident"}},
    {"definitions",
     "/v2/process-definitions/search",
     "processDefinitionKey",
     {"processDefinitionKey", "processDefinitionId", "version", "versionTag", "name",
      "resourceName"}},
    {"decisions",
     "/v2/decision-definitions/search",
     "decisionDefinitionKey",
     {"decisionDefinitionKey", "decisionDefinitionId", "version", "name",
      "decisionRequirementsId"}},
    {"evaluations",
     "/v2/decision-instances/search",
     "decisionEvaluationInstanceKey",
     {"decisionEvaluationInstanceKey", "decisionDefinitionId", "decisionDefinitionVersion", "state",
      "result", "processInstanceKey", "evaluationDate", "evaluationFailure"}},
    {"tasks",
     "/v2/user-tasks/search",
     "userTaskKey",
     {"userTaskKey", "name", "state", "assignee", "candidateGroups", "dueDate",
      "processInstanceKey"}},
    {"jobs",
     "/v2/jobs/search",
     "jobKey",
     {"jobKey", "type", "state", "retries", "attempt", "deadline", "processInstanceKey",
      "errorMessage"}},
    {"incidents",
     "/v2/incidents/search",
     "incidentKey",
     {"incidentKey", "errorType", "state", "elementId", "processInstanceKey", "errorMessage"}},
    {"waits",
     "/v2/element-instances/search",
     "elementInstanceKey",
     {"processInstanceKey", "processDefinitionId", "elementId", "type", "waitsFor", "startDate"},
     "{\"$exists\":true}"},
};

#define LISTED "instances|definitions|decisions|evaluations|tasks|jobs|incidents|waits"

static const struct listing *find_listing(str noun)
{
    for (size_t i = 0; i < COUNT_OF(listings); i++)
        if (str_equal(str_of(listings[i].noun), noun))
            return &listings[i];
    return NULL;
}

struct list {
    struct client_options client;
    str state;
    str process;
    str filter;
    str limit;
};

static bool add_filter(struct arena *arena, struct json_writer *w, const struct list *list,
                       const struct listing *listing, struct error *err)
{
    struct json *given = NULL;
    if (list->filter.len > 0 && !json_parse(arena, list->filter, &given, err))
        return false;
    json_key(w, STR("filter"));
    json_begin_object(w);
    for (size_t i = 0; json_is(given, JSON_OBJECT) && i < given->count; i++) {
        json_key(w, given->members[i].name);
        json_value(w, &given->members[i].value);
    }
    if (listing->waits_for != NULL) {
        json_key(w, STR("waitsFor"));
        json_raw(w, str_of(listing->waits_for));
    }
    if (list->state.len > 0) {
        json_key(w, STR("state"));
        json_string(w, list->state);
    }
    if (list->process.len > 0) {
        json_key(w, STR("processDefinitionId"));
        json_string(w, list->process);
    }
    json_end_object(w);
    return true;
}

static bool write_query(struct arena *arena, const struct list *list, const struct listing *listing,
                        size_t limit, str after, str *ret_body, struct error *err)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    if (!add_filter(arena, &w, list, listing, err))
        return false;
    json_key(&w, STR("sort"));
    json_raw(&w, str_format(arena, "[{\"field\":\"%s\",\"order\":\"DESC\"}]", listing->order));
    json_key(&w, STR("page"));
    json_begin_object(&w);
    json_key(&w, STR("limit"));
    json_u64(&w, limit);
    if (after.len > 0) {
        json_key(&w, STR("after"));
        json_string(&w, after);
    }
    json_end_object(&w);
    json_end_object(&w);
    *ret_body = strbuf_str(&out);
    return true;
}

// All items of an answer so far, and how many of how many are shown.
struct found {
    ARRAY(struct json) items;
    str cursor; // behind the last one
    const struct json *page;
    bool more; // there are others
};

static bool fetch_page(struct arena *arena, const struct list *list, const struct listing *listing,
                       size_t limit, struct found *found, struct error *err)
{
    struct client_answer answer;
    str body;
    if (!write_query(arena, list, listing, limit, found->cursor, &body, err) ||
        !client_send(arena, &list->client, "POST", str_of(listing->path), body, &answer, err))
        return false;
    const struct json *items = json_get(answer.json, STR("items"));
    size_t count = json_is(items, JSON_ARRAY) ? items->count : 0;
    for (size_t i = 0; i < count; i++)
        *ARRAY_PUSH(arena, &found->items) = items->items[i];
    found->page = json_get(answer.json, STR("page"));
    found->cursor = json_get_str(found->page, STR("endCursor"), STR_EMPTY);
    found->more = count == limit && found->cursor.len > 0;
    return true;
}

// Page by page, until there are `limit` or no others.
static bool fetch(struct arena *arena, const struct list *list, const struct listing *listing,
                  size_t limit, struct found *found, struct error *err)
{
    do {
        size_t rest = limit - found->items.count;
        if (!fetch_page(arena, list, listing, rest < PAGE_ITEMS ? rest : PAGE_ITEMS, found, err))
            return false;
    } while (found->more && found->items.count < limit);
    return true;
}

static void print_items(struct arena *arena, const struct listing *listing,
                        const struct json *answer)
{
    size_t columns = 0;
    while (columns < MAX_LIST_COLUMNS && listing->columns[columns] != NULL)
        columns++;
    table_print_items(arena, listing->columns, columns, answer);
}

static void print_found(struct arena *arena, const struct list *list, const struct listing *listing,
                        const struct found *found)
{
    const struct json none = {.type = JSON_NULL};
    struct json_member members[] = {
        {STR("items"),
         {.type = JSON_ARRAY, .count = found->items.count, .items = found->items.items}},
        {STR("page"), found->page != NULL ? *found->page : none}};
    const struct json answer = {
        .type = JSON_OBJECT, .count = COUNT_OF(members), .members = members};
    if (client_wants_json(&list->client)) {
        struct strbuf out = strbuf_new(arena);
        struct json_writer w = json_writer_new(&out);
        json_value(&w, &answer);
        printf("%.*s\n", STR_ARG(strbuf_str(&out)));
        return;
    }
    print_items(arena, listing, &answer);
    uint64_t total;
    const struct json *count = json_get(found->page, STR("totalItems"));
    if (json_is(count, JSON_NUMBER) && str_to_u64(count->text, &total) &&
        total > found->items.count)
        fprintf(stderr, "There are more: --limit takes any number.\n");
}

int command_list(int argc, char **argv)
{
    struct list list = {.limit = STR("50")};
    const struct cli_option options[] = {
        {"state", "STATE", "ACTIVE, COMPLETED, CREATED, …", &list.state, NULL},
        {"process", "ID", "of this process", &list.process, NULL},
        {"filter", "JSON", "any filter that the API's search takes", &list.filter, NULL},
        {"limit", "N", "so many, newest first (50); any number", &list.limit, NULL},
        CLIENT_OPTIONS(list.client),
    };
    const struct cli_usage usage = {"baton list WHAT [options]",
                                    "Lists what there is, the newest first. WHAT is one of " //
                                    "instances, definitions,\ndecisions, evaluations, tasks, "
                                    "jobs, incidents, waits.",
                                    "baton list instances --state ACTIVE",
                                    options,
                                    COUNT_OF(options),
                                    1,
                                    1,
                                    LISTED};
    struct cli_arguments arguments;
    struct arena arena = ARENA_EMPTY;
    struct found found = {0};
    struct error err;
    uint64_t limit;
    int code;
    if (!cli_parse(&usage, argc, argv, &arguments, &code))
        return code;
    if (!str_to_u64(list.limit, &limit) || limit == 0) {
        error_set(&err, ERROR_INVALID, "--limit", "expected a number from 1");
        return cli_complain(&err);
    }
    const struct listing *listing = find_listing(str_of(arguments.items[0]));
    check(listing != NULL);
    code = EXIT_OK;
    if (fetch(&arena, &list, listing, limit, &found, &err))
        print_found(&arena, &list, listing, &found);
    else
        code = client_fail(&err);
    arena_done(&arena);
    return code;
}
