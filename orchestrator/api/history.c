// SPDX-License-Identifier: Apache-2.0
//
// What happened in an instance: its events in readable form, the flows it took, how often each
// element ran. All three read the instance's history, newest definition for names.
#include "api/api_private.h"
#include "bpmn/bpmn.h"
#include "gateway/history.h"
#include "store/read/read.h"

static str element_id(const struct bpmn_process *process, uint32_t index_and_one)
{
    bool is_known = process != NULL && index_and_one > 0 && index_and_one <= process->element_count;
    return is_known ? process->elements[index_and_one - 1].id : STR_EMPTY;
}

static str flow_id(const struct bpmn_process *process, uint32_t index_and_one)
{
    bool is_known = process != NULL && index_and_one > 0 && index_and_one <= process->flow_count;
    return is_known ? process->flows[index_and_one - 1].id : STR_EMPTY;
}

// -- Events -----------------------------------------------------------------------------

static void write_known(struct json_writer *w, str name, str text)
{
    if (text.len == 0)
        return;
    json_key(w, name);
    json_string(w, text);
}

static void write_event(struct json_writer *w, const struct history_step *step,
                        const struct event *event, const struct bpmn_process *process)
{
    json_begin_object(w);
    json_key(w, STR("sequence"));
    json_i64(w, step->sequence);
    write_known(w, STR("time"), step->time);
    write_known(w, STR("event"), str_of(event_type_name(event->type)));
    write_known(w, STR("command"), str_of(command_type_name(step->cause)));
    write_known(w, STR("elementId"), element_id(process, event->element));
    write_known(w, STR("flowId"), flow_id(process, event->flow));
    if (event->key != 0)
        write_key(w, STR("key"), event->key);
    if (event->scope != 0)
        write_key(w, STR("scopeKey"), event->scope);
    if (event->parent != 0)
        write_key(w, STR("parentKey"), event->parent);
    write_known(w, STR("name"), event->name);
    write_known(w, STR("code"), event->code);
    write_known(w, STR("value"), event->value);
    if (event->number != 0) {
        json_key(w, STR("number"));
        json_i64(w, event->number);
    }
    if (event->due_ms != 0) {
        json_key(w, STR("dueMs"));
        json_i64(w, event->due_ms);
    }
    write_known(w, STR("principal"), step->principal);
    json_end_object(w);
}

static void write_events(struct json_writer *w, const struct history *history,
                         const struct bpmn_process *process)
{
    for (size_t i = 0; i < history->count; i++)
        for (size_t e = 0; e < history->steps[i].count; e++)
            write_event(w, &history->steps[i], &history->steps[i].events[e], process);
}

// -- Flows ------------------------------------------------------------------------------

// What an instance is, for answers about it: columns of read_identity.
struct instance_identity {
    str definition;
    str process_id;
    str tenant;
    str root;
};

static void write_flow(struct json_writer *w, const struct history *history, str flow)
{
    const struct instance_identity *identity = history->context;
    json_begin_object(w);
    write_text(w, STR("sequenceFlowId"), flow);
    write_text(w, STR("elementId"), flow);
    write_key(w, STR("processInstanceKey"), history->instance);
    write_text(w, STR("rootProcessInstanceKey"), identity->root);
    write_text(w, STR("processDefinitionKey"), identity->definition);
    write_text(w, STR("processDefinitionId"), identity->process_id);
    write_tenant(w, identity->tenant);
    json_end_object(w);
}

static void write_flows(struct json_writer *w, const struct history *history,
                        const struct bpmn_process *process)
{
    struct arena *arena = w->out->arena;
    size_t count = process ? process->flow_count : 0;
    bool *written = ARENA_ARRAY(arena, bool, count);
    for (size_t i = 0; i < history->count; i++)
        for (size_t e = 0; e < history->steps[i].count; e++) {
            const struct event *event = &history->steps[i].events[e];
            bool is_new = event->type == EVENT_FLOW_TAKEN && event->flow > 0 &&
                          event->flow <= count && !written[event->flow - 1];
            if (!is_new)
                continue;
            written[event->flow - 1] = true;
            write_flow(w, history, flow_id(process, event->flow));
        }
}

