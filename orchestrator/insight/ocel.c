// SPDX-License-Identifier: Apache-2.0
#include "insight/ocel.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/map.h"
#include "insight/instant.h"

struct ocel_object {
    str id, type;
    const struct json *attributes;
};

struct ocel_reader {
    struct arena scratch;
    struct log_builder *builder;
    struct names *names;
    struct map objects; // by id
    str type;
};

static bool refuse(struct error *err, const char *place, const char *why)
{
    return error_set(err, ERROR_INVALID, place, "%s", why);
}

static bool items_of(const struct json *root, str name, const struct json **ret_items,
                     struct error *err)
{
    *ret_items = json_get(root, name);
    return json_is(*ret_items, JSON_ARRAY) ||
           error_set(err, ERROR_INVALID, "ocel", "'%.*s' is missing, or no array", STR_ARG(name));
}

static bool read_objects(struct ocel_reader *r, const struct json *objects, struct error *err)
{
    map_reserve(&r->objects, objects->count);
    for (size_t i = 0; i < objects->count; i++) {
        const struct json *each = &objects->items[i];
        struct ocel_object *object = ARENA_NEW(&r->scratch, struct ocel_object);
        object->id = json_get_str(each, STR("id"), STR_EMPTY);
        object->type = json_get_str(each, STR("type"), STR_EMPTY);
        object->attributes = json_get(each, STR("attributes"));
        if (object->id.len == 0 || object->type.len == 0)
            return refuse(err, "ocel", "an object has no id or no type");
        map_put(&r->objects, object->id, object);
    }
    return true;
}

static const struct ocel_object *related(const struct ocel_reader *r, const struct json *relation)
{
    return map_get(&r->objects, json_get_str(relation, STR("objectId"), STR_EMPTY));
}

// The type that most relations of events lead to; of equal ones the first by name.
static str usual_type(struct ocel_reader *r, const struct json *events)
{
    struct names types = names_new(&r->scratch);
    size_t *counts = ARENA_ARRAY(&r->scratch, size_t, r->objects.count + 1), best = 0;
    for (size_t i = 0; i < events->count; i++) {
        const struct json *relations = json_get(&events->items[i], STR("relationships"));
        for (size_t k = 0; json_is(relations, JSON_ARRAY) && k < relations->count; k++) {
            const struct ocel_object *object = related(r, &relations->items[k]);
            if (object != NULL)
                counts[names_add(&types, object->type)]++;
        }
    }
    for (size_t t = 1; t < types.count; t++) {
        bool is_first = str_compare(types.items[t], types.items[best]) < 0;
        if (counts[t] > counts[best] || (counts[t] == counts[best] && is_first))
            best = t;
    }
    return types.count > 0 ? types.items[best] : STR_EMPTY;
}

static bool add_value(struct ocel_reader *r, enum owner owner, const struct json *pair,
                      struct error *err)
{
    const struct json *value = json_get(pair, STR("value"));
    struct attribute a = {.key = names_add(r->names, json_get_str(pair, STR("name"), STR_EMPTY))};
    if (value == NULL || value->type == JSON_NULL || value->type == JSON_ARRAY ||
        value->type == JSON_OBJECT)
        return true;
    if (value->type == JSON_BOOL) {
        a.type = ATTRIBUTE_BOOLEAN;
        a.whole = value->boolean;
    } else if (value->type == JSON_STRING) {
        a.text = names_add(r->names, value->text);
    } else if (!attribute_read(value->text, ATTRIBUTE_INT, &a) &&
               !attribute_read(value->text, ATTRIBUTE_FLOAT, &a)) {
        return refuse(err, "ocel", "a number cannot be read");
    }
    return log_builder_attribute(r->builder, owner, &a, err);
}

static bool add_values(struct ocel_reader *r, enum owner owner, const struct json *list,
                       struct error *err)
{
    bool is_added = true;
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count && is_added; i++)
        is_added = add_value(r, owner, &list->items[i], err);
    return is_added;
}

// The event in the trace of one object.
static bool add_event(struct ocel_reader *r, const struct json *event,
                      const struct ocel_object *object, int64_t time, struct error *err)
{
    bool is_new;
    if (!log_builder_case(r->builder, object->id, &is_new, err))
        return false;
    struct raw_event *raw = log_builder_event(r->builder, err);
    if (raw == NULL)
        return false;
    str type = json_get_str(event, STR("type"), STR_EMPTY);
    raw->activity = type.len > 0 ? names_add(r->names, type) : NAME_NONE;
    raw->time = time;
    const struct json *relations = json_get(event, STR("relationships"));
    for (size_t i = 0; i < relations->count; i++) {
        const struct ocel_object *other = related(r, &relations->items[i]);
        if (other != NULL && str_equal_ignoring_case(other->type, STR("resource")))
            raw->resource = names_add(r->names, other->id);
    }
    return (!is_new || add_values(r, OWNER_CASE, object->attributes, err)) &&
           add_values(r, OWNER_EVENT, json_get(event, STR("attributes")), err);
}

static bool read_event(struct ocel_reader *r, const struct json *event, struct error *err)
{
    struct instant instant;
    struct log_notes *notes = log_builder_notes(r->builder);
    const struct json *relations = json_get(event, STR("relationships"));
    int64_t time = NO_TIME;
    bool is_in_a_case = false;
    if (instant_parse(json_get_str(event, STR("time"), STR_EMPTY), &instant)) {
        time = instant.us;
        *(instant.has_zone ? &notes->times_with_zone : &notes->times_without_zone) += 1;
    } else {
        notes->unreadable_times++;
    }
    for (size_t i = 0; json_is(relations, JSON_ARRAY) && i < relations->count; i++) {
        const struct ocel_object *object = related(r, &relations->items[i]);
        if (object == NULL || !str_equal(object->type, r->type))
            continue;
        is_in_a_case = true;
        if (!add_event(r, event, object, time, err))
            return false;
    }
    notes->events_without_case += !is_in_a_case;
    return true;
}

static bool read_log(struct ocel_reader *r, str text, str object_type, struct error *err)
{
    struct json *root;
    const struct json *objects, *events;
    if (!insight_within(INSIGHT_LIMIT_TEXT_BYTES, text.len, err) ||
        !json_parse(&r->scratch, text, &root, err) ||
        !items_of(root, STR("objects"), &objects, err) ||
        !items_of(root, STR("events"), &events, err) || !read_objects(r, objects, err))
        return false;
    r->type = object_type.len > 0 ? object_type : usual_type(r, events);
    bool is_known = false;
    for (size_t i = 0; i < objects->count && !is_known; i++)
        is_known = str_equal(json_get_str(&objects->items[i], STR("type"), STR_EMPTY), r->type);
    if (!is_known)
        return error_set(err, ERROR_INVALID, "ocel", "there are no objects of the type '%.*s'",
                         STR_ARG(r->type));
    for (size_t i = 0; i < events->count; i++)
        if (!read_event(r, &events->items[i], err))
            return false;
    return true;
}

bool ocel_read(struct log_builder *builder, str text, str object_type, struct error *err)
{
    struct ocel_reader r = {.builder = builder, .names = log_builder_names(builder)};
    r.objects = map_new(&r.scratch);
    bool is_read = read_log(&r, text, object_type, err);
    arena_done(&r.scratch);
    return is_read;
}
