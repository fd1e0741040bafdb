// SPDX-License-Identifier: Apache-2.0
#include "base/config.h"

#include "base/endpoint.h"
#include "base/json.h"
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

extern char **environ;

enum type {
    STRING,
    SECRET,
    INTEGER,
    BOOLEAN,
    CHOICE,
    CHOICES,
    ADDRESS,
    OPTIONAL_ADDRESS,
    ADDRESSES
};

enum { CONFIG_MAX_LINE = 4096 };

static const struct row {
    const char *key;
    enum type type;
    const char *initial;
    const char *allowed;
    const char *text;
} rows[] = {
#define CONFIG(name, key, type, initial, allowed, text) {key, type, initial, allowed, text},
#include "base/config.def"
#undef CONFIG
};

_Static_assert(COUNT_OF(rows) == CONFIG_COUNT, "one row a key");

static const char prefix[] = "BATON_";

// Variables that speak to the tests' harness and the command line, not to a node.
static const char *const foreign[] = {"BATON_TEST_", "BATON_CLI_"};

static bool refuse(struct error *err, const struct row *row, str value, const char *allowed)
{
    bool secret = row->type == SECRET;
    return error_set(err, ERROR_INVALID, row->key, "'%.*s' is not allowed: expected %s",
                     secret ? 3 : (int)value.len, secret ? "***" : value.data, allowed);
}

static bool parse_range(const char *allowed, int64_t *ret_low, int64_t *ret_high)
{
    long long low, high;
    bool found = sscanf(allowed, "%lld..%lld", &low, &high) == 2;
    *ret_low = low;
    *ret_high = high;
    return found;
}

static bool parse_integer(const struct row *row, str value, int64_t *ret_number, struct error *err)
{
    int64_t low, high, number;
    check(parse_range(row->allowed, &low, &high));
    if (!str_to_i64(value, &number) || number < low || number > high)
        return refuse(err, row, value, row->allowed);
    *ret_number = number;
    return true;
}

static bool parse_boolean(const struct row *row, str value, int64_t *ret_number, struct error *err)
{
    bool yes = str_equal(value, STR("true"));
    if (!yes && !str_equal(value, STR("false")))
        return refuse(err, row, value, "true or false");
    *ret_number = yes;
    return true;
}

static bool list_has(str list, str word)
{
    str part;
    while (str_split(&list, ',', &part))
        if (str_equal(str_trim(part), word))
            return true;
    return false;
}

// Some words of those allowed, separated by commas.
static bool are_choices(str allowed, str value)
{
    str word;
    size_t count = 0;
    for (; str_split(&value, ',', &word); count++)
        if (!list_has(allowed, str_trim(word)))
            return false;
    return count > 0;
}

static bool are_addresses(str value, size_t most)
{
    struct arena arena = ARENA_EMPTY;
    struct endpoint endpoint;
    str word;
    size_t good = 0, count = 0;
    for (; str_split(&value, ',', &word); count++)
        good += endpoint_parse(&arena, str_trim(word), &endpoint);
    arena_done(&arena);
    return count > 0 && count <= most && good == count;
}

static bool parse(const struct row *row, str value, int64_t *ret_number, struct error *err)
{
    switch (row->type) {
    case INTEGER:
        return parse_integer(row, value, ret_number, err);
    case BOOLEAN:
        return parse_boolean(row, value, ret_number, err);
    case CHOICE:
        return list_has(str_of(row->allowed), value) || refuse(err, row, value, row->allowed);
    case CHOICES:
        return are_choices(str_of(row->allowed), value) || refuse(err, row, value, row->allowed);
    case ADDRESS:
        return are_addresses(value, 1) || refuse(err, row, value, "host:port");
    case OPTIONAL_ADDRESS:
        return value.len == 0 || are_addresses(value, 1) ||
               refuse(err, row, value, "host:port, or nothing");
    case ADDRESSES:
        return are_addresses(value, SIZE_MAX) ||
               refuse(err, row, value, "host:port, separated by commas");
    case STRING:
    case SECRET:
        return true;
    }
    check_unreachable();
}

static size_t find_row(str key)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_equal(str_of(rows[i].key), key))
            return i;
    return COUNT_OF(rows);
}

