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

// A name may be written with escapes, of its ASCII letters these.
static bool has_escaped(str text)
{
    return memmem(text.data, text.len, "\\u00", strlen("\\u00")) != NULL;
}

bool personal_has_marked(str text)
{
    str name = STR("\"baton:personal\"");
    return text.len > name.len &&
           (memmem(text.data, text.len, name.data, name.len) != NULL || has_escaped(text));
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

bool personal_holds_sealed(str text)
{
    struct place place;
    return next_place(text, 0, &place);
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
    bool has_found; // a mark
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

// As feel/number.h writes it, so that both ways to name a person are the same one.
enum { MAX_DIGITS = 34, MAX_EXPONENT = 999 };

struct literal {
    char digits[MAX_DIGITS]; // without zeros at either end
    size_t count;
    long exponent; // of the last one
    bool is_negative;
};

static bool read_literal(str text, struct literal *ret_literal)
{
    struct literal literal = {.is_negative = str_starts_with(text, STR("-"))};
    bool is_fraction = false;
    long zeros = 0; // behind the last digit
    int64_t exponent = 0;
    size_t i = literal.is_negative;
    for (; i < text.len && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        char c = text.data[i];
        if (c == '.') {
            is_fraction = true;
            continue;
        }
        literal.exponent -= is_fraction;
        if (c == '0') {
            zeros += literal.count > 0;
            continue;
        }
        if (literal.count + (size_t)zeros >= MAX_DIGITS)
            return false;
        for (; zeros > 0; zeros--)
            literal.digits[literal.count++] = '0';
        literal.digits[literal.count++] = c;
    }
    str rest = str_from_index(text, i < text.len ? i + 1 : i);
    if (str_starts_with(rest, STR("+")))
        rest = str_from_index(rest, 1);
    if (!str_is_empty(rest) && !str_to_i64(rest, &exponent))
        return false;
    literal.exponent += zeros + (exponent > MAX_EXPONENT    ? MAX_EXPONENT + 1
                                 : exponent < -MAX_EXPONENT ? -MAX_EXPONENT - 1
                                                            : (long)exponent);
    *ret_literal = literal;
    return literal.count == 0 ||
           (literal.exponent <= MAX_EXPONENT && literal.exponent >= -MAX_EXPONENT);
}

// False: it has too many digits to be one of FEEL.
static bool number_text(struct arena *arena, str text, str *ret_text)
{
    struct literal literal;
    struct strbuf out = strbuf_new(arena);
    if (!read_literal(text, &literal))
        return false;
    str digits = str_from(literal.digits, literal.count);
    long point = (long)digits.len + literal.exponent;
    if (literal.is_negative && digits.len > 0)
        strbuf_add_char(&out, '-');
    if (digits.len == 0) {
        strbuf_add_char(&out, '0');
    } else if (literal.exponent >= 0 && point <= MAX_DIGITS) {
        strbuf_add(&out, digits);
        strbuf_add_repeated(&out, '0', (size_t)literal.exponent);
    } else if (literal.exponent < 0 && point > 0) {
        strbuf_add(&out, str_sub(digits, 0, (size_t)point));
        strbuf_add_char(&out, '.');
        strbuf_add(&out, str_from_index(digits, (size_t)point));
    } else if (literal.exponent < 0 && point > -MAX_DIGITS) {
        strbuf_add(&out, STR("0."));
        strbuf_add_repeated(&out, '0', (size_t)-point);
        strbuf_add(&out, digits);
    } else {
        strbuf_add(&out, digits);
        strbuf_format(&out, "E%+ld", literal.exponent);
    }
    *ret_text = strbuf_str(&out);
    return true;
}

static bool add_named(struct walk *walk, struct personal_subjects *subjects,
                      const struct json *named)
{
    str id = STR_EMPTY;
    if (json_is(named, JSON_STRING))
        id = named->text;
    else if (json_is(named, JSON_NUMBER) && !number_text(walk->arena, named->text, &id))
        return refuse(walk);
    if (id.len > 0 && id.len <= PERSONAL_MAX_SUBJECT_BYTES && personal_add(subjects, id))
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
    walk->has_found = true;
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
    struct walk walk = {arena, sealing, NULL, err, false};
    struct strbuf out = strbuf_new(arena);
    struct json_writer w = json_writer_new(&out);
    struct json *value;
    if (!personal_has_marked(json)) {
        *ret_json = json;
        return true;
    }
    if (!json_parse(arena, json, &value, err) || !walk_value(&walk, &w, value))
        return false;
    *ret_json = walk.has_found ? strbuf_str(&out) : json;
    return true;
}
