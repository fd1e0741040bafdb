// SPDX-License-Identifier: Apache-2.0
#include "base/personal.h"

#include "base/json.h"

enum { MAX_QUOTED = 4 };

bool personal_add(struct personal_subjects *subjects, str subject)
{
    for (uint32_t i = 0; i < subjects->count; i++)
        if (str_equal(subjects->items[i], subject))
            return true;
    if (subjects->count == PERSONAL_MAX_SUBJECTS)
        return false;
    subjects->items[subjects->count++] = subject;
    return true;
}

bool personal_add_all(struct personal_subjects *subjects, const struct personal_subjects *more)
{
    for (uint32_t i = 0; i < more->count; i++)
        if (!personal_add(subjects, more->items[i]))
            return false;
    return true;
}

bool personal_same(const struct personal_subjects *a, const struct personal_subjects *b)
{
    struct personal_subjects all = *a;
    return a->count == b->count && personal_add_all(&all, b) && all.count == a->count;
}

bool personal_has_sealed(str text)
{
    str name = STR("baton:sealed:");
    return text.len > name.len && memmem(text.data, text.len, name.data, name.len) != NULL;
}

bool personal_has_marked(str text)
{
    str name = STR("\"baton:personal\"");
    return text.len > name.len && memmem(text.data, text.len, name.data, name.len) != NULL;
}

// -- Sealed values in a text ------------------------------------------------------------

struct place { // of a sealed value
    size_t start, end;
    uint32_t quoted; // how often it stands in a text that is JSON itself
    str body;
};

static bool is_base64url(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

// Before the quote stand 2^n - 1 backslashes where it is quoted n times.
static bool quoted_times(size_t slashes, uint32_t *ret_times)
{
    for (uint32_t times = 0; times <= MAX_QUOTED; times++)
        if (slashes + 1 == (size_t)1 << times) {
            *ret_times = times;
            return true;
        }
    return false;
}

static bool place_at(str text, size_t found, struct place *ret_place)
{
    size_t quote = found, slashes = 0, at = found + strlen(PERSONAL_SEALED), closing = 0;
    while (quote > slashes && text.data[quote - slashes - 1] == '\\')
        slashes++;
    if (!quoted_times(slashes, &ret_place->quoted))
        return false;
    size_t body = at;
    while (at < text.len && is_base64url(text.data[at]))
        at++;
    ret_place->body = str_sub(text, body, at - body);
    while (at < text.len && text.data[at] == '\\') {
        at++;
        closing++;
    }
    if (at >= text.len || text.data[at] != '"' || closing != slashes)
        return false;
    ret_place->start = quote - slashes;
    ret_place->end = at + 1;
    return true;
}

static bool next_place(str text, size_t from, struct place *ret_place)
{
    str name = STR(PERSONAL_SEALED);
    while (from < text.len) {
        const char *found = memmem(text.data + from, text.len - from, name.data, name.len);
        if (found == NULL)
            return false;
        if (place_at(text, (size_t)(found - text.data), ret_place))
            return true;
        from = (size_t)(found - text.data) + 1;
    }
    return false;
}

// As it stands inside of a text.
static str quote_again(struct arena *arena, str json, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++) {
        struct strbuf out = strbuf_new(arena);
        json_quote(&out, json);
        json = str_sub(strbuf_str(&out), 1, out.len - 2);
    }
    return json;
}

str personal_replace(struct arena *arena, str text, const struct personal_replacing *replacing)
{
    if (!personal_has_sealed(text))
        return text;
    struct strbuf out = strbuf_new(arena);
    struct place place;
    size_t done = 0, from = 0;
    str json;
    while (next_place(text, from, &place)) {
        from = place.end;
        if (!replacing->replace(replacing->context, place.body, &json))
            continue;
        strbuf_add(&out, str_sub(text, done, place.start - done));
        strbuf_add(&out, quote_again(arena, json, place.quoted));
        done = place.end;
    }
    strbuf_add(&out, str_from_index(text, done));
    return strbuf_str(&out);
}

// -- Marked values ----------------------------------------------------------------------