bool config_set(struct config *config, str key, str value, enum config_source source,
                struct error *err)
{
    size_t i = find_row(key);
    if (i == COUNT_OF(rows))
        return error_set(err, ERROR_INVALID, "config",
                         "there is no setting '%.*s'; `baton config print` lists all",
                         STR_ARG(key));
    if (!parse(&rows[i], value, &config->values[i].number, err))
        return false;
    config->values[i].text = str_cstr(config->arena, value);
    config->values[i].source = source;
    return true;
}

struct config config_new(struct arena *arena)
{
    struct config config = {.arena = arena};
    struct error err;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(config_set(&config, str_of(rows[i].key), str_of(rows[i].initial), CONFIG_DEFAULT,
                         &err));
    return config;
}

static bool read_line(struct config *config, str line, struct error *err)
{
    line = str_trim(line);
    if (str_is_empty(line) || line.data[0] == '#')
        return true;
    size_t equals = str_find_char(line, '=');
    if (equals == SIZE_MAX)
        return error_set(err, ERROR_INVALID, "config", "expected key = value");
    return config_set(config, str_trim(str_sub(line, 0, equals)),
                      str_trim(str_from_index(line, equals + 1)), CONFIG_FILE, err);
}

bool config_read_file(struct config *config, const char *path, struct error *err)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return error_set(err, ERROR_NOT_FOUND, path, "%s", strerror(errno));
    char line[CONFIG_MAX_LINE];
    bool good = true;
    for (int number = 1; good && fgets(line, sizeof line, file) != NULL; number++) {
        struct error cause;
        bool is_whole = strchr(line, '\n') != NULL || feof(file);
        good = is_whole ? read_line(config, str_of(line), &cause)
                        : error_set(&cause, ERROR_LIMIT, "config",
                                    "more than %d bytes in a line (CONFIG_MAX_LINE)",
                                    CONFIG_MAX_LINE - 2);
        if (!good)
            (void)error_set(err, cause.kind, path, "line %d: %s: %s", number, cause.place,
                            cause.text);
    }
    fclose(file);
    return good;
}

static bool is_foreign(str name)
{
    for (size_t i = 0; i < COUNT_OF(foreign); i++)
        if (str_starts_with(name, str_of(foreign[i])))
            return true;
    return false;
}

// BATON_POSTGRES_URL names postgres.url: only its own letters are capitals, and '.' with '_'.
static bool names_key(str variable, const char *key)
{
    size_t i = 0;
    for (; i < variable.len && key[i] != '\0'; i++) {
        char wanted = key[i] == '.' ? '_' : (char)toupper((unsigned char)key[i]);
        if (variable.data[i] != wanted)
            return false;
    }
    return i == variable.len && key[i] == '\0';
}

static bool is_digits(str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
    return s.len > 0;
}

// Kubernetes puts variables of its own beside ours for each Service whose name begins with
// "baton": BATON_SERVICE_HOST, BATON_SERVICE_PORT_HTTP, BATON_PORT=tcp://…, BATON_PORT_80_TCP_ADDR,
// BATON_API_SERVICE_HOST … (kubernetes.io: "Environment variables" of Services).
static bool is_service(str name, str value)
{
    static const char *const protocols[] = {"TCP", "UDP", "SCTP"};
    str whole = str_from(name.data - 1, name.len + 1); // with the '_' of the prefix
    if (str_ends_with(whole, STR("_SERVICE_HOST")) ||
        str_find(whole, STR("_SERVICE_PORT")) != SIZE_MAX)
        return true;
    if (str_ends_with(whole, STR("_PORT")) && str_find(value, STR("://")) != SIZE_MAX)
        return true;
    size_t at = str_find(whole, STR("_PORT_"));
    str rest = at == SIZE_MAX ? STR_EMPTY : str_from_index(whole, at + 6);
    str number;
    str protocol;
    if (!str_split(&rest, '_', &number) || !is_digits(number) || !str_split(&rest, '_', &protocol))
        return false;
    for (size_t i = 0; i < COUNT_OF(protocols); i++)
        if (str_equal(protocol, str_of(protocols[i])))
            return true;
    return false;
}

