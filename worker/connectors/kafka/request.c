// SPDX-License-Identifier: Apache-2.0
#include "connector_kafka/request.h"

static const char *const allowed_properties[] = {
#define PROPERTY(name) name,
#include "connector_kafka/properties.def"
#undef PROPERTY
};

struct reading {
    struct input input;
    struct kafka_request request;
};

static bool is_topic_name(str name)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    for (size_t i = 0; i < name.len; i++)
        if (name.data[i] == '\0' || strchr(plain, name.data[i]) == NULL)
            return false;
    return name.len > 0 && name.len <= KAFKA_MAX_TOPIC && !str_equal(name, STR(".")) &&
           !str_equal(name, STR(".."));
}

static bool read_topic(struct reading *r, str own)
{
    const struct json *topic = json_get(r->input.object, STR("topic"));
    str name = json_get_str(topic, STR("topicName"), STR_EMPTY);
    if (!is_topic_name(name))
        return input_wrong(&r->input,
                           "\"topic.topicName\" must have 1 to KAFKA_MAX_TOPIC (%d) letters, "
                           "digits, dots, hyphens and underscores%.*s",
                           KAFKA_MAX_TOPIC, STR_ARG(input_found(r->input.arena, name)));
    // Who writes commands is an engine, and who writes offsets a broker.
    if (str_starts_with(name, own) || str_starts_with(name, STR("__")))
        return error_set(r->input.err, ERROR_DENIED, r->input.connector,
                         "\"topic.topicName\" is '%.*s': topics that begin with '%.*s' or '__' are "
                         "not for models",
                         STR_ARG(name), STR_ARG(own));
    r->request.topic = str_cstr(r->input.arena, name);
    return true;
}

static bool is_broker(str broker)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:[]";
    for (size_t i = 0; i < broker.len; i++)
        if (broker.data[i] == '\0' || strchr(plain, broker.data[i]) == NULL)
            return false;
    return broker.len > 0 && broker.data[0] != ':';
}

static bool read_brokers(struct reading *r)
{
    const struct json *topic = json_get(r->input.object, STR("topic"));
    str list = str_trim(json_get_str(topic, STR("bootstrapServers"), STR_EMPTY));
    str rest = list, broker;
    while (list.len > 0 && str_split(&rest, ',', &broker))
        if (list.len > KAFKA_MAX_BROKERS || !is_broker(str_trim(broker)))
            return input_wrong(&r->input,
                               "\"topic.bootstrapServers\" must be host:port, separated by commas, "
                               "at most KAFKA_MAX_BROKERS (%d) bytes%.*s",
                               KAFKA_MAX_BROKERS, STR_ARG(input_found(r->input.arena, list)));
    r->request.brokers = str_cstr(r->input.arena, list);
    return true;
}

static bool read_message(struct reading *r)
{
    const struct json *message = json_get(r->input.object, STR("message"));
    const struct json *key = json_get(message, STR("key"));
    const struct json *value = json_get(message, STR("value"));
    if (value == NULL || value->type == JSON_NULL)
        return input_wrong(&r->input, "\"message.value\" is missing");
    r->request.value = input_text(r->input.arena, value);
    if (key != NULL && key->type != JSON_NULL)
        r->request.key = input_text(r->input.arena, key);
    str schema = json_get_str(json_get(r->input.object, STR("schemaStrategy")), STR("type"),
                              STR("noSchema"));
    return str_equal(schema, STR("noSchema")) ||
           error_set(r->input.err, ERROR_UNSUPPORTED, r->input.connector,
                     "\"schemaStrategy.type\" must be noSchema, as values are text or JSON%.*s",
                     STR_ARG(input_found(r->input.arena, schema)));
}

static bool read_headers(struct reading *r, uint64_t job_key)
{
    const struct json *headers = json_get(r->input.object, STR("headers"));
    struct kafka_request *request = &r->request;
    bool has_key = false;
    for (size_t i = 0; json_is(headers, JSON_OBJECT) && i < headers->count; i++) {
        const struct json_member *member = &headers->members[i];
        if (request->header_count == BUS_MAX_HEADERS - 1)
            return error_set(r->input.err, ERROR_LIMIT, r->input.connector,
                             "\"headers\" has more than %d entries", BUS_MAX_HEADERS - 1);
        if (memchr(member->name.data, '\0', member->name.len) != NULL)
            return input_wrong(&r->input, "a name in \"headers\" has the character U+0000");
        has_key = has_key || str_equal_ignoring_case(member->name, STR("idempotency-key"));
        request->headers[request->header_count++] =
            (struct bus_header){member->name, input_text(r->input.arena, &member->value)};
    }
    if (!has_key)
        request->headers[request->header_count++] =
            (struct bus_header){STR("idempotency-key"),
                                str_format(r->input.arena, "%llu", (unsigned long long)job_key)};
    return true;
}

