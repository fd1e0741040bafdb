// SPDX-License-Identifier: Apache-2.0
#include "base/digest.h"
#include "record/key.h"
#include "store/read/search.h"
#include "store/read/time_text.h"

struct build {
    struct arena *arena;
    const struct collection *collection;
    struct search_sql *sql;
    struct error *err;
};

void search_sql_parameter(struct search_sql *sql, struct strbuf *out, str value)
{
    check(sql->count < STATEMENT_MAX_PARAMETERS);
    sql->parameters[sql->count++] = value;
    strbuf_format(out, "$%zu", sql->count);
}

static const struct field *find_field(const struct collection *collection, str name)
{
    for (size_t i = 0; i < collection->field_count; i++) {
        const struct field *field = &collection->fields[i];
        if (str_equal(str_of(field->name), name) ||
            (field->alias != NULL && str_equal(str_of(field->alias), name)))
            return field;
    }
    return NULL;
}

static bool fail_value(struct build *b, const struct field *field, const char *expected)
{
    return error_set(b->err, ERROR_INVALID, field->name, "the filter's value must be %s", expected);
}

static bool state_number(const struct field *field, str name, str *ret_text, struct arena *arena)
{
    for (const struct state_name *state = field->states; state->name != NULL; state++)
        if (str_equal(str_of(state->name), name)) {
            *ret_text = str_format(arena, "%d", state->number);
            return true;
        }
    return false;
}

// The filter's value as the text of a parameter of the field's SQL type.
static bool value_text(struct build *b, const struct field *field, const struct json *value,
                       str *ret_text)
{
    int64_t number;
    bool is_text = value->type == JSON_STRING;
    switch (field->kind) {
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
    case FIELD_OPTIONAL_KEY:
    case FIELD_INTEGER:
        *ret_text = is_text || value->type == JSON_NUMBER ? value->text : STR_EMPTY;
        return str_to_i64(*ret_text, &number) || fail_value(b, field, "a whole number");
    case FIELD_TIME:
        if (!is_text || !time_text_parse(value->text, &number))
            return fail_value(b, field, "a date-time such as 2026-11-22T17:00:00Z");
        *ret_text = value->text;
        return true;
    case FIELD_BOOLEAN:
        *ret_text = value->boolean ? STR("true") : STR("false");
        return value->type == JSON_BOOL || fail_value(b, field, "true or false");
    case FIELD_STATE:
        return (is_text && state_number(field, value->text, ret_text, b->arena)) ||
               fail_value(b, field, "one of the states' names");
    case FIELD_TENANT:
        *ret_text = is_text && str_equal(value->text, STR("<default>")) ? STR_EMPTY : value->text;
        return is_text || fail_value(b, field, "a string");
    case FIELD_TEXT:
    case FIELD_OPTIONAL:
    case FIELD_JSON:
    case FIELD_LIST:
        *ret_text = value->text;
        return is_text || fail_value(b, field, "a string");
    }
    check_unreachable();
}

static const char *sql_type(enum field_kind kind)
{
    switch (kind) {
    case FIELD_KEY:
    case FIELD_LOCAL_KEY:
    case FIELD_OPTIONAL_KEY:
    case FIELD_INTEGER:
    case FIELD_STATE:
        return "bigint";
    case FIELD_TIME:
        return "timestamptz";
    case FIELD_BOOLEAN:
        return "boolean";
    case FIELD_TEXT:
    case FIELD_OPTIONAL:
    case FIELD_JSON:
    case FIELD_TENANT:
    case FIELD_LIST:
        return "text";
    }
    check_unreachable();
}

static bool has_room(struct build *b, size_t more)
{
    b->sql->values += more;
    return b->sql->values <= SEARCH_MAX_VALUES ||
           error_set(b->err, ERROR_LIMIT, "filter", "more than SEARCH_MAX_VALUES (%d) values",
                     SEARCH_MAX_VALUES);
}

// Where a local key is asked for, its shard is known.
static void add_shard(const struct collection *collection, const struct field *field, str key,
                      struct strbuf *out)
{
    uint64_t number;
    if (field->kind == FIELD_LOCAL_KEY && collection->shard != NULL && str_to_u64(key, &number) &&
        number >= key_make(0, 0))
        strbuf_format(out, " AND %s = %u", collection->shard, key_shard(number));
}

