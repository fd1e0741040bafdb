// SPDX-License-Identifier: Apache-2.0
//
// Keys of persons, for who may read what they seal, and what is held about a person.
#ifndef BATON_STORE_READ_PERSONAL_H
#define BATON_STORE_READ_PERSONAL_H

#include "store/read/scope.h"
#include "store/statement.h"

struct personal_key_name {
    uint64_t stream;
    uint32_t number;
};

// Of the tenants of the scope: stream, number, tenant, process id (null: a mailbox's), wrapped
// (null: erased).
enum { PERSONAL_STREAM, PERSONAL_NUMBER, PERSONAL_TENANT, PERSONAL_PROCESS, PERSONAL_WRAPPED };
struct statement read_personal_keys(struct arena *arena, struct scope scope,
                                    const struct personal_key_name *names, size_t count);

// Streams with a key of the person, the newest first: stream, process id, state of the instance
// (ACTIVE, …; null: it is none), whether it was erased, since when, the key's number, and where the
// next page begins behind it.
enum { SUBJECT_MAX_STREAMS = 1000 };
enum {
    SUBJECT_STREAM,
    SUBJECT_PROCESS,
    SUBJECT_STATE,
    SUBJECT_ERASED,
    SUBJECT_MADE,
    SUBJECT_NUMBER,
    SUBJECT_MADE_US
};
struct subject_page {
    str tenant;
    str digest;
    uint64_t limit;   // at most SUBJECT_MAX_STREAMS
    bool is_after;    // what follows these:
    uint64_t made_us; // a SUBJECT_MADE_US
    uint64_t stream;  // and its SUBJECT_STREAM
};
struct statement read_subject_streams(struct arena *arena, struct scope scope,
                                      const struct subject_page *page);

// What has something sealed in these streams, in their order: stream, where (variable, decision,
// message, …), name, scope or key, text, the stream's place among them from 1, how many rows there
// are in all. At most SUBJECT_MAX_HELD rows and, but for the first, SUBJECT_MAX_BYTES of texts.
enum { SUBJECT_MAX_HELD = 10000, SUBJECT_MAX_BYTES = 8 << 20, SUBJECT_GROUP = 16 };
enum { HELD_STREAM, HELD_KIND, HELD_NAME, HELD_KEY, HELD_TEXT, HELD_PLACE, HELD_TOTAL };
struct statement read_subject_held(struct arena *arena, struct scope scope, const uint64_t *streams,
                                   size_t count);

// One row: why they may not be erased (null: they may), how many streams would be, how many of them
// run, when they were erased before, and when the erasure began that is not over yet.
enum { ERASURE_HELD, ERASURE_STREAMS, ERASURE_RUNNING, ERASURE_BEFORE, ERASURE_BEGUN };
struct statement read_erasure(struct arena *arena, struct scope scope, str tenant, str digest,
                              str person);

// One row, or none where the caller may not see it: whether it is over, how many streams had a key,
// the hold that stopped it or null.
struct erasure_name;
enum { ERASURE_IS_SETTLED, ERASURE_HAD, ERASURE_STOPPED };
struct statement read_erasure_state(struct arena *arena, struct scope scope,
                                    const struct erasure_name *name);

#endif
