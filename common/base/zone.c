// SPDX-License-Identifier: Apache-2.0
//
// TZif files (RFC 8536), version 2 and later: the 64-bit block and the footer. Transitions are read
// where they lie in the file's bytes; the footer's POSIX TZ rule is compiled.
#include "base/zone.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"

enum { HEADER_SIZE = 44, TYPE_SIZE = 6, DAY = 86400, PATH_DEPTH_MAX = 4, PATH_SIZE = 512 };

// A change of the year in a POSIX TZ string: Mmonth.week.day, Jday or day, at seconds of local
// time.
struct change {
    char form; // 'M', 'J', or '0' for the zero-based day
    int month, week, day;
    int32_t time;
};

struct rule {
    bool present, has_summer;
    int32_t offset, summer_offset;
    struct change to_summer, to_winter;
};

struct zone {
    str name;
    const unsigned char *times; // big-endian int64, `count` of them
    const unsigned char *indexes;
    const unsigned char *types;
    size_t count, type_count;
    struct rule rule;
};

struct zone_db {
    struct map zones;
};

static uint32_t read_u32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t read_i64(const unsigned char *at)
{
    return (int64_t)((uint64_t)read_u32(at) << 32 | read_u32(at + 4));
}

// ---- the footer ----

static bool read_number(const char **at, int *ret_value)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 6; digits++)
        value = value * 10 + *(*at)++ - '0';
    *ret_value = value;
    return digits > 0;
}

// [+-]hh[:mm[:ss]]
static bool read_time(const char **at, int32_t *ret_seconds)
{
    int sign = **at == '-' ? -1 : 1, part;
    *at += **at == '-' || **at == '+';
    if (!read_number(at, &part))
        return false;
    int32_t seconds = part * 3600;
    for (int unit = 60; unit && **at == ':'; unit /= 60) {
        ++*at;
        if (!read_number(at, &part))
            return false;
        seconds += part * unit;
    }
    *ret_seconds = sign * seconds;
    return true;
}

static bool skip_name(const char **at)
{
    const char *start = *at;
    if (**at == '<') {
        while (**at && **at != '>')
            ++*at;
        *at += **at == '>';
    } else {
        while ((**at | 32) >= 'a' && (**at | 32) <= 'z')
            ++*at;
    }
    return *at > start;
}

static bool read_change(const char **at, struct change *ret_change)
{
    struct change c = {.form = '0', .time = 7200};
    if (*(*at)++ != ',')
        return false;
    if (**at == 'M' || **at == 'J')
        c.form = *(*at)++;
    if (!read_number(at, c.form == 'M' ? &c.month : &c.day))
        return false;
    if (c.form == 'M') {
        bool dotted = *(*at)++ == '.' && read_number(at, &c.week) && *(*at)++ == '.' &&
                      read_number(at, &c.day);
        if (!dotted || c.month < 1 || c.month > 12 || c.week < 1 || c.week > 5 || c.day > 6)
            return false;
    }
    if (**at == '/') {
        ++*at;
        if (!read_time(at, &c.time))
            return false;
    }
    *ret_change = c;
    return true;
}

