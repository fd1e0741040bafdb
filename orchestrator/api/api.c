// SPDX-License-Identifier: Apache-2.0
#include "api/api_private.h"

#include "access/access.h"
#include "access/login.h"
#include "base/log.h"
#include "loop/tls.h"

#include <stdlib.h>

struct api *api_new(const struct api_options *options, struct error *err)
{
    const struct config *config = options->config;
    if (!config_check(config, err))
        return NULL;
    struct api *api = calloc(1, sizeof *api);
    check(api != NULL);
    api->options = *options;
    api->live = live_new(api);
    api->key = config_str(config, CONFIG_API_KEY);
    struct access *access = gateway_access(options->gateway);
    api->own_passwords = access == NULL ? passwords_new(options->loop, config) : NULL;
    api->passwords = access == NULL ? api->own_passwords : proof_passwords(access_proof(access));
    if (!tls_start(config, options->loop, "http/1.1", &api->tls, err)) {
        api_free(api);
        return NULL;
    }
    api->http = http_server_new(
        &(struct http_options){
            .loop = options->loop,
            .listen = config_str(config, CONFIG_API_LISTEN),
            .tls = api->tls,
            .routes = api_routes,
            .route_count = api_route_count,
            .context = api,
            .page = console_is_there() ? "/" : NULL,
            .admit = caller_admit,
            .refused = caller_refused,
            .look = personal_look,
            .local_only = api->key[0] == '\0' && gateway_access(options->gateway) == NULL,
            .cors_origins = config_str(config, CONFIG_API_CORS_ORIGINS),
            .max_open_requests = (size_t)config_i64(config, CONFIG_API_PENDING),
            .max_connections = (size_t)config_i64(config, CONFIG_API_MAX_CONNECTIONS),
            .max_bytes = (size_t)config_i64(config, CONFIG_API_MAX_BYTES),
        },
        err);
    if (api->http == NULL) {
        api_free(api);
        return NULL;
    }
    log_info("api", "serving on %s://%s", api->tls != NULL ? "https" : "http",
             http_server_address(api->http));
    return api;
}

void api_drain(struct api *api, void (*done)(void *context), void *context)
{
    live_stop(api->live);
    http_server_drain(api->http, done, context);
}

void api_free(struct api *api)
{
    if (api == NULL)
        return;
    if (api->own_passwords != NULL)
        passwords_free(api->own_passwords);
    live_stop(api->live);
    live_free(api->live);
    http_server_free(api->http);
    tls_free(api->tls);
    free(api);
}
