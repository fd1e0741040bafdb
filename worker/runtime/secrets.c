// SPDX-License-Identifier: Apache-2.0
#include "worker/secrets.h"

#include "base/digest.h"
#include "base/json_pointer.h"
#include "base/secret_reference.h"
#include "vault/secret.h"
#include "worker/address.h"

#include <curl/curl.h>
#include <stdlib.h>

struct secrets {
    const struct config *config;
    struct fetcher *fetcher;
};

// A job on its way, in its task's arena.
struct filling {
    struct secrets *secrets;
    struct worker_task *task;
    struct arena *arena;
    secrets_filled *done;
    void *context;
    size_t count;
    struct told_secret told[SECRETS_MAX_NAMES];
    bool is_told[SECRETS_MAX_NAMES];
};

struct secrets *secrets_new(const struct config *config, struct fetcher *fetcher)
{
    struct secrets *secrets = calloc(1, sizeof *secrets);
    check(secrets != NULL);
    *secrets = (struct secrets){config, fetcher};
    return secrets;
}

void secrets_free(struct secrets *secrets)
{
    free(secrets);
}

static void fail(struct filling *filling, const struct error *err)
{
    filling->done(filling->context, filling->task, NULL, err);
}

// -- Putting values in their places -----------------------------------------------------

static const struct told_secret *told_named(const struct filling *filling, str name)
{
    for (size_t i = 0; i < filling->count; i++)
        if (str_equal(filling->told[i].name, name))
            return &filling->told[i];
    return NULL;
}

static str with_values(const struct filling *filling, str text)
{
    struct strbuf out = strbuf_new(filling->arena);
    str whole = secret_whole(text), before, name;
    const struct told_secret *secret = told_named(filling, whole);
    if (whole.len > 0 && secret != NULL)
        return secret->value;
    while (secret_next(&text, &before, &name)) {
        secret = told_named(filling, name);
        strbuf_add(&out, before);
        if (secret != NULL)
            strbuf_add(&out, secret->value);
        else
            strbuf_format(&out, "{{secrets.%.*s}}", STR_ARG(name));
    }
    strbuf_add(&out, text);
    return strbuf_str(&out);
}

static bool read_object(struct filling *filling, str text, struct json **ret_object,
                        struct error *err)
{
    return json_parse(filling->arena, text.len > 0 ? text : STR("{}"), ret_object, err);
}

static str text_of(struct arena *arena, const struct json *value)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_value(&w, value);
    return strbuf_str(&out);
}

// A place that several references share is filled once.
static bool is_first(const struct job_offer *job, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(job->secrets[i].pointer, job->secrets[index].pointer))
            return false;
    return true;
}

static void finish(struct filling *filling)
{
    static const char headers_root[] = "/headers", variables_root[] = "/variables";
    const struct job_offer *job = worker_task_job(filling->task);
    struct json *headers, *variables;
    struct error err;
    if (!read_object(filling, job->headers, &headers, &err) ||
        !read_object(filling, job->variables, &variables, &err)) {
        fail(filling, &err);
        return;
    }
    for (size_t i = 0; i < job->secret_count; i++) {
        str pointer = job->secrets[i].pointer;
        bool is_header = str_starts_with(pointer, str_of(headers_root));
        size_t root = is_header ? sizeof headers_root - 1 : sizeof variables_root - 1;
        struct json *place =
            json_at(filling->arena, is_header ? headers : variables, str_from_index(pointer, root));
        if (json_is(place, JSON_STRING) && is_first(job, i))
            place->text = with_values(filling, place->text);
    }
    const struct filled filled = {.variables = text_of(filling->arena, variables),
                                  .headers = text_of(filling->arena, headers),
                                  .secrets = filling->told,
                                  .count = filling->count};
    filling->done(filling->context, filling->task, &filled, NULL);
}

// -- Asking the API ---------------------------------------------------------------------

static str hosts_of(struct arena *arena, const struct json *list)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; json_is(list, JSON_ARRAY) && i < list->count; i++) {
        if (i > 0)
            strbuf_add_char(&out, ',');
        strbuf_add(&out, list->items[i].text);
    }
    return strbuf_str(&out);
}

static void take_resolved(struct filling *filling, const struct json *resolved)
{
    for (size_t i = 0; json_is(resolved, JSON_ARRAY) && i < resolved->count; i++) {
        const struct json *one = &resolved->items[i];
        str name = secret_whole(json_get_str(one, STR("reference"), STR_EMPTY));
        for (size_t k = 0; k < filling->count; k++)
            if (str_equal(filling->told[k].name, name)) {
                filling->told[k].value =
                    str_copy(filling->arena, json_get_str(one, STR("value"), STR_EMPTY));
                filling->told[k].hosts = hosts_of(filling->arena, json_get(one, STR("hosts")));
                filling->is_told[k] = true;
            }
    }
}

