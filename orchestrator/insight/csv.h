// SPDX-License-Identifier: Apache-2.0
//
// Logs as CSV (RFC 4180): one event a row, the first row names the columns. Read as a stream of
// pieces of any size. The separator is found out in the first row: ',', ';', a tab or '|'.
#ifndef BATON_INSIGHT_CSV_H
#define BATON_INSIGHT_CSV_H

#include "insight/xes.h"

struct csv_reader;

struct csv_reader *csv_reader_new(struct log_builder *builder, const struct log_mapping *mapping);
void csv_reader_free(struct csv_reader *reader); // NULL is fine

// The next piece. False when a row is not as it should be: *err names its line.
MUST_CHECK bool csv_reader_feed(struct csv_reader *reader, str piece, bool is_last,
                                struct error *err);

// All events, with XES's keys as names of columns and "case:" before those of cases.
MUST_CHECK bool csv_write(const struct event_log *log, struct strbuf *buffer, write_out write,
                          void *context, struct error *err);

#endif
