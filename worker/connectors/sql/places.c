// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/places.h"

struct filling {
    const struct input *input;
    const struct json *variables;
    struct strbuf out;
    struct places places;
    bool is_native; // has $1
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9');
}

static size_t name_length(str text)
{
    size_t len = 0;
    while (len < text.len && is_name_part(text.data[len]))
        len++;
    return len;
}

// Up to and with `end`; the rest where it is missing.
static size_t length_to(str text, size_t from, str end)
{
    size_t at = str_find(str_from_index(text, from), end);
    return at == SIZE_MAX ? text.len : from + at + end.len;
}

static bool is_doubled(str text, size_t at)
{
    return at + 1 < text.len && text.data[at] == text.data[at + 1];
}

// E'…' has escapes by a backslash; all have them by doubling.
static size_t quoted_length(str text, char quote, bool has_escapes)
{
    size_t at = 1;
    while (at < text.len && (text.data[at] != quote || is_doubled(text, at))) {
        bool is_pair = text.data[at] == quote || (has_escapes && text.data[at] == '\\');
        at += is_pair ? 2 : 1;
    }
    return at < text.len ? at + 1 : text.len;
}

// Block comments nest in PostgreSQL.
static size_t comment_length(str text)
{
    size_t depth = 1, at = 2;
    for (; at < text.len && depth > 0; at++) {
        str here = str_from_index(text, at);
        bool is_open = str_starts_with(here, STR("/*")), is_end = str_starts_with(here, STR("*/"));
        depth += is_open ? 1 : 0;
        depth -= is_end ? 1 : 0;
        at += is_open || is_end ? 1 : 0;
    }
    return at < text.len ? at : text.len;
}

// $tag$ … $tag$
static size_t dollar_length(str text)
{
    size_t tag = 1 + name_length(str_from_index(text, 1));
    bool is_tag =
        tag < text.len && text.data[tag] == '$' && (tag == 1 || is_name_start(text.data[1]));
    return is_tag ? length_to(text, tag + 1, str_sub(text, 0, tag + 1)) : 0;
}

// Of what stands at the front and is no place for parameters: a name, quotes, a comment. 0: none.
static size_t opaque_length(str text)
{
    char c = text.data[0];
    bool has_escapes = (c == 'e' || c == 'E') && text.len > 1 && text.data[1] == '\'';
    if (has_escapes)
        return 1 + quoted_length(str_from_index(text, 1), '\'', true);
    if (is_name_start(c)) {
        size_t len = name_length(text);
        while (len < text.len && (is_name_part(text.data[len]) || text.data[len] == '$'))
            len++;
        return len;
    }
    if (c == '\'' || c == '"')
        return quoted_length(text, c, false);
    if (str_starts_with(text, STR("--")))
        return length_to(text, 2, STR("\n"));
    if (str_starts_with(text, STR("/*")))
        return comment_length(text);
    if (str_starts_with(text, STR("::")))
        return 2;
    return c == '$' ? dollar_length(text) : 0;
}

static bool add_value(struct filling *f, const struct json *value)
{
    struct places *places = &f->places;
    if (places->count == SQL_MAX_PARAMETERS)
        return error_set(f->input->err, ERROR_LIMIT, f->input->connector,
                         "more than SQL_MAX_PARAMETERS (%d) parameters", SQL_MAX_PARAMETERS);
    const char *text = NULL;
    if (value->type != JSON_NULL) {
        str given = input_text(f->input->arena, value);
        if (given.len > 0 && memchr(given.data, '\0', given.len) != NULL)
            return input_wrong(f->input, "a value in \"data.variables\" has the character U+0000, "
                                         "which PostgreSQL's texts cannot have");
        text = str_cstr(f->input->arena, given);
    }
    places->values[places->count++] = text;
    return true;
}

static bool add_place(struct filling *f, const struct json *value)
{
    if (!add_value(f, value))
        return false;
    strbuf_format(&f->out, "$%zu", f->places.count);
    return true;
}

static bool add_item(struct filling *f)
{
    size_t index = f->places.count;
    if (!json_is(f->variables, JSON_ARRAY) || index >= f->variables->count)
        return input_wrong(f->input, "\"data.variables\" has no item for the place %zu of the text",
                           index + 1);
    return add_place(f, &f->variables->items[index]);
}

static bool add_named(struct filling *f, str name)
{
    const struct json *value = json_get(f->variables, name);
    if (value == NULL)
        return input_wrong(f->input, "\"data.variables\" has no entry for the place ':%.*s'",
                           STR_ARG(str_sub(name, 0, 60)));
    return add_place(f, value);
}

// A colon behind a value is that of a[1:n].
static bool is_slice(const struct filling *f)
{
    str before = strbuf_str(&f->out);
    char last = before.len > 0 ? before.data[before.len - 1] : ' ';
    return is_name_part(last) || last == ')' || last == ']';
}

static bool fill_text(struct filling *f, str sql)
{
    bool is_named = json_is(f->variables, JSON_OBJECT);
    bool is_listed = json_is(f->variables, JSON_ARRAY) && !f->is_native;
    while (sql.len > 0) {
        size_t len = opaque_length(sql);
        str name = str_sub(sql, 1, name_length(str_from_index(sql, 1)));
        if (len == 0 && is_listed && str_starts_with(sql, STR("??"))) {
            strbuf_add_char(&f->out, '?');
            len = 2;
        } else if (len == 0 && is_listed && sql.data[0] == '?') {
            if (!add_item(f))
                return false;
            len = 1;
        } else if (len == 0 && is_named && sql.data[0] == ':' && name.len > 0 &&
                   is_name_start(name.data[0]) && !is_slice(f)) {
            if (!add_named(f, name))
                return false;
            len = 1 + name.len;
        } else {
            len = len > 0 ? len : 1;
            strbuf_add(&f->out, str_sub(sql, 0, len));
        }
        sql = str_from_index(sql, len);
    }
    return true;
}

static bool has_native(str sql)
{
    while (sql.len > 0) {
        size_t len = opaque_length(sql);
        if (len == 0 && sql.data[0] == '$' && sql.len > 1 && sql.data[1] >= '1' &&
            sql.data[1] <= '9')
            return true;
        sql = str_from_index(sql, len > 0 ? len : 1);
    }
    return false;
}

bool places_fill(const struct input *input, str sql, const struct json *variables,
                 struct places *ret_places)
{
    struct filling *f = ARENA_NEW(input->arena, struct filling);
    f->input = input;
    f->variables = variables;
    f->out = strbuf_new(input->arena);
    f->is_native = has_native(sql);
    if (!fill_text(f, sql))
        return false;
    for (size_t i = 0; f->is_native && json_is(variables, JSON_ARRAY) && i < variables->count; i++)
        if (!add_value(f, &variables->items[i]))
            return false;
    if (json_is(variables, JSON_ARRAY) && f->places.count < variables->count)
        return input_wrong(input, "\"data.variables\" has %zu items, the text has %zu places",
                           variables->count, f->places.count);
    *ret_places = f->places;
    ret_places->sql = strbuf_cstr(&f->out);
    return true;
}
