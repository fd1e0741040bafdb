// SPDX-License-Identifier: Apache-2.0
#include "http/shape.h"

#include "base/utf8.h"

#include <stdio.h>

struct fitting {
    struct strbuf path;
    struct error *err;
};

static bool misfit(struct fitting *fitting, const char *wanted, const struct json *found)
{
    bool has_text = found->type == JSON_NUMBER;
    str text = has_text ? str_sub(found->text, 0, 40) : str_of(json_type_name(found->type));
    return error_set(fitting->err, ERROR_INVALID, "", "\"%.*s\" must be %s, found %.*s",
                     STR_ARG(strbuf_str(&fitting->path)), wanted, STR_ARG(text));
}

static bool is_key(const struct shape *shape, const struct json *value)
{
    uint64_t key;
    if (shape->low == -1 && str_equal(value->text, STR("-1")))
        return true;
    bool has_digits = value->type == JSON_STRING || value->type == JSON_NUMBER;
    return has_digits && str_to_u64(value->text, &key) && key > 0 && key <= INT64_MAX;
}

static bool is_integer(const struct shape *shape, const struct json *value)
{
    int64_t number;
    return value->type == JSON_NUMBER && str_to_i64(value->text, &number) && number >= shape->low &&
           number <= shape->high;
}

static bool has_characters(const struct shape *shape, str text, struct fitting *fitting)
{
    int64_t count = (int64_t)utf8_length(text);
    if (count < shape->low)
        return error_set(
            fitting->err, ERROR_INVALID, "", "\"%.*s\" has %lld characters: at least %lld",
            STR_ARG(strbuf_str(&fitting->path)), (long long)count, (long long)shape->low);
    return shape->high == 0 || count <= shape->high ||
           error_set(fitting->err, ERROR_LIMIT, "", "\"%.*s\" has %lld characters: at most %lld",
                     STR_ARG(strbuf_str(&fitting->path)), (long long)count, (long long)shape->high);
}

// Any case, as Camunda's API takes it.
static bool is_named(const struct shape *shape, str text, struct fitting *fitting)
{
    struct strbuf all = strbuf_new(fitting->path.arena);
    for (const char *const *name = shape->names; *name != NULL; name++) {
        if (str_equal_ignoring_case(text, str_of(*name)))
            return true;
        strbuf_format(&all, "%s%s", all.len > 0 ? ", " : "", *name);
    }
    return error_set(fitting->err, ERROR_INVALID, "", "\"%.*s\" must be one of %.*s, found '%.*s'",
                     STR_ARG(strbuf_str(&fitting->path)), STR_ARG(strbuf_str(&all)),
                     STR_ARG(str_sub(text, 0, 40)));
}

static bool string_fits(const struct shape *shape, const struct json *value,
                        struct fitting *fitting)
{
    if (value->type != JSON_STRING)
        return misfit(fitting, "a string", value);
    if ((shape->low > 0 || shape->high > 0) && !has_characters(shape, value->text, fitting))
        return false;
    if (shape->names != NULL && !is_named(shape, value->text, fitting))
        return false;
    return shape->max_len == 0 || value->text.len <= shape->max_len ||
           error_set(fitting->err, ERROR_LIMIT, "", "\"%.*s\" has %zu bytes: at most %s (%zu)",
                     STR_ARG(strbuf_str(&fitting->path)), value->text.len, shape->limit,
                     shape->max_len);
}

static bool fits(const struct shape *shape, const struct json *value, struct fitting *fitting);

static bool items_fit(const struct shape *shape, const struct json *value, struct fitting *fitting)
{
    size_t len = fitting->path.len;
    if (value->count < (size_t)shape->low)
        return error_set(fitting->err, ERROR_INVALID, "", "\"%.*s\" has %zu items: at least %lld",
                         STR_ARG(strbuf_str(&fitting->path)), value->count, (long long)shape->low);
    if (shape->high > 0 && value->count > (size_t)shape->high)
        return error_set(fitting->err, ERROR_LIMIT, "", "\"%.*s\" has %zu items: at most %lld",
                         STR_ARG(strbuf_str(&fitting->path)), value->count, (long long)shape->high);
    for (size_t i = 0; i < value->count; i++) {
        strbuf_format(&fitting->path, "[%zu]", i);
        if (!fits(shape->item, &value->items[i], fitting))
            return false;
        fitting->path.len = len;
    }
    return true;
}

