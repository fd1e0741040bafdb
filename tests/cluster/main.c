// SPDX-License-Identifier: Apache-2.0
//
// cluster-sim: runs simulated clusters, one a seed, until one breaks a promise. A broken seed is
// run again with its story told.
#include "faults.h"
#include "story.h"
#include "load.h"
#include "promises.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CALM_SECONDS = 400, STEP_SECONDS = 1, MACHINES = 3, STORY_SEEDS = 60 };

struct mutation_row {
    const char *option;
    const char *text;
};

static const struct mutation_row mutations[] = {
    {"none", "nothing"},
#define MUTATION(name, option, text) {option, text},
#include "mutations.def"
#undef MUTATION
};

struct totals {
    uint64_t seeds, starts, steps, crashes, pauses, cuts, refusals, rebalances;
    double seconds;
};

// -- One seed ---------------------------------------------------------------------------

static void settle(int64_t until_us)
{
    char text[300] = "";
    world->calm = true;
    load_stop();
    world_tell("calm");
    while (world->failure[0] == '\0' && world->now_us < until_us) {
        world_run(world->now_us + STEP_SECONDS * WORLD_SECOND);
        if (promises_settled(text, sizeof text))
            return;
    }
    promises_tell_open();
    world_fail("when faults had stopped for %d s, %s", CALM_SECONDS, text);
}

static void add_up(struct totals *totals, int64_t begun_us)
{
    totals->seeds++;
    totals->seconds += (double)(world->now_us - begun_us) / WORLD_SECOND;
    totals->starts += load_started();
    totals->steps += world->steps;
    totals->crashes += world->crashes;
    totals->pauses += world->pauses;
    totals->cuts += world->cuts;
    totals->refusals += world->refusals;
    totals->rebalances += world->rebalances;
}

// The digest of all that happened; *ret_failure has what broke, or is empty.
static uint64_t run(const struct world_options *options, char *ret_failure, size_t size,
                    struct totals *totals)
{
    world_new(options);
    int64_t begun_us = world->now_us;
    if (options->faults)
        faults_begin();
    if (options->story != NULL)
        story_begin(options->story);
    world_run(begun_us + options->seconds * WORLD_SECOND);
    if (world->failure[0] == '\0')
        settle(begun_us + (options->seconds + CALM_SECONDS) * WORLD_SECOND);
    if (world->failure[0] == '\0' && !options->topic_faults)
        promises_reexecute();
    snprintf(ret_failure, size, "%s", world->failure);
    uint64_t digest = world->digest;
    add_up(totals, begun_us);
    world_free();
    return digest;
}

// -- Many seeds -------------------------------------------------------------------------

struct request {
    struct world_options options;
    uint64_t seeds;
    bool twice; // and compare what happened
    bool quiet;
};

