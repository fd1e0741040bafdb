// SPDX-License-Identifier: Apache-2.0
#include "access/provider.h"

#include "access/fetch.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "loop/helper.h"
#include "loop/pending.h"
#include "store/catalogue/credential.h"
#include "store/query.h"
#include "store/read/credential.h"

#include <stdio.h>
#include <stdlib.h>

enum { NS_PER_S = 1000000000 };

struct waiter {
    struct waiter *next;
    provider_ready *ready;
    void *context;
};

// What was fetched, or read from where it is kept. Replaced as a whole.
struct description {
    struct arena arena;
    struct endpoints endpoints;
    struct jwk_set *keys;
    str discovery, keys_text; // as they came
    bool is_kept;             // in PostgreSQL, or on its way there
};

struct provider {
    const struct provider_settings *settings;
    struct providers *all;
    struct description *known; // NULL: nothing yet
    bool is_fetching;
    int64_t tried_ns, fetched_ns; // 0: never
    struct waiter *waiters;
    struct error trouble; // why it could not be fetched the last time; ERROR_NONE: it could
};

struct providers {
    struct arena arena;
    struct helper *helper; // of descriptions: one a provider at most
    struct helper *logins; // of codes that become tokens
    struct query_pool *pool;
    struct pending_list out;
    struct provider *items;
    size_t count;
};

// One fetch, on its way through a thread.
struct errand {
    struct arena arena;
    struct provider *provider;
    const struct provider_settings *settings; // outlive the threads
    str discovery, keys;                      // as they came
    struct description *made;
    struct error err;
};

static void description_free(struct description *description)
{
    if (description == NULL)
        return;
    jwk_set_free(description->keys);
    arena_done(&description->arena);
    free(description);
}

// -- Reading what a provider says -------------------------------------------------------

static str member(const struct json *discovery, const char *name, str instead)
{
    return instead.len > 0 ? instead : json_get_str(discovery, str_of(name), STR_EMPTY);
}

// `discovery` may be empty where the settings say enough.
static bool read_endpoints(struct arena *arena, const struct provider_settings *settings,
                           str discovery, struct endpoints *ret_endpoints, struct error *err)
{
    struct json *json = NULL;
    if (discovery.len > 0) {
        if (!json_parse(arena, discovery, &json, err))
            return false;
        str issuer = json_get_str(json, STR("issuer"), STR_EMPTY);
        if (!str_equal(issuer, settings->issuer))
            return error_set(err, ERROR_INVALID, "auth.providers",
                             "%.40s: its description names the issuer \"%.120s\", the file "
                             "\"%.120s\": both must be what `iss` of its tokens says",
                             str_cstr(arena, settings->name), str_cstr(arena, issuer),
                             str_cstr(arena, settings->issuer));
    }
    *ret_endpoints = (struct endpoints){
        .authorization = member(json, "authorization_endpoint", settings->authorization_url),
        .token = member(json, "token_endpoint", settings->token_url),
        .keys = member(json, "jwks_uri", settings->jwks_url),
        .end_session = member(json, "end_session_endpoint", settings->end_session_url)};
    return ret_endpoints->keys.len > 0 ||
           error_set(err, ERROR_INVALID, "auth.providers", "%.40s: its description has no jwks_uri",
                     str_cstr(arena, settings->name));
}

static struct description *description_new(const struct endpoints *endpoints, struct jwk_set *keys)
{
    struct description *made = calloc(1, sizeof *made);
    check(made != NULL);
    made->keys = keys;
    made->endpoints =
        (struct endpoints){.authorization = str_copy(&made->arena, endpoints->authorization),
                           .token = str_copy(&made->arena, endpoints->token),
                           .keys = str_copy(&made->arena, endpoints->keys),
                           .end_session = str_copy(&made->arena, endpoints->end_session)};
    return made;
}

// -- On a thread ------------------------------------------------------------------------

static bool get(struct errand *errand, str url, str *ret_body)
{
    const struct fetch fetch = {.url = url, .ca_file = errand->settings->ca_file};
    return fetch_run(&errand->arena, &fetch, ret_body, &errand->err);
}

static void run_errand(void *context)
{
    struct errand *errand = context;
    struct endpoints endpoints;
    const struct provider_settings *settings = errand->settings;
    if (settings->discovery_url.len > 0 && settings->jwks_url.len == 0 &&
        !get(errand, settings->discovery_url, &errand->discovery))
        return;
    // A provider without a description may still have one that helps.
    if (settings->discovery_url.len > 0 && settings->jwks_url.len > 0 &&
        !get(errand, settings->discovery_url, &errand->discovery))
        errand->discovery = STR_EMPTY;
    struct jwk_set *keys = NULL;
    if (read_endpoints(&errand->arena, settings, errand->discovery, &endpoints, &errand->err) &&
        get(errand, endpoints.keys, &errand->keys))
        keys = jwk_set_parse(errand->keys, &errand->err);
    if (keys == NULL)
        return;
    errand->made = description_new(&endpoints, keys);
    errand->made->discovery = str_copy(&errand->made->arena, errand->discovery);
    errand->made->keys_text = str_copy(&errand->made->arena, errand->keys);
    errand->err = (struct error){0};
}

