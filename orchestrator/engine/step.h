// SPDX-License-Identifier: Apache-2.0
//
// One step: what processors share while a command is done. Processors read state and say what
// happens by step_emit; the event is applied at once, so the next line already sees its effect.
// Tokens that move on are queued, not recursed into: a step ends when the queue is empty and no
// gateway that joins late can fire.
#ifndef BATON_ENGINE_STEP_H
#define BATON_ENGINE_STEP_H

#include "engine/apply.h"
#include "engine/entries.h"
#include "record/key.h"
#include "record/limits.h"

// A token on its way to an element.
struct work {
    const struct instance *instance;
    uint64_t scope;
    uint32_t element;
    uint32_t flow;
};

// Scopes in which something is still to begin: what has completed in them meanwhile does not end
// them. On the C stack. Once the scope's children have been terminated nothing more begins.
struct starting {
    struct starting *outer;
    uint64_t scope;
    bool is_stopped;
};

// Jobs of one type and tenant (window.c).
struct window {
    struct type_windows *type;
    str tenant;
    uint32_t offered;
    uint32_t waiting;
    uint32_t weight;  // that its type counts; 0: it has no jobs
    int64_t failures; // in a row, that may open its breaker (breaker.c)
};

// Gateways whose clients wait for jobs (credit.c).
struct credit_gateway {
    struct credit_gateway *next;
    uint64_t id;
    int32_t reply_partition;
    int64_t expires_ms;
};

struct credit {
    struct credit *next; // of the same type and tenant; the one that is used goes to the end
    struct credit_gateway *gateway;
    uint32_t count; // never 0
    int64_t lease_ms;
    str worker;
    str processes; // that it takes jobs of; empty: any
    bool leases;   // its clients answer with the token of the attempt
};

struct credits {
    struct arena arena; // compacted when most of it is garbage
    struct map queues;  // type NUL tenant -> struct credit_queue
    struct credit_gateway *gateways;
    size_t used;    // allocations in the arena …
    size_t garbage; // … and how many of them are not needed any more
};

typedef const struct instance *instance_ref;
typedef const struct element_instance *element_ref;

struct engine {
    struct arena arena; // the engine's own
    struct credits credits;
    struct engine_environment environment;
    struct shard *shard;
    struct idmap instances;
    struct map mailboxes;
    struct map windows;             // type NUL tenant -> struct window
    struct map window_types;        // type -> struct type_windows
    struct stream *oldest, *newest; // by use
    size_t cache_bytes;
    size_t memory;
    uint64_t next_key; // counter
    int64_t clock_ms;
    int64_t record_ms; // likewise, but for a test clock: of what is kept in memory alone
    uint64_t turn_number;
    struct grave *graves, *last_grave, *free_graves;
    struct entries entries;
    struct {
        struct arena arena;
        size_t count;
        struct idmap instances; // key -> str: why
        struct map mailboxes;
    } aside; // streams that cannot be read

    // The running batch.
    struct arena *turn;
    struct stream *touched, *last_touched;
    ARRAY(struct history_row) history;
    ARRAY(struct outbound) outbound;
    ARRAY(struct decision_row) decisions;
    ARRAY(struct correlation_row) correlations;
    ARRAY(struct missed_message_row) missed;
    ARRAY(struct batch_item_row) batch_items;
    ARRAY(struct remembered_row) remembered;

    // The running step.
    const struct command *command;
    struct step_record *records, *last_record;
    ARRAY(struct work) queue;
    size_t queue_head;
    uint32_t fuel;
    uint64_t spent;       // steps, in the batch
    uint64_t spent_start; // as the running step began
    uint64_t run_fuel;    // what the running expression was given
    size_t offered_bytes; // of jobs, in the step
    uint32_t events_in_step;
    struct starting *starting;
    str parsed_text; // the variables that were parsed last in this step, and what they are
    struct json *parsed;
    uint64_t out_of_fuel;    // the instance that has its incident about it
    struct map created;      // names of variables that were made, …
    struct map changed;      // … and that have changed since conditions were looked at
    uint64_t changed_in;     // the one scope of all these, or CHANGED_IN_SEVERAL
    ARRAY(uint64_t) arrived; // hosts that have begun to wait since then
    bool looks_at_all;       // at every condition of the instances of this step
    struct {
        str why;           // the last refusal: an incident of it is one about personal data
        uint32_t position; // of the next sealed value in the step
    } personal;
    uint64_t ends;       // an instance that ends before anything else begins, as it was asked to
    bool terminates_all; // even what waits for listeners for canceling
};

// -- Step.c -----------------------------------------------------------------------------

uint64_t step_key(struct engine *engine);

// Steps of work that the running command has left.
static inline uint64_t step_left(const struct engine *engine)
{
    uint64_t spent = engine->spent - engine->spent_start;
    return spent < LIMIT_STEPS_PER_COMMAND ? LIMIT_STEPS_PER_COMMAND - spent : 0;
}

