// SPDX-License-Identifier: Apache-2.0
//
// The bare loop serves no API: asked for one, it says so.
#include "api/api.h"
#include "gateway/gateway.h"
#include "grpc/grpc.h"

struct gateway *gateway_new(const struct gateway_options *options)
{
    (void)options;
    return NULL;
}

void gateway_drain(struct gateway *gateway)
{
    (void)gateway;
}

void gateway_settle(struct gateway *gateway, void (*done)(void *context), void *context)
{
    (void)gateway;
    done(context);
}

void gateway_stop(struct gateway *gateway)
{
    (void)gateway;
}

void gateway_free(struct gateway *gateway)
{
    (void)gateway;
}

struct api *api_new(const struct api_options *options, struct error *err)
{
    (void)options;
    error_set(err, ERROR_UNSUPPORTED, "roles", "the bare loop has no role api");
    return NULL;
}

void api_drain(struct api *api, void (*done)(void *context), void *context)
{
    (void)api;
    done(context);
}

void api_free(struct api *api)
{
    (void)api;
}

struct grpc_server *grpc_server_new(const struct grpc_options *options, struct error *err)
{
    (void)options;
    error_set(err, ERROR_UNSUPPORTED, "roles", "the bare loop has no role api");
    return NULL;
}

void grpc_server_drain(struct grpc_server *server)
{
    (void)server;
}

void grpc_server_free(struct grpc_server *server)
{
    (void)server;
}

void grpc_server_print_metrics(const struct grpc_server *server, struct strbuf *out)
{
    (void)server, (void)out;
}
