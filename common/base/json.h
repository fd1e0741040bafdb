// SPDX-License-Identifier: Apache-2.0
//
// JSON (RFC 8259) as a tree in an arena, and a writer. Numbers keep their text, so no decimal digit
// is lost. The parser refuses what readers disagree on: duplicate names, invalid UTF-8, anything
// after the value, and nesting beyond JSON_MAX_DEPTH.
#ifndef BATON_BASE_JSON_H
#define BATON_BASE_JSON_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "base/strbuf.h"

enum { JSON_MAX_DEPTH = 32 };

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member;

struct json {
    enum json_type type;
    bool boolean;
    size_t count; // items or members
    union {
        str text;                    // JSON_NUMBER: as written. JSON_STRING: unescaped.
        struct json *items;          // JSON_ARRAY
        struct json_member *members; // JSON_OBJECT, in the order written
    };
};

struct json_member {
    str name;
    struct json value;
};

// Parses a whole document. Texts may point into `text` or the arena. On failure *err names the byte
// offset; place is "json".
MUST_CHECK bool json_parse(struct arena *arena, str text, struct json **ret_value,
                           struct error *err);

// The member's value; NULL when absent or when `value` is NULL or no object.
const struct json *json_get(const struct json *value, str name);

// Typed members; the fallback when absent or of another type.
str json_get_str(const struct json *value, str name, str fallback);
int64_t json_get_i64(const struct json *value, str name, int64_t fallback);
bool json_get_bool(const struct json *value, str name, bool fallback);

bool json_is(const struct json *value, enum json_type type); // false for NULL

const char *json_type_name(enum json_type type);

// Writes values one after the other; commas are its business.
struct json_writer {
    struct strbuf *out;
    bool after_value; // the next value or key needs a comma
};

struct json_writer json_writer_new(struct strbuf *out);
void json_begin_object(struct json_writer *writer);
void json_end_object(struct json_writer *writer);
void json_begin_array(struct json_writer *writer);
void json_end_array(struct json_writer *writer);
void json_key(struct json_writer *writer, str name);
void json_string(struct json_writer *writer, str text);
void json_i64(struct json_writer *writer, int64_t value);
void json_u64(struct json_writer *writer, uint64_t value);
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);
void json_raw(struct json_writer *writer, str json); // already JSON
void json_value(struct json_writer *writer, const struct json *value);

// A member; null where the text is empty.
void json_optional(struct json_writer *writer, const char *name, str text);

// Appends text in quotes, escaped.
void json_quote(struct strbuf *out, str text);

// Does the text of valid JSON have the character U+0000 in a string or a name?
bool json_has_nul(str text);

#endif
