// SPDX-License-Identifier: Apache-2.0
#include "ingress/mapping.h"

#include "base/json.h"
#include "base/utf8.h"
#include "feel/feel.h"

enum format { FORMAT_JSON, FORMAT_CLOUD_EVENTS, FORMAT_AUTO };

struct mapping {
    enum format format;
    const struct feel_program *message;
    const struct feel_program *start;
    const struct feel_program *correlation_key;
    const struct feel_program *variables;
    const struct feel_program *business_id;
    const struct feel_program *condition;
    int64_t ttl_ms;
};

// -- Compiling --------------------------------------------------------------------------

struct member {
    const char *name;
    const struct feel_program **target;
};

static bool compile_member(struct arena *arena, const struct json *settings,
                           const struct member *member, struct error *err)
{
    const struct json *value = json_get(settings, str_of(member->name));
    if (value == NULL || value->type == JSON_NULL)
        return true;
    if (value->type != JSON_STRING)
        return error_set(err, ERROR_INVALID, member->name, "must be a string, found %s",
                         json_type_name(value->type));
    if (feel_compile_property(arena, value->text, NULL, member->target, err))
        return true;
    return error_set(err, ERROR_INVALID, member->name, "%s", err->text);
}

static bool read_format(const struct json *settings, enum format *ret_format, struct error *err)
{
    static const char *const names[] = {"json", "cloudevents", "auto"};
    str format = json_get_str(settings, STR("format"), STR("auto"));
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(format, str_of(names[i]))) {
            *ret_format = (enum format)i;
            return true;
        }
    return error_set(err, ERROR_INVALID, "format",
                     "must be json, cloudevents or auto, found '%.*s'", STR_ARG(format));
}

static bool read_ttl(const struct json *settings, int64_t *ret_ttl_ms, struct error *err)
{
    struct feel_duration duration;
    str text = json_get_str(settings, STR("timeToLive"), STR("PT1H"));
    if (!feel_duration_parse(text, &duration) || duration.months != 0 ||
        duration.ms < MAPPING_MIN_TTL_MS)
        return error_set(err, ERROR_INVALID, "timeToLive",
                         "must be a duration of at least PT1M such as PT1H, found '%.*s'",
                         STR_ARG(text));
    *ret_ttl_ms = duration.ms;
    return true;
}

static bool known_member(str name)
{
    static const char *const names[] = {"format",    "message",    "start",     "correlationKey",
                                        "variables", "businessId", "condition", "timeToLive"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_equal(name, str_of(names[i])))
            return true;
    return false;
}

static bool check_members(const struct json *settings, struct error *err)
{
    if (settings->type != JSON_OBJECT)
        return error_set(err, ERROR_INVALID, "settings", "must be a JSON object");
    for (size_t i = 0; i < settings->count; i++)
        if (!known_member(settings->members[i].name))
            return error_set(err, ERROR_INVALID, "settings",
                             "'%.*s' is no setting of a subscription",
                             STR_ARG(settings->members[i].name));
    return true;
}