struct ignored {
    str first;
    size_t count;
};

static bool read_variable(struct config *config, str variable, struct ignored *ignored,
                          struct error *err)
{
    size_t equals = str_find_char(variable, '=');
    if (!str_starts_with(variable, str_of(prefix)) || is_foreign(variable) || equals == SIZE_MAX)
        return true;
    str name = str_sub(variable, sizeof prefix - 1, equals - (sizeof prefix - 1));
    str value = str_from_index(variable, equals + 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (names_key(name, rows[i].key))
            return config_set(config, str_of(rows[i].key), value, CONFIG_ENVIRONMENT, err);
    if (is_service(name, value)) {
        ignored->first = ignored->count++ == 0 ? name : ignored->first;
        return true;
    }
    return error_set(err, ERROR_INVALID, "environment",
                     "BATON_%.*s names no setting; `baton config print` lists all", STR_ARG(name));
}

bool config_read_environment(struct config *config, const char *const *environment,
                             struct error *err)
{
    struct ignored ignored = {STR_EMPTY, 0};
    for (; *environment != NULL; environment++)
        if (!read_variable(config, str_of(*environment), &ignored, err))
            return false;
    if (ignored.count > 0)
        log_info("config",
                 "%zu variables that Kubernetes makes of a Service are no settings of "
                 "ours: BATON_%.*s, …",
                 ignored.count, STR_ARG(ignored.first));
    return true;
}

static bool is_setting(const char *argument)
{
    return strncmp(argument, "--", 2) == 0 && strchr(argument, '=') != NULL;
}

static bool read_argument(struct config *config, const char *argument, struct error *err)
{
    str text = str_of(argument + 2);
    size_t equals = str_find_char(text, '=');
    return config_set(config, str_sub(text, 0, equals), str_from_index(text, equals + 1),
                      CONFIG_ARGUMENT, err);
}

static bool read_files(struct config *config, int argc, char **argv, struct error *err)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--config") != 0)
            continue;
        if (i + 1 == argc)
            return error_set(err, ERROR_INVALID, "--config", "expected the name of a file");
        if (!config_read_file(config, argv[i + 1], err))
            return false;
    }
    return true;
}

bool config_read_all(struct config *config, int *argc, char **argv, struct error *err)
{
    if (!read_files(config, *argc, argv, err) ||
        !config_read_environment(config, (const char *const *)environ, err))
        return false;
    int kept = 1;
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], "--config") == 0)
            i++;
        else if (!is_setting(argv[i]))
            argv[kept++] = argv[i];
        else if (!read_argument(config, argv[i], err))
            return false;
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

// Names of topics are made of it: Kafka takes 249 bytes, of which a job type may need 200.
static bool check_prefix(const struct config *config, struct error *err)
{
    enum { MAX_PREFIX = 40 };
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    const char *topics = config_str(config, CONFIG_KAFKA_TOPIC_PREFIX);
    size_t len = strlen(topics);
    return (len > 0 && len <= MAX_PREFIX && strspn(topics, allowed) == len) ||
           error_set(err, ERROR_INVALID, "kafka.topic_prefix",
                     "'%s' is not allowed: expected 1 to %d letters, digits, dots, hyphens and "
                     "underscores",
                     topics, MAX_PREFIX);
}

// Without a key, only this machine may ask.
static bool check_listener(const struct config *config, enum config_key key, const char *name,
                           struct error *err)
{
    struct endpoint endpoint;
    const char *listen = config_str(config, key);
    return listen[0] == '\0' ||
           (endpoint_parse(config->arena, str_of(listen), &endpoint) &&
            endpoint_is_loopback(&endpoint)) ||
           error_set(err, ERROR_INVALID, name,
                     "'%s' can be reached from other machines: set api.key, or listen on 127.0.0.1",
                     listen);
}