static inline void step_spend(struct engine *engine, uint64_t steps)
{
    engine->spent += steps;
}

void step_emit(struct engine *engine, const void *stream, struct event event);
void step_run_queue(struct engine *engine);
// Looks at conditions that read what has changed, and at those that are new. What happens may end
// any element instance.
void step_look(struct engine *engine);
void step_enqueue(struct engine *engine, instance_ref instance, struct work work);
void step_send_command(struct engine *engine, uint32_t shard, const struct command *command);
// With values of a stream, sealed as they are kept there: they go marked.
void step_send_values(struct engine *engine, uint32_t shard, const struct command *command,
                      uint64_t stream);
void step_reply(struct engine *engine, struct reply reply);
void step_note_reference(struct engine *engine, const void *stream);
void step_accept(struct engine *engine, uint64_t key,
                 uint64_t instance); // answers the running command
void step_reject(struct engine *engine, const void *stream, enum rejection rejection, str why);
struct instance *step_instance(struct engine *engine, uint64_t key); // in memory and alive, or NULL

// The one of the same name and key that is in memory now; NULL: none.
const struct mailbox *engine_mailbox_again(const struct engine *engine,
                                           const struct mailbox *mailbox);
// The mailbox of a name and key in the running command's tenant. It is in memory: engine_missing
// asked for it.
void engine_touch_empty(struct engine *engine, struct stream *stream);
struct instance *engine_add_instance(struct engine *engine, uint64_t key);
struct mailbox *engine_mailbox(struct engine *engine, enum subscription_kind kind, str name,
                               str correlation_key);

// -- Expression.c -----------------------------------------------------------------------

// A value that is about to be set. From outside of the instance, or another one, it comes to where
// `seen_from` is: whoever gives it has seen what is visible there. NULL: the instance made it, and
// it is sealed for those whose it is.
struct named_json {
    str name;
    str json;
    element_ref seen_from;
};

// What an expression has read of persons. It goes where the value goes that the expression gave.
struct reading {
    element_ref scope; // what it sees; NULL: no variables
    struct personal_subjects subjects;
    bool is_too_many;
    str erased; // a variable whose value is gone; empty: none
};

// What an expression gave, and what it has read for it.
struct computed {
    feel_value value;
    struct reading reading;
};

struct scope_lookup {
    struct engine *engine;
    element_ref scope;
    const struct named_json *own; // a variable before all others; NULL: none
    const struct json *beside;    // an object with others, after it; NULL: none
    struct reading reading;
};

// A run that sees the scope's variables; *lookup must outlive it.
struct feel_run expression_run(struct engine *engine, element_ref scope,
                               struct scope_lookup *lookup);
void expression_done(struct engine *engine, const struct feel_run *run); // counts what it spent

// False when the run was stopped by a limit or the value is of the wrong kind: *ret_why says it.
// scope may be NULL: no variables.
MUST_CHECK bool expression_value(struct engine *engine, element_ref scope,
                                 const struct feel_program *program, struct computed *ret_computed,
                                 str *ret_why);
MUST_CHECK bool expression_text(struct engine *engine, element_ref scope,
                                const struct feel_program *program, str *ret_text,
                                str *ret_why); // numbers become text
// A text that is a name or key: border_name.
MUST_CHECK bool expression_name(struct engine *engine, element_ref scope,
                                const struct feel_program *program, const char *what, str *ret_name,
                                str *ret_why);
MUST_CHECK bool expression_truth(struct engine *engine, element_ref scope,
                                 const struct feel_program *program, bool *ret_truth, str *ret_why);
MUST_CHECK bool expression_i64(struct engine *engine, element_ref scope,
                               const struct feel_program *program, int64_t fallback,
                               int64_t *ret_number, str *ret_why);
MUST_CHECK bool expression_instant(struct engine *engine, element_ref scope,
                                   const struct feel_program *program, int64_t *ret_ms,
                                   str *ret_why); // a date, or a duration from now
// From where a duration is counted, and in which business calendar (NULL: always open).
struct moment {
    const struct bpmn_calendar *calendar;
    int64_t ms;
};
MUST_CHECK bool expression_moment(struct engine *engine, element_ref scope,
                                  const struct feel_program *program, struct moment from,
                                  int64_t *ret_ms, str *ret_why);
// The value as JSON, sealed for whom it has read of; false when it is larger than VALUE_BYTES,
// nested too deep, has U+0000, or cannot be sealed.
MUST_CHECK bool expression_json(struct engine *engine, const struct computed *computed,
                                str *ret_json, str *ret_why);
str expression_number_text(struct engine *engine, feel_value number);
feel_value expression_variable(struct engine *engine, struct reading *reading,
                               const struct variable *variable);