bool mapping_compile(struct arena *arena, str text, const struct mapping **ret_mapping,
                     struct error *err)
{
    struct mapping *mapping = ARENA_NEW(arena, struct mapping);
    struct json *settings;
    const struct member members[] = {
        {"message", &mapping->message},
        {"start", &mapping->start},
        {"correlationKey", &mapping->correlation_key},
        {"variables", &mapping->variables},
        {"businessId", &mapping->business_id},
        {"condition", &mapping->condition},
    };
    if (!json_parse(arena, text, &settings, err) || !check_members(settings, err) ||
        !read_format(settings, &mapping->format, err) || !read_ttl(settings, &mapping->ttl_ms, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (!compile_member(arena, settings, &members[i], err))
            return false;
    if ((mapping->message == NULL) == (mapping->start == NULL))
        return error_set(err, ERROR_INVALID, "settings",
                         "exactly one of \"message\" and \"start\" must be there");
    *ret_mapping = mapping;
    return true;
}

// -- A record as data -------------------------------------------------------------------

struct application {
    const struct mapping *mapping;
    const struct bus_record *record;
    struct arena *arena;
    struct error *err;
    feel_value scope;
};

static str valid_text(str text)
{
    return utf8_is_valid(text) ? text : STR_EMPTY;
}

static bool is_structured(const struct bus_record *record)
{
    return str_starts_with(bus_record_header(record, STR("content-type")),
                           STR("application/cloudevents"));
}

static bool is_binary(const struct bus_record *record)
{
    return bus_record_header(record, STR("ce_specversion")).data != NULL;
}

static void write_headers(struct json_writer *w, const struct bus_record *record, str prefix)
{
    json_begin_object(w);
    for (size_t i = 0; i < record->header_count; i++) {
        const struct bus_header *header = &record->headers[i];
        bool is_repeated = false;
        for (size_t j = 0; j < i; j++)
            is_repeated |= str_equal(record->headers[j].name, header->name);
        if (is_repeated || !str_starts_with(header->name, prefix))
            continue;
        json_key(w, str_from_index(header->name, prefix.len));
        json_string(w, valid_text(header->value));
    }
    json_end_object(w);
}

// CloudEvents 1.0, JSON format: attributes beside "data" (or "data_base64").
static void write_structured(struct json_writer *w, const struct json *event)
{
    const struct json *data = json_get(event, STR("data"));
    json_key(w, STR("event"));
    json_begin_object(w);
    for (size_t i = 0; i < event->count; i++) {
        if (str_equal(event->members[i].name, STR("data")))
            continue;
        json_key(w, event->members[i].name);
        json_value(w, &event->members[i].value);
    }
    json_end_object(w);
    json_key(w, STR("data"));
    if (data != NULL)
        json_value(w, data);
    else
        json_null(w);
}

static bool write_data(struct application *a, struct json_writer *w)
{
    const struct bus_record *record = a->record;
    struct json *value = NULL;
    enum format format = a->mapping->format;
    bool is_event = is_structured(record) || is_binary(record);
    if (record->value.len > MAPPING_MAX_VALUE)
        return error_set(a->err, ERROR_LIMIT, "value", "%zu bytes: at most MAPPING_MAX_VALUE (%d)",
                         record->value.len, MAPPING_MAX_VALUE);
    if (format == FORMAT_CLOUD_EVENTS && !is_event)
        return error_set(a->err, ERROR_INVALID, "format", "the record is no CloudEvent");
    if (record->value.len > 0 && !json_parse(a->arena, record->value, &value, a->err))
        return false;
    if (format != FORMAT_JSON && is_structured(record) && json_is(value, JSON_OBJECT)) {
        write_structured(w, value);
        return true;
    }
    if (format != FORMAT_JSON && is_binary(record)) {
        json_key(w, STR("event"));
        write_headers(w, record, STR("ce_"));
    }
    json_key(w, STR("data"));
    if (value != NULL)
        json_value(w, value);
    else
        json_null(w);
    return true;
}

static bool make_scope(struct application *a)
{
    struct strbuf out = strbuf_new(a->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("topic"));
    json_string(&w, str_of(a->record->topic));
    json_key(&w, STR("partition"));
    json_i64(&w, a->record->partition);
    json_key(&w, STR("offset"));
    json_i64(&w, a->record->offset);
    json_key(&w, STR("timestamp"));
    json_i64(&w, a->record->timestamp_ms);
    json_key(&w, STR("key"));
    if (a->record->key.data != NULL)
        json_string(&w, valid_text(a->record->key));
    else
        json_null(&w);
    json_key(&w, STR("headers"));
    write_headers(&w, a->record, STR_EMPTY);
    if (!write_data(a, &w))
        return false;
    json_end_object(&w);
    return feel_from_json_text(a->arena, strbuf_str(&out), &a->scope, a->err);
}

// -- Applying ---------------------------------------------------------------------------

static bool evaluate(struct application *a, const struct feel_program *program,
                     feel_value *ret_value)
{
    struct feel_run run = feel_run_new(a->arena, &a->scope);
    run.now_ms = a->record->timestamp_ms;
    run.random_seed = (uint64_t)a->record->offset;
    *ret_value = feel_evaluate(program, &run);
    return feel_run_finished(&run, a->err);
}

static bool text_of(struct application *a, const struct feel_program *program, const char *name,
                    str *ret_text)
{
    feel_value value;
    if (program == NULL) {
        *ret_text = STR_EMPTY;
        return true;
    }
    if (!evaluate(a, program, &value))
        return false;
    if (value.kind == FEEL_STRING) {
        *ret_text = value.string;
        return true;
    }
    if (value.kind != FEEL_NUMBER)
        return error_set(a->err, ERROR_INVALID, name, "'%.*s' gives no text and no number",
                         STR_ARG(feel_program_source(program)));
    struct strbuf out = strbuf_new(a->arena);
    check(feel_to_json(&out, value)); // a number
    *ret_text = strbuf_str(&out);
    return true;
}

static feel_value data_of(const struct application *a)
{
    for (size_t i = 0; i < a->scope.context->count; i++)
        if (str_equal(a->scope.context->entries[i].name, STR("data")))
            return a->scope.context->entries[i].value;
    return feel_null();
}

static bool variables_of(struct application *a, str *ret_json)
{
    feel_value value = data_of(a);
    struct strbuf out = strbuf_new(a->arena);
    if (a->mapping->variables != NULL && !evaluate(a, a->mapping->variables, &value))
        return false;
    if (value.kind == FEEL_NULL)
        return true;
    if (value.kind != FEEL_CONTEXT)
        return error_set(a->err, ERROR_INVALID, "variables", "gives no context");
    if (!feel_to_json(&out, value))
        return error_set(a->err, ERROR_INVALID, "variables", "are too large or nested too deep");
    *ret_json = strbuf_str(&out);
    return true;
}

// Where the record came from, which no two records share.
static str identity_of(const struct application *a)
{
    return str_format(a->arena, "%s-%d-%lld", a->record->topic, (int)a->record->partition,
                      (long long)a->record->offset);
}

static bool make_message(struct application *a, struct publish_message *message)
{
    if (!text_of(a, a->mapping->message, "message", &message->name) ||
        !text_of(a, a->mapping->correlation_key, "correlationKey", &message->correlation_key) ||
        !variables_of(a, &message->variables))
        return false;
    message->message_id = identity_of(a);
    message->ttl_ms = a->mapping->ttl_ms;
    return message->name.len > 0 ||
           error_set(a->err, ERROR_INVALID, "message", "gives an empty name");
}

static bool make_instance(struct application *a, struct create_instance *create)
{
    if (!text_of(a, a->mapping->start, "start", &create->process_id) ||
        !text_of(a, a->mapping->business_id, "businessId", &create->business_id) ||
        !variables_of(a, &create->variables))
        return false;
    create->version = -1;
    create->deduplication_id = identity_of(a);
    return true;
}

enum mapping_verdict mapping_apply(const struct mapping *mapping, const struct bus_record *record,
                                   struct arena *arena, struct command *ret_command,
                                   struct error *err)
{
    struct application a = {.mapping = mapping, .record = record, .arena = arena, .err = err};
    feel_value applies = feel_bool(true);
    struct command command = {.offset = -1, .principal = STR("ingress")};
    if (!make_scope(&a))
        return MAPPING_FAILS;
    if (mapping->condition != NULL && !evaluate(&a, mapping->condition, &applies))
        return MAPPING_FAILS;
    if (!feel_is_true(applies))
        return MAPPING_SKIPS;
    command.traceparent = valid_text(bus_record_header(record, STR("traceparent")));
    command.type = mapping->message ? COMMAND_PUBLISH_MESSAGE : COMMAND_CREATE_INSTANCE;
    bool ok = mapping->message ? make_message(&a, &command.publish_message)
                               : make_instance(&a, &command.create_instance);
    if (!ok)
        return MAPPING_FAILS;
    *ret_command = command;
    return MAPPING_SENDS;
}
