// SPDX-License-Identifier: Apache-2.0
//
// Two machines: one cuts bytes into the fields of a row, the other makes an event of a row.
#include "insight/csv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/array.h"
#include "base/utf8.h"
#include "insight/instant.h"

enum role {
    ROLE_CASE,
    ROLE_ACTIVITY,
    ROLE_TIME,
    ROLE_START,
    ROLE_ENABLED,
    ROLE_OFFERED,
    ROLE_CLAIMED,
    ROLE_RESOURCE,
    ROLE_TRANSITION,
    ROLE_COUNT
};

static const struct {
    enum role role;
    const char *name;
} usual_names[] = {
#define CSV_COLUMN(role, name) {ROLE_##role, name},
#include "insight/csv_columns.def"
#undef CSV_COLUMN
};

enum { NO_COLUMN = -1 };

enum cut_state { CUT_FIELD_BEGINS, CUT_PLAIN, CUT_QUOTED, CUT_QUOTE_IN_QUOTED };

// What the values of a column may still be; a bit each, by attribute type.
struct column {
    uint32_t key; // of its attribute
    bool is_used; // by a role: no attribute
    bool is_of_case;
    bool is_seen;
    unsigned may_be;
};

struct csv_reader {
    struct arena arena;
    struct log_builder *builder;
    struct names *names;
    const struct log_mapping *mapping;
    enum cut_state state;
    char delimiter;
    bool skips_line_feed; // behind a carriage return
    struct strbuf row;
    ARRAY(size_t) ends; // of the row's fields
    uint64_t line;
    struct column *columns; // NULL: the first row is still to come
    size_t column_count;
    int of_role[ROLE_COUNT];
};

struct csv_reader *csv_reader_new(struct log_builder *builder, const struct log_mapping *mapping)
{
    struct csv_reader *r = calloc(1, sizeof *r);
    check(r != NULL);
    r->builder = builder;
    r->names = log_builder_names(builder);
    r->mapping = mapping;
    r->delimiter = mapping->delimiter;
    r->row = strbuf_new(&r->arena);
    r->line = 1;
    return r;
}

void csv_reader_free(struct csv_reader *r)
{
    if (r == NULL)
        return;
    arena_done(&r->arena);
    free(r);
}

static bool refuse(const struct csv_reader *r, struct error *err, const char *why)
{
    char place[40];
    snprintf(place, sizeof place, "line %llu", (unsigned long long)r->line);
    return error_set(err, ERROR_INVALID, place, "%s", why);
}

static str field(const struct csv_reader *r, int column)
{
    if (column < 0 || (size_t)column >= r->ends.count)
        return STR_EMPTY;
    size_t from = column == 0 ? 0 : r->ends.items[column - 1];
    return str_sub(strbuf_str(&r->row), from, r->ends.items[column] - from);
}

// -- The first row ------------------------------------------------------------------------

