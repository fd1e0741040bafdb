// SPDX-License-Identifier: Apache-2.0
#include "metrics_page.h"

#include "base/log.h"
#include "http/server.h"
#include "worker/worker.h"

#include <stdlib.h>
#include <string.h>

enum { OPEN_REQUESTS = 16, CONNECTIONS = 64, BYTES = 4 << 20 };

struct metrics_page {
    struct worker *worker;
    struct http_server *server;
};

static void handle_metrics(struct request *request)
{
    const struct metrics_page *page = request->context;
    struct strbuf out = strbuf_new(&request->arena);
    worker_print_metrics(page->worker, &out);
    request_answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", strbuf_str(&out));
}

static void handle_live(struct request *request)
{
    request_answer_json(request, 200, STR("{\"status\":\"UP\"}"));
}

static const struct route routes[] = {
    {.method = ROUTE_GET, .path = "/metrics", .handle = handle_metrics, .permission = "none"},
    {.method = ROUTE_GET,
     .path = "/health/live",
     .handle = handle_live,
     .permission = "none",
     .answers_json = true},
};

// Nothing here is anybody's in particular; who may reach the address may ask.
static enum admission admit(struct request *request)
{
    (void)request;
    return ADMITTED;
}

static bool is_local(const char *listen)
{
    return strncmp(listen, "127.", 4) == 0 || strncmp(listen, "localhost:", 10) == 0 ||
           strncmp(listen, "[::1]:", 6) == 0;
}

struct metrics_page *metrics_page_new(const char *listen, struct worker *worker,
                                      struct event_base *loop, struct error *err)
{
    struct metrics_page *page = calloc(1, sizeof *page);
    check(page != NULL);
    page->worker = worker;
    const struct http_options options = {.loop = loop,
                                         .listen = listen,
                                         .routes = routes,
                                         .route_count = COUNT_OF(routes),
                                         .context = page,
                                         .admit = admit,
                                         .local_only = is_local(listen),
                                         .max_open_requests = OPEN_REQUESTS,
                                         .max_connections = CONNECTIONS,
                                         .max_bytes = BYTES};
    page->server = http_server_new(&options, err);
    if (page->server == NULL) {
        free(page);
        return NULL;
    }
    log_info("worker", "metrics on http://%s/metrics", http_server_address(page->server));
    return page;
}

void metrics_page_free(struct metrics_page *page)
{
    if (page == NULL)
        return;
    http_server_free(page->server);
    free(page);
}
