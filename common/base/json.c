// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"

#include "base/map.h"

#include <yyjson.h>

enum { NAMES_COMPARED_IN_PAIRS = 16 };

struct place { // in an object, or in an array
    str name;
    size_t index;
};

struct conversion {
    struct arena *arena;
    struct error *err;
    struct place path[JSON_MAX_DEPTH + 1]; // to the value that is being converted
};

static bool convert(struct conversion *c, yyjson_val *from, int depth, struct json *ret_value);

// "order.lines[2].note"
static str path_of(const struct conversion *c, int depth)
{
    struct strbuf path = strbuf_new(c->arena);
    for (int i = 0; i < depth; i++) {
        if (c->path[i].name.data == NULL)
            strbuf_format(&path, "[%zu]", c->path[i].index);
        else
            strbuf_format(&path, "%s%.*s", i ? "." : "", STR_ARG(c->path[i].name));
    }
    return depth == 0 ? STR("the text") : strbuf_str(&path);
}

// PostgreSQL can store U+0000 in no text, so it is refused where a text enters.
static bool text_of(struct conversion *c, yyjson_val *value, int depth, str *ret_text)
{
    str text = str_from(yyjson_get_str(value), yyjson_get_len(value));
    *ret_text = str_copy(c->arena, text);
    if (text.len == 0 || memchr(text.data, 0, text.len) == NULL)
        return true;
    str path = path_of(c, depth);
    return error_set(c->err, ERROR_INVALID, "json",
                     "%.*s has the character U+0000, which cannot be stored", STR_ARG(path));
}

static bool convert_array(struct conversion *c, yyjson_val *from, int depth, struct json *ret_value)
{
    ret_value->type = JSON_ARRAY;
    ret_value->count = yyjson_arr_size(from);
    ret_value->items = ARENA_ARRAY(c->arena, struct json, ret_value->count);
    yyjson_arr_iter iter;
    yyjson_arr_iter_init(from, &iter);
    for (size_t i = 0; i < ret_value->count; i++) {
        c->path[depth] = (struct place){.index = i};
        if (!convert(c, yyjson_arr_iter_next(&iter), depth + 1, &ret_value->items[i]))
            return false;
    }
    return true;
}

static bool fail_duplicate(struct conversion *c, str name)
{
    return error_set(c->err, ERROR_INVALID, "json", "the name \"%.*s\" stands twice in one object",
                     STR_ARG(name));
}

static bool has_earlier_name(const struct json *object, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(object->members[i].name, object->members[index].name))
            return true;
    return false;
}

static bool check_names(struct conversion *c, const struct json *object)
{
    if (object->count <= NAMES_COMPARED_IN_PAIRS) {
        for (size_t i = 1; i < object->count; i++)
            if (has_earlier_name(object, i))
                return fail_duplicate(c, object->members[i].name);
        return true;
    }
    struct map seen = map_new(c->arena);
    for (size_t i = 0; i < object->count; i++) {
        if (map_get(&seen, object->members[i].name) != NULL)
            return fail_duplicate(c, object->members[i].name);
        map_put(&seen, object->members[i].name, &object->members[i]);
    }
    return true;
}

static bool convert_object(struct conversion *c, yyjson_val *from, int depth,
                           struct json *ret_value)
{
    ret_value->type = JSON_OBJECT;
    ret_value->count = yyjson_obj_size(from);
    ret_value->members = ARENA_ARRAY(c->arena, struct json_member, ret_value->count);
    yyjson_obj_iter iter;
    yyjson_obj_iter_init(from, &iter);
    for (size_t i = 0; i < ret_value->count; i++) {
        yyjson_val *key = yyjson_obj_iter_next(&iter);
        if (!text_of(c, key, depth, &ret_value->members[i].name))
            return false;
        c->path[depth].name = ret_value->members[i].name;
        if (!convert(c, yyjson_obj_iter_get_val(key), depth + 1, &ret_value->members[i].value))
            return false;
    }
    return check_names(c, ret_value);
}