static char plain(char c)
{
    return c == '_' || c == '-' ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_same_name(str a, const char *b)
{
    a = str_trim(a);
    if (a.len != strlen(b))
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (plain(a.data[i]) != plain(b[i]))
            return false;
    return true;
}

static int column_named(const struct csv_reader *r, str name)
{
    for (int i = 0; i < (int)r->ends.count; i++)
        if (str_equal(str_trim(field(r, i)), name))
            return i;
    return NO_COLUMN;
}

static int column_usual(const struct csv_reader *r, enum role role)
{
    for (size_t u = 0; u < COUNT_OF(usual_names); u++)
        for (int i = 0; usual_names[u].role == role && i < (int)r->ends.count; i++)
            if (is_same_name(field(r, i), usual_names[u].name))
                return i;
    return NO_COLUMN;
}

static bool find_column(struct csv_reader *r, enum role role, str chosen, struct error *err)
{
    r->of_role[role] = chosen.len > 0 ? column_named(r, chosen) : column_usual(r, role);
    if (chosen.len > 0 && r->of_role[role] == NO_COLUMN)
        return error_set(err, ERROR_INVALID, "line 1", "there is no column '%.*s'",
                         STR_ARG(chosen));
    return true;
}

static bool find_columns(struct csv_reader *r, struct error *err)
{
    const struct log_mapping *m = r->mapping;
    const str chosen[ROLE_COUNT] = {m->case_key,  m->activity_key, m->time_key,
                                    m->start_key, m->enabled_key,  STR_EMPTY,
                                    STR_EMPTY,    m->resource_key, STR_EMPTY};
    static const struct {
        enum role role;
        const char *what;
    } needed[] = {{ROLE_CASE, "case (name it with --case)"},
                  {ROLE_ACTIVITY, "activity (name it with --activity)"}};
    for (int role = 0; role < ROLE_COUNT; role++)
        if (!find_column(r, (enum role)role, chosen[role], err))
            return false;
    if (r->of_role[ROLE_TIME] == NO_COLUMN) { // all that is known is when things began
        r->of_role[ROLE_TIME] = r->of_role[ROLE_START];
        r->of_role[ROLE_START] = NO_COLUMN;
    }
    for (size_t i = 0; i < COUNT_OF(needed); i++)
        if (r->of_role[needed[i].role] == NO_COLUMN)
            return error_set(err, ERROR_INVALID, "line 1", "no column is known as the %s",
                             needed[i].what);
    return true;
}

// Text that is not UTF-8 is read as ISO 8859-1.
static uint32_t add_name(struct csv_reader *r, str text)
{
    if (utf8_is_valid(text))
        return names_add(r->names, text);
    struct arena scratch = ARENA_EMPTY;
    struct strbuf out = strbuf_new(&scratch);
    for (size_t i = 0; i < text.len; i++)
        utf8_add(&out, (unsigned char)text.data[i]);
    uint32_t name = names_add(r->names, strbuf_str(&out));
    arena_done(&scratch);
    return name;
}

static bool take_head(struct csv_reader *r, struct error *err)
{
    if (!insight_within(INSIGHT_LIMIT_COLUMNS, r->ends.count, err) || !find_columns(r, err))
        return false;
    r->column_count = r->ends.count;
    r->columns = ARENA_ARRAY(&r->arena, struct column, r->column_count);
    for (size_t i = 0; i < r->column_count; i++) {
        struct column *column = &r->columns[i];
        str name = str_trim(field(r, (int)i));
        column->is_of_case = str_starts_with(name, STR("case:"));
        column->key = add_name(r, column->is_of_case ? str_from_index(name, 5) : name);
        column->is_used = name.len == 0;
        column->may_be = 1U << ATTRIBUTE_INT | 1U << ATTRIBUTE_FLOAT | 1U << ATTRIBUTE_DATE |
                         1U << ATTRIBUTE_BOOLEAN;
    }
    for (int role = 0; role < ROLE_COUNT; role++)
        if (r->of_role[role] != NO_COLUMN)
            r->columns[r->of_role[role]].is_used = true;
    return true;
}

// -- A row --------------------------------------------------------------------------------

static bool read_time(struct csv_reader *r, enum role role, int64_t *ret_time, struct error *err)
{
    struct instant instant;
    struct log_notes *notes = log_builder_notes(r->builder);
    str text = str_trim(field(r, r->of_role[role])), format = r->mapping->time_format;
    if (text.len == 0)
        return true;
    if (format.len > 0 ? instant_parse_format(text, format, &instant)
                       : instant_parse(text, &instant)) {
        *(instant.has_zone ? &notes->times_with_zone : &notes->times_without_zone) += 1;
        *ret_time = instant.us;
        return true;
    }
    notes->unreadable_times++;
    bool is_first = notes->times_with_zone + notes->times_without_zone == 0;
    if (!is_first && format.len == 0)
        return true; // most can be read: this one is counted
    char why[160];
    snprintf(why, sizeof why, "'%.*s' is not a time%s", (int)(text.len < 60 ? text.len : 60),
             text.data, format.len > 0 ? " of this --time-format" : " (say --time-format)");
    return refuse(r, err, why);
}

static uint32_t name_of(struct csv_reader *r, enum role role)
{
    str text = field(r, r->of_role[role]);
    return text.len == 0 ? NAME_NONE : add_name(r, text);
}

static uint32_t activity_of(struct csv_reader *r, const struct raw_event *event)
{
    str text = field(r, r->of_role[ROLE_ACTIVITY]);
    if (text.len == 0 || !r->mapping->is_classified_by_lifecycle)
        return name_of(r, ROLE_ACTIVITY);
    struct arena scratch = ARENA_EMPTY;
    str both = str_format(&scratch, "%.*s+%.*s", STR_ARG(text),
                          STR_ARG(names_text(r->names, event->lifecycle)));
    uint32_t name = add_name(r, both);
    arena_done(&scratch);
    return name;
}

// What the column's values can still be, with this one among them.
static void narrow(struct column *column, str text)
{
    static const enum attribute_type types[] = {ATTRIBUTE_INT, ATTRIBUTE_FLOAT, ATTRIBUTE_DATE,
                                                ATTRIBUTE_BOOLEAN};
    struct attribute ignored;
    column->is_seen = true;
    for (size_t i = 0; i < COUNT_OF(types); i++)
        if ((column->may_be & 1U << types[i]) != 0 && !attribute_read(text, types[i], &ignored))
            column->may_be &= ~(1U << types[i]);
}

static bool add_attributes(struct csv_reader *r, bool is_new_case, struct error *err)
{
    for (size_t i = 0; i < r->column_count; i++) {
        struct column *column = &r->columns[i];
        str text = column->is_used ? STR_EMPTY : field(r, (int)i);
        if (text.len == 0 || (column->is_of_case && !is_new_case))
            continue;
        if (column->may_be != 0)
            narrow(column, text);
        struct attribute a = {.key = column->key, .text = add_name(r, text)};
        if (!log_builder_attribute(r->builder, column->is_of_case ? OWNER_CASE : OWNER_EVENT, &a,
                                   err))
            return false;
    }
    return true;
}

static bool fill_event(struct csv_reader *r, struct raw_event *event, struct error *err)
{
    event->lifecycle = name_of(r, ROLE_TRANSITION);
    event->activity = activity_of(r, event);
    event->resource = name_of(r, ROLE_RESOURCE);
    return read_time(r, ROLE_TIME, &event->time, err) &&
           read_time(r, ROLE_START, &event->moments[MOMENT_STARTED], err) &&
           read_time(r, ROLE_ENABLED, &event->moments[MOMENT_ENABLED], err) &&
           read_time(r, ROLE_OFFERED, &event->moments[MOMENT_OFFERED], err) &&
           read_time(r, ROLE_CLAIMED, &event->moments[MOMENT_CLAIMED], err);
}

static bool take_row(struct csv_reader *r, struct error *err)
{
    str wanted = r->mapping->lifecycle, name = field(r, r->of_role[ROLE_CASE]);
    if (r->ends.count == 1 && r->row.len == 0)
        return true; // an empty line
    if (r->ends.count != r->column_count) {
        char why[96];
        snprintf(why, sizeof why, "%zu fields, the first row has %zu", r->ends.count,
                 r->column_count);
        return refuse(r, err, why);
    }
    if (name.len == 0) {
        log_builder_notes(r->builder)->events_without_case++;
        return true;
    }
    bool is_new;
    struct raw_event *event;
    name = names_text(r->names, add_name(r, name));
    if (!log_builder_case(r->builder, name, &is_new, err) ||
        (event = log_builder_event(r->builder, err)) == NULL || !fill_event(r, event, err))
        return false;
    if (wanted.len > 0 && event->lifecycle != NAME_NONE &&
        !str_equal_ignoring_case(names_text(r->names, event->lifecycle), wanted))
        log_builder_drop_event(r->builder);
    return add_attributes(r, is_new, err);
}

// -- Cutting ------------------------------------------------------------------------------

static bool end_row(struct csv_reader *r, struct error *err)
{
    *ARRAY_PUSH(&r->arena, &r->ends) = r->row.len;
    bool is_taken = r->columns == NULL ? take_head(r, err) : take_row(r, err);
    r->row.len = 0;
    r->ends.count = 0;
    r->state = CUT_FIELD_BEGINS;
    return is_taken;
}

// The separator that the first row has most of, outside of quotes.
static char find_delimiter(str text)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    size_t counts[COUNT_OF(candidates)] = {0}, best = 0;
    bool in_quotes = false;
    for (size_t i = 0; i < text.len && (in_quotes || text.data[i] != '\n'); i++) {
        in_quotes ^= text.data[i] == '"';
        for (size_t c = 0; c < COUNT_OF(candidates) && !in_quotes; c++)
            counts[c] += text.data[i] == candidates[c];
    }
    for (size_t c = 1; c < COUNT_OF(candidates); c++)
        best = counts[c] > counts[best] ? c : best;
    return candidates[best];
}

