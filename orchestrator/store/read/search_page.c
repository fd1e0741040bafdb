// SPDX-License-Identifier: Apache-2.0
//
// The order of a search and a place in it. A cursor is base64 of a JSON array: the values of the
// sorted fields as text, null where there is none, and the key.
#include "base/digest.h"
#include "record/key.h"
#include "store/read/search_build.h"

// -- Order ------------------------------------------------------------------------------

static bool read_order(struct build *b, const struct json *sort, bool *ret_descends)
{
    str order = json_get_str(sort, STR("order"), STR("ASC"));
    *ret_descends = str_equal_ignoring_case(order, STR("DESC"));
    return *ret_descends || str_equal_ignoring_case(order, STR("ASC")) ||
           error_set(b->err, ERROR_INVALID, "sort", "the order must be ASC or DESC, found '%.*s'",
                     STR_ARG(order));
}

static bool read_sorts(struct build *b, const struct json *sort)
{
    if (sort->type != JSON_ARRAY)
        return error_set(b->err, ERROR_INVALID, "sort", "expected a list");
    if (sort->count > SEARCH_MAX_SORTS)
        return error_set(b->err, ERROR_LIMIT, "sort", "more than SEARCH_MAX_SORTS (%d) fields",
                         SEARCH_MAX_SORTS);
    for (size_t i = 0; i < sort->count; i++) {
        str name = json_get_str(&sort->items[i], STR("field"), STR_EMPTY);
        const struct field *field = search_find_field(b->collection, name);
        bool descends;
        if (field == NULL || field->within != NULL || field->kind == FIELD_VARIABLES)
            return error_set(b->err, ERROR_INVALID, "sort", "a %s has no field '%.*s' to sort by",
                             b->collection->noun, STR_ARG(name));
        if ((field_operators(field) & FIELD_SORTS) == 0)
            return error_set(b->err, ERROR_INVALID, "sort", "'%.*s' has no order to sort by",
                             STR_ARG(name));
        if (!read_order(b, &sort->items[i], &descends))
            return false;
        if (strcmp(field->sql, b->collection->key) == 0) { // no two are equal: what follows is void
            b->sql->key_descends = descends;
            return true;
        }
        b->sql->sorts[b->sql->sort_count++] = (struct search_sort){field, descends};
    }
    const struct search_sort *only = &b->sql->sorts[0];
    bool is_by = b->collection->by != NULL && b->sql->sort_count == 1 &&
                 strcmp(only->field->name, b->collection->by) == 0;
    if (is_by || search_has_grown_order(b->collection, b->sql))
        b->sql->key_descends = only->descends;
    return true;
}

static void order_by_default(struct build *b)
{
    if (b->collection->newest != NULL) {
        const struct field *time = search_find_field(b->collection, str_of(b->collection->newest));
        check(time != NULL);
        b->sql->sorts[b->sql->sort_count++] = (struct search_sort){time, .descends = true};
        b->sql->key_descends = true;
    }
    if (b->collection->by == NULL)
        return;
    const struct field *field = search_find_field(b->collection, str_of(b->collection->by));
    check(field != NULL && field->kind == FIELD_LOCAL_KEY);
    b->sql->sorts[b->sql->sort_count++] = (struct search_sort){.field = field};
}

// -- The place that a cursor names ------------------------------------------------------

struct seek {
    const struct collection *collection;
    struct search_sql *sql;
    struct strbuf *out;
};

// What comes after a value in the order: "greater" where it ascends, and nulls in either case.
static void add_beyond(struct seek *seek, size_t index)
{
    const struct search_sort *sort = &seek->sql->sorts[index];
    str value = seek->sql->place[index];
    bool is_after = !seek->sql->is_backward;
    if (value.data == NULL && is_after) {
        strbuf_add(seek->out, STR("false"));
        return;
    }
    strbuf_add_char(seek->out, '(');
    field_add_order(seek->out, sort->field);
    if (value.data == NULL) {
        strbuf_add(seek->out, STR(" IS NOT NULL)"));
        return;
    }
    strbuf_format(seek->out, " %s ", sort->descends != is_after ? ">" : "<");
    search_sql_parameter(seek->sql, seek->out, value);
    strbuf_format(seek->out, "::%s", field_order_type(sort->field));
    if (is_after && !sort->field->is_present) {
        strbuf_add(seek->out, STR(" OR "));
        field_add_order(seek->out, sort->field);
        strbuf_add(seek->out, STR(" IS NULL"));
    }
    strbuf_add_char(seek->out, ')');
}

static void add_equal(struct seek *seek, size_t index)
{
    const struct field *field = seek->sql->sorts[index].field;
    str value = seek->sql->place[index];
    field_add_order(seek->out, field);
    if (value.data == NULL) {
        strbuf_add(seek->out, STR(" IS NULL"));
        return;
    }
    strbuf_add(seek->out, STR(" = "));
    search_sql_parameter(seek->sql, seek->out, value);
    strbuf_format(seek->out, "::%s", field_order_type(field));
}

