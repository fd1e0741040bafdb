// SPDX-License-Identifier: Apache-2.0
//
// IANA time zones, read from the system's compiled tzdata (TZif, RFC 8536) once and then immutable:
// looking a zone up or asking it for an offset does no I/O. Times after a zone's last transition
// follow the rule in the file's footer.
#ifndef BATON_BASE_ZONE_H
#define BATON_BASE_ZONE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct zone;
struct zone_db;

#define ZONE_DIRECTORY "/usr/share/zoneinfo"

enum { ZONE_FILE_MAX = 1 << 16, ZONE_COUNT_MAX = 2048 };

// Reads every zone below the directory into the arena, where the database lives.
MUST_CHECK bool zone_db_load(struct arena *arena, const char *directory,
                             const struct zone_db **ret_db, struct error *err);

// The zone of this name, compared exactly; NULL when there is none or db is NULL.
const struct zone *zone_find(const struct zone_db *db, str name);

str zone_name(const struct zone *zone);

// Seconds east of UTC at this moment (seconds since 1970-01-01T00:00:00Z).
int32_t zone_offset_at(const struct zone *zone, int64_t utc);

// The moment of a local wall-clock time. A time that a change skips is moved forward by the gap; of
// one that occurs twice the first is taken.
int64_t zone_to_utc(const struct zone *zone, int64_t local);

#endif
