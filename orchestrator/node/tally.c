// SPDX-License-Identifier: Apache-2.0
#include "node/tally.h"

#include "record/rows.h"

static const struct {
    const char *key, *label, *second, *help;
} kinds[] = {
#define TALLY(name, key, label, second, help) {key, label, second, help},
#include "node/tallies.def"
#undef TALLY
};

struct count {
    struct count *next;
    str second;
    uint64_t value;
};

struct tally_row {
    str name;
    struct count *counts; // by second label, in the order in which they came
};

void tally_done(struct tally_book *book)
{
    arena_done(&book->arena);
    *book = (struct tally_book){0};
}

// -- Counting ---------------------------------------------------------------------------

static struct tally_row *find_row(struct tally_book *book, enum tally tally, str name)
{
    struct map *rows = &book->rows[tally];
    if (book->names[tally] == 0)
        *rows = map_new(&book->arena);
    struct tally_row *row = map_get(rows, name);
    if (row == NULL && book->names[tally] >= TALLY_NAMES) {
        name = STR("(other)");
        row = map_get(rows, name);
    }
    if (row != NULL)
        return row;
    row = ARENA_NEW(&book->arena, struct tally_row);
    row->name = str_copy(&book->arena, name);
    map_put(rows, row->name, row);
    book->names[tally]++;
    return row;
}

static void add(struct arena *arena, struct tally_row *row, str second, uint64_t value)
{
    struct count **link = &row->counts;
    while (*link != NULL && !str_equal((*link)->second, second))
        link = &(*link)->next;
    if (*link == NULL) {
        *link = ARENA_NEW(arena, struct count);
        (*link)->second = str_copy(arena, second);
    }
    (*link)->value += value;
}

void tally_count(struct tally_book *book, enum tally tally, str name, str second)
{
    add(&book->arena, find_row(book, tally, name), second, 1);
}

static str type_of(const struct changes *changes, uint64_t job)
{
    for (size_t i = 0; i < changes->jobs.count; i++)
        if (changes->jobs.items[i].key == job)
            return changes->jobs.items[i].type;
    return STR("(other)");
}

static str process_of(const struct changes *changes, uint64_t instance)
{
    for (size_t i = 0; i < changes->instances.count; i++)
        if (changes->instances.items[i].key == instance)
            return changes->instances.items[i].process_id;
    return STR("(other)");
}

static str class_of(str code)
{
    return str_is_empty(code) ? STR("UNSPECIFIED") : code;
}

// `instance`: whose event it is.
static void note_event(struct tally_book *book, const struct changes *changes, uint64_t instance,
                       const struct event *event)
{
    switch ((int)event->type) {
    case EVENT_PROCESS_ACTIVATED:
        tally_count(book, TALLY_STARTED, event->name, STR_EMPTY);
        return;
    case EVENT_PROCESS_COMPLETED:
        tally_count(book, TALLY_ENDED, process_of(changes, instance), STR("completed"));
        return;
    case EVENT_PROCESS_TERMINATED:
        tally_count(book, TALLY_ENDED, process_of(changes, instance), STR("terminated"));
        return;
    case EVENT_SLA_BREACHED:
        tally_count(book, TALLY_SLA_BREACHED, process_of(changes, instance), STR_EMPTY);
        return;
    case EVENT_INCIDENT_CREATED:
        tally_count(book, TALLY_INCIDENTS, process_of(changes, instance), event->code);
        return;
    case EVENT_USER_TASK_CREATED:
        tally_count(book, TALLY_TASKS_CREATED, process_of(changes, instance), STR_EMPTY);
        return;
    case EVENT_USER_TASK_COMPLETED:
        tally_count(book, TALLY_TASKS_COMPLETED, process_of(changes, instance), STR_EMPTY);
        return;
    case EVENT_JOB_CREATED:
        tally_count(book, TALLY_JOBS_CREATED, event->name, STR_EMPTY);
        return;
    case EVENT_JOB_COMPLETED:
        tally_count(book, TALLY_JOBS_COMPLETED, type_of(changes, event->key), STR_EMPTY);
        return;
    case EVENT_JOB_TIMED_OUT:
        tally_count(book, TALLY_JOBS_TIMED_OUT, type_of(changes, event->key), STR_EMPTY);
        return;
    case EVENT_JOB_FAILED:
        tally_count(book, TALLY_JOBS_FAILED, type_of(changes, event->key), class_of(event->code));
        return;
    default:
        return;
    }
}

void tally_note(struct tally_book *book, const struct changes *changes)
{
    for (size_t i = 0; i < changes->history.count; i++) {
        const struct history_row *row = &changes->history.items[i];
        for (size_t e = 0; row->stream_kind == STREAM_INSTANCE && e < row->count; e++)
            note_event(book, changes, row->stream, &row->events[e]);
    }
}

// -- Printing ---------------------------------------------------------------------------

static void print_escaped(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '\\' || c == '"')
            strbuf_add_char(out, '\\');
        strbuf_add(out, c == '\n' ? STR("\\n") : str_sub(text, i, 1));
    }
}

static void print_row(enum tally tally, const struct tally_row *row, struct strbuf *out)
{
    for (const struct count *count = row->counts; count != NULL; count = count->next) {
        strbuf_format(out, "baton_%s{%s=\"", kinds[tally].key, kinds[tally].label);
        print_escaped(out, row->name);
        if (kinds[tally].second != NULL)
            strbuf_format(out, "\",%s=\"%.*s", kinds[tally].second, STR_ARG(count->second));
        strbuf_format(out, "\"} %llu\n", (unsigned long long)count->value);
    }
}

static void print_rows(const struct tally_book *book, enum tally tally, struct strbuf *out)
{
    size_t cursor = 0;
    str name;
    void *row;
    while (book->names[tally] > 0 && map_next(&book->rows[tally], &cursor, &name, &row))
        print_row(tally, row, out);
}

static void print_sum(const struct tally_book *book, enum tally tally, struct strbuf *out)
{
    struct arena scratch = ARENA_EMPTY;
    struct tally_row sum = {.name = STR("(hidden)")};
    size_t cursor = 0;
    str name;
    void *value;
    while (book->names[tally] > 0 && map_next(&book->rows[tally], &cursor, &name, &value)) {
        const struct tally_row *row = value;
        for (const struct count *count = row->counts; count != NULL; count = count->next)
            add(&scratch, &sum, count->second, count->value);
    }
    print_row(tally, &sum, out);
    arena_done(&scratch);
}

void tally_print(const struct tally_book *book, bool names, struct strbuf *out)
{
    for (size_t i = 0; i < TALLIES; i++) {
        strbuf_format(out, "# HELP baton_%s %s\n# TYPE baton_%s counter\n", kinds[i].key,
                      kinds[i].help, kinds[i].key);
        if (names)
            print_rows(book, (enum tally)i, out);
        else
            print_sum(book, (enum tally)i, out);
    }
}
