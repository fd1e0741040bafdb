// SPDX-License-Identifier: Apache-2.0
//
// The providers of OpenID Connect, while the process runs: what each says of itself, and its keys.
// Both are fetched on helper threads when they are needed, and again when they are old or a token
// names an unknown key, at most every PROVIDER_REST_S. What was good once is kept while a provider
// is away, also over a restart: PostgreSQL keeps a copy. A provider that is away never stops this
// process, nor its start.
#ifndef BATON_ACCESS_PROVIDER_H
#define BATON_ACCESS_PROVIDER_H

#include "access/jwk.h"
#include "access/provider_file.h"
#include "base/config.h"

struct event_base;
struct helper;
struct provider;
struct providers;
struct query_pool;

enum { PROVIDER_REST_S = 10, PROVIDER_THREADS = 2, PROVIDER_MAX_WAITING = 200 };

// What the provider's description says; empty: nothing.
struct endpoints {
    str authorization;
    str token;
    str keys;
    str end_session;
};

// NULL and *err when the file of providers is wrong.
MUST_CHECK struct providers *providers_new(struct event_base *loop, const struct config *config,
                                           struct query_pool *pool, struct error *err);
void providers_free(struct providers *providers); // waiters are called with ERROR_UNAVAILABLE

size_t providers_count(const struct providers *providers);
struct provider *providers_at(struct providers *providers, size_t index);
struct provider *providers_named(struct providers *providers, str name);     // NULL: none
struct provider *providers_issuing(struct providers *providers, str issuer); // NULL: none
struct helper *providers_logins(struct providers *providers); // at most PROVIDER_MAX_WAITING wait

// Why logins at one of them fail now; NULL: none is known to be away.
const char *providers_trouble(const struct providers *providers);

const struct provider_settings *provider_settings(const struct provider *provider);
const struct endpoints *provider_endpoints(const struct provider *provider);
const struct jwk_set *provider_keys(const struct provider *provider); // NULL: not here yet

// Both could be fetched the last time.
bool provider_is_up(const struct provider *provider);

// Whether asking may help now: it is under way, or the last time is PROVIDER_REST_S ago.
bool provider_may_refresh(const struct provider *provider);

// Its keys are old: fetch them, and go on with these meanwhile.
void provider_use(struct provider *provider);

// err == NULL: description and keys are fresh, or as fresh as can be.
typedef void provider_ready(void *context, const struct error *err);

// `ready` is called once, on the loop, never from inside.
void provider_refresh(struct provider *provider, provider_ready *ready, void *context);

#endif
