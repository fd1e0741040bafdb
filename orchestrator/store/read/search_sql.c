// SPDX-License-Identifier: Apache-2.0
//
// Filters as SQL. Orders and pages are in search_page.c.
#include "record/key.h"
#include "store/read/search_build.h"

void search_sql_parameter(struct search_sql *sql, struct strbuf *out, str value)
{
    check(sql->count < STATEMENT_MAX_PARAMETERS);
    sql->parameters[sql->count++] = value;
    strbuf_format(out, "$%zu", sql->count);
}

const struct field *search_find_field(const struct collection *collection, str name)
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

_Static_assert(SEARCH_MAX_VALUES + SEARCH_OTHER_PARAMETERS <= STATEMENT_MAX_PARAMETERS &&
                   2 * SEARCH_MAX_SORTS + 1 + 8 <= SEARCH_OTHER_PARAMETERS,
               "whatever a query holds becomes a statement");

// Before as many parameters are added.
static bool has_room(struct build *b, size_t more)
{
    b->sql->values += more;
    return b->sql->values <= SEARCH_MAX_VALUES ||
           error_set(b->err, ERROR_LIMIT, "filter", "more than SEARCH_MAX_VALUES (%d) values",
                     SEARCH_MAX_VALUES);
}

// What nobody filled in: clients send all the members that they know.
static bool is_given(const struct json *value)
{
    return value->type != JSON_NULL && (value->type != JSON_ARRAY || value->count > 0);
}

// -- Operators --------------------------------------------------------------------------

// Where a local key is asked for, its shard is known.
static void add_shard(const struct collection *collection, const struct field *field, str key,
                      struct strbuf *out)
{
    uint64_t number;
    if (field->kind == FIELD_LOCAL_KEY && collection->shard != NULL && str_to_u64(key, &number) &&
        number >= key_make(0, 0))
        strbuf_format(out, " AND %s = %u", collection->shard, key_shard(number));
}

// `field op (ANY|ALL) (texts)`: one value may stand for several.
static void add_texts(struct build *b, const struct field *field, const char *op, const str *texts,
                      size_t count)
{
    struct strbuf *where = &b->sql->where;
    field_add_value(where, field);
    strbuf_format(where, " %s (", op);
    search_sql_parameter(b->sql, where, statement_array(b->arena, texts, count));
    strbuf_format(where, "::%s[])", field_sql_type(field));
}

static bool add_comparison(struct build *b, const struct field *field, const char *op,
                           const struct json *value)
{
    str texts[FIELD_MAX_TEXTS];
    size_t count;
    struct strbuf *where = &b->sql->where;
    if (!has_room(b, 1) || !field_read(b->arena, field, value, texts, &count, b->err))
        return false;
    if (field->kind == FIELD_STATE) {
        add_texts(b, field, op[0] == '=' ? "= ANY" : "<> ALL", texts, count);
        return true;
    }
    field_add_value(where, field);
    strbuf_format(where, " %s ", op);
    search_sql_parameter(b->sql, where, texts[0]);
    strbuf_format(where, "::%s", field_sql_type(field));
    if (op[0] == '=' && field->within == NULL)
        add_shard(b->collection, field, texts[0], where);
    return true;
}

static bool add_list(struct build *b, const struct field *field, const char *op,
                     const struct json *values)
{
    if (values->type != JSON_ARRAY)
        return fail_value(b, field, "a list");
    if (values->count > SEARCH_MAX_LIST)
        return error_set(b->err, ERROR_LIMIT, field->name,
                         "%zu values in a list: at most SEARCH_MAX_LIST (%d)", values->count,
                         SEARCH_MAX_LIST);
    if (!has_room(b, 1))
        return false;
    size_t each = field->kind == FIELD_STATE ? FIELD_MAX_TEXTS : 1;
    str *texts = ARENA_ARRAY(b->arena, str, values->count * each);
    size_t total = 0;
    for (size_t i = 0; i < values->count; i++) {
        str some[FIELD_MAX_TEXTS];
        size_t count;
        if (!field_read(b->arena, field, &values->items[i], some, &count, b->err))
            return false;
        memcpy(texts + total, some, count * sizeof *some);
        total += count;
    }
    add_texts(b, field, op, texts, total);
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
    bool is_name = field->kind == FIELD_NAME || field->kind == FIELD_STATE;
    field_add_shown(&b->sql->where, field);
    strbuf_add(&b->sql->where, STR(" LIKE "));
    search_sql_parameter(
        b->sql, &b->sql->where,
        like_pattern(b->arena, is_name ? str_upper(b->arena, value->text) : value->text));
    return true;
}