// Of this process alone: what others do on the machine does not count.
static double processor_time(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void report(const struct totals *totals, double took)
{
    printf("%llu seeds, %.0f simulated seconds in %.1f s of one processor: %.0f a second; %llu "
           "steps, %llu "
           "instances, %llu crashes, %llu pauses, %llu cuts, %llu refusals, %llu rebalances\n",
           (unsigned long long)totals->seeds, totals->seconds, took, totals->seconds / took,
           (unsigned long long)totals->steps, (unsigned long long)totals->starts,
           (unsigned long long)totals->crashes, (unsigned long long)totals->pauses,
           (unsigned long long)totals->cuts, (unsigned long long)totals->refusals,
           (unsigned long long)totals->rebalances);
    fflush(stdout);
}

static void explain(const struct request *request, uint64_t seed, const char *failure)
{
    printf("seed %llu: %s\n", (unsigned long long)seed, failure);
    printf("the whole story: cluster-sim --seed %llu --seconds %lld --verbose\n",
           (unsigned long long)seed, (long long)request->options.seconds);
}

// Returns the number of seeds that broke a promise; stops at the first unless mutated.
static uint64_t run_all(struct request *request, struct totals *totals)
{
    char failure[512];
    double begun = processor_time(), told = begun;
    uint64_t first = request->options.seed, broken = 0;
    for (uint64_t i = 0; i < request->seeds && broken == 0; i++) {
        request->options.seed = first + i;
        uint64_t digest = run(&request->options, failure, sizeof failure, totals);
        if (failure[0] != '\0') {
            broken++;
            explain(request, first + i, failure);
        } else if (request->twice &&
                   run(&request->options, failure, sizeof failure, totals) != digest) {
            broken++;
            printf("seed %llu does not repeat itself\n", (unsigned long long)(first + i));
        }
        if (processor_time() - told > 5 && !request->quiet) {
            told = processor_time();
            report(totals, told - begun);
        }
    }
    report(totals, processor_time() - begun);
    return broken;
}

// What is told must come about with one of some seeds: chance decides whether a commit was out when
// the machine stood still.
static bool tell_story(struct request *request, struct totals *totals)
{
    char failure[512];
    bool is_told = false;
    for (int i = 0; i < STORY_SEEDS && !is_told; i++, request->options.seed++) {
        (void)run(&request->options, failure, sizeof failure, totals);
        if (failure[0] != '\0') {
            explain(request, request->options.seed, failure);
            break;
        }
        is_told = story_is_as_told(request->options.story);
    }
    if (!is_told)
        story_explain(request->options.story);
    story_free(request->options.story);
    return is_told;
}

// -- The command line -------------------------------------------------------------------

static enum mutation mutation_named(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(mutations); i++)
        if (strcmp(mutations[i].option, name) == 0)
            return (enum mutation)i;
    fprintf(stderr, "no mutation is called %s\n", name);
    exit(2);
}

static int usage(void)
{
    printf(
        "usage: cluster-sim [--seeds N] [--seed S] [--seconds S] [--machines N] [--twice]\n"
        "                   [--no-faults] [--topics] [--mutate NAME] [--story FILE] [--verbose]\n"
        "with --mutate it succeeds when a promise is broken:\n");
    for (size_t i = 1; i < COUNT_OF(mutations); i++)
        printf("  %-20s %s\n", mutations[i].option, mutations[i].text);
    return 2;
}

static bool read_flag(struct request *request, const char *name)
{
    if (strcmp(name, "--verbose") == 0)
        request->options.verbose = true;
    else if (strcmp(name, "--no-faults") == 0)
        request->options.faults = false;
    else if (strcmp(name, "--topics") == 0)
        request->options.topic_faults = true;
    else if (strcmp(name, "--twice") == 0)
        request->twice = true;
    else
        return false;
    return true;
}

static bool read_value(struct request *request, const char *name, const char *value)
{
    if (strcmp(name, "--seeds") == 0)
        request->seeds = strtoull(value, NULL, 10);
    else if (strcmp(name, "--seed") == 0)
        request->options.seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--seconds") == 0)
        request->options.seconds = strtoll(value, NULL, 10);
    else if (strcmp(name, "--machines") == 0)
        request->options.machines = (uint32_t)strtoul(value, NULL, 10);
    else if (strcmp(name, "--story") == 0)
        request->options.story = story_read(value, &request->options);
    else if (strcmp(name, "--mutate") == 0)
        request->options.mutation = mutation_named(value);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct request request = {
        .options = {.seed = 1,
                    .seconds = 120,
                    .machines = MACHINES,
                    .shards = WORLD_SHARDS,
                    .faults = true},
        .seeds = 1,
    };
    for (int i = 1; i < argc; i++) {
        if (read_flag(&request, argv[i]))
            continue;
        if (i + 1 >= argc || !read_value(&request, argv[i], argv[i + 1]))
            return usage();
        i++;
    }
    if (request.options.machines < 1 || request.options.machines > WORLD_MACHINES)
        return usage();
    struct totals totals = {0};
    if (request.options.story != NULL)
        return tell_story(&request, &totals) ? 0 : 1;
    bool broken = run_all(&request, &totals) > 0;
    if (request.options.mutation == MUTATION_NONE)
        return broken ? 1 : 0;
    printf("%s: %s\n", mutations[request.options.mutation].option,
           broken ? "noticed" : "NOT NOTICED");
    return broken ? 0 : 1;
}
