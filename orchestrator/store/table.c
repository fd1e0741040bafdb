// SPDX-License-Identifier: Apache-2.0
#include "store/table.h"

enum kind { KEY, REF, SMALL, INT, LONG, FLAG, TEXT, WORD, JSON, BYTES, TIME };

static const struct {
    enum param_type type;
    const char *sql;
} kinds[] = {
    [KEY] = {PARAM_I64, "bigint"},        [REF] = {PARAM_I64, "bigint"},
    [SMALL] = {PARAM_I16, "smallint"},    [INT] = {PARAM_I32, "integer"},
    [LONG] = {PARAM_I64, "bigint"},       [FLAG] = {PARAM_BOOL, "boolean"},
    [TEXT] = {PARAM_TEXT, "text"},        [WORD] = {PARAM_TEXT, "text"},
    [JSON] = {PARAM_JSON, "json"},        [BYTES] = {PARAM_BYTES, "bytea"},
    [TIME] = {PARAM_TIME, "timestamptz"},
};

struct column {
    enum table table;
    enum kind kind;
    const char *name;
    size_t offset;
    bool fixed;
};

static const struct column columns[] = {
#define COLUMN(table, type, field, name, kind)                                                     \
    {TABLE_##table, kind, name, offsetof(struct type, field), false},
#define FIXED(table, type, field, name, kind)                                                      \
    {TABLE_##table, kind, name, offsetof(struct type, field), true},
#include "store/columns.def"
#undef COLUMN
#undef FIXED
};

static const char *const names[] = {
#define TABLE(name, table, member) table,
#include "store/tables.def"
#undef TABLE
};

struct row_set {
    enum table table;
    const char *rows;
    size_t count;
    size_t size;
};

// Every row struct begins with its change.
static enum row_change change_of(const char *row)
{
    enum row_change change;
    memcpy(&change, row, sizeof change);
    return change;
}

static bool has_shard(enum table table)
{
    return table != TABLE_DEFINITIONS; // deployed once for all shards
}

// -- SQL --------------------------------------------------------------------------------

// Only the columns that the change writes: an update leaves out what is fixed.
static bool writes(enum row_change change, size_t column, enum table table)
{
    return columns[column].table == table && !(change == ROW_UPDATE && columns[column].fixed);
}

static void add_names(struct strbuf *sql, enum row_change change, enum table table)
{
    const char *separator = "";
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (!writes(change, i, table))
            continue;
        strbuf_format(sql, "%s%s", separator, columns[i].name);
        separator = ", ";
    }
}

// unnest($2::bigint[], $3::text[], …); $1 is the shard.
static void add_unnest(struct strbuf *sql, enum row_change change, enum table table)
{
    int parameter = 2;
    strbuf_add(sql, STR("unnest("));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        if (writes(change, i, table)) {
            strbuf_format(sql, "%s$%d::%s[]", parameter > 2 ? ", " : "", parameter,
                          kinds[columns[i].kind].sql);
            parameter++;
        }
    strbuf_add_char(sql, ')');
}

static void add_insert(struct strbuf *sql, enum table table)
{
    strbuf_format(sql, "INSERT INTO %s (%s", names[table], has_shard(table) ? "shard, " : "");
    add_names(sql, ROW_INSERT, table);
    strbuf_format(sql, ") SELECT %s", has_shard(table) ? "$1::integer, " : "");
    strbuf_add(sql, STR("u.* FROM "));
    add_unnest(sql, ROW_INSERT, table);
    strbuf_add(sql, STR(" AS u"));
    if (!has_shard(table)) // every shard tells of the same definition
        strbuf_add(sql, STR(" WHERE $1::integer >= 0 ON CONFLICT (key) DO NOTHING"));
    if (table == TABLE_MAILBOX_ENTRIES) // another shard made the key: a wrong one costs a mailbox
        strbuf_add(sql, STR(" ON CONFLICT (shard, key) DO NOTHING"));
}

// One look into the primary key's index for each key. A plain join could be planned the other way
// round while the table is small, and the plan is kept while the table grows.
static void add_lookup(struct strbuf *sql, enum table table)
{
    strbuf_format(sql,
                  ", LATERAL (SELECT x.ctid FROM %s x WHERE %s AND x.key = u.key OFFSET 0) AS r "
                  "WHERE t.ctid = r.ctid",
                  names[table], has_shard(table) ? "x.shard = $1::integer" : "$1::integer >= 0");
}

static void add_update(struct strbuf *sql, enum table table)
{
    const char *separator = "";
    strbuf_format(sql, "UPDATE %s AS t SET ", names[table]);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (!writes(ROW_UPDATE, i, table) || strcmp(columns[i].name, "key") == 0)
            continue;
        strbuf_format(sql, "%s%s = u.%s", separator, columns[i].name, columns[i].name);
        separator = ", ";
    }
    strbuf_add(sql, STR(" FROM "));
    add_unnest(sql, ROW_UPDATE, table);
    strbuf_add(sql, STR(" AS u ("));
    add_names(sql, ROW_UPDATE, table);
    strbuf_add(sql, STR(")"));
    add_lookup(sql, table);
}