// "CET-1CEST,M3.5.0,M10.5.0/3": offsets there count west.
static bool read_rule(const char *at, struct rule *ret_rule)
{
    struct rule r = {0};
    if (!skip_name(&at) || !read_time(&at, &r.offset))
        return false;
    r.offset = -r.offset;
    r.present = true;
    if (*at) {
        r.has_summer = true;
        r.summer_offset = r.offset + 3600;
        if (!skip_name(&at))
            return false;
        if (*at != ',') {
            if (!read_time(&at, &r.summer_offset))
                return false;
            r.summer_offset = -r.summer_offset;
        }
        if (!read_change(&at, &r.to_summer) || !read_change(&at, &r.to_winter))
            return false;
    }
    *ret_rule = r;
    return *at == 0;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_to_year(int64_t year)
{
    int64_t y = year - 1;
    int64_t leaps = (y >= 0 ? y / 4 : -((3 - y) / 4)) - (y >= 0 ? y / 100 : -((99 - y) / 100)) +
                    (y >= 0 ? y / 400 : -((399 - y) / 400));
    return y * 365 + leaps - 719162;
}

static int64_t year_of(int64_t seconds)
{
    int64_t year = 1970 + seconds / (DAY * 365 + DAY / 4);
    while (days_to_year(year) * DAY > seconds)
        year--;
    while (days_to_year(year + 1) * DAY <= seconds)
        year++;
    return year;
}

// The day of the year, from 0.
static int64_t change_day(const struct change *c, int64_t year)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365};
    bool leap = is_leap(year);
    if (c->form == 'J')
        return c->day - 1 + (leap && c->day >= 60);
    if (c->form == '0')
        return c->day;
    int64_t first = before[c->month - 1] + (leap && c->month > 2);
    int64_t length = before[c->month] - before[c->month - 1] + (leap && c->month == 2);
    int64_t weekday = ((days_to_year(year) + first + 4) % 7 + 7) % 7;
    int64_t day = (c->day - weekday + 7) % 7 + (c->week - 1) * 7;
    return first + (day >= length ? day - 7 : day);
}

static int64_t change_at(const struct change *c, int64_t year, int32_t offset_before)
{
    return (days_to_year(year) + change_day(c, year)) * DAY + c->time - offset_before;
}

static int32_t rule_offset(const struct rule *r, int64_t utc)
{
    if (!r->has_summer)
        return r->offset;
    int64_t year = year_of(utc + r->offset);
    int64_t summer = change_at(&r->to_summer, year, r->offset);
    int64_t winter = change_at(&r->to_winter, year, r->summer_offset);
    bool is_summer =
        summer < winter ? utc >= summer && utc < winter : utc >= summer || utc < winter;
    return is_summer ? r->summer_offset : r->offset;
}

// ---- lookups ----

static int32_t type_offset(const struct zone *zone, size_t type)
{
    return (int32_t)read_u32(zone->types + type * TYPE_SIZE);
}