// -- Personal.c: values that belong to persons ------------------------------------------

// JSON text as it reads in the open; whose it is is noted.
str personal_read_json(struct engine *engine, struct reading *reading, str name, str json,
                       struct personal_subjects *ret_subjects);
void personal_note(struct reading *reading, const struct personal_subjects *subjects);
// False: what was read is erased, or of too many persons.
MUST_CHECK bool personal_is_whole(struct engine *engine, const struct reading *reading,
                                  str *ret_why);
// False: something personal was read, and what the expression gives is to stand in the open.
MUST_CHECK bool personal_is_open(struct engine *engine, const struct reading *reading,
                                 const struct feel_program *program, str *ret_why);
// What an expression gave belongs to whom it has read of. False as well: it looks sealed itself.
MUST_CHECK bool personal_seal_result(struct engine *engine, const struct reading *reading,
                                     str *json, str *ret_why);
// What is about to be the variable's value, as it is kept: sealed where the model or its sender
// says so, or where what it takes the place of is.
MUST_CHECK bool personal_admit(struct engine *engine, instance_ref instance, element_ref scope,
                               struct named_json *variable, str *ret_why);
// A value that is there, and whose name another model declares, as it is kept when that one takes
// over. What is sealed stays as it is. `only_checks`: nothing is sealed, and it stays as well.
struct personal_marking {
    instance_ref instance;
    const struct bpmn_process *process;
    element_ref scope;
    bool only_checks;
};
MUST_CHECK bool personal_mark_anew(struct engine *engine, const struct personal_marking *marking,
                                   struct named_json *variable, str *ret_why);
struct merge;
// The object that is merged later, as it is kept until then.
MUST_CHECK bool personal_admit_object(struct engine *engine, instance_ref instance,
                                      element_ref scope, struct merge *merge, str *ret_why);
// False: something in the JSON text looks sealed, as nothing from outside may. `json` is what it
// was parsed to.
MUST_CHECK bool personal_is_unsealed(struct engine *engine, str text, const struct json *json,
                                     str *ret_why);
// False: a mark in it is none, or nothing can be sealed here. It is kept where it goes.
MUST_CHECK bool personal_marks_fit(struct engine *engine, str json, str *ret_why);
// False: something in it is marked or looks sealed, and it is kept where nobody's keys are.
MUST_CHECK bool personal_is_nobodys(struct engine *engine, const char *what, str json,
                                    str *ret_why);
// Marked values in the open; what is no mark stays.
str personal_unmarked(struct engine *engine, str json);
// What a message brings, as its mailbox keeps it.
MUST_CHECK bool personal_keep_message(struct engine *engine, const struct mailbox *mailbox,
                                      str *json, str *ret_why);
// The trace of a decision: structure stays, values of persons are sealed.
MUST_CHECK bool personal_seal_trace(struct engine *engine, const struct reading *reading, str *json,
                                    str *ret_why);
// What goes from a stream into another in the same step: marked, not sealed.
str personal_travel(struct engine *engine, uint64_t stream, str json);
bool personal_is_why(const struct engine *engine, str why);
// The stream goes from memory; its keys with it, unless it was loaded again since.
void personal_forget(struct engine *engine, const struct stream *stream);

// -- Border.c ---------------------------------------------------------------------------

// A name, key or id: at most NAME_BYTES, without U+0000. `what` names it: "the correlation key".
MUST_CHECK bool border_name(struct engine *engine, const char *what, str name, str *ret_why);
MUST_CHECK bool border_business_id(struct engine *engine, str id, str *ret_why);
// JSON that we wrote: at most so many bytes, without U+0000.
MUST_CHECK bool border_value(struct engine *engine, const char *what, str json, size_t most,
                             str *ret_why);
str border_text(str text);                            // cut to TEXT_BYTES, between characters
int64_t border_moment(int64_t ms);                    // within the years 1 to 9999
int64_t border_after(int64_t from_ms, int64_t by_ms); // the same
// The names in the running command.
MUST_CHECK bool border_command(struct engine *engine, str *ret_why);

// -- Permissions (permission.c): what the running command may reach, where it is restricted ---

enum verdict {
    VERDICT_MAY,
    VERDICT_FORBIDDEN, // its sender may see it
    VERDICT_ABSENT,    // for its sender there is no such thing
};

enum verdict permission_judge(struct engine *engine, instance_ref instance);
void permission_refuse(struct engine *engine, str process_id); // the command, as forbidden
// The processes that the running command may start or update (process_list_has).
str permission_reach(struct engine *engine);
bool permission_sees_tenant(const struct engine *engine, str tenant);
bool permission_on(const struct engine *engine, const char *type, str id, const char *permission);

// -- Variable.c -------------------------------------------------------------------------

struct result {
    str name;
    struct computed computed;
};

