// SPDX-License-Identifier: Apache-2.0
//
// What happened in an instance: its events in readable form, the flows it took, how often each
// element ran. All three read the instance's history, newest definition for names.
#include "api/history.h"

#include "api/api_private.h"
#include "api/process_cache.h"
#include "api/read.h"
#include "api/route.h"
#include "bpmn/bpmn.h"
#include "record/key.h"
#include "store/query.h"
#include "wire/wire.h"

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

static void write_text(struct json_writer *w, str name, str text)
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
    write_text(w, STR("time"), step->time);
    write_text(w, STR("event"), str_of(event_type_name(event->type)));
    write_text(w, STR("command"), str_of(command_type_name(step->cause)));
    write_text(w, STR("elementId"), element_id(process, event->element));
    write_text(w, STR("flowId"), flow_id(process, event->flow));
    if (event->key != 0)
        request_write_key(w, STR("key"), event->key);
    if (event->scope != 0)
        request_write_key(w, STR("scopeKey"), event->scope);
    if (event->parent != 0)
        request_write_key(w, STR("parentKey"), event->parent);
    write_text(w, STR("name"), event->name);
    write_text(w, STR("code"), event->code);
    write_text(w, STR("value"), event->value);
    if (event->number != 0) {
        json_key(w, STR("number"));
        json_i64(w, event->number);
    }
    if (event->due_ms != 0) {
        json_key(w, STR("dueMs"));
        json_i64(w, event->due_ms);
    }
    write_text(w, STR("principal"), step->principal);
    json_end_object(w);
}

static void write_events(struct json_writer *w, const struct history *reading,
                         const struct bpmn_process *process)
{
    for (size_t i = 0; i < reading->count; i++)
        for (size_t e = 0; e < reading->steps[i].count; e++)
            write_event(w, &reading->steps[i], &reading->steps[i].events[e], process);
}

// -- Flows ------------------------------------------------------------------------------

