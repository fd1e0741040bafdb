// SPDX-License-Identifier: Apache-2.0
//
// Why somebody may do something, or may not: by which way which authorization comes to them, and
// what would change the answer.
#include "api/api_private.h"

#include "access/access.h"
#include "api/directory.h"
#include "base/clock.h"
#include "store/read/given.h"
#include "store/read/time_text.h"

struct question {
    struct given_to who;
    const struct identity *identity; // that a token proves; NULL: asked by name
    enum resource_type type;
    str permission;
    str resource_id;
    bool is_user, is_locked, is_client; // there is such a one
    str tenants;                        // with commas
    str at;                             // as it was then; data == NULL: as it is
};

static bool has_word(str words, str word)
{
    str one;
    while (!str_is_empty(words) && str_split(&words, ' ', &one))
        if (str_equal(one, word))
            return true;
    return false;
}

static bool decides(const struct question *question, const struct query_rows *rows, size_t row)
{
    str id = query_value(rows, row, 2);
    return has_word(query_value(rows, row, 3), question->permission) &&
           (str_equal(id, STR("*")) || str_equal(id, question->resource_id));
}

static void write_list(struct json_writer *w, str words, char separator)
{
    str word;
    json_begin_array(w);
    while (!str_is_empty(words) && str_split(&words, separator, &word))
        json_string(w, word);
    json_end_array(w);
}

static void write_words(struct json_writer *w, str name, str words)
{
    json_key(w, name);
    write_list(w, words, ' ');
}

static void write_names(struct json_writer *w, str name, struct names names)
{
    json_key(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < names.count; i++)
        json_string(w, names.items[i]);
    json_end_array(w);
}

static void write_who(struct json_writer *w, const struct question *question)
{
    const struct identity *identity = question->identity;
    write_text(w, STR("ownerType"),
               question->who.kind == SUBJECT_USER ? STR("USER") : STR("CLIENT"));
    write_text(w, STR("ownerId"), question->who.id);
    write_optional(w, STR("proof"), identity != NULL ? identity->proof : STR_EMPTY);
    write_names(w, STR("tokenGroups"),
                (struct names){question->who.groups, question->who.group_count});
    write_names(w, STR("mappingRules"),
                (struct names){question->who.rules, question->who.rule_count});
}

static bool write_ways(struct json_writer *w, const struct question *question,
                       const struct query_rows *rows)
{
    bool is_allowed = false;
    json_key(w, STR("ways"));
    json_begin_array(w);
    for (size_t row = 0; row < query_row_count(rows); row++) {
        bool does = decides(question, rows, row);
        is_allowed |= does;
        json_begin_object(w);
        write_text(w, STR("way"), query_value(rows, row, 1));
        write_key(w, STR("authorizationKey"), query_u64(rows, row, 0));
        write_text(w, STR("resourceId"), query_value(rows, row, 2));
        write_words(w, STR("permissionTypes"), query_value(rows, row, 3));
        json_key(w, STR("decides"));
        json_bool(w, does);
        json_end_object(w);
    }
    json_end_array(w);
    return is_allowed;
}

// What stands nearest to a yes.
static str advice(struct arena *arena, const struct question *question,
                  const struct query_rows *rows)
{
    for (size_t row = 0; row < query_row_count(rows); row++) {
        str id = query_value(rows, row, 2), words = query_value(rows, row, 3);
        if (has_word(words, question->permission))
            return str_format(arena, "%.*s is given on '%.*s', not on '%.*s'",
                              STR_ARG(question->permission), STR_ARG(id),
                              STR_ARG(question->resource_id));
        if (str_equal(id, question->resource_id) || str_equal(id, STR("*")))
            return str_format(arena, "authorization %llu is on '%.*s' and lacks %.*s",
                              (unsigned long long)query_u64(rows, row, 0), STR_ARG(id),
                              STR_ARG(question->permission));
    }
    return str_format(arena,
                      "no authorization on %s comes to '%.*s': give %.*s on '%.*s' to it, or to a "
                      "group or role that it belongs to",
                      resource_type_name(question->type), STR_ARG(question->who.id),
                      STR_ARG(question->permission), STR_ARG(question->resource_id));
}

// What no authorization mends, or says that it need not.
static str remark(const struct caller *caller, const struct question *question)
{
    bool has_tenants = config_bool(api_of(request_of(caller))->options.config, CONFIG_AUTH_TENANTS);
    bool is_now = question->at.data == NULL; // nobody knows who there was then, and who was locked
    if (is_now && question->is_locked)
        return STR("the user is locked, and cannot log in");
    if (is_now && question->who.kind == SUBJECT_USER && !question->is_user &&
        question->identity == NULL)
        return question->is_client
                   ? STR("there is no local user of this name, but a client: ask with ownerType "
                         "CLIENT (--client)")
                   : STR("there is no local user of this name; a provider may have one");
    if (has_tenants && str_is_empty(question->tenants))
        return STR("it belongs to no tenant, and so sees and reaches nothing of processes");
    if (question->type == RESOURCE_USER_TASK)
        return STR("the assignee of a task may complete it and give it back, a candidate may take "
                   "it while nobody has it, without an authorization");
    return STR_EMPTY;
}

