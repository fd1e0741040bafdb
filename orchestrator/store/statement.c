// SPDX-License-Identifier: Apache-2.0
#include "store/statement.h"

#include "base/strbuf.h"

struct statement statement_new(struct arena *arena, const char *sql, const str *parameters,
                               size_t count)
{
    check(count <= STATEMENT_MAX_PARAMETERS);
    return (struct statement){.sql = sql,
                              .parameters =
                                  arena_copy(arena, parameters, count * sizeof *parameters),
                              .count = count,
                              .tenants = {NULL, 0}};
}

struct statement statement_fixed(struct arena *arena, const char *sql, const str *parameters,
                                 size_t count)
{
    struct statement statement = statement_new(arena, sql, parameters, count);
    statement.is_fixed = true;
    return statement;
}

str statement_u64(struct arena *arena, uint64_t number)
{
    return str_format(arena, "%llu", (unsigned long long)number);
}

str statement_i64(struct arena *arena, int64_t number)
{
    return str_format(arena, "%lld", (long long)number);
}

str statement_array(struct arena *arena, const str *texts, size_t count)
{
    struct strbuf out = strbuf_new(arena);
    strbuf_add_char(&out, '{');
    for (size_t i = 0; i < count; i++) {
        strbuf_add(&out, i > 0 ? STR(",\"") : STR("\""));
        for (size_t at = 0; at < texts[i].len; at++) {
            char c = texts[i].data[at];
            if (c == '"' || c == '\\')
                strbuf_add_char(&out, '\\');
            strbuf_add_char(&out, c);
        }
        strbuf_add_char(&out, '"');
    }
    strbuf_add_char(&out, '}');
    return strbuf_str(&out);
}