static bool add_exists(struct build *b, const struct field *field, const struct json *value)
{
    if (value->type != JSON_BOOL)
        return fail_value(b, field, "true or false");
    field_add_shown(&b->sql->where, field);
    strbuf_add(&b->sql->where, value->boolean ? STR(" IS NOT NULL") : STR(" IS NULL"));
    return true;
}

static const struct {
    const char *name;
    const char *sql;
    unsigned operators;
} operators[] = {
    {"$eq", "=", FIELD_EQUALS},     {"$neq", "<>", FIELD_EQUALS},
    {"$gt", ">", FIELD_ORDERS},     {"$gte", ">=", FIELD_ORDERS},
    {"$lt", "<", FIELD_ORDERS},     {"$lte", "<=", FIELD_ORDERS},
    {"$in", "= ANY", FIELD_EQUALS}, {"$notIn", "<> ALL", FIELD_EQUALS},
    {"$like", "LIKE", FIELD_LIKES}, {"$exists", "IS", FIELD_EQUALS},
};

static bool add_operator(struct build *b, const struct field *field,
                         const struct json_member *member)
{
    size_t i = 0;
    while (i < COUNT_OF(operators) && !str_equal(member->name, str_of(operators[i].name)))
        i++;
    if (i == COUNT_OF(operators) || (field_operators(field) & operators[i].operators) == 0)
        return error_set(b->err, ERROR_INVALID, field->name, "'%.*s' is no operator of it",
                         STR_ARG(member->name));
    const char *sql = operators[i].sql;
    if (str_ends_with(str_of(sql), STR("ANY")) || str_ends_with(str_of(sql), STR("ALL")))
        return add_list(b, field, sql, &member->value);
    if (operators[i].operators == FIELD_LIKES)
        return add_like(b, field, &member->value);
    if (strcmp(sql, "IS") == 0)
        return add_exists(b, field, &member->value);
    return add_comparison(b, field, sql, &member->value);
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
        if (!is_given(&value->members[i].value))
            continue;
        add_and(b, &first);
        if (!add_operator(b, field, &value->members[i]))
            return false;
    }
    if (first)
        strbuf_add(&b->sql->where, STR("true"));
    return true;
}

// -- Members of a filter ----------------------------------------------------------------

static bool fail_variable(struct build *b, const struct field *field)
{
    return error_set(b->err, ERROR_INVALID, field->name,
                     "each needs a \"name\" and a \"value\": JSON as a string, or operators $eq, "
                     "$neq, $in, $notIn, $like, $exists of such strings");
}

static void add_variable(struct build *b, const struct field *field, str name)
{
    strbuf_format(&b->sql->where, "(json_searchable(%s) -> ", field->sql);
    search_sql_parameter(b->sql, &b->sql->where, name);
    strbuf_add(&b->sql->where, STR("::text)"));
}

static bool add_variable_list(struct build *b, const struct field *field, const char *op,
                              const struct json *value)
{
    const struct json *items = value->type == JSON_ARRAY ? value->items : value;
    size_t count = value->type == JSON_ARRAY ? value->count : 1;
    str *texts = ARENA_ARRAY(b->arena, str, count);
    if (count > SEARCH_MAX_LIST)
        return error_set(b->err, ERROR_LIMIT, field->name,
                         "more than SEARCH_MAX_LIST (%d) values in a list", SEARCH_MAX_LIST);
    for (size_t i = 0; i < count; i++) {
        struct json *parsed;
        if (items[i].type != JSON_STRING || !json_parse(b->arena, items[i].text, &parsed, b->err))
            return fail_variable(b, field);
        texts[i] = items[i].text;
    }
    strbuf_format(&b->sql->where, " %s (SELECT json_searchable(t::json) FROM unnest(", op);
    search_sql_parameter(b->sql, &b->sql->where, statement_array(b->arena, texts, count));
    strbuf_add(&b->sql->where, STR("::text[]) t)"));
    return true;
}

