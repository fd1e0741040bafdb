// SPDX-License-Identifier: Apache-2.0
//
// What a job asks the SQL connector for. Inputs have the names of Camunda 8's SQL connector:
// database, connection {host, port, databaseName, username, password, sslMode} or {uri}, data
// {query, variables, returnResults}; and timeoutInSeconds. See docs/connectors.md.
#ifndef BATON_CONNECTOR_SQL_REQUEST_H
#define BATON_CONNECTOR_SQL_REQUEST_H

#include "connector_sql/places.h"

struct sql_request {
    const char *host;
    const char *port;
    const char *database;
    const char *user;
    const char *password;
    const char *ssl_mode;
    struct places statement;
    bool wants_rows;
    long timeout_ms;
};

// In the input's arena. False: input->err names the input that is wrong.
MUST_CHECK bool sql_read(const struct input *input, struct sql_request *ret_request);

#endif