static bool take_quote(struct csv_reader *r)
{
    if (r->state == CUT_QUOTED) {
        r->state = CUT_QUOTE_IN_QUOTED;
    } else if (r->state == CUT_QUOTE_IN_QUOTED) {
        strbuf_add_char(&r->row, '"');
        r->state = CUT_QUOTED;
    } else if (r->state == CUT_FIELD_BEGINS) {
        r->state = CUT_QUOTED;
    } else {
        strbuf_add_char(&r->row, '"'); // in the middle of a plain field: as it is
    }
    return true;
}

static bool take_byte(struct csv_reader *r, char c, struct error *err)
{
    bool skips = r->skips_line_feed && c == '\n';
    r->skips_line_feed = false;
    r->line += c == '\n';
    if (skips)
        return true;
    if (c == '"')
        return take_quote(r);
    if (r->state == CUT_QUOTED || (c != r->delimiter && c != '\n' && c != '\r')) {
        r->state = r->state == CUT_QUOTED ? CUT_QUOTED : CUT_PLAIN;
        strbuf_add_char(&r->row, c);
        return r->row.len <= INSIGHT_MOST_FIELD_BYTES ||
               insight_within(INSIGHT_LIMIT_FIELD_BYTES, r->row.len, err);
    }
    if (c == r->delimiter) {
        *ARRAY_PUSH(&r->arena, &r->ends) = r->row.len;
        r->state = CUT_FIELD_BEGINS;
        return true;
    }
    r->skips_line_feed = c == '\r';
    return end_row(r, err);
}

