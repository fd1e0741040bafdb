// SPDX-License-Identifier: Apache-2.0
//
// A log out of the bytes of a file: XES, CSV or OCEL 2.0 JSON, packed with gzip or not, told apart
// by how they begin. Knows no files: the caller brings the bytes in pieces of any size.
//
//     struct log_reader *reader = log_reader_new(arena, &mapping);
//     while (…) ok = log_reader_feed(reader, piece, err);
//     ok = log_reader_finish(reader, &log, err);
//     log_reader_free(reader);
#ifndef BATON_INSIGHT_READER_H
#define BATON_INSIGHT_READER_H

#include "insight/csv.h"
#include "insight/ocel.h"

enum log_format { LOG_FORMAT_UNKNOWN, LOG_FORMAT_XES, LOG_FORMAT_CSV, LOG_FORMAT_OCEL };

struct log_reader;

// `object_type` is OCEL's: whose objects are the cases. Mapping and object type must stay.
struct log_reader *log_reader_new(struct arena *arena, const struct log_mapping *mapping,
                                  str object_type);
void log_reader_free(struct log_reader *reader); // NULL is fine

MUST_CHECK bool log_reader_feed(struct log_reader *reader, str piece, struct error *err);

// Behind the last piece. False as well when the file was cut, or has no event at all.
MUST_CHECK bool log_reader_finish(struct log_reader *reader, const struct event_log **ret_log,
                                  struct error *err);

#endif
