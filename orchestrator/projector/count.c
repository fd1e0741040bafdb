// SPDX-License-Identifier: Apache-2.0
//
// What a turn adds to a day is stored as a part of its own, which is small; once there are many,
// they are merged into one. So a busy day costs some small rows a second, and a question reads few.
#include "projector/count.h"

#include "base/log.h"
#include "base/map.h"
#include "insight/cell.h"
#include "insight/instant.h"
#include "insight/limits.h"

enum {
    PARTS_MOST = 12,    // of a day, before they are merged
    OLD_ONES_MOST = 4,  // days and months that are merged when a day of a definition begins
    CASES_AT_ONCE = 25, // whose elements are held in memory
};

struct counted {
    struct records_cell row;
    struct cell *cell;
};

// The element instances of an instance that has ended.
struct ended {
    ARRAY(struct cell_step) steps;
};

struct counting {
    struct records *records;
    const struct records_turn *turn;
    const struct record_changes *changes;
    struct arena *arena;
    struct idmap whole;  // instance -> struct ended: those that began in this turn
    struct idmap loaded; // likewise: others, of the cases that are being counted
    struct map cells;    // "definition day" -> struct counted
    ARRAY(struct counted *) in_order;
    struct error *err;
};

// -- The element instances of cases that have ended ---------------------------------------

static struct cell_step step_of(const struct element_record *record, str id, str name, str type)
{
    return (struct cell_step){.key = record->key,
                              .id = id,
                              .name = name,
                              .type = record->is_body ? STR("multiInstanceBody") : type,
                              .times = {.enabled = record->started_ms,
                                        .offered = record->offered_ms,
                                        .claimed = record->claimed_ms,
                                        .completed = record->ended_ms},
                              .is_cancelled = record->state == ELEMENT_TERMINATED,
                              .is_breached = record->breached,
                              .attempts = record->attempts,
                              .incidents = record->incidents,
                              .actor = record->actor,
                              .cost = record->cost};
}

static bool is_counted(const struct counting *c, const struct case_record *of)
{
    return of->batch > c->turn->counted;
}

// Those that began in this turn, too, have all that they ever had among the changes.
static void find_whole_ones(struct counting *c)
{
    for (size_t i = 0; i < c->changes->cases.count; i++) {
        const struct case_record *of = &c->changes->cases.items[i];
        if (of->move == CASE_COMPLETED && is_counted(c, of) && of->is_whole)
            idmap_put(&c->whole, of->instance, ARENA_NEW(c->arena, struct ended));
    }
    for (size_t i = 0; i < c->changes->elements.count; i++) {
        const struct element_record *record = c->changes->elements.items[i];
        struct ended *ended = idmap_get(&c->whole, record->instance);
        struct records_words words;
        if (ended != NULL &&
            records_words_of(c->records, record->definition, record->element, c->arena, &words))
            *ARRAY_PUSH(c->arena, &ended->steps) =
                step_of(record, words.id, words.name, words.type);
    }
}

