// SPDX-License-Identifier: Apache-2.0
//
// A compiled process: what the engine runs. Elements, sequence flows and everything they say are in
// arrays, references are indices, expressions are compiled. It is made once by bpmn_parse
// (bpmn/bpmn.h), never changes afterwards and lives as long as its arena; instances hold indices
// into it. Element 0 is the process itself, so that the root scope needs no special case.
#ifndef BATON_BPMN_PROCESS_H
#define BATON_BPMN_PROCESS_H

#include "base/map.h"
#include "bpmn/calendar.h"
#include "feel/feel.h"

enum bpmn_family { BPMN_SCOPE, BPMN_TASK_FAMILY, BPMN_GATEWAY, BPMN_EVENT };

enum bpmn_type {
#define ELEMENT(name, local_name, family) BPMN_##name,
#include "bpmn/elements.def"
#undef ELEMENT
};

enum bpmn_trigger_kind {
    BPMN_NO_TRIGGER,
#define TRIGGER(name, element, waits) BPMN_##name##_TRIGGER,
#include "bpmn/triggers.def"
#undef TRIGGER
};

enum { BPMN_NONE = UINT32_MAX }; // an index that names nothing

// A list of indices.
struct bpmn_list {
    uint32_t count;
    const uint32_t *items;
};

enum bpmn_timer { BPMN_TIMER_DATE, BPMN_TIMER_DURATION, BPMN_TIMER_CYCLE };

enum bpmn_direction { BPMN_UNSPECIFIED, BPMN_CONVERGING, BPMN_DIVERGING, BPMN_MIXED };

// One event definition.
struct bpmn_trigger {
    enum bpmn_trigger_kind kind;
    enum bpmn_timer timer;
    str reference;                   // id of the message, signal, error, escalation; link's name
    const struct feel_program *name; // message, signal: its name. error, escalation: its code
    const struct feel_program *correlation;  // message; NULL: by name alone
    const struct feel_program *message_id;   // thrown message; NULL: none
    const struct feel_program *time_to_live; // thrown message; NULL: none
    const struct feel_program *expression;   // timer: when; condition: what
    bool only_created;     // condition: looked at when such a variable is made, not when it changes
    bool only_updated;     // the other way
    uint32_t filter_count; // condition: looked at when one of these variables changes; 0: when one
    const str *filter;     // that it reads does
    str code_variable;     // error, escalation: where the code and text go; empty: nowhere
    str message_variable;
    const struct bpmn_calendar *calendar; // timer: counts in it; NULL: always open
    uint32_t activity;                    // compensation: of this one; BPMN_NONE: of the scope
    bool any_code;                        // error, escalation: catches all
    bool code_is_id;                      // error, escalation: the definition has no code
    bool waits_for_completion;
};

struct bpmn_mapping {
    const struct feel_program *source;
    str target; // a name, or a path "order.total"
};

// A place in an element's job where the model itself refers to a secret.
struct bpmn_secret {
    str pointer; // RFC 6901, from {"headers": …, "variables": …}
    str text;    // what stands there
    str name;    // of the secret; a text may refer to several
};

enum bpmn_listener_event {
    BPMN_LISTENER_START,
    BPMN_LISTENER_END,
    BPMN_LISTENER_CREATING,
    BPMN_LISTENER_ASSIGNING,
    BPMN_LISTENER_UPDATING,
    BPMN_LISTENER_COMPLETING,
    BPMN_LISTENER_CANCELING,
};

// A job: a task's own, or a listener's.
struct bpmn_job {
    const struct feel_program *type;
    const struct feel_program *retries;
    const struct feel_program *priority; // NULL: 0
    str headers;                         // JSON object
    enum bpmn_listener_event event;      // listeners
};

enum bpmn_binding { BPMN_LATEST, BPMN_DEPLOYMENT, BPMN_VERSION_TAG, BPMN_VERSION };

struct bpmn_call {
    const struct feel_program *id; // process id or decision id
    enum bpmn_binding binding;
    str version; // tag, or number
    bool propagates_to_child;
    bool propagates_to_parent;
    str result_variable;                    // decision, script
    const struct feel_program *script;      // a FEEL script task
    const struct feel_program *business_id; // of the called process; NULL: the caller's
};

