// SPDX-License-Identifier: Apache-2.0
//
// Reads a BPMN 2.0 file: every process in it, compiled, and everything that is wrong with it, named
// by element and line. The zeebe: extensions are read as Camunda 8 reads them, the common camunda:
// ones are translated with a note, baton: adds ours.
#ifndef BATON_BPMN_BPMN_H
#define BATON_BPMN_BPMN_H

#include "bpmn/process.h"

enum bpmn_severity { BPMN_ERROR, BPMN_WARNING, BPMN_INFO };

enum bpmn_code {
#define PROBLEM(name, severity, text) BPMN_CODE_##name,
#include "bpmn/problems.def"
#undef PROBLEM
};

struct bpmn_problem {
    enum bpmn_code code;
    enum bpmn_severity severity;
    str element; // id; empty: the file
    uint32_t line;
    str message;
};

// A message flow between pools; both ends are element or process ids.
struct bpmn_message_flow {
    str id;
    str source;
    str target;
};

enum { BPMN_MAX_PROBLEMS = 500, BPMN_MAX_ELEMENTS = 50000, BPMN_MAX_SCOPE_DEPTH = 64 };

struct bpmn_resource {
    size_t process_count;
    struct bpmn_process **processes;
    size_t message_flow_count;
    const struct bpmn_message_flow *message_flows;
    size_t problem_count;
    const struct bpmn_problem *problems;
    bool is_executable; // no problem is an error and some process can run
};

// Reads and compiles into `arena`, which the result lives in; `scratch` is used on the way. False
// when the text is no BPMN at all
// (*err says why); a model with problems is a resource with problems.
MUST_CHECK bool bpmn_parse(struct arena *arena, struct arena *scratch, str xml,
                           struct bpmn_resource **ret_resource, struct error *err);

// The same, and a time zone that is named but that `zones` has not is an error.
MUST_CHECK bool bpmn_parse_in_zones(struct arena *arena, struct arena *scratch, str xml,
                                    const struct zone_db *zones,
                                    struct bpmn_resource **ret_resource, struct error *err);

// The same for a model that is only walked: expressions and event definitions are kept, but what
// they lack is no error.
MUST_CHECK bool bpmn_parse_sketch(struct arena *arena, struct arena *scratch, str xml,
                                  struct bpmn_resource **ret_resource, struct error *err);

const char *bpmn_code_name(enum bpmn_code code);
const char *bpmn_severity_name(enum bpmn_severity severity); // "error", "warning", "info"

// The process of this id; NULL when there is none.
const struct bpmn_process *bpmn_find_process(const struct bpmn_resource *resource, str id);

#endif
