// SPDX-License-Identifier: Apache-2.0
//
// The command line's way to a running Baton: its REST API, over libcurl.
#ifndef BATON_CLI_CLIENT_H
#define BATON_CLI_CLIENT_H

#include "base/json.h"

// Where the API is and what to show: the options that every client command has.
struct client_options {
    str profile;       // --profile; profile.h says what else counts
    str url;           // --api; else BATON_CLI_URL, CAMUNDA_REST_ADDRESS, ZEEBE_REST_ADDRESS;
                       // http://127.0.0.1:8080
    str key;           // --api-key; else BATON_CLI_KEY
    str token;         // --token; else BATON_CLI_TOKEN
    str user;          // --user; else BATON_CLI_USER
    str password_file; // --password-file; else BATON_CLI_PASSWORD, else the terminal
    str ca;            // --ca; else BATON_CLI_CA, else the system's authorities
    str certificate;   // --certificate; else BATON_CLI_CERTIFICATE
    str output;        // "table" or "json"
    str tenant;        // of what is deployed or started; empty: the default tenant
};

#define CLIENT_OPTIONS(options)                                                                    \
    {"profile", "NAME", "where and who, as `baton profile set` has kept it (BATON_CLI_PROFILE)",   \
     &(options).profile, NULL},                                                                    \
        {"api", "URL", "where Baton serves its API (BATON_CLI_URL; http://127.0.0.1:8080)",        \
         &(options).url, NULL},                                                                    \
        {"api-key", "KEY", "the API key (BATON_CLI_KEY)", &(options).key, NULL},                   \
        {"token", "TOKEN", "a provider's token (BATON_CLI_TOKEN)", &(options).token, NULL},        \
        {"user", "NAME", "a local user (BATON_CLI_USER)", &(options).user, NULL},                  \
        {"password-file", "FILE", "has the user's password (BATON_CLI_PASSWORD has it itself)",    \
         &(options).password_file, NULL},                                                          \
        {"ca", "FILE", "PEM: the authorities of the API's certificate (BATON_CLI_CA)",             \
         &(options).ca, NULL},                                                                     \
        {"certificate", "FILE", "PEM: your certificate and its key (BATON_CLI_CERTIFICATE)",       \
         &(options).certificate, NULL},                                                            \
    {                                                                                              \
        "output", "table|json", "for people or for programs", &(options).output, NULL              \
    }

// True when the output is for programs.
bool client_wants_json(const struct client_options *options);

struct client_file {
    str name;
    str bytes;
};

struct client_answer {
    int status;
    str text;
    const struct json *json; // NULL when the answer is empty or no JSON
};

// Sends a request; `body` may be empty. False: no answer (*err says why), or one with a status of
// 400 and above (*err is the problem's detail).
MUST_CHECK bool client_send(struct arena *arena, const struct client_options *options,
                            const char *method, str path, str body,
                            struct client_answer *ret_answer, struct error *err);

// Uploads files as the form parts "resources".
MUST_CHECK bool client_upload(struct arena *arena, const struct client_options *options, str path,
                              const struct client_file *files, size_t count,
                              struct client_answer *ret_answer, struct error *err);

// The failure on standard error; returns EXIT_FAILED.
int client_fail(const struct error *err);

// Shows what came of a request: the failure, the answer as JSON, or printed for people. Returns the
// exit code.
typedef void client_print(struct arena *arena, const struct json *answer);
int client_show(struct arena *arena, const struct client_options *options, bool sent,
                const struct client_answer *answer, const struct error *err, client_print *print);

#endif
