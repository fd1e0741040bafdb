// SPDX-License-Identifier: Apache-2.0
// Camunda 7 writes ${…} in JUEL. Its comparisons and connectives have the same meaning in FEEL
// under other signs; anything beyond them (beans, method calls) does not compile afterwards and is
// reported as it stands.
#include "bpmn/reader.h"

struct sign {
    const char *juel;
    const char *feel;
};

static const struct sign signs[] = {
    {"==", " = "},    {"!=", " != "},  {"&&", " and "}, {"||", " or "},   {" eq ", " = "},
    {" ne ", " != "}, {" lt ", " < "}, {" gt ", " > "}, {" le ", " <= "}, {" ge ", " >= "},
};

bool juel_is(str text)
{
    return (str_starts_with(text, STR("${")) || str_starts_with(text, STR("#{"))) &&
           str_ends_with(text, STR("}"));
}

static size_t add_quoted(struct strbuf *out, str text)
{
    char quote = text.data[0];
    size_t end = 1;
    strbuf_add_char(out, '"');
    for (; end < text.len && text.data[end] != quote; end++) {
        if (text.data[end] == '"')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, text.data[end]);
    }
    strbuf_add_char(out, '"');
    return end < text.len ? end + 1 : end;
}

static size_t add_sign(struct strbuf *out, str text)
{
    for (size_t i = 0; i < COUNT_OF(signs); i++)
        if (str_starts_with(text, str_of(signs[i].juel))) {
            strbuf_add(out, str_of(signs[i].feel));
            return strlen(signs[i].juel);
        }
    return 0;
}

static bool is_name_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.';
}

// "!paid" becomes not(paid).
static size_t add_negation(struct strbuf *out, str text)
{
    size_t end = 1;
    while (end < text.len && is_name_character(text.data[end]))
        end++;
    if (end == 1) {
        strbuf_add(out, STR("not"));
        return 1;
    }
    strbuf_format(out, "not(%.*s)", (int)end - 1, text.data + 1);
    return end;
}

str juel_to_feel(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    str body = str_sub(text, 2, text.len - 3);
    for (size_t at = 0; at < body.len;) {
        str rest = str_from_index(body, at);
        size_t used = add_sign(&out, rest);
        if (used == 0 && (rest.data[0] == '\'' || rest.data[0] == '"'))
            used = add_quoted(&out, rest);
        else if (used == 0 && rest.data[0] == '!')
            used = add_negation(&out, rest);
        else if (used == 0) {
            strbuf_add_char(&out, rest.data[0]);
            used = 1;
        }
        at += used;
    }
    return strbuf_str(&out);
}