static bool is_empty(const struct json *value)
{
    bool has_items = value->type == JSON_ARRAY || value->type == JSON_OBJECT;
    return (has_items && value->count == 0) ||
           (value->type == JSON_STRING && value->text.len == 0) ||
           (value->type == JSON_NUMBER && str_equal(value->text, STR("0"))) ||
           (value->type == JSON_BOOL && !value->boolean);
}

static bool is_named_in(const struct shape *shape, str name)
{
    for (size_t i = 0; i < shape->count; i++)
        if (str_equal(name, str_of(shape->members[i].name)))
            return true;
    return false;
}

// What no member of the shape is.
static bool others_fit(const struct shape *shape, const struct json *value, struct fitting *fitting)
{
    for (size_t i = 0; i < value->count && !shape->is_open; i++) {
        const struct json_member *member = &value->members[i];
        if (member->value.type == JSON_NULL || is_empty(&member->value) ||
            is_named_in(shape, member->name))
            continue;
        strbuf_format(&fitting->path, "%s%.*s", fitting->path.len > 0 ? "." : "",
                      STR_ARG(str_sub(member->name, 0, 80)));
        return error_set(fitting->err, ERROR_INVALID, "",
                         "\"%.*s\" is not known here: leave it out",
                         STR_ARG(strbuf_str(&fitting->path)));
    }
    return true;
}

static bool members_fit(const struct shape *shape, const struct json *value,
                        struct fitting *fitting)
{
    size_t len = fitting->path.len;
    if (!others_fit(shape, value, fitting))
        return false;
    for (size_t i = 0; i < shape->count; i++) {
        const struct shape_member *wanted = &shape->members[i];
        const struct json *found = json_get(value, str_of(wanted->name));
        strbuf_format(&fitting->path, "%s%s", len > 0 ? "." : "", wanted->name);
        bool is_absent = found == NULL || found->type == JSON_NULL;
        if (is_absent && wanted->is_required)
            return error_set(fitting->err, ERROR_INVALID, "", "\"%.*s\" is missing",
                             STR_ARG(strbuf_str(&fitting->path)));
        if (!is_absent && !fits(wanted->shape, found, fitting))
            return false;
        fitting->path.len = len;
    }
    return true;
}

static bool fits(const struct shape *shape, const struct json *value, struct fitting *fitting)
{
    char range[96];
    switch (shape->kind) {
    case SHAPE_ANY:
        return true;
    case SHAPE_STRING:
        return string_fits(shape, value, fitting);
    case SHAPE_KEY:
        return is_key(shape, value) || misfit(fitting, "a key: a string of digits", value);
    case SHAPE_INTEGER:
        snprintf(range, sizeof range, "a whole number from %lld to %lld", (long long)shape->low,
                 (long long)shape->high);
        return is_integer(shape, value) || misfit(fitting, range, value);
    case SHAPE_NUMBER:
        return value->type == JSON_NUMBER || misfit(fitting, "a number", value);
    case SHAPE_BOOLEAN:
        return value->type == JSON_BOOL || misfit(fitting, "true or false", value);
    case SHAPE_ARRAY:
        return value->type == JSON_ARRAY ? items_fit(shape, value, fitting)
                                         : misfit(fitting, "an array", value);
    case SHAPE_OBJECT:
        return value->type == JSON_OBJECT ? members_fit(shape, value, fitting)
                                          : misfit(fitting, "an object", value);
    case SHAPE_MISSING:
        return is_empty(value) ||
               error_set(fitting->err, ERROR_INVALID, "", "\"%.*s\" is not done here: leave it out",
                         STR_ARG(strbuf_str(&fitting->path)));
    }
    check_unreachable();
}

bool shape_fits(const struct shape *shape, const struct json *body, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    static const struct json nothing = {.type = JSON_OBJECT};
    struct fitting fitting = {strbuf_new(&arena), err};
    bool good = fits(shape, body != NULL ? body : &nothing, &fitting);
    arena_done(&arena);
    return good;
}