static void on_ways(struct caller *caller, void *context, const struct query_rows *rows)
{
    const struct question *question = context;
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    write_who(&w, question);
    write_text(&w, STR("resourceType"), str_of(resource_type_name(question->type)));
    write_text(&w, STR("permissionType"), question->permission);
    write_text(&w, STR("resourceId"), question->resource_id);
    bool is_allowed = write_ways(&w, question, rows);
    json_key(&w, STR("isAllowed"));
    json_bool(&w, is_allowed);
    json_key(&w, STR("tenants"));
    write_list(&w, question->tenants, ',');
    write_optional(&w, STR("remark"), remark(caller, question));
    write_optional(&w, STR("missing"),
                   is_allowed ? STR_EMPTY : advice(caller->arena, question, rows));
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void on_standing(struct caller *caller, void *context, const struct query_rows *rows)
{
    struct question *question = context;
    question->is_user = query_bool(rows, 0, 0);
    question->is_locked = query_bool(rows, 0, 1);
    question->is_client = query_bool(rows, 0, 2);
    question->tenants = str_copy(caller->arena, query_value(rows, 0, 3));
    read_run(caller,
             read_way_of_grants(caller->arena, &question->who,
                                str_of(resource_type_name(question->type)), question->at),
             on_ways, question);
}

static void look(struct request *request, struct question *question)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_standing(caller->arena, &question->who, question->at), on_standing,
             question);
}

struct proving_question {
    struct request *request;
    struct question *question;
};

static void on_identified(void *context, const struct identity *identity, const struct error *err)
{
    const struct proving_question *proving = context;
    struct question *question = proving->question;
    if (identity == NULL) {
        request_failed(proving->request, err);
        return;
    }
    question->identity = identity;
    question->who = (struct given_to){.kind = (int)identity->kind,
                                      .id = identity->id,
                                      .groups = identity->groups.items,
                                      .group_count = identity->groups.count,
                                      .rules = identity->rules.items,
                                      .rule_count = identity->rules.count};
    look(proving->request, question);
}

static void prove(struct request *request, struct question *question, str token)
{
    struct access *access = gateway_access(api_of(request)->options.gateway);
    const struct credential credential = {
        .kind = CREDENTIAL_BEARER, .user = STR_EMPTY, .secret = token, .address = STR_EMPTY};
    struct proving_question *proving = ARENA_NEW(&request->arena, struct proving_question);
    *proving = (struct proving_question){request, question};
    if (access == NULL)
        request_problem(request, 409, "INVALID_STATE",
                        STR("nobody is asked who they are here (auth.enabled)"));
    else
        access_identify(access, &request->arena, &credential, on_identified, proving);
}

// False after answering. What was given since can be looked up as long as there is an identity.
static bool check_time(struct request *request, str at)
{
    int64_t time_ms;
    if (at.data == NULL || (time_text_parse(at, &time_ms) && time_ms <= clock_now_ms()))
        return true;
    request_problem(
        request, 400, "INVALID_ARGUMENT",
        STR("\"at\" must be a date-time such as 2026-11-22T17:00:00Z, and not to come"));
    return false;
}

// False after answering.
static bool find_type(struct request *request, str type, str permission,
                      enum resource_type *ret_type)
{
    if (!resource_type_find(type, ret_type))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("resourceType: there is no such resource type"));
    else if (!resource_type_has(*ret_type, permission))
        request_problem_format(request, 400, "INVALID_ARGUMENT",
                               "permissionType: %s has no permission '%.*s': %s",
                               resource_type_name(*ret_type), STR_ARG(permission),
                               resource_type_permissions(*ret_type));
    else
        return true;
    return false;
}