// A key begins with its shard, as the primary keys of the tables do.
static void add_beyond_key(struct seek *seek)
{
    const struct collection *collection = seek->collection;
    const char *op = seek->sql->key_descends != seek->sql->is_backward ? "<" : ">";
    str place = seek->sql->place[seek->sql->sort_count];
    uint64_t key;
    if (search_has_shard_order(collection, seek->sql) && str_to_u64(place, &key) &&
        key >= key_make(0, 0)) {
        strbuf_format(seek->out, "(%s, %s) %s (%u, ", collection->shard, collection->key, op,
                      key_shard(key));
        search_sql_parameter(seek->sql, seek->out, place);
        strbuf_add(seek->out, STR("::bigint)"));
        return;
    }
    strbuf_format(seek->out, "%s %s ", collection->key, op);
    search_sql_parameter(seek->sql, seek->out, place);
    strbuf_add(seek->out, collection->key_is_text ? STR("::text") : STR("::bigint"));
}

// " AND (beyond a OR (a AND (beyond b OR (b AND (key beyond)))))"
void search_add_seek(struct strbuf *out, const struct collection *collection,
                     struct search_sql *sql)
{
    struct seek seek = {collection, sql, out};
    if (!sql->has_place)
        return;
    strbuf_add(out, STR(" AND ("));
    for (size_t i = 0; i < sql->sort_count; i++) {
        add_beyond(&seek, i);
        strbuf_add(out, STR(" OR ("));
        add_equal(&seek, i);
        strbuf_add(out, STR(" AND ("));
    }
    add_beyond_key(&seek);
    for (size_t i = 0; i < sql->sort_count; i++)
        strbuf_add(out, STR("))"));
    strbuf_add_char(out, ')');
}

void search_add_by_order(struct strbuf *out, const struct collection *collection,
                         const struct search_sql *sql, bool by_shard)
{
    const char *direction = sql->key_descends != sql->is_backward ? " DESC" : "";
    if (by_shard)
        strbuf_format(out, "%s%s, ", collection->shard, direction);
    strbuf_format(out, "%s%s, %s%s", sql->sorts[0].field->sql, direction, collection->key,
                  direction);
}

// Both are keys, which read_cursor has seen to.
void search_add_by_seek(struct strbuf *out, const struct collection *collection,
                        const struct search_sql *sql, bool by_shard)
{
    const char *op = sql->key_descends != sql->is_backward ? "<" : ">";
    int64_t by, key;
    if (!sql->has_place)
        return;
    check(str_to_i64(sql->place[0], &by) && str_to_i64(sql->place[1], &key));
    by_shard &= by >= (int64_t)key_make(0, 0);
    strbuf_add(out, STR(" AND ("));
    if (by_shard)
        strbuf_format(out, "%s, ", collection->shard);
    strbuf_format(out, "%s, %s) %s (", sql->sorts[0].field->sql, collection->key, op);
    if (by_shard)
        strbuf_format(out, "%u, ", key_shard((uint64_t)by));
    strbuf_format(out, "%lld, %lld)", (long long)by, (long long)key);
}

static bool value_fits(const struct build *b, size_t index, const struct json *value)
{
    int64_t number;
    bool is_text = value->type == JSON_STRING;
    if (index == b->sql->sort_count)
        return is_text && (b->collection->key_is_text || str_to_i64(value->text, &number));
    if (search_has_by_order(b->collection, b->sql))
        return is_text && str_to_i64(value->text, &number);
    return value->type == JSON_NULL ||
           (is_text && field_reads_cursor(b->sql->sorts[index].field, value->text));
}

static bool read_cursor(struct build *b, str cursor)
{
    str text;
    struct json *list;
    struct error err;
    bool good = base64_decode(b->arena, cursor, &text) && json_parse(b->arena, text, &list, &err) &&
                list->type == JSON_ARRAY && list->count == b->sql->sort_count + 1;
    for (size_t i = 0; good && i < list->count; i++) {
        const struct json *value = &list->items[i];
        good = value_fits(b, i, value);
        b->sql->place[i] = value->type == JSON_NULL ? (str){NULL, 0} : value->text;
        if (value->type == JSON_STRING && value->text.len == 0)
            b->sql->place[i] = STR_EMPTY;
    }
    b->sql->has_place = true;
    return good || error_set(b->err, ERROR_INVALID, "page",
                             "the cursor is not one of a search with this sort");
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
    if ((after.len > 0) + (before.len > 0) + (from > 0) > 1)
        return error_set(b->err, ERROR_INVALID, "page", "from, after and before exclude another");
    b->sql->limit = (size_t)limit;
    b->sql->offset = (size_t)from;
    b->sql->is_backward = before.len > 0;
    if (after.len > 0)
        return read_cursor(b, after);
    return before.len == 0 || read_cursor(b, before);
}

bool search_build_page(struct build *b, const struct json *query)
{
    const struct json *sort = json_get(query, STR("sort"));
    bool is_given =
        sort != NULL && sort->type != JSON_NULL && (sort->type != JSON_ARRAY || sort->count > 0);
    if (is_given && !read_sorts(b, sort))
        return false;
    if (!is_given)
        order_by_default(b);
    return read_page(b, json_get(query, STR("page")));
}
