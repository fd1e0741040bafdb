// SPDX-License-Identifier: Apache-2.0
//
// Is this process alive, can it do its work, what has it done; and who it says it is.
#include "api/api_private.h"

#include "base/vitals.h"
#include "loop/tls.h"

#include <stdio.h>

void handle_health_live(struct request *request)
{
    request_answer_json(request, 200, STR("{\"status\":\"UP\"}"));
}

static const char *why_not_ready(const struct api *api)
{
    const char *why = gateway_not_ready(api->options.gateway);
    if (why != NULL || api->options.not_ready == NULL)
        return why;
    return api->options.not_ready(api->options.context);
}

void handle_health_ready(struct request *request)
{
    const char *why = why_not_ready(api_of(request));
    struct strbuf out = strbuf_new(&request->arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("status"));
    json_string(&w, why ? STR("DOWN") : STR("UP"));
    if (why != NULL) {
        json_key(&w, STR("reason"));
        json_string(&w, str_of(why));
    }
    const struct api_options *environment = &api_of(request)->options;
    const char *warning =
        environment->warning != NULL ? environment->warning(environment->context) : NULL;
    if (warning != NULL) {
        json_key(&w, STR("warning"));
        json_string(&w, str_of(warning));
    }
    json_end_object(&w);
    request_answer_json(request, why ? 503 : 200, strbuf_str(&out));
}

static void add_metrics(const struct http_counts *counts, struct strbuf *out)
{
    strbuf_add(out, STR("# HELP baton_api_requests_total Answered HTTP requests by status class.\n"
                        "# TYPE baton_api_requests_total counter\n"));
    for (int i = 1; i < HTTP_STATUS_CLASSES; i++)
        strbuf_format(out, "baton_api_requests_total{status=\"%dxx\"} %llu\n", i,
                      (unsigned long long)counts->answered[i]);
    histogram_print(&counts->durations, "baton_api_request_seconds",
                    "Time from a request to its answer.", out);
    strbuf_format(out,
                  "# HELP baton_api_open_requests Requests being worked on.\n"
                  "# TYPE baton_api_open_requests gauge\nbaton_api_open_requests %zu\n",
                  counts->open_requests);
    strbuf_format(out,
                  "# HELP baton_api_connections Connections of callers.\n"
                  "# TYPE baton_api_connections gauge\nbaton_api_connections %zu\n"
                  "# HELP baton_api_bytes Bytes of requests and answers in flight.\n"
                  "# TYPE baton_api_bytes gauge\nbaton_api_bytes %zu\n",
                  counts->connections, counts->bytes);
    strbuf_format(
        out,
        "# HELP baton_api_refused_total Requests refused before they were read.\n"
        "# TYPE baton_api_refused_total counter\nbaton_api_refused_total %llu\n"
        "# HELP baton_api_cut_off_total Connections that took too long or were too many.\n"
        "# TYPE baton_api_cut_off_total counter\nbaton_api_cut_off_total %llu\n",
        (unsigned long long)counts->refused, (unsigned long long)counts->cut_off);
}

static void add_tls_metrics(const struct tls *tls, struct strbuf *out)
{
    struct tls_counts counts = tls_counts(tls);
    strbuf_format(
        out,
        "# HELP baton_tls_certificate_not_after_seconds When the certificate that is shown ends, "
        "since 1970.\n# TYPE baton_tls_certificate_not_after_seconds gauge\n"
        "baton_tls_certificate_not_after_seconds %lld\n"
        "# HELP baton_tls_reloads_total Changes of the certificate's files, by what came of it.\n"
        "# TYPE baton_tls_reloads_total counter\n"
        "baton_tls_reloads_total{result=\"used\"} %llu\n"
        "baton_tls_reloads_total{result=\"failed\"} %llu\n",
        (long long)counts.not_after, (unsigned long long)counts.reloads,
        (unsigned long long)counts.failures);
}

// Camunda's: 204 when it can do its work.
void handle_status_get(struct request *request)
{
    const char *why = why_not_ready(api_of(request));
    if (why == NULL)
        request_answer_empty(request);
    else
        request_busy(request, why);
}

// Processes and job types are a tenant's things: with tenants only whoever sees all is told their
// names.
static bool may_see_names(struct request *request)
{
    return caller_of(request)->identity->is_everything ||
           !config_bool(api_of(request)->options.config, CONFIG_AUTH_TENANTS);
}

void handle_health_metrics(struct request *request)
{
    const struct api *api = api_of(request);
    struct strbuf out = strbuf_new(&request->arena);
    vitals_print("baton", &out);
    if (api->options.add_metrics != NULL)
        api->options.add_metrics(api->options.context, may_see_names(request), &out);
    struct http_counts counts = http_server_counts(api->http);
    add_metrics(&counts, &out);
    if (api->tls != NULL)
        add_tls_metrics(api->tls, &out);
    request_answer_text(request, 200, "text/plain; version=0.0.4; charset=utf-8", strbuf_str(&out));
}

void handle_openapi_get(struct request *request)
{
    request_answer_json(request, 200, str_from(api_document, api_document_len));
}

void handle_license_get(struct request *request)
{
    request_answer_json(request, 200,
                        STR("{\"validLicense\":true,\"licenseType\":\"Apache-2.0\","
                            "\"isCommercial\":false,\"expiresAt\":null}"));
}
