// SPDX-License-Identifier: Apache-2.0
#include "base/vitals.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STAT_BYTES = 1024, STARTED_FIELD = 22 }; // proc(5): of /proc/self/stat

static void print(struct strbuf *out, const char *name, const char *type, const char *help,
                  double value)
{
    strbuf_format(out, "# HELP process_%s %s\n# TYPE process_%s %s\nprocess_%s %.17g\n", name, help,
                  name, type, name, value);
}

static void print_processor(struct strbuf *out)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return;
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    print(out, "cpu_seconds_total", "counter", "Time on processors, in user and system.", seconds);
}

static void print_memory(struct strbuf *out)
{
    unsigned long long pages, resident;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL)
        return;
    int read = fscanf(file, "%llu %llu", &pages, &resident);
    fclose(file);
    if (read != 2)
        return;
    double page = (double)sysconf(_SC_PAGESIZE);
    print(out, "resident_memory_bytes", "gauge", "Memory in use.", (double)resident * page);
    print(out, "virtual_memory_bytes", "gauge", "Memory that is mapped.", (double)pages * page);
}

static void print_descriptors(struct strbuf *out)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        print(out, "max_fds", "gauge", "File descriptors that there may be.",
              (double)limit.rlim_cur);
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL)
        return;
    double count = -1; // but for the one of the folder
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder))
        count += entry->d_name[0] != '.';
    closedir(folder);
    print(out, "open_fds", "gauge", "File descriptors that are open.", count);
}

// Ticks after the system's start. False: not told.
static bool find_start(unsigned long long *ret_ticks)
{
    char text[STAT_BYTES];
    FILE *file = fopen("/proc/self/stat", "re");
    if (file == NULL)
        return false;
    size_t len = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[len] = '\0';
    str rest = str_of(text), field;
    size_t name_end = SIZE_MAX; // a name may have spaces
    for (size_t i = 0; i < rest.len; i++)
        if (rest.data[i] == ')')
            name_end = i;
    if (name_end == SIZE_MAX)
        return false;
    rest = str_from_index(rest, name_end + 2);
    for (int i = 3; i <= STARTED_FIELD; i++)
        if (!str_split(&rest, ' ', &field))
            return false;
    uint64_t ticks;
    bool is_number = str_to_u64(field, &ticks);
    *ret_ticks = ticks;
    return is_number;
}

static void print_start(struct strbuf *out)
{
    unsigned long long ticks;
    struct timespec since_start, now;
    if (!find_start(&ticks) || clock_gettime(CLOCK_BOOTTIME, &since_start) != 0 ||
        clock_gettime(CLOCK_REALTIME, &now) != 0)
        return;
    double age = (double)since_start.tv_sec - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    print(out, "start_time_seconds", "gauge", "When the process began, since 1970.",
          (double)now.tv_sec - age);
}

void vitals_print(const char *prefix, struct strbuf *out)
{
    strbuf_format(out,
                  "# HELP %s_build_info Which build this is.\n# TYPE %s_build_info gauge\n"
                  "%s_build_info{version=\"%s\"} 1\n",
                  prefix, prefix, prefix, BATON_VERSION);
    print_processor(out);
    print_memory(out);
    print_descriptors(out);
    print_start(out);
}