struct merge {
    str object;
    bool is_local; // exactly here, else each where it is defined
};

// False, and nothing is set, when name, value or instance are at a limit: *ret_why says which.
// Exactly here; nothing happens when it has that value already.
MUST_CHECK bool variable_set(struct engine *engine, instance_ref instance, element_ref scope,
                             struct named_json variable, str *ret_why);
// The same where it is defined, else in the root.
element_ref variable_home(instance_ref instance, element_ref from, str name);
MUST_CHECK bool variable_propagate(struct engine *engine, instance_ref instance, element_ref from,
                                   struct named_json variable, str *ret_why);
// All members of a JSON object; an empty text has none. False also when it is no JSON object; some
// may be set then.
MUST_CHECK bool variable_merge(struct engine *engine, instance_ref instance, element_ref scope,
                               struct merge merge, str *ret_why);
// False when the instance is full (INSTANCE_BYTES) and takes no more variables.
MUST_CHECK bool variable_has_room(struct engine *engine, instance_ref instance, str *ret_why);
MUST_CHECK bool variable_map_inputs(struct engine *engine, instance_ref instance, element_ref ei,
                                    str *ret_why);
MUST_CHECK bool variable_map_outputs(struct engine *engine, instance_ref instance, element_ref ei,
                                     str *ret_why);
// The result of an element: local when it maps outputs, else propagated. An empty name keeps none.
MUST_CHECK bool variable_result(struct engine *engine, instance_ref instance, element_ref ei,
                                struct result result, str *ret_why);
// What a job carries: all that is visible, unless its element restricts it.
str variable_job_json(struct engine *engine, instance_ref instance, element_ref ei);
// The names that the expression of an output reads become the scope's own, as null, when what runs
// inside is to set them: one that is the whole expression, that nothing further out has, or that
// something inside binds.
MUST_CHECK bool variable_declare(struct engine *engine, instance_ref instance, element_ref scope,
                                 const struct feel_program *output, str *ret_why);
// What leaves with an element: its own variables when it maps inputs, else all it sees.
str variable_outgoing_json(struct engine *engine, instance_ref instance, element_ref ei);
str variable_visible_json(struct engine *engine, element_ref ei); // nearest wins
// The same with those of a JSON object before all others.
str variable_visible_with(struct engine *engine, element_ref ei, str object);
str variable_local_json(struct arena *arena, element_ref ei);
// The same, for a command that sets them in this scope or further out: they can be set now.
MUST_CHECK bool variable_fits(struct engine *engine, instance_ref instance, element_ref scope,
                              str object, str *ret_why);
// A text that a command brought: a JSON object of at most COMMAND_VARIABLES_BYTES, or empty.
MUST_CHECK bool variable_is_object(struct engine *engine, str object, str *ret_why);

// -- Activity.c: what all elements have in common ---------------------------------------

void activity_token(struct engine *engine, instance_ref instance, const struct work *work);
uint64_t activity_activate(struct engine *engine, instance_ref instance, element_ref scope,
                           uint32_t element, struct event with);
void activity_trigger(struct engine *engine, instance_ref instance, element_ref scope,
                      uint32_t element, str variables); // an event: has already happened
void activity_continue(struct engine *engine, instance_ref instance,
                       element_ref ei); // after an incident, a listener
void activity_start(struct engine *engine, instance_ref instance, element_ref ei);
void activity_complete(struct engine *engine, instance_ref instance, element_ref ei);
void activity_complete_with(struct engine *engine, instance_ref instance, element_ref ei,
                            str variables);
void activity_terminate(struct engine *engine, instance_ref instance, element_ref ei);
void activity_terminate_children(struct engine *engine, instance_ref instance, element_ref scope,
                                 element_ref except);
void activity_detach(struct engine *engine, instance_ref instance,
                     element_ref ei); // cancels what waits
void activity_detach_triggers(struct engine *engine, instance_ref instance, element_ref ei);
void activity_leave(struct engine *engine, instance_ref instance, element_ref ei,
                    const uint32_t *flows, uint32_t count);
// Leaves without a sequence flow: a link.
void activity_leave_to(struct engine *engine, instance_ref instance, element_ref ei,
                       struct work next);
void activity_scope_left(struct engine *engine, instance_ref instance, element_ref scope);
void activity_take_flow(struct engine *engine, instance_ref instance, element_ref scope,
                        uint32_t flow);

// In what follows, "false: incident" says that an incident stands already and the element goes no
// further; a caller that has nothing more to do says so by step_or_incident. Where *ret_why is
// given, nothing stands yet and the caller says it.
static inline void step_or_incident(bool is_done)
{
    (void)is_done;
}

// -- Families ---------------------------------------------------------------------------