static void write_flows(struct json_writer *w, const struct history *reading,
                        const struct bpmn_process *process)
{
    struct arena *arena = w->out->arena;
    size_t count = process ? process->flow_count : 0;
    bool *written = ARENA_ARRAY(arena, bool, count);
    for (size_t i = 0; i < reading->count; i++)
        for (size_t e = 0; e < reading->steps[i].count; e++) {
            const struct event *event = &reading->steps[i].events[e];
            bool is_new = event->type == EVENT_FLOW_TAKEN && event->flow > 0 &&
                          event->flow <= count && !written[event->flow - 1];
            if (!is_new)
                continue;
            written[event->flow - 1] = true;
            json_begin_object(w);
            write_text(w, STR("sequenceFlowId"), flow_id(process, event->flow));
            write_text(w, STR("elementId"), flow_id(process, event->flow));
            json_end_object(w);
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

static void write_counts(struct json_writer *w, const struct history *reading,
                         const struct bpmn_process *process)
{
    size_t count = process ? process->element_count : 0;
    struct counts *counts = ARENA_ARRAY(w->out->arena, struct counts, count);
    for (size_t i = 0; i < reading->count; i++)
        for (size_t e = 0; e < reading->steps[i].count; e++) {
            const struct event *event = &reading->steps[i].events[e];
            if (event->element > 0 && event->element <= count)
                count_event(&counts[event->element - 1], event);
        }
    for (size_t i = 1; i < count; i++) {
        const struct counts *of = &counts[i];
        int64_t standing = of->active - of->completed - of->canceled;
        if (of->active + of->completed == 0)
            continue;
        json_begin_object(w);
        write_text(w, STR("elementId"), process->elements[i].id);
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

// -- Reading ----------------------------------------------------------------------------

static void answer_items(struct request *request, const struct history *reading,
                         const struct bpmn_process *process)
{
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    reading->write(&w, reading, process);
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

static void on_process(struct request *request, void *context, const struct bpmn_process *process)
{
    const struct history *reading = context;
    reading->answer(request, reading, process);
}

static bool read_step(struct arena *arena, const struct query_rows *rows, size_t row,
                      struct history_step *ret_step, struct error *err)
{
    ret_step->sequence = query_i64(rows, row, 0);
    ret_step->time = str_copy(arena, query_value(rows, row, 1));
    ret_step->cause = (enum command_type)query_i64(rows, row, 2);
    ret_step->principal = str_copy(arena, query_value(rows, row, 3));
    return wire_decode_events(arena, query_bytes(rows, row, 4, arena), &ret_step->events,
                              &ret_step->count, err);
}

static uint64_t last_definition(const struct history *reading)
{
    uint64_t definition = 0;
    for (size_t i = 0; i < reading->count && reading->steps[i].sequence <= reading->until; i++)
        for (size_t e = 0; e < reading->steps[i].count; e++) {
            const struct event *event = &reading->steps[i].events[e];
            if (event->type == EVENT_PROCESS_ACTIVATED || event->type == EVENT_PROCESS_MIGRATED)
                definition = event->definition;
        }
    return definition;
}

static void on_steps(struct request *request, void *context, const struct read_result *result)
{
    struct history *reading = context;
    struct error err;
    if (result->row_count == 0) {
        request_problem_format(request, 404, "NOT_FOUND", "there is no instance with key %.*s",
                               STR_ARG(request->arguments[0]));
        return;
    }
    reading->steps = ARENA_ARRAY(&request->arena, struct history_step, result->row_count);
    reading->count = result->row_count;
    for (size_t i = 0; i < result->row_count; i++)
        if (!read_step(&request->arena, result->rows, i, &reading->steps[i], &err)) {
            request_failed(request, &err);
            return;
        }
    process_find(request, last_definition(reading), on_process, reading);
}

static void start_reading(struct request *request, struct history *reading)
{
    uint64_t key;
    if (!request_key(request, 0, &key))
        return;
    str *parameters = ARENA_ARRAY(&request->arena, str, 3);
    parameters[0] = str_format(&request->arena, "%u", key_shard(key));
    parameters[1] = request->arguments[0];
    parameters[2] = str_format(&request->arena, "%d", HISTORY_MAX_STEPS);
    read_run(request,
             &(struct read){"SELECT sequence, to_char(time AT TIME ZONE 'UTC', "
                            "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'), cause, principal, events FROM "
                            "history WHERE shard = $1::bigint AND stream = $2::bigint AND kind = 1 "
                            "ORDER BY sequence LIMIT $3::bigint",
                            parameters, 3},
             on_steps, reading);
}

static void read_history(struct request *request, history_write *write)
{
    struct history *reading = ARENA_NEW(&request->arena, struct history);
    reading->until = INT64_MAX;
    reading->write = write;
    reading->answer = answer_items;
    start_reading(request, reading);
}

void history_read(struct request *request, int64_t until, history_answer *answer)
{
    struct history *reading = ARENA_NEW(&request->arena, struct history);
    reading->until = until;
    reading->answer = answer;
    start_reading(request, reading);
}

void handle_instance_history(struct request *request)
{
    read_history(request, write_events);
}

void handle_instance_flows(struct request *request)
{
    read_history(request, write_flows);
}

void handle_instance_statistics(struct request *request)
{
    read_history(request, write_counts);
}

static void on_statistics(struct request *request, void *context, const struct read_result *result)
{
    (void)context;
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("items"));
    json_begin_array(&w);
    for (size_t row = 0; row < result->row_count; row++) {
        json_begin_object(&w);
        write_text(&w, STR("elementId"), read_cell(result, row, 0));
        json_key(&w, STR("active"));
        json_raw(&w, read_cell(result, row, 1));
        json_key(&w, STR("incidents"));
        json_raw(&w, read_cell(result, row, 2));
        json_end_object(&w);
    }
    json_end_array(&w);
    json_end_object(&w);
    request_answer_json(request, 200, strbuf_str(&out));
}

// What stands where now, over all instances of a definition. Counts of what has passed are the
// instances' (above).
void handle_definition_statistics(struct request *request)
{
    uint64_t key;
    if (request_key(request, 0, &key))
        read_run(request,
                 &(struct read){"SELECT e.element_id, count(*), count(*) FILTER (WHERE "
                                "e.has_incident) FROM elements e JOIN instances i ON i.shard = "
                                "e.shard AND i.key = e.instance WHERE i.definition = $1::bigint "
                                "GROUP BY 1 ORDER BY 1",
                                request->arguments, 1},
                 on_statistics, NULL);
}
