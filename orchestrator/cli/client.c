// SPDX-License-Identifier: Apache-2.0
#include "cli/client.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/strbuf.h"
#include "cli/command.h"
#include "cli/credentials.h"
#include "cli/profile.h"

enum { TIMEOUT_SECONDS = 120, CONNECT_SECONDS = 5 };

struct exchange {
    CURL *curl;
    struct curl_slist *headers;
    curl_mime *form;
    struct strbuf received;
};

static str setting(str option, const char *variable, const char *fallback)
{
    const char *value = getenv(variable);
    if (option.len > 0)
        return option;
    return str_of(value && *value ? value : fallback);
}

bool client_wants_json(const struct client_options *options)
{
    return str_equal(options->output, STR("json"));
}

static size_t on_bytes(char *data, size_t size, size_t count, void *context)
{
    strbuf_add(context, str_from(data, size * count));
    return size * count;
}

static void add_header(struct exchange *exchange, const char *line)
{
    exchange->headers = curl_slist_append(exchange->headers, line);
    check(exchange->headers != NULL);
}

// Camunda's clients have names of their own for it.
static str address_of(const struct client_options *options)
{
    str older = setting(STR_EMPTY, "ZEEBE_REST_ADDRESS", "http://127.0.0.1:8080");
    str camunda = setting(STR_EMPTY, "CAMUNDA_REST_ADDRESS", "");
    str own = setting(options->url, "BATON_CLI_URL", "");
    if (own.len > 0)
        return own;
    return camunda.len > 0 ? camunda : older;
}

static void set_file(struct arena *arena, CURL *curl, CURLoption option, str file)
{
    if (file.len > 0)
        curl_easy_setopt(curl, option, str_cstr(arena, file));
}

static bool begin(struct exchange *exchange, struct arena *arena,
                  const struct client_options *options, str path, struct error *err)
{
    str url, authorization;
    if (!profile_apply(arena, options->profile, options->url, err) ||
        !credentials_find(arena, options, &authorization, err))
        return false;
    url = address_of(options);
    if (str_ends_with(url, STR("/")))
        url.len--;
    *exchange = (struct exchange){.curl = curl_easy_init(), .received = strbuf_new(arena)};
    check(exchange->curl != NULL);
    curl_easy_setopt(exchange->curl, CURLOPT_URL, str_cstr(arena, str_join2(arena, url, path)));
    curl_easy_setopt(exchange->curl, CURLOPT_WRITEFUNCTION, on_bytes);
    curl_easy_setopt(exchange->curl, CURLOPT_WRITEDATA, &exchange->received);
    curl_easy_setopt(exchange->curl, CURLOPT_TIMEOUT, (long)TIMEOUT_SECONDS);
    curl_easy_setopt(exchange->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(exchange->curl, CURLOPT_NOSIGNAL, 1L);
    set_file(arena, exchange->curl, CURLOPT_CAINFO, setting(options->ca, "BATON_CLI_CA", ""));
    set_file(arena, exchange->curl, CURLOPT_SSLCERT,
             setting(options->certificate, "BATON_CLI_CERTIFICATE", ""));
    if (authorization.len > 0)
        add_header(exchange,
                   str_cstr(arena, str_join2(arena, STR("Authorization: "), authorization)));
    return true;
}

static void end(struct exchange *exchange)
{
    curl_mime_free(exchange->form);
    curl_slist_free_all(exchange->headers);
    curl_easy_cleanup(exchange->curl);
}

static bool take_answer(struct exchange *exchange, struct arena *arena,
                        struct client_answer *ret_answer, struct error *err)
{
    long status;
    struct json *json = NULL;
    struct error ignored;
    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    str text = strbuf_str(&exchange->received);
    if (text.len > 0 && !json_parse(arena, text, &json, &ignored))
        json = NULL;
    *ret_answer = (struct client_answer){(int)status, text, json};
    if (status < 400)
        return true;
    str detail = json_get_str(json, STR("detail"), text);
    enum error_kind kind = status == 404 ? ERROR_NOT_FOUND : ERROR_INVALID;
    return error_set(err, kind, "", "%.*s (HTTP %ld)", STR_ARG(detail), status);
}

static bool perform(struct exchange *exchange, struct arena *arena,
                    struct client_answer *ret_answer, struct error *err)
{
    char *url = NULL;
    if (exchange->headers != NULL)
        curl_easy_setopt(exchange->curl, CURLOPT_HTTPHEADER, exchange->headers);
    CURLcode code = curl_easy_perform(exchange->curl);
    curl_easy_getinfo(exchange->curl, CURLINFO_EFFECTIVE_URL, &url);
    if (code != CURLE_OK)
        return error_set(
            err, ERROR_UNAVAILABLE, url ? url : "",
            "%s: is Baton running there? (`baton dev` starts one; --api names another)",
            curl_easy_strerror(code));
    return take_answer(exchange, arena, ret_answer, err);
}

bool client_send(struct arena *arena, const struct client_options *options, const char *method,
                 str path, str body, struct client_answer *ret_answer, struct error *err)
{
    struct exchange exchange;
    if (!begin(&exchange, arena, options, path, err))
        return false;
    curl_easy_setopt(exchange.curl, CURLOPT_CUSTOMREQUEST, method);
    if (strcmp(method, "GET") != 0) {
        add_header(&exchange, "Content-Type: application/json");
        add_header(&exchange, "Expect:");
        curl_easy_setopt(exchange.curl, CURLOPT_POSTFIELDSIZE, (long)body.len);
        curl_easy_setopt(exchange.curl, CURLOPT_COPYPOSTFIELDS, body.len > 0 ? body.data : "");
    }
    bool ok = perform(&exchange, arena, ret_answer, err);
    end(&exchange);
    return ok;
}

bool client_upload(struct arena *arena, const struct client_options *options, str path,
                   const struct client_file *files, size_t count, struct client_answer *ret_answer,
                   struct error *err)
{
    struct exchange exchange;
    if (!begin(&exchange, arena, options, path, err))
        return false;
    exchange.form = curl_mime_init(exchange.curl);
    add_header(&exchange, "Expect:");
    for (size_t i = 0; i < count; i++) {
        curl_mimepart *part = curl_mime_addpart(exchange.form);
        curl_mime_name(part, "resources");
        curl_mime_filename(part, str_cstr(arena, files[i].name));
        curl_mime_data(part, files[i].bytes.data, files[i].bytes.len);
        curl_mime_type(part, "application/octet-stream");
    }
    if (options->tenant.len > 0) {
        curl_mimepart *part = curl_mime_addpart(exchange.form);
        curl_mime_name(part, "tenantId");
        curl_mime_data(part, options->tenant.data, options->tenant.len);
    }
    curl_easy_setopt(exchange.curl, CURLOPT_MIMEPOST, exchange.form);
    bool ok = perform(&exchange, arena, ret_answer, err);
    end(&exchange);
    return ok;
}

int client_fail(const struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    str line = error_line(&arena, err);
    fprintf(stderr, "baton: %.*s\n", STR_ARG(line));
    arena_done(&arena);
    return EXIT_FAILED;
}

int client_show(struct arena *arena, const struct client_options *options, bool sent,
                const struct client_answer *answer, const struct error *err, client_print *print)
{
    if (!sent)
        return client_fail(err);
    if (client_wants_json(options))
        printf("%.*s\n", STR_ARG(answer->text));
    else
        print(arena, answer->json);
    return EXIT_OK;
}
