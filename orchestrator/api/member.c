// SPDX-License-Identifier: Apache-2.0
//
// Who belongs to a group, a role, a tenant.
#include "api/directory.h"

struct joining {
    const struct directory *whole;
    const struct directory *member;
};

static struct membership membership_of(struct request *request)
{
    return (struct membership){.whole_kind = directory_of(request, 1)->kind,
                               .whole = request->arguments[0],
                               .member_kind = directory_of(request, 3)->kind,
                               .member = request->arguments[1]};
}

static void on_added(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    const struct directory *whole = directory_of(request, 1), *member = directory_of(request, 3);
    if (!query_bool(rows, 0, 0))
        request_problem_format(request, 404, "NOT_FOUND", "there is no %s '%.*s'", whole->noun,
                               STR_ARG(request->arguments[0]));
    else if (!query_bool(rows, 0, 1))
        request_problem_format(request, 404, "NOT_FOUND", "there is no %s '%.*s'", member->noun,
                               STR_ARG(request->arguments[1]));
    else if (!query_bool(rows, 0, 2))
        request_problem_format(request, 409, "ALREADY_EXISTS", "the %s belongs to it already",
                               member->noun);
    else {
        directory_changed(request);
        request_answer_empty(request);
    }
}

bool directory_has_providers(struct request *request)
{
    return config_str(api_of(request)->options.config, CONFIG_AUTH_PROVIDERS)[0] != '\0';
}

void handle_member_put(struct request *request)
{
    struct membership membership = membership_of(request);
    read_change(
        caller_of(request),
        directory_add_member(&request->arena, &membership, directory_has_providers(request)),
        on_added, NULL);
}

static void on_removed(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    struct request *request = request_of(caller);
    const struct directory *whole = directory_of(request, 1), *member = directory_of(request, 3);
    if (query_touched(rows) == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "no %s '%.*s' belongs to a %s '%.*s'",
                               member->noun, STR_ARG(request->arguments[1]), whole->noun,
                               STR_ARG(request->arguments[0]));
        return;
    }
    directory_changed(request);
    request_answer_empty(request);
}

void handle_member_delete(struct request *request)
{
    struct membership membership = membership_of(request);
    read_change(caller_of(request), directory_remove_member(&request->arena, &membership),
                on_removed, NULL);
}

void handle_member_search(struct request *request)
{
    static const char *const conditions[] = {
        [DIRECTORY_GROUP] = "m.whole_kind = 3 AND m.whole = @",
        [DIRECTORY_ROLE] = "m.whole_kind = 4 AND m.whole = @",
        [DIRECTORY_TENANT] = "m.whole_kind = 6 AND m.whole = @",
    };
    const struct search_scope narrow = {.condition = conditions[directory_of(request, 1)->kind],
                                        .text = request->arguments[0]};
    answer_search(request, directory_of(request, 3)->members, narrow);
}

void handle_group_roles(struct request *request)
{
    const struct search_scope narrow = {
        .condition = "r.id IN (SELECT m.whole FROM members m WHERE m.whole_kind = 4 AND "
                     "m.member_kind = 3 AND m.member = @)",
        .text = request->arguments[0]};
    answer_search(request, &collection_roles, narrow);
}
