// SPDX-License-Identifier: Apache-2.0
//
// The limits of limits.def as constants, and what makes them fit together.
#ifndef BATON_RECORD_LIMITS_H
#define BATON_RECORD_LIMITS_H

#include <stdint.h>

enum limit {
#define LIMIT(name, value, who, meaning) LIMIT_##name = value,
#include "record/limits.def"
#undef LIMIT
};

// Moments that are stored lie in the years 1 to 9999, in milliseconds since 1970: what lies beyond
// is one of these.
#define LIMIT_FIRST_MS INT64_C(-62135596800000)
#define LIMIT_LAST_MS INT64_C(253402300799999)

enum {
    LIMIT_RECORD_ROOM = 65536,    // names, ids, tokens and framing around what a record carries
    LIMIT_INDEX_ROW_BYTES = 2704, // of a btree in PostgreSQL
    LIMIT_INDEXED_NAMES = 4, // the most texts of NAME_BYTES in one index: tenant, name, key …
    LIMIT_EVENT_FIELDS = 20, // of one event on the wire, at most
};

_Static_assert(LIMIT_COMMAND_VARIABLES_BYTES + LIMIT_RECORD_ROOM <= LIMIT_RECORD_BYTES,
               "a command with all its variables is a record");
_Static_assert(LIMIT_OUTPUT_BYTES + LIMIT_RECORD_ROOM <= LIMIT_RECORD_BYTES,
               "a job and an answer are records");
_Static_assert(LIMIT_HISTORY_ROW_BYTES + LIMIT_VALUE_BYTES + LIMIT_RECORD_ROOM <=
                   LIMIT_RECORD_BYTES,
               "a row of history is a record, whatever its last event");
_Static_assert(LIMIT_HISTORY_ROW_EVENTS *LIMIT_EVENT_FIELDS <= LIMIT_RECORD_FIELDS,
               "a row of history is decoded again");
_Static_assert(LIMIT_VARIABLE_BYTES <= LIMIT_VALUE_BYTES, "a variable is an event");
_Static_assert(LIMIT_NAME_BYTES *LIMIT_INDEXED_NAMES + 256 <= LIMIT_INDEX_ROW_BYTES,
               "names fit an index");
_Static_assert(LIMIT_RECORD_BYTES <= LIMIT_RECORD_READ_BYTES, "what is written is read");
_Static_assert(LIMIT_ACTIVATIONS_PER_COMMAND * 100 < LIMIT_STEPS_PER_COMMAND,
               "activations alone are within the steps");

#endif
