// SPDX-License-Identifier: Apache-2.0
#include "story.h"

#include "database.h"
#include "fake_store.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 200, TEXT_MOST = 16384, HAPPENINGS_MOST = 20 };

struct happening {
    double at_s;
    char verb[20];
    double number; // seconds, or effects
};

struct story {
    char told[TEXT_MOST];
    char expected[TEXT_MOST];
    size_t count;
    struct happening happenings[HAPPENINGS_MOST];
};

static struct story *current; // of the process: one story a run

// -- The file ---------------------------------------------------------------------------

static bool read_setting(struct story *story, struct world_options *options, const char *line)
{
    unsigned long long number;
    struct happening *next = &story->happenings[story->count];
    if (sscanf(line, "seed %llu", &number) == 1)
        options->seed = number;
    else if (sscanf(line, "machines %llu", &number) == 1)
        options->machines = (uint32_t)number;
    else if (sscanf(line, "shards %llu", &number) == 1)
        options->shards = (uint32_t)number;
    else if (sscanf(line, "seconds %llu", &number) == 1)
        options->seconds = (int64_t)number;
    else if (story->count < HAPPENINGS_MOST &&
             sscanf(line, "at %lf %19s %lf", &next->at_s, next->verb, &next->number) >= 2)
        story->count++;
    else
        return line[0] == '#' || line[0] == '\n';
    return true;
}

struct story *story_read(const char *path, struct world_options *options)
{
    char line[LINE_MOST];
    bool is_told = false;
    FILE *file = fopen(path, "r");
    struct story *story = calloc(1, sizeof *story);
    check(story != NULL);
    if (file == NULL)
        fprintf(stderr, "%s: cannot be read\n", path);
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (is_told && strlen(story->expected) + strlen(line) < TEXT_MOST)
            strcat(story->expected, line);
        else if (strcmp(line, "---\n") == 0)
            is_told = true;
        else if (!read_setting(story, options, line))
            fprintf(stderr, "%s: not understood: %s", path, line);
    }
    if (file != NULL)
        fclose(file);
    options->faults = false;
    return story;
}

void story_free(struct story *story)
{
    free(story);
}

// -- What happens -----------------------------------------------------------------------

// The one that owns shard 0, as PostgreSQL says.
static struct machine *owner(void)
{
    str name = world->database->shards[0].row.owner;
    for (uint32_t i = 0; i < world->options.machines; i++)
        if (name.len > 0 && name.data[name.len - 1] == (char)('0' + i))
            return &world->machines[i];
    return &world->machines[0];
}

static void act_happen(void *context)
{
    const struct happening *happening = context;
    struct machine *machine = owner();
    if (strcmp(happening->verb, "crash") == 0) {
        machine_crash(machine);
    } else if (strcmp(happening->verb, "crash-after") == 0) { // so many effects on the world
        machine->effects_left = (uint32_t)happening->number;
        machine->crash_before_effect = false;
    } else if (strcmp(happening->verb, "pause") == 0) {
        machine_pause(machine, (int64_t)(happening->number * WORLD_SECOND));
    } else if (strcmp(happening->verb, "cut-postgres") == 0) {
        fake_store_cut_all(machine->store);
    } else {
        world_fail("a story cannot %s", happening->verb);
    }
}

void story_begin(struct story *story)
{
    current = story;
    story->told[0] = '\0';
    for (size_t i = 0; i < story->count; i++)
        world_later((int64_t)(story->happenings[i].at_s * WORLD_SECOND), NULL, act_happen,
                    &story->happenings[i]);
}

void story_tell(const char *format, ...)
{
    char line[LINE_MOST];
    if (current == NULL)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    strcat(line, "\n");
    if (strstr(current->told, line) == NULL && strlen(current->told) + LINE_MOST < TEXT_MOST)
        strcat(current->told, line);
}

bool story_is_as_told(const struct story *story)
{
    return strcmp(story->told, story->expected) == 0;
}

void story_explain(const struct story *story)
{
    printf("expected:\n%s\ntold last:\n%s\n", story->expected, story->told);
}
