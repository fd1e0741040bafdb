// SPDX-License-Identifier: Apache-2.0
#include "cli/yaml.h"

#include "base/array.h"

#include <stdio.h>

struct line {
    size_t number;
    size_t indent;
    str text; // without indentation, comment and space behind
};

struct reader {
    struct arena *arena;
    struct error *err;
    ARRAY(struct line) lines;
    size_t at;
};

static bool fail(struct reader *r, size_t number, const char *text)
{
    char place[32];
    snprintf(place, sizeof place, "line %zu", number);
    return error_set(r->err, ERROR_INVALID, place, "%s", text);
}

// A comment begins with '#' after a space, outside quotes.
static str without_comment(str text)
{
    char quote = '\0';
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '#' && (i == 0 || text.data[i - 1] == ' '))
            return str_sub(text, 0, i);
    }
    return text;
}

static void read_lines(struct reader *r, str text)
{
    str line;
    size_t number = 0;
    while (str_split(&text, '\n', &line)) {
        size_t indent = 0;
        number++;
        while (indent < line.len && line.data[indent] == ' ')
            indent++;
        str content = str_trim(without_comment(line));
        if (!str_is_empty(content) && !str_equal(content, STR("---")))
            *ARRAY_PUSH(r->arena, &r->lines) = (struct line){number, indent, content};
    }
}

// -- Values on one line -----------------------------------------------------------------

static bool is_number(str text)
{
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        bool digit = text.data[i] >= '0' && text.data[i] <= '9';
        if (!digit && !(text.data[i] == '-' && i == 0) && !(text.data[i] == '.' && digits > 0))
            return false;
        digits += digit;
    }
    return digits > 0 && !str_ends_with(text, STR("."));
}

static bool is_word_end(char c)
{
    return strchr(",:[]{}\"", c) != NULL;
}

static void add_word(struct strbuf *out, str word)
{
    bool bare = is_number(word) || str_equal(word, STR("true")) || str_equal(word, STR("false")) ||
                str_equal(word, STR("null"));
    if (bare)
        strbuf_add(out, word);
    else
        json_quote(out, word);
}

// {a: 1, b: [x, "y"]} as JSON: words get quotes.
static str as_json(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    for (size_t i = 0; i < text.len;) {
        char c = text.data[i];
        size_t end = i + 1;
        if (c == '"') {
            while (end < text.len && text.data[end] != '"')
                end += text.data[end] == '\\' ? 2 : 1;
            end = end < text.len ? end + 1 : text.len;
            strbuf_add(&out, str_sub(text, i, end - i));
        } else if (is_word_end(c) || c == ' ') {
            strbuf_add_char(&out, c);
        } else {
            while (end < text.len && !is_word_end(text.data[end]))
                end++;
            add_word(&out, str_trim(str_sub(text, i, end - i)));
        }
        i = end;
    }
    return strbuf_str(&out);
}

static bool read_scalar(struct reader *r, size_t number, str text, struct json *ret_value)
{
    struct strbuf out = strbuf_new(r->arena);
    struct json *value;
    struct error cause;
    char first = text.data[0];
    if (strchr("&*!|>%@`", first) != NULL)
        return fail(r, number, "anchors, tags and folded text are not read");
    if (first == '\'' && text.len >= 2 && str_ends_with(text, STR("'")))
        json_quote(&out, str_sub(text, 1, text.len - 2));
    else if (first == '{' || first == '[' || first == '"')
        strbuf_add(&out, as_json(r->arena, text));
    else
        add_word(&out, text);
    if (!json_parse(r->arena, strbuf_str(&out), &value, &cause))
        return fail(r, number, cause.text);
    *ret_value = *value;
    return true;
}

// -- Blocks -----------------------------------------------------------------------------

// Where "key: value" is cut; SIZE_MAX: it is no such line.
static size_t colon_of(str text)
{
    char quote = '\0';
    if (text.data[0] == '{' || text.data[0] == '[')
        return SIZE_MAX;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if ((c == '"' || c == '\'') && i == 0)
            quote = c;
        else if (c == ':' && (i + 1 == text.len || text.data[i + 1] == ' '))
            return i;
    }
    return SIZE_MAX;
}