// -- On the loop ------------------------------------------------------------------------

static void call_waiters(struct provider *provider, const struct error *err)
{
    struct waiter *waiter = provider->waiters;
    provider->waiters = NULL;
    while (waiter != NULL) {
        struct waiter own = *waiter;
        free(waiter);
        own.ready(own.context, err);
        waiter = own.next;
    }
}

static void take(struct provider *provider, struct description *made)
{
    description_free(provider->known);
    provider->known = made;
}

static void settle(struct provider *provider)
{
    struct error err;
    provider->is_fetching = false;
    if (provider->known != NULL) {
        call_waiters(provider, NULL);
        return;
    }
    (void)error_set(&err, ERROR_UNAVAILABLE, "provider",
                    "the provider '%.*s' cannot be reached now: try again later",
                    STR_ARG(provider->settings->name));
    call_waiters(provider, &err);
}

static void on_kept(void *context, const struct query_rows *rows, const struct error *err)
{
    struct provider *provider = pending_end(context);
    struct arena arena = ARENA_EMPTY;
    struct endpoints endpoints;
    struct error ignored;
    struct jwk_set *keys = NULL;
    (void)err; // whoever waits is answered, and the provider's own failure was logged
    if (provider == NULL)
        return;
    if (rows != NULL && query_row_count(rows) > 0 &&
        read_endpoints(&arena, provider->settings, query_value(rows, 0, PROVIDER_DISCOVERY),
                       &endpoints, &ignored))
        keys = jwk_set_parse(query_value(rows, 0, PROVIDER_KEYS), &ignored);
    if (keys != NULL && provider->known == NULL) {
        take(provider, description_new(&endpoints, keys));
        provider->known->is_kept = true;
        log_info("access", "provider %.*s: its keys of %.*s are used",
                 STR_ARG(provider->settings->name),
                 STR_ARG(query_value(rows, 0, PROVIDER_FETCHED)));
    } else {
        jwk_set_free(keys);
    }
    settle(provider);
    arena_done(&arena);
}

static void on_stored(void *context, const struct query_rows *rows, const struct error *err)
{
    struct provider *provider = pending_end(context);
    if (rows == NULL)
        log_failure("access", err);
    if (rows == NULL && provider != NULL && provider->known != NULL)
        provider->known->is_kept = false;
}

// PostgreSQL may not be there yet when the first description comes.
static void keep(struct provider *provider)
{
    struct description *known = provider->known;
    struct arena arena = ARENA_EMPTY;
    if (known == NULL || known->is_kept || !query_pool_is_ready(provider->all->pool))
        return;
    known->is_kept = true;
    query_statement(provider->all->pool,
                    catalogue_provider_keep(&arena, provider->settings->name,
                                            provider->settings->issuer, known->discovery,
                                            known->keys_text),
                    on_stored, pending_new(&provider->all->out, provider));
    arena_done(&arena);
}

// One line whenever what is wrong changes.
static void note_trouble(struct provider *provider, const struct error *err)
{
    if (strcmp(provider->trouble.text, err->text) != 0) {
        if (err->kind != ERROR_NONE)
            log_warning("access", "provider %.*s: %s: %s", STR_ARG(provider->settings->name),
                        err->place, err->text);
        else
            log_info("access", "provider %.*s is there again", STR_ARG(provider->settings->name));
    }
    provider->trouble = *err;
}

static void on_errand(void *context, bool was_run)
{
    struct errand *errand = context;
    struct provider *provider = errand->provider;
    if (was_run)
        note_trouble(provider, &errand->err);
    if (errand->made != NULL) {
        provider->fetched_ns = clock_monotonic_ns();
        take(provider, errand->made);
        keep(provider);
    }
    arena_done(&errand->arena);
    free(errand);
    if (was_run && provider->known == NULL) {
        struct arena arena = ARENA_EMPTY;
        query_statement(
            provider->all->pool,
            read_provider_kept(&arena, provider->settings->name, provider->settings->issuer),
            on_kept, pending_new(&provider->all->out, provider));
        arena_done(&arena);
        return;
    }
    settle(provider);
}

static void start(struct provider *provider)
{
    struct errand *errand = calloc(1, sizeof *errand);
    check(errand != NULL);
    errand->provider = provider;
    errand->settings = provider->settings;
    provider->is_fetching = true;
    provider->tried_ns = clock_monotonic_ns();
    // Never full: a provider has one fetch at a time.
    check(helper_run(provider->all->helper, run_errand, on_errand, errand));
}

