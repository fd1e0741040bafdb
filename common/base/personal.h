// SPDX-License-Identifier: Apache-2.0
//
// How a value that belongs to a person looks where it is not plain. Both forms are JSON, so that
// they pass wherever a value does, inside of others too.
//
//     stored, streamed   "baton:sealed:BASE64URL"                        its stream's keys open it
//     between streams    {"baton:personal":["customer-7"],"value":VALUE} in commands alone
//
// Nobody from outside can make the first: it opens for the stream, tenant and event it was made
// for. What a sealed value says is orchestrator/vault/personal.h.
#ifndef BATON_BASE_PERSONAL_H
#define BATON_BASE_PERSONAL_H

#include "base/error.h"
#include "base/str.h"

#define PERSONAL_SEALED "\"baton:sealed:"
#define PERSONAL_HIDDEN "{\"baton:personal\":\"hidden\"}"
#define PERSONAL_ERASED "{\"baton:personal\":\"erased\"}"

enum {
    PERSONAL_MAX_SUBJECTS = 8,        // of one value
    PERSONAL_MAX_SUBJECT_BYTES = 256, // of a person's id
};

// Whose a value is; in the order in which they came, each once.
struct personal_subjects {
    uint32_t count;
    str items[PERSONAL_MAX_SUBJECTS];
};

// False: there would be too many.
MUST_CHECK bool personal_add(struct personal_subjects *subjects, str subject);
MUST_CHECK bool personal_add_all(struct personal_subjects *subjects,
                                 const struct personal_subjects *more);
bool personal_same(const struct personal_subjects *a, const struct personal_subjects *b);

// Whether the text is a sealed value.
static inline bool personal_is_sealed(str json)
{
    return str_starts_with(json, STR(PERSONAL_SEALED));
}

// Whether a JSON text may have values of that form somewhere: false is certain.
bool personal_has_sealed(str text);
bool personal_has_marked(str text);

// Whether personal_replace would find one in a text that we wrote: that is certain.
bool personal_holds_sealed(str text);

// What takes the place of a value; the text lives in the arena of the caller, or as long as *it.
// False: it stays as it is.
struct personal_replacing {
    void *context;
    bool (*replace)(void *context, str sealed, str *ret_json); // sealed: BASE64URL
};

// Each sealed value of a text, also inside of texts that are JSON themselves, however often quoted.
str personal_replace(struct arena *arena, str text, const struct personal_replacing *replacing);

// A value in the second form.
str personal_mark(struct arena *arena, const struct personal_subjects *subjects, str json);

// Each marked value of a JSON text gives way to what the function makes of it; marks inside of one
// belong to all persons named. A number as an id is the text that FEEL makes of it: 7.0 is "7".
// What has no mark stays as it is, in bytes. False: a mark is none (*err says what one must be), or
// the function failed.
struct personal_sealing {
    void *context;
    bool (*seal)(void *context, const struct personal_subjects *subjects, str json, str *ret_json,
                 struct error *err);
};
MUST_CHECK bool personal_seal_marked(struct arena *arena, str json,
                                     const struct personal_sealing *sealing, str *ret_json,
                                     struct error *err);

#endif