// The instances that can have the value: those of the records, by index, and those that the records
// have not come to.
static void add_indexed(struct build *b, const struct field *field, str name, str value)
{
    struct strbuf *where = &b->sql->where;
    strbuf_format(where, " AND %s IN (SELECT v.shard, v.instance FROM variables v WHERE v.name = ",
                  field->indexed);
    search_sql_parameter(b->sql, where, name);
    strbuf_add(where, STR(" AND v.start = variable_start("));
    search_sql_parameter(b->sql, where, value);
    strbuf_add(where, STR(") AND v.scope = v.instance UNION ALL SELECT h.shard, h.stream FROM "
                          "shards s LEFT JOIN projections p ON p.shard = s.shard JOIN history h "
                          "ON h.shard = s.shard AND h.batch > coalesce(p.batch, 0) AND h.kind = "
                          "1)"));
}

static bool add_variable_operator(struct build *b, const struct field *field, str name,
                                  const struct json_member *member)
{
    const struct json *value = &member->value;
    bool is_list = value->type == JSON_ARRAY;
    bool is_equal = str_equal(member->name, STR("$eq"));
    if (!has_room(b, is_equal && field->indexed != NULL ? 4 : 2))
        return false;
    add_variable(b, field, name);
    if (is_equal || str_equal(member->name, STR("$neq"))) {
        if (is_list)
            return fail_variable(b, field);
        if (!add_variable_list(b, field, is_equal ? "IN" : "NOT IN", value))
            return false;
        if (is_equal && field->indexed != NULL)
            add_indexed(b, field, name, value->text);
        return true;
    }
    if (str_equal(member->name, STR("$in")) || str_equal(member->name, STR("$notIn")))
        return !is_list ? fail_variable(b, field)
                        : add_variable_list(b, field, member->name.data[1] == 'i' ? "IN" : "NOT IN",
                                            value);
    if (str_equal(member->name, STR("$exists")) && value->type == JSON_BOOL) {
        strbuf_add(&b->sql->where, value->boolean ? STR(" IS NOT NULL") : STR(" IS NULL"));
        return true;
    }
    if (!str_equal(member->name, STR("$like")) || value->type != JSON_STRING)
        return fail_variable(b, field);
    strbuf_add(&b->sql->where, STR("::text LIKE "));
    search_sql_parameter(b->sql, &b->sql->where, like_pattern(b->arena, value->text));
    return true;
}

// Values are JSON as text, as Camunda has them: compared as JSON by value, by $like as text.
static bool add_variable_value(struct build *b, const struct field *field, str name,
                               const struct json *value)
{
    struct strbuf *where = &b->sql->where;
    bool first = true;
    if (value->type != JSON_OBJECT) {
        const struct json_member equal = {.name = STR("$eq"), .value = *value};
        return add_variable_operator(b, field, name, &equal);
    }
    for (size_t i = 0; i < value->count; i++) {
        if (!is_given(&value->members[i].value))
            continue;
        add_and(b, &first);
        if (!add_variable_operator(b, field, name, &value->members[i]))
            return false;
    }
    if (first)
        strbuf_add(where, STR("true"));
    return true;
}

static bool add_variables(struct build *b, const struct field *field, const struct json *list)
{
    bool first = true;
    if (list->type != JSON_ARRAY)
        return fail_value(b, field, "a list of names and values");
    for (size_t i = 0; i < list->count; i++) {
        const struct json *value = json_get(&list->items[i], STR("value"));
        str name = json_get_str(&list->items[i], STR("name"), STR_EMPTY);
        add_and(b, &first);
        if (name.len == 0 || value == NULL || value->type == JSON_NULL)
            return fail_variable(b, field);
        if (!add_variable_value(b, field, name, value))
            return false;
    }
    return true;
}