bool provider_is_up(const struct provider *provider)
{
    return provider->fetched_ns != 0 && provider->trouble.kind == ERROR_NONE;
}

bool provider_may_refresh(const struct provider *provider)
{
    return provider->is_fetching || provider->tried_ns == 0 ||
           clock_monotonic_ns() - provider->tried_ns >= (int64_t)PROVIDER_REST_S * NS_PER_S;
}

void provider_use(struct provider *provider)
{
    int64_t age_ns = clock_monotonic_ns() - provider->fetched_ns;
    bool is_old =
        provider->fetched_ns == 0 || age_ns >= provider->settings->refresh_s * (int64_t)NS_PER_S;
    keep(provider);
    if (is_old && !provider->is_fetching && provider_may_refresh(provider))
        start(provider);
}

void provider_refresh(struct provider *provider, provider_ready *ready, void *context)
{
    struct waiter *waiter = malloc(sizeof *waiter);
    check(waiter != NULL);
    *waiter = (struct waiter){provider->waiters, ready, context};
    provider->waiters = waiter;
    if (!provider->is_fetching)
        start(provider);
}

// -- All of them ------------------------------------------------------------------------

struct providers *providers_new(struct event_base *loop, const struct config *config,
                                struct query_pool *pool, struct error *err)
{
    struct provider_settings *settings;
    struct providers *providers = calloc(1, sizeof *providers);
    check(providers != NULL);
    providers->pool = pool;
    if (!provider_file_read(&providers->arena, config_str(config, CONFIG_AUTH_PROVIDERS), &settings,
                            &providers->count, err)) {
        arena_done(&providers->arena);
        free(providers);
        return NULL;
    }
    fetch_init();
    providers->helper = helper_new(loop, PROVIDER_THREADS, PROVIDERS_MAX);
    providers->logins = helper_new(loop, PROVIDER_THREADS, PROVIDER_MAX_WAITING);
    providers->items = ARENA_ARRAY(&providers->arena, struct provider, providers->count);
    for (size_t i = 0; i < providers->count; i++) {
        struct provider *provider = &providers->items[i];
        provider->settings = &settings[i];
        provider->all = providers;
        if (str_starts_with(settings[i].discovery_url, STR("http://")))
            log_warning("access", "provider %.*s is asked over plain HTTP",
                        STR_ARG(settings[i].name));
        start(provider);
    }
    return providers;
}

void providers_free(struct providers *providers)
{
    struct error err;
    if (providers == NULL)
        return;
    helper_free(providers->helper);
    helper_free(providers->logins);
    pending_cancel(&providers->out);
    (void)error_set(&err, ERROR_UNAVAILABLE, "access", "this program is stopping");
    for (size_t i = 0; i < providers->count; i++)
        call_waiters(&providers->items[i], &err);
    for (size_t i = 0; i < providers->count; i++)
        description_free(providers->items[i].known);
    arena_done(&providers->arena);
    free(providers);
}

size_t providers_count(const struct providers *providers)
{
    return providers->count;
}

struct provider *providers_at(struct providers *providers, size_t index)
{
    check(index < providers->count);
    return &providers->items[index];
}

struct provider *providers_named(struct providers *providers, str name)
{
    for (size_t i = 0; i < providers->count; i++)
        if (str_equal(providers->items[i].settings->name, name))
            return &providers->items[i];
    return NULL;
}

struct provider *providers_issuing(struct providers *providers, str issuer)
{
    for (size_t i = 0; i < providers->count; i++)
        if (str_equal(providers->items[i].settings->issuer, issuer))
            return &providers->items[i];
    return NULL;
}

struct helper *providers_logins(struct providers *providers)
{
    return providers->logins;
}

const char *providers_trouble(const struct providers *providers)
{
    static char text[sizeof(struct error)];
    for (size_t i = 0; i < providers->count; i++) {
        const struct provider *provider = &providers->items[i];
        if (provider->trouble.kind == ERROR_NONE)
            continue;
        snprintf(text, sizeof text, "provider %.*s: %.90s: %.350s",
                 STR_ARG(provider->settings->name), provider->trouble.place,
                 provider->trouble.text);
        return text;
    }
    return NULL;
}

const struct provider_settings *provider_settings(const struct provider *provider)
{
    return provider->settings;
}

const struct endpoints *provider_endpoints(const struct provider *provider)
{
    static const struct endpoints none;
    return provider->known != NULL ? &provider->known->endpoints : &none;
}

const struct jwk_set *provider_keys(const struct provider *provider)
{
    return provider->known != NULL ? provider->known->keys : NULL;
}
