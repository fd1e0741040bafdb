// SPDX-License-Identifier: Apache-2.0
//
// Where Prometheus and a supervisor ask baton-worker: GET /metrics and GET /health/live, on the
// address of the setting worker.listen.
#ifndef BATON_WORKER_METRICS_PAGE_H
#define BATON_WORKER_METRICS_PAGE_H

#include "base/error.h"

struct event_base;
struct metrics_page;
struct worker;

// `listen`: host:port; the port 0 takes a free one, which the log says. The worker outlives it.
// NULL and *err when the address cannot be had.
MUST_CHECK struct metrics_page *metrics_page_new(const char *listen, struct worker *worker,
                                                 struct event_base *loop, struct error *err);
void metrics_page_free(struct metrics_page *page); // NULL is fine

#endif