static bool is_item(str text)
{
    return str_equal(text, STR("-")) || str_starts_with(text, STR("- "));
}

static bool read_block(struct reader *r, size_t indent, int depth, struct json *ret_value);

static bool read_nested(struct reader *r, size_t indent, int depth, struct json *ret_value)
{
    bool nested = r->at < r->lines.count &&
                  (r->lines.items[r->at].indent > indent ||
                   (r->lines.items[r->at].indent == indent && is_item(r->lines.items[r->at].text)));
    *ret_value = (struct json){.type = JSON_NULL};
    return !nested || read_block(r, r->lines.items[r->at].indent, depth + 1, ret_value);
}

static bool read_list(struct reader *r, size_t indent, int depth, struct json *ret_value)
{
    ARRAY(struct json) items = {0};
    while (r->at < r->lines.count && r->lines.items[r->at].indent == indent &&
           is_item(r->lines.items[r->at].text)) {
        struct line *line = &r->lines.items[r->at];
        str rest = str_trim(str_from_index(line->text, 1));
        struct json item;
        bool ok;
        if (str_is_empty(rest)) {
            r->at++;
            ok = read_nested(r, indent + 1, depth, &item);
        } else if (colon_of(rest) == SIZE_MAX) {
            r->at++;
            ok = read_scalar(r, line->number, rest, &item);
        } else { // the map begins on the item's own line
            line->indent += line->text.len - rest.len;
            line->text = rest;
            ok = read_block(r, line->indent, depth + 1, &item);
        }
        if (!ok)
            return false;
        *ARRAY_PUSH(r->arena, &items) = item;
    }
    *ret_value = (struct json){.type = JSON_ARRAY, .count = items.count, .items = items.items};
    return true;
}

static str key_of(str text)
{
    str key = str_trim(text);
    bool quoted = key.len >= 2 && (key.data[0] == '"' || key.data[0] == '\'');
    return quoted ? str_sub(key, 1, key.len - 2) : key;
}

static bool read_map(struct reader *r, size_t indent, int depth, struct json *ret_value)
{
    ARRAY(struct json_member) members = {0};
    while (r->at < r->lines.count && r->lines.items[r->at].indent == indent &&
           !is_item(r->lines.items[r->at].text)) {
        const struct line *line = &r->lines.items[r->at++];
        size_t colon = colon_of(line->text);
        struct json value;
        if (colon == SIZE_MAX)
            return fail(r, line->number, "expected 'name: value'");
        str rest = str_trim(str_from_index(line->text, colon + 1));
        bool ok = str_is_empty(rest) ? read_nested(r, indent, depth, &value)
                                     : read_scalar(r, line->number, rest, &value);
        if (!ok)
            return false;
        *ARRAY_PUSH(r->arena, &members) =
            (struct json_member){key_of(str_sub(line->text, 0, colon)), value};
    }
    *ret_value =
        (struct json){.type = JSON_OBJECT, .count = members.count, .members = members.items};
    return true;
}

static bool read_block(struct reader *r, size_t indent, int depth, struct json *ret_value)
{
    if (depth > YAML_MAX_DEPTH)
        return fail(r, r->lines.items[r->at].number, "nested deeper than 32");
    if (is_item(r->lines.items[r->at].text))
        return read_list(r, indent, depth, ret_value);
    return read_map(r, indent, depth, ret_value);
}

bool yaml_parse(struct arena *arena, str text, struct json **ret_value, struct error *err)
{
    struct reader r = {.arena = arena, .err = err};
    struct json *value = ARENA_NEW(arena, struct json);
    read_lines(&r, text);
    if (r.lines.count == 0)
        return fail(&r, 1, "nothing is in the file");
    if (!read_block(&r, r.lines.items[0].indent, 0, value))
        return false;
    if (r.at < r.lines.count)
        return fail(&r, r.lines.items[r.at].number, "the indentation fits nothing before it");
    *ret_value = value;
    return true;
}