static void add_tags_have(struct build *b, const struct field *field, const char *op,
                          const str *texts, size_t count)
{
    strbuf_format(&b->sql->where, "coalesce(%s, '[]') %s ", field->sql, op);
    search_sql_parameter(b->sql, &b->sql->where, statement_array(b->arena, texts, count));
    strbuf_add(&b->sql->where, STR("::text[]"));
}

// The texts of a list, or the one of a string.
static bool read_tags(struct build *b, const struct field *field, const struct json *value,
                      str **ret_texts, size_t *ret_count)
{
    bool is_list = value->type == JSON_ARRAY;
    size_t count = is_list ? value->count : 1;
    if (count > SEARCH_MAX_LIST || !has_room(b, 1))
        return error_set(b->err, ERROR_LIMIT, field->name,
                         "more than SEARCH_MAX_LIST (%d) values in a list", SEARCH_MAX_LIST);
    str *texts = ARENA_ARRAY(b->arena, str, count);
    for (size_t i = 0; i < count; i++) {
        const struct json *one = is_list ? &value->items[i] : value;
        if (one->type != JSON_STRING)
            return fail_value(b, field, "a list of strings or operators");
        texts[i] = one->text;
    }
    *ret_texts = texts;
    *ret_count = count;
    return true;
}

static bool add_tag_like(struct build *b, const struct field *field, const struct json *value)
{
    if (value->type != JSON_STRING)
        return fail_value(b, field, "a string with * and ?");
    if (!has_room(b, 1))
        return false;
    strbuf_format(&b->sql->where,
                  "EXISTS (SELECT FROM jsonb_array_elements_text(coalesce(%s, '[]')) AS tag (name) "
                  "WHERE tag.name LIKE ",
                  field->sql);
    search_sql_parameter(b->sql, &b->sql->where, like_pattern(b->arena, value->text));
    strbuf_add_char(&b->sql->where, ')');
    return true;
}

// $eq and $in: one of these is among them; $neq and $notIn: none is.
static bool add_tag_operator(struct build *b, const struct field *field,
                             const struct json_member *member)
{
    const struct json *value = &member->value;
    bool is_list = str_equal(member->name, STR("$in")) || str_equal(member->name, STR("$notIn"));
    bool denies = str_equal(member->name, STR("$neq")) || str_equal(member->name, STR("$notIn"));
    str *texts;
    size_t count;
    if (str_equal(member->name, STR("$like")))
        return add_tag_like(b, field, value);
    if (str_equal(member->name, STR("$exists"))) {
        if (value->type != JSON_BOOL)
            return fail_value(b, field, "true or false");
        strbuf_format(&b->sql->where, "coalesce(%s, '[]') %s '[]'", field->sql,
                      value->boolean ? "<>" : "=");
        return true;
    }
    if (!is_list && !denies && !str_equal(member->name, STR("$eq")))
        return error_set(b->err, ERROR_INVALID, field->name, "'%.*s' is no operator of it",
                         STR_ARG(member->name));
    if (is_list != (value->type == JSON_ARRAY))
        return fail_value(b, field, is_list ? "a list" : "a string");
    if (!read_tags(b, field, value, &texts, &count))
        return false;
    strbuf_add(&b->sql->where, denies ? STR("NOT ") : STR_EMPTY);
    add_tags_have(b, field, "?|", texts, count);
    return true;
}

static bool add_tag_operators(struct build *b, const struct field *field, const struct json *item)
{
    for (size_t i = 0; i < item->count; i++) {
        if (!is_given(&item->members[i].value))
            continue;
        strbuf_add(&b->sql->where, STR(" AND "));
        if (!add_tag_operator(b, field, &item->members[i]))
            return false;
    }
    return true;
}

