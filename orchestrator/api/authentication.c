// SPDX-License-Identifier: Apache-2.0
//
// Who the caller is, as far as it may know.
#include "api/api_private.h"

#include "store/read/given.h"

static void write_names(struct json_writer *w, str name, struct names names)
{
    json_key(w, name);
    json_begin_array(w);
    for (size_t i = 0; i < names.count; i++)
        json_string(w, names.items[i]);
    json_end_array(w);
}

static void write_tenants(struct json_writer *w, const struct query_rows *rows)
{
    json_key(w, STR("tenants"));
    json_begin_array(w);
    for (size_t i = 0; i < query_row_count(rows); i++) {
        json_begin_object(w);
        write_text(w, STR("tenantId"), query_value(rows, i, 0));
        write_text(w, STR("name"), query_value(rows, i, 1));
        write_optional(w, STR("description"), query_value(rows, i, 2));
        json_end_object(w);
    }
    json_end_array(w);
}

static void on_tenants(struct caller *caller, void *context, const struct query_rows *rows)
{
    (void)context;
    bool all;
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    const struct identity *identity = caller->identity;
    struct names components =
        identity_resources(caller->arena, identity, RESOURCE_COMPONENT, STR("ACCESS"), &all);
    const str every[] = {STR("*")};
    str name = str_is_empty(caller->principal) ? STR("anonymous") : caller->principal;
    json_begin_object(&w);
    write_text(&w, STR("username"), name);
    write_text(&w, STR("displayName"), name);
    write_json(&w, STR("email"), STR("null"));
    write_tenants(&w, rows);
    write_names(&w, STR("groups"), identity->groups);
    write_names(&w, STR("roles"), identity->roles);
    write_json(&w, STR("salesPlanType"), STR("null"));
    write_json(&w, STR("c8Links"), STR("{}"));
    write_json(&w, STR("canLogout"), identity->is_everything ? STR("false") : STR("true"));
    write_names(&w, STR("authorizedComponents"), all ? (struct names){every, 1} : components);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

void handle_authentication_me(struct request *request)
{
    struct caller *caller = caller_of(request);
    read_run(caller, read_tenants(caller->arena, caller->scope), on_tenants, NULL);
}