int32_t zone_offset_at(const struct zone *zone, int64_t utc)
{
    size_t low = 0, high = zone->count;
    while (low < high) { // the first transition after utc
        size_t middle = (low + high) / 2;
        if (read_i64(zone->times + middle * 8) <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == zone->count && zone->rule.present)
        return rule_offset(&zone->rule, utc);
    return low == 0 ? type_offset(zone, 0) : type_offset(zone, zone->indexes[low - 1]);
}

int64_t zone_to_utc(const struct zone *zone, int64_t local)
{
    int32_t before = zone_offset_at(zone, local - DAY), after = zone_offset_at(zone, local + DAY);
    if (zone_offset_at(zone, local - before) == before)
        return local - before;
    if (zone_offset_at(zone, local - after) == after)
        return local - after;
    return local - before;
}

str zone_name(const struct zone *zone)
{
    return zone->name;
}

const struct zone *zone_find(const struct zone_db *db, str name)
{
    return db ? map_get(&db->zones, name) : NULL;
}

// ---- loading ----

struct counts {
    size_t isut, isstd, leap, time, type, abbreviation;
};

static bool read_header(str file, size_t at, struct counts *ret_counts)
{
    if (file.len < at + HEADER_SIZE || memcmp(file.data + at, "TZif", 4) != 0)
        return false;
    const unsigned char *h = (const unsigned char *)file.data + at + 20;
    *ret_counts = (struct counts){read_u32(h),      read_u32(h + 4),  read_u32(h + 8),
                                  read_u32(h + 12), read_u32(h + 16), read_u32(h + 20)};
    return ret_counts->time < ZONE_FILE_MAX && ret_counts->type < ZONE_FILE_MAX &&
           ret_counts->abbreviation < ZONE_FILE_MAX && ret_counts->leap < ZONE_FILE_MAX &&
           ret_counts->isstd < ZONE_FILE_MAX && ret_counts->isut < ZONE_FILE_MAX;
}

static size_t block_size(struct counts c, size_t time_size)
{
    return c.time * (time_size + 1) + c.type * TYPE_SIZE + c.abbreviation +
           c.leap * (time_size + 4) + c.isstd + c.isut;
}

static bool indexes_fit(const struct zone *zone)
{
    for (size_t i = 0; i < zone->count; i++)
        if (zone->indexes[i] >= zone->type_count)
            return false;
    return zone->type_count > 0;
}

static void read_footer(struct arena *arena, str file, size_t at, struct zone *zone)
{
    if (at >= file.len || file.data[at] != '\n')
        return;
    str footer = str_from_index(file, at + 1);
    footer.len = str_find_char(footer, '\n') == SIZE_MAX ? footer.len : str_find_char(footer, '\n');
    if (!read_rule(str_cstr(arena, footer), &zone->rule))
        zone->rule = (struct rule){0};
}

static bool read_zone(struct arena *arena, str file, struct zone *zone)
{
    struct counts c;
    if (!read_header(file, 0, &c) || file.data[4] < '2')
        return false;
    size_t second = HEADER_SIZE + block_size(c, 4);
    if (!read_header(file, second, &c) || file.len < second + HEADER_SIZE + block_size(c, 8))
        return false;
    zone->times = (const unsigned char *)file.data + second + HEADER_SIZE;
    zone->indexes = zone->times + c.time * 8;
    zone->types = zone->indexes + c.time;
    zone->count = c.time;
    zone->type_count = c.type;
    read_footer(arena, file, second + HEADER_SIZE + block_size(c, 8), zone);
    return indexes_fit(zone);
}

static bool read_file(struct arena *arena, const char *path, str *ret_file)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    struct stat info;
    ssize_t got = -1;
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size <= ZONE_FILE_MAX) {
        char *data = arena_alloc(arena, (size_t)info.st_size);
        got = read(fd, data, (size_t)info.st_size);
        *ret_file = str_from(data, got < 0 ? 0 : (size_t)got);
    }
    close(fd);
    return got >= 0;
}

static void load_file(struct arena *arena, struct zone_db *db, const char *path, str name)
{
    struct arena_mark mark = arena_mark(arena);
    struct zone *zone = ARENA_NEW(arena, struct zone);
    str file;
    if (db->zones.count < ZONE_COUNT_MAX && read_file(arena, path, &file) &&
        read_zone(arena, file, zone)) {
        zone->name = str_copy(arena, name);
        map_put(&db->zones, zone->name, zone);
    } else {
        arena_rewind(arena, mark);
    }
}

static bool is_other_view(const char *name)
{
    return strcmp(name, "right") == 0 || strcmp(name, "posix") == 0;
}

// Other files than zones lie there too: they are passed over.
static void load_directory(struct arena *arena, struct zone_db *db, const char *path, size_t root,
                           int depth)
{
    DIR *directory = depth > PATH_DEPTH_MAX ? NULL : opendir(path);
    if (directory == NULL)
        return;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char child[PATH_SIZE];
        int len = snprintf(child, sizeof child, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || is_other_view(entry->d_name) || len >= PATH_SIZE)
            continue;
        struct stat info;
        if (stat(child, &info) != 0)
            continue;
        if (S_ISDIR(info.st_mode))
            load_directory(arena, db, child, root, depth + 1);
        else
            load_file(arena, db, child, str_of(child + root));
    }
    closedir(directory);
}

bool zone_db_load(struct arena *arena, const char *directory, const struct zone_db **ret_db,
                  struct error *err)
{
    struct zone_db *db = ARENA_NEW(arena, struct zone_db);
    db->zones = map_new(arena);
    if (access(directory, R_OK | X_OK) != 0)
        return error_set(err, ERROR_IO, directory, "cannot read time zones: %s", strerror(errno));
    load_directory(arena, db, directory, strlen(directory) + 1, 0);
    if (db->zones.count == 0)
        return error_set(err, ERROR_NOT_FOUND, directory, "no time zone is here (package tzdata)");
    *ret_db = db;
    return true;
}
