// SPDX-License-Identifier: Apache-2.0
//
// `baton mine`: reads a log and hands it to a verb.
#include "cli/mine.h"

#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/options.h"
#include "insight/filter.h"

enum { CHUNK = 1 << 18 };

static const struct {
    const char *name;
    int (*run)(struct mine *mine);
    const char *summary;
} verbs[] = {
#define MINE_VERB(name, function, summary) {name, function, summary},
#include "cli/mine_verbs.def"
#undef MINE_VERB
};

static bool read_pieces(struct mine *m, FILE *file, struct log_reader *reader, struct error *err)
{
    char *chunk = arena_alloc(&m->arena, CHUNK);
    size_t got;
    while ((got = fread(chunk, 1, CHUNK, file)) > 0)
        if (!log_reader_feed(reader, str_from(chunk, got), err))
            return false;
    if (ferror(file))
        return error_set(err, ERROR_IO, "", "cannot be read: %s", strerror(errno));
    return log_reader_finish(reader, &m->log, err);
}

static bool read_source(struct mine *m, struct error *err)
{
    if (mine_is_process(m))
        return mine_read_process(m, err);
    const char *path = str_cstr(&m->arena, m->source);
    bool is_input = strcmp(path, "-") == 0;
    FILE *file = is_input ? stdin : fopen(path, "rb");
    if (file == NULL)
        return error_set(err, ERROR_IO, path, "cannot be opened: %s", strerror(errno));
    struct log_reader *reader = log_reader_new(&m->arena, &m->mapping, m->object_type);
    bool is_read = read_pieces(m, file, reader, err);
    log_reader_free(reader);
    if (!is_input)
        fclose(file);
    if (is_read)
        return true;
    struct error inner = *err;
    return error_set(err, inner.kind, path, "%s%s%s", inner.place, inner.place[0] ? ": " : "",
                     inner.text);
}

// What was left out or mended is said, so that no number surprises.
static void print_notes(const struct log_notes *notes)
{
    const struct {
        uint64_t count;
        const char *what;
    } lines[] = {
        {notes->events_without_activity, "events without an activity were left out"},
        {notes->events_without_case, "events without a case were left out"},
        {notes->unreadable_times, "times could not be read"},
        {notes->events_without_time, "events have no time: they are last in their traces"},
        {notes->empty_traces, "traces without an event were left out"},
        {notes->traces_of_same_name, "traces have the name of another: they were put together"},
        {notes->traces_out_of_order, "traces were not in the order of time: they were sorted"},
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        if (lines[i].count > 0)
            fprintf(stderr, "baton: note: %llu %s\n", (unsigned long long)lines[i].count,
                    lines[i].what);
    if (notes->times_with_zone > 0 && notes->times_without_zone > 0)
        fprintf(stderr, "baton: note: %llu times have no zone and were read as UTC, others have\n",
                (unsigned long long)notes->times_without_zone);
}

static bool set_classifier(struct mine *m, struct error *err)
{
    struct log_mapping *mapping = &m->mapping;
    mapping->delimiter = m->delimiter.len == 0                 ? '\0'
                         : str_equal(m->delimiter, STR("tab")) ? '\t'
                                                               : m->delimiter.data[0];
    mapping->is_classified_by_lifecycle = str_equal(m->classifier, STR("name+lifecycle"));
    bool is_key = m->classifier.len > 0 && !mapping->is_classified_by_lifecycle &&
                  !str_equal(m->classifier, STR("name"));
    if (is_key && mapping->activity_key.len > 0)
        return error_set(err, ERROR_INVALID, "--classifier", "names a key, and so does --activity");
    if (is_key)
        mapping->activity_key = m->classifier;
    return true;
}

int mine_open(struct mine *m)
{
    struct error err;
    m->is_json = str_equal(m->client.output, STR("json"));
    if (!set_classifier(m, &err) || !read_source(m, &err))
        return cli_complain(&err);
    print_notes(&m->log->notes);
    if (m->filter.len > 0 && !log_filter(&m->arena, m->log, m->filter, &m->log, &err))
        return cli_complain(&err);
    if (m->log->trace_count > 0 || m->filter.len == 0)
        return EXIT_OK;
    fprintf(stderr, "baton: no case meets the conditions\n");
    return EXIT_FAILED;
}

static int run(struct mine *m, const char *verb)
{
    m->with_cancelled = strcmp(verb, "export") == 0;
    m->with_variables = m->with_cancelled || m->filter.len > 0;
    for (size_t i = 0; i < COUNT_OF(verbs); i++) {
        if (strcmp(verbs[i].name, verb) != 0)
            continue;
        int code = mine_open(m);
        return code == EXIT_OK ? verbs[i].run(m) : code;
    }
    fprintf(stderr, "baton: mine has no '%s'; it has:\n", verb);
    for (size_t i = 0; i < COUNT_OF(verbs); i++)
        fprintf(stderr, "  %-10s %s\n", verbs[i].name, verbs[i].summary);
    return EXIT_USAGE;
}

int command_mine(int argc, char **argv)
{
    struct mine m = {.times = STR("completed"), .algorithm = STR("im")};
    const struct cli_option options[] = {
        {"out", "FILE", "where to; else standard output", .text = &m.out},
        {"format", "xes|csv|ocel", "export: of the file", .text = &m.format},
        {"algorithm", "im|imf|imd|heuristics|split",
         "discover: inductive (default), with --noise, or of the graph alone",
         .text = &m.algorithm},
        {"noise", "SHARE",
         "discover: below it a way is rare; imf: 0.2, heuristics: 0.5, split: 0.4",
         .text = &m.noise},
        {"model", "FILE", "conform, precision: the model, .pnml, .ptml or .bpmn", .text = &m.model},
        {"method", "replay|align|declare",
         "conform: by token replay, optimal alignments, or rules (a model of `declare`)",
         .text = &m.method},
        {"support", "SHARE", "declare: rules that so many traces give occasion for (0.1)",
         .text = &m.support},
        {"confidence", "SHARE", "declare: and that so many of these keep (0.9)",
         .text = &m.confidence},
        {"per-trace", NULL, "conform: a line of JSON for each trace", .flag = &m.is_per_trace},
        {"top", "N", "variants: only the N most frequent", .text = &m.top},
        {"times", "completed|waiting|started",
         "dfg: between completions (default), from completion to start, between starts",
         .text = &m.times},
        MINE_SOURCE_OPTIONS(m),
    };
    const struct cli_usage usage = {
        .synopsis = "baton mine LOG|PROCESS VERB [options]",
        .summary = "Reads an event log (a file: XES, CSV or OCEL 2.0, packed with gzip or not) or "
                   "the history of a\nprocess (its id; over the API), and says what is in "
                   "it.\nVerbs: stats, dfg, variants, discover, conform, precision, "
                   "declare, kpi, waits, export.",
        .example = "baton mine orders.xes.gz dfg --output json",
        .options = options,
        .option_count = COUNT_OF(options),
        .arguments_min = 2,
        .arguments_max = 2,
    };
    struct cli_arguments words;
    int code;
    if (cli_parse(&usage, argc, argv, &words, &code)) {
        m.source = str_of(words.items[0]);
        code = run(&m, words.items[1]);
    }
    arena_done(&m.arena);
    return code;
}