static void refuse(struct filling *filling, str name, str code, str message)
{
    struct error err;
    bool is_missing = str_equal(code, STR("NOT_FOUND"));
    (void)error_set(&err, is_missing ? ERROR_NOT_FOUND : ERROR_DENIED, "secret",
                    "the secret '%.*s' cannot be had: %.*s", STR_ARG(name), STR_ARG(message));
    fail(filling, &err);
}

static void finish_or_refuse(struct filling *filling, const struct json *errors)
{
    for (size_t k = 0; k < filling->count; k++) {
        if (filling->is_told[k])
            continue;
        str name = filling->told[k].name, code = STR("NOT_FOUND"),
            message = STR("there is no such file or variable, and secrets.api is not set");
        for (size_t i = 0; json_is(errors, JSON_ARRAY) && i < errors->count; i++)
            if (str_equal(
                    secret_whole(json_get_str(&errors->items[i], STR("reference"), STR_EMPTY)),
                    name)) {
                code = json_get_str(&errors->items[i], STR("code"), code);
                message = json_get_str(&errors->items[i], STR("message"), message);
            }
        refuse(filling, name, code, message);
        return;
    }
    finish(filling);
}

static void on_answer(void *context, const struct fetch_answer *answer, const struct error *err)
{
    struct filling *filling = context;
    struct json *body = NULL;
    struct error why;
    bool is_good = answer != NULL && answer->status == 200 &&
                   json_parse(filling->arena, answer->body, &body, &why);
    if (is_good) {
        take_resolved(filling, json_get(body, STR("resolved")));
        finish_or_refuse(filling, json_get(body, STR("errors")));
        return;
    }
    if (answer == NULL)
        (void)error_set(&why, ERROR_UNAVAILABLE, "secrets.api", "%.200s", err->text);
    else
        (void)error_set(&why, answer->status < 500 ? ERROR_DENIED : ERROR_UNAVAILABLE,
                        "secrets.api", "secrets cannot be asked for: HTTP status %d",
                        answer->status);
    fail(filling, &why);
}

static str wishes_of(struct filling *filling)
{
    struct strbuf out = strbuf_new(filling->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("jobKey"));
    json_string(&w, str_format(filling->arena, "%llu",
                               (unsigned long long)worker_task_job(filling->task)->key));
    json_key(&w, STR("references"));
    json_begin_array(&w);
    for (size_t i = 0; i < filling->count; i++)
        if (!filling->is_told[i])
            json_string(&w, str_format(filling->arena, "camunda.secrets.%.*s",
                                       STR_ARG(filling->told[i].name)));
    json_end_array(&w);
    json_end_object(&w);
    return strbuf_str(&out);
}

static void ask_api(struct filling *filling)
{
    struct arena *arena = filling->arena;
    const struct config *config = filling->secrets->config;
    str api = str_of(config_str(config, CONFIG_SECRETS_API));
    while (str_ends_with(api, STR("/")))
        api.len--;
    const struct fetch_header headers[] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("Authorization"),
         str_format(arena, "Bearer %s", config_str(config, CONFIG_SECRETS_API_KEY))}};
    bool has_key = config_str(config, CONFIG_SECRETS_API_KEY)[0] != '\0';
    const struct fetch_request request = {
        .method = "POST",
        .url = str_cstr(arena, str_join2(arena, api, STR("/v2/secrets/resolve"))),
        .body = wishes_of(filling),
        .headers = headers,
        .header_count = has_key ? 2 : 1,
        .connect_timeout_ms = SECRETS_API_MS,
        .timeout_ms = SECRETS_API_MS,
        .allowed = STR("*"), // where it is was said by a setting, not by a model
        .authorities = config_str(config, CONFIG_SECRETS_API_CA)};
    fetch_start(filling->secrets->fetcher, &request, on_answer, filling);
}

// -- A job ------------------------------------------------------------------------------

static bool add_names(struct filling *filling, const struct job_offer *job, struct error *err)
{
    for (size_t i = 0; i < job->secret_count; i++) {
        if (told_named(filling, job->secrets[i].name) != NULL)
            continue;
        if (filling->count == SECRETS_MAX_NAMES)
            return error_set(err, ERROR_LIMIT, "secret",
                             "the job refers to more than SECRETS_MAX_NAMES (%d) secrets",
                             SECRETS_MAX_NAMES);
        filling->told[filling->count++].name = job->secrets[i].name;
    }
    return true;
}