// The types that all values of a column have.
static void settle_types(struct csv_reader *r)
{
    static const enum attribute_type types[] = {ATTRIBUTE_INT, ATTRIBUTE_FLOAT, ATTRIBUTE_DATE,
                                                ATTRIBUTE_BOOLEAN};
    for (size_t i = 0; i < r->column_count; i++) {
        const struct column *column = &r->columns[i];
        size_t type = 0;
        while (type < COUNT_OF(types) && (column->may_be & 1U << types[type]) == 0)
            type++;
        if (column->is_seen && type < COUNT_OF(types))
            log_builder_retype(r->builder, column->key, types[type]);
    }
}

static bool finish(struct csv_reader *r, struct error *err)
{
    if (r->state == CUT_QUOTED)
        return refuse(r, err, "the file ends within quotes");
    if ((r->row.len > 0 || r->ends.count > 0) && !end_row(r, err))
        return false;
    if (r->columns == NULL)
        return refuse(r, err, "the file is empty");
    settle_types(r);
    return true;
}

// The bytes from here on that need no look: neither quote, separator nor end of line.
static size_t plain_run(const struct csv_reader *r, str rest)
{
    size_t n = 0;
    while (n < rest.len) {
        char c = rest.data[n];
        if (c == '"' || c == '\n' || c == '\r' || (c == r->delimiter && r->state != CUT_QUOTED))
            break;
        n++;
    }
    return n;
}

bool csv_reader_feed(struct csv_reader *r, str piece, bool is_last, struct error *err)
{
    bool is_first = r->delimiter == '\0' || (r->columns == NULL && r->row.len == 0);
    if (is_first && str_starts_with(piece, STR("\xEF\xBB\xBF")))
        piece = str_from_index(piece, 3);
    if (r->delimiter == '\0' && piece.len > 0)
        r->delimiter = find_delimiter(piece);
    for (size_t i = 0; i < piece.len; i++) {
        size_t run = r->state == CUT_QUOTE_IN_QUOTED || r->skips_line_feed
                         ? 0
                         : plain_run(r, str_from_index(piece, i));
        if (run > 1) { // all but its last byte, which goes the usual way
            strbuf_add(&r->row, str_sub(piece, i, run - 1));
            r->state = r->state == CUT_QUOTED ? CUT_QUOTED : CUT_PLAIN;
            i += run - 1;
        }
        if (!take_byte(r, piece.data[i], err))
            return false;
    }
    return !is_last || finish(r, err);
}
