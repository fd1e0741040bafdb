// SPDX-License-Identifier: Apache-2.0
//
// The projector: threads that make the flat records of schemas/0100_records.sql from history, as
// it is committed. Several nodes may run one; a shard's records are made by one at a time. Nothing
// waits for it: it may lag, stop, be restarted or be off, and goes on where it stopped.
#ifndef BATON_PROJECTOR_PROJECTOR_H
#define BATON_PROJECTOR_PROJECTOR_H

#include "base/error.h"
#include "base/strbuf.h"

struct projector;

// Begins at once; NULL after *err says why no thread could be made. PostgreSQL need not be there.
struct projector *projector_new(const char *url, struct error *err);

// Ends after the turn that runs, some seconds at most.
void projector_free(struct projector *projector);

// Appends its metrics in Prometheus' text format.
void projector_print_metrics(const struct projector *projector, struct strbuf *out);

#endif