// The shape of the body has been checked.
void handle_authorization_explain(struct request *request)
{
    struct question *question = ARENA_NEW(&request->arena, struct question);
    const struct json *body = request->body;
    str token = json_get_str(body, STR("token"), STR_EMPTY);
    str type = json_get_str(body, STR("resourceType"), STR_EMPTY);
    *question = (struct question){
        .who = {.kind = str_equal(json_get_str(body, STR("ownerType"), STR("USER")), STR("CLIENT"))
                            ? SUBJECT_CLIENT
                            : SUBJECT_USER,
                .id = json_get_str(body, STR("ownerId"), STR_EMPTY)},
        .permission = json_get_str(body, STR("permissionType"), STR_EMPTY),
        .resource_id = json_get_str(body, STR("resourceId"), STR("*")),
        .at = json_get_str(body, STR("at"), (str){0}),
    };
    if (!check_time(request, question->at))
        return;
    if (!find_type(request, type, question->permission, &question->type))
        return;
    if (str_is_empty(token) == str_is_empty(question->who.id))
        request_problem(request, 400, "INVALID_ARGUMENT",
                        STR("ownerId: say an ownerId or a token, to know of whom"));
    else if (!str_is_empty(token))
        prove(request, question, token);
    else
        look(request, question);
}

// -- Who can ---------------------------------------------------------------------------------

enum { MOST_ITEMS = 10000 }; // the database finds one more

static void on_who(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {
        {"ownerType"}, {"ownerId"}, {"way"}, {"authorizationKey"}, {"resourceId"}};
    (void)context;
    answer_list_cut(request_of(caller), columns, COUNT_OF(columns), rows, MOST_ITEMS);
}

void handle_authorization_who(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct json *body = request->body;
    struct who_question question = {
        .resource_type = json_get_str(body, STR("resourceType"), STR_EMPTY),
        .permission = json_get_str(body, STR("permissionType"), STR_EMPTY),
        .resource_id = json_get_str(body, STR("resourceId"), STR("*")),
        .at = json_get_str(body, STR("at"), (str){0}),
    };
    enum resource_type type;
    if (find_type(request, question.resource_type, question.permission, &type) &&
        check_time(request, question.at))
        read_run(caller, read_who(caller->arena, &question), on_who, NULL);
}

// -- What a change would do ------------------------------------------------------------------

static void on_simulated(struct caller *caller, void *context, const struct query_rows *rows)
{
    static const struct item_column columns[] = {{"effect"},     {"ownerType"},
                                                 {"ownerId"},    {"resourceType"},
                                                 {"resourceId"}, {"permissionType"}};
    (void)context;
    if (query_row_count(rows) > 0 && !query_is_null(rows, 0, COUNT_OF(columns)))
        request_problem_format(request_of(caller), 400, "INVALID_ARGUMENT", "changes: %.*s",
                               STR_ARG(query_value(rows, 0, COUNT_OF(columns))));
    else
        answer_list_cut(request_of(caller), columns, COUNT_OF(columns), rows, MOST_ITEMS);
}

// What an operation cannot do without.
static const struct {
    const char *operation, *needs[4];
} operations[] = {
    {"ASSIGN", {"wholeType", "wholeId", "ownerType", "ownerId"}},
    {"UNASSIGN", {"wholeType", "wholeId", "ownerType", "ownerId"}},
    {"GIVE", {"ownerType", "ownerId", "resourceType", "permissionTypes"}},
    {"TAKE", {"authorizationKey"}},
    {"REMOVE", {"ownerType", "ownerId"}},
};

static bool check_gift(struct request *request, const struct json *change)
{
    struct authorization given;
    struct error err;
    if (authorization_read(&request->arena, change, &given, &err))
        return true;
    request_failed(request, &err);
    return false;
}

static bool check_change(struct request *request, const struct json *change)
{
    size_t i = 0;
    uint64_t key;
    str operation = json_get_str(change, STR("operation"), STR_EMPTY);
    while (i + 1 < COUNT_OF(operations) && !str_equal(operation, str_of(operations[i].operation)))
        i++;
    for (size_t k = 0; k < COUNT_OF(operations[i].needs) && operations[i].needs[k] != NULL; k++) {
        const struct json *value = json_get(change, str_of(operations[i].needs[k]));
        if (value != NULL && value->type != JSON_NULL)
            continue;
        request_problem_format(request, 400, "INVALID_ARGUMENT", "changes: %.*s needs \"%s\"",
                               STR_ARG(operation), operations[i].needs[k]);
        return false;
    }
    if (str_equal(operation, STR("GIVE")))
        return check_gift(request, change);
    const struct json *taken = json_get(change, STR("authorizationKey"));
    if (taken == NULL || taken->type == JSON_NULL || str_to_u64(taken->text, &key))
        return true;
    request_problem(request, 400, "INVALID_ARGUMENT",
                    STR("changes: authorizationKey must be a key"));
    return false;
}

void handle_authorization_simulate(struct request *request)
{
    struct caller *caller = caller_of(request);
    const struct json *changes = json_get(request->body, STR("changes"));
    for (size_t i = 0; i < changes->count; i++)
        if (!check_change(request, &changes->items[i]))
            return;
    read_run(caller,
             read_simulation(caller->arena,
                             request_member_json(request, request->body, STR("changes")),
                             directory_has_providers(request)),
             on_simulated, NULL);
}
