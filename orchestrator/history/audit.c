// SPDX-License-Identifier: Apache-2.0
#include "history/audit.h"

struct audited {
    enum command_type command;
    const char *operation;
    const char *category;
    const char *entity_type;
    int first, last; // types of events; 0: the stream itself
    bool each;
};

static const struct audited audited[] = {
#define AUDITED(command, operation, category, entity, first, last, each)                           \
    {COMMAND_##command, operation, #category, entity, EVENT_##first, EVENT_##last, each},
#include "history/audited.def"
#undef AUDITED
};

static const struct audited *find_audited(int command)
{
    for (size_t i = 0; i < COUNT_OF(audited); i++)
        if ((int)audited[i].command == command)
            return &audited[i];
    return NULL;
}

// What the step did, by its command; what starts an instance creates it.
static const struct audited *kind_of(const struct history_row *step)
{
    for (size_t i = 0; i < step->count; i++)
        if (step->events[i].type == EVENT_PROCESS_ACTIVATED)
            return find_audited(COMMAND_CREATE_INSTANCE);
    return find_audited((int)step->cause);
}

static str number(struct arena *arena, uint64_t value)
{
    return value == 0 ? STR_EMPTY : str_format(arena, "%llu", (unsigned long long)value);
}

static struct audit_record *push(struct audit_records *records, const struct audited *kind,
                                 const struct history_row *step)
{
    struct audit_record *record = &records->items[records->count];
    *record = (struct audit_record){.batch = step->batch,
                                    .ordinal = step->ordinal,
                                    .part = (uint32_t)records->count++,
                                    .time_ms = step->time_ms,
                                    .actor = step->principal,
                                    .origin = step->origin,
                                    .operation = kind->operation,
                                    .category = kind->category,
                                    .entity_type = kind->entity_type};
    if (step->stream_kind == STREAM_INSTANCE)
        record->instance = step->stream;
    else if (step->stream_kind == STREAM_MAILBOX)
        record->mailbox = step->stream;
    return record;
}

// -- What the events of a kind say --------------------------------------------------------

static void describe_start(struct arena *arena, const struct event *event,
                           struct audit_record *record)
{
    record->entity = number(arena, record->instance);
    record->process_id = record->description = event->name;
    record->definition = event->definition;
    record->tenant = event->code;
    record->has_tenant = true;
}

static void describe_resource(struct arena *arena, const struct event *event,
                              struct audit_record *record)
{
    record->entity = number(arena, event->key);
    record->resource = event->key;
    record->resource_kind = event->code;
    record->deployment = event->parent;
    record->description = event->name;
}

static void describe_decision(struct arena *arena, const struct event *event,
                              struct audit_record *record)
{
    record->entity = number(arena, event->key);
    record->evaluation = event->key;
    record->decision = event->definition;
    record->decision_id = record->description = event->name;
}

static void describe_task(struct arena *arena, const struct event *event,
                          struct audit_record *record)
{
    record->entity = number(arena, event->key);
    record->user_task = event->key;
    record->element_instance = event->scope;
    if (event->type != EVENT_USER_TASK_ASSIGNED)
        return;
    record->description = event->name;
    if (str_is_empty(event->name))
        record->operation = "UNASSIGN";
}

static void describe(struct arena *arena, const struct event *event, struct audit_record *record)
{
    switch ((int)event->type) {
    case EVENT_PROCESS_ACTIVATED:
        describe_start(arena, event, record);
        break;
    case EVENT_VARIABLE_SET:
    case EVENT_VARIABLE_REMOVED:
        record->element_instance = event->scope;
        record->entity = number(arena, event->scope);
        record->description = event->name;
        break;
    case EVENT_DEFINITION_DEPLOYED:
    case EVENT_DEFINITION_PUBLISHED:
    case EVENT_DEFINITION_DELETED:
        describe_resource(arena, event, record);
        break;
    case EVENT_CLUSTER_VARIABLE_SET:
    case EVENT_CLUSTER_VARIABLE_REMOVED:
        record->entity = number(arena, event->key);
        record->description = event->name;
        record->has_tenant = event->number != 1;
        record->tenant = event->code;
        break;
    case EVENT_BREAKER_OPENED:
    case EVENT_BREAKER_CLOSED:
        record->entity = number(arena, event->key);
        record->description =
            str_format(arena, "breaker of the %s '%.*s' %s",
                       event->flow == BREAKER_TYPE ? "type" : "credential", STR_ARG(event->name),
                       event->type == EVENT_BREAKER_OPENED ? "opened" : "closed");
        record->has_tenant = true;
        record->tenant = event->value;
        break;
    case EVENT_DECISION_EVALUATED:
        describe_decision(arena, event, record);
        break;
    default:
        record->entity = number(arena, event->key);
        record->description = event->name;
        break;
    }
}

static void describe_by_family(struct arena *arena, const struct event *event,
                               struct audit_record *record)
{
    if (event->type >= EVENT_USER_TASK_CREATED && event->type <= EVENT_USER_TASK_CORRECTED) {
        describe_task(arena, event, record);
        return;
    }
    describe(arena, event, record);
    if (event->type >= EVENT_JOB_CREATED && event->type <= EVENT_JOB_BACKED_OFF) {
        record->job = event->key;
        record->element_instance = event->scope;
        record->description = event->value;
    }
}

// -- Steps --------------------------------------------------------------------------------

static void add_batch_item(const struct history_row *step, struct audit_records *records)
{
    for (size_t i = 0; i < step->count; i++)
        if (step->events[i].type == EVENT_PROCESS_BATCHED)
            for (size_t k = 0; k < records->count; k++)
                records->items[k].batch_item = step->events[i].parent;
}

// What the engine refused: number = the command, key = what it named, code and value = why.
static void add_rejection(struct arena *arena, const struct history_row *step,
                          const struct event *event, struct audit_records *records)
{
    const struct audited *kind = find_audited((int)event->number);
    if (kind == NULL || records->count == AUDIT_STEP_PARTS)
        return;
    struct audit_record *record = push(records, kind, step);
    record->has_failed = true;
    record->entity = number(arena, event->key);
    record->description =
        str_format(arena, "%.*s: %.*s", STR_ARG(event->code), STR_ARG(event->value));
    if (str_equal(str_of(kind->entity_type), STR("PROCESS_INSTANCE")))
        record->instance = event->key;
    else if (str_equal(str_of(kind->entity_type), STR("USER_TASK")))
        record->user_task = event->key;
    else if (str_equal(str_of(kind->entity_type), STR("JOB")))
        record->job = event->key;
}

static void add_done(struct arena *arena, const struct history_row *step,
                     const struct audited *kind, struct audit_records *records)
{
    for (size_t i = 0; i < step->count && records->count < AUDIT_STEP_PARTS; i++) {
        const struct event *event = &step->events[i];
        if ((int)event->type < kind->first || (int)event->type > kind->last)
            continue;
        describe_by_family(arena, event, push(records, kind, step));
        if (!kind->each)
            return;
    }
}

void audit_records_of(struct arena *arena, const struct history_row *step,
                      struct audit_records *ret_records)
{
    ret_records->count = 0;
    if (str_is_empty(step->principal))
        return;
    const struct audited *kind = kind_of(step);
    for (size_t i = 0; i < step->count; i++)
        if (step->events[i].type == EVENT_COMMAND_REJECTED)
            add_rejection(arena, step, &step->events[i], ret_records);
    if (kind == NULL || ret_records->count > 0)
        return;
    if (kind->first != EVENT_NONE)
        add_done(arena, step, kind, ret_records);
    else if (step->stream_kind == STREAM_INSTANCE)
        push(ret_records, kind, step)->entity = number(arena, step->stream);
    add_batch_item(step, ret_records);
}