// A definition that is deleted is kept for the instances that still run it.
static void add_delete(struct strbuf *sql, enum table table)
{
    if (table == TABLE_DEFINITIONS)
        strbuf_add(sql, STR("UPDATE definitions SET deleted = now() WHERE $1::integer >= 0 AND "
                            "deleted IS NULL AND key = ANY($2::bigint[])"));
    else
        strbuf_format(sql, "DELETE FROM %s WHERE shard = $1::integer AND key = ANY($2::bigint[])",
                      names[table]);
}

struct pg_statement table_statement(struct arena *arena, enum table table, enum row_change change)
{
    static void (*const adders[])(struct strbuf *, enum table) = {
        [ROW_INSERT] = add_insert, [ROW_UPDATE] = add_update, [ROW_DELETE] = add_delete};
    static const char *const verbs[] = {
        [ROW_INSERT] = "insert", [ROW_UPDATE] = "update", [ROW_DELETE] = "delete"};
    struct strbuf sql = strbuf_new(arena);
    adders[change](&sql, table);
    str name = str_format(arena, "%s_%s", verbs[change], names[table]);
    return (struct pg_statement){.name = str_cstr(arena, name), .sql = strbuf_cstr(&sql)};
}

// -- Rows -------------------------------------------------------------------------------

static void add_text(struct param_array *array, const char *field, bool nullable)
{
    str text;
    memcpy(&text, field, sizeof text);
    if (nullable && text.len == 0)
        param_array_null(array);
    else
        param_array_bytes(array, text);
}

static int64_t read_i32(const char *field)
{
    int32_t value;
    memcpy(&value, field, sizeof value);
    return value;
}

static int64_t read_i64(const char *field)
{
    int64_t value;
    memcpy(&value, field, sizeof value);
    return value;
}

static void add_field(struct param_array *array, enum kind kind, const char *field)
{
    switch (kind) {
    case REF:
        if (read_i64(field) == 0)
            param_array_null(array);
        else
            param_array_int(array, read_i64(field));
        return;
    case KEY:
    case LONG:
        param_array_int(array, read_i64(field));
        return;
    case SMALL:
    case INT:
        param_array_int(array, read_i32(field));
        return;
    case FLAG:
        param_array_int(array, *(const bool *)field);
        return;
    case TIME:
        param_array_time(array, read_i64(field));
        return;
    case TEXT:
        add_text(array, field, false);
        return;
    case WORD:
    case JSON:
    case BYTES:
        add_text(array, field, true);
        return;
    }
    check_unreachable();
}

static void add_column(struct params *params, const struct row_set *set,
                       const struct column *column, enum row_change change)
{
    struct param_array array = param_array_new(params->arena, kinds[column->kind].type);
    for (size_t i = 0; i < set->count; i++) {
        const char *row = set->rows + i * set->size;
        if (change_of(row) == change)
            add_field(&array, column->kind, row + column->offset);
    }
    params_array(params, &array);
}

// `params` begins with the shard.
static void write_change(struct pg *pg, size_t statement, const struct row_set *set,
                         enum row_change change, struct params params)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        if (!writes(change, i, set->table))
            continue;
        add_column(&params, set, &columns[i], change);
        if (change == ROW_DELETE)
            break; // only the key is set
    }
    pg_execute(pg, statement, &params.list);
}

static bool has_change(const struct row_set *set, enum row_change change)
{
    for (size_t i = 0; i < set->count; i++)
        if (change_of(set->rows + i * set->size) == change)
            return true;
    return false;
}

void table_write_all(struct pg *pg, size_t first, uint32_t shard, const struct changes *changes,
                     struct arena *arena)
{
    static const enum row_change order[] = {ROW_DELETE, ROW_INSERT, ROW_UPDATE};
    const struct row_set sets[] = {
#define TABLE(name, table, member)                                                                 \
    {TABLE_##name, (const char *)changes->member.items, changes->member.count,                     \
     sizeof *changes->member.items},
#include "store/tables.def"
#undef TABLE
    };
    for (size_t i = 0; i < COUNT_OF(sets); i++)
        for (size_t j = 0; j < COUNT_OF(order); j++) {
            if (!has_change(&sets[i], order[j]))
                continue;
            struct params params = params_new(arena);
            params_i32(&params, (int32_t)shard);
            write_change(pg, first + sets[i].table * 3 + order[j], &sets[i], order[j], params);
        }
}
