// SPDX-License-Identifier: Apache-2.0
// Camunda 7 writes ${…} in JUEL. Its comparisons and connectives have the same meaning in FEEL
// under other signs, and a few methods under other words; anything beyond them (beans, other calls)
// does not compile afterwards and is reported as it stands.
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
    bool begins = str_starts_with(text, STR("${")) || str_starts_with(text, STR("#{"));
    return begins && str_ends_with(text, STR("}")) &&
           str_find(str_from_index(text, 2), STR("${")) == SIZE_MAX;
}

bool juel_is_mixed(str text)
{
    return str_find(text, STR("${")) != SIZE_MAX && !juel_is(text);
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

// The end of a name or path at the beginning of the text.
static size_t name_end(str text)
{
    size_t end = 0;
    while (end < text.len && is_name_character(text.data[end]))
        end++;
    return end;
}

// -- Calls of methods -------------------------------------------------------------------
//
// Those of Java's texts, lists and maps that FEEL has a word for; the rest only Java has.

static const struct method {
    const char *name;
    bool has_argument;
    const char *feel; // @: what it is called on, #: its argument
} methods[] = {
    {"size", false, "count(@)"},
    {"length", false, "string length(@)"},
    {"isEmpty", false, "(if @ = \"\" or @ = [] then true else false)"},
    {"equals", true, "(@ = #)"},
    {"equalsIgnoreCase", true, "(lower case(@) = lower case(#))"},
    {"contains", true, "(if @ instance of string then contains(@, #) else list contains(@, #))"},
    {"startsWith", true, "starts with(@, #)"},
    {"endsWith", true, "ends with(@, #)"},
    {"toLowerCase", false, "lower case(@)"},
    {"toUpperCase", false, "upper case(@)"},
    {"trim", false, "trim(@)"},
    {"toString", false, "string(@)"},
    {"containsKey", true, "(get value(@, #) != null)"},
};

struct method_call {
    str object, method, argument;
    size_t len; // all of it
};

static size_t closing(str text, size_t open)
{
    char quote = 0;
    int depth = 0;
    for (size_t i = open; i < text.len; i++) {
        char c = text.data[i];
        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (c == '(')
            depth++;
        else if (c == ')' && --depth == 0)
            return i;
    }
    return SIZE_MAX;
}

// "order.items.size()" at the beginning of the text, and nothing called on what it gives.
static bool read_call(str text, struct method_call *ret_call)
{
    size_t name = name_end(text), dot = name;
    if (name == 0 || name >= text.len || text.data[name] != '(')
        return false;
    while (dot > 0 && text.data[dot - 1] != '.')
        dot--;
    size_t end = closing(text, name);
    if (dot < 2 || end == SIZE_MAX || (end + 1 < text.len && text.data[end + 1] == '.'))
        return false;
    ret_call->object = str_sub(text, 0, dot - 1);
    ret_call->method = str_sub(text, dot, name - dot);
    ret_call->argument = str_trim(str_sub(text, name + 1, end - name - 1));
    ret_call->len = end + 1;
    return true;
}

static const struct method *method_of(const struct method_call *call)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (str_equal(call->method, str_of(methods[i].name)) &&
            methods[i].has_argument != str_is_empty(call->argument))
            return &methods[i];
    return NULL;
}

// "execution.getVariable('x')" at the beginning of the text: the name's place; 0: something else.
static size_t lookup_length(str text, str *ret_name)
{
    static const char *const begins[] = {"execution.getVariable(", "task.getVariable("};
    for (size_t i = 0; i < COUNT_OF(begins); i++) {
        if (!str_starts_with(text, str_of(begins[i])))
            continue;
        size_t open = strlen(begins[i]);
        str name = str_from_index(text, open + 1);
        size_t len = open < text.len ? name_end(name) : 0;
        if (len > 0 && len + 1 < name.len && name.data[len] == text.data[open] &&
            strchr("'\"", text.data[open]) != NULL && name.data[len + 1] == ')') {
            *ret_name = str_sub(name, 0, len);
            return open + 1 + len + 2;
        }
    }
    return 0;
}

// With x in the place of execution.getVariable('x').
static str without_lookups(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    if (str_find(text, STR("getVariable(")) == SIZE_MAX)
        return text;
    for (size_t i = 0; i < text.len;) {
        str name;
        bool begins = i == 0 || !is_name_character(text.data[i - 1]);
        size_t len = begins ? lookup_length(str_from_index(text, i), &name) : 0;
        if (len > 0)
            strbuf_add(&out, name);
        else
            strbuf_add_char(&out, text.data[i]);
        i += len > 0 ? len : 1;
    }
    return strbuf_str(&out);
}

static bool is_known_call(str text)
{
    struct method_call call;
    return read_call(text, &call) && method_of(&call) != NULL;
}

static void add_body(struct strbuf *out, str body);

static size_t add_call(struct strbuf *out, str text, char before)
{
    struct method_call call;
    if (is_name_character(before) || !read_call(text, &call))
        return 0;
    const struct method *method = method_of(&call);
    if (method == NULL)
        return 0;
    bool is_of_list = str_equal(call.method, STR("contains")) && call.argument.data[0] >= '0' &&
                      call.argument.data[0] <= '9';
    for (const char *c = is_of_list ? "list contains(@, #)" : method->feel; *c; c++)
        if (*c == '@')
            strbuf_add(out, call.object);
        else if (*c == '#')
            add_body(out, call.argument);
        else
            strbuf_add_char(out, *c);
    return call.len;
}