struct bpmn_user_task {
    const struct feel_program *assignee;
    const struct feel_program *candidate_groups;
    const struct feel_program *candidate_users;
    const struct feel_program *due;
    const struct feel_program *follow_up;
    const struct feel_program *priority;
    str form_id;
    str form_key;
    enum bpmn_binding form_binding;
    str form_version; // tag
    str headers;      // JSON object
};

// Of a start event: what a person fills in to start the process.
struct bpmn_start_form {
    str id;
    enum bpmn_binding binding;
    str version; // tag
};

enum bpmn_loop_behavior { BPMN_THROW_ALL, BPMN_THROW_NONE, BPMN_THROW_ONE, BPMN_THROW_COMPLEX };

// Multi-instance with complex behavior: throws the signal when the condition holds.
struct bpmn_behavior {
    const struct feel_program *condition;
    const struct feel_program *signal;
};

// Multi-instance, or the standard's loop.
struct bpmn_loop {
    bool standard;
    bool sequential;
    bool test_before;                       // standard
    const struct feel_program *collection;  // multi-instance over a list…
    const struct feel_program *cardinality; // … or so many times. Standard: at most so often
    str element_variable;
    str output_collection;
    const struct feel_program *output_element;
    const struct feel_program *condition; // completion condition; standard: goes on while true
    enum bpmn_loop_behavior behavior;
    const struct feel_program *behavior_signal; // ONE and NONE throw this signal
    uint32_t behavior_count;                    // COMPLEX: each time an instance ends
    const struct bpmn_behavior *behaviors;
};

struct bpmn_ad_hoc {
    bool sequential;
    bool cancels_remaining;
    const struct feel_program *condition;
    const struct feel_program
        *active_elements; // a list of ids; NULL: all that have no incoming flow
    str output_collection;
    const struct feel_program *output_element;
};

// Of a user task: at `after` its creation or `before` its due date, and then every `repeat`.
struct bpmn_reminder {
    const struct feel_program *after; // one of the two
    const struct feel_program *before;
    const struct feel_program *repeat; // NULL: once
    const struct bpmn_job *job;        // tells somebody; NULL: an event alone
};

// Of a user task: after so long it goes to others, or a BPMN escalation is thrown from it.
struct bpmn_escalation {
    const struct feel_program *after;
    const struct feel_program *assignee; // NULL: stays
    const struct feel_program *candidate_groups;
    const struct feel_program *code; // NULL: none is thrown
};

// What baton: says of an element.
struct bpmn_extras {
    const struct feel_program *sla;       // a duration
    const struct feel_program *cost;      // a number
    const struct bpmn_calendar *calendar; // in which its durations are counted; NULL: always open
    uint32_t reminder_count;
    const struct bpmn_reminder *reminders;
    uint32_t escalation_count;
    const struct bpmn_escalation *escalations;
    const struct feel_program *max_deliveries; // of its jobs, without an answer; NULL: a setting
    bool restricts_job; // its jobs carry its own variables and those of these names, not all
    uint32_t job_variable_count;
    const str *job_variables;
    // Elements (user tasks, start events) whose doers must not do this one; both name each other.
    struct bpmn_list separated;
};

