// SPDX-License-Identifier: Apache-2.0
#include "connector_sql/request.h"

#include <libpq-fe.h>
#include <stddef.h>

static const char *const ssl_modes[] = {"disable", "require", "verify-ca", "verify-full"};

// What an address may say; everything else of libpq names files, or other places to go to.
static const struct uri_part {
    const char *name;
    size_t offset; // in struct sql_request
} uri_parts[] = {
    {"host", offsetof(struct sql_request, host)},
    {"port", offsetof(struct sql_request, port)},
    {"dbname", offsetof(struct sql_request, database)},
    {"user", offsetof(struct sql_request, user)},
    {"password", offsetof(struct sql_request, password)},
    {"sslmode", offsetof(struct sql_request, ssl_mode)},
};

static const char **field(struct sql_request *request, size_t offset)
{
    return (const char **)((char *)request + offset);
}

static bool take_uri_option(const struct input *input, const PQconninfoOption *option,
                            struct sql_request *request)
{
    for (size_t i = 0; i < COUNT_OF(uri_parts); i++)
        if (strcmp(option->keyword, uri_parts[i].name) == 0) {
            *field(request, uri_parts[i].offset) = str_cstr(input->arena, str_of(option->val));
            return true;
        }
    return error_set(input->err, ERROR_UNSUPPORTED, input->connector,
                     "\"connection.uri\" has '%s', which a model may not set", option->keyword);
}

// What libpq says of a malformed one would repeat its password.
static bool read_uri(const struct input *input, str uri, struct sql_request *request)
{
    if (str_starts_with(uri, STR("jdbc:")))
        uri = str_from_index(uri, 5);
    bool is_uri =
        str_starts_with(uri, STR("postgresql://")) || str_starts_with(uri, STR("postgres://"));
    char *problem = NULL;
    PQconninfoOption *options =
        is_uri ? PQconninfoParse(str_cstr(input->arena, uri), &problem) : NULL;
    PQfreemem(problem);
    if (options == NULL)
        return input_wrong(input, "\"connection.uri\" is no address such as "
                                  "postgresql://user@host:5432/database");
    bool good = true;
    for (PQconninfoOption *option = options; option->keyword != NULL && good; option++)
        if (option->val != NULL)
            good = take_uri_option(input, option, request);
    PQconninfoFree(options);
    return good;
}

static const char *text_in(const struct input *input, const struct json *connection,
                           const char *name, const char *fallback)
{
    const struct json *value = json_get(connection, str_of(name));
    bool is_given = value != NULL && value->type != JSON_NULL;
    str text = is_given ? input_text(input->arena, value) : str_of(fallback);
    return str_cstr(input->arena, text);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

// Parts of a URI are not quoted: where it is malformed, a piece of its password stands in another
// place.
static bool check_connection(const struct input *input, struct sql_request *request)
{
    uint64_t port;
    if (request->host[0] == '\0' || strpbrk(request->host, "/,@ ") != NULL)
        return input_wrong(input,
                           "\"connection.host\" must be the name or address of one host (in a "
                           "URI, / and @ of a password are %%2F and %%40)");
    if (!str_to_u64(str_of(request->port), &port) || port < 1 || port > 65535)
        return input_wrong(input, "\"connection.port\" must be 1 to 65535 (in a URI, / and @ of a "
                                  "password are %%2F and %%40)");
    if (request->user[0] == '\0')
        return input_wrong(input, "\"connection.username\" is missing");
    if (request->database[0] == '\0')
        request->database = request->user;
    if (request->ssl_mode[0] == '\0')
        request->ssl_mode = is_loopback(request->host) ? "disable" : "require";
    for (size_t i = 0; i < COUNT_OF(ssl_modes); i++)
        if (strcmp(request->ssl_mode, ssl_modes[i]) == 0)
            return true;
    return input_wrong(input, "\"connection.sslMode\" must be disable, require, verify-ca or "
                              "verify-full");
}

static bool read_connection(const struct input *input, struct sql_request *request)
{
    const struct json *connection = json_get(input->object, STR("connection"));
    str database = json_get_str(input->object, STR("database"), STR("POSTGRESQL"));
    str uri = json_get_str(connection, STR("uri"), STR_EMPTY);
    if (!str_equal_ignoring_case(database, STR("POSTGRESQL")))
        return error_set(input->err, ERROR_UNSUPPORTED, input->connector,
                         "\"database\" must be POSTGRESQL%.*s",
                         STR_ARG(input_found(input->arena, database)));
    request->host = text_in(input, connection, "host", "");
    request->port = text_in(input, connection, "port", "5432");
    request->database = text_in(input, connection, "databaseName", "");
    request->user = text_in(input, connection, "username", "");
    request->password = text_in(input, connection, "password", "");
    request->ssl_mode = text_in(input, connection, "sslMode", "");
    return (uri.len == 0 || read_uri(input, uri, request)) && check_connection(input, request);
}

bool sql_read(const struct input *input, struct sql_request *ret_request)
{
    struct sql_request request = {0};
    const struct json *data = json_get(input->object, STR("data"));
    str query = str_trim(json_get_str(data, STR("query"), STR_EMPTY));
    if (query.len == 0 || memchr(query.data, '\0', query.len) != NULL)
        return input_wrong(input, "\"data.query\" must be a text with one statement");
    request.wants_rows = json_get_bool(data, STR("returnResults"), true);
    if (!read_connection(input, &request) ||
        !places_fill(input, query, json_get(data, STR("variables")), &request.statement) ||
        !input_seconds(input, STR("timeoutInSeconds"), &request.timeout_ms))
        return false;
    *ret_request = request;
    return true;
}