// -- Counts -----------------------------------------------------------------------------

struct counts {
    int64_t active;
    int64_t completed;
    int64_t canceled;
    int64_t incidents;
};

static void count_event(struct counts *of, const struct event *event)
{
    if (event->type == EVENT_ELEMENT_ACTIVATED)
        of->active++;
    else if (event->type == EVENT_ELEMENT_COMPLETED)
        of->completed++;
    else if (event->type == EVENT_ELEMENT_TERMINATED)
        of->canceled++;
    else if (event->type == EVENT_INCIDENT_CREATED)
        of->incidents++;
}

static void write_counts(struct json_writer *w, const struct history *history,
                         const struct bpmn_process *process)
{
    size_t count = process ? process->element_count : 0;
    struct counts *counts = ARENA_ARRAY(w->out->arena, struct counts, count);
    for (size_t i = 0; i < history->count; i++)
        for (size_t e = 0; e < history->steps[i].count; e++) {
            const struct event *event = &history->steps[i].events[e];
            if (event->element > 0 && event->element <= count)
                count_event(&counts[event->element - 1], event);
        }
    for (size_t i = 1; i < count; i++) {
        const struct counts *of = &counts[i];
        int64_t standing = of->active - of->completed - of->canceled;
        if (of->active + of->completed == 0)
            continue;
        json_begin_object(w);
        write_known(w, STR("elementId"), process->elements[i].id);
        json_key(w, STR("active"));
        json_i64(w, standing > 0 ? standing : 0);
        json_key(w, STR("canceled"));
        json_i64(w, of->canceled);
        json_key(w, STR("incidents"));
        json_i64(w, of->incidents);
        json_key(w, STR("completed"));
        json_i64(w, of->completed);
        json_end_object(w);
    }
}

// -- Answers ----------------------------------------------------------------------------

typedef void history_write(struct json_writer *w, const struct history *history,
                           const struct bpmn_process *process);

static void answer_items(struct caller *caller, const struct history *history,
                         const struct bpmn_process *process, history_write *write)
{
    struct strbuf out = strbuf_new(caller->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    write(&w, history, process);
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request_of(caller), 200, strbuf_str(&out));
}

static void answer_events(struct caller *caller, const struct history *history,
                          const struct bpmn_process *process)
{
    answer_items(caller, history, process, write_events);
}

static void answer_counts(struct caller *caller, const struct history *history,
                          const struct bpmn_process *process)
{
    answer_items(caller, history, process, write_counts);
}

static void answer_flows(struct caller *caller, const struct history *history,
                         const struct bpmn_process *process)
{
    answer_items(caller, history, process, write_flows);
}

static void answer_history(struct request *request, history_answer *answer)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        history_read(caller_of(request), key, INT64_MAX, answer, NULL);
}

void handle_instance_history(struct request *request)
{
    answer_history(request, answer_events);
}

static void on_identity(struct caller *caller, void *context, const struct query_rows *rows)
{
    uint64_t key = *(const uint64_t *)context;
    struct instance_identity *identity = ARENA_NEW(caller->arena, struct instance_identity);
    if (query_row_count(rows) == 0) {
        caller_fail_format(caller, ERROR_NOT_FOUND, "", "there is no such instance");
        return;
    }
    identity->definition = str_copy(caller->arena, query_value(rows, 0, 0));
    identity->process_id = str_copy(caller->arena, query_value(rows, 0, 1));
    identity->tenant = str_copy(caller->arena, query_value(rows, 0, 2));
    identity->root = str_copy(caller->arena, query_value(rows, 0, 3));
    history_read(caller, key, INT64_MAX, answer_flows, identity);
}

void handle_instance_flows(struct request *request)
{
    struct caller *caller = caller_of(request);
    uint64_t *key = ARENA_NEW(&request->arena, uint64_t);
    if (request_key(request, 0, key))
        read_run(caller, read_identity(caller->arena, caller->scope, *key), on_identity, key);
}

void handle_instance_statistics(struct request *request)
{
    answer_history(request, answer_counts);
}
