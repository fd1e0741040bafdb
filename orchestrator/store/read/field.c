// SPDX-License-Identifier: Apache-2.0
#include "store/read/field.h"

#include "store/read/time_text.h"

#define CURSOR_TIME "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'"

static const struct {
    const char *sql_type;
    unsigned operators;
} kinds[] = {
    [FIELD_KEY] = {"bigint", FIELD_EQUALS | FIELD_LIKES | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_LOCAL_KEY] = {"bigint", FIELD_EQUALS | FIELD_LIKES | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_TEXT] = {"text", FIELD_EQUALS | FIELD_LIKES | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_OPTIONAL] = {"text", FIELD_EQUALS | FIELD_LIKES | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_NAME] = {"text", FIELD_EQUALS | FIELD_LIKES | FIELD_SORTS},
    [FIELD_INTEGER] = {"bigint", FIELD_EQUALS | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_BOOLEAN] = {"boolean", FIELD_EQUALS | FIELD_SORTS},
    [FIELD_TIME] = {"timestamptz", FIELD_EQUALS | FIELD_ORDERS | FIELD_SORTS},
    [FIELD_STATE] = {"bigint", FIELD_EQUALS | FIELD_LIKES | FIELD_SORTS},
    [FIELD_TENANT] = {"text", FIELD_EQUALS | FIELD_LIKES | FIELD_SORTS},
    [FIELD_JSON] = {"text", FIELD_EQUALS | FIELD_LIKES},
    [FIELD_LIST] = {"text", 0},
    [FIELD_VARIABLES] = {"text", 0},
    [FIELD_TAGS] = {"text", 0},
};

unsigned field_operators(const struct field *field)
{
    return kinds[field->kind].operators;
}

const char *field_sql_type(const struct field *field)
{
    return kinds[field->kind].sql_type;
}

void field_add_value(struct strbuf *out, const struct field *field)
{
    strbuf_format(out, "(%s)%s", field->sql, field->kind == FIELD_JSON ? "::text" : "");
}

static void add_state_name(struct strbuf *out, const struct field *field)
{
    strbuf_format(out, "(CASE %s", field->sql);
    for (const struct state_name *state = field->states; state->name != NULL; state++)
        if (state->number != STATE_NEVER)
            strbuf_format(out, " WHEN %d THEN '%s'", state->number, state->name);
    strbuf_add(out, STR(" END)"));
}

void field_add_shown(struct strbuf *out, const struct field *field)
{
    if (field->kind == FIELD_STATE)
        add_state_name(out, field);
    else if (field->kind == FIELD_TENANT)
        strbuf_format(out, "coalesce(nullif(%s, ''), '<default>')", field->sql);
    else
        strbuf_format(out, "nullif((%s)::text, '')", field->sql);
}

// -- Order ------------------------------------------------------------------------------

const char *field_order_type(const struct field *field)
{
    return field->kind == FIELD_STATE ? "text" : field_sql_type(field);
}

void field_add_order(struct strbuf *out, const struct field *field)
{
    if (field->kind == FIELD_STATE)
        add_state_name(out, field);
    else if (field->kind == FIELD_OPTIONAL)
        strbuf_format(out, "nullif(%s, '')", field->sql);
    else
        strbuf_format(out, "(%s)::%s", field->sql, field_sql_type(field));
}

void field_add_cursor(struct strbuf *out, const struct field *field)
{
    if (field->kind == FIELD_TIME) {
        strbuf_format(out, "to_char((%s) AT TIME ZONE 'UTC', " CURSOR_TIME ")", field->sql);
        return;
    }
    strbuf_add_char(out, '(');
    field_add_order(out, field);
    strbuf_add(out, STR(")::text"));
}

bool field_reads_cursor(const struct field *field, str text)
{
    int64_t number;
    switch (field->kind) {
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
    case FIELD_INTEGER:
        return str_to_i64(text, &number);
    case FIELD_TIME:
        return time_text_parse(text, &number);
    case FIELD_BOOLEAN:
        return str_equal(text, STR("true")) || str_equal(text, STR("false"));
    case FIELD_TEXT:
    case FIELD_OPTIONAL:
    case FIELD_NAME:
    case FIELD_STATE:
    case FIELD_TENANT:
    case FIELD_JSON:
    case FIELD_LIST:
    case FIELD_VARIABLES:
    case FIELD_TAGS:
        return true;
    }
    check_unreachable();
}

// -- Values of filters ------------------------------------------------------------------

static bool misfit(const struct field *field, const char *expected, struct error *err)
{
    return error_set(err, ERROR_INVALID, field->name, "the filter's value must be %s", expected);
}

static bool read_state(struct arena *arena, const struct field *field, const struct json *value,
                       str *ret_texts, size_t *ret_count)
{
    size_t count = 0;
    if (value->type != JSON_STRING)
        return false;
    for (const struct state_name *state = field->states; state->name != NULL; state++)
        if (str_equal_ignoring_case(str_of(state->name), value->text) && count < FIELD_MAX_TEXTS)
            ret_texts[count++] = str_format(arena, "%d", state->number);
    *ret_count = count;
    return count > 0;
}

static str names_of(struct arena *arena, const struct field *field)
{
    struct strbuf out = strbuf_new(arena);
    for (const struct state_name *state = field->states; state->name != NULL; state++) {
        str name = str_of(state->name);
        if (str_find(strbuf_str(&out), name) == SIZE_MAX)
            strbuf_format(&out, "%s%s", out.len > 0 ? ", " : "", state->name);
    }
    return strbuf_str(&out);
}

bool field_read(struct arena *arena, const struct field *field, const struct json *value,
                str *ret_texts, size_t *ret_count, struct error *err)
{
    int64_t number;
    bool is_text = value->type == JSON_STRING;
    *ret_texts = value->text;
    *ret_count = 1;
    switch (field->kind) {
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
        return ((is_text || value->type == JSON_NUMBER) && str_to_i64(value->text, &number)) ||
               misfit(field, "a key: a string of digits", err);
    case FIELD_INTEGER:
        return (value->type == JSON_NUMBER && str_to_i64(value->text, &number)) ||
               misfit(field, "a whole number", err);
    case FIELD_TIME:
        return (is_text && time_text_parse(value->text, &number)) ||
               misfit(field, "a date-time such as 2026-11-22T17:00:00Z", err);
    case FIELD_BOOLEAN:
        *ret_texts = value->boolean ? STR("true") : STR("false");
        return value->type == JSON_BOOL || misfit(field, "true or false", err);
    case FIELD_STATE:
        return read_state(arena, field, value, ret_texts, ret_count) ||
               misfit(field,
                      str_cstr(arena,
                               str_format(arena, "one of %.*s", STR_ARG(names_of(arena, field)))),
                      err);
    case FIELD_NAME:
        *ret_texts = is_text ? str_upper(arena, value->text) : STR_EMPTY;
        return is_text || misfit(field, "a string", err);
    case FIELD_TENANT:
        *ret_texts = tenant_inside(is_text ? value->text : STR_EMPTY);
        return is_text || misfit(field, "a string", err);
    case FIELD_TEXT:
    case FIELD_OPTIONAL:
    case FIELD_JSON:
        return is_text || misfit(field, "a string", err);
    case FIELD_LIST:
    case FIELD_VARIABLES:
    case FIELD_TAGS:
        check_unreachable();
    }
    check_unreachable();
}