str personal_mark(struct arena *arena, const struct personal_subjects *subjects, str json)
{
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    json_begin_object(&w);
    json_key(&w, STR("baton:personal"));
    json_begin_array(&w);
    for (uint32_t i = 0; i < subjects->count; i++)
        json_string(&w, subjects->items[i]);
    json_end_array(&w);
    json_key(&w, STR("value"));
    json_raw(&w, json);
    json_end_object(&w);
    return strbuf_str(&out);
}

struct walk {
    struct arena *arena;
    const struct personal_sealing *sealing;
    struct personal_subjects *inside; // of the mark that this is inside of; NULL: none
    struct error *err;
};

static bool walk_value(struct walk *walk, struct json_writer *w, const struct json *value);

static bool is_mark(const struct json *value)
{
    return json_get(value, STR("baton:personal")) != NULL;
}

static bool refuse(struct walk *walk)
{
    return error_set(walk->err, ERROR_INVALID, "baton:personal",
                     "a personal value must be {\"baton:personal\": ID or [ID, …], \"value\": …}, "
                     "with 1 to %d ids of 1 to %d bytes",
                     PERSONAL_MAX_SUBJECTS, PERSONAL_MAX_SUBJECT_BYTES);
}

static bool add_named(struct walk *walk, struct personal_subjects *subjects,
                      const struct json *named)
{
    bool is_text = json_is(named, JSON_STRING) || json_is(named, JSON_NUMBER);
    if (is_text && named->text.len > 0 && named->text.len <= PERSONAL_MAX_SUBJECT_BYTES &&
        personal_add(subjects, named->text))
        return true;
    if (!json_is(named, JSON_ARRAY) || named->count == 0)
        return refuse(walk);
    for (size_t i = 0; i < named->count; i++)
        if (json_is(&named->items[i], JSON_ARRAY) || !add_named(walk, subjects, &named->items[i]))
            return refuse(walk);
    return true;
}

static bool walk_mark(struct walk *walk, struct json_writer *w, const struct json *mark)
{
    const struct json *value = json_get(mark, STR("value"));
    struct personal_subjects subjects = {0};
    struct walk inner = *walk;
    struct strbuf plain = strbuf_new(walk->arena);
    struct json_writer plain_writer = json_writer_new(&plain);
    bool is_outermost = walk->inside == NULL;
    str sealed;
    inner.inside = is_outermost ? &subjects : walk->inside;
    if (mark->count != 2 || value == NULL)
        return refuse(walk);
    if (!add_named(walk, inner.inside, json_get(mark, STR("baton:personal"))))
        return false;
    if (!is_outermost)
        return walk_value(&inner, w, value);
    if (!walk_value(&inner, &plain_writer, value) ||
        !walk->sealing->seal(walk->sealing->context, &subjects, strbuf_str(&plain), &sealed,
                             walk->err))
        return false;
    json_raw(w, sealed);
    return true;
}

// Recursion is bounded: json_parse refuses deep nesting.
static bool walk_value(struct walk *walk, struct json_writer *w, const struct json *value)
{
    if (is_mark(value))
        return walk_mark(walk, w, value);
    if (json_is(value, JSON_ARRAY)) {
        json_begin_array(w);
        for (size_t i = 0; i < value->count; i++)
            if (!walk_value(walk, w, &value->items[i]))
                return false;
        json_end_array(w);
    } else if (json_is(value, JSON_OBJECT)) {
        json_begin_object(w);
        for (size_t i = 0; i < value->count; i++) {
            json_key(w, value->members[i].name);
            if (!walk_value(walk, w, &value->members[i].value))
                return false;
        }
        json_end_object(w);
    } else {
        json_value(w, value);
    }
    return true;
}

bool personal_seal_marked(struct arena *arena, str json, const struct personal_sealing *sealing,
                          str *ret_json, struct error *err)
{
    struct walk walk = {arena, sealing, NULL, err};
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *value;
    if (!personal_has_marked(json)) {
        *ret_json = json;
        return true;
    }
    if (!json_parse(arena, json, &value, err) || !walk_value(&walk, &w, value))
        return false;
    *ret_json = strbuf_str(&out);
    return true;
}
