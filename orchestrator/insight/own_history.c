// SPDX-License-Identifier: Apache-2.0
#include "insight/own_history.h"

enum { US_PER_MS = 1000, MOST_VALUE_BYTES = 4096 };

struct reading {
    struct log_builder *builder;
    struct names *names;
    bool with_cancelled;
    struct error *err;
};

static int64_t time_of(const struct json *object, const char *name)
{
    int64_t ms = json_get_i64(object, str_of(name), 0);
    return ms == 0 ? NO_TIME : ms * US_PER_MS;
}

static bool add(struct reading *r, enum owner owner, str name, struct attribute attribute)
{
    attribute.key = names_add(r->names, name);
    return log_builder_attribute(r->builder, owner, &attribute, r->err);
}

static bool add_text(struct reading *r, enum owner owner, const char *name, str text)
{
    return text.len == 0 ||
           add(r, owner, str_of(name),
               (struct attribute){.type = ATTRIBUTE_STRING, .text = names_add(r->names, text)});
}

static bool add_whole(struct reading *r, enum owner owner, const char *name, int64_t whole)
{
    return add(r, owner, str_of(name), (struct attribute){.type = ATTRIBUTE_INT, .whole = whole});
}

// -- Variables ----------------------------------------------------------------------------

// Numbers, truths and texts; what is larger than a table's cell is left out, as are parts.
static bool add_variable(struct reading *r, const struct json_member *variable)
{
    struct attribute attribute = {.type = ATTRIBUTE_STRING};
    const struct json *value = &variable->value;
    if (value->type == JSON_BOOL) {
        attribute.type = ATTRIBUTE_BOOLEAN;
        attribute.whole = value->boolean;
    } else if (value->type == JSON_NUMBER) {
        if (!attribute_read(value->text, ATTRIBUTE_INT, &attribute) &&
            !attribute_read(value->text, ATTRIBUTE_FLOAT, &attribute))
            return true;
    } else if (value->type == JSON_STRING && value->text.len <= MOST_VALUE_BYTES) {
        attribute.text = names_add(r->names, value->text);
    } else {
        return true;
    }
    return add(r, OWNER_CASE, variable->name, attribute);
}

static bool read_variables(struct reading *r, const struct json *variables)
{
    for (size_t i = 0; json_is(variables, JSON_OBJECT) && i < variables->count; i++)
        if (!add_variable(r, &variables->members[i]))
            return false;
    return true;
}

// -- Events -------------------------------------------------------------------------------

static bool read_event(struct reading *r, const struct json *event)
{
    bool is_cancelled = json_get_bool(event, STR("cancelled"), false);
    if (is_cancelled && !r->with_cancelled)
        return true;
    struct raw_event *raw = log_builder_event(r->builder, r->err);
    if (raw == NULL)
        return false;
    str resource = json_get_str(event, STR("resource"), STR_EMPTY);
    raw->activity = names_add(r->names, json_get_str(event, STR("activity"), STR_EMPTY));
    raw->time = time_of(event, "endedMs");
    raw->moments[MOMENT_ENABLED] = time_of(event, "enabledMs");
    raw->moments[MOMENT_OFFERED] = time_of(event, "offeredMs");
    raw->moments[MOMENT_CLAIMED] = time_of(event, "claimedMs");
    raw->moments[MOMENT_STARTED] = time_of(event, "startedMs");
    raw->resource = resource.len > 0 ? names_add(r->names, resource) : NAME_NONE;
    raw->lifecycle = names_add(r->names, is_cancelled ? STR("ate_abort") : STR("complete"));
    return add_text(r, OWNER_EVENT, "baton:element",
                    json_get_str(event, STR("elementId"), STR_EMPTY)) &&
           add_text(r, OWNER_EVENT, "baton:type", json_get_str(event, STR("type"), STR_EMPTY)) &&
           add_text(r, OWNER_EVENT, "baton:worker",
                    json_get_str(event, STR("worker"), STR_EMPTY)) &&
           add_text(r, OWNER_EVENT, "baton:cost", json_get_str(event, STR("cost"), STR_EMPTY)) &&
           add_whole(r, OWNER_EVENT, "baton:attempts", json_get_i64(event, STR("attempts"), 0)) &&
           add_whole(r, OWNER_EVENT, "baton:incidents", json_get_i64(event, STR("incidents"), 0));
}

static bool read_case(struct reading *r, const struct json *item)
{
    bool is_new;
    const struct json *events = json_get(item, STR("events"));
    str name = json_get_str(item, STR("processInstanceKey"), STR_EMPTY);
    if (name.len == 0 || !json_is(events, JSON_ARRAY))
        return error_set(r->err, ERROR_INVALID, "", "expected cases with a key and events");
    if (!log_builder_case(r->builder, name, &is_new, r->err))
        return false;
    log_builder_case_span(r->builder, time_of(item, "startedMs"), time_of(item, "endedMs"));
    bool is_good =
        add_whole(r, OWNER_CASE, "baton:version",
                  json_get_i64(item, STR("processDefinitionVersion"), 0)) &&
        add_text(r, OWNER_CASE, "baton:state", json_get_str(item, STR("state"), STR_EMPTY)) &&
        add_text(r, OWNER_CASE, "baton:tenant", json_get_str(item, STR("tenantId"), STR_EMPTY)) &&
        add_text(r, OWNER_CASE, "baton:businessId",
                 json_get_str(item, STR("businessId"), STR_EMPTY)) &&
        read_variables(r, json_get(item, STR("variables")));
    for (size_t i = 0; is_good && i < events->count; i++)
        is_good = read_event(r, &events->items[i]);
    return is_good;
}

bool own_history_read(struct log_builder *builder, const struct json *page, bool with_cancelled,
                      struct error *err)
{
    const struct json *cases = json_get(page, STR("cases"));
    struct reading r = {builder, log_builder_names(builder), with_cancelled, err};
    if (!json_is(cases, JSON_ARRAY))
        return error_set(err, ERROR_INVALID, "", "expected an object with cases");
    for (size_t i = 0; i < cases->count; i++)
        if (!read_case(&r, &cases->items[i]))
            return false;
    return true;
}
