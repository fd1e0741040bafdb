// SPDX-License-Identifier: Apache-2.0
//
// XES (IEEE 1849-2023), read as a stream of pieces of any size and written to a buffer. All kinds
// of attributes are read, nested ones, lists and containers too; extensions, globals and
// classifiers are kept. A DOCTYPE is refused.
#ifndef BATON_INSIGHT_XES_H
#define BATON_INSIGHT_XES_H

#include "insight/builder.h"
#include "insight/event_log.h"
#include "base/strbuf.h"

// Which attributes are what the log is made of. Empty: the standard's own key.
struct log_mapping {
    str case_key, activity_key, time_key, start_key, enabled_key, resource_key;
    str time_format;                 // of strptime; empty: ISO 8601
    char delimiter;                  // of CSV; 0: found out
    bool is_classified_by_lifecycle; // the activity is name+transition
    str lifecycle;                   // only events of this transition; empty: all
};

struct xes_reader;

struct xes_reader *xes_reader_new(struct log_builder *builder, const struct log_mapping *mapping);
void xes_reader_free(struct xes_reader *reader); // NULL is fine

// The next piece of the file. False when it is not XES: *err names the line.
MUST_CHECK bool xes_reader_feed(struct xes_reader *reader, str piece, bool is_last,
                                struct error *err);

// Called when the buffer is worth writing out: it may be emptied.
typedef bool (*write_out)(void *context, struct strbuf *buffer, struct error *err);

MUST_CHECK bool xes_write(const struct event_log *log, struct strbuf *buffer, write_out write,
                          void *context, struct error *err);

#endif