void gateway_run(struct engine *engine, instance_ref instance, element_ref ei);
// Whether a join has a token on each of its flows.
bool gateway_is_complete(instance_ref instance, element_ref scope, uint32_t element);
// Whether a join fires only when nothing else can reach it: an inclusive or complex one.
bool gateway_waits_late(const struct bpmn_element *element);
MUST_CHECK bool gateway_fire_late(struct engine *engine, instance_ref instance); // true: one fired
// The flows to leave by, in the turn's memory; false: a condition cannot be evaluated, or none
// holds.
MUST_CHECK bool gateway_choose(struct engine *engine, instance_ref instance, element_ref ei,
                               uint32_t **ret_flows, uint32_t *ret_count, str *ret_why);

void event_run(struct engine *engine, instance_ref instance, element_ref ei);
// Opens what interrupts the element from outside and starts event sub-processes in it.
MUST_CHECK bool event_subscribe(struct engine *engine, instance_ref instance,
                                element_ref ei); // false: incident
void event_happened(struct engine *engine, instance_ref instance, element_ref host,
                    uint32_t element, str variables);
void event_close_inner(struct engine *engine, instance_ref instance, element_ref scope);
// What has happened since conditions were looked at.
#define CHANGED_IN_SEVERAL UINT64_MAX
struct condition_news {
    struct map created, changed; // names of variables
    uint64_t changed_in;         // their scope, or CHANGED_IN_SEVERAL
    bool is_all;
    size_t arrived_count;
    const uint64_t *arrived; // element instances on which, or in which, events wait now
};
void event_check_conditions(struct engine *engine, instance_ref instance,
                            const struct condition_news *news);
// The conditions that events on and in the element wait for now (element_row.conditions).
str event_conditions_json(struct arena *arena, instance_ref instance, element_ref host);
struct thrown_error {
    str code, message;
    str variables; // a JSON object, or empty
};
MUST_CHECK bool event_throw_error(struct engine *engine, instance_ref instance, element_ref from,
                                  const struct thrown_error *error); // false: nobody catches
void event_throw_escalation(struct engine *engine, instance_ref instance, element_ref from,
                            str code, str variables);
void event_transaction_canceled(struct engine *engine, instance_ref instance,
                                element_ref transaction);
void event_cancel_transaction(struct engine *engine, instance_ref instance, element_ref end);

// When a timer is due, and how often again (-1: for ever); false when its expression gives no time.
MUST_CHECK bool timer_plan(struct engine *engine, element_ref scope,
                           const struct bpmn_trigger *trigger, int64_t *ret_due_ms,
                           int64_t *ret_repetitions, str *ret_why);
// The next time of a cycle; false when there is none.
MUST_CHECK bool timer_plan_next(struct engine *engine, element_ref scope,
                                const struct bpmn_trigger *trigger, int64_t due_ms,
                                int64_t *ret_due_ms);
void timer_create(struct engine *engine, instance_ref instance, element_ref host,
                  struct event event);

void timer_fire_overdue(struct engine *engine, instance_ref instance);
void message_reopen(struct engine *engine, instance_ref instance, element_ref host);
void message_reopen_all(struct engine *engine, instance_ref instance, element_ref scope);
void message_open(struct engine *engine, instance_ref instance, element_ref host,
                  struct event event);
// The running command opens a subscription, which cannot be done: its instance is told.
void message_refuse_subscription(struct engine *engine, str why);
// The running command delivers a message, which is not taken.
void message_give_back(struct engine *engine);
void message_close(struct engine *engine, instance_ref instance,
                   const struct subscription *subscription);
// A signal that was thrown in this step reaches the subscription.
void message_take_signal(struct engine *engine, instance_ref instance,
                         const struct subscription *subscription,
                         const struct broadcast_signal *signal);
// Sends what the element throws; false when name, key or variables cannot be evaluated or are at a
// limit, and nothing was sent.
MUST_CHECK bool message_throw(struct engine *engine, instance_ref instance, element_ref ei,
                              const struct bpmn_trigger *trigger, str *ret_why);
MUST_CHECK bool signal_throw(struct engine *engine, instance_ref instance, element_ref ei,
                             const struct bpmn_trigger *trigger, str *ret_why);
// To all that wait for it; to those of `instance`, and of those that called it, at once. It may end
// what runs in them.
void signal_broadcast(struct engine *engine, instance_ref instance, str name, str variables);

MUST_CHECK bool job_create(struct engine *engine, instance_ref instance, element_ref ei,
                           const struct bpmn_job *definition,
                           enum job_kind kind); // false: incident
// The next listener of this event. True: one waits, or an incident; false: there is none left.
bool job_create_listener(struct engine *engine, instance_ref instance, element_ref ei,
                         enum bpmn_listener_event event);
MUST_CHECK bool job_notify(struct engine *engine, instance_ref instance, element_ref ei,
                           uint32_t reminder); // false: incident
