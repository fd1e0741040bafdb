// SPDX-License-Identifier: Apache-2.0
//
// What the verbs of `baton mine` share: the log, what was asked for, and how answers are written.
#ifndef BATON_CLI_MINE_H
#define BATON_CLI_MINE_H

#include "base/json.h"
#include "cli/client.h"
#include "insight/instant.h"
#include "insight/reader.h"

// Which cases of own history; empty: any.
struct own_history_wanted {
    str version, since, until, cases;
};

struct mine {
    struct arena arena;
    struct log_mapping mapping;
    str source; // the file's path, or the process's id
    struct client_options client;
    struct own_history_wanted wanted;
    bool is_process; // whatever files there are
    bool with_cancelled, with_variables;
    str filter, object_type, format, out, top, times, delimiter, classifier;
    str algorithm, noise, model, method, support, confidence;
    bool is_json, is_per_trace;
    const struct event_log *log;
};

// Reads the file or, over the API, a process's own history; says on standard error what was left
// out or mended; and leaves the cases that the filter asks for. The exit code: EXIT_OK, or another
// when it has complained.
MUST_CHECK int mine_open(struct mine *mine);

// Where the log is and how it is read: rows of a command's options.
#define MINE_SOURCE_OPTIONS(mine)                                                                  \
    {"case", "COLUMN", "CSV: the case", .text = &(mine).mapping.case_key},                         \
        {"activity", "COLUMN", "the activity", .text = &(mine).mapping.activity_key},              \
        {"time", "COLUMN", "when it was completed", .text = &(mine).mapping.time_key},             \
        {"start", "COLUMN", "when it was started", .text = &(mine).mapping.start_key},             \
        {"enabled", "COLUMN", "when it could have been started",                                   \
         .text = &(mine).mapping.enabled_key},                                                     \
        {"resource", "COLUMN", "who did it", .text = &(mine).mapping.resource_key},                \
        {"time-format", "FORMAT", "of times, as strptime has it; else ISO 8601",                   \
         .text = &(mine).mapping.time_format},                                                     \
        {"delimiter", "CHARACTER", "CSV: between fields, or 'tab'; else found out",                \
         .text = &(mine).delimiter},                                                               \
        {"classifier", "NAME", "name, name+lifecycle, or the key of another attribute",            \
         .text = &(mine).classifier},                                                              \
        {"lifecycle", "TRANSITION", "only events of this transition, such as complete",            \
         .text = &(mine).mapping.lifecycle},                                                       \
        {"object-type", "TYPE", "OCEL: whose objects are the cases", .text = &(mine).object_type}, \
        {"filter", "CONDITIONS",                                                                   \
         "only cases that meet them, with ';' between: 'duration > 2d; has Pay; kind = new'",      \
         .text = &(mine).filter},                                                                  \
        {"process", NULL, "the name is a process's id, even if there is a file of that name",      \
         .flag = &(mine).is_process},                                                              \
        {"version", "N", "process: of this version alone", .text = &(mine).wanted.version},        \
        {"since", "TIME", "process: cases that ended then or later",                               \
         .text = &(mine).wanted.since},                                                            \
        {"until", "TIME", "process: cases that ended before", .text = &(mine).wanted.until},       \
        {"cases", "completed|ended|all", "process: which (completed)",                             \
         .text = &(mine).wanted.cases},                                                            \
        {"tenant", "ID", "process: of this tenant alone", .text = &(mine).client.tenant},          \
        CLIENT_OPTIONS((mine).client)

// Whether the source is a process's id and not a file's name.
bool mine_is_process(struct mine *mine);

MUST_CHECK bool mine_read_process(struct mine *mine, struct error *err);

// A verb. Returns the exit code.
#define MINE_VERB(name, function, summary) int function(struct mine *mine);
#include "cli/mine_verbs.def"
#undef MINE_VERB

int mine_conform_declare(struct mine *mine);

// A line of --per-trace.
void mine_print_trace(struct mine *mine, uint32_t trace, bool fits, double fitness);

// Where the answer goes: the file of --out, or standard output.
struct mine_out {
    void *file;
    str path;
    struct strbuf buffer;
    struct json_writer json;
};

MUST_CHECK bool mine_out_open(struct mine *mine, struct mine_out *ret_out, struct error *err);
bool mine_out_write(void *out, struct strbuf *buffer, struct error *err); // a write_out
MUST_CHECK bool mine_out_close(struct mine_out *out, struct error *err);

// Members of an object.
void mine_number(struct json_writer *json, const char *name, double value); // null when not finite
void mine_count(struct json_writer *json, const char *name, uint64_t value);
void mine_text(struct json_writer *json, const char *name, str value);
struct durations;
void mine_durations(struct json_writer *json, const struct durations *durations);

// Writes what `json` holds to standard output as a line; returns EXIT_OK.
int mine_print_json(struct strbuf *buffer);

#endif