static bool is_word(str text, char before, const char *word)
{
    size_t len = strlen(word);
    return !is_name_character(before) && str_starts_with(text, str_of(word)) && text.len > len &&
           text.data[len] == ' ';
}

// "empty x": absent, or a text or list of nothing. FEEL's or is not false when it compares kinds
// that differ, so the answer is made one.
static size_t add_empty(struct strbuf *out, str text)
{
    size_t from = strlen("empty ");
    size_t len = name_end(str_from_index(text, from));
    str name = str_sub(text, from, len);
    if (len == 0)
        return 0;
    strbuf_format(out, "(if %.*s = null or %.*s = \"\" or %.*s = [] then true else false)",
                  STR_ARG(name), STR_ARG(name), STR_ARG(name));
    return from + len;
}

// "not x", "!x", "not empty x": not(…).
static size_t add_not(struct strbuf *out, str text)
{
    size_t from = text.data[0] == '!' ? 1 : strlen("not ");
    str rest = str_from_index(text, from);
    struct strbuf inner = strbuf_new(out->arena);
    size_t used = is_word(rest, ' ', "empty") ? add_empty(&inner, rest) : 0;
    if (used == 0)
        used = add_call(&inner, rest, ' ');
    if (used == 0)
        return text.data[0] == '!' ? add_negation(out, text) : 0;
    strbuf_format(out, "not(%.*s)", STR_ARG(strbuf_str(&inner)));
    return from + used;
}

static size_t add_word(struct strbuf *out, str text, char before)
{
    if (is_word(text, before, "empty"))
        return add_empty(out, text);
    if (text.data[0] == '!' && !str_starts_with(text, STR("!=")))
        return add_not(out, text);
    if (is_word(text, before, "not")) {
        size_t used = add_not(out, text), len = name_end(str_from_index(text, 4));
        if (used > 0 || len == 0)
            return used;
        strbuf_format(out, "not(%.*s)", STR_ARG(str_sub(text, 4, len)));
        return 4 + len;
    }
    return 0;
}

static void add_body(struct strbuf *out, str body)
{
    for (size_t at = 0; at < body.len;) {
        str rest = str_from_index(body, at);
        size_t used = add_sign(out, rest);
        if (used == 0 && (rest.data[0] == '\'' || rest.data[0] == '"'))
            used = add_quoted(out, rest);
        char before = at == 0 ? ' ' : body.data[at - 1];
        if (used == 0)
            used = add_word(out, rest, before);
        if (used == 0)
            used = add_call(out, rest, before);
        if (used == 0) {
            strbuf_add_char(out, rest.data[0]);
            used = 1;
        }
        at += used;
    }
}

// Where this character stands outside of quotes and brackets; the text's length when nowhere.
static size_t find_outside(str text, char wanted)
{
    char quote = 0;
    int depth = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (depth == 0 && c == wanted)
            return i;
        else
            depth += c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
    }
    return text.len;
}

// "a ? b : c" becomes if a then b else c.
str juel_to_feel(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    str body = without_lookups(arena, str_sub(text, 2, text.len - 3));
    for (size_t at; (at = find_outside(body, '?')) < body.len;) {
        str after = str_from_index(body, at + 1);
        size_t colon = find_outside(after, ':');
        strbuf_add(&out, STR("if "));
        add_body(&out, str_sub(body, 0, at));
        strbuf_add(&out, STR(" then "));
        add_body(&out, str_sub(after, 0, colon));
        strbuf_add(&out, STR(" else "));
        body = str_from_index(after, colon + 1);
    }
    add_body(&out, body);
    return strbuf_str(&out);
}

// Texts and string(…) of what stands between them, joined by +.
str juel_join(struct arena *arena, str text)
{
    struct strbuf out = strbuf_new(arena);
    while (!str_is_empty(text)) {
        size_t begin = str_find(text, STR("${"));
        size_t end = begin == SIZE_MAX ? SIZE_MAX : str_find_char(str_from_index(text, begin), '}');
        bool is_last = end == SIZE_MAX;
        str plain = is_last ? text : str_sub(text, 0, begin);
        if (plain.len > 0) {
            strbuf_add(&out, out.len > 0 ? STR(" + ") : STR_EMPTY);
            json_quote(&out, plain);
        }
        if (is_last)
            break;
        str inner = str_sub(text, begin, end + 1);
        strbuf_format(&out, "%sstring(%.*s)", out.len > 0 ? " + " : "",
                      STR_ARG(juel_to_feel(arena, inner)));
        text = str_from_index(text, begin + end + 1);
    }
    return strbuf_str(&out);
}

str juel_method(struct arena *arena, str written)
{
    char quote = 0;
    str text = without_lookups(arena, written);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        size_t len = quote == 0 ? name_end(str_from_index(text, i)) : 0;
        str name = str_sub(text, i, len);
        size_t dot = str_find_char(name, '.');
        if (len == 0)
            continue;
        if (i + len < text.len && text.data[i + len] == '(' && dot != SIZE_MAX &&
            !is_known_call(str_from_index(text, i)))
            return str_sub(text, i, len + 1);
        i += len - 1;
    }
    return STR_EMPTY;
}