static bool look_outside(struct filling *filling, const struct job_offer *job, struct error *err)
{
    for (size_t i = 0; i < filling->count; i++) {
        filling->is_told[i] = secret_outside(filling->secrets->config, filling->arena, job->tenant,
                                             filling->told[i].name, &filling->told[i].value, err);
        if (!filling->is_told[i] && err->kind != ERROR_NOT_FOUND)
            return false;
    }
    return true;
}

static bool is_complete(const struct filling *filling)
{
    for (size_t i = 0; i < filling->count; i++)
        if (!filling->is_told[i])
            return false;
    return true;
}

void secrets_fill(struct secrets *secrets, struct worker_task *task, secrets_filled *done,
                  void *context)
{
    const struct job_offer *job = worker_task_job(task);
    const struct filled plain = {.variables = job->variables, .headers = job->headers};
    struct error err;
    if (job->secret_count == 0) {
        done(context, task, &plain, NULL);
        return;
    }
    struct filling *filling = ARENA_NEW(worker_task_arena(task), struct filling);
    filling->secrets = secrets;
    filling->task = task;
    filling->arena = worker_task_arena(task);
    filling->done = done;
    filling->context = context;
    if (!add_names(filling, job, &err) || !look_outside(filling, job, &err))
        fail(filling, &err);
    else if (is_complete(filling))
        finish(filling);
    else if (config_str(secrets->config, CONFIG_SECRETS_API)[0] == '\0')
        finish_or_refuse(filling, NULL);
    else
        ask_api(filling);
}

// -- Where they may go, and where they must not be ----------------------------------------

bool secrets_may_go(const struct filled *filled, const char *url, struct error *err)
{
    struct arena arena = ARENA_EMPTY;
    unsigned port = 0;
    str host = fetch_target(&arena, url, &port);
    bool good = true;
    for (size_t i = 0; i < filled->count && good; i++)
        good =
            filled->secrets[i].hosts.len == 0 ||
            address_is_allowed(filled->secrets[i].hosts, host, port) ||
            error_set(err, ERROR_DENIED, "secret", "the secret '%.*s' may not be sent to %.*s:%u",
                      STR_ARG(filled->secrets[i].name), STR_ARG(host), port);
    arena_done(&arena);
    return good;
}

static str replaced(struct arena *arena, str text, str wanted, str by)
{
    size_t at = wanted.len < SECRETS_MIN_HIDDEN ? SIZE_MAX : str_find(text, wanted);
    if (at == SIZE_MAX)
        return text;
    struct strbuf out = strbuf_new(arena);
    for (; at != SIZE_MAX; at = str_find(text, wanted)) {
        strbuf_add(&out, str_sub(text, 0, at));
        strbuf_add(&out, by);
        text = str_from_index(text, at + wanted.len);
    }
    strbuf_add(&out, text);
    return strbuf_str(&out);
}

static str percent_encoded(struct arena *arena, str text)
{
    char *escaped = curl_easy_escape(NULL, text.data, (int)text.len);
    check(escaped != NULL);
    str copy = str_copy(arena, str_of(escaped));
    explicit_bzero(escaped, copy.len);
    curl_free(escaped);
    return copy;
}

// In base64 a text looks otherwise behind one or two other bytes, as a password behind its user's
// name: what is in the middle stays the same.
static str hide_base64(struct arena *arena, str text, str value, str by)
{
    for (size_t shift = 0; shift < 3; shift++) {
        struct strbuf padded = strbuf_new(arena), encoded = strbuf_new(arena);
        strbuf_add(&padded, str_from("\0\0", shift));
        strbuf_add(&padded, value);
        base64_encode(&encoded, strbuf_str(&padded));
        size_t skip = shift == 0 ? 0 : shift + 1, whole = padded.len / 3 * 4;
        if (whole > skip)
            text = replaced(arena, text, str_sub(strbuf_str(&encoded), skip, whole - skip), by);
        explicit_bzero(padded.data, padded.len);
    }
    return text;
}

str secrets_hide(struct arena *arena, const struct filled *filled, str text)
{
    for (size_t i = 0; i < filled->count; i++) {
        const struct told_secret *secret = &filled->secrets[i];
        str by = str_format(arena, "{{secrets.%.*s}}", STR_ARG(secret->name));
        if (secret->value.len < SECRETS_MIN_HIDDEN)
            continue;
        text = replaced(arena, text, secret->value, by);
        text = replaced(arena, text, percent_encoded(arena, secret->value), by);
        text = hide_base64(arena, text, secret->value, by);
    }
    return text;
}

static void wipe(str text)
{
    if (text.len > 0)
        explicit_bzero((char *)text.data, text.len);
}

void secrets_wipe(const struct filled *filled)
{
    if (filled->count == 0)
        return;
    for (size_t i = 0; i < filled->count; i++)
        wipe(filled->secrets[i].value);
    wipe(filled->variables);
    wipe(filled->headers);
}