// One more of each than is counted: it says that there are too many.
static bool load_others(struct counting *c, size_t first, size_t end, struct arena *scratch)
{
    uint64_t instances[CASES_AT_ONCE];
    struct records_instances of = {.instances = instances, .most = INSIGHT_MOST_CASE_STEPS + 1};
    struct records_turn turn = *c->turn;
    struct records_part *parts = NULL;
    size_t count;
    turn.arena = scratch;
    c->loaded = idmap_new(scratch);
    for (size_t i = first; i < end; i++) {
        const struct case_record *ended = &c->changes->cases.items[i];
        if (ended->move != CASE_COMPLETED || !is_counted(c, ended) || ended->is_whole)
            continue;
        idmap_put(&c->loaded, ended->instance, ARENA_NEW(scratch, struct ended));
        instances[of.count++] = ended->instance;
    }
    if (!records_load_parts(c->records, &turn, &of, &parts, &count, c->err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct ended *ended = idmap_get(&c->loaded, parts[i].record.instance);
        *ARRAY_PUSH(scratch, &ended->steps) =
            step_of(&parts[i].record, parts[i].id, parts[i].name, parts[i].type);
    }
    return true;
}

static const struct ended *ended_of(const struct counting *c, uint64_t instance)
{
    static const struct ended nothing;
    const struct ended *ended = idmap_get(&c->whole, instance);
    ended = ended != NULL ? ended : idmap_get(&c->loaded, instance);
    return ended != NULL ? ended : &nothing;
}

// -- Cells --------------------------------------------------------------------------------

// NULL: nobody knows the definition any more.
static struct counted *cell_at(struct counting *c, const struct case_record *of)
{
    struct records_words words;
    int32_t day = (int32_t)(of->time_ms / MS_PER_DAY);
    str key = str_format(c->arena, "%llu %d", (unsigned long long)of->definition, (int)day);
    struct counted *counted = map_get(&c->cells, key);
    if (counted != NULL || !records_words_of(c->records, of->definition, 0, c->arena, &words))
        return counted;
    counted = ARENA_NEW(c->arena, struct counted);
    counted->row = (struct records_cell){.definition = of->definition,
                                         .process_id = words.process_id,
                                         .version = words.version,
                                         .tenant = words.tenant,
                                         .day = day,
                                         .part = RECORDS_NEXT_PART,
                                         .format = CELL_FORMAT};
    counted->cell = cell_new(c->arena);
    map_put(&c->cells, key, counted);
    *ARRAY_PUSH(c->arena, &c->in_order) = counted;
    return counted;
}

static void count_case(struct counting *c, const struct case_record *of)
{
    struct counted *counted = cell_at(c, of);
    if (counted == NULL)
        return;
    uint64_t rest_ms = MS_PER_DAY - (uint64_t)(of->time_ms % MS_PER_DAY);
    bool enters = of->move == CASE_BEGAN || of->move == CASE_CAME;
    counted->row.started += of->move == CASE_BEGAN;
    *(enters ? &counted->row.entered : &counted->row.gone) += 1;
    *(enters ? &counted->row.entered_ms : &counted->row.gone_ms) += rest_ms;
    if (of->move != CASE_COMPLETED && of->move != CASE_TERMINATED)
        return;
    const struct ended *ended = ended_of(c, of->instance);
    cell_add_case(counted->cell, &(struct cell_case){
                                     .begun_ms = of->began_ms,
                                     .ended_ms = of->time_ms,
                                     .is_terminated = of->move == CASE_TERMINATED,
                                     .is_cut = ended->steps.count > INSIGHT_MOST_CASE_STEPS,
                                     .steps = ended->steps.items,
                                     .count = ended->steps.count,
                                 });
}

static void write_sections(struct records_cell *row, const struct cell *cell, struct arena *arena)
{
    struct cell_pack pack = cell_write(cell, arena);
    row->names = pack.names;
    row->head = pack.head;
    row->elements = pack.elements;
    row->times = pack.times;
    row->edges = pack.edges;
    row->variants = pack.variants;
}

// -- Merging ------------------------------------------------------------------------------

static void add_part(struct records_cell *sum, const struct records_cell *part)
{
    sum->process_id = part->process_id;
    sum->version = part->version;
    sum->tenant = part->tenant;
    sum->started += part->started;
    sum->entered += part->entered;
    sum->gone += part->gone;
    sum->entered_ms += part->entered_ms;
    sum->gone_ms += part->gone_ms;
}

static bool set_aside(struct counting *c, const struct records_cell *part, const char *why)
{
    log_warning("insight", "counters of definition %llu, day %d, part %d are set aside: %s",
                (unsigned long long)part->definition, (int)part->day, (int)part->part, why);
    return records_set_aside(c->records, c->turn, part, c->err);
}

// Parts of another format (of an older or newer node), and damaged ones, are set aside once, so
// that the others are merged. *ret_good is false where one was damaged: nothing is merged now.
static bool sum_up(struct counting *c, const struct records_days *days, struct records_cell *sum,
                   bool *ret_good)
{
    struct records_cell *parts = NULL;
    size_t count;
    struct error damaged;
    struct cell *cell = cell_new(c->arena);
    bool good = records_cell_parts(c->records, c->turn, days, &parts, &count, c->err);
    *ret_good = good && count > 0;
    for (size_t i = 0; good && *ret_good && i < count; i++) {
        const struct records_cell *part = &parts[i];
        const struct cell_pack pack = {part->names, part->head,  part->elements,
                                       part->times, part->edges, part->variants};
        if (part->format != CELL_FORMAT) {
            good = set_aside(c, part, "they are of another format");
        } else if (!cell_read(cell, &pack, &damaged)) {
            *ret_good = false;
            good = set_aside(c, part, damaged.text);
        } else {
            add_part(sum, part);
        }
    }
    write_sections(sum, cell, c->arena);
    return good;
}

static struct records_cell sum_of(const struct records_days *days, int32_t part)
{
    return (struct records_cell){
        .definition = days->definition, .day = days->first, .part = part, .format = CELL_FORMAT};
}

static bool merge_day(struct counting *c, const struct records_days *day)
{
    bool is_good;
    int32_t part;
    struct records_cell sum = sum_of(day, 0);
    if (!sum_up(c, day, &sum, &is_good))
        return false;
    return !is_good || sum.process_id.data == NULL ||
           (records_open_month(c->records, c->turn, day, c->err) &&
            records_drop_cells(c->records, c->turn, day, c->err) &&
            records_add_cells(c->records, c->turn, &sum, 1, &part, c->err));
}

// Its days stay, for questions about some of them. A clock that was set back makes a month over
// twice: it is made anew.
static bool merge_month(struct counting *c, const struct records_days *month)
{
    bool is_good;
    int32_t part;
    struct records_cell sum = sum_of(month, RECORDS_PART_OF_MONTH);
    if (!sum_up(c, month, &sum, &is_good))
        return false;
    return !is_good || sum.process_id.data == NULL ||
           (records_open_month(c->records, c->turn, month, c->err) &&
            records_add_cells(c->records, c->turn, &sum, 1, &part, c->err) &&
            records_mark_month(c->records, c->turn, month, c->err));
}

// With the first part of a day, some of what was left of those before is merged.
static bool merge_old_ones(struct counting *c, int32_t today)
{
    struct records_days days[OLD_ONES_MOST], months[OLD_ONES_MOST];
    size_t day_count = OLD_ONES_MOST, month_count = OLD_ONES_MOST;
    bool good = records_old_days(c->records, c->turn, today, days, &day_count, c->err);
    for (size_t i = 0; good && i < day_count; i++)
        good = merge_day(c, &days[i]);
    good = good && records_old_months(c->records, c->turn, today, months, &month_count, c->err);
    for (size_t i = 0; good && i < month_count; i++)
        good = merge_month(c, &months[i]);
    return good;
}

static struct records_days day_of(const struct records_cell *row)
{
    return (struct records_days){row->definition, row->day, row->day + 1};
}

static bool store_cells(struct counting *c)
{
    size_t count = c->in_order.count;
    struct records_cell *rows = ARENA_ARRAY(c->arena, struct records_cell, count);
    int32_t *parts = ARENA_ARRAY(c->arena, int32_t, count);
    if (count == 0)
        return true;
    for (size_t i = 0; i < count; i++) {
        rows[i] = c->in_order.items[i]->row;
        write_sections(&rows[i], c->in_order.items[i]->cell, c->arena);
    }
    if (!records_add_cells(c->records, c->turn, rows, count, parts, c->err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct records_days day = day_of(&rows[i]);
        if ((parts[i] == 1 && !merge_old_ones(c, rows[i].day)) ||
            (parts[i] >= PARTS_MOST && !merge_day(c, &day)))
            return false;
    }
    return true;
}

// Long cases are held in memory, so few at a time.
static bool count_some(struct counting *c, size_t first, size_t end)
{
    struct arena scratch = ARENA_EMPTY;
    bool good = load_others(c, first, end, &scratch);
    for (size_t i = first; good && i < end; i++)
        if (is_counted(c, &c->changes->cases.items[i]))
            count_case(c, &c->changes->cases.items[i]);
    arena_done(&scratch);
    return good;
}

bool count_cases(struct records *records, const struct records_turn *turn,
                 const struct record_changes *changes, struct error *err)
{
    struct counting c = {.records = records,
                         .turn = turn,
                         .changes = changes,
                         .arena = turn->arena,
                         .whole = idmap_new(turn->arena),
                         .cells = map_new(turn->arena),
                         .err = err};
    size_t count = changes->cases.count;
    bool good = true;
    find_whole_ones(&c);
    for (size_t i = 0; good && i < count; i += CASES_AT_ONCE)
        good = count_some(&c, i, i + CASES_AT_ONCE < count ? i + CASES_AT_ONCE : count);
    return good && store_cells(&c);
}
