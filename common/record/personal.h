// SPDX-License-Identifier: Apache-2.0
//
// How a value that belongs to a person looks where it is not plain. Both forms are JSON, so that
// they pass wherever a value does.
//
//     stored, streamed   "baton:sealed:BASE64URL"                          only its stream's keys
//     open it between streams    {"baton:personal":["customer-7"],"value":VALUE}   in commands
//
// Nobody from outside can make the first: it opens for the stream, tenant and event it was made
// for.
#ifndef BATON_RECORD_PERSONAL_H
#define BATON_RECORD_PERSONAL_H

#include "base/arena.h"
#include "base/str.h"

#define PERSONAL_SEALED "\"baton:sealed:"
#define PERSONAL_MARKED "{\"baton:personal\":"

enum {
    PERSONAL_MAX_SUBJECTS = 8, // of one value
    PERSONAL_MAX_KEYS = 256,   // of one stream: as many persons
};

// Whose a value is; in the order in which they came, each once.
struct personal_subjects {
    uint32_t count;
    str items[PERSONAL_MAX_SUBJECTS];
};

static inline bool personal_is_sealed(str json)
{
    return str_starts_with(json, STR(PERSONAL_SEALED));
}

static inline bool personal_is_marked(str json)
{
    return str_starts_with(json, STR(PERSONAL_MARKED));
}

#endif
