// SPDX-License-Identifier: Apache-2.0
//
// OCEL 2.0 as JSON. An object-centric log has no cases; a log of one case each is had by choosing
// the type of objects that are the cases: an event that touches two of them is in both traces.
#ifndef BATON_INSIGHT_OCEL_H
#define BATON_INSIGHT_OCEL_H

#include "insight/xes.h"

// `object_type`: whose objects are the cases; empty: the type with the most events.
MUST_CHECK bool ocel_read(struct log_builder *builder, str text, str object_type,
                          struct error *err);

// The log's cases become objects of the type "case", its resources objects of the type "resource".
MUST_CHECK bool ocel_write(const struct event_log *log, struct strbuf *buffer, write_out write,
                           void *context, struct error *err);

#endif