// The places of the element's job that its worker may fill with secrets.
void job_add_secrets(struct engine *engine, const struct bpmn_element *element,
                     struct job_offer *offer);
void job_offer_or_wait(struct engine *engine, instance_ref instance, const struct job *job);
void job_cancel(struct engine *engine, instance_ref instance, const struct job *job);
// An offered job that nobody has taken is offered again.
struct job_failure {
    enum failure_class class;
    int32_t retries;    // what the answer says is left
    int64_t backoff_ms; // likewise; 0: nothing
    str subject;        // the credential or the input that is meant
    str message;
};
// The job, offered until now, is offered again, at once or later, or has an incident.
void job_failed(struct engine *engine, instance_ref instance, const struct job *job,
                const struct job_failure *failure);
// A delivery ended without an answer, and the job waits: true when it was one too many and the job
// has an incident instead.
MUST_CHECK bool job_gives_up(struct engine *engine, instance_ref instance, const struct job *job);
void job_give_back(struct engine *engine, instance_ref instance, const struct job *job, str why);
const struct bpmn_job *job_definition(instance_ref instance, const struct job *job);

// Who waits for a job of this type in this instance, for one job less from now on; NULL: nobody.
// Valid until the next credit_… call.
const struct credit *credit_use(struct engine *engine, instance_ref instance,
                                const struct job *job);
bool credit_is_there(struct engine *engine, instance_ref instance, const struct job *job);
void credit_init(struct engine *engine);
void credit_done(struct engine *engine);

// separation.c: who did one of two user tasks that are kept apart does not do the other, by the
// model (baton:separation) or by a policy of the shard.
void separation_set_policies(struct engine *engine);

struct doer {
    str person; // empty: nobody known
    str roles;  // JSON array, of those that policies name; empty: not known, each policy holds
};
// Until the step ends. Roles are known of the command's sender alone.
struct doer separation_doer(struct engine *engine, str person);
// False with the rule, the other task and who did it. Nobody known is always allowed.
MUST_CHECK bool separation_allows(struct engine *engine, instance_ref instance, element_ref ei,
                                  struct doer doer, str *ret_why);
// The same for whom no command names: where it is not allowed, the history says why.
MUST_CHECK bool separation_allows_naming(struct engine *engine, instance_ref instance,
                                         const struct user_task *task, str assignee);
void separation_bar(struct engine *engine, instance_ref instance, const struct user_task *task,
                    str assignee, str why);
// Whether the sender may change where the instance stands, past what they may not do.
MUST_CHECK bool separation_allows_moving(struct engine *engine, instance_ref instance,
                                         str *ret_why);
// The same for an instance that is to begin elsewhere than at its start; whoever asks starts it.
struct separation_start {
    const struct bpmn_process *process;
    str tenant;
    str process_id;
    str duties; // separation_reads was true
};
MUST_CHECK bool separation_allows_starting(struct engine *engine,
                                           const struct separation_start *start, str *ret_why);
// Notes what a person did, where it counts; of all that is kept apart, when the instance began or
// goes on elsewhere by their word: what was skipped was decided by them.
void separation_note(struct engine *engine, instance_ref instance, element_ref ei, str person);
void separation_note_start(struct engine *engine, instance_ref instance);
// What was done in the instance that this one goes on from (struct create_instance).
MUST_CHECK bool separation_reads(struct engine *engine, str duties);
void separation_note_before(struct engine *engine, instance_ref instance, str duties);
void separation_note_started(struct engine *engine, instance_ref instance, uint32_t start, str by);
// Whether a message of this name can start an instance for which it counts who did that.
bool separation_counts_sender(const struct engine *engine, str message);
void separation_note_skipping(struct engine *engine, instance_ref instance);
// Where an instance migrates to; elements as they are mapped, BPMN_NONE: to nothing.
struct separation_move {
    instance_ref instance;
    const struct bpmn_process *target;
    str target_id;
    const uint32_t *map;
};
// Whether the same is kept apart there. Asked before the instance is moved.
bool separation_keeps(const struct engine *engine, const struct separation_move *move);
// After it was moved: what was done in elements that have other ids now counts for these.
void separation_rename(struct engine *engine, const struct separation_move *move,
                       const struct bpmn_process *source);
// What the row of a user task says of it.
str separation_json(struct arena *arena, instance_ref instance, element_ref ei);
void user_task_run(struct engine *engine, instance_ref instance, element_ref ei);
void user_task_listener_done(struct engine *engine, instance_ref instance, element_ref ei,
                             enum bpmn_listener_event event, str result);
void user_task_canceling(struct engine *engine, instance_ref instance, element_ref ei);
// Its element ends or is canceled: who waits for a change of it is told.
void user_task_left(struct engine *engine, instance_ref instance, const struct user_task *task);
bool user_task_sets_variables(struct engine *engine, instance_ref instance, element_ref ei);
// Whether the running answer of a listener can be followed.
MUST_CHECK bool user_task_result_fits(struct engine *engine, element_ref ei,
                                      enum bpmn_listener_event event, str *ret_why);