static bool check_tls(const struct config *config, struct error *err)
{
    bool has_certificate = config_str(config, CONFIG_API_TLS_CERTIFICATE)[0] != '\0',
         has_key = config_str(config, CONFIG_API_TLS_KEY)[0] != '\0',
         has_authorities = config_str(config, CONFIG_API_TLS_CLIENT_CA)[0] != '\0',
         asks = strcmp(config_str(config, CONFIG_API_TLS_CLIENTS), "none") != 0;
    if (has_certificate != has_key)
        return error_set(err, ERROR_INVALID, has_key ? "api.tls_certificate" : "api.tls_key",
                         "api.tls_certificate and api.tls_key are set together");
    if (asks && !has_certificate)
        return error_set(err, ERROR_INVALID, "api.tls_certificate",
                         "clients' certificates (api.tls_clients) are asked for in TLS only: set "
                         "api.tls_certificate and api.tls_key");
    return asks == has_authorities ||
           error_set(err, ERROR_INVALID, "api.tls_client_ca",
                     "api.tls_client_ca is set where api.tls_clients is optional or required, and "
                     "only there");
}

bool config_check(const struct config *config, struct error *err)
{
    static const struct {
        enum config_key key;
        const char *name;
    } listeners[] = {{CONFIG_API_LISTEN, "api.listen"}, {CONFIG_GRPC_LISTEN, "grpc.listen"}};
    bool is_open =
        config_str(config, CONFIG_API_KEY)[0] == '\0' && !config_bool(config, CONFIG_AUTH_ENABLED);
    if (!check_prefix(config, err) || !check_tls(config, err))
        return false;
    for (size_t i = 0; is_open && i < COUNT_OF(listeners); i++)
        if (config_has(config, CONFIG_ROLES, STR("api")) &&
            !check_listener(config, listeners[i].key, listeners[i].name, err))
            return false;
    return true;
}

const char *config_str(const struct config *config, enum config_key key)
{
    check(key < CONFIG_COUNT);
    return config->values[key].text;
}

int64_t config_i64(const struct config *config, enum config_key key)
{
    check(key < CONFIG_COUNT && rows[key].type == INTEGER);
    return config->values[key].number;
}

bool config_bool(const struct config *config, enum config_key key)
{
    check(key < CONFIG_COUNT && rows[key].type == BOOLEAN);
    return config->values[key].number != 0;
}

bool config_has(const struct config *config, enum config_key key, str word)
{
    return list_has(str_of(config_str(config, key)), word);
}

const char *config_key_name(enum config_key key)
{
    check(key < CONFIG_COUNT);
    return rows[key].key;
}

const char *config_key_text(enum config_key key)
{
    check(key < CONFIG_COUNT);
    return rows[key].text;
}

const char *config_key_allowed(enum config_key key)
{
    check(key < CONFIG_COUNT);
    return rows[key].type == BOOLEAN ? "true,false" : rows[key].allowed;
}

const char *config_source_name(enum config_source source)
{
    static const char *const names[] = {"default", "file", "environment", "argument"};
    check((size_t)source < COUNT_OF(names));
    return names[source];
}

static const char *shown(const struct config *config, size_t key)
{
    bool hidden = rows[key].type == SECRET && config->values[key].source != CONFIG_DEFAULT;
    return hidden ? "***" : config->values[key].text;
}

void config_print(const struct config *config, struct strbuf *out)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        strbuf_format(out, "# %s", rows[i].text);
        if (rows[i].allowed[0] != '\0')
            strbuf_format(out, " Allowed: %s.", rows[i].allowed);
        strbuf_format(out, " (%s)\n", config_source_name(config->values[i].source));
        strbuf_format(out, "%s = %s\n", rows[i].key, shown(config, i));
    }
}

static void add_text(struct json_writer *writer, str name, const char *text)
{
    json_key(writer, name);
    json_string(writer, str_of(text));
}

void config_print_json(const struct config *config, struct strbuf *out)
{
    struct json_writer writer = json_writer_new(out);
    json_begin_object(&writer);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_key(&writer, str_of(rows[i].key));
        json_begin_object(&writer);
        add_text(&writer, STR("value"), shown(config, i));
        add_text(&writer, STR("source"), config_source_name(config->values[i].source));
        add_text(&writer, STR("allowed"), config_key_allowed((enum config_key)i));
        add_text(&writer, STR("text"), rows[i].text);
        json_end_object(&writer);
    }
    json_end_object(&writer);
}