// -- How the brokers are spoken to -------------------------------------------------------

static bool has_setting(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->request.setting_count; i++)
        if (strcmp(r->request.settings[i].name, name) == 0)
            return true;
    return false;
}

static void set(struct reading *r, const char *name, str value)
{
    check(r->request.setting_count < KAFKA_MAX_SETTINGS);
    r->request.settings[r->request.setting_count++] =
        (struct bus_setting){name, str_cstr(r->input.arena, value)};
}

// Only these: any other runs a program, or goes by the identity of the worker's machine.
static bool is_mechanism(str name)
{
    return str_equal(name, STR("PLAIN")) || str_equal(name, STR("SCRAM-SHA-256")) ||
           str_equal(name, STR("SCRAM-SHA-512"));
}

static bool check_login(struct reading *r)
{
    bool has_sasl = false;
    for (size_t i = 0; i < r->request.setting_count; i++) {
        str name = str_of(r->request.settings[i].name);
        str value = str_of(r->request.settings[i].value);
        bool is_of_mechanism =
            str_equal(name, STR("sasl.mechanism")) || str_equal(name, STR("sasl.mechanisms"));
        if (is_of_mechanism && !is_mechanism(value))
            return input_wrong(&r->input, "\"sasl.mechanism\" must be PLAIN, SCRAM-SHA-256 or "
                                          "SCRAM-SHA-512");
        has_sasl = has_sasl || (str_equal(name, STR("security.protocol")) &&
                                str_equal_ignoring_case(str_sub(value, 0, 4), STR("SASL")));
    }
    return !has_sasl || has_setting(r, "sasl.username") ||
           input_wrong(&r->input, "\"security.protocol\" with SASL needs a login: "
                                  "\"authentication\" with \"username\" and \"password\"");
}

static bool read_property(struct reading *r, const struct json_member *property)
{
    for (size_t i = 0; i < COUNT_OF(allowed_properties); i++)
        if (str_equal(property->name, str_of(allowed_properties[i]))) {
            set(r, allowed_properties[i], input_text(r->input.arena, &property->value));
            return true;
        }
    return error_set(r->input.err, ERROR_UNSUPPORTED, r->input.connector,
                     "\"additionalProperties\" has '%.*s', which a model may not set",
                     STR_ARG(str_sub(property->name, 0, 100)));
}

_Static_assert(COUNT_OF(allowed_properties) + 4 <= KAFKA_MAX_SETTINGS, "with those of a login");

static bool read_security(struct reading *r)
{
    const struct json *properties = json_get(r->input.object, STR("additionalProperties"));
    const struct json *login = json_get(r->input.object, STR("authentication"));
    str user = json_get_str(login, STR("username"), STR_EMPTY);
    bool is_own = r->request.brokers[0] != '\0';
    bool has_properties = json_is(properties, JSON_OBJECT) && properties->count > 0;
    if (!is_own && (has_properties || user.len > 0))
        return input_wrong(&r->input,
                           "\"authentication\" and \"additionalProperties\" are for brokers that "
                           "\"topic.bootstrapServers\" names; the worker's have the worker's own");
    for (size_t i = 0; has_properties && i < properties->count; i++)
        if (!read_property(r, &properties->members[i]))
            return false;
    if (user.len > 0 && !has_setting(r, "security.protocol"))
        set(r, "security.protocol", STR("SASL_SSL"));
    if (is_own && !has_setting(r, "sasl.mechanism") && !has_setting(r, "sasl.mechanisms"))
        set(r, "sasl.mechanisms", STR("PLAIN")); // the library's own default runs kinit
    if (user.len > 0) {
        set(r, "sasl.username", user);
        set(r, "sasl.password", json_get_str(login, STR("password"), STR_EMPTY));
    }
    if (!check_login(r))
        return false;
    return !is_own || has_setting(r, "security.protocol") ||
           input_wrong(&r->input,
                       "\"additionalProperties\" must say \"security.protocol\": SSL or SASL_SSL, "
                       "or PLAINTEXT or SASL_PLAINTEXT where you trust the network");
}

bool kafka_read(const struct input *given, str own, uint64_t job_key,
                struct kafka_request *ret_request)
{
    struct reading r = {.input = *given};
    if (!read_topic(&r, own) || !read_brokers(&r) || !read_message(&r) ||
        !read_headers(&r, job_key) || !read_security(&r) ||
        !input_seconds(&r.input, STR("timeoutInSeconds"), &r.request.timeout_ms))
        return false;
    *ret_request = r.request;
    return true;
}