// The task as listeners see it, with the change that they decide about; the same as headers of
// their jobs, with those of the task.
str user_task_json(struct engine *engine, const struct user_task *task);
str user_task_headers(struct engine *engine, instance_ref instance, const struct user_task *task);
// The variables that the change under decision brings; empty: none.
str task_requested_variables(struct engine *engine, const struct user_task *task);
// The task's details with other candidate groups; false when these are no list of names.
MUST_CHECK bool user_task_with_groups(struct engine *engine, element_ref ei,
                                      const struct user_task *task,
                                      const struct feel_program *groups, str *ret_details,
                                      str *ret_why);

// promise.c: what baton: says beside the process. False: an incident.
struct moment promise_base(instance_ref instance, element_ref ei, int64_t from_ms);
MUST_CHECK bool promise_begin(struct engine *engine, instance_ref instance, element_ref ei);
MUST_CHECK bool promise_user_task(struct engine *engine, instance_ref instance, element_ref ei);
void promise_date_moved(struct engine *engine, instance_ref instance, element_ref ei);
void promise_cost(struct engine *engine, instance_ref instance, element_ref ei);
void promise_due(struct engine *engine, instance_ref instance, element_ref ei,
                 const struct timer *fired);

void decision_run(struct engine *engine, instance_ref instance, element_ref ei);
void decision_evaluate(struct engine *engine);
void task_run(struct engine *engine, instance_ref instance, element_ref ei);

void loop_run(struct engine *engine, instance_ref instance, element_ref body);
// Takes the output of an instance that completes; false when it cannot be evaluated or is at a
// limit.
MUST_CHECK bool loop_collect(struct engine *engine, instance_ref instance, element_ref ei,
                             str *ret_why);
// Whether the item of this instance can be a variable of it.
bool loop_item_fits(instance_ref instance, element_ref body, int64_t counter);
// Sets the instance's item and counter as variables; false when they are at a limit.
MUST_CHECK bool loop_set_counter(struct engine *engine, instance_ref instance, element_ref ei,
                                 str *ret_why);
void loop_next(struct engine *engine, instance_ref instance, element_ref body);

void subprocess_run(struct engine *engine, instance_ref instance, element_ref ei);
void subprocess_begin(struct engine *engine, instance_ref instance,
                      element_ref scope); // its start events
void ad_hoc_run(struct engine *engine, instance_ref instance, element_ref ei);
// The element of an activation begins, unless it has.
void ad_hoc_run_activation(struct engine *engine, instance_ref instance, element_ref activation);
// Names that the output of an activation reads are its own.
MUST_CHECK bool ad_hoc_declare(struct engine *engine, instance_ref instance, element_ref activation,
                               str *ret_why);
// False: the element is nothing that the ad-hoc sub-process `scope` activates, or it is none.
bool ad_hoc_activate(struct engine *engine, instance_ref instance, element_ref scope,
                     uint32_t element, str variables);
MUST_CHECK bool ad_hoc_result_fits(struct engine *engine, instance_ref instance, element_ref scope,
                                   str *ret_why);
void ad_hoc_decided(struct engine *engine, instance_ref instance, element_ref scope, str result,
                    str variables);
// Likewise for an activity inside of an ad-hoc sub-process, and its whole output when it ends.
MUST_CHECK bool ad_hoc_collect(struct engine *engine, instance_ref instance, element_ref ei,
                               str *ret_why);
MUST_CHECK bool ad_hoc_hand_over(struct engine *engine, instance_ref instance, element_ref scope,
                                 str *ret_why);
void ad_hoc_child_completed(struct engine *engine, instance_ref instance, element_ref scope,
                            uint32_t child);
void ad_hoc_child_left(struct engine *engine, instance_ref instance, element_ref scope);

void call_run(struct engine *engine, instance_ref instance, element_ref ei);
void call_ended(struct engine *engine, instance_ref child);
// Whether the caller has room for the child's result: else the child waits with an incident.
MUST_CHECK bool call_can_return(struct engine *engine, instance_ref child, str *ret_why);
void call_cancel(struct engine *engine, instance_ref instance, element_ref ei);

void compensation_record(struct engine *engine, instance_ref instance, element_ref ei);
MUST_CHECK bool compensation_start(struct engine *engine, instance_ref instance,
                                   element_ref thrower, element_ref scope,
                                   uint32_t activity); // false: nothing to compensate
void compensation_next(struct engine *engine, instance_ref instance, uint64_t thrower);

void incident_raise(struct engine *engine, instance_ref instance, element_ref ei, const char *kind,
                    str message);