struct bpmn_element {
    str id;
    str name;
    enum bpmn_type type;
    uint32_t line;
    uint32_t scope; // element whose flow this is in; BPMN_NONE for the process
    uint32_t host;  // boundary event: the activity; else BPMN_NONE
    uint32_t default_flow;
    uint32_t link_target;      // throwing link: the catching one
    uint32_t compensation;     // activity: its compensation handler
    struct bpmn_list incoming; // flows
    struct bpmn_list outgoing;
    struct bpmn_list boundary; // events on this activity
    struct bpmn_list children; // scopes: elements directly inside, events on their borders too
    struct bpmn_list starts;   // scopes: where a token begins without a trigger
    struct bpmn_list event_sub_processes; // scopes
    struct bpmn_list triggered_starts;    // process: what an event outside makes an instance of
    uint32_t trigger_count;
    const struct bpmn_trigger *triggers;
    bool parallel_multiple;        // needs all triggers
    bool interrupting;             // boundary event, start of an event sub-process
    bool instantiates;             // event-based gateway, receive task
    bool parallel_start;           // event-based gateway: waits for all of them
    enum bpmn_direction direction; // gateways
    bool for_compensation;
    uint32_t start_quantity;
    uint32_t completion_quantity;
    const struct feel_program *activation; // complex gateway
    uint32_t input_count;
    const struct bpmn_mapping *inputs;
    uint32_t output_count;
    const struct bpmn_mapping *outputs;
    uint32_t secret_count; // of its job
    const struct bpmn_secret *secrets;
    uint32_t listener_count;
    const struct bpmn_job *listeners;
    const struct bpmn_job *job; // NULL: none
    const struct bpmn_call *call;
    const struct bpmn_user_task *user_task;
    const struct bpmn_start_form *start_form;
    const struct bpmn_loop *loop;
    const struct bpmn_ad_hoc *ad_hoc;
    const struct bpmn_extras *extras;
};

struct bpmn_flow {
    str id;
    uint32_t line;
    uint32_t source;
    uint32_t target;
    const struct feel_program *condition; // NULL: none
};

// A variable whose values belong to a person: baton:personal.
struct bpmn_personal {
    str variable;
    const struct feel_program *subject; // whose it is
};

struct bpmn_process {
    str id;
    str name;
    str version_tag;
    bool executable;
    uint32_t element_count;
    const struct bpmn_element *elements;
    uint32_t flow_count;
    const struct bpmn_flow *flows;
    struct map by_id;            // to elements
    struct map flows_by_id;      // to flows
    struct bpmn_list conditions; // elements that catch a condition
    uint32_t personal_count;
    const struct bpmn_personal *personal; // each variable once
    bool has_compensation;
    bool has_late_joins; // inclusive or complex gateways: somebody has to look when nothing else
                         // moves
};

const char *bpmn_type_local_name(enum bpmn_type type);
const char *bpmn_trigger_name(enum bpmn_trigger_kind kind);
const char *bpmn_listener_event_name(enum bpmn_listener_event event);

// The element or flow of this id; NULL when there is none.
const struct bpmn_element *bpmn_find_element(const struct bpmn_process *process, str id);
const struct bpmn_flow *bpmn_find_flow(const struct bpmn_process *process, str id);

// What is said of the variable; NULL: nothing.
const struct bpmn_personal *bpmn_find_personal(const struct bpmn_process *process, str variable);

static inline uint32_t bpmn_index(const struct bpmn_process *process,
                                  const struct bpmn_element *element)
{
    return (uint32_t)(element - process->elements);
}

static inline bool bpmn_is_scope(enum bpmn_type type)
{
    return type <= BPMN_AD_HOC_SUB_PROCESS;
}

// Tasks, call activities and sub-processes, but not the process or event sub-processes.
static inline bool bpmn_is_activity(enum bpmn_type type)
{
    return type != BPMN_PROCESS && type != BPMN_EVENT_SUB_PROCESS && type <= BPMN_USER_TASK;
}

static inline bool bpmn_is_gateway(enum bpmn_type type)
{
    return type >= BPMN_EXCLUSIVE_GATEWAY && type <= BPMN_COMPLEX_GATEWAY;
}

static inline bool bpmn_is_event(enum bpmn_type type)
{
    return type >= BPMN_START_EVENT;
}

// The gateway that leads to this element and starts instances; NULL when there is none.
const struct bpmn_element *bpmn_starting_gateway(const struct bpmn_process *process,
                                                 uint32_t element);

// True when that gateway waits for all of its events, or the element is a start event that needs
// all of its triggers.
bool bpmn_starts_in_parallel(const struct bpmn_process *process, uint32_t element);

// True when one of its triggers is of this kind.
bool bpmn_has_trigger(const struct bpmn_element *element, enum bpmn_trigger_kind kind);

#endif