// All of the list's strings are among them, and whatever its objects ask for holds.
static bool add_tags(struct build *b, const struct field *field, const struct json *list)
{
    if (list->type != JSON_ARRAY)
        return fail_value(b, field, "a list of strings or operators");
    struct json plain = {.type = JSON_ARRAY,
                         .items = ARENA_ARRAY(b->arena, struct json, list->count)};
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].type != JSON_OBJECT)
            plain.items[plain.count++] = list->items[i];
    str *texts;
    size_t count;
    if (!read_tags(b, field, &plain, &texts, &count))
        return false;
    add_tags_have(b, field, "?&", texts, count);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].type == JSON_OBJECT && !add_tag_operators(b, field, &list->items[i]))
            return false;
    return true;
}

static bool add_filter(struct build *b, const struct json *filter, bool may_nest);

static bool add_or(struct build *b, const struct json *alternatives)
{
    if (alternatives->type != JSON_ARRAY)
        return error_set(b->err, ERROR_INVALID, "$or", "expected a list of filters");
    strbuf_add_char(&b->sql->where, '(');
    b->is_alternative = true;
    for (size_t i = 0; i < alternatives->count; i++) {
        if (i > 0)
            strbuf_add(&b->sql->where, STR(" OR "));
        if (!add_filter(b, &alternatives->items[i], false))
            return false;
    }
    b->is_alternative = false;
    strbuf_add_char(&b->sql->where, ')');
    return true;
}

// The one operator that says that there is none.
static bool asks_for_none(const struct json *value)
{
    const struct json *exists = json_get(value, STR("$exists"));
    return json_is(exists, JSON_BOOL) && !exists->boolean;
}

// All members of the filter that are parts of the same thing, from the first of them on.
static bool add_within(struct build *b, const struct json *filter, const char *within, size_t from)
{
    bool none = asks_for_none(&filter->members[from].value);
    const char *split = b->collection->split ? strstr(within, b->collection->split) : NULL;
    strbuf_format(&b->sql->where, "%sEXISTS (SELECT ", none ? "NOT " : "");
    if (split != NULL && !none && !b->is_alternative)
        b->sql->split_at = b->sql->where.len + (size_t)(split - within);
    strbuf_add(&b->sql->where, str_of(within));
    for (size_t i = from; i < filter->count && !none; i++) {
        const struct field *field = search_find_field(b->collection, filter->members[i].name);
        bool belongs = field != NULL && field->within == within;
        if (!belongs || !is_given(&filter->members[i].value))
            continue;
        strbuf_add(&b->sql->where, STR(" AND "));
        if (!add_property(b, field, &filter->members[i].value))
            return false;
    }
    strbuf_add_char(&b->sql->where, ')');
    return true;
}

static bool is_written(struct build *b, const struct json *filter, const char *within, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        const struct field *field = search_find_field(b->collection, filter->members[i].name);
        if (field != NULL && field->within == within && is_given(&filter->members[i].value) &&
            !asks_for_none(&filter->members[i].value))
            return true;
    }
    return false;
}

static bool add_field(struct build *b, const struct field *field, const struct json *filter,
                      size_t index)
{
    const struct json *value = &filter->members[index].value;
    b->sql->reads_records |= field->is_record;
    if (field->kind == FIELD_VARIABLES)
        return add_variables(b, field, value);
    if (field->kind == FIELD_TAGS)
        return add_tags(b, field, value);
    if (field_operators(field) == 0)
        return error_set(b->err, ERROR_INVALID, "filter", "'%s' is no field to filter by",
                         field->name);
    if (field->within == NULL)
        return add_property(b, field, value);
    if (is_written(b, filter, field->within, index)) {
        strbuf_add(&b->sql->where, STR("true"));
        return true;
    }
    return add_within(b, filter, field->within, index);
}