// A command was set aside: the instance that it is about gets an incident, here or on its shard.
void incident_of_quarantine(struct engine *engine, str why);
void incident_release_held(struct engine *engine, instance_ref instance);
struct incident_text {
    const char *kind; // of incidents.def
    str message;
};
void incident_raise_kind_for_job(struct engine *engine, instance_ref instance,
                                 const struct job *job, struct incident_text text);
void incident_raise_for_job(struct engine *engine, instance_ref instance, const struct job *job,
                            str message);

// -- Commands: each does the running command --------------------------------------------

void process_create(struct engine *engine);
uint64_t process_start(struct engine *engine, const struct definition *definition,
                       struct create_instance body, struct event called);
// Which event of a definition started an instance, which of its triggers, and who caused it.
struct start_place {
    uint32_t element;
    uint32_t trigger;
    str by; // empty: nobody known
};
uint64_t process_start_at(struct engine *engine, const struct definition *definition,
                          struct start_place place, str variables, str business_id);
void process_begin_at(struct engine *engine, instance_ref instance, struct start_place place,
                      str variables);
// Whether an element of this id can be activated from outside: not the process, nor what hangs on
// another.
bool process_can_activate(const struct bpmn_process *process, str id);
void process_activate_path(struct engine *engine, instance_ref instance, uint32_t element,
                           str variables);
void process_finish(struct engine *engine, instance_ref instance, enum event_type how, str why);
void process_end(struct engine *engine, instance_ref instance, enum event_type how, str why);
void process_element_gone(struct engine *engine, instance_ref instance); // was TERMINATING
void process_cancel(struct engine *engine);
void process_name(struct engine *engine);
// Whether the instance may have this business id from now on; it may have it already.
MUST_CHECK bool process_may_name(struct engine *engine, instance_ref instance, str id,
                                 str *ret_why);
void process_give_name(struct engine *engine, instance_ref instance, str id);
void personal_erase(struct engine *engine);
// Whether the instance was asked to end after this element; then it does. In the middle of a step:
// whatever the caller holds of it may be gone.
bool process_is_asked_to_end(struct engine *engine, instance_ref instance, uint32_t element);
bool process_ends_after(struct engine *engine, instance_ref instance, uint32_t element);
// The lock of a business id, which is the running command's. False: another instance has it.
bool message_lock_is_free(struct engine *engine, str name, str key, str process_id);
void message_lock(struct engine *engine, str name, str key, instance_ref instance);
void process_set_variables(struct engine *engine);
void process_modify(struct engine *engine);
void process_migrate(struct engine *engine);
void ad_hoc_activate_from_outside(struct engine *engine);
void process_suspend(struct engine *engine);
void process_resume(struct engine *engine);
void credit_offer(struct engine *engine);
void job_complete(struct engine *engine);
void job_fail(struct engine *engine);
void job_throw_error(struct engine *engine);
void job_extend(struct engine *engine);
void job_update(struct engine *engine);
void job_release(struct engine *engine);
void job_return(struct engine *engine);
void job_reoffer(struct engine *engine);
void job_time_out(struct engine *engine);
void job_retry(struct engine *engine);
void listeners_set(struct engine *engine);
void timer_fire(struct engine *engine);
void message_publish(struct engine *engine);
void message_expire(struct engine *engine);
void message_open_subscription(struct engine *engine);
void message_close_subscription(struct engine *engine);
void message_confirm_subscription(struct engine *engine);
void message_correlate(struct engine *engine);
void message_confirm(struct engine *engine);
void message_reject(struct engine *engine);
void signal_receive(struct engine *engine);
void user_task_complete(struct engine *engine);
void user_task_assign(struct engine *engine);
void user_task_update(struct engine *engine);
void incident_resolve(struct engine *engine);
// What a binding in the model of an instance names.
struct binding {
    enum resource_kind kind;
    enum bpmn_binding binding;
    str version; // number or tag
    str id;
};
// NULL: no such definition is deployed.
const struct definition *definition_bound(const struct engine *engine, instance_ref instance,
                                          const struct binding *binding);
void definition_deploy(struct engine *engine);
void definition_publish(struct engine *engine);
void definition_delete(struct engine *engine);
void definition_withdraw(struct engine *engine);
void definition_evaluate_conditions(struct engine *engine);
void clock_set(struct engine *engine);
void shares_set(struct engine *engine);
void breaker_set(struct engine *engine);
void cluster_variable_set(struct engine *engine);
void cluster_variable_spread(struct engine *engine);
feel_value cluster_variable_context(struct engine *engine, str tenant); // what "camunda" is
bool definition_start_due(struct engine *engine, uint64_t key); // a start timer; false: no such

// -- Rows.c -----------------------------------------------------------------------------

void rows_collect(struct engine *engine, struct changes *changes);

#endif