static bool add_comparison(struct build *b, const struct field *field, const char *op,
                           const struct json *value)
{
    str text;
    struct strbuf *where = &b->sql->where;
    if (!has_room(b, 1) || !value_text(b, field, value, &text))
        return false;
    if (field->kind == FIELD_LIST) {
        strbuf_format(where, "%sjson_searchable((%s)::json) ? ", op[0] == '<' ? "NOT " : "",
                      field->sql);
        search_sql_parameter(b->sql, where, text);
    } else {
        strbuf_format(where, "(%s)%s %s ", field->sql, field->kind == FIELD_JSON ? "::text" : "",
                      op);
        search_sql_parameter(b->sql, where, text);
        strbuf_format(where, "::%s", sql_type(field->kind));
        if (op[0] == '=')
            add_shard(b->collection, field, text, where);
    }
    return true;
}

static bool add_list(struct build *b, const struct field *field, const char *op,
                     const struct json *values)
{
    struct strbuf *where = &b->sql->where;
    if (values->type != JSON_ARRAY)
        return fail_value(b, field, "a list");
    if (values->count > SEARCH_MAX_LIST)
        return error_set(b->err, ERROR_LIMIT, field->name,
                         "%zu values in a list: at most SEARCH_MAX_LIST (%d)", values->count,
                         SEARCH_MAX_LIST);
    if (!has_room(b, 1))
        return false;
    str *texts = ARENA_ARRAY(b->arena, str, values->count);
    for (size_t i = 0; i < values->count; i++)
        if (!value_text(b, field, &values->items[i], &texts[i]))
            return false;
    strbuf_format(where, "(%s)::%s %s (", field->sql, sql_type(field->kind), op);
    search_sql_parameter(b->sql, where, statement_array(b->arena, texts, values->count));
    strbuf_format(where, "::%s[])", sql_type(field->kind));
    return true;
}

// Camunda's wildcards are * and ?, escaped with a backslash; SQL's are % and _.
static str like_pattern(struct arena *arena, str pattern)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < pattern.len; i++) {
        char c = pattern.data[i];
        bool escapes = c == '\\' && i + 1 < pattern.len &&
                       (pattern.data[i + 1] == '*' || pattern.data[i + 1] == '?');
        if (escapes)
            strbuf_add_char(&out, pattern.data[++i]);
        else if (c == '*' || c == '?')
            strbuf_add_char(&out, c == '*' ? '%' : '_');
        else if (c == '%' || c == '_' || c == '\\')
            strbuf_format(&out, "\\%c", c);
        else
            strbuf_add_char(&out, c);
    }
    return strbuf_str(&out);
}

static bool add_like(struct build *b, const struct field *field, const struct json *value)
{
    if (value->type != JSON_STRING)
        return fail_value(b, field, "a string with * and ?");
    if (!has_room(b, 1))
        return false;
    strbuf_format(&b->sql->where, "(%s)::text LIKE ", field->sql);
    search_sql_parameter(b->sql, &b->sql->where, like_pattern(b->arena, value->text));
    return true;
}

static bool add_exists(struct build *b, const struct field *field, const struct json *value)
{
    if (value->type != JSON_BOOL)
        return fail_value(b, field, "true or false");
    strbuf_format(&b->sql->where, "(nullif((%s)::text, '') IS %s NULL)", field->sql,
                  value->boolean ? "NOT" : "");
    return true;
}

static const struct {
    const char *name;
    const char *sql;
} comparisons[] = {{"$eq", "="},   {"$neq", "<>"}, {"$gt", ">"},
                   {"$gte", ">="}, {"$lt", "<"},   {"$lte", "<="}};

static bool add_operator(struct build *b, const struct field *field,
                         const struct json_member *member)
{
    for (size_t i = 0; i < COUNT_OF(comparisons); i++)
        if (str_equal(member->name, str_of(comparisons[i].name)))
            return add_comparison(b, field, comparisons[i].sql, &member->value);
    if (str_equal(member->name, STR("$in")))
        return add_list(b, field, "= ANY", &member->value);
    if (str_equal(member->name, STR("$notIn")))
        return add_list(b, field, "<> ALL", &member->value);
    if (str_equal(member->name, STR("$like")))
        return add_like(b, field, &member->value);
    if (str_equal(member->name, STR("$exists")))
        return add_exists(b, field, &member->value);
    return error_set(b->err, ERROR_INVALID, field->name, "'%.*s' is no filter operator",
                     STR_ARG(member->name));
}

