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

// Reads the file or, over the API, a process's own history.
MUST_CHECK bool mine_read(struct mine *mine, struct error *err);

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