static bool add_filter(struct build *b, const struct json *filter, bool may_nest)
{
    bool first = true;
    if (filter->type != JSON_OBJECT)
        return error_set(b->err, ERROR_INVALID, "filter", "expected an object");
    strbuf_add_char(&b->sql->where, '(');
    for (size_t i = 0; i < filter->count; i++) {
        const struct json_member *member = &filter->members[i];
        bool is_or = may_nest && str_equal(member->name, STR("$or"));
        const struct field *field = search_find_field(b->collection, member->name);
        if (!is_or && field == NULL)
            return error_set(b->err, ERROR_INVALID, "filter",
                             "a %s has no field '%.*s' to filter by", b->collection->noun,
                             STR_ARG(member->name));
        if (!is_given(&member->value))
            continue;
        add_and(b, &first);
        if (is_or ? !add_or(b, &member->value) : !add_field(b, field, filter, i))
            return false;
    }
    strbuf_add(&b->sql->where, first ? STR("true)") : STR(")"));
    return true;
}

// -- The whole query --------------------------------------------------------------------

bool search_has_filter(const struct json *query)
{
    const struct json *filter = json_get(query, STR("filter"));
    for (size_t i = 0; json_is(filter, JSON_OBJECT) && i < filter->count; i++)
        if (is_given(&filter->members[i].value))
            return true;
    return false;
}

uint64_t search_instance(const struct json *query, struct search_scope narrow)
{
    static const char name[] = "processInstanceKey";
    const struct json *value = json_get(json_get(query, STR("filter")), str_of(name));
    uint64_t key;
    if (narrow.field != NULL && strcmp(narrow.field, name) == 0)
        return narrow.key;
    if (json_is(value, JSON_OBJECT))
        value = json_get(value, STR("$eq"));
    bool is_one = json_is(value, JSON_STRING) || json_is(value, JSON_NUMBER);
    return is_one && str_to_u64(value->text, &key) && key >= key_make(0, 0) ? key : 0;
}

void search_sql_set_pending(struct search_sql *sql, str pending)
{
    sql->parameters[1] = pending;
}

bool search_sql_build(struct arena *arena, struct scope scope, const struct collection *collection,
                      const struct json *query, struct search_sql *ret_sql, struct error *err)
{
    struct build b = {.arena = arena, .collection = collection, .sql = ret_sql, .err = err};
    const struct json *filter = json_get(query, STR("filter"));
    ret_sql->where = strbuf_new(arena);
    ret_sql->parameters[ret_sql->count++] = scope_parameter(arena, scope);
    if (collection->pending != PENDING_NOTHING)
        ret_sql->parameters[ret_sql->count++] = STR("[]");
    ret_sql->reads_records = collection->pending != PENDING_NOTHING || collection->is_record;
    strbuf_add(&ret_sql->where, str_of(collection->sees));
    if (filter != NULL && filter->type != JSON_NULL) {
        strbuf_add(&ret_sql->where, STR(" AND "));
        if (!add_filter(&b, filter, true))
            return false;
    }
    if (collection->always != NULL)
        strbuf_format(&ret_sql->where, " AND %s", collection->always);
    return search_build_page(&b, query);
}

static void narrow_field(struct arena *arena, const struct collection *collection,
                         struct search_scope narrow, struct search_sql *sql)
{
    const struct field *field = search_find_field(collection, str_of(narrow.field));
    check(field != NULL);
    str key = statement_u64(arena, narrow.key);
    strbuf_format(&sql->where, " AND %s = ", field->sql);
    search_sql_parameter(sql, &sql->where, key);
    strbuf_add(&sql->where, STR("::bigint"));
    add_shard(collection, field, key, &sql->where);
}

void search_sql_narrow(struct arena *arena, const struct collection *collection,
                       struct search_scope narrow, struct search_sql *sql)
{
    if (narrow.field != NULL)
        narrow_field(arena, collection, narrow, sql);
    if (narrow.condition == NULL)
        return;
    strbuf_add(&sql->where, STR(" AND "));
    for (const char *at = narrow.condition; *at != '\0'; at++)
        if (*at == '@')
            search_sql_parameter(sql, &sql->where,
                                 narrow.text.data != NULL ? narrow.text
                                                          : statement_u64(arena, narrow.other));
        else
            strbuf_add_char(&sql->where, *at);
}