static void add_and(struct build *b, bool *first)
{
    if (!*first)
        strbuf_add(&b->sql->where, STR(" AND "));
    *first = false;
}

static bool add_property(struct build *b, const struct field *field, const struct json *value)
{
    if (value->type != JSON_OBJECT)
        return add_comparison(b, field, "=", value);
    bool first = true;
    for (size_t i = 0; i < value->count; i++) {
        add_and(b, &first);
        if (!add_operator(b, field, &value->members[i]))
            return false;
    }
    if (first)
        strbuf_add(&b->sql->where, STR("true"));
    return true;
}

static bool add_filter(struct build *b, const struct json *filter, bool may_nest);

static bool add_or(struct build *b, const struct json *alternatives)
{
    if (alternatives->type != JSON_ARRAY || alternatives->count == 0)
        return error_set(b->err, ERROR_INVALID, "$or", "expected a list of filters");
    strbuf_add_char(&b->sql->where, '(');
    for (size_t i = 0; i < alternatives->count; i++) {
        if (i > 0)
            strbuf_add(&b->sql->where, STR(" OR "));
        if (!add_filter(b, &alternatives->items[i], false))
            return false;
    }
    strbuf_add_char(&b->sql->where, ')');
    return true;
}

// "variables": [{"name","value"}] with the value as JSON text, as Camunda has it.
static bool add_variables(struct build *b, const struct json *list)
{
    struct strbuf *where = &b->sql->where;
    if (list->type != JSON_ARRAY || !has_room(b, list->count * 2))
        return error_set(b->err, ERROR_INVALID, "variables", "expected a list of names and values");
    strbuf_add(where, STR("true"));
    for (size_t i = 0; i < list->count; i++) {
        const struct json *value = json_get(&list->items[i], STR("value"));
        str name = json_get_str(&list->items[i], STR("name"), STR_EMPTY);
        struct json *parsed;
        if (name.len == 0 || !json_is(value, JSON_STRING) ||
            !json_parse(b->arena, value->text, &parsed, b->err))
            return error_set(b->err, ERROR_INVALID, "variables",
                             "each needs a \"name\" and a \"value\" that is JSON as a string");
        strbuf_add(where, STR(" AND json_searchable(variables) -> "));
        search_sql_parameter(b->sql, where, name);
        strbuf_add(where, STR("::text = json_searchable("));
        search_sql_parameter(b->sql, where, value->text);
        strbuf_add(where, STR("::json)"));
    }
    return true;
}

static bool add_member(struct build *b, const struct json_member *member, bool may_nest)
{
    if (may_nest && str_equal(member->name, STR("$or")))
        return add_or(b, &member->value);
    if (str_equal(member->name, STR("variables")) &&
        find_field(b->collection, STR("variables")) != NULL)
        return add_variables(b, &member->value);
    const struct field *field = find_field(b->collection, member->name);
    if (field == NULL)
        return error_set(b->err, ERROR_INVALID, "filter", "a %s has no field '%.*s' to filter by",
                         b->collection->noun, STR_ARG(member->name));
    return add_property(b, field, &member->value);
}

static bool add_filter(struct build *b, const struct json *filter, bool may_nest)
{
    bool first = true;
    if (filter->type != JSON_OBJECT)
        return error_set(b->err, ERROR_INVALID, "filter", "expected an object");
    strbuf_add_char(&b->sql->where, '(');
    for (size_t i = 0; i < filter->count; i++) {
        if (filter->members[i].value.type == JSON_NULL)
            continue;
        add_and(b, &first);
        if (!add_member(b, &filter->members[i], may_nest))
            return false;
    }
    strbuf_add(&b->sql->where, first ? STR("true)") : STR(")"));
    return true;
}