static bool convert(struct conversion *c, yyjson_val *from, int depth, struct json *ret_value)
{
    if (depth > JSON_MAX_DEPTH)
        return error_set(c->err, ERROR_LIMIT, "json", "nested deeper than JSON_MAX_DEPTH (%d)",
                         JSON_MAX_DEPTH);
    switch (yyjson_get_type(from)) {
    case YYJSON_TYPE_NULL:
        ret_value->type = JSON_NULL;
        return true;
    case YYJSON_TYPE_BOOL:
        ret_value->type = JSON_BOOL;
        ret_value->boolean = yyjson_get_bool(from);
        return true;
    case YYJSON_TYPE_RAW:
        ret_value->type = JSON_NUMBER;
        ret_value->text = str_copy(c->arena, str_from(yyjson_get_raw(from), yyjson_get_len(from)));
        return true;
    case YYJSON_TYPE_STR:
        ret_value->type = JSON_STRING;
        return text_of(c, from, depth, &ret_value->text);
    case YYJSON_TYPE_ARR:
        return convert_array(c, from, depth, ret_value);
    case YYJSON_TYPE_OBJ:
        return convert_object(c, from, depth, ret_value);
    default:
        check_unreachable();
    }
}

static void *arena_malloc_for_yyjson(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void *arena_realloc_for_yyjson(void *context, void *old, size_t old_size, size_t size)
{
    return arena_grow(context, old, old_size, size);
}

static void arena_free_for_yyjson(void *context, void *memory)
{
    (void)context;
    (void)memory;
}

// In JSON a control character stands as an escape, or as \\u005c and text, which is none.
bool json_has_nul(str text)
{
    const str escape = STR("\\u0000");
    for (size_t at; (at = str_find(text, escape)) != SIZE_MAX;) {
        size_t backslashes = 0;
        while (backslashes < at && text.data[at - backslashes - 1] == '\\')
            backslashes++;
        if (backslashes % 2 == 0)
            return true;
        text = str_from_index(text, at + escape.len);
    }
    return false;
}

bool json_parse(struct arena *arena, str text, struct json **ret_value, struct error *err)
{
    struct arena scratch = ARENA_EMPTY;
    yyjson_alc allocator = {arena_malloc_for_yyjson, arena_realloc_for_yyjson,
                            arena_free_for_yyjson, &scratch};
    yyjson_read_err failure;
    yyjson_doc *document = yyjson_read_opts((char *)(uintptr_t)text.data, text.len,
                                            YYJSON_READ_NUMBER_AS_RAW, &allocator, &failure);
    bool ok = false;
    if (document == NULL) {
        error_set(err, ERROR_INVALID, "json", "%s at byte %zu", failure.msg, failure.pos);
    } else {
        struct conversion conversion = {arena, err};
        struct json *value = ARENA_NEW(arena, struct json);
        ok = convert(&conversion, yyjson_doc_get_root(document), 0, value);
        if (ok)
            *ret_value = value;
    }
    arena_done(&scratch);
    return ok;
}

bool json_is(const struct json *value, enum json_type type)
{
    return value != NULL && value->type == type;
}

const struct json *json_get(const struct json *value, str name)
{
    if (!json_is(value, JSON_OBJECT))
        return NULL;
    for (size_t i = 0; i < value->count; i++)
        if (str_equal(value->members[i].name, name))
            return &value->members[i].value;
    return NULL;
}

str json_get_str(const struct json *value, str name, str fallback)
{
    const struct json *member = json_get(value, name);
    return json_is(member, JSON_STRING) ? member->text : fallback;
}

int64_t json_get_i64(const struct json *value, str name, int64_t fallback)
{
    const struct json *member = json_get(value, name);
    int64_t number;
    return json_is(member, JSON_NUMBER) && str_to_i64(member->text, &number) ? number : fallback;
}

bool json_get_bool(const struct json *value, str name, bool fallback)
{
    const struct json *member = json_get(value, name);
    return json_is(member, JSON_BOOL) ? member->boolean : fallback;
}

const char *json_type_name(enum json_type type)
{
    static const char *const names[] = {"null", "boolean", "number", "string", "array", "object"};
    return names[type];
}

struct json_writer json_writer_new(struct strbuf *out)
{
    return (struct json_writer){.out = out};
}

static void before_value(struct json_writer *writer)
{
    if (writer->after_value)
        strbuf_add_char(writer->out, ',');
    writer->after_value = true;
}

static void open_with(struct json_writer *writer, char bracket)
{
    before_value(writer);
    strbuf_add_char(writer->out, bracket);
    writer->after_value = false;
}

static void close_with(struct json_writer *writer, char bracket)
{
    strbuf_add_char(writer->out, bracket);
    writer->after_value = true;
}

void json_begin_object(struct json_writer *writer)
{
    open_with(writer, '{');
}

void json_end_object(struct json_writer *writer)
{
    close_with(writer, '}');
}

void json_begin_array(struct json_writer *writer)
{
    open_with(writer, '[');
}

void json_end_array(struct json_writer *writer)
{
    close_with(writer, ']');
}

void json_key(struct json_writer *writer, str name)
{
    before_value(writer);
    json_quote(writer->out, name);
    strbuf_add_char(writer->out, ':');
    writer->after_value = false;
}

void json_string(struct json_writer *writer, str text)
{
    before_value(writer);
    json_quote(writer->out, text);
}

void json_i64(struct json_writer *writer, int64_t value)
{
    before_value(writer);
    strbuf_add_i64(writer->out, value);
}

void json_u64(struct json_writer *writer, uint64_t value)
{
    before_value(writer);
    strbuf_add_u64(writer->out, value);
}

void json_bool(struct json_writer *writer, bool value)
{
    json_raw(writer, value ? STR("true") : STR("false"));
}

void json_null(struct json_writer *writer)
{
    json_raw(writer, STR("null"));
}

void json_raw(struct json_writer *writer, str json)
{
    before_value(writer);
    strbuf_add(writer->out, json);
}

void json_optional(struct json_writer *writer, const char *name, str text)
{
    json_key(writer, str_of(name));
    if (str_is_empty(text))
        json_null(writer);
    else
        json_string(writer, text);
}

void json_value(struct json_writer *writer, const struct json *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_null(writer);
        return;
    case JSON_BOOL:
        json_bool(writer, value->boolean);
        return;
    case JSON_NUMBER:
        json_raw(writer, value->text);
        return;
    case JSON_STRING:
        json_string(writer, value->text);
        return;
    case JSON_ARRAY:
        json_begin_array(writer);
        for (size_t i = 0; i < value->count; i++)
            json_value(writer, &value->items[i]);
        json_end_array(writer);
        return;
    case JSON_OBJECT:
        json_begin_object(writer);
        for (size_t i = 0; i < value->count; i++) {
            json_key(writer, value->members[i].name);
            json_value(writer, &value->members[i].value);
        }
        json_end_object(writer);
        return;
    }
}

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    case '\b':
        return "\\b";
    case '\f':
        return "\\f";
    default:
        return NULL;
    }
}

void json_quote(struct strbuf *out, str text)
{
    strbuf_add_char(out, '"');
    size_t plain = 0; // start of the run not yet copied
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        strbuf_add(out, str_sub(text, plain, i - plain));
        plain = i + 1;
        const char *escape = escape_of(c);
        if (escape)
            strbuf_add(out, str_of(escape));
        else
            strbuf_format(out, "\\u%04x", c);
    }
    strbuf_add(out, str_from_index(text, plain));
    strbuf_add_char(out, '"');
}