static bool add_sort(struct build *b, const struct json *sort)
{
    if (sort->type != JSON_ARRAY)
        return error_set(b->err, ERROR_INVALID, "sort", "expected a list");
    for (size_t i = 0; i < sort->count; i++) {
        str name = json_get_str(&sort->items[i], STR("field"), STR_EMPTY);
        str order = json_get_str(&sort->items[i], STR("order"), STR("ASC"));
        const struct field *field = find_field(b->collection, name);
        if (field == NULL)
            return error_set(b->err, ERROR_INVALID, "sort", "a %s has no field '%.*s' to sort by",
                             b->collection->noun, STR_ARG(name));
        if (field->kind == FIELD_JSON || field->kind == FIELD_LIST)
            return error_set(b->err, ERROR_INVALID, "sort", "'%.*s' has no order to sort by",
                             STR_ARG(name));
        bool descends = str_equal_ignoring_case(order, STR("DESC"));
        strbuf_format(&b->sql->order, "%s %s, ", field->sql, descends ? "DESC" : "ASC");
    }
    return true;
}

// Cursors are the place of an item in the order, as base64 text.
static bool read_cursor(struct build *b, str cursor, size_t *ret_place)
{
    str text;
    uint64_t place;
    if (!base64_decode(b->arena, cursor, &text) || !str_to_u64(text, &place) ||
        place > SIZE_MAX / 2)
        return error_set(b->err, ERROR_INVALID, "page", "the cursor is not one of ours");
    *ret_place = (size_t)place;
    return true;
}

static bool read_page(struct build *b, const struct json *page)
{
    int64_t limit = json_get_i64(page, STR("limit"), SEARCH_DEFAULT_LIMIT);
    int64_t from = json_get_i64(page, STR("from"), 0);
    str after = json_get_str(page, STR("after"), STR_EMPTY);
    str before = json_get_str(page, STR("before"), STR_EMPTY);
    if (limit < 0 || limit > SEARCH_MAX_LIMIT || from < 0)
        return error_set(b->err, ERROR_INVALID, "page",
                         "limit must be 0 to SEARCH_MAX_LIMIT (%d) and from not negative",
                         SEARCH_MAX_LIMIT);
    b->sql->limit = (size_t)limit;
    b->sql->offset = (size_t)from;
    if (after.len > 0) {
        if (!read_cursor(b, after, &b->sql->offset))
            return false;
        b->sql->offset++;
    } else if (before.len > 0) {
        size_t place;
        if (!read_cursor(b, before, &place))
            return false;
        b->sql->limit = place < b->sql->limit ? place : b->sql->limit;
        b->sql->offset = place - b->sql->limit;
    }
    return true;
}

bool search_sql_build(struct arena *arena, struct scope scope, const struct collection *collection,
                      const struct json *query, struct search_sql *ret_sql, struct error *err)
{
    struct build b = {arena, collection, ret_sql, err};
    const struct json *filter = json_get(query, STR("filter"));
    const struct json *sort = json_get(query, STR("sort"));
    ret_sql->where = strbuf_new(arena);
    ret_sql->order = strbuf_new(arena);
    ret_sql->parameters[ret_sql->count++] = scope_parameter(arena, scope);
    strbuf_format(&ret_sql->where, "($1::text[] IS NULL OR %s = ANY ($1::text[]))",
                  collection->tenant);
    if (filter != NULL && filter->type != JSON_NULL) {
        strbuf_add(&ret_sql->where, STR(" AND "));
        if (!add_filter(&b, filter, true))
            return false;
    }
    if (collection->always != NULL)
        strbuf_format(&ret_sql->where, " AND %s", collection->always);
    if (sort != NULL && sort->type != JSON_NULL && !add_sort(&b, sort))
        return false;
    strbuf_format(&ret_sql->order, "%s", collection->key);
    return read_page(&b, json_get(query, STR("page")));
}

void search_sql_narrow(struct arena *arena, const struct collection *collection,
                       struct search_scope narrow, struct search_sql *sql)
{
    if (narrow.field == NULL)
        return;
    const struct field *field = find_field(collection, str_of(narrow.field));
    check(field != NULL);
    str key = statement_u64(arena, narrow.key);
    strbuf_format(&sql->where, " AND %s = ", field->sql);
    search_sql_parameter(sql, &sql->where, key);
    strbuf_add(&sql->where, STR("::bigint"));
    add_shard(collection, field, key, &sql->where);
}
